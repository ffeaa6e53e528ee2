"""Studio light: an area key with soft shadow, a dome gathered with bounced colour, soft boxes.

Shadow and gathered light are sampled on every second pixel with interleaved patterns (Keller and
Heidrich 2001): sixteen neighbours use sixteen different sets of rays, and one edge-aware filter
over the pattern's size joins them, which leaves neither noise nor bands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.still_life.solids import FAR, Array, Index, dot, unit, vec
from brandmodel.local.picture.still_life.view import CHUNK, Body, Seen

_LIFT = np.float32(4e-3)


@dataclass(frozen=True, slots=True)
class SoftBox:
    """A lamp as reflections see it: direction, half sizes as tangents, strength."""

    axes: Array
    half: tuple[float, float]
    strength: Array


@dataclass(frozen=True, slots=True)
class Gobo:
    """A blurred cut-out far in front of the key light, such as a window or twigs.

    ``image`` (S, S) is what it lets through; it covers ``size`` across the key's direction, about
    the set's middle.
    """

    image: Array
    size: float

    def passed(self, p: Array, toward: Array) -> Array:
        """(N,) share of light that reaches world points; all of it outside the cut-out."""
        right = unit(np.cross(vec(0, 1, 0), toward).astype(np.float32)[:, None])[:, 0]
        up = np.cross(toward, right).astype(np.float32)
        side = self.image.shape[0]
        x = (right @ p / np.float32(self.size) + np.float32(0.5)) * side
        y = (np.float32(0.5) - (up @ p - 1) / np.float32(self.size)) * side
        x, y = np.clip(x, 0, side - 1.001), np.clip(y, 0, side - 1.001)
        ix, iy = x.astype(np.intp), y.astype(np.intp)
        fx, fy = x - ix, y - iy
        top = self.image[iy, ix] * (1 - fx) + self.image[iy, ix + 1] * fx
        low = self.image[iy + 1, ix] * (1 - fx) + self.image[iy + 1, ix + 1] * fx
        return top * (1 - fy) + low * fy


@dataclass(frozen=True, slots=True)
class Rig:
    """The lights of a set.

    Attributes:
        key_at: middle of the key light in the world.
        key_size: its radius.
        key: (3,) irradiance that it gives a surface facing it at the origin.
        dome_top: radiance from above.
        dome_side: radiance from the level.
        floor: radiance of the lit backdrop.
        boxes: what gloss mirrors.
        gobo: a cut-out in front of the key light.
        snow: how much of what faces up is white.
    """

    key_at: Array
    key_size: float
    key: Array
    dome_top: Array
    dome_side: Array
    floor: Array
    boxes: tuple[SoftBox, ...]
    gobo: Gobo | None = None
    snow: float = 0.0


def softbox(toward: Array, half: tuple[float, float], strength: Array) -> SoftBox:
    """A lamp seen in direction ``toward``, upright."""
    front = unit(toward[:, None])[:, 0]
    right = unit(np.cross(vec(0, 1, 0), front).astype(np.float32)[:, None])[:, 0]
    return SoftBox(np.stack([right, np.cross(front, right), front]), half, strength)


def dome(rig: Rig, d: Array) -> Array:
    """(3, N) light of the empty room from a direction; the backdrop answers from below and behind."""
    up = np.clip(d[1] * np.float32(0.9) + np.float32(0.25), 0, 1)
    up = up * up * (3 - 2 * up)
    sky = rig.dome_side[:, None] * (1 - up) + rig.dome_top[:, None] * up
    below = np.clip(-d[1] * 6 + 0.3, 0, 1)
    behind = np.clip(-d[2] * 1.6, 0, 1) * np.clip(1.2 - 1.3 * d[1], 0, 1) * np.float32(0.85)
    share = np.maximum(below, behind)
    return sky * (1 - share) + rig.floor[:, None] * share


def mirrored(rig: Rig, d: Array, rough: float) -> Array:
    """(3, N) light from a direction for reflections: the room and its soft boxes."""
    out = dome(rig, d) * np.float32(0.72)
    soft = np.float32(0.035 + 0.5 * rough)
    for box in rig.boxes:
        x, y, front = box.axes @ d
        ahead = np.maximum(front, np.float32(1e-3))
        inside = np.ones_like(front)
        for value, half in ((x, box.half[0]), (y, box.half[1])):
            edge = np.clip((half + soft - np.abs(value / ahead)) / (2 * soft), 0, 1)
            inside = inside * edge * edge * (3 - 2 * edge)
        out += box.strength[:, None] * (inside * np.clip(front * 4, 0, 1))
    return out


def pattern(count: int, dimensions: int = 2) -> Array:
    """(16, count, 2) points in the unit square: an R2 set, shifted differently per pattern cell.

    R2 sequence: Martin Roberts 2018, extremelearning.com.au.
    """
    step = np.array([0.7548776662, 0.5698402910])[:dimensions]
    base = (0.5 + np.arange(1, count + 1)[:, None] * step) % 1
    order = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
    shift = (order[:, None] * step[None] * 1.0 + order[:, None] / 16 * np.array([0, 0.37])) % 1
    return ((base[None] + shift[:, None]) % 1).astype(np.float32)


def cells(width: int, height: int) -> NDArray[np.intp]:
    """Pattern cell of every pixel of a grid, row by row."""
    y, x = np.mgrid[0:height, 0:width]
    return ((y & 3) * 4 + (x & 3)).ravel()


def _near(rays_o: Array, rays_d: Array, body: Body) -> Index:
    """Rays that meet the bounding ball ahead."""
    v = body.centre[:, None] - rays_o
    along = dot(v, rays_d)
    off = dot(v, v) - along * along
    return np.flatnonzero((off < body.solid.reach**2) & (along > -body.solid.reach))


def struck(body: Body, o: Array, d: Array) -> tuple[Index, Array]:
    """Rays that meet the body's coarse likeness, and how far away."""
    rows = _near(o, d, body)
    if not rows.size:
        return rows, np.zeros(0, np.float32)
    t = body.solid.block(body.place.inward(o[:, rows]), body.place.turned_in(d[:, rows]))
    hit = t < FAR
    return rows[hit], t[hit]


def key_share(rig: Rig, bodies: Sequence[Body], seen: Seen, p: Array, cell: Index) -> Array:
    """(N,) how much of the key light each point sees, 0..1."""
    points = pattern(8)
    radius, angle = np.sqrt(points[..., 0]), points[..., 1] * np.float32(2 * math.pi)
    disc = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1) * np.float32(rig.key_size)
    front = unit(-rig.key_at[:, None])[:, 0]
    right = unit(np.cross(vec(0, 1, 0), front).astype(np.float32)[:, None])[:, 0]
    up = np.cross(front, right).astype(np.float32)
    lamps = rig.key_at + disc[..., :1] * right + disc[..., 1:] * up
    out = np.zeros(p.shape[1], np.float32)
    facing = np.flatnonzero(dot(seen.n, rig.key_at[:, None] - p) > -0.3)
    for start in range(0, facing.size, CHUNK // 4):
        rows = facing[start : start + CHUNK // 4]
        out[rows] = _lit(lamps, rig, bodies, seen, p, cell, rows)
    return out


def _lit(
    lamps: Array,
    rig: Rig,
    bodies: Sequence[Body],
    seen: Seen,
    p: Array,
    cell: Index,
    rows: Index,
) -> Array:
    count = lamps.shape[1]
    o = p[:, rows] + seen.n[:, rows] * _LIFT
    who = seen.who[rows]
    dark = np.zeros((rows.size, count), bool)
    way = rig.key_at[:, None] - o
    distance = np.sqrt(dot(way, way))
    way = way / distance
    for number, body in enumerate(bodies):
        v = body.centre[:, None] - o
        along = dot(v, way)
        off = np.sqrt(np.maximum(dot(v, v) - along * along, 0))
        spread = np.maximum(along, 0) * (rig.key_size / distance) * 1.1
        near = (off < body.solid.reach + spread) & (along > -body.solid.reach)
        if not body.solid.folded:
            near &= who != number
        some = np.flatnonzero(near)
        if some.size:
            target = lamps[cell[rows[some]]]
            origin = np.repeat(o[:, some], count, 1)
            d = unit(target.reshape(-1, 3).T - origin)
            spots = _struck_of(body, origin, d, some, count)
            # Every third ray is stopped by ice: its shadow is a pale one.
            dark.ravel()[spots[spots % 3 == 0] if body.paint.clear else spots] = True
    return 1 - dark.mean(-1, dtype=np.float32)


def _struck_of(body: Body, o: Array, d: Array, some: Index, count: int) -> Index:
    hit, _ = struck(body, o, d)
    return some[hit // count] * count + hit % count


def gathered(rig: Rig, bodies: Sequence[Body], seen: Seen, p: Array, cell: Index) -> Array:
    """(3, N) light from the dome and one bounce off the bodies and the floor."""
    points = pattern(6)
    radius, angle = np.sqrt(points[..., 0]), points[..., 1] * np.float32(2 * math.pi)
    local = np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - points[..., 0])], 0
    )
    out = np.zeros_like(p)
    for start in range(0, p.shape[1], CHUNK // 4):
        rows = np.arange(start, min(start + CHUNK // 4, p.shape[1]))
        out[:, rows] = _gather(rig, bodies, seen, p, local[:, cell[rows]], rows)
    return out


def _gather(
    rig: Rig, bodies: Sequence[Body], seen: Seen, p: Array, local: Array, rows: Index
) -> Array:
    n = seen.n[:, rows]
    count = local.shape[2]
    right, up = _tangents(n)
    d = right[:, :, None] * local[0] + up[:, :, None] * local[1] + n[:, :, None] * local[2]
    d = np.ascontiguousarray(d.reshape(3, -1))
    o = p[:, rows] + n * _LIFT
    t = np.full(d.shape[1], FAR, np.float32)
    who = np.full(d.shape[1], -1, np.int16)
    for number, body in enumerate(bodies):
        v = body.centre[:, None] - o
        reach = body.solid.reach
        # What fills less than a hundredth of the view is left out, thin things sooner.
        share = np.float32((12 if body.paint.thin else 60) * reach * reach)
        near = (dot(v, n) > -reach) & (dot(v, v) < share)
        if not body.solid.folded:
            near &= seen.who[rows] != number
        some = np.flatnonzero(near)
        if some.size:
            rays = (some[:, None] * count + np.arange(count)).ravel()
            hit, far = struck(body, np.repeat(o[:, some], count, 1), d[:, rays])
            won = far < t[rays[hit]]
            t[rays[hit[won]]], who[rays[hit[won]]] = far[won], number
    return _arriving(rig, bodies, np.repeat(o[1], count), d, t, who).reshape(3, -1, count).mean(-1)


def _tangents(n: Array) -> tuple[Array, Array]:
    """Duff et al. 2017, an orthonormal basis without branches."""
    sign = np.where(n[2] >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + n[2])
    b = n[0] * n[1] * a
    right = np.stack([1 + sign * n[0] * n[0] * a, sign * b, -sign * n[0]])
    return right, np.stack([b, sign + n[1] * n[1] * a, -n[1]])


def _arriving(
    rig: Rig,
    bodies: Sequence[Body],
    height: Array,
    d: Array,
    t: Array,
    who: NDArray[np.int16],
) -> Array:
    out = dome(rig, d)
    # Near a contact the floor lies in the body's own shade.
    floor_t = height / np.maximum(-d[1], np.float32(1e-4))
    shade = np.float32(0.5) + np.float32(0.5) * np.clip(floor_t * np.float32(1.1), 0, 1)
    out *= np.where(d[1] < 0, shade, 1)
    hit = np.flatnonzero((who >= 0) & (t < np.where(d[1] < 0, floor_t, FAR)))
    # What is close by lies in the same shade as the point that looks at it.
    open_air = np.float32(0.4) + np.float32(0.6) * np.clip(t[hit] * np.float32(1.3), 0, 1)
    out[:, hit] = bounced(rig, bodies, d[:, hit], who[hit]) * open_air
    return out


def bounced(rig: Rig, bodies: Sequence[Body], d: Array, who: NDArray[np.int16]) -> Array:
    """(3, N) light that bodies send back along rays that met them, without a look at their shape."""
    colours = np.stack([body.paint.colour for body in bodies], 1).astype(np.float32)
    toward = unit(rig.key_at[:, None])
    lit = np.clip(-dot(d, toward) * np.float32(0.8) + np.float32(0.1), 0, 1)
    light = rig.key[:, None] * lit + (rig.dome_top + rig.dome_side)[:, None] * np.float32(0.4)
    return colours[:, who] * light
