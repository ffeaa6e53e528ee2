"""One grain for the whole film: shots with less of it get what they lack, type and card too.

It also keeps smooth places from showing the steps of 8 bits.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.cut.planes import Frame, Plane

TARGET = 1.0
"""Standard deviation of the film's grain, in codes of luma."""
_LEAST = 0.5
_BLOCK = 16


def grain_of(luma: Plane) -> float:
    """Standard deviation of the fine noise of a frame, in codes; edges do not count.

    The Laplacian of J. Immerkaer, Fast Noise Variance Estimation (1996), in blocks, of which a calm
    one speaks for all.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rough = np.asarray(cv2.filter2D(luma, cv2.CV_32F, kernel), np.float32)
    blocks = (max(1, luma.shape[1] // _BLOCK), max(1, luma.shape[0] // _BLOCK))
    power = cv2.resize(rough * rough, blocks, interpolation=cv2.INTER_AREA)
    light = np.asarray(cv2.resize(luma, blocks, interpolation=cv2.INTER_AREA))
    # Flat black or white has no room for grain and says nothing.
    inside = np.asarray(power)[(light > 24) & (light < 226)]
    return float(np.percentile(inside, 25)) ** 0.5 / 6 if inside.size else 0.0


class Grain:
    """Adds grain to frames, a different one each time, the same on every run."""

    def __init__(self, width: int, height: int, *, seed: int = 0) -> None:
        """Makes a few planes a little larger than the frame; offsets make them many."""
        random = np.random.default_rng(seed)
        shape = (height + 64, width + 64)
        self._size = (height, width)
        self._planes: list[NDArray[np.float32]] = []
        for _ in range(2):
            noise = random.standard_normal(shape, np.float32)
            # Softened a little: single pixels are noise of a sensor, grain has a size.
            soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.6), np.float32)
            self._planes.append(soft / soft.std())
        self._offsets = random.integers(0, 65, (997, 3))
        self._made: dict[float, list[tuple[Plane, Plane]]] = {}

    def add(self, frame: Frame, at: int, own: float) -> None:
        """Bring film frame ``at``, which has ``own`` grain already, up to the film's, in place."""
        lacking = max(_LEAST, max(0.0, TARGET**2 - own**2) ** 0.5)
        lacking = round(lacking * 4) / 4
        x, y, which = (int(v) for v in self._offsets[at % len(self._offsets)])
        more, less = self._bytes(lacking)[which % len(self._planes)]
        height, width = self._size
        cut = (slice(y, y + height), slice(x, x + width))
        cv2.add(frame.y, more[cut], dst=frame.y)
        cv2.subtract(frame.y, less[cut], dst=frame.y)

    def _bytes(self, sigma: float) -> list[tuple[Plane, Plane]]:
        if sigma not in self._made:
            made: list[tuple[Plane, Plane]] = []
            for plane in self._planes:
                whole = np.rint(plane * np.float32(sigma))
                made.append(
                    (np.maximum(whole, 0).astype(np.uint8), np.maximum(-whole, 0).astype(np.uint8))
                )
            self._made[sigma] = made
        return self._made[sigma]
