"""What moves by itself while the camera moves: water, the sky, flowing brand art."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.motion.layers import Floats
from brandmodel.local.motion.parallax import Life
from brandmodel.local.motion.sampling import places_of, sampled
from brandmodel.local.picture.scene import Abstract, Landscape, StillLife, Style

_WET = ("lake", "island", "sea", "city")
_SKY_DRIFT = 0.0016
"""Picture heights a second."""
_RIPPLE = 0.0011
"""Picture heights: how far the nearest water sways."""
_FLOW: dict[Style, tuple[float, float]] = {
    "ribbons": (0.010, 0.30),
    "gradient": (0.022, 0.22),
    "waves": (0.012, 0.26),
}
"""Of the styles that flow: how far, in picture heights, and cycles a second."""


def life_of(
    scene: Landscape | StillLife | Abstract, depth: Floats | None, coarse: tuple[int, int]
) -> Life | None:
    """How a scene lives; None where everything stands.

    Args:
        scene: the scene.
        depth: (H, W) distance from the eye, of landscapes.
        coarse: (width, height) on which water is marked.
    """
    if isinstance(scene, Landscape) and depth is not None:
        return _land(scene, depth, coarse)
    if isinstance(scene, Abstract) and scene.style in _FLOW:
        return _flow(scene)
    return None


def water_of(depth: Floats) -> Floats:
    """(H, W), 0 or 1: water lies at one distance along a row, exactly, and nearer in every next row.

    Land never does the first, and flat things like towers not the second.
    """
    flat = np.zeros(depth.shape, np.uint8)
    level = (depth[:, 1:] == depth[:, :-1]) & np.isfinite(depth[:, 1:])
    flat[:, 1:] |= level
    flat[:, :-1] |= level
    plane = flat.copy()
    plane[1:] &= (depth[1:] < depth[:-1]).astype(np.uint8)
    plane = np.asarray(cv2.morphologyEx(plane, cv2.MORPH_OPEN, np.ones((3, 9))), np.uint8)
    # The first row has nothing farther above it that it could be compared with.
    plane[:-1] |= plane[1:] & flat[:-1]
    return np.asarray(plane, np.float32)


def _land(scene: Landscape, depth: Floats, coarse: tuple[int, int]) -> Life:
    wet = None
    if scene.terrain in _WET:
        # Shores stand still: ripples fade towards them.
        mark = cv2.erode(water_of(depth), np.ones((3, 3), np.uint8))
        mark = cv2.resize(mark, coarse, interpolation=cv2.INTER_AREA)
        wet = np.asarray(cv2.GaussianBlur(mark, (0, 0), 1.5) * mark, np.float32)
    aspect = depth.shape[1] / depth.shape[0]

    def moved(x: Floats, y: Floats, near: Floats, seconds: float) -> tuple[Floats, Floats]:
        open_sky = np.clip(1 - near * np.float32(100), 0, 1)
        dx = np.float32(_SKY_DRIFT * seconds) * open_sky
        dy = np.zeros_like(dx)
        if wet is not None:
            share = _sampled(wet, x, y, aspect)
            across, along = _ripples(x, near, seconds)
            dx, dy = dx + across * share, dy + along * share
        return dx.astype(np.float32), dy.astype(np.float32)

    return moved


def _sampled(field: Floats, x: Floats, y: Floats, aspect: float) -> Floats:
    height, width = field.shape
    columns = ((x / np.float32(aspect) + 0.5) * width - 0.5).astype(np.float32)
    rows = ((y + 0.5) * height - 0.5).astype(np.float32)
    return sampled(field, places_of(columns, rows))


def _ripples(x: Floats, near: Floats, seconds: float) -> tuple[Floats, Floats]:
    """Trains of waves on the plane of the water, as displacements: smaller farther away."""
    far = 1 / np.maximum(near, np.float32(0.04))
    side = x * far
    size = np.float32(_RIPPLE) * near
    a = np.sin(far * 19 + side * 7 - np.float32(2.6 * seconds))
    b = np.sin(far * 31 - side * 13 - np.float32(3.7 * seconds))
    c = np.sin(far * 11 + side * 23 + np.float32(1.9 * seconds))
    return (size * (0.7 * c + 0.3 * b)).astype(np.float32), (size * (a + 0.5 * b)).astype(
        np.float32
    )


def _flow(scene: Abstract) -> Life:
    """Long slow swells, like cloth in a breeze; nothing of it is faster than the eye can follow."""
    size, pace = _FLOW[scene.style]
    reach = np.float32(size * (0.6 + 0.8 * scene.energy))
    turn = 2 * np.pi * pace
    rising = scene.style == "waves"
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x7F])
    p, q = (np.float32(v) for v in random.uniform(0, 2 * np.pi, 2))

    def moved(x: Floats, y: Floats, near: Floats, seconds: float) -> tuple[Floats, Floats]:
        a = np.sin(x * 3.4 + y * 1.7 + p - np.float32(turn * seconds))
        b = np.sin(x * 2.1 - y * 2.6 + q - np.float32(0.7 * turn * seconds))
        # The sun over the waves stands still; they swell towards the viewer.
        share = np.clip(y * np.float32(2) + np.float32(0.06), 0, 1) if rising else np.float32(1)
        edge = _still_rim(x, y)
        return (
            (reach * 0.6 * b * share * edge).astype(np.float32),
            (reach * a * share * edge).astype(np.float32),
        )

    return moved


def _still_rim(x: Floats, y: Floats) -> Floats:
    """1 inside to 0 at the upper and lower edge, so that no flow pulls an edge into the frame."""
    return np.clip((np.float32(0.5) - np.abs(y)) * 8, 0, 1).astype(np.float32)
