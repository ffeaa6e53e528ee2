"""Shaping: what a line of text measures, where its ink lies, and how it is painted.

Skia's text layout does the work: glyph substitution, kerning, bidirectional order and fallback from
face to face. Lines are laid out once at 100 units to the em and scaled when painted, so that a text
measures the same at every size.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import skia

from brandmodel.local.type.faces import FALLBACK, font_collection

_EM = 100.0
_UNLIMITED = 1e7
_ICU = skia.Unicodes.ICU.Make()

Script = Literal["latin", "arabic", "hebrew", "cjk"]

# Height of capitals (or what stands for them), and depth below the baseline, in em.
_HEIGHTS: dict[Script, tuple[float, float]] = {
    "latin": (0.72, 0.22),
    "arabic": (0.74, 0.36),
    "hebrew": (0.70, 0.20),
    "cjk": (0.86, 0.10),
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set; the size comes with each use.

    Attributes:
        tracking: letter spacing in em; joined and ideographic scripts are set without.
    """

    family: str
    weight: int = 400
    tracking: float = 0.0


@dataclass(frozen=True, slots=True)
class Ink:
    """Bounds of the ink in pixels, relative to the start of the baseline; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float


@lru_cache(maxsize=4096)
def script_of(text: str) -> Script:
    """The script that most of the letters belong to."""
    counts: dict[Script, int] = {"latin": 0, "arabic": 0, "hebrew": 0, "cjk": 0}
    for character in text:
        if is_ideograph(character):
            counts["cjk"] += 2
        elif "\u0590" <= character <= "\u05ff":
            counts["hebrew"] += 1
        elif unicodedata.bidirectional(character) == "AL":
            counts["arabic"] += 1
        elif character.isalpha():
            counts["latin"] += 1
    return max(counts, key=lambda script: counts[script])


def is_ideograph(character: str) -> bool:
    """Whether a line may break on both sides of the character: ideographs and kana."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff"


def is_rtl(text: str) -> bool:
    """Whether the text reads from right to left: its first strong character decides."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


class Shaper:
    """Sets lines of text in the bundled families and in the user's own faces."""

    def __init__(self, *own: bytes) -> None:
        """Takes font files; ``own`` then holds the family name of each.

        Raises:
            InvalidRequestError: one of the files is not a font.
        """
        self._collection, self.own = font_collection(*own)
        self._widths: dict[tuple[str, Style], float] = {}

    def width(self, text: str, style: Style) -> float:
        """Advance width of one line in em."""
        key = (text, style)
        if key not in self._widths:
            laid = self._laid(text, style, 0)
            self._widths[key] = float(laid.LongestLine) / _EM - _tracking(text, style)
        return self._widths[key]

    def rises(self, text: str) -> tuple[float, float]:
        """(height above, depth below the baseline) in em that spacing is reckoned from."""
        return _HEIGHTS[script_of(text)]

    def ink(self, text: str, style: Style, size: float) -> Ink:
        """Bounds of the ink of one line at ``size`` pixels to the em."""
        pad = int(size * 0.6) + 2
        width = int(self.width(text, style) * size) + 2 * pad
        above, below = int(size * 1.3) + 2, int(size * 0.8) + 2
        mask = self.mask(text, style, size, (width, above + below), (pad, above))
        x, y, w, h = cv2.boundingRect((mask > 96).astype(np.uint8))
        if not w:
            return Ink(0.0, 0.0, 0.0, 0.0)
        return Ink(x - pad, y - above, x + w - pad, y + h - above)

    def mask(
        self,
        text: str,
        style: Style,
        size: float,
        shape: tuple[int, int],
        at: tuple[float, float],
    ) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        """(height, width) coverage 0..255 of the line on a sheet of ``shape`` = (width, height)."""
        sheet = np.zeros((shape[1], shape[0], 4), np.uint8)
        surface = skia.Surface(
            sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
        )
        self.paint(surface.getCanvas(), text, style, size, at, "#ffffff")
        return np.ascontiguousarray(sheet[..., 3])

    def paint(
        self,
        canvas: skia.Canvas,
        text: str,
        style: Style,
        size: float,
        at: tuple[float, float],
        colour: str,
    ) -> None:
        """Paint one line with the start of its baseline at ``at`` = (x, y) pixels."""
        laid = self._laid(text, style, 0xFF000000 | int(colour[1:], 16))
        canvas.save()
        canvas.translate(*at)
        canvas.scale(size / _EM, size / _EM)
        laid.paint(canvas, 0, -float(laid.AlphabeticBaseline))
        canvas.restore()

    def _laid(self, text: str, style: Style, argb: int) -> skia.textlayout.Paragraph:
        words = skia.textlayout.TextStyle()
        words.setFontFamilies([style.family, *FALLBACK])
        words.setFontSize(_EM)
        words.setLetterSpacing(_tracking(text, style) * _EM)
        words.setFontStyle(skia.FontStyle(style.weight, 5, skia.FontStyle.kUpright_Slant))
        words.setColor(argb)
        paragraph = skia.textlayout.ParagraphStyle()
        paragraph.setTextStyle(words)
        builder = skia.textlayout.ParagraphBuilder.make(paragraph, self._collection, _ICU)
        builder.pushStyle(words)
        # The binding has no base direction; an isolate around the line sets it (UAX #9, 2.4).
        builder.addText(f"\u2067{text}\u2069" if is_rtl(text) else text)
        laid = builder.Build()
        laid.layout(_UNLIMITED)
        return laid


def _tracking(text: str, style: Style) -> float:
    return style.tracking if script_of(text) in ("latin", "hebrew") else 0.0
