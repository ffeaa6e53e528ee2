"""The last step of every engine: tone curve, grain, dither, bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.colour import Array, encoded


def developed(
    light: Array, *, seed: int, grain: float = 0.012, exposure: float = 1.0, film: bool = True
) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB from linear light: film curve, fine grain, half-code dither.

    The curve keeps mid-tones and rolls highlights off; dither removes banding.
    """
    x = np.maximum(light, 0) * np.float32(exposure)
    if film:
        knee = np.float32(0.75)
        over = np.maximum(x - knee, 0)
        x = np.minimum(x, knee) + over / (1 + over / (1 - knee))
    srgb = encoded(x.astype(np.float32))
    random = np.random.default_rng(seed & 0xFFFFFFFF)
    height, width = srgb.shape[:2]
    noise = random.standard_normal((height, width, 1), np.float32) * np.float32(grain)
    midtones = 4 * srgb.mean(-1, keepdims=True) * (1 - srgb.mean(-1, keepdims=True))
    dither = random.random((height, width, 1), np.float32) - np.float32(0.5)
    return np.clip((srgb + noise * midtones) * 255 + dither + 0.5, 0, 255).astype(np.uint8)
