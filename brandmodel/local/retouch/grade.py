"""Pulls a picture's colours towards a palette, as a colourist would: gently and without breaks.

The grade is a smooth map of colours, worked out for the nodes of a 33 x 33 x 33 table and applied
by trilinear interpolation, so that its cost does not depend on how it was worked out.
"""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.brand import Palette
from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import Array, encoded, from_oklab, lab, linear, oklab
from brandmodel.local.retouch.pixels import Pixels, colours, joined, load, png, size, split_alpha
from brandmodel.tasks import GradeImage, Picture

_NODES = 33
_STRIP_ROWS = 256
_CHROMATIC = 0.03
"""OKLab chroma below which a palette colour says nothing about hue."""
_SPREAD = 0.5
"""Softness of the assignment to the palette's hues, in radians."""
_DEPTH = 0.35
"""Likewise in lightness: a light blue is not drawn to the ink only because the ink is blue."""
_SKIN_HUE = 0.95
"""OKLab hue of skin in radians, about 54 degrees, whatever its lightness."""


def grade(request: GradeImage, desk: Desk) -> Picture:
    """The picture in the palette's colours; light and form stay, alpha is kept.

    Raises:
        InvalidRequestError: the picture cannot be decoded.
    """
    pixels = load(desk.read(request.image))
    graded = graded_pixels(pixels, request.palette, request.strength)
    width, height = size(graded)
    image = desk.keep(png(graded), "image/png", width=width, height=height)
    return Picture(image=image)


def graded_pixels(pixels: Pixels, palette: Palette, strength: float) -> Pixels:
    """(H, W, 3|4) uint8 with colours pulled to the palette; strength 0 changes nothing."""
    if strength <= 0:
        return pixels
    colour, alpha = split_alpha(pixels)
    change = _changes(palette, strength)
    out = np.empty_like(colour)
    for top in range(0, len(colour), _STRIP_ROWS):
        strip = colour[top : top + _STRIP_ROWS]
        shifted = strip + _interpolated(change, strip)
        out[top : top + _STRIP_ROWS] = np.clip(shifted + 0.5, 0, 255).astype(np.uint8)
    return joined(out, alpha)


def _interpolated(change: Array, strip: Pixels) -> Array:
    """Trilinear look-up of (H, W, 3) bytes in the table of changes.

    Nodes lie 8 codes apart, so that OpenCV's bilinear sampler, whose fractions are 32nds, is
    exact within a slice of equal blue; the two slices around a pixel are blended here.
    """
    red, green, blue = (np.ascontiguousarray(strip[..., i]) for i in range(3))
    x = (blue >> 3).astype(np.float32) * _NODES + red.astype(np.float32) / 8
    y = green.astype(np.float32) / 8
    below = cv2.remap(change, x, y, cv2.INTER_LINEAR)
    above = cv2.remap(change, x + _NODES, y, cv2.INTER_LINEAR)
    between = ((blue & 7).astype(np.float32) / 8)[..., None]
    return np.asarray(below + (above - below) * between, np.float32)


def _changes(palette: Palette, strength: float) -> Array:
    """(33, 33 * 33, 3) sRGB codes to add: rows by green, columns by blue, then red."""
    codes = np.minimum(np.arange(_NODES, dtype=np.float32) * 8, 255)
    green, blue, red = np.meshgrid(codes, codes, codes, indexing="ij")
    source = np.stack([red, green, blue], -1).reshape(-1, 3) / 255
    source = source.astype(np.float32)
    target = encoded(from_oklab(_in_gamut(_pulled(oklab(linear(source)), palette, strength))))
    return ((target - source) * 255).reshape(_NODES, _NODES * _NODES, 3).astype(np.float32)


def _pulled(source: Array, palette: Palette, strength: float) -> Array:
    """(N, 3) OKLab colours, moved."""
    lightness, plane = source[:, :1], source[:, 1:]
    chroma = np.linalg.norm(plane, axis=1, keepdims=True)
    target, certainty = _hue_target(source, chroma, palette)
    # Near-neutrals have no hue to speak of and stay; skin is moved a little only.
    hold = _ramp(chroma, 0.008, 0.07) * (1 - 0.7 * _skin(lightness, plane, chroma))
    moved = plane + (target - plane) * (0.9 * strength * hold * certainty)
    ink, paper = lab(palette.ink), lab(palette.paper)
    shadows = (1 - _ramp(lightness, 0.05, 0.6)) * _ramp(lightness, 0.0, 0.12)
    lights = _ramp(lightness, 0.55, 0.97)
    free = 1 - 0.75 * _ramp(chroma, 0.02, 0.12)
    moved = moved + (ink[1:] * 0.5 * shadows + paper[1:] * 0.6 * lights) * (strength * free)
    return np.concatenate([_toned(lightness, ink, paper, strength), moved], 1).astype(np.float32)


def _toned(lightness: Array, ink: Array, paper: Array, strength: float) -> Array:
    """Black lifted and white lowered a little towards ink and paper; strictly rising."""
    low, high = 0.35 * float(ink[0]), 1 - 0.6 * (1 - float(paper[0]))
    return (lightness + (low + (high - low) * lightness - lightness) * 0.35 * strength).astype(
        np.float32
    )


def _hue_target(source: Array, chroma: Array, palette: Palette) -> tuple[Array, Array]:
    """Where each colour is pulled in the a-b plane, and how surely (0..1).

    Every hue of the palette gets a share by its angular distance. The shares blend as vectors: a
    hue between two of the palette turns muted instead of jumping to either.
    """
    plane = source[:, 1:]
    points = np.stack([lab(colour) for colour in colours(palette)])
    points = points[np.linalg.norm(points[:, 1:], axis=1) > _CHROMATIC]
    if not len(points):
        return np.zeros_like(plane), np.full_like(chroma, 0.6)
    anchors = points[:, 1:]
    reach = np.linalg.norm(anchors, axis=1)
    directions = anchors / reach[:, None]
    cosine = np.clip(plane @ directions.T / np.maximum(chroma, 1e-6), -1, 1)
    share = np.exp((cosine - 1) / _SPREAD**2)
    near = share.max(1, keepdims=True)
    share = share * np.exp(-(((source[:, :1] - points[:, 0]) / _DEPTH) ** 2)) + 1e-9
    share = share / share.sum(1, keepdims=True)
    # Within the palette's own chroma a colour keeps its strength; beyond it is drawn back.
    length = np.minimum(chroma, reach) * (np.maximum(chroma, reach) / reach) ** 0.3
    target = (share * length) @ directions
    return target.astype(np.float32), (0.55 + 0.45 * near).astype(np.float32)


def _skin(lightness: Array, plane: Array, chroma: Array) -> Array:
    """How much a colour may be skin: a narrow fan of hues, of middling chroma and lightness."""
    turn = np.arctan2(plane[:, 1:], plane[:, :1]) - _SKIN_HUE
    hue = np.exp(-((turn / 0.3) ** 2))
    body = _ramp(chroma, 0.02, 0.05) * (1 - _ramp(chroma, 0.11, 0.16))
    return (hue * body * _ramp(lightness, 0.25, 0.45)).astype(np.float32)


def _ramp(x: Array, low: float, high: float) -> Array:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _in_gamut(wanted: Array) -> Array:
    """The colours with as much of their chroma as sRGB holds, by bisection; clips would break."""
    low, high = np.zeros((len(wanted), 1), np.float32), np.ones((len(wanted), 1), np.float32)
    share = high
    for _ in range(12):
        light = from_oklab(_faded(wanted, share))
        inside = ((light > -2e-3) & (light < 1.002)).all(1, keepdims=True)
        low, high = np.where(inside, share, low), np.where(inside, high, share)
        share = ((low + high) / 2).astype(np.float32)
    return _faded(wanted, low)


def _faded(colour: Array, share: Array) -> Array:
    return np.concatenate([colour[:, :1], colour[:, 1:] * share], 1).astype(np.float32)
