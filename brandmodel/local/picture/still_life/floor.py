"""The floor of a set: what stands on it so far, and where there is room for more."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from brandmodel.local.picture.scene import StillLife
from brandmodel.local.picture.still_life.label import Print
from brandmodel.local.picture.still_life.products import Spot
from brandmodel.local.picture.still_life.roles import Roles
from brandmodel.local.picture.still_life.view import Body


@dataclass(slots=True)
class Set:
    """What stands in the studio.

    Attributes:
        core: the product and its plinth, as the eye must see them whole.
        around: everything else.
        top: height of the surface that the product stands on.
        tall: height of the product above it.
        show: what is printed on the product.
        azimuth: from where the camera looks, in radians about the product.
        taken: circles on the floor (x, z, radius) that are occupied.
    """

    scene: StillLife
    roles: Roles
    random: np.random.Generator
    side: int
    room: float
    core: list[Body] = field(default_factory=list[Body])
    around: list[Body] = field(default_factory=list[Body])
    taken: list[tuple[float, float, float]] = field(
        default_factory=list[tuple[float, float, float]]
    )
    show: Print | None = None
    azimuth: float = 0.0
    top: float = 0.0
    tall: float = 1.9

    @property
    def bodies(self) -> list[Body]:
        """Everything, the core first."""
        return [*self.core, *self.around]

    def pick(self, low: float, high: float) -> float:
        """One number of the scene's own."""
        return float(self.random.uniform(low, high))


def free(out: Set, radius: float, tries: list[tuple[float, float]]) -> Spot | None:
    """The first of the given places where a thing of that radius stands free."""
    for x, z in tries:
        if all(math.hypot(x - a, z - b) > radius + c for a, b, c in out.taken):
            out.taken.append((x, z, radius))
            return Spot(x, 0.0, z)
    return None


def places(
    out: Set, radius: float, side: int, behind: bool, loose: float = 0.0
) -> list[tuple[float, float]]:
    """Candidates beside the podium on one side, nearest first, inside the room."""
    found: list[tuple[float, float]] = []
    base = out.taken[0][2]
    room = out.room + loose
    if out.scene.space in ("left", "right") and side != out.side:
        # On the calm side nothing reaches out further than the podium does.
        room = base * 1.04
    for reach in (0.02, 0.25, 0.6, 1.1):
        for _ in range(9):
            angle = out.pick(0.05, 0.95) if behind else out.pick(-0.95, 0.02)
            x = side * (base + radius + reach) * math.cos(angle)
            z = -(base + radius + reach) * math.sin(angle)
            if abs(x) + radius * (0.6 if behind else 1.1) < room:
                found.append((x, z))
    return found


def beside(out: Set, radius: float, sides: tuple[int, ...]) -> Spot | None:
    """A place in front or behind on one of the sides; at worst one that the frame cuts."""
    for loose in (0.0, 0.5):
        for side in sides:
            for behind in (False, True):
                place = free(out, radius, places(out, radius, side, behind, loose))
                if place:
                    return place
    return None


def leaf_spot(out: Set, number: int) -> tuple[float, float, float] | None:
    """Somewhere on the floor around the podium, off whatever else lies there."""
    side = out.side if number % 3 else -out.side
    base = out.taken[0][2]
    calm = out.scene.space in ("left", "right") and side != out.side
    room = base - 0.25 if calm else out.room + 0.2
    for _ in range(6):
        angle, reach = out.pick(-1.2, 0.3), base + out.pick(0.2, 0.8)
        x, z = side * reach * math.cos(angle), -reach * math.sin(angle)
        clear = all(math.hypot(x - a, z - b) > 0.24 + c for a, b, c in out.taken)
        if clear and abs(x) < room:
            return x, 0.0, z
    return None
