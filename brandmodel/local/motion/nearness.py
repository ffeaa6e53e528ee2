"""How near every pixel is: 0 for what is farthest, 1 for what is nearest."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.motion.layers import Floats, Pixels

_TILT = 0.45
"""By how much the nearest water is nearer than the land behind it."""
_ADDED = 28
"""Difference, of 255, from which a place of a picture is not as it was drawn."""
_TINTED = 0.16
"""By how much the shares of light that a shadow leaves of the three colours may differ."""
_DEEPEST = 0.4
_RIPPLE = 0.05
"""The least light that a shadow leaves, and by how much that alters from pixel to pixel."""
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
    height = nearness.shape[0]
    changed = _changed(drawn, picture)
    if float(changed.mean()) > 0.5:
        # Graded all over: nothing was added.
        return nearness
    outlines, _ = cv2.findContours(changed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = nearness.copy()
    for outline in outlines:
        if cv2.contourArea(outline) < 0.004 * changed.size:
            continue
        thing = np.zeros_like(changed)
        cv2.drawContours(thing, [outline], -1, 1, cv2.FILLED)
        rows = np.flatnonzero(thing.any(1))
        base = slice(max(0, rows[-1] - height // 60), rows[-1] + 1)
        out[thing > 0] = np.median(nearness[base][thing[base] > 0])
    return out


def _changed(drawn: Pixels, picture: Pixels) -> NDArray[np.uint8]:
    """(H, W) 1 where something stands that was not drawn; its shadow stays the ground's."""
    across = max(1, drawn.shape[1] // 480)
    a, b = (cv2.blur(p, (across, across)) for p in (drawn, picture))
    apart = np.asarray(cv2.absdiff(a, b)).max(-1) > _ADDED
    # A shadow takes the same share of every colour, and alters it slowly.
    shares = (b.astype(np.float32) + 4) / (a.astype(np.float32) + 4)
    low, high = shares.min(-1), shares.max(-1)
    mean, square = (np.asarray(cv2.blur(s, (7, 7)), np.float32) for s in (high, high * high))
    smooth = square - mean * mean < _RIPPLE**2
    shaded = smooth & (high < 0.98) & (high > _DEEPEST) & (high - low < _TINTED * high)
    changed = (apart & ~shaded).astype(np.uint8)
    side = 2 * across + 1
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    side = 6 * across + 1
    return np.asarray(cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((side, side))), np.uint8)


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
