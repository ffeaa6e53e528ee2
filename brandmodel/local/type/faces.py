"""The bundled typefaces, a user's own font file, and which characters they can set.

The files in ``fonts/`` are subsets under the SIL Open Font License 1.1. Fonts of the machine are
never used: the same text must look the same everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import skia

from brandmodel.errors import InvalidRequestError

_FONTS = Path(__file__).parent / "fonts"
_FILES: dict[str, dict[int, str]] = {
    "Inter": {
        400: "Inter-Regular.ttf",
        500: "Inter-Medium.ttf",
        600: "Inter-SemiBold.ttf",
        700: "Inter-Bold.ttf",
    },
    "Inter Display": {
        500: "InterDisplay-Medium.ttf",
        600: "InterDisplay-SemiBold.ttf",
        700: "InterDisplay-Bold.ttf",
    },
    "EB Garamond": {400: "EBGaramond-Regular.ttf", 500: "EBGaramond-Medium.ttf"},
    "Noto Sans Arabic": {400: "NotoSansArabic-Regular.ttf", 600: "NotoSansArabic-SemiBold.ttf"},
    "Noto Sans Hebrew": {400: "NotoSansHebrew-Regular.ttf", 600: "NotoSansHebrew-SemiBold.ttf"},
    "Noto Sans SC": {500: "NotoSansSC-Medium.ttf"},
}
FAMILIES: tuple[str, ...] = tuple(_FILES)
"""Names of the bundled families."""
FALLBACK: tuple[str, ...] = ("Inter", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans SC")
"""Families that are tried in this order where a face has no glyph."""

# Marks that steer shaping and breaking and have no ink of their own.
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\u00ad\ufeff")
# They belong to the sign before them and go with it.
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")


def typeface(name: str, weight: int = 400) -> skia.Typeface:
    """The cut of a bundled family that is closest in weight.

    Raises:
        InvalidRequestError: no bundled family has that name.
    """
    cuts = _FILES.get(_family(name))
    if cuts is None:
        raise InvalidRequestError(
            f"no bundled typeface is called {name!r}",
            hint=f"Use one of {', '.join(FAMILIES)}, or give a font file.",
        )
    return _loaded(cuts[min(cuts, key=lambda cut: (abs(cut - weight), cut))])


def typeface_of(data: bytes) -> skia.Typeface:
    """The typeface in the bytes of a font file: TrueType, OpenType or WOFF.

    Raises:
        InvalidRequestError: the bytes are not a font.
    """
    # An empty manager, since the default one would read the machine's font configuration.
    empty = skia.FontMgr.New_Custom_Empty()
    face = empty.makeFromData(skia.Data.MakeWithCopy(data)) if data else None
    if face is None or face.countGlyphs() < 2:
        what = "a WOFF2 file" if data[:4] == b"wOF2" else "not a font"
        raise InvalidRequestError(
            f"the file given as typeface is {what}",
            hint="Give a TrueType (.ttf) or OpenType (.otf) file.",
        )
    return face


def font_collection(*own: bytes) -> tuple[skia.textlayout.FontCollection, tuple[str, ...]]:
    """The bundled families and one family for each font file given.

    Returns:
        The collection for ``skia.textlayout``, and the family names of the files, in order.

    Raises:
        InvalidRequestError: one of the files is not a font.
    """
    provider = skia.textlayout.TypefaceFontProvider()
    for family, cuts in _FILES.items():
        for file in cuts.values():
            provider.registerTypeface(_loaded(file), family)
    names: list[str] = []
    for data in own:
        names.append(f"own-{hashlib.sha256(data).hexdigest()[:12]}")
        provider.registerTypeface(typeface_of(data), names[-1])
    collection = skia.textlayout.FontCollection()
    collection.setDefaultFontManager(provider)
    return collection, tuple(names)


def missing_characters(text: str, *own: skia.Typeface) -> tuple[str, ...]:
    """Characters of the text that neither the given nor any bundled face can set, each once."""
    unseen = _INVISIBLE | _JOINERS
    missing = (c for c in text if not (c.isspace() or c in unseen or _settable(c, own)))
    return tuple(dict.fromkeys(missing))


def settable(text: str, *own: skia.Typeface) -> str:
    """The text without the characters that no face can set, its white space made single spaces."""
    gone = frozenset(missing_characters(text, *own))
    kept: list[str] = []
    dropped = False
    for character in text:
        dropped = character in gone or (dropped and character in _JOINERS)
        if not dropped and character not in "\ufe0e\ufe0f":
            kept.append(" " if character.isspace() and character != "\u00a0" else character)
    return " ".join(word for word in "".join(kept).split(" ") if word)


def _family(name: str) -> str:
    wanted = name.strip().casefold()
    return next((family for family in FAMILIES if family.casefold() == wanted), name)


def _settable(character: str, own: Iterable[skia.Typeface]) -> bool:
    return character in _bundled() or any(f.unicharToGlyph(ord(character)) for f in own)


@cache
def _bundled() -> frozenset[str]:
    """Every character that a fallback family can set."""
    found: set[str] = set()
    codes = list(range(0x20, 0x10000))
    for family in FALLBACK:
        face = typeface(family)
        glyphs = face.unicharsToGlyphs(codes)
        found.update(chr(code) for code, glyph in zip(codes, glyphs, strict=True) if glyph)
    return frozenset(found)


@cache
def _loaded(file: str) -> skia.Typeface:
    return typeface_of((_FONTS / file).read_bytes())
