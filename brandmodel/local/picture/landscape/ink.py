"""Outlines filled by skia, for what a height field cannot be: trees, grass, towers.

Drawing happens in slopes (x right, y up), so outlines do not depend on the number of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.local.picture.colour import linear
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats

Drawer = Callable[[Any], None]
"""Fills outlines on a skia canvas."""
Outline = NDArray[np.float32]
"""(N, 2) points."""


def inked(view: View, draw: Drawer) -> tuple[Floats, Floats]:
    """(H, W, 3) colour in linear light and (H, W) coverage of what ``draw`` fills."""
    info = skia.ImageInfo.Make(
        view.width, view.height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
    )
    surface = skia.Surface.MakeRaster(info)
    canvas = surface.getCanvas()
    canvas.clear(0)
    canvas.translate(view.width / 2, view.horizon * view.height)
    canvas.scale(1 / view.scale, -1 / view.scale)
    draw(canvas)
    pixels = np.empty((view.height, view.width, 4), np.uint8)
    surface.readPixels(info, pixels, pixels.strides[0], 0, 0)
    alpha = pixels[..., 3]
    whole = alpha == 255
    colour = linear(np.ascontiguousarray(pixels[..., :3]))
    edge = ~whole & (alpha > 0)
    part = pixels[edge].astype(np.float32)
    colour[edge] = linear((part[:, :3] / np.maximum(part[:, 3:], 1)).astype(np.float32))
    return colour, (alpha.astype(np.float32) * np.float32(1 / 255))


def over(picture: Floats, layer: tuple[Floats, Floats]) -> None:
    """Lay a layer over the picture, in place, where it has anything."""
    colour, alpha = layer
    rows = np.flatnonzero(alpha.max(1) > 0)
    if not len(rows):
        return
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    picture[part] += (colour[part] - picture[part]) * alpha[part, :, None]


def paint(light: Floats) -> skia.Paint:
    """As ``fill``, for an array."""
    return fill(rgb_of(light))


def shape(outline: Outline) -> skia.Path:
    """A closed path through the points."""
    return skia.Path.Polygon([skia.Point(float(x), float(y)) for x, y in outline], True)


Rgb = tuple[float, float, float]
"""One colour in linear light."""


def rgb_of(light: Floats) -> Rgb:
    """Three plain numbers: much faster than arrays where thousands of outlines are filled."""
    return float(light[0]), float(light[1]), float(light[2])


def fill(light: Rgb) -> skia.Paint:
    """Anti-aliased fill in a colour of linear light; what exceeds 1 is clipped."""
    r, g, b = (
        12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055
        for v in (min(max(c, 0.0), 1.0) for c in light)
    )
    return skia.Paint(Color4f=skia.Color4f(r, g, b, 1.0), AntiAlias=True)
