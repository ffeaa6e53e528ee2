"""Meadow grass and flowers: blades that stand on the land, from far to near."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skia

from brandmodel.local.picture.colour import mix, with_lightness
from brandmodel.local.picture.landscape.ink import inked, over, paint
from brandmodel.local.picture.landscape.light import Brand
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.terrain import Land
from brandmodel.local.picture.noise import Floats, Jet

_BLADES = 5200
_FLOWERS = 460


@dataclass(frozen=True, slots=True)
class _Stems:
    """Feet and sizes in slopes, from far to near."""

    x: Floats
    y: Floats
    z: Floats
    size: Floats


def _stems(look: Look, land: Land, random: np.random.Generator, count: int, far: float) -> _Stems:
    """Feet spread evenly over the picture rather than over the land."""
    near = 0.92 * land.eye / max(-look.view.bottom + 0.10, 0.1)
    z = np.sort(near * (far / near) ** random.random(count) ** 1.15)[::-1].astype(np.float32)
    slope = random.uniform(-1.06, 1.06, count).astype(np.float32) * np.float32(look.view.half)
    jx, jz = Jet.plane((slope * z)[None], z[None].copy(), slopes=False)
    h = land.form(jx, jz, None).v[0]
    size = random.uniform(0.45, 1.15, count).astype(np.float32) * np.float32(0.115) / z
    return _Stems(slope, (h - np.float32(land.eye)) / z, z, size.astype(np.float32))


def grown(picture: Floats, look: Look, land: Land) -> None:
    """Grow grass and flowers over the near land, in place."""
    random = look.random(0x6A)
    over(picture, inked(look.view, lambda canvas: _draw(canvas, look, land, random)))
    if look.white:
        return
    near = inked(look.view, lambda canvas: _draw_near(canvas, look, random))
    soft = 0.010 / look.view.scale
    colour, alpha = near
    blurred = cv2.GaussianBlur(np.dstack([colour * alpha[..., None], alpha]), (0, 0), soft)
    part = np.maximum(blurred[..., 3:], 1e-4)
    over(
        picture,
        (
            (blurred[..., :3] / part).astype(np.float32),
            np.clip(blurred[..., 3], 0, 1) * np.float32(0.9),
        ),
    )


def _palette(look: Look) -> tuple[list[Floats], list[Floats]]:
    """Colours of grass from root to tip, and of flowers."""
    ground, light = look.ground, look.light
    sun = light.fill * np.float32(0.80) + light.key * np.float32(0.40)
    shade = light.fill * np.float32(0.75) + light.key * np.float32(0.06)
    grass: list[Floats] = [
        ground.leaf * shade * np.float32(0.8),
        ground.green * shade,
        mix(ground.leaf, ground.green, 0.6) * sun,
        ground.green * sun,
        mix(ground.green, ground.soil, 0.4) * sun * np.float32(1.15),
    ]
    brand = Brand.of(look.scene.palette)
    petals = [
        with_lightness(brand.accent, 0.74),
        with_lightness(brand.accent, 0.66),
        with_lightness(brand.paper, 0.95),
        with_lightness(brand.primary, 0.66),
    ]
    if look.white:
        frost = [mix(ground.soil, ground.snow, 0.12 * k) for k in range(len(grass))]
        grass = [f * shade for f in frost]
    return grass, [np.maximum(p, 0) * (sun * np.float32(1.12) + shade * 0.3) for p in petals]


def _air(look: Look, colour: Floats, z: float) -> Floats:
    t = 1 - np.exp(-z * look.light.density * 0.022)
    return (colour + (look.light.haze - colour) * np.float32(t)).astype(np.float32)


def _draw(canvas: skia.Canvas, look: Look, land: Land, random: np.random.Generator) -> None:
    grass, petals = _palette(look)
    blades = _stems(look, land, random, _BLADES // 5 if look.white else _BLADES, 7.0)
    flowers = _stems(look, land, random, _FLOWERS, 9.0)
    # Flowers of one colour grow in drifts.
    drift = look.noise.value((flowers.x * flowers.z * 0.9)[None], (flowers.z * 0.9)[None])[0]
    kinds = (np.floor((drift + 0.7) * 4.3).astype(int) + (random.random(_FLOWERS) < 0.25)) % len(
        petals
    )
    steps = 14
    edges = np.geomspace(9.0, 0.2, steps + 1)
    wind = float(random.uniform(-0.5, 0.5))
    for k in range(steps):
        far, near = edges[k], edges[k + 1]
        inside = np.flatnonzero((blades.z <= far) & (blades.z > near))
        groups = np.array_split(random.permutation(inside), len(grass))
        for colour, group in zip(grass, groups, strict=True):
            path = skia.Path()
            for i in group:
                _blade(
                    path,
                    random,
                    float(blades.x[i]),
                    float(blades.y[i]),
                    float(blades.size[i]),
                    wind,
                )
            canvas.drawPath(path, paint(_air(look, colour, float(far))))
        if look.bare:
            continue
        for i in np.flatnonzero((flowers.z <= far) & (flowers.z > near)):
            spot = (float(flowers.x[i]), float(flowers.y[i]), float(flowers.size[i]))
            _flower(canvas, random, spot, _air(look, petals[kinds[i]], float(far)), grass[1])


def _blade(
    path: skia.Path, random: np.random.Generator, x: float, y: float, tall: float, wind: float
) -> None:
    """One blade: two curves from a foot to a bent tip."""
    lean = tall * (float(random.normal(0, 0.30)) + 0.3 * wind)
    wide = tall * 0.045
    path.moveTo(x - wide, y - tall * 0.2)
    path.quadTo(x - wide * 0.6 + lean * 0.2, y + tall * 0.6, x + lean, y + tall)
    path.quadTo(x + wide * 1.4 + lean * 0.2, y + tall * 0.5, x + wide, y - tall * 0.2)
    path.close()


def _flower(
    canvas: skia.Canvas,
    random: np.random.Generator,
    spot: tuple[float, float, float],
    petal: Floats,
    stem: Floats,
) -> None:
    """A stem and an open cup of petals seen from the side."""
    x, y, tall = spot
    tall *= float(random.uniform(1.0, 1.5))
    lean = tall * float(random.normal(0, 0.14))
    path = skia.Path()
    _blade(path, random, x, y, tall * 0.6, 0.0)
    line = paint(stem)
    line.setStyle(skia.Paint.kStroke_Style)
    line.setStrokeWidth(tall * 0.025)
    stalk = skia.Path()
    stalk.moveTo(x, y)
    stalk.quadTo(x, y + tall * 0.6, x + lean, y + tall)
    canvas.drawPath(stalk, line)
    r = tall * float(random.uniform(0.11, 0.16))
    canvas.save()
    canvas.translate(x + lean, y + tall)
    canvas.rotate(float(random.uniform(-25, 25)))
    canvas.drawOval(skia.Rect(-r, -r * 0.55, r, r * 0.62), paint(petal * np.float32(0.72)))
    for side in (-0.52, 0.0, 0.52):
        lobe = skia.Rect(side * r - r * 0.5, -r * 0.35, side * r + r * 0.5, r * 0.72)
        canvas.drawOval(lobe, paint(petal * np.float32(1.0 - 0.16 * abs(side))))
    canvas.drawOval(
        skia.Rect(-r * 0.22, r * 0.15, r * 0.22, r * 0.42), paint(petal * np.float32(0.45))
    )
    canvas.restore()


def _draw_near(canvas: skia.Canvas, look: Look, random: np.random.Generator) -> None:
    """A few large blades and heads right before the eye; they are drawn out of focus."""
    view = look.view
    grass, petals = _palette(look)
    for _ in range(26):
        x = float(random.uniform(-1.05, 1.05)) * view.half
        side = x * np.sign(view.subject) / view.half
        tall = 0.10 + 0.13 * max(0.0, float(side)) * float(random.uniform(0.4, 1.0))
        path = skia.Path()
        _blade(path, random, x, view.bottom - 0.02, tall, 0.2)
        canvas.drawPath(path, paint(grass[int(random.integers(0, 4))]))
        if side > 0.15 and random.random() < 0.5 and not look.bare:
            r = float(random.uniform(0.014, 0.026))
            y = view.bottom + tall * 0.9
            canvas.drawOval(
                skia.Rect(x - r, y - r * 0.8, x + r, y + r * 0.8),
                paint(petals[int(random.integers(0, 4))]),
            )
