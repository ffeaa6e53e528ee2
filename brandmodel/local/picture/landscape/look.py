"""What every part of a landscape is painted from: the scene, the frame, the light, the noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brandmodel.local.picture.colour import from_oklab, oklab
from brandmodel.local.picture.landscape.light import Ground, Light, ground_of, light_of
from brandmodel.local.picture.landscape.view import View, view_of
from brandmodel.local.picture.noise import Floats, Lattice, lattice
from brandmodel.local.picture.scene import Landscape

_STOPS = np.array([0.0, 0.17, 0.5, 1.0], np.float32)
_RAMP = 1024


@dataclass(frozen=True, slots=True)
class Look:
    """One landscape, ready to be painted.

    Attributes:
        scene: what was asked for.
        view: eye and frame.
        light: light and air.
        ground: materials.
        noise: the scene's own noise.
        ramp: (1024, 3) colours of clear sky from the horizon to the upper edge.
    """

    scene: Landscape
    view: View
    light: Light
    ground: Ground
    noise: Lattice
    ramp: Floats

    @classmethod
    def of(cls, scene: Landscape, width: int, height: int) -> Look:
        """Everything that follows from a scene and a size."""
        light = light_of(scene)
        view = view_of(scene, width, height)
        return cls(scene, view, light, ground_of(scene), lattice(scene.seed), _ramp(light))

    @property
    def side(self) -> float:
        """1 where light comes from the right, -1 from the left."""
        return 1.0 if self.view.sun[0] >= self.view.subject else -1.0

    @property
    def white(self) -> bool:
        """Whether the land lies under snow."""
        return self.scene.season == "winter" or self.scene.weather == "snow"

    @property
    def bare(self) -> bool:
        """Whether nothing is in flower."""
        return self.white or self.scene.season == "autumn"

    def random(self, part: int) -> np.random.Generator:
        """Chance for one part of the picture, the same at every size."""
        return np.random.default_rng([self.scene.seed & 0xFFFFFFFF, part])

    def clear_sky(self, y: Floats) -> Floats:
        """(..., 3) colour of clear sky at slopes ``y``; below the horizon it is that of it."""
        at = np.clip(y * np.float32((_RAMP - 1) / self.view.top) + np.float32(0.5), 0, _RAMP - 1)
        return self.ramp[at.astype(np.int32)]

    def air(self, x: Floats, y: Floats) -> Floats:
        """(..., 3) colour of far air at slopes: the sky behind it, brighter towards the sun."""
        light, sun = self.light, self.view.sun
        dx, dy = x - np.float32(sun[0]), y - np.float32(sun[1])
        near = np.exp(np.sqrt(dx * dx + dy * dy) * np.float32(-1 / 0.28))
        glow = near[..., None] * light.glow * np.float32(0.62)
        return (self.clear_sky(y) * np.float32(0.55) + light.haze * np.float32(0.42) + glow).astype(
            np.float32
        )


def _ramp(light: Light) -> Floats:
    along = np.linspace(0, 1, _RAMP, dtype=np.float32)
    lab = oklab(light.sky)
    table = np.stack([np.interp(along, _STOPS, lab[:, i]) for i in range(3)], -1).astype(np.float32)
    soft = _RAMP // 14
    padded = cv2.copyMakeBorder(table[None], 0, 0, 4 * soft, 4 * soft, cv2.BORDER_REPLICATE)
    table = cv2.GaussianBlur(padded, (0, 0), soft, sigmaY=1e-3)[0, 4 * soft : -4 * soft]
    return np.maximum(from_oklab(np.asarray(table, np.float32)), 0).astype(np.float32)
