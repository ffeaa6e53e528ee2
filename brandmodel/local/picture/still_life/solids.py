"""Solids that a ray can meet: balls, blocks, and anything with a signed distance.

Vectors are (3, N) float32, one row per axis, so that every component is contiguous. Each solid
lives in its own frame; distances along a ray are the same in both, because frames only turn and
shift. A solid answers two questions: ``enter``, exactly, for the eye; ``block``, more coarsely and
much more cheaply, for shadow and bounced light.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 in fact: the stubs of numpy widen mixed arithmetic, and one name keeps them quiet.
Array = NDArray[Any]
Index = NDArray[np.intp]
FAR = np.float32(1e9)
CLOSE = np.float32(1e-3)
_TINY = np.float32(1e-9)


def vec(x: Any, y: Any, z: Any) -> Array:
    """A (3,) vector."""
    return np.array([x, y, z], np.float32)


def dot(a: Array, b: Array) -> Array:
    """Sum over the first axis of (3, N) arrays; far quicker than ``einsum`` here."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(v: Array) -> Array:
    """Scaled to length 1 along the first axis."""
    return v / np.sqrt(np.maximum(dot(v, v), _TINY))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a solid stands: its origin, and its axes as the rows of a (3, 3) array."""

    at: Array
    axes: Array

    def inward(self, points: Array) -> Array:
        """World points in the solid's own coordinates."""
        return self.axes @ (points - self.at[:, None])

    def turned_in(self, directions: Array) -> Array:
        """World directions in the solid's own coordinates."""
        return self.axes @ directions

    def outward(self, points: Array) -> Array:
        """Own points in world coordinates."""
        return self.axes.T @ points + self.at[:, None]

    def turned_out(self, directions: Array) -> Array:
        """Own directions in world coordinates."""
        return self.axes.T @ directions


def frame(
    at: tuple[float, float, float], *, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0
) -> Frame:
    """A frame from an origin and turns in radians: roll about z, then pitch about x, then yaw."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]], np.float32)
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]], np.float32)
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]], np.float32)
    out = about_y @ about_x @ about_z
    return Frame(vec(*at), np.ascontiguousarray(out.T))


def slab(low: Array, high: Array, o: Array, d: Array) -> tuple[Array, Array]:
    """Where rays enter and leave an axis-aligned box; it is missed where enter >= leave."""
    near: Array = np.full(d.shape[1], -FAR, np.float32)
    far: Array = np.full(d.shape[1], FAR, np.float32)
    for axis in range(3):
        step = np.where(np.abs(d[axis]) < _TINY, _TINY, d[axis])
        one = (low[axis] - o[axis]) / step
        two = (high[axis] - o[axis]) / step
        np.maximum(near, np.minimum(one, two), out=near)
        np.minimum(far, np.maximum(one, two), out=far)
    return near, far


def first_of(near: Array, far: Array) -> Array:
    """The entry in front of the origin, or FAR where the interval is empty or behind."""
    return np.where((near < far) & (far > 0) & (near > 0), near, FAR)


class Solid:
    """A shape in its own frame, inside the box ``low``..``high``.

    Attributes:
        folded: whether it can shade itself; the others need no shadow rays of their own.
    """

    folded = False

    def __init__(self, low: Array, high: Array) -> None:
        self.low = low
        self.high = high

    @property
    def middle(self) -> Array:
        """Centre of the bounding ball."""
        return (self.low + self.high) / 2

    @property
    def reach(self) -> float:
        """Radius of the bounding ball."""
        return float(np.linalg.norm(self.high - self.low)) / 2

    def enter(self, o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
        """Distance to the first surface, FAR where missed, and the part that was met."""
        raise NotImplementedError

    def block(self, o: Array, d: Array) -> Array:
        """Distance to the first surface of a coarser likeness, FAR where missed."""
        return self.enter(o, d)[0]

    def normal(self, p: Array, part: NDArray[np.int16]) -> Array:
        """Outward unit normals at surface points."""
        raise NotImplementedError

    def flat(self, p: Array, part: NDArray[np.int16]) -> tuple[Array, Array]:
        """Coordinates for a texture, in the shape's own units: by default seen along z."""
        return p[0], p[1]


class Ball(Solid):
    """An ellipsoid about the origin with the given half axes."""

    def __init__(self, a: float, b: float | None = None, c: float | None = None) -> None:
        half = vec(a, b or a, c or a)
        super().__init__(-half, half)
        self.inverse: Array = (1 / half)[:, None].astype(np.float32)

    def enter(self, o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
        """Quadratic in the space where the ellipsoid is a ball."""
        so, sd = o * self.inverse, d * self.inverse
        a, b, c = dot(sd, sd), dot(so, sd), dot(so, so) - 1
        root = b * b - a * c
        t = (-b - np.sqrt(np.maximum(root, 0))) / a
        out = np.where((root > 0) & (t > 0), t, FAR)
        return out, np.zeros(out.shape, np.int16)

    def block(self, o: Array, d: Array) -> Array:
        """As ``enter``; a ray that starts inside, under the ball's foot, is blocked at once."""
        so = o * self.inverse
        return np.where(dot(so, so) < 1, CLOSE, self.enter(o, d)[0])

    def normal(self, p: Array, part: NDArray[np.int16]) -> Array:
        """Gradient of the ellipsoid's equation."""
        return unit(p * self.inverse * self.inverse)

    def flat(self, p: Array, part: NDArray[np.int16]) -> tuple[Array, Array]:
        """Longitude over pi and height."""
        return np.arctan2(p[0], p[2]), p[1]


Distance = Callable[[Array], Array]


class Field(Solid):
    """Whatever a signed distance describes, found by sphere tracing (Hart 1996).

    ``coarse`` gives the cheap likeness; without it shadow rays see the bounding box. ``first``
    says that the likeness holds the whole solid, so that the march may start on it.
    """

    def __init__(
        self,
        low: Array,
        high: Array,
        distance: Distance,
        *,
        coarse: Callable[[Array, Array], Array] | None = None,
        steps: int = 40,
        first: bool = False,
    ) -> None:
        super().__init__(low, high)
        self.distance = distance
        self.coarse = coarse
        self.steps = steps
        self.first = first
        self.close = np.float32(1.2e-4 * max(self.reach, 0.5))

    def enter(self, o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
        """March from the box inwards; rays that are done leave the working set."""
        near, far = slab(self.low, self.high, o, d)
        if self.first and self.coarse is not None:
            near = np.maximum(near, self.coarse(o, d))
        out: Array = np.full(d.shape[1], FAR, np.float32)
        live: Index = np.flatnonzero((near < far) & (far > 0))
        t, stop = np.maximum(near[live], 0), far[live]
        start = o[:, live] if o.shape[1] > 1 else o
        along = d[:, live]
        for _ in range(self.steps):
            if not live.size:
                break
            gap = self.distance(start + along * t)
            met = gap < self.close
            out[live[met]] = t[met]
            t = t + gap
            on = ~met & (t < stop)
            live, t, stop, along = live[on], t[on], stop[on], along[:, on]
            start = start[:, on] if start.shape[1] > 1 else start
        return out, np.zeros(out.shape, np.int16)

    def block(self, o: Array, d: Array) -> Array:
        """The coarse likeness."""
        if self.coarse is not None:
            return self.coarse(o, d)
        return first_of(*slab(self.low, self.high, o, d))

    def normal(self, p: Array, part: NDArray[np.int16]) -> Array:
        """Tetrahedral differences of the distance."""
        step = np.float32(1.5e-3 * max(self.reach, 0.4))
        out = np.zeros_like(p)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            k = vec(*corner)[:, None]
            out += k * self.distance(p + k * step)
        return unit(out)


class Block(Field):
    """A box with rounded edges; ``corner`` rounds the outline seen along z further."""

    def __init__(self, half: Array, *, edge: float = 0.02, corner: float = 0.0) -> None:
        self.half = half
        self.edge = np.float32(edge)
        self.corner = np.float32(max(corner, edge))
        super().__init__(-half, half, self._distance, steps=64)

    def _distance(self, p: Array) -> Array:
        hx, hy, hz = self.half
        qx = np.abs(p[0]) - (hx - self.corner)
        qy = np.abs(p[1]) - (hy - self.corner)
        outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
        rim = outside + np.minimum(np.maximum(qx, qy), 0) - self.corner + self.edge
        depth = np.abs(p[2]) - (hz - self.edge)
        inside = np.minimum(np.maximum(rim, depth), 0)
        return inside + np.hypot(np.maximum(rim, 0), np.maximum(depth, 0)) - self.edge

    def flat(self, p: Array, part: NDArray[np.int16]) -> tuple[Array, Array]:
        """Seen along z on the front; the sides lie right of it, unfolded."""
        side = (np.abs(p[0]) > self.half[0] - self.edge) & (p[2] < self.half[2] - self.edge)
        shift = np.sign(p[0]) * (self.half[0] + self.half[2] - p[2])
        return np.where(side, shift, p[0]), p[1]
