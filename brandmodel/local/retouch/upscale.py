"""Enlarges foreign pictures: sharper and truer than plain interpolation, inventing nothing.

Bicubic interpolation, then iterative back-projection (Irani and Peleg, "Improving resolution by
image registration", 1991): the enlarged picture, made small again, must be the original. In
between, pixels are averaged along edges, never across them, which takes the steps out of slanted
lines.
"""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import Array
from brandmodel.local.retouch.pixels import Pixels, load, png, size
from brandmodel.tasks import Box, FitImage, Picture, UpscaleImage

_ROUNDS = 6
_BAND_ROWS = 256
_SAME_SHAPE = 0.02
"""Aspect ratios that differ by less are a matter of rounding, and the picture is fitted."""


def fit(request: UpscaleImage | FitImage, desk: Desk) -> Picture:
    """The picture at the size asked for, filling it: what does not fit its shape is cut off.

    Raises:
        InvalidRequestError: the picture cannot be decoded.
    """
    pixels = load(desk.read(request.image))
    frame = _frame(size(pixels), (request.width, request.height), request.subjects)
    enlarged = resized(_cut(pixels, frame), request.width, request.height)
    image = desk.keep(png(enlarged), "image/png", width=request.width, height=request.height)
    notes = () if _whole(frame) else ("The picture has another shape: its edges were cut off.",)
    subjects = tuple(_within(box, frame) for box in request.subjects)
    return Picture(image=image, subjects=subjects, notes=notes)


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """(height, width, 3|4) uint8: enlarged by back-projection, made smaller by area."""
    if size(pixels) == (width, height):
        return pixels
    if pixels.shape[2] == 3:
        return _bytes(_resampled(pixels.astype(np.float32), width, height))
    # Premultiplied on the way, so that hidden colours do not bleed into the edge.
    alpha = pixels[..., 3:].astype(np.float32)
    covered = np.concatenate([pixels[..., :3] * (alpha / 255), alpha], 2)
    large = _resampled(covered.astype(np.float32), width, height)
    alpha = large[..., 3:]
    straight = np.where(alpha > 0.5, large[..., :3] * 255 / np.maximum(alpha, 0.5), 0)
    return _bytes(np.concatenate([straight, alpha], 2).astype(np.float32))


def _resampled(plane: Array, width: int, height: int) -> Array:
    """A side that shrinks is settled first; back-projection is for sides that grow."""
    smaller = (min(width, plane.shape[1]), min(height, plane.shape[0]))
    plane = np.asarray(cv2.resize(plane, smaller, interpolation=cv2.INTER_AREA), np.float32)
    return plane if smaller == (width, height) else _enlarged(plane, width, height)


def _enlarged(small: Array, width: int, height: int) -> Array:
    """Channel by channel, so that a picture of 40 megapixels fits into memory."""
    along = _edge_steps(small, (width, height))
    channels = [
        _back_projected(np.ascontiguousarray(small[..., i]), (width, height), along)
        for i in range(small.shape[2])
    ]
    return np.dstack(channels)


def _back_projected(small: Array, target: tuple[int, int], along: tuple[Array, Array]) -> Array:
    large = _bicubic(small, target)
    for step in range(_ROUNDS):
        if 0 < step < 5:
            large = _smoothed(large, along)
        reduced = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
        large += _bicubic(small - reduced, target)
    return large


def _bicubic(small: Array, target: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(small, target, interpolation=cv2.INTER_CUBIC), np.float32)


def _edge_steps(small: Array, target: tuple[int, int]) -> tuple[Array, Array]:
    """(x, y) of a step along the edge at each pixel; its length says how sure the edge is.

    From the structure tensor of the channels' mean (Weickert, "Coherence-enhancing diffusion", 1999).
    """
    grey = cv2.GaussianBlur(_bicubic(small.mean(-1), target), (0, 0), 0.8)
    dx, dy = cv2.Scharr(grey, cv2.CV_32F, 1, 0), cv2.Scharr(grey, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(p, (0, 0), 1.6) for p in (dx * dx, dy * dy, dx * dy))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    coherence = (spread / (xx + yy + 2000.0)) ** 2
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(np.pi / 2)
    return (
        np.asarray(np.cos(angle) * coherence, np.float32),
        np.asarray(np.sin(angle) * coherence, np.float32),
    )


def _smoothed(large: Array, along: tuple[Array, Array]) -> Array:
    """Each pixel averaged with the two beside it on its edge."""
    out = np.empty_like(large)
    for top in range(0, len(large), _BAND_ROWS):
        band = np.s_[top : top + _BAND_ROWS]
        rows, columns = (np.asarray(n, np.float32) for n in np.indices(large[band].shape))
        ahead, behind = (
            cv2.remap(
                large,
                columns + sign * along[0][band],
                rows + top + sign * along[1][band],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for sign in (1, -1)
        )
        out[band] = 0.5 * large[band] + 0.25 * (ahead + behind)
    return out


def _bytes(large: Array) -> Pixels:
    return np.clip(large + 0.5, 0, 255).astype(np.uint8)


def _frame(before: tuple[int, int], after: tuple[int, int], subjects: tuple[Box, ...]) -> Box:
    """The part of the picture, in fractions, that has the new shape; the main subject stays in."""
    ratio = (after[0] / after[1]) / (before[0] / before[1])
    if abs(ratio - 1) < _SAME_SHAPE:
        return Box(x=0, y=0, width=1, height=1)
    width, height = min(1.0, ratio), min(1.0, 1 / ratio)
    middle = subjects[0] if subjects else Box(x=0, y=0, width=1, height=1)
    x = min(max(middle.x + middle.width / 2 - width / 2, 0), 1 - width)
    y = min(max(middle.y + middle.height / 2 - height / 2, 0), 1 - height)
    return Box(x=x, y=y, width=width, height=height)


def _whole(frame: Box) -> bool:
    return frame.width == 1 and frame.height == 1


def _cut(pixels: Pixels, frame: Box) -> Pixels:
    width, height = size(pixels)
    left, top = round(frame.x * width), round(frame.y * height)
    right = max(left + 1, round((frame.x + frame.width) * width))
    bottom = max(top + 1, round((frame.y + frame.height) * height))
    return pixels[top:bottom, left:right]


def _within(box: Box, frame: Box) -> Box:
    return Box(
        x=(box.x - frame.x) / frame.width,
        y=(box.y - frame.y) / frame.height,
        width=box.width / frame.width,
        height=box.height / frame.height,
    )
