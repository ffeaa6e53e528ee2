"""Recipes: async functions that turn a brief into a result, one file per user journey.

A recipe is plain Python over ``ctx``. It touches media only through tasks and cannot name a vendor.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from brandmodel.errors import InvalidRequestError, UnknownRecipeError
from brandmodel.tasks import Asset, Brief, Context, Text

Made = Mapping[str, Asset | Text | str]
"""What a recipe returns: named assets, or words that become one; the first is the main output."""
RecipeFunction = Callable[[Context, Brief], Awaitable[Made]]

_BUILT_IN = {
    "picture": "brandmodel.recipes.picture",
    "answer": "brandmodel.recipes.answer",
    "film": "brandmodel.recipes.film",
    "voiceover": "brandmodel.recipes.voiceover",
}
_SUFFIXES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".mp4": "video/mp4",
    ".wav": "audio/wav",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".otio": "application/vnd.opentimelineio+json",
}
_QUESTION = re.compile(
    r"[?؟？]\s*$|^\s*(who|what|when|where|why|how|which|is|are|does|do|can|did)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe and what it is for.

    Attributes:
        makes: media types that its main output can have, the usual one first.
        words: words of a brief that speak for it.
    """

    name: str
    function: RecipeFunction
    makes: tuple[str, ...]
    words: tuple[str, ...] = ()


RECIPES: dict[str, Recipe] = {}
"""Every recipe that is loaded, by name; later ones replace earlier ones."""


def recipe(
    name: str, *, makes: str | tuple[str, ...], words: tuple[str, ...] = ()
) -> Callable[[RecipeFunction], RecipeFunction]:
    """Register an async function of ``(ctx, brief)`` under a name."""

    def register(function: RecipeFunction) -> RecipeFunction:
        kinds = (makes,) if isinstance(makes, str) else makes
        RECIPES[name] = Recipe(name=name, function=function, makes=kinds, words=words)
        return function

    return register


def media_type_of(suffix: str) -> str:
    """The medium that a file name's suffix asks for.

    Raises:
        InvalidRequestError: no recipe makes such a file.
    """
    found = _SUFFIXES.get(suffix.lower())
    if found is None:
        raise InvalidRequestError(
            f"nothing here makes a {suffix or 'file without a suffix'}",
            hint=f"use one of {', '.join(_SUFFIXES)}",
        )
    return found


def suffix_of(media_type: str) -> str:
    """The usual suffix of a medium, with its dot."""
    return next((s for s, kind in _SUFFIXES.items() if kind == media_type), ".bin")


def media_name(asset: Asset) -> str:
    """What a text that links to an asset calls it."""
    return f"{asset.sha256}{suffix_of(asset.media_type)}"


def find(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        UnknownRecipeError: there is none.
    """
    if name not in RECIPES and name in _BUILT_IN:
        importlib.import_module(_BUILT_IN[name])
    if name not in RECIPES:
        known = sorted({*RECIPES, *_BUILT_IN})
        raise UnknownRecipeError(f"no recipe {name!r}", hint=f"there are: {', '.join(known)}")
    return RECIPES[name]


def pick(brief: Brief) -> Recipe:
    """The recipe that a brief asks for: by its medium, its words, or its being a question.

    Raises:
        UnknownRecipeError: no recipe makes that medium.
    """
    known = [find(name) for name in {**_BUILT_IN, **{n: "" for n in RECIPES}}]
    able = [r for r in known if brief.media_type in (None, *r.makes)]
    if not able:
        raise UnknownRecipeError(f"no recipe makes {brief.media_type}")
    prompt = brief.prompt[:2000].casefold()
    spoken = {r.name: _spoken_for(r, prompt) for r in able}
    best = max(able, key=lambda r: spoken[r.name])
    asked = bool(_QUESTION.search(brief.prompt[:2000]))
    if spoken[best.name] and not (asked and best.name == "picture"):
        return best
    fallback = "answer" if asked else "picture"
    return next((r for r in able if r.name == fallback), able[0])


def _spoken_for(one: Recipe, prompt: str) -> int:
    return sum(len(w) for w in one.words if re.search(rf"\b{re.escape(w.casefold())}\b", prompt))


def refuse_unmade_media(prompt: str) -> None:
    """Say at once that a medium is not made here, instead of making something else.

    Raises:
        UnknownRecipeError: the brief asks for a film, music or speech and no loaded recipe does that.
    """
    asked: Any = re.search(r"\b(song|jingle|podcast)\b", prompt[:2000], re.I)
    word = asked.group(1).casefold() if asked else ""
    if word and not any(word in r.words for r in RECIPES.values()):
        if not re.search(
            r"\b(poster|picture|image|photo|flyer|banner|still)\b", prompt[:2000], re.I
        ):
            raise UnknownRecipeError(
                f"no recipe here makes a {word}",
                hint="ask for a picture or an answer, or name a recipe",
            )
