"""Where the eye stands and what it is turned to: composition of a landscape from seed and space.

Lengths on the picture are slopes (tangents) seen from the eye: x to the right, y up from the
horizon. They do not depend on the number of pixels, only on the shape of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brandmodel.local.picture.noise import Floats
from brandmodel.local.picture.scene import Landscape, Terrain
from brandmodel.tasks import Box, Space

FIELD = 1.12
"""Slope spanned by one unit, the square root of the picture's area."""


@dataclass(frozen=True, slots=True)
class View:
    """One eye and one frame.

    Attributes:
        width: pixels.
        height: pixels.
        horizon: of the picture's height, from the top.
        subject: slope at which the main subject stands.
        sun: slopes (x, y) of the sun or moon.
        calm: -1 to 1, the side for type (-1 left); 0 where no side was asked for.
    """

    width: int
    height: int
    horizon: float
    subject: float
    sun: tuple[float, float]
    calm: float

    @property
    def scale(self) -> float:
        """Slope per pixel."""
        return FIELD / float(np.sqrt(self.width * self.height))

    @property
    def half(self) -> float:
        """Slope of the right edge."""
        return self.width * self.scale / 2

    @property
    def top(self) -> float:
        """Slope of the upper edge."""
        return self.horizon * self.height * self.scale

    @property
    def bottom(self) -> float:
        """Slope of the lower edge; negative."""
        return (self.horizon - 1) * self.height * self.scale

    def xs(self, offset: float = 0.0) -> Floats:
        """(W,) slopes of pixel columns."""
        columns = np.arange(self.width, dtype=np.float32) + np.float32(0.5 + offset)
        return (columns - np.float32(self.width / 2)) * np.float32(self.scale)

    def ys(self, offset: float = 0.0) -> Floats:
        """(H,) slopes of pixel rows, descending."""
        rows = np.arange(self.height, dtype=np.float32) + np.float32(0.5 + offset)
        return (np.float32(self.horizon * self.height) - rows) * np.float32(self.scale)

    def column(self, x: float) -> float:
        """Pixel column of a slope."""
        return self.width / 2 + x / self.scale

    def row(self, y: float) -> float:
        """Pixel row of a slope."""
        return self.horizon * self.height - y / self.scale

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Slopes to fractions of the picture, clipped to it."""
        x0, x1 = (min(max(self.column(x) / self.width, 0.0), 1.0) for x in (left, right))
        y0, y1 = (min(max(self.row(y) / self.height, 0.0), 1.0) for y in (top, bottom))
        return Box(x=x0, y=y0, width=max(x1 - x0, 0.0), height=max(y1 - y0, 0.0))


# horizon, of the height: as it comes, and with the calm side at the top or the bottom
_HORIZONS: dict[Terrain, tuple[float, float, float]] = {
    "mountains": (0.64, 0.76, 0.56),
    "island": (0.60, 0.72, 0.48),
    "lake": (0.57, 0.68, 0.47),
    "dunes": (0.46, 0.62, 0.36),
    "hills": (0.52, 0.66, 0.42),
    "forest": (0.66, 0.80, 0.56),
    "sea": (0.55, 0.68, 0.42),
    "city": (0.72, 0.82, 0.58),
    "meadow": (0.54, 0.66, 0.45),
}
_SUN_HEIGHT = {"dawn": 0.10, "day": 0.36, "sunset": 0.085, "dusk": 0.02, "night": 0.34}


def _side(space: Space, random: np.random.Generator) -> float:
    """-1 or 1: where the subject goes."""
    chance = -1.0 if random.random() < 0.5 else 1.0
    return {"left": 1.0, "right": -1.0}.get(space, chance)


def view_of(scene: Landscape, width: int, height: int) -> View:
    """The view of a scene at a size."""
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0xC0])
    plain, calm_top, calm_bottom = _HORIZONS[scene.terrain]
    horizon = {"top": calm_top, "bottom": calm_bottom}.get(scene.space, plain)
    horizon += float(random.uniform(-0.03, 0.03))
    side = _side(scene.space, random)
    sided = scene.space in ("left", "right")
    half = width * FIELD / float(np.sqrt(width * height)) / 2
    top = horizon * height * FIELD / float(np.sqrt(width * height))
    place = random.uniform(0.42, 0.54) if sided else random.uniform(0.08, 0.30)
    apart = random.uniform(0.20, 0.30)
    # With a calm side everything gathers on the other one; else sun and subject hold a balance.
    sun_x = side * (place + apart) if sided else -side * random.uniform(0.36, 0.56)
    sun_x = float(np.clip(sun_x, -0.80, 0.80))
    low = _SUN_HEIGHT[scene.daytime] * float(random.uniform(0.9, 1.15))
    sun_y = min(low, 0.72 * top) if scene.daytime in ("day", "night") else low
    if scene.space == "top":
        sun_y = min(sun_y, 0.30 * top)
    return View(
        width=width,
        height=height,
        horizon=float(horizon),
        subject=float(side * place * half),
        sun=(sun_x * half, sun_y),
        calm=-side if sided else 0.0,
    )
