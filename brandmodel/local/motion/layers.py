"""A picture with depth, cut into layers at its silhouettes, farther ones filled in behind nearer.

Within a layer nearness is smooth, so the layer bends without a seam; where nearness jumps, the
picture is cut, so that nothing is stretched across a silhouette. The idea is that of layered depth
images (Shade, Gortler, He, Szeliski: Layered Depth Images, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_BINS = 64
_JUMP = 0.02
"""The smallest step in nearness, between neighbours, that counts as a silhouette."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One sheet of the picture.

    Attributes:
        pixels: (h, w, 4) uint8: colour, and coverage as the fourth channel.
        nearness: (Hc, Wc) float32 over the WHOLE picture, coarse, smooth; 0 far to 1 near.
        presence: (Hc, Wc, 2) uint8 over the whole picture: 0 where nothing of it is near, and 255
            where it covers everything around.
        box: (x0, y0, x1, y1) in fractions of the picture: where ``pixels`` lie in it.
        solid: it covers its whole box.
    """

    pixels: Pixels
    nearness: Floats
    presence: Pixels
    box: tuple[float, float, float, float]
    solid: bool


def cuts_of(nearness: Floats, most: int) -> tuple[float, ...]:
    """Up to ``most`` values of nearness, ascending, at which cutting frees the most silhouettes."""
    jumps: list[NDArray[np.intp]] = []
    for a, b in ((nearness[:, 1:], nearness[:, :-1]), (nearness[1:], nearness[:-1])):
        low, high = np.minimum(a, b), np.maximum(a, b)
        steep = high - low > _JUMP
        ends = np.stack([low[steep] * _BINS + 0.5, high[steep] * _BINS + 0.5]).astype(np.intp)
        jumps.append(ends)
    low, high = np.concatenate(jumps, axis=1)
    cuts: list[float] = []
    enough = 0.0015 * (nearness.shape[0] + nearness.shape[1])
    while len(cuts) < most:
        weight = (high - low) / _BINS
        ramp = np.zeros(_BINS + 2)
        np.add.at(ramp, low + 1, weight)
        np.add.at(ramp, np.maximum(high, low + 1) + 1, -weight)
        gain = np.cumsum(ramp)[: _BINS + 1]
        best = float(gain.max())
        if best < enough:
            break
        # The middle of the plateau: as far from both sides as can be.
        plateau = np.flatnonzero(gain >= 0.9 * best)
        run = np.split(plateau, np.flatnonzero(np.diff(plateau) > 1) + 1)
        at = int(np.median(max(run, key=len)))
        cuts.append((at - 0.5) / _BINS)
        keep = (low >= at) | (high < at)
        low, high = low[keep], high[keep]
    return tuple(sorted(cuts))


def layers_of(
    pixels: Pixels,
    nearness: Floats,
    *,
    cuts: tuple[float, ...],
    size: tuple[int, int],
    coarse: tuple[int, int],
) -> tuple[Layer, ...]:
    """Cut a picture into layers, the farthest first.

    Args:
        pixels: (H, W, 3).
        nearness: (H, W).
        cuts: nearness at which it is cut, ascending.
        size: (width, height) that the picture is enlarged to, so that plain bilinear sampling
            of it is sharp and does not pulse as it moves.
        coarse: (width, height) of the layers' nearness.
    """
    if float(nearness.max()) - float(nearness.min()) < _JUMP:
        flat = np.full(coarse[::-1], nearness.mean(), np.float32)
        whole = cv2.cvtColor(_enlarged(pixels, size), cv2.COLOR_RGB2RGBA)
        return (Layer(np.asarray(whole, np.uint8), flat, _everywhere(coarse), (0, 0, 1, 1), True),)
    bounds = (-1.0, *cuts, 2.0)
    out: list[Layer] = []
    for low, high in zip(bounds, bounds[1:], strict=False):
        own = (nearness > low) & (nearness <= high)
        nearer = nearness > high
        if own.any():
            own = own if low < 0 else _grown(own, nearness)
            out.append(_layer(pixels, nearness, own, nearer, size, coarse, solid=low < 0))
    return tuple(out)


def _grown(own: NDArray[np.bool_], nearness: Floats) -> NDArray[np.bool_]:
    """The layer and a few pixels more wherever its surface goes on across the cut.

    Both layers show the same there, so the cut is not seen.
    """
    kernel = np.ones((3, 3), np.uint8)
    for _ in range(4):
        reach = cv2.dilate(np.where(own, nearness, -1).astype(np.float32), kernel)
        own = own | ((reach >= 0) & (np.abs(reach - nearness) < _JUMP / 2))
    return own


def _layer(
    pixels: Pixels,
    nearness: Floats,
    own: NDArray[np.bool_],
    nearer: NDArray[np.bool_],
    size: tuple[int, int],
    coarse: tuple[int, int],
    *,
    solid: bool,
) -> Layer:
    # Pixels on a silhouette are part nearer, part farther: the nearer layer takes them with it,
    # the farther one must not be filled from them.
    front = cv2.dilate(nearer.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    sure = own & ~front
    if not sure.any():
        sure = own
    weight = sure.astype(np.float32)
    colour = _filled(pixels.astype(np.float32), weight)
    colour = np.where(sure[..., None], pixels, colour + np.float32(0.5)).astype(np.uint8)
    near = _smooth(_filled(nearness, weight), own, coarse)
    if solid:
        whole = cv2.cvtColor(_enlarged(colour, size), cv2.COLOR_RGB2RGBA)
        return Layer(np.asarray(whole, np.uint8), near, _everywhere(coarse), (0, 0, 1, 1), True)
    cover = _coverage(own, nearer)
    # Its rim shows the picture's own pixels, mixed as they are, unless they belong in front.
    rim = (cover > 0) & ~own & ~front
    colour = np.where(rim[..., None], pixels, colour).astype(np.uint8)
    return _cropped(colour, cover, near, size)


def _coverage(own: NDArray[np.bool_], nearer: NDArray[np.bool_]) -> Floats:
    """(H, W) in 0..1: the layer itself, and how it goes on behind what stands in front of it."""
    known = (~nearer).astype(np.float32)
    guess = _filled(own.astype(np.float32), known)
    behind = np.clip((guess - 0.5) * 6 + 0.5, 0, 1)
    shape = np.where(nearer, behind, own).astype(np.float32)
    # One pixel wider, for the pixels that are only part covered; then soft by about a pixel.
    return np.asarray(
        cv2.GaussianBlur(cv2.dilate(shape, np.ones((3, 3), np.uint8)), (0, 0), 0.7), np.float32
    )


def _cropped(colour: Pixels, coverage: Floats, near: Floats, size: tuple[int, int]) -> Layer:
    height, width = coverage.shape
    covered = coverage > 0.004
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    y0, y1 = max(int(rows[0]) - 2, 0), min(int(rows[-1]) + 3, height)
    x0, x1 = max(int(columns[0]) - 2, 0), min(int(columns[-1]) + 3, width)
    part = (slice(y0, y1), slice(x0, x1))
    scale = (size[0] / width, size[1] / height)
    target = (max(2, round((x1 - x0) * scale[0])), max(2, round((y1 - y0) * scale[1])))
    alpha = cv2.resize(coverage[part], target, interpolation=cv2.INTER_LINEAR)
    sheet = np.dstack([_enlarged(colour[part], target), (alpha * 255 + 0.5).astype(np.uint8)])
    box = (x0 / width, y0 / height, x1 / width, y1 / height)
    presence = _presence(coverage, (near.shape[1], near.shape[0]))
    return Layer(np.ascontiguousarray(sheet), near, presence, box, False)


def _everywhere(coarse: tuple[int, int]) -> Pixels:
    return np.full((coarse[1], coarse[0], 2), 255, np.uint8)


def _presence(coverage: Floats, coarse: tuple[int, int]) -> Pixels:
    kernel = np.ones((5, 5), np.uint8)
    some, full = (
        cv2.resize(mark.astype(np.float32), coarse, interpolation=cv2.INTER_AREA)
        for mark in (coverage > 0.004, coverage > 0.999)
    )
    some = cv2.dilate((np.asarray(some) > 0).astype(np.uint8), kernel)
    full = cv2.erode((np.asarray(full) > 0.9999).astype(np.uint8), kernel)
    return np.dstack([some * 255, full * 255]).astype(np.uint8)


def _smooth(nearness: Floats, own: NDArray[np.bool_], coarse: tuple[int, int]) -> Floats:
    """Coarse nearness whose remaining steps lie outside the nearer side, so that it stays rigid."""
    small = cv2.resize(nearness, coarse, interpolation=cv2.INTER_AREA)
    # Never wider than a few coarse points, or slopes far from any step would be flattened.
    wide = cv2.dilate(small, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), 1.2), np.float32)


def _enlarged(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    grows = size[0] >= pixels.shape[1]
    way = cv2.INTER_LANCZOS4 if grows else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def _filled(values: Floats, weight: Floats) -> Floats:
    """Values where weight is 1, and between them a smooth surface: push and pull over a pyramid.

    Gortler, Grzeszczuk, Szeliski, Cohen: The Lumigraph (1996), section 3.4.
    """
    height, width = weight.shape
    if min(height, width) <= 2:
        total = float(weight.sum())
        shape = (*weight.shape, -1) if values.ndim == 3 else weight.shape
        mean = (values.reshape(-1, *values.shape[2:]).T @ weight.ravel()) / max(total, 1e-6)
        return np.broadcast_to(mean, values.shape).reshape(shape).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    heavy = weight[..., None] if values.ndim == 3 else weight
    sums = cv2.resize(values * heavy, half, interpolation=cv2.INTER_AREA)
    less = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    under = np.maximum(less, 1e-6)
    mean = sums / (under[..., None] if values.ndim == 3 else under)
    coarse = _filled(mean.astype(np.float32), np.minimum(less * 4, 1).astype(np.float32))
    back = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return (values * heavy + back * (1 - heavy)).astype(np.float32)
