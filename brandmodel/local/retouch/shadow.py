"""The shadow of a thing that stands on a level ground, from its silhouette alone."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.picture.colour import Array

_LEAN = 0.95
"""How far the shadow falls to the side, in heights of the product."""
_FLAT = 0.27
"""Height of the shadow on the picture, in heights of the product: the eye is a little above."""


def ground_shade(alpha: Array, *, side: int) -> Array:
    """(H, W) share of the light that is taken from the ground, 0..1.

    Args:
        alpha: (H, W) coverage of the product in its scene.
        side: 1 for light from the left, so that the shadow falls to the right; -1 otherwise.
    """
    rows = np.flatnonzero((alpha > 0.5).any(1))
    if not len(rows):
        return np.zeros_like(alpha)
    base, height = int(rows[-1]), int(rows[-1] - rows[0] + 1)
    left, right = _foot(alpha, base, height)
    cast = _cast(alpha, base, height, side)
    contact = _contact(alpha.shape, (left, right), base, height)
    return (1 - (1 - cast) * (1 - contact)).astype(np.float32)


def _foot(alpha: Array, base: int, height: int) -> tuple[float, float]:
    """Left and right end of what touches the ground."""
    strip = alpha[max(0, base - max(1, round(height * 0.05))) : base + 1] > 0.5
    columns = np.flatnonzero(strip.any(0))
    return float(columns[0]), float(columns[-1] + 1)


def _cast(alpha: Array, base: int, height: int, side: int) -> Array:
    """The silhouette laid on the ground, sharp at the foot, softer and fainter away from it."""
    rows, columns = (np.asarray(n, np.float32) for n in np.indices(alpha.shape))
    foot = base - 0.012 * height
    # Where on the upright silhouette the shadow of each ground pixel comes from.
    up = np.asarray((foot - rows) / _FLAT, np.float32)
    source = np.asarray(columns - side * _LEAN * up, np.float32)
    laid = cv2.remap(alpha, source, np.asarray(foot - up, np.float32), cv2.INTER_LINEAR)
    away = np.clip(up / np.float32(height), 0, 1)
    near, middle, far = (
        np.asarray(cv2.GaussianBlur(laid, (0, 0), max(0.6, height * s)), np.float32)
        for s in (0.008, 0.025, 0.06)
    )
    first = np.clip(away / 0.35, 0, 1)
    second = np.clip((away - 0.35) / 0.5, 0, 1)
    soft = near + (middle - near) * first + (far - middle) * second
    # Behind the foot's line the ground has no shadow: the blur would spill forward.
    forward = np.clip((rows - base) / max(1.0, 0.02 * height), 0, 1)
    return (soft * (0.8 * (1 - 0.7 * away)) * (1 - forward)).astype(np.float32)


def _contact(shape: tuple[int, ...], foot: tuple[float, float], base: int, height: int) -> Array:
    """A dark line under the foot and a wide faint darkening around it."""
    left, right = foot
    middle, half = (left + right) / 2, max((right - left) / 2, 1.0)
    rows, columns = np.indices(shape, np.float32)
    depth = max(1.5, 0.13 * half)

    def pool(wide: float, deep: float, drop: float) -> Array:
        x = (columns - middle) / (half * wide)
        y = (rows - (base - depth * 0.55) - drop) / (depth * deep)
        return np.exp(-((x * x + y * y) ** 1.5)).astype(np.float32)

    tight = 0.82 * pool(1.04, 1.05, 0.0)
    wide = 0.3 * pool(1.35, 2.6, 0.12 * depth)
    fade = np.float32(min(1.0, height / 8))
    return np.asarray((1 - (1 - tight) * (1 - wide)) * fade, np.float32)
