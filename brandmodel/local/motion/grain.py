"""Film grain in motion: a picture's own grain is taken off, and fresh grain put on every frame.

Grain that is part of a moving picture moves with it and looks like dirt on it; stretched by
parallax it crawls.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.local.motion.layers import Floats, Pixels

_PLATES = 8
_SHIFT = 64
"""Most pixels by which two plates are displaced against each other."""
FRESH = 0.9
"""Standard deviation of fresh grain in the mid-tones, of 255."""


def midtones(pixels: Pixels) -> Floats:
    """(H, W, 1) in 0..1: how much grain shows; none in pure black and white."""
    grey = pixels.mean(-1, keepdims=True, dtype=np.float32) / np.float32(255)
    return (4 * grey * (1 - grey)).astype(np.float32)


def ungrained(pixels: Pixels, seed: int) -> Pixels:
    """(H, W, 3) without the grain that ``picture.finish.developed`` put on it under a seed.

    That grain is known but for its strength, which is found by projecting the picture on it. A
    picture that does not have it is left as it is.
    """
    height, width = pixels.shape[:2]
    random = np.random.default_rng(seed & 0xFFFFFFFF)
    grain = random.standard_normal((height, width, 1), np.float32) * midtones(pixels)
    dither = random.random((height, width, 1), np.float32) - np.float32(0.5)
    grey = pixels.mean(-1, keepdims=True, dtype=np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)[..., None]
    # Only where the picture itself is smooth; its own detail would drown the grain.
    quiet = np.abs(detail) < 12
    power = float((grain * grain * quiet).sum())
    strength = float((detail * grain * quiet).sum()) / max(power, 1e-6)
    if strength < 0.4:
        return pixels
    # The blur above holds a share of the grain itself: the middle of a Gaussian of that width.
    strength /= 1 - 1 / (4 * np.pi * 1.5**2) * 2
    clean = pixels - (grain * np.float32(strength) + dither)
    return np.clip(clean + np.float32(0.5), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Grain:
    """Fresh grain for every frame.

    Attributes:
        plates: (H, W, 3) uint8 around 128, used in turn.
        order: which plate comes when; never the same twice running.
    """

    plates: tuple[Pixels, ...]
    order: tuple[int, ...]

    @classmethod
    def like(cls, frame: Pixels, *, seed: int, count: int, strength: float = FRESH) -> Grain:
        """Grain for ``count`` frames that look about like ``frame`` (H, W, 3)."""
        height, width = frame.shape[:2]
        random = np.random.default_rng([seed & 0xFFFFFFFF, 0x6A])
        shape = (height + _SHIFT, width + _SHIFT)
        noise = random.standard_normal(shape, np.float32) * np.float32(strength)
        show = np.asarray(cv2.GaussianBlur(midtones(frame), (0, 0), height / 90), np.float32)
        plates: list[Pixels] = []
        for _ in range(_PLATES):
            y, x = (int(v) for v in random.integers(0, _SHIFT, 2))
            plate = noise[y : y + height, x : x + width] * show + np.float32(128.5)
            grey = plate.astype(np.uint8)
            plates.append(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8))
        steps = random.integers(1, _PLATES, count)
        return cls(tuple(plates), tuple(int(i) for i in np.cumsum(steps) % _PLATES))

    def over(self, frame: Pixels, number: int) -> Pixels:
        """A frame with its grain."""
        plate = self.plates[self.order[number % len(self.order)]]
        return np.asarray(cv2.addWeighted(frame, 1, plate, 1, -128), np.uint8)
