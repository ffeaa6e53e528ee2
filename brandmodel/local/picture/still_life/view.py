"""What the camera sees: bodies, a view camera with shift, first hits, and edges resolved finely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.still_life.solids import (
    FAR,
    Array,
    Frame,
    Index,
    Solid,
    dot,
    unit,
    vec,
)

CHUNK = 32768
"""Rays per batch: the temporaries of a batch stay in the processor's cache."""
_SUBS = np.array(
    [[1, 5], [3, 1], [5, 7], [7, 3], [9, 13], [11, 9], [13, 15], [15, 11]], np.float32
) / 16 - np.float32(0.5)
# Eight samples, no two in one row or column, spread over the pixel.
_SUBS[:, 1] = np.array([5, 13, 1, 9, 15, 3, 11, 7], np.float32) / 16 - np.float32(0.5)


@dataclass(frozen=True, slots=True)
class Skin:
    """A picture laid on a solid: ``image`` is (H, W, 4) linear light with straight alpha.

    ``left, top, width, height`` place it in the solid's flat coordinates; ``toward`` is the local
    direction that surfaces must face to carry it; ``gloss`` is the gloss of what it shows.
    """

    image: Array
    left: float
    top: float
    width: float
    height: float
    toward: tuple[float, float, float] | None = None
    gloss: float | None = None


@dataclass(frozen=True, slots=True)
class Paint:
    """How a surface answers light.

    Attributes:
        colour: (3,) linear albedo.
        gloss: 0 matte to 1 lacquer.
        rough: 0 mirror-sharp reflections to 1 blurred ones.
        metal: reflections take the colour.
        glow: own light, as a share of the colour.
        clear: share of light that passes through, for ice and glass.
        bump: height of a fine relief.
        pores: how fine that relief is; 1 suits stone.
        thin: share of light from behind that shines through, for leaves.
    """

    colour: Array
    gloss: float = 0.0
    rough: float = 0.3
    metal: bool = False
    glow: float = 0.0
    clear: float = 0.0
    bump: float = 0.0
    pores: float = 1.0
    thin: float = 0.0
    skins: tuple[Skin, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """One solid in the set. ``group`` is the thing it is a part of; ``well`` darkens a vessel."""

    solid: Solid
    place: Frame
    paint: Paint
    group: str = "prop"
    well: float = 0.0

    @property
    def centre(self) -> Array:
        """Middle of the bounding ball in the world."""
        return self.place.outward(self.solid.middle[:, None])[:, 0]

    def corners(self) -> Array:
        """(3, 8) world corners of the bounding box."""
        low, high = self.solid.low, self.solid.high
        picks = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], np.float32).T
        return self.place.outward(low[:, None] + picks * (high - low)[:, None])


@dataclass(frozen=True, slots=True)
class Camera:
    """A view camera: the picture's optical centre may lie anywhere (shift), as in a studio.

    ``axes`` rows are right, up, back. ``zoom`` is the focal length in picture heights;
    ``shift`` the optical centre in fractions of the picture.
    """

    eye: Array
    axes: Array
    zoom: float
    shift: tuple[float, float]
    aspect: float

    def rays(self, fx: Array, fy: Array) -> Array:
        """(3, N) unit directions through points given in fractions of the picture."""
        x = (fx - np.float32(self.shift[0])) * np.float32(self.aspect / self.zoom)
        y = (np.float32(self.shift[1]) - fy) / np.float32(self.zoom)
        right, up, back = self.axes
        return unit(right[:, None] * x + up[:, None] * y - back[:, None])

    def seen(self, points: Array) -> tuple[Array, Array]:
        """Fractions of the picture of (3, N) world points in front of the camera."""
        right, up, back = self.axes @ (points - self.eye[:, None])
        away = np.maximum(-back, np.float32(0.05))
        fx = self.shift[0] + right / away * self.zoom / self.aspect
        return fx, self.shift[1] - up / away * self.zoom


def aimed(eye: Array, target: Array) -> Array:
    """Camera axes that look from ``eye`` at ``target`` with the horizon level."""
    back = unit((eye - target)[:, None])[:, 0]
    right = unit(np.cross(vec(0, 1, 0), back).astype(np.float32)[:, None])[:, 0]
    return np.stack([right, np.cross(back, right).astype(np.float32), back])


@dataclass(frozen=True, slots=True)
class Sweep:
    """The seamless backdrop: floor y = 0 that bends with ``bend`` radius into a wall z = -wall."""

    wall: float
    bend: float

    def hit(self, eye: Array, d: Array) -> tuple[Array, Array]:
        """Distances and normals for rays from the eye."""
        _, oy, oz = eye
        floor = np.where(d[1] < -1e-6, -oy / np.minimum(d[1], -1e-6), FAR)
        start = np.float32(self.bend - self.wall)
        toward = np.minimum(d[2], np.float32(-1e-6))
        wall = (-np.float32(self.wall) - oz) / toward
        y, z = oy - np.float32(self.bend), oz - start
        a = d[1] * d[1] + d[2] * d[2]
        b = y * d[1] + z * d[2]
        c = y * y + z * z - np.float32(self.bend * self.bend)
        curve = (-b + np.sqrt(np.maximum(b * b - a * c, 0))) / a
        on_floor = oz + floor * d[2] > start
        on_wall = oy + wall * d[1] > self.bend
        t = np.where(on_floor & (floor < FAR), floor, np.where(on_wall, wall, curve))
        n = np.zeros_like(d)
        n[1] = np.where(on_floor, 1, np.where(on_wall, 0, -(y + curve * d[1]) / self.bend))
        n[2] = np.where(on_floor, 0, np.where(on_wall, 1, -(z + curve * d[2]) / self.bend))
        return np.minimum(t, np.float32(60)), n


@dataclass(slots=True)
class Seen:
    """First hits of a set of rays: distance, body (-1 is the backdrop), part, normal, direction."""

    t: Array
    who: NDArray[np.int16]
    part: NDArray[np.int16]
    d: Array
    n: Array = field(default_factory=lambda: np.zeros((3, 0), np.float32))

    def at(self, eye: Array) -> Array:
        """World points that were met."""
        return eye[:, None] + self.d * self.t


def _extent(camera: Camera, body: Body) -> tuple[float, float, float, float]:
    fx, fy = camera.seen(body.corners())
    return float(fx.min()), float(fy.min()), float(fx.max()), float(fy.max())


def look(
    camera: Camera, sweep: Sweep, bodies: Sequence[Body], fx: Array, fy: Array, d: Array
) -> Seen:
    """First hits of the rays through the given points of the picture."""
    count = d.shape[1]
    seen = Seen(
        np.full(count, FAR, np.float32), np.full(count, -1, np.int16), np.zeros(count, np.int16), d
    )
    for number, body in enumerate(bodies):
        x0, y0, x1, y1 = _extent(camera, body)
        inside = np.flatnonzero((fx >= x0) & (fx <= x1) & (fy >= y0) & (fy <= y1))
        for start in range(0, inside.size, CHUNK):
            _meet(seen, number, body, camera.eye, inside[start : start + CHUNK])
    _finish(seen, camera, sweep, bodies)
    return seen


def _meet(seen: Seen, number: int, body: Body, eye: Array, rows: Index) -> None:
    d = body.place.turned_in(seen.d[:, rows])
    o = body.place.inward(eye[:, None])
    # Starting near the solid keeps the quadratics exact in single precision.
    ahead = np.float32(max(np.linalg.norm(o[:, 0] - body.solid.middle) - body.solid.reach, 0))
    t, part = body.solid.enter(o + d * ahead, d)
    t = t + ahead
    closer = t < seen.t[rows]
    won = rows[closer]
    seen.t[won], seen.who[won], seen.part[won] = t[closer], number, part[closer]


def _finish(seen: Seen, camera: Camera, sweep: Sweep, bodies: Sequence[Body]) -> None:
    seen.n = np.zeros_like(seen.d)
    open_rows = np.flatnonzero(seen.who < 0)
    for start in range(0, open_rows.size, CHUNK):
        rows = open_rows[start : start + CHUNK]
        seen.t[rows], seen.n[:, rows] = sweep.hit(camera.eye, seen.d[:, rows])
    for number, body in enumerate(bodies):
        rows = np.flatnonzero(seen.who == number)
        if rows.size:
            d = seen.d[:, rows]
            p = body.place.inward(camera.eye[:, None] + d * seen.t[rows])
            n = body.place.turned_out(body.solid.normal(p, seen.part[rows]))
            # Sheets are seen from both sides.
            seen.n[:, rows] = np.where(dot(n, d) > 0, -n, n) if body.paint.thin else n


def pixel_centres(width: int, height: int) -> tuple[Array, Array]:
    """Fractions of the picture at the pixels' centres, row by row."""
    fy, fx = np.mgrid[0:height, 0:width].astype(np.float32)
    return ((fx + 0.5) / width).ravel(), ((fy + 0.5) / height).ravel()


def edges(seen: Seen, width: int, height: int) -> Index:
    """Pixels whose neighbour shows another body, a crease or a jump in depth."""
    who, part = seen.who.reshape(height, width), seen.t.reshape(height, width)
    n = seen.n.reshape(3, height, width)
    out = np.zeros((height, width), bool)
    for a, b in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:, :], np.s_[:-1, :]),
    ):
        na, nb = n[(slice(None), *a)], n[(slice(None), *b)]
        differs = (who[a] != who[b]) | (dot(na, nb) < 0.93)
        differs |= (who[a] >= 0) & (np.abs(part[a] - part[b]) > 0.012 * part[a])
        out[a] |= differs
        out[b] |= differs
    return np.flatnonzero(out)


@dataclass(frozen=True, slots=True)
class Fine:
    """For every edge pixel and sub-sample, the pixel whose shade it takes; and who is there."""

    rows: Index
    source: Index
    who: NDArray[np.int16]

    def resolve(self, shade: Array) -> Array:
        """(..., N) with every edge pixel replaced by the mean over its sub-samples."""
        out = shade.copy()
        out[..., self.rows] = shade[..., self.source].mean(-2)
        return out


def refined(
    camera: Camera, sweep: Sweep, bodies: Sequence[Body], seen: Seen, width: int, height: int
) -> Fine:
    """Trace sub-samples at edges only; each takes the shade of the likest of its 3 x 3 pixels."""
    rows = edges(seen, width, height)
    y, x = np.divmod(rows, width)
    px = (x + 0.5 + _SUBS[:, :1]).astype(np.float32)
    py = (y + 0.5 + _SUBS[:, 1:]).astype(np.float32)
    fx, fy = (px / width).ravel(), (py / height).ravel()
    sub = look(camera, sweep, bodies, fx, fy, camera.rays(fx, fy))
    shape = px.shape
    best = np.full(shape, np.inf, np.float32)
    source = np.zeros(shape, np.intp)
    who, t, n = sub.who.reshape(shape), sub.t.reshape(shape), sub.n.reshape(3, *shape)
    for dy in (0, -1, 1):
        for dx in (0, -1, 1):
            near = np.clip(y + dy, 0, height - 1) * width + np.clip(x + dx, 0, width - 1)
            score = 4 * (seen.who[near] != who) + 1 - dot(seen.n[:, None, near], n)
            score += 8 * np.abs(seen.t[near] / t - 1) + 0.02 * (abs(dx) + abs(dy))
            closer = score < best
            best = np.where(closer, score, best)
            source = np.where(closer, near, source)
    return Fine(rows, source, who)
