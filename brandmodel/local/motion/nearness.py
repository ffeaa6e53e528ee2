"""How near every pixel is: 0 for what is farthest, 1 for what is nearest."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.motion.layers import Floats, Pixels

_TILT = 0.45
"""By how much the nearest water is nearer than the land behind it."""
_ADDED = 28
"""Difference, of 255, from which a place of a picture is not as it was drawn."""
_SHEETS = 4
SCATTERED = tuple((n - 0.5) / _SHEETS for n in range(1, _SHEETS + 1))
"""Where ``scattered_nearness`` is cut: every value of it is a layer."""


def nearness_of(depth: Floats) -> Floats:
    """(H, W) in 0..1 from distance: proportional to 1/distance, 0 at the farthest, 1 at the nearest.

    The nearest and the farthest few pixels do not set the scale.
    """
    inverse = np.where(np.isfinite(depth), 1 / np.maximum(depth, 1e-4), 0).astype(np.float32)
    far, near = (float(v) for v in np.percentile(inverse[::4, ::4], (0.5, 98.5)))
    return np.clip((inverse - far) / max(near - far, 1e-6), 0, 1).astype(np.float32)


def with_shore(depth: Floats, water: Floats) -> Floats:
    """Depth with the water tilted so that it reaches from the viewer to the foot of the land.

    For cities, whose towers are measured from another place than the river before them: left as
    they are, the towers would stand nearer than the water and slide over it.

    Args:
        depth: (H, W) distance from the eye.
        water: (H, W), above 0.5 where there is water.
    """
    wet = water > 0.5
    land = np.isfinite(depth) & ~wet
    if not wet.any() or not land.any():
        return depth
    front = 1 / float(np.percentile(depth[land], 1))
    inverse = 1 / depth[wet]
    far, near = float(inverse.min()), float(inverse.max())
    # A plane has an inverse distance that is linear on the screen; so has this one.
    tilted = front * (1 + _TILT * (inverse - far) / max(near - far, 1e-6))
    out = depth.copy()
    out[wet] = 1 / tilted
    return out


def with_additions(nearness: Floats, drawn: Pixels, picture: Pixels) -> Floats:
    """Nearness of a drawing in which something was put later: a product, say.

    What was put there stands on its foot, so all of it is as near as the place of its foot.

    Args:
        nearness: (H, W) of the drawing.
        drawn: (H, W, 3) the drawing.
        picture: (H, W, 3) what became of it.
    """
    height, width = nearness.shape
    small = (480, max(8, round(480 * height / width)))
    a, b = (cv2.resize(p, small, interpolation=cv2.INTER_AREA) for p in (drawn, picture))
    changed = (np.asarray(cv2.absdiff(a, b)).max(-1) > _ADDED).astype(np.uint8)
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    if float(changed.mean()) > 0.5:
        # Graded all over: nothing was added.
        return nearness
    _, labels, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    out = nearness.copy()
    for number in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > 0.004 * changed.size):
        if number == 0:
            continue
        share = cv2.resize((labels == number).astype(np.float32), (width, height))
        thing = np.asarray(share) > 0.5
        rows = np.flatnonzero(thing.any(1))
        foot = thing[max(0, rows[-1] - height // 60) : rows[-1] + 1]
        out[thing] = np.median(nearness[max(0, rows[-1] - height // 60) : rows[-1] + 1][foot])
    return out


def scattered_nearness(pixels: Pixels) -> Floats:
    """(H, W) for things scattered over plain paper: paper is far, larger things are nearer.

    Every thing gets one of a few values as a whole, so that none is bent.
    """
    paper = np.median(pixels.reshape(-1, 3)[:: max(1, pixels.size // 60_000)], axis=0)
    apart = np.abs(pixels.astype(np.float32) - paper.astype(np.float32)).max(-1)
    ink = cv2.morphologyEx((apart > 28).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count < 2:
        return np.zeros(pixels.shape[:2], np.float32)
    spans = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1).astype(np.float32)
    bounds = np.quantile(spans[1:], np.arange(1, _SHEETS) / _SHEETS)
    values = (np.searchsorted(bounds, spans) + 1).astype(np.float32) / _SHEETS
    values[0] = 0
    return values[labels]
