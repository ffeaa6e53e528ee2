"""Deciding what kind of picture words ask for, and which of the words that picture can show."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

from brandmodel.local.words.lexicon import Word, plain, values, words

Kind = Literal["landscape", "still_life", "abstract"]
T = TypeVar("T")

MOST_NAMED = 12

_DENIED = re.compile(
    r"(?:\b(?:no|not|without|never|free of|sin|sans|ohne|kein|keine)\b\s*|没有|无|بدون\s|בלי\s)"
    r"(?:(?:any|a|the)\s)?[^,.;:!?\n]*?(?=[,.;:!?\n\u3002\uff0c]|\b(?:and|but|with|on|in)\b|$)",
    re.IGNORECASE,
)
# "The left side stays calm and empty" is said of the space for type, not of the picture's mood.
_KEPT_FREE = re.compile(
    r"\b(?:the\s)?(?:left|right|upper|lower|top|bottom)\b[^.,;:!?\n]{0,30}?\b(?:calm|empty|free|clear|plain)\b[^.,;:!?\n]*",
    re.IGNORECASE,
)
_LIKE_ADJECTIVE = re.compile(
    r"(?:.{3,}(?:ful|ous|ive|less|ish|able|ible|ly|ic|ical|ant|ent|esque|ern|most)|.{4,}ed)$"
)
_NOUNS_ALL_THE_SAME = re.compile(
    r".*(?:tic|sic|nic|fic|mic|lic|tant|dent|ment|rent|ient|uent|phant|plant|ntern|tern|fly|rely)$"
)
_NO_THING = ("mood", "colour", "light", "backdrop", "silent", "format", "occasion", "theme")
_TOGETHER = {
    "lake": ("mountains", "forest", "hills"),
    "island": ("sea", "mountains", "lake"),
    "mountains": ("forest", "lake", "hills"),
    "forest": ("mountains", "hills", "meadow"),
    "sea": ("dunes",),
    "hills": ("meadow", "mountains"),
    "meadow": ("hills",),
}
_GROWING = ("forest", "meadow", "hills", "mountains", "lake")


class Seen(NamedTuple):
    """What words ask to be seen.

    Attributes:
        kind: the engine that comes closest.
        found: the words, without those that are denied ("no people").
        head: the word that decided; None when none did.
    """

    kind: Kind
    found: tuple[Word, ...]
    head: Word | None


def seen(text: str, *, product: bool = False) -> Seen:
    """Decide between land, still life and abstract; the first thing that is named leads.

    Args:
        text: the words.
        product: a product is to be shown, whatever the words say.
    """
    found = words(_without_denied(text))
    land, thing, style = (_first(found, g) for g in ("terrain", "product", "style"))
    if product:
        return Seen("still_life", found, thing)
    if style and (style.value("style") == "any" or _leads(style, land, thing)):
        return Seen("abstract", found, style)
    if thing and (land is None or thing.start < land.start or _attribute(text, land, thing)):
        return Seen("still_life", found, thing)
    if land:
        return Seen("landscape", found, land)
    return _without_things(found)


def lot(options: Sequence[T], *what: object) -> T:
    """One of several, decided by a digest of what it is for: same words, same choice."""
    digest = hashlib.sha256("\n".join(map(str, what)).encode()).digest()
    return options[int.from_bytes(digest[:6], "big") % len(options)]


def not_shown(
    saw: Seen, shown: frozenset[str], *, label: str = "", pictured: bool = False
) -> tuple[str, ...]:
    """The things among the words that the picture does not show, in the order of the text.

    Args:
        saw: what was asked for.
        shown: the values that the scene uses: its terrain, product, props, weather.
        label: words that stand on the product, and are shown so.
        pictured: a photograph shows the product, so that its words are answered.
    """
    written = {plain(piece) for piece in re.findall(r"[^\W_]+", label)}
    missing = [w.text for w in saw.found if _is_missing(w, saw.kind, shown, written, pictured)]
    return tuple(dict.fromkeys(missing))[:MOST_NAMED]


def _without_denied(text: str) -> str:
    for pattern in (_KEPT_FREE, _DENIED):
        text = pattern.sub(lambda m: " " * len(m.group()), text)
    return text


def _first(found: tuple[Word, ...], group: str) -> Word | None:
    return next((w for w in found if w.means(group)), None)


def _leads(first: Word, *others: Word | None) -> bool:
    return all(other is None or first.start <= other.start for other in others)


def _attribute(text: str, land: Word, thing: Word) -> bool:
    """Whether the land only describes the product: "mountain coffee", "sea salt jar"."""
    between = text[land.end : thing.start]
    return len(between.split()) <= 2 and not re.search(
        r"[,.;:]|\s(?:\w{1,2}|with|and|for|the)\s", between
    )


def _without_things(found: tuple[Word, ...]) -> Seen:
    """No land, no product and no style: things that stand in, weather, props, themes."""
    # "A running shoe" is a shoe, and nobody who runs.
    named = (w for w in found if w.means("absent") and w.value("absent") != "action")
    absent = next(named, None)
    kind = absent.value("absent") if absent else ""
    if absent and kind in ("object", "food", "clothing"):
        return Seen("still_life", found, absent)
    if absent and kind in ("animal", "vehicle", "building", "place"):
        return Seen("landscape", found, absent)
    if theme := _first(found, "theme"):
        return Seen("abstract", found, theme)
    sky = next((w for w in found if w.means("weather", "daytime", "season")), None)
    prop = _first(found, "prop")
    if prop and (sky is None or prop.start <= sky.start):
        return Seen("still_life", found, prop)
    if sky and not _first(found, "occasion"):
        return Seen("landscape", found, sky)
    return Seen("abstract", found, None)


def _is_missing(
    word: Word, kind: Kind, shown: frozenset[str], written: set[str], pictured: bool
) -> bool:
    if word.plain in written or (pictured and not word.means("terrain", "weather")):
        return False
    if not word.meanings:
        return _is_noun(word)
    if word.value("absent") == "person" and re.search(r"['\u2019]s?$", word.text):
        # "my mother's birthday" shows no mother.
        return False
    if word.value("style") == "any":
        return False
    if any(value in shown for group, value in word.meanings if group != "absent"):
        return word.means("absent") and not word.means("product", "prop", "season")
    if word.means("absent"):
        return word.value("absent") != "person" or not word.means("mood")
    if kind == "landscape":
        return _missing_from_land(word, shown)
    if kind == "still_life":
        return word.means("terrain", "product", "prop", "style") or _is_weather(word)
    return word.means("terrain", "product", "prop", "weather", "style") and not _vague(word)


def _missing_from_land(word: Word, shown: frozenset[str]) -> bool:
    with_it = {other for value in shown for other in _TOGETHER.get(value, ())}
    if word.means("terrain"):
        return word.value("terrain") not in with_it
    grows = any(value in _GROWING for value in shown)
    if word.means("prop"):
        return not (grows and word.value("prop") in ("leaves", "branches", "stones"))
    return word.means("product", "style") and not _vague(word)


def _is_weather(word: Word) -> bool:
    return word.value("weather") not in ("", "clear", "cloudy", "snow") and not _vague(word)


def _vague(word: Word) -> bool:
    return word.means(*_NO_THING)


def _is_noun(word: Word) -> bool:
    """Whether an unknown word is likely a thing: not a number, scrap or adjective."""
    bare = word.plain
    if len(bare) < 3 and bare.isascii():
        return False
    if bare[0].isdigit():
        return False
    return not _LIKE_ADJECTIVE.match(bare) or bool(_NOUNS_ALL_THE_SAME.match(bare))


def meant(found: tuple[Word, ...], *groups: str) -> tuple[str, ...]:
    """Values of several groups, group by group, each once."""
    return tuple(dict.fromkeys(v for group in groups for v in values(found, group)))
