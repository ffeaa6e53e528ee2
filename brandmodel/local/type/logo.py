"""Logos: loaded with suspicion, trimmed to their ink, kept readable on their ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.picture import colour
from brandmodel.local.type.bitmap import claimed_pixels
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.svg import checked_svg, refused, svg_pixels
from brandmodel.local.type.veil import inks

_MOST_BYTES = 4_000_000
_MOST_PIXELS = 40_000_000
_TRIAL = 512
# Distance in OKLab from which a flat shape stands out, and how much of a logo has to.
_APART = 0.16
_MOST = 0.6
# A logo on a plate is drawn so much smaller that the plate takes the logo's own place.
_INSIDE = 0.68


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo that was found harmless.

    Attributes:
        data: the SVG or bitmap bytes; SVG with its style rules written into the shapes.
        vector: whether it is an SVG.
        trim: the part of the sheet that has ink, in fractions: x0, y0, x1, y1.
        size: (width, height) of the whole sheet in its own units.
    """

    data: bytes
    vector: bool
    trim: tuple[float, float, float, float]
    size: tuple[float, float]

    @property
    def aspect(self) -> float:
        """Width over height of the ink."""
        x0, y0, x1, y1 = self.trim
        return (x1 - x0) * self.size[0] / ((y1 - y0) * self.size[1])

    def drawn(self, height: int) -> NDArray[np.uint8]:
        """(height, width, 4) uint8 straight-alpha sRGB of the ink at that height."""
        height = max(1, height)
        width = max(1, round(height * self.aspect))
        x0, y0, x1, y1 = self.trim
        if self.vector:
            whole = (width / (x1 - x0), height / (y1 - y0))
            return svg_pixels(self.data, self.size, whole, (width, height), (x0, y0))
        sheet = _bitmap(self.data)
        rows, columns = sheet.shape[:2]
        part = sheet[round(y0 * rows) : round(y1 * rows), round(x0 * columns) : round(x1 * columns)]
        return _resized(part, width, height)


@lru_cache(maxsize=8)
def logo_of(data: bytes) -> Logo:
    """A logo from the bytes of an SVG, PNG, JPEG or WebP file.

    Raises:
        InvalidRequestError: it is broken, empty, too large, or an SVG that refers to something
            outside itself, runs scripts, or holds bitmaps or live text.
    """
    if not data or len(data) > _MOST_BYTES:
        raise refused(f"it has {len(data):,} bytes; 1 to {_MOST_BYTES:,} are possible")
    vector = b"<svg" in data[:4096].lower() or data.lstrip()[:5].lower() == b"<?xml"
    if vector:
        data, size = checked_svg(data)
        scale = _TRIAL / max(size)
        shape = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        sheet = svg_pixels(data, size, shape, shape, (0.0, 0.0))
    else:
        sheet = _bitmap(data)
        size = (float(sheet.shape[1]), float(sheet.shape[0]))
    x, y, width, height = cv2.boundingRect((sheet[..., 3] > 12).astype(np.uint8))
    if not width or not height:
        raise refused("nothing can be seen in it")
    rows, columns = sheet.shape[:2]
    trim = (x / columns, y / rows, (x + width) / columns, (y + height) / rows)
    return Logo(data, vector, trim, size)


def draw_logo(pixels: NDArray[np.uint8], logo: Logo, rect: Rect, palette: Palette) -> bool:
    """Lay a logo into (H, W, 3) pixels, in place, at ``rect``'s corner and height.

    A logo that would be lost on its ground is set in one colour if it is a plain shape, and gets a
    plate if it is not.

    Returns:
        Whether a plate was laid.
    """
    image = logo.drawn(round(rect.height))
    x, y = round(rect.x0), round(rect.y0)
    ground = _cut(pixels, x, y, image.shape[1], image.shape[0])
    plate = False
    if not _visible(image, ground):
        choice = inks(palette)
        light = colour.luminance(colour.linear(ground)).mean() < 0.2
        if _plain(image):
            image[..., :3] = _rgb(choice.light if light else choice.dark)
        else:
            _plate(pixels, rect, image.shape[1], _plate_fill(image, (choice.light, choice.dark)))
            x, y = (round(v + rect.height * (1 - _INSIDE) / 2) for v in (x, y))
            image = logo.drawn(round(rect.height * _INSIDE))
            plate = True
    _blend(pixels, image, x, y)
    return plate


def _bitmap(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) straight-alpha RGBA of a PNG, JPEG or WebP file."""
    claimed = claimed_pixels(data)
    if claimed > _MOST_PIXELS:
        raise refused(f"it has more than {_MOST_PIXELS:,} pixels")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if claimed else None
    if decoded is None:
        raise refused("it is neither an SVG nor a PNG, JPEG or WebP picture")
    pixels = np.asarray(decoded)
    if pixels.dtype != np.uint8:
        pixels = (pixels.astype(np.float32) / np.float32(257)).astype(np.uint8)
    codes = {2: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    code = codes[2 if pixels.ndim == 2 else pixels.shape[2]]
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scaled with colours weighted by alpha, so that hidden colours do not bleed in."""
    straight = image.astype(np.float32)
    alpha = straight[..., 3:] / 255
    premultiplied = np.concatenate([straight[..., :3] * alpha, straight[..., 3:]], -1)
    shrinks = height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(premultiplied, (width, height), interpolation=method))
    small = np.clip(small, 0, 255)
    colours = small[..., :3] / np.maximum(small[..., 3:] / 255, 1 / 255)
    whole = np.concatenate([np.clip(colours, 0, 255), small[..., 3:]], -1)
    return (whole + 0.5).astype(np.uint8)


def _cut(pixels: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
    x, y = min(max(x, 0), pixels.shape[1] - 1), min(max(y, 0), pixels.shape[0] - 1)
    return pixels[y : y + height, x : x + width]


def _visible(image: NDArray[np.uint8], ground: NDArray[np.uint8]) -> bool:
    """Whether most of the ink stands out from the ground: by lightness or by hue."""
    own = _ink_colours(image)
    around = colour.oklab(colour.linear(ground.reshape(-1, 3)))
    mean, rough = around.mean(0), float(around[:, 0].std())
    return _share_apart(own, mean, _APART + rough) >= _MOST


def _ink_colours(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """OKLab of the opaque pixels."""
    return colour.oklab(colour.linear(image[image[..., 3] > 128][:, :3]))


def _share_apart(own: NDArray[np.float32], ground: NDArray[np.float32], least: float) -> float:
    if not own.size:
        return 1.0
    return float((np.linalg.norm(own - ground, axis=-1) >= least).mean())


def _plain(image: NDArray[np.uint8]) -> bool:
    """Whether the shape alone is the logo: cut out of its sheet, and of about one colour."""
    own = _ink_colours(image)
    solid = float((image[..., 3] > 128).mean())
    return bool(solid < 0.96 and own.size and own.std(0).max() < 0.07)


def _plate_fill(image: NDArray[np.uint8], fills: tuple[str, str]) -> str:
    own = _ink_colours(image)
    return max(fills, key=lambda fill: _share_apart(own, colour.lab(fill), 2 * _APART))


def _plate(pixels: NDArray[np.uint8], rect: Rect, width: int, fill: str) -> None:
    """A rounded plate in the logo's place, in place."""
    high = round(rect.height)
    wide = max(high, round(width - rect.height * (1 - _INSIDE) * (width / high - 1)))
    sheet = np.zeros((high, wide, 4), np.uint8)
    surface = skia.Surface(
        sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    paint = skia.Paint(AntiAlias=True, Color=0xFF000000 | int(fill[1:], 16))
    radius = 0.24 * high
    surface.getCanvas().drawRoundRect(skia.Rect.MakeWH(wide, high), radius, radius, paint)
    sheet[..., :3] = _rgb(fill)
    _blend(pixels, sheet, round(rect.x0), round(rect.y0))


def _rgb(fill: str) -> NDArray[np.uint8]:
    return np.array([int(fill[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def _blend(pixels: NDArray[np.uint8], image: NDArray[np.uint8], x: int, y: int) -> None:
    """Lay straight-alpha RGBA over pixels, clipped to them."""
    height, width = pixels.shape[:2]
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(width, x + image.shape[1]), min(height, y + image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = image[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)
    under = pixels[y0:y1, x0:x1].astype(np.float32)
    blended = under + (part[..., :3] - under) * (part[..., 3:] / 255)
    pixels[y0:y1, x0:x1] = (blended + 0.5).astype(np.uint8)
