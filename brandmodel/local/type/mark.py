"""The brand's mark on a picture: logo and name beside each other, or one of them alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.logo import Logo, draw_logo
from brandmodel.local.type.shaping import Shaper, Style, is_rtl

# All in units of the running text.
_LOGO = 1.62
_WORDMARK = 1.3
_NAME_BESIDE = 1.16
_NAME_ALONE = 1.3
_GAP = 0.56
# A logo this broad holds the name already.
_BROAD = 2.3


@dataclass(frozen=True, slots=True)
class Mark:
    """Logo and name; either may be missing."""

    logo: Logo | None
    name: str
    style: Style

    @property
    def _named(self) -> bool:
        return bool(self.name) and (self.logo is None or self.logo.aspect < _BROAD)

    def size(self, shaper: Shaper) -> tuple[float, float]:
        """(width, height) in units of the running text; (0, 0) when there is nothing to show."""
        if self.logo is None and not self.name:
            return 0.0, 0.0
        if self.logo is None:
            return shaper.width(self.name, self.style) * _NAME_ALONE, 0.74 * _NAME_ALONE
        high = _LOGO if self._named else _WORDMARK * min(1.0, _BROAD * 2 / self.logo.aspect)
        wide = high * self.logo.aspect
        if self._named:
            wide += _GAP + shaper.width(self.name, self.style) * _NAME_BESIDE
        return wide, high

    def name_place(self, shaper: Shaper, rect: Rect) -> tuple[float, float, float] | None:
        """(x, y, size) of the name's baseline when the mark fills ``rect``; None without a name."""
        if not self._named:
            return None
        unit = rect.width / self.size(shaper)[0]
        up, _ = shaper.rises(self.name)
        if self.logo is None:
            size = _NAME_ALONE * unit
            ink = shaper.ink(self.name, self.style, size)
            x = rect.x1 - ink.right if is_rtl(self.name) else rect.x0 - ink.left
            return x, rect.y1, size
        size = _NAME_BESIDE * unit
        y = (rect.y0 + rect.y1 + up * size) / 2
        if is_rtl(self.name):
            return rect.x0, y, size
        return rect.x0 + (_LOGO * self.logo.aspect + _GAP) * unit, y, size

    def name_box(self, shaper: Shaper, rect: Rect) -> Rect | None:
        """Bounds of the name's ink."""
        place = self.name_place(shaper, rect)
        if place is None:
            return None
        ink = shaper.ink(self.name, self.style, place[2])
        x, y, _ = place
        return Rect(x + ink.left, y + ink.top, x + ink.right, y + ink.bottom)

    def draw_logo(self, pixels: NDArray[np.uint8], rect: Rect, palette: Palette) -> None:
        """The logo's part of the mark, into (H, W, 3) pixels in place."""
        if self.logo is None:
            return
        wide = rect.height * self.logo.aspect
        rtl = self._named and is_rtl(self.name)
        x0 = rect.x1 - wide if rtl else rect.x0
        draw_logo(pixels, self.logo, Rect(x0, rect.y0, x0 + wide, rect.y1), palette)

    def paint_name(self, canvas: skia.Canvas, shaper: Shaper, rect: Rect, ink: str) -> None:
        """The name's part of the mark."""
        place = self.name_place(shaper, rect)
        if place is not None:
            shaper.paint(canvas, self.name, self.style, place[2], place[:2], ink)
