"""Gradient noise with derivatives, and the arithmetic that carries the derivatives along.

A height is written once, as a formula on jets; it gives heights where only heights are needed and
exact slopes where something is lit. Noise lives in scene coordinates, so a picture has the same
shapes at every size.

Gradient noise: Ken Perlin, "Improving Noise", SIGGRAPH 2002. Octaves damped by their own slope:
Inigo Quilez, https://iquilezles.org/articles/morenoise/.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Real numbers; float32 everywhere in these rooms, whatever the stubs of numpy infer."""

CELLS = 32
"""Lattice cells before the noise repeats."""
_TEXELS = 16
_PAD = 2


class Jet:
    """Values of a function of (x, z) and, if known, its two slopes. Arrays of one 2-D shape."""

    __slots__ = ("dx", "dz", "v")

    def __init__(self, v: Floats, dx: Floats | None = None, dz: Floats | None = None) -> None:
        self.v = v
        self.dx = dx
        self.dz = dz

    @classmethod
    def plane(cls, x: Floats, z: Floats, *, slopes: bool) -> tuple[Jet, Jet]:
        """The coordinates themselves, with or without slopes."""
        if not slopes:
            return cls(x), cls(z)
        one, zero = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
        return cls(x, one, zero), cls(z, zero, one)

    def _linear(self, other: Jet, a: Floats | float, b: Floats | float, v: Floats) -> Jet:
        """``v`` whose slopes are ``a`` times mine plus ``b`` times the other's."""
        if self.dx is None or self.dz is None or other.dx is None or other.dz is None:
            return Jet(v)
        return Jet(v, a * self.dx + b * other.dx, a * self.dz + b * other.dz)

    def __add__(self, other: Jet | float) -> Jet:
        if isinstance(other, Jet):
            return self._linear(other, 1.0, 1.0, self.v + other.v)
        return Jet(self.v + np.float32(other), self.dx, self.dz)

    def __sub__(self, other: Jet | float) -> Jet:
        if isinstance(other, Jet):
            return self._linear(other, 1.0, -1.0, self.v - other.v)
        return Jet(self.v - np.float32(other), self.dx, self.dz)

    def __rsub__(self, other: float) -> Jet:
        return self * -1.0 + other

    def __mul__(self, other: Jet | float) -> Jet:
        if isinstance(other, Jet):
            return self._linear(other, other.v, self.v, self.v * other.v)
        k = np.float32(other)
        if self.dx is None or self.dz is None:
            return Jet(self.v * k)
        return Jet(self.v * k, self.dx * k, self.dz * k)

    __radd__ = __add__
    __rmul__ = __mul__

    def through(self, v: Floats, slope: Floats) -> Jet:
        """The chain rule: ``v = f(self)`` where ``slope = f'(self)``."""
        if self.dx is None or self.dz is None:
            return Jet(v)
        return Jet(v, self.dx * slope, self.dz * slope)

    def apply(self, f: Callable[[Floats], tuple[Floats, Floats]]) -> Jet:
        """``f`` gives value and slope."""
        return self.through(*f(self.v))

    def abs(self, round_off: float = 0.0) -> Jet:
        """Absolute value, its kink rounded off over that width."""
        v = np.sqrt(self.v * self.v + np.float32(round_off * round_off + 1e-12))
        return self.through(v, self.v / v)

    def square(self) -> Jet:
        """The square."""
        return self.through(self.v * self.v, 2 * self.v)

    def exp(self) -> Jet:
        """The exponential."""
        v = np.exp(self.v)
        return self.through(v, v)

    def sin(self) -> Jet:
        """The sine."""
        return self.through(np.sin(self.v), np.cos(self.v))

    def step(self, low: float, high: float) -> Jet:
        """Smooth step from 0 at ``low`` to 1 at ``high``; ``high`` may be the smaller."""
        t = np.clip((self.v - np.float32(low)) / np.float32(high - low), 0, 1)
        return self.through(t * t * (3 - 2 * t), 6 * t * (1 - t) / np.float32(high - low))


def smooth(low: float, high: float, x: Floats) -> Floats:
    """Smooth step from 0 at ``low`` to 1 at ``high``; ``high`` may be the smaller."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


class Lattice:
    """Gradient noise of one seed: about -0.7 to 0.7, one feature per unit."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed & 0xFFFFFFFF, 0x1A77])
        angle = random.uniform(0, 2 * np.pi, (CELLS, CELLS)).astype(np.float32)
        table = _table(np.cos(angle), np.sin(angle))
        self._jets = cv2.copyMakeBorder(table, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_WRAP)
        self._values = np.ascontiguousarray(self._jets[..., 0])

    def value(self, x: Floats, z: Floats, *, fine: bool = False) -> Floats:
        """Noise at points of a 2-D shape; ``fine`` interpolates cubically."""
        u, w = _texel(x), _texel(z)
        how = cv2.INTER_CUBIC if fine else cv2.INTER_LINEAR
        return np.asarray(cv2.remap(self._values, u, w, how), np.float32)

    def at(self, x: Jet, z: Jet, *, fine: bool = False) -> Jet:
        """Noise at jets, with slopes where the coordinates have them."""
        if x.dx is None or x.dz is None or z.dx is None or z.dz is None:
            return Jet(self.value(x.v, z.v, fine=fine))
        how = cv2.INTER_CUBIC if fine else cv2.INTER_LINEAR
        three = np.asarray(cv2.remap(self._jets, _texel(x.v), _texel(z.v), how), np.float32)
        n, nx, nz = three[..., 0], three[..., 1], three[..., 2]
        return Jet(n, nx * x.dx + nz * z.dx, nx * x.dz + nz * z.dz)

    def fractal(self, x: Floats, z: Floats, octaves: int, *, gain: float = 0.5) -> Floats:
        """Plain fractal sum of values, about -0.7 to 0.7."""
        total = np.zeros_like(x)
        amplitude, norm = 1.0, 0.0
        for i in range(octaves):
            total += np.float32(amplitude) * self.value(x, z, fine=i < 2)
            norm += amplitude
            amplitude *= gain
            x, z = turned(x, z, i)
        return (total / np.float32(norm)).astype(np.float32)


def turned(x: Floats, z: Floats, octave: int) -> tuple[Floats, Floats]:
    """The next octave's coordinates: turned and shifted so that no two lattices line up."""
    shift = np.float32(7.3 + 3.1 * octave)
    x2 = np.float32(1.6) * x - np.float32(1.2) * z + shift
    z2 = np.float32(1.2) * x + np.float32(1.6) * z - shift
    return x2, z2


def turned_jets(x: Jet, z: Jet, octave: int) -> tuple[Jet, Jet]:
    """``turned`` for jets."""
    shift = 7.3 + 3.1 * octave
    return x * 1.6 - z * 1.2 + shift, x * 1.2 + z * 1.6 - shift


@lru_cache(maxsize=4)
def lattice(seed: int) -> Lattice:
    """The lattice of a seed; the last few are kept."""
    return Lattice(seed)


def _texel(x: Floats) -> Floats:
    """Cells to padded texel positions within one period."""
    turns = np.floor(x * np.float32(1 / CELLS))
    return ((x - turns * np.float32(CELLS)) * np.float32(_TEXELS) + np.float32(_PAD)).astype(
        np.float32
    )


def _table(gx: Floats, gz: Floats) -> Floats:
    """(N, N, 3) value and slopes of one period; row is z, column is x."""
    at = np.arange(CELLS * _TEXELS, dtype=np.float32) / np.float32(_TEXELS)
    cell = at.astype(np.int64)
    f = at - cell
    fade, slope = f * f * f * (f * (f * 6 - 15) + 10), 30 * f * f * (f * (f - 2) + 1)
    x0, x1 = cell, (cell + 1) % CELLS
    fx, fz = f[None, :], f[:, None]
    u, du, w, dw = fade[None, :], slope[None, :], fade[:, None], slope[:, None]

    def corner(
        iz: np.ndarray, ix: np.ndarray, oz: float, ox: float
    ) -> tuple[Floats, Floats, Floats]:
        a, b = gx[np.ix_(iz, ix)], gz[np.ix_(iz, ix)]
        return a * (fx - ox) + b * (fz - oz), a, b

    a, ax, az = corner(x0, x0, 0, 0)
    b, bx, bz = corner(x0, x1, 0, 1)
    c, cx, cz = corner(x1, x0, 1, 0)
    d, dx, dz = corner(x1, x1, 1, 1)
    k = a - b - c + d
    value = a + u * (b - a) + w * (c - a) + u * w * k
    slope_x = (
        ax + u * (bx - ax) + w * (cx - ax) + u * w * (ax - bx - cx + dx) + du * (b - a + w * k)
    )
    slope_z = (
        az + u * (bz - az) + w * (cz - az) + u * w * (az - bz - cz + dz) + dw * (c - a + u * k)
    )
    return np.dstack([value, slope_x, slope_z]).astype(np.float32)
