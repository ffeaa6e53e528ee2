"""What a caller may wish for beside the prompt, and the brief that comes of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, get_args

from pydantic import ValidationError

from brandmodel.errors import InvalidRequestError
from brandmodel.result import Result
from brandmodel.tasks import Asset, Tier

if TYPE_CHECKING:
    from brandmodel.engine.receipt import Output
    from brandmodel.tasks import Brief

PathLike = str | os.PathLike[str]
Given: TypeAlias = "PathLike | bytes | Asset | Output | Result"
"""Something brought along: a path, a file's bytes, an asset of the store, or an earlier result."""


class Wishes(TypedDict, total=False):
    """How a brief shall be served; every key is optional.

    Attributes:
        recipe: by name; picked from the brief when left out.
        tier: ``workhorse`` for a draft, ``hero`` for the final; else the model's default.
        seed: reproduces the result; 0 when left out.
        size: (width, height) in pixels.
        media_type: of the main output, such as ``image/jpeg``.
        product: photographs of the product to be shown; one, or several.
        picture: finished pictures to be shown as they are, such as an earlier result.
        logo: stands in for the brand's own.
        music: stands in for composed music.
        script: your own words to be said, a line of it each: the words themselves, or a path to them.
        options: settings of the recipe, such as ``{"fps": 30}``; they go before the model's own.
        budget_usd: nothing is started that could pass it.
        overrides: a person's words by step name: ``edit(...)``, ``lock(...)``, ``choice(...)``, or
            request fields as ``{"picture.seed": 7}``.
        review: wait for a person at reviews: all of them, or those named.
        without: vendors that must not be used, by name.
    """

    recipe: str | None
    tier: Tier | None
    seed: int
    size: tuple[int, int] | None
    media_type: str | None
    product: Given | Sequence[Given] | None
    picture: Given | Sequence[Given] | None
    logo: Given | None
    music: Given | None
    script: Given | None
    options: Mapping[str, Any] | None
    budget_usd: float | None
    overrides: Mapping[str, Any] | None
    review: bool | Iterable[str]
    without: Iterable[str]


def refuse_unusable(wishes: Wishes) -> None:
    """Say which wish is none, before anything is begun.

    Raises:
        InvalidRequestError: one is not what it should be.
    """
    tier, budget, overrides = (wishes.get(k) for k in ("tier", "budget_usd", "overrides"))
    if tier not in (None, *get_args(Tier)):
        raise InvalidRequestError(f"no tier {tier!r}", hint=f"use {' or '.join(get_args(Tier))}")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float)):
        raise InvalidRequestError(
            f"budget_usd={budget!r} is not an amount", hint="give dollars, as in 0.50"
        )
    if overrides is not None and not isinstance(overrides, Mapping):
        raise InvalidRequestError(
            f"overrides={overrides!r} is not a mapping", hint='as in {"picture.seed": 7}'
        )


def brief_of(prompt: str, wishes: Wishes) -> Brief:
    """The brief, without what was brought along.

    Raises:
        InvalidRequestError: the prompt, the size or the seed is none.
    """
    from brandmodel.tasks import Brief

    size, seed = wishes.get("size"), wishes.get("seed", 0)
    width, height = (None, None) if size is None else _pair(size)
    try:
        brief = Brief(
            prompt=prompt,
            width=width,
            height=height,
            seed=seed,
            media_type=wishes.get("media_type"),
            options=dict(wishes.get("options") or {}),
        )
        brief.prompt.encode()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"{field}={first['input']!r}: {first['msg']}") from error
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"the prompt is not text: character {error.start + 1} is none", hint="write it in UTF-8"
        ) from None
    if not -(2**63) <= brief.seed < 2**63:
        raise InvalidRequestError(f"a seed of {seed} is too large", hint="it has at most 64 bits")
    return brief


def brought(wishes: Wishes) -> dict[str, Any]:
    """What was brought along; of an earlier result its main output."""

    def main(given: Any) -> Any:
        if isinstance(given, Result):
            return given.output()
        if isinstance(given, list | tuple):
            return [main(one) for one in given]  # pyright: ignore[reportUnknownVariableType]
        return given

    return {k: main(wishes.get(k)) for k in ("product", "picture", "logo", "music", "script")}


def _pair(size: Any) -> tuple[Any, Any]:
    try:
        width, height = size
    except (TypeError, ValueError):
        raise InvalidRequestError(
            f"size={size!r} is not (width, height)", hint="as in size=(1024, 768)"
        ) from None
    return width, height
