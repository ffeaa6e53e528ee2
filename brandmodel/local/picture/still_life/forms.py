"""Less common solids: arch, mug handle, squeeze tube, twig, pebble and the curled card."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.still_life.solids import (
    FAR,
    Array,
    Field,
    Solid,
    dot,
    first_of,
    slab,
    unit,
    vec,
)


class Arch(Field):
    """A round arch that stands on y = 0 and faces z: legs, and half a ring on top.

    ``span`` is the radius of the ring's middle line, ``width`` and ``depth`` half the bar's size.
    """

    folded = True

    def __init__(self, span: float, legs: float, width: float, depth: float, edge: float = 0.025):
        self.span, self.legs = np.float32(span), np.float32(legs)
        self.width, self.depth, self.edge = np.float32(width), np.float32(depth), np.float32(edge)
        outer = span + width
        super().__init__(
            vec(-outer, 0, -depth),
            vec(outer, legs + outer, depth),
            self._distance,
            coarse=self._coarse,
            steps=110,
            first=True,
        )

    def _distance(self, p: Array) -> Array:
        up = np.maximum(p[1] - self.legs, 0)
        bar = np.abs(np.hypot(p[0], up) - self.span) - self.width + self.edge
        face = np.abs(p[2]) - self.depth + self.edge
        return (
            np.hypot(np.maximum(bar, 0), np.maximum(face, 0))
            + np.minimum(np.maximum(bar, face), 0)
            - self.edge
        )

    def _coarse(self, o: Array, d: Array) -> Array:
        """Interval arithmetic: slab cut with the annulus, and two boxes for the legs."""
        inner, outer = self.span - self.width, self.span + self.width
        best: Array = np.full(d.shape[1], FAR, np.float32)
        for side in (-1, 1):
            low = vec(min(side * inner, side * outer), 0, -self.depth)
            high = vec(max(side * inner, side * outer), self.legs, self.depth)
            np.minimum(best, first_of(*slab(low, high, o, d)), out=best)
        low, high = vec(-outer, self.legs, -self.depth), vec(outer, self.legs + outer, self.depth)
        near, far = slab(low, high, o, d)
        y = o[1] - self.legs
        a = d[0] * d[0] + d[1] * d[1] + np.float32(1e-9)
        b = o[0] * d[0] + y * d[1]
        c = o[0] * o[0] + y * y
        out_root, in_root = b * b - a * (c - outer * outer), b * b - a * (c - inner * inner)
        wide = np.sqrt(np.maximum(out_root, 0))
        near = np.maximum(near, (-b - wide) / a)
        far = np.where(out_root > 0, np.minimum(far, (-b + wide) / a), -FAR)
        slim = np.sqrt(np.maximum(in_root, 0))
        gap_in = np.where(in_root > 0, (-b - slim) / a, FAR)
        gap_out = np.where(in_root > 0, (-b + slim) / a, FAR)
        np.minimum(best, first_of(near, np.minimum(far, gap_in)), out=best)
        return np.minimum(best, first_of(np.maximum(near, gap_out), far))


class Handle(Field):
    """A mug's handle in the x-y plane: an oval ring, stretched by ``tall``, flattened along z."""

    def __init__(self, ring: float, tall: float, thick: float, flat: float = 1.25) -> None:
        self.ring, self.tall = np.float32(ring), np.float32(tall)
        self.thick, self.wide = np.float32(thick), np.float32(1 / flat)
        far = ring + thick
        super().__init__(
            vec(-far, -far - tall, -thick * flat),
            vec(far, far + tall, thick * flat),
            self._distance,
            coarse=self._coarse,
        )

    def _distance(self, p: Array) -> Array:
        around = np.hypot(p[0], np.maximum(np.abs(p[1]) - self.tall, 0)) - self.ring
        return (np.hypot(around, p[2] * self.wide) - self.thick) * np.float32(0.82)

    def _coarse(self, o: Array, d: Array) -> Array:
        near, far = slab(self.low, self.high, o, d)
        live = np.flatnonzero((near < far) & (far > 0))
        out: Array = np.full(d.shape[1], FAR, np.float32)
        start = o[:, live] if o.shape[1] > 1 else o
        out[live] = self.enter(start, d[:, live])[0]
        return out


class Tube(Field):
    """A squeeze tube on its cap: a round section at y = 0 that flattens to a crimp at ``tall``."""

    def __init__(self, radius: float, tall: float) -> None:
        self.radius, self.tall = np.float32(radius), np.float32(tall)
        wide = radius * 1.22
        super().__init__(vec(-wide, 0, -radius), vec(wide, tall, radius), self._distance, steps=64)

    def _section(self, y: Array) -> tuple[Array, Array]:
        f = np.clip(y / self.tall, 0, 1)
        # The body keeps its roundness low down and is pressed flat towards the crimp.
        z = self.radius * np.maximum(1 - f**1.6, 0.03)
        x = self.radius * (1 + 0.22 * f * f)
        return x, z

    def _distance(self, p: Array) -> Array:
        x, z = self._section(p[1])
        u, v = p[0] / x, p[2] / z
        k = np.hypot(u, v)
        slope = np.hypot(u / x, v / z) / np.maximum(k, 1e-4)
        side = (k - 1) / np.maximum(slope, 1e-4) * np.float32(0.7)
        cap = np.abs(p[1] - self.tall / 2) - self.tall / 2 + np.float32(0.012)
        return (
            np.minimum(np.maximum(side, cap), 0)
            + np.hypot(np.maximum(side, 0), np.maximum(cap, 0))
            - np.float32(0.012)
        )

    def block(self, o: Array, d: Array) -> Array:
        """A tapered stack of three boxes."""
        best: Array = np.full(d.shape[1], FAR, np.float32)
        for i in range(3):
            x, z = self._section(np.asarray((i + 0.5) / 3 * self.tall, np.float32))
            y0, y1 = self.tall * i / 3, self.tall * (i + 1) / 3
            low = vec(-x * 0.9, y0, -z * 0.85)
            high = vec(x * 0.9, y1, z * 0.85)
            np.minimum(best, first_of(*slab(low, high, o, d)), out=best)
        return best


class Twig(Field):
    """A bent rod along a chain of points, thinning towards its end."""

    def __init__(self, points: NDArray[np.float32], thick: float) -> None:
        self.points = points
        self.thick = thick
        pad = np.float32(thick)
        super().__init__(
            points.min(0) - pad, points.max(0) + pad, self._distance, coarse=self._coarse, steps=32
        )

    def _distance(self, p: Array) -> Array:
        best: Array = np.full(p.shape[1], FAR, np.float32)
        count = len(self.points) - 1
        for i in range(count):
            a, b = self.points[i], self.points[i + 1]
            ab = b - a
            rel = p - a[:, None]
            f = np.clip(dot(rel, ab[:, None]) / np.float32(ab @ ab), 0, 1)
            off = rel - ab[:, None] * f
            thick = np.float32(self.thick) * (1 - np.float32(0.6) * (i + f) / count)
            np.minimum(best, np.sqrt(dot(off, off)) - thick, out=best)
        return best

    def _coarse(self, o: Array, d: Array) -> Array:
        """Nearest approach of the ray's line to every piece of the chain."""
        best: Array = np.full(d.shape[1], FAR, np.float32)
        for a, b in zip(self.points, self.points[1:], strict=False):
            along = (b - a)[:, None]
            w = o - a[:, None]
            length, turn = np.float32(dot(along, along)[0]), dot(along, d)
            foot, ahead = dot(w, along), dot(w, d)
            f = (foot - ahead * turn) / np.maximum(length - turn * turn, np.float32(1e-6))
            f = np.clip(f, 0, 1)
            t = f * turn - ahead
            off = w + d * t - along * f
            met = (dot(off, off) < np.float32(self.thick * self.thick * 0.6)) & (t > 0)
            best = np.where(met & (t < best), t, best)
        return best


class Card(Solid):
    """A thin curled sheet with a cut-out: a leaf. It lies in x-z, curls up along y.

    ``outline`` is an (S, S) alpha; y = curl_x * x^2 + curl_z * z^2 is met by a quadratic.
    """

    def __init__(self, half: float, outline: Array, *, curl_x: float = 0.25, curl_z: float = 0.1):
        lift = max(curl_x, 0) * half * half + max(curl_z, 0) * half * half
        drop = min(curl_x, 0) * half * half + min(curl_z, 0) * half * half
        super().__init__(vec(-half, drop - 0.01, -half), vec(half, lift + 0.01, half))
        self.half, self.outline = half, outline
        self.curl = vec(curl_x, 0, curl_z)[:, None]

    def enter(self, o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
        """The nearer of both roots that lies inside the outline."""
        a = dot(self.curl * d, d)
        b = dot(self.curl * o, d) - d[1] / 2
        c = dot(self.curl * o, o) - o[1]
        a = np.where(np.abs(a) < 1e-6, np.float32(1e-6), a)
        root = np.sqrt(np.maximum(b * b - a * c, 0))
        best: Array = np.full(d.shape[1], FAR, np.float32)
        for t in ((-b - root) / a, (-b + root) / a):
            ok = (
                (t > 0)
                & (t < best)
                & (b * b > a * c)
                & self._inside(o[0] + t * d[0], o[2] + t * d[2])
            )
            best = np.where(ok, t, best)
        return best, np.zeros(best.shape, np.int16)

    def _inside(self, x: Array, z: Array) -> NDArray[np.bool_]:
        size = self.outline.shape[0]
        scale = np.float32(size / (2 * self.half))
        i = np.clip((x + np.float32(self.half)) * scale, -1, size)
        j = np.clip((z + np.float32(self.half)) * scale, -1, size)
        ok = (i >= 0) & (i < size - 1) & (j >= 0) & (j < size - 1)
        column = np.where(ok, i, 0).astype(np.intp)
        row = np.where(ok, j, 0).astype(np.intp)
        return ok & (self.outline[row, column] > 0.5)

    def normal(self, p: Array, part: NDArray[np.int16]) -> Array:
        """Of the paraboloid, upwards; the shader turns it towards the eye."""
        n = -2 * self.curl * p
        n[1] = 1
        return unit(n)

    def flat(self, p: Array, part: NDArray[np.int16]) -> tuple[Array, Array]:
        """In the sheet's plane."""
        return p[0], p[2]


def bent(length: float, sag: float, count: int, *, sway: float = 0.0) -> NDArray[np.float32]:
    """Points of a twig from the origin along x that rises and then bows by ``sag``."""
    f = np.linspace(0, 1, count)
    return np.stack(
        [
            length * f,
            sag * (np.sin(f * math.pi * 0.62)),
            sway * np.sin(f * math.pi * 1.3),
        ],
        -1,
    ).astype(np.float32)
