"""A city across the water: towers in hazy layers, windows lit when it is dark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.local.picture.colour import mix
from brandmodel.local.picture.landscape.ink import inked, paint
from brandmodel.local.picture.landscape.light import Brand, tone
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.view import View
from brandmodel.local.picture.noise import Floats
from brandmodel.tasks import Box

FOOT = 0.016
"""Slope by which the nearest quay lies below the horizon."""
_RISE, _RUN = 0.0066, 0.0056
"""Slopes between floors and between windows."""
_LAYERS = 6


@dataclass(frozen=True, slots=True)
class _Tower:
    """One building: left edge, width and height in slopes over its foot, and its crown."""

    x: float
    wide: float
    tall: float
    crown: int
    tone: float


def _outline(tower: _Tower, foot: float) -> list[tuple[float, float, float, float]]:
    """Boxes (left, bottom, right, top) a tower is made of, the body first."""
    x0, x1, top = tower.x, tower.x + tower.wide, foot + tower.tall
    mid, w = (x0 + x1) / 2, tower.wide
    body = (x0, foot, x1, top)
    if tower.crown == 1:  # set back twice
        return [
            (x0, foot, x1, top - 0.30 * tower.tall),
            (mid - 0.36 * w, foot, mid + 0.36 * w, top - 0.10 * tower.tall),
            (mid - 0.22 * w, foot, mid + 0.22 * w, top),
        ]
    if tower.crown == 2:  # mast
        return [body, (mid - 0.012 * w, top, mid + 0.012 * w, top + 0.20 * tower.tall)]
    if tower.crown == 3:  # plant room
        return [body, (x0 + 0.18 * w, top, x0 + 0.62 * w, top + 0.10 * w)]
    if tower.crown == 4:  # two shafts
        return [
            (x0, foot, mid + 0.04 * w, top - 0.14 * tower.tall),
            (mid - 0.02 * w, foot, x1, top),
        ]
    return [body]


def _towers(view: View, random: np.random.Generator, t: float) -> list[_Tower]:
    """The towers of one layer: tallest around the subject, low towards the calm side."""
    towers: list[_Tower] = []
    x = -view.half * 1.1
    unit = min(1.0, view.top / 0.5)
    while x < view.half * 1.1:
        wide = float(random.uniform(0.030, 0.062)) * (0.75 + 0.55 * t)
        near = np.exp(-(((x - view.subject) / (0.34 * view.half + 0.10)) ** 2))
        low = 0.06 + 0.05 * (1 - t)
        tall = (low + (0.30 - 0.10 * t) * near) * unit * float(random.uniform(0.45, 1.15))
        if near > 0.55 and random.random() < 0.22:
            tall *= 1.35
        crown = (
            int(random.choice([0, 0, 1, 1, 2, 3, 4, 5, 6]))
            if tall > 0.10
            else int(random.choice([0, 0, 3]))
        )
        if tall > 0.05:
            wide = min(wide, tall * 0.8)
        towers.append(_Tower(x, wide, float(tall), crown, float(random.uniform(0.75, 1.2))))
        x += wide * float(random.uniform(0.80, 1.35))
    return towers


@dataclass(frozen=True, slots=True)
class _Facades:
    """Colours of one layer's walls and windows."""

    wall: Floats
    side: Floats
    glass: Floats
    lamp: Floats
    lit: float


def _facades(look: Look) -> _Facades:
    scene, light = look.scene, look.light
    brand = Brand.of(scene.palette)
    wall = tone(mix(brand.ink, brand.paper, 0.45), 0.60, 0.035, 240, 0.3)
    glow = tone(brand.accent, 0.86, 0.11, 72, 0.55)
    lit = {"dawn": 0.10, "day": 0.0, "sunset": 0.16, "dusk": 0.50, "night": 0.42}[scene.daytime]
    if light.density > 1.5:
        lit = max(lit, 0.14)
    night = np.float32(1 - 0.62 * light.dark)
    return _Facades(
        wall=wall * (light.fill * np.float32(0.62) + light.key * np.float32(0.04)) * night,
        side=wall * (light.fill * np.float32(0.75) + light.key * np.float32(0.34)) * night,
        glass=light.sky[1],
        lamp=glow,
        lit=lit,
    )


def skyline(picture: Floats, look: Look) -> tuple[Floats, Box]:
    """Paint the city over the sky, in place; (H, W) depth and the bounds of its tallest part."""
    view, light, random = look.view, look.light, look.random(0xC17)
    facades = _facades(look)
    depth = np.full(picture.shape[:2], np.inf, np.float32)
    x, y = view.xs()[None, :], view.ys()[:, None]
    # Far towers must stay a shade darker than the sky that they stand against.
    rise = np.exp(-np.maximum(y, 0) / np.float32(0.09))[..., None]
    air = look.clear_sky(np.broadcast_to(y, depth.shape)) * np.float32(0.95)
    air = air + (look.air(x, np.broadcast_to(y, depth.shape)) - air) * rise
    # The air is thicker near the water.
    low = np.exp(-np.maximum(y, 0) / np.float32(0.10))[..., None]
    highest = 0.0
    for i in range(_LAYERS):
        t = i / (_LAYERS - 1)
        towers = _towers(view, random, t)
        highest = max(highest, max(tower.tall for tower in towers))
        foot = -0.004 - FOOT * t
        colour, alpha = inked(
            view, lambda c, tw=towers, f=foot: _draw_walls(c, tw, f, facades, look.side)
        )
        clear = np.float32((0.20 + 0.76 * t**0.9) / (1 + 0.20 * (light.density - 1)))
        keep = clear * (1 - 0.50 * low * np.float32(1 - 0.6 * t))
        picture += (air + (colour - air) * keep - picture) * alpha[..., None]
        if facades.lit > 0 and t > 0.15:
            lamps = inked(
                view, lambda c, tw=towers, f=foot, r=random: _draw_lamps(c, tw, f, facades, r)
            )
            power = np.float32(1.5 if light.dark > 0.5 else 0.8) * (0.25 + 0.75 * clear)
            picture += lamps[0] * (lamps[1] * power)[..., None]
        depth[alpha > 0.5] = np.float32(12 - 9 * t)
    reach = 0.34 * view.half + 0.06
    return depth, view.box(view.subject - reach, highest, view.subject + reach, 0.0)


def _draw_walls(
    canvas: skia.Canvas, towers: list[_Tower], foot: float, facades: _Facades, side: float
) -> None:
    for tower in towers:
        front = paint(facades.wall * np.float32(tower.tone))
        bright = paint(facades.side * np.float32(tower.tone))
        if tower.crown >= 5:
            _draw_point(canvas, tower, foot, front)
        for left, bottom, right, top in _outline(tower, foot):
            canvas.drawRect(skia.Rect(left, bottom, right, top), front)
            edge = (right - left) * 0.34
            near = (right - edge, right) if side > 0 else (left, left + edge)
            canvas.drawRect(skia.Rect(near[0], bottom, near[1], top), bright)
        _draw_floors(canvas, tower, foot, facades)


def _draw_point(canvas: skia.Canvas, tower: _Tower, foot: float, front: skia.Paint) -> None:
    """A slanted roof or a pointed one with a needle."""
    top, w = foot + tower.tall, tower.wide
    path = skia.Path()
    if tower.crown == 5:
        path.addPoly(
            [
                skia.Point(tower.x, top),
                skia.Point(tower.x, top + 0.55 * w),
                skia.Point(tower.x + w, top),
            ],
            True,
        )
    else:
        steps = ((0.0, 0.0), (0.47, 0.9), (0.5, 2.0), (0.53, 0.9), (1.0, 0.0))
        path.addPoly([skia.Point(tower.x + a * w, top + b * w) for a, b in steps], True)
    canvas.drawPath(path, front)


def _draw_floors(canvas: skia.Canvas, tower: _Tower, foot: float, facades: _Facades) -> None:
    """Bands of glass, a little nearer to the sky's colour than the wall."""
    if tower.tall < 0.05:
        return
    glass = mix((facades.wall * tower.tone).astype(np.float32), facades.glass, 0.24)
    left, bottom, right, top = _outline(tower, foot)[0]
    path = skia.Path()
    rise = _RISE
    margin = (right - left) * 0.10
    for k in range(int((top - bottom) / rise)):
        y = bottom + k * rise + rise * 0.35
        path.addRect(skia.Rect(left + margin, y, right - margin, y + rise * 0.42))
    canvas.drawPath(path, paint(glass))


def _draw_lamps(
    canvas: skia.Canvas, towers: list[_Tower], foot: float, facades: _Facades,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Lit windows, in the same grid as the floors; some floors are lit all along."""
    rise, run = _RISE, _RUN
    for tower in towers:
        left, bottom, right, top = _outline(tower, foot)[0]
        columns, floors = max(1, int((right - left) * 0.84 / run)), int((top - bottom) / rise)
        if floors < 2:
            continue
        busy = facades.lit * float(random.uniform(0.3, 1.5))
        on = random.random((floors, columns)) < busy
        on |= random.random((floors, 1)) < 0.05 * facades.lit
        margin = ((right - left) - columns * run) / 2
        dim = random.random(on.shape) < 0.35
        for lamps, power in ((on & dim, 0.45), (on & ~dim, 1.0)):
            glow = paint(facades.lamp * np.float32(power * random.uniform(0.7, 1.0)))
            canvas.drawPath(_windows(lamps, left + margin, bottom), glow)


def _windows(on: NDArray[np.bool_], left: float, bottom: float) -> skia.Path:
    """One small box per lit window of a wall."""
    path = skia.Path()
    for floor, column in zip(*np.nonzero(on), strict=True):
        x, y = left + float(column) * _RUN, bottom + (float(floor) + 0.30) * _RISE
        path.addRect(skia.Rect(x + _RUN * 0.14, y, x + _RUN * 0.80, y + _RISE * 0.52))
    return path
