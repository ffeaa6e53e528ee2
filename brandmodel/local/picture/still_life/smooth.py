"""Joining interleaved samples: one edge-aware filter, and one edge-aware enlargement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.still_life.solids import Array, dot


def _likeness(n: Array, other: Array, gap: Array, tolerance: Array) -> Array:
    bend = np.clip((dot(n, other) - np.float32(0.86)) * np.float32(9), 0, 1)
    return bend * np.clip(np.float32(1.5) - np.abs(gap) / tolerance, 0, 1)


def joined(values: Array, who: NDArray[np.int16], n: Array, p: Array, tolerance: Array) -> Array:
    """(C, H, W) values averaged over 4 x 4 cells among points of the same surface.

    The five taps a side weigh 1/2, 1, 1, 1, 1/2, so that every pattern cell counts once.
    ``tolerance`` (H, W) is the distance off the tangent plane that still is the same surface.
    """
    height, width = who.shape
    total = np.zeros_like(values)
    weights = np.zeros((height, width), np.float32)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            here = np.s_[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
            there = np.s_[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
            every = (slice(None), *here)
            far = (slice(None), *there)
            gap = dot(n[every], p[far] - p[every])
            w = _likeness(n[every], n[far], gap, tolerance[here]) * (who[here] == who[there])
            w *= np.float32((0.5 if abs(dy) == 2 else 1) * (0.5 if abs(dx) == 2 else 1))
            total[every] += values[far] * w
            weights[here] += w
    return total / np.maximum(weights, np.float32(1e-6))


def enlarged(
    values: Array,
    small: tuple[NDArray[np.int16], Array],
    full: tuple[NDArray[np.int16], Array],
) -> Array:
    """(C, H, W) from values on every second pixel; taps on other surfaces count for nothing.

    ``small`` and ``full`` are bodies (H, W) and normals (3, H, W) on the two grids.
    """
    who, n = full
    height, width = who.shape
    y, x = np.arange(height), np.arange(width)
    last_y, last_x = values.shape[1] - 1, values.shape[2] - 1
    total = np.zeros((values.shape[0], height, width), np.float32)
    weights = np.full((height, width), 1e-7, np.float32)
    for dy in (0, 1):
        rows = np.minimum((y + dy) // 2 if dy else y // 2, last_y)
        for dx in (0, 1):
            columns = np.minimum((x + dx) // 2 if dx else x // 2, last_x)
            pick = np.ix_(rows, columns)
            other = small[1][:, rows[:, None], columns[None]]
            w = np.clip((dot(n, other) - np.float32(0.7)) * np.float32(4), 0, 1)
            w = w * (small[0][pick] == who) * np.float32(0.25) + np.float32(1e-5)
            total += values[:, rows[:, None], columns[None]] * w
            weights += w
    flat = (total.reshape(len(total), -1), weights.ravel())
    _mended(flat, values, small, (who.ravel(), n.reshape(3, -1)), width)
    return total / weights


def _mended(
    flat: tuple[Array, Array],
    values: Array,
    small: tuple[NDArray[np.int16], Array],
    full: tuple[NDArray[np.int16], Array],
    width: int,
) -> None:
    """Pixels in slivers between samples look further for one of their own surface; in place."""
    total, weights = flat
    rows = np.flatnonzero(weights < 0.01)
    y, x = np.divmod(rows, width)
    own, n = full[0][rows], full[1][:, rows]
    last_y, last_x = values.shape[1] - 1, values.shape[2] - 1
    for dy in range(-2, 4):
        for dx in range(-2, 4):
            iy, ix = np.clip(y // 2 + dy, 0, last_y), np.clip(x // 2 + dx, 0, last_x)
            w = np.clip(dot(n, small[1][:, iy, ix]) - np.float32(0.5), 0, 1)
            w = w * (small[0][iy, ix] == own) / np.float32(1 + (dy - 0.5) ** 2 + (dx - 0.5) ** 2)
            total[:, rows] += values[:, iy, ix] * w
            weights[rows] += w
