"""Turned solids: bottles, mugs, cans, plinths; a profile swept about the y axis.

The profile is a polyline with rounded corners; every edge of it is a cone, a cylinder or a flat
ring, met exactly by a quadratic. Normals run smoothly along the profile except over sharp corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.still_life.solids import CLOSE, FAR, Array, Solid, vec

Point = tuple[float, float]
_SHARP = math.radians(34)


def rounded(corners: list[tuple[float, float, float]], *, steps: int = 5) -> list[Point]:
    """A profile from (radius, height, rounding) corners: every corner becomes an arc of steps."""
    out: list[Point] = [corners[0][:2]]
    for before, here, after in zip(corners, corners[1:], corners[2:], strict=False):
        out.extend(_arc(before[:2], here[:2], after[:2], here[2], steps))
    out.append(corners[-1][:2])
    return out


def _arc(a: Point, b: Point, c: Point, radius: float, steps: int) -> list[Point]:
    """A quadratic-like fillet at b; kept inside half of the shorter neighbour edge."""
    if radius <= 0:
        return [b]
    va, vc = np.subtract(a, b), np.subtract(c, b)
    la, lc = float(np.hypot(*va)), float(np.hypot(*vc))
    cosine = float(np.clip(np.dot(va, vc) / (la * lc), -1, 1))
    half = math.acos(cosine) / 2
    run = min(radius / max(math.tan(half), 1e-6), la * 0.499, lc * 0.499)
    true = run * math.tan(half)
    middle = np.asarray(b) + (va / la + vc / lc) / np.linalg.norm(va / la + vc / lc) * (
        true / math.sin(half)
    )
    start = np.asarray(b) + va / la * run - middle
    end = np.asarray(b) + vc / lc * run - middle
    first, last = math.atan2(start[1], start[0]), math.atan2(end[1], end[0])
    turn = (last - first + math.pi) % (2 * math.pi) - math.pi
    count = max(2, round(steps * abs(turn) / (math.pi / 2)) + 1)
    angles = first + turn * np.linspace(0, 1, count)
    return [
        (float(middle[0] + true * math.cos(x)), float(middle[1] + true * math.sin(x)))
        for x in angles
    ]


@dataclass(frozen=True, slots=True)
class _Edge:
    """One edge of the profile with the (radial, vertical) normals at its two ends."""

    r0: float
    y0: float
    r1: float
    y1: float
    n0: Point
    n1: Point

    @property
    def flat(self) -> bool:
        return abs(self.y1 - self.y0) < 1e-5

    @property
    def inner(self) -> bool:
        """Whether the surface faces the axis, as the inside of a mug does."""
        return self.n0[0] + self.n1[0] < 0


def _normals(points: list[Point]) -> list[Point]:
    steps = np.diff(np.asarray(points), axis=0)
    length = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    return [(float(dy / n), float(-dr / n)) for (dr, dy), n in zip(steps, length, strict=True)]


def _edges(points: list[Point]) -> list[_Edge]:
    """Edges of a profile that runs upwards on the outside: the solid lies to its left."""
    faces = _normals(points)

    def blended(i: int, j: int, own: int) -> Point:
        if not (0 <= i < len(faces) and 0 <= j < len(faces)):
            return faces[own]
        bend = math.acos(float(np.clip(np.dot(faces[i], faces[j]), -1, 1)))
        if bend > _SHARP:
            return faces[own]
        both = np.add(faces[i], faces[j])
        both = both / np.linalg.norm(both)
        return float(both[0]), float(both[1])

    return [
        _Edge(*points[i], *points[i + 1], blended(i - 1, i, i), blended(i, i + 1, i))
        for i in range(len(faces))
    ]


class Lathe(Solid):
    """A profile about the y axis, from the bottom's rim upwards along the outside to the axis.

    A vessel's profile goes on over the rim and down its inner wall; ``hollow`` then says that its
    coarse likeness is open at the top.
    """

    def __init__(self, points: list[Point], *, hollow: bool = False) -> None:
        rows = np.asarray(points, np.float32)
        r = float(rows[:, 0].max())
        super().__init__(vec(-r, float(rows[:, 1].min()), -r), vec(r, float(rows[:, 1].max()), r))
        self.edges = _edges(points)
        top = int(rows[:, 1].argmax())
        outside = rows[: top + 1]
        coarse = cv2.approxPolyDP(outside[:, None], 0.007 * float(np.ptp(rows)), closed=False)[:, 0]
        line = [(float(a), float(b)) for a, b in coarse]
        if not hollow:
            line.append((0.0, line[-1][1]))
        self.coarse = _edges(line)
        self.hollow = hollow
        low = rows[rows[:, 1] < rows[:, 1].min() + 0.004]
        self.foot = np.float32(float(low[:, 0].max()) ** 2 * 0.997)

    def enter(self, o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
        """First of all edges that the ray meets from outside."""
        return _first(self.edges, o, d)

    def block(self, o: Array, d: Array) -> Array:
        """The profile with few edges; a ray that starts inside the foot is blocked at once."""
        t = _first(self.coarse, o, d)[0]
        up = o[1] - self.low[1]
        inside = (up > -0.02) & (up < 0.02) & (o[0] * o[0] + o[2] * o[2] < self.foot)
        return np.where(inside, CLOSE, t)

    def normal(self, p: Array, part: NDArray[np.int16]) -> Array:
        """Blended along the edge that was met."""
        table = np.asarray([(e.r0, e.y0, e.r1, e.y1, *e.n0, *e.n1) for e in self.edges], np.float32)
        r0, y0, r1, y1, a0, b0, a1, b1 = table[part].T
        r = np.maximum(np.hypot(p[0], p[2]), np.float32(1e-6))
        run = (r1 - r0) ** 2 + (y1 - y0) ** 2
        f = np.clip(((r - r0) * (r1 - r0) + (p[1] - y0) * (y1 - y0)) / run, 0, 1)
        nr, ny = a0 + (a1 - a0) * f, b0 + (b1 - b0) * f
        scale = 1 / np.hypot(nr, ny)
        return np.stack([nr * scale * p[0] / r, ny * scale, nr * scale * p[2] / r])

    def flat(self, p: Array, part: NDArray[np.int16]) -> tuple[Array, Array]:
        """Unrolled: arc length from the front, and height."""
        r = np.hypot(p[0], p[2])
        return np.arctan2(p[0], p[2]) * r, p[1]


def _first(edges: list[_Edge], o: Array, d: Array) -> tuple[Array, NDArray[np.int16]]:
    a0 = d[0] * d[0] + d[2] * d[2]
    b0 = o[0] * d[0] + o[2] * d[2]
    c0 = o[0] * o[0] + o[2] * o[2]
    best: Array = np.full(d.shape[1], FAR, np.float32)
    part = np.zeros(d.shape[1], np.int16)
    for number, edge in enumerate(edges):
        if edge.flat:
            t = _ring(edge, o, d, (a0, b0, c0))
        else:
            t = _cone(edge, o, d, (a0, b0, c0))
        closer = t < best
        best = np.where(closer, t, best)
        part[closer] = number
    return best, part


def _ring(edge: _Edge, o: Array, d: Array, sums: tuple[Array, Array, Array]) -> Array:
    a0, b0, c0 = sums
    t = (np.float32(edge.y0) - o[1]) / np.where(np.abs(d[1]) < 1e-9, np.float32(1e-9), d[1])
    r2 = c0 + t * (2 * b0 + t * a0)
    low, high = sorted((edge.r0 * edge.r0, edge.r1 * edge.r1))
    # A ring that looks upwards is only ever met from above.
    facing = d[1] * np.float32(edge.n0[1]) < 0
    return np.where((r2 >= low) & (r2 <= high) & (t > 0) & facing, t, FAR)


def _cone(edge: _Edge, o: Array, d: Array, sums: tuple[Array, Array, Array]) -> Array:
    """The entering root on an outer edge, the leaving one on an inner edge; never both."""
    slope = np.float32((edge.r1 - edge.r0) / (edge.y1 - edge.y0))
    m = np.float32(edge.r0) + slope * (o[1] - np.float32(edge.y0))
    rise = slope * d[1]
    a, b, c = sums[0] - rise * rise, sums[1] - m * rise, sums[2] - m * m
    a = np.where(np.abs(a) < 1e-7, np.float32(1e-7), a)
    root = b * b - a * c
    s = np.sqrt(np.maximum(root, 0))
    t = ((s if edge.inner else -s) - b) / a
    y = o[1] + t * d[1]
    low, high = sorted((edge.y0, edge.y1))
    return np.where((root > 0) & (t > 0) & (y >= low) & (y <= high), t, FAR)
