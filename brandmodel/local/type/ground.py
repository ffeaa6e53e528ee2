"""What lies under type: how calm a place of the picture is, and how readable an ink would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.local.picture import colour
from brandmodel.tasks import Box

READABLE = 4.5
"""Least contrast ratio of text (WCAG 2.2, level AA)."""
_SMALL = 256
_MOST_SAMPLES = 60_000
# Worst case of a ground: single odd pixels may lie beyond, areas may not.
_PERCENTILES = (3, 97)


class Rect(NamedTuple):
    """Edges in pixels; right and bottom are outside."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """From edge to edge."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Square pixels; 0 when turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    def grown(self, by: float, and_down: float | None = None) -> Rect:
        """Larger by so many pixels on each side."""
        down = by if and_down is None else and_down
        return Rect(self.x0 - by, self.y0 - down, self.x1 + by, self.y1 + down)

    def within(self, other: Rect) -> Rect:
        """The common part."""
        return Rect(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )


def around(rects: Iterable[Rect]) -> Rect:
    """The smallest rectangle that holds all."""
    edges = np.array(list(rects), np.float64)
    return Rect(*(float(v) for v in (*edges[:, :2].min(0), *edges[:, 2:].max(0))))


def covered(rects: Sequence[Rect], others: Sequence[Rect]) -> float:
    """Share of the area of ``rects`` that ``others`` cover, 0..1 and more where others overlap."""
    total = sum(r.area for r in rects)
    shared = sum(r.within(other).area for r in rects for other in others)
    return shared / total if total else 0.0


class Ground:
    """A picture under type, looked at in small."""

    def __init__(self, pixels: NDArray[np.uint8], subjects: Sequence[Box] = ()) -> None:
        """Takes (H, W, 3) uint8 sRGB and the places that type must not cross."""
        self.height, self.width = pixels.shape[:2]
        self.subjects = tuple(self._rect(box) for box in subjects)
        self._scale = min(1.0, _SMALL / max(self.width, self.height))
        size = (max(2, round(self.width * self._scale)), max(2, round(self.height * self._scale)))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        light = colour.linear(small)
        self._luminance = colour.luminance(light)
        lightness = np.ascontiguousarray(colour.oklab(light)[..., 0])
        self._unrest = _unrest(lightness)

    def unrest(self, rect: Rect) -> float:
        """How busy a place is: 0 flat, about 0.1 soft clouds, 1 hard edges throughout."""
        part = self._cut(self._unrest, rect)
        return float(part.mean() + 0.5 * part.std())

    def readability(self, rect: Rect, palette: Palette) -> float:
        """Contrast ratio of the better ink in the worst spots of the place, as seen in small."""
        part = self._cut(self._luminance, rect)
        low, high = np.percentile(part, (5, 95))
        return max(worst((float(low), float(high)), ink) for ink in (palette.ink, palette.paper))

    def _rect(self, box: Box) -> Rect:
        x, y = box.x * self.width, box.y * self.height
        return Rect(x, y, x + box.width * self.width, y + box.height * self.height)

    def _cut(self, plane: NDArray[np.float32], rect: Rect) -> NDArray[np.float32]:
        height, width = plane.shape
        x0 = int(np.clip(rect.x0 * self._scale, 0, width - 1))
        y0 = int(np.clip(rect.y0 * self._scale, 0, height - 1))
        x1 = int(np.clip(np.ceil(rect.x1 * self._scale), x0 + 1, width))
        y1 = int(np.clip(np.ceil(rect.y1 * self._scale), y0 + 1, height))
        return plane[y0:y1, x0:x1]


def samples(pixels: NDArray[np.uint8], rects: Sequence[Rect]) -> NDArray[np.uint8]:
    """(N, 3) pixels of the places, thinned out evenly where they are many."""
    places = positions(pixels.shape[:2], rects)
    return pixels[places[:, 1], places[:, 0]]


def positions(shape: tuple[int, ...], rects: Sequence[Rect]) -> NDArray[np.int64]:
    """(N, 2) x and y of the pixels of the places, thinned out evenly where they are many."""
    height, width = shape[:2]
    step = max(1, round((sum(r.area for r in rects) / _MOST_SAMPLES) ** 0.5))
    found: list[NDArray[np.int64]] = []
    for rect in rects:
        xs = np.arange(max(0, int(rect.x0)), max(1, min(width, int(np.ceil(rect.x1)))), step)
        ys = np.arange(max(0, int(rect.y0)), max(1, min(height, int(np.ceil(rect.y1)))), step)
        found.append(np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2).astype(np.int64))
    return np.clip(np.concatenate(found), 0, (width - 1, height - 1))


def spread(srgb: NDArray[np.uint8] | NDArray[np.float32]) -> tuple[float, float]:
    """Low and high percentile of the relative luminance of (N, 3) pixels, bytes or 0..1."""
    luminance = colour.luminance(colour.linear(srgb))
    low, high = np.percentile(luminance, _PERCENTILES)
    return float(low), float(high)


def worst(luminances: tuple[float, float], ink: str) -> float:
    """The lower of the ink's contrast ratios with a pair of luminances.

    An ink between the two would be lost somewhere in the middle: its contrast is 1.
    """
    own = float(colour.luminance(colour.rgb(ink)))
    low, high = luminances
    if low <= own <= high:
        return 1.0
    return min(colour.contrast(own, low), colour.contrast(own, high))


def _unrest(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Edges at two scales, pressed into 0..1."""
    total = np.zeros_like(lightness)
    for sigma, gain in ((0.8, 5.0), (2.5, 9.0)):
        soft = cv2.GaussianBlur(lightness, (0, 0), sigma)
        dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125)
        dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
        total += np.asarray(cv2.magnitude(dx, dy), np.float32) * np.float32(gain)
    return np.tanh(total * np.float32(1.6)).astype(np.float32)
