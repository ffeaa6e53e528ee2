"""The shapes of the land: height as a formula on jets, one function per terrain.

World units: the eye stands at x = z = 0 and looks along z; y is up, still water is at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats, Jet, Lattice, turned_jets
from brandmodel.local.picture.scene import Landscape, Terrain

Grain = Floats | None
"""World size of a pixel at each point; octaves finer than that fade out. None keeps all."""
Form = Callable[[Jet, Jet, Grain], Jet]


@dataclass(frozen=True, slots=True)
class Land:
    """A height field and the eye over it.

    Attributes:
        form: height over (x, z).
        eye: height of the eye.
        near: depth where the land begins.
        far: depth where it ends.
        wet: whether still water fills what lies below 0.
        peak: height of the main summit, where there is one.
        seat: where in the noise the land lies.
        fine: how closely depth is searched; land with sharp crests needs more.
    """

    form: Form
    eye: float
    near: float
    far: float
    wet: bool = False
    peak: float = 0.0
    seat: tuple[float, float] = (0.0, 0.0)
    fine: float = 1.0


def _fade(grain: Grain, cells: float) -> Floats | None:
    """Weight of an octave with so many cells per world unit."""
    if grain is None:
        return None
    return np.clip(np.float32(1.6) - grain * np.float32(cells * 3.2), 0, 1)


def _weighted(n: Jet, weight: Floats | None) -> Jet:
    """An octave faded by its weight, which counts as constant."""
    if weight is None:
        return n
    if n.dx is None or n.dz is None:
        return Jet(n.v * weight)
    return Jet(n.v * weight, n.dx * weight, n.dz * weight)


def rolling(noise: Lattice, x: Jet, z: Jet, octaves: int, grain: Grain, gain: float = 0.5) -> Jet:
    """Fractal sum: soft, rounded land, about -0.7 to 0.7."""
    total = noise.at(x, z, fine=True)
    amplitude, cells = 1.0, 1.0
    for i in range(1, octaves):
        x, z = turned_jets(x, z, i)
        amplitude *= gain
        cells *= 2
        total = total + _weighted(noise.at(x, z, fine=i < 3), _fade(grain, cells)) * amplitude
    return total


def ridged(noise: Lattice, x: Jet, z: Jet, octaves: int, grain: Grain, scale: float) -> Jet:
    """Sharp crests and worn flanks, about 0 to 1.

    Each octave is weighted by the one before, so that detail gathers on the crests, and damped by
    the slope so far, as erosion leaves steep flanks smooth.
    """
    total = 1.0 - noise.at(x, z, fine=True).abs(0.05) * 1.8
    weight = total
    amplitude, cells = 0.5, scale
    for i in range(1, octaves):
        x, z = turned_jets(x, z, i)
        cells *= 2
        r = 1.0 - noise.at(x, z, fine=i < 3).abs(0.04) * 1.8
        total = total + _weighted((r - 0.55) * weight * amplitude, _fade(grain, cells))
        weight = weight * (r * 0.75 + 0.3)
        amplitude *= 0.5
    return total


def _bump(x: Jet, z: Jet, at: tuple[float, float], size: tuple[float, float], sharp: float) -> Jet:
    """A hill of height 1: ``sharp`` 0 is round, 1 is a cone."""
    r2 = ((x - at[0]) * (1 / size[0])).square() + ((z - at[1]) * (1 / size[1])).square()
    cone = (r2 + 0.02).apply(lambda v: (np.sqrt(v), 0.5 / np.sqrt(v)))
    return ((r2 * (sharp - 1.0)) - cone * (1.6 * sharp)).exp()


def _mountains(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x70])
    eye, at = 0.42, 6.2
    peak = eye + at * float(random.uniform(0.50, 0.60)) * min(view.top, 0.62)
    cx = view.subject * at
    side = -1.0 if view.subject > 0 else 1.0
    seat = random.uniform(0, 30, 2)
    shoulder = float(random.uniform(1.5, 2.2)) * side
    second = (cx + side * float(random.uniform(3.2, 4.4)), at + float(random.uniform(1.5, 3.0)))

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x * 0.42 + float(seat[0]), z * 0.42 + float(seat[1])
        bend = noise.at(u * 1.1 + 5.2, w * 1.1 + 1.3, fine=True)
        crest = ridged(noise, u + bend * 0.30, w - bend * 0.30, 9, grain, 0.42)
        mass = _bump(x, z, (cx, at), (2.1, 2.1), 0.85)
        mass = mass + _bump(x, z, (cx + shoulder, at + 0.9), (1.7, 1.7), 0.6) * 0.36
        mass = mass + _bump(x, z, second, (2.2, 2.0), 0.7) * 0.55
        mass = mass + (z - 10.0).step(0.0, 6.0) * 0.42
        valley = z.step(1.2, 5.0)
        return mass * (crest * 0.62 + 0.52) * peak * valley + crest * 0.16 - 0.12

    return Land(form, eye, 0.9, 26.0, peak=peak)


def _island(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x71])
    eye, at = 0.55, 7.0
    peak = eye + at * float(random.uniform(0.40, 0.50)) * min(view.top, 0.60)
    cx = view.subject * at
    side = -1.0 if view.subject > 0 else 1.0
    seat = random.uniform(0, 30, 2)
    shoulder = (cx + side * float(random.uniform(1.3, 1.9)), at + 0.5)
    far = (cx + side * float(random.uniform(8.5, 11.0)), 17.0)
    behind = (cx - side * float(random.uniform(4.0, 6.5)), 21.0)

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x * 0.42 + float(seat[0]), z * 0.42 + float(seat[1])
        bend = noise.at(u * 1.1 + 5.2, w * 1.1 + 1.3, fine=True)
        crest = ridged(noise, u + bend * 0.30, w - bend * 0.30, 9, grain, 0.42)
        mass = _bump(x, z, (cx, at), (1.9, 1.45), 0.85)
        mass = mass + _bump(x, z, shoulder, (1.5, 1.1), 0.5) * 0.30
        mass = mass + _bump(x, z, far, (3.6, 2.4), 0.6) * 1.05
        mass = mass + _bump(x, z, behind, (4.2, 2.4), 0.5) * 0.80
        return mass * (crest * 0.60 + 0.54) * peak + crest * 0.06 - 0.17

    return Land(form, eye, 1.2, 40.0, wet=True, peak=peak)


def _lake(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x72])
    eye, at = 0.34, 8.5
    peak = eye + at * float(random.uniform(0.54, 0.64)) * min(view.top, 0.56)
    cx = view.subject * at
    side = -1.0 if view.subject > 0 else 1.0
    seat = random.uniform(0, 30, 2)
    second = (cx + side * float(random.uniform(5.0, 6.2)), at + float(random.uniform(1.5, 3.0)))
    wing = float(random.uniform(3.4, 4.2))

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x * 0.36 + float(seat[0]), z * 0.36 + float(seat[1])
        bend = noise.at(u * 1.1 + 5.2, w * 1.1 + 1.3, fine=True)
        crest = ridged(noise, u + bend * 0.30, w - bend * 0.30, 9, grain, 0.36)
        mass = _bump(x, z, (cx, at), (2.4, 2.1), 0.8)
        mass = mass + _bump(x, z, second, (2.8, 2.2), 0.65) * 0.66
        # Wooded spurs close the valley on both sides, the nearer one opposite the summit.
        mass = mass + _bump(x, z, (-side * wing + cx * 0.3, 5.2), (1.5, 1.2), 0.3) * 0.20
        mass = mass + _bump(x, z, (side * (wing + 0.2), 3.9), (1.5, 0.9), 0.3) * 0.20
        mass = mass + (z - 11.0).step(0.0, 6.0) * 0.40
        shore = (z + bend * 1.2 - 5.4).step(0.0, 1.6) * 0.26
        return mass * (crest * 0.62 + 0.52) * peak + shore + crest * 0.10 - 0.30

    return Land(form, eye, 0.7, 30.0, wet=True, peak=peak)


def _dunes(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x73])
    seat = random.uniform(0, 30, 2)
    turn = float(random.uniform(0.25, 0.6)) * (1 if random.random() < 0.5 else -1)
    at = 4.6
    eye = 1.05
    cx = view.subject * at

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x + z * turn + float(seat[0]), z - x * turn + float(seat[1])
        bend = noise.at(u * 0.16, w * 0.16, fine=True)
        first = noise.at(u * 0.21 + bend * 0.6, w * 0.36 + bend * 0.9 + 3.0, fine=True)
        second = noise.at(u * 0.42 + bend + 9.0, w * 0.68 - bend * 1.2, fine=True)
        # A dune climbs gently and falls off at the crest: a rounded tent, sharp at its top only.
        big = (1.0 - first.abs(0.03) * 2.0) * 0.95
        small = (1.0 - second.abs(0.035) * 2.0) * 0.26
        mound = _bump(x, z, (cx, at + 1.2), (2.4, 1.5), 0.25) * 0.30
        soft = noise.at(u * 0.9, w * 1.4, fine=True) * 0.03
        lowered = z.step(0.0, 5.5)
        level = (z - 16.0).step(0.0, 28.0) * 0.75
        return (
            (big + small * (big * 0.7 + 0.3) + mound) * (lowered * 0.62 + 0.38)
            + soft
            + level
            - 0.30
        )

    return Land(form, eye, 0.5, 46.0, peak=1.2, fine=2.4)


def _hills(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x74])
    seat = random.uniform(0, 30, 2)
    at, eye = 7.0, 1.15
    cx = view.subject * at

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x + float(seat[0]), z + float(seat[1])
        broad = noise.at(u * 0.20, w * 0.26, fine=True) * 1.25
        rolls = noise.at(u * 0.46 + 4.0, w * 0.55, fine=True) * 0.42
        fine = rolling(noise, u * 1.3, w * 1.3, 3, grain) * 0.05
        mound = _bump(x, z, (cx, at), (2.6, 2.0), 0.0) * 0.75
        rising = z.step(3.0, 22.0) * 1.1
        grove = _grove(noise, u, w, grain)
        return (broad + rolls) * (z.step(-1.0, 5.0) * 0.8 + 0.2) + fine + mound + rising + grove

    return Land(form, eye, 0.7, 46.0, peak=1.2, seat=(float(seat[0]), float(seat[1])))


def _sea(scene: Landscape, view: View, noise: Lattice) -> Land:
    """Open water with a far headland and an islet."""
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x76])
    eye, at = 1.0, 19.0
    seat = random.uniform(0, 30, 2)
    outward = 1.0 if view.subject > 0 else -1.0
    edge = view.subject * at + outward * float(random.uniform(2.0, 4.0))
    peak = eye + at * float(random.uniform(0.050, 0.085)) * min(view.top / 0.5, 1.1)
    islet = (edge - outward * float(random.uniform(4.2, 5.4)), at - 1.5)
    farther = (view.subject * 34 + outward * 5.0, 34.0)

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x * 0.22 + float(seat[0]), z * 0.22 + float(seat[1])
        crest = ridged(noise, u, w, 8, grain, 0.22)
        cape = ((x * outward) - (edge * outward)).step(-4.5, 5.0)
        mass = cape * (((z - at) * 0.42).square() * -1.0).exp()
        mass = mass + _bump(x, z, islet, (2.2, 1.2), 0.0) * 0.42
        mass = mass + _bump(x, z, farther, (11.0, 3.5), 0.2) * 1.25
        return mass * (crest * 0.45 + 0.62) * peak + crest * 0.05 - 0.26

    return Land(form, eye, 2.0, 60.0, wet=True, peak=peak * 1.6)


def _meadow(scene: Landscape, view: View, noise: Lattice) -> Land:
    random = np.random.default_rng([scene.seed & 0xFFFFFFFF, 0x75])
    seat = random.uniform(0, 30, 2)
    at, eye = 9.0, 0.50
    cx = view.subject * at
    side = -1.0 if view.subject > 0 else 1.0

    def form(x: Jet, z: Jet, grain: Grain) -> Jet:
        u, w = x + float(seat[0]), z + float(seat[1])
        swell = noise.at(u * 0.22, w * 0.26, fine=True) * 0.42 * (z.step(0.5, 7.0) * 0.85 + 0.15)
        fine = rolling(noise, u * 0.9, w * 0.9, 3, grain) * 0.035
        knoll = _bump(x, z, (cx, at), (3.0, 1.8), 0.0) * 0.60
        range_ = _bump(x, z, (cx + side * 9.0, 24.0), (7.5, 3.5), 0.25) * 2.6
        range_ = range_ + _bump(x, z, (cx - side * 7.0, 28.0), (9.0, 3.5), 0.25) * 2.9
        grove = _grove(noise, u * 0.8, w * 0.8, grain) * (z - 5.0).step(0.0, 2.0) * 1.9
        return swell + fine + knoll + range_ + (z - 6.0).step(0.0, 16.0) * 0.75 + grove - 0.10

    return Land(form, eye, 0.35, 46.0, peak=1.0, seat=(float(seat[0]), float(seat[1])))


def wooded(noise: Lattice, u: Jet, w: Jet) -> Jet:
    """0 to 1: where trees stand on hills."""
    return (
        noise.at(u * 0.55 + 17.0, w * 0.55 + 3.0, fine=True) + noise.at(u * 1.7, w * 1.7) * 0.45
    ).step(0.12, 0.26)


def _grove(noise: Lattice, u: Jet, w: Jet, grain: Grain) -> Jet:
    """Crowns of trees as bumps on the land."""
    crowns = noise.at(u * 9.0, w * 9.0).abs(0.1) * -1.6 + 1.0
    twigs = noise.at(u * 31.0, w * 31.0) * 0.35
    bumps = _weighted(crowns, _fade(grain, 9.0)) + _weighted(twigs, _fade(grain, 31.0)) + 0.6
    return wooded(noise, u, w) * bumps * 0.030


_FORMS: dict[Terrain, Callable[[Landscape, View, Lattice], Land]] = {
    "mountains": _mountains,
    "island": _island,
    "lake": _lake,
    "dunes": _dunes,
    "hills": _hills,
    "meadow": _meadow,
    "sea": _sea,
}


def land_of(scene: Landscape, view: View, noise: Lattice) -> Land:
    """The height field of a scene."""
    return _FORMS[scene.terrain](scene, view, noise)
