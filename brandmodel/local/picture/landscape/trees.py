"""Stands of trees: a forest in layers of mist, and trees scattered over a height field."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skia

from brandmodel.local.picture.colour import mix
from brandmodel.local.picture.landscape.ink import Outline, Rgb, inked, over, paint, shape
from brandmodel.local.picture.landscape.look import Look
from brandmodel.local.picture.landscape.plants import Nursery, Tree
from brandmodel.local.picture.landscape.terrain import Land, wooded
from brandmodel.local.picture.noise import Floats, Jet, smooth


def _toned(colour: Rgb, k: float) -> Rgb:
    return colour[0] * k, colour[1] * k, colour[2] * k


def _hazed(colour: Rgb, air: Floats, t: float) -> Rgb:
    r, g, b = (c + (float(a) - c) * t for c, a in zip(colour, air, strict=True))
    return r, g, b


def forest(picture: Floats, look: Look) -> Floats:
    """Paint a forest in mist over the sky, in place; (H, W) depth.

    Slopes from far to near lean left and right in turn: each darker, taller and clearer, with
    mist at its feet.
    """
    view, light = look.view, look.light
    random = look.random(0xF0)
    depth = np.full(picture.shape[:2], np.inf, np.float32)
    x, y = view.xs()[None, :], view.ys()[:, None]
    air = look.air(x, np.broadcast_to(y, depth.shape))
    floor = min(-view.bottom, 0.60)
    nursery = Nursery(look)
    layers = 8
    for i in range(layers):
        t = i / (layers - 1)
        tall = (0.040 + 0.36 * t**2.1) * min(1.0, view.top / 0.5)
        base = 0.26 * view.top * (1 - t) ** 1.1 - floor * 0.92 * t**1.6
        ridge = _ridge(look, random, i, base, 0.21 * view.top * (1 - 0.62 * t))
        trees = _row(look, nursery, random, t, ridge, tall)
        clear = (0.13 + 0.87 * t**1.15) / (1 + 0.16 * (light.density - 1))
        foot = np.interp(view.xs(), ridge[:, 0], ridge[:, 1]).astype(np.float32)[None, :]
        drop = np.float32(0.30 * view.top * (1 - 0.55 * t))
        veil = smooth(0.0, 1.0, np.clip((foot + tall * 0.5 - y) / drop, 0, 1))
        keep = np.float32(clear) * (1 - np.float32(0.74 * (1 - t) ** 0.8) * veil)
        colour, alpha = inked(
            view, lambda canvas, r=ridge, tr=trees: _draw_layer(canvas, look, nursery, r, tr)
        )
        over(picture, ((air + (colour - air) * keep[..., None]).astype(np.float32), alpha))
        depth[alpha > 0.5] = np.float32(16 * (1 - t) ** 1.5 + 1.2)
    _shafts(picture, look)
    return depth


def _ridge(look: Look, random: np.random.Generator, i: int, base: float, swing: float) -> Outline:
    """(N, 2) line of the ground under a layer, left to right."""
    half = look.view.half
    x = np.linspace(-half * 1.1, half * 1.1, 128, dtype=np.float32)[None, :]
    seat = np.full_like(x, float(random.uniform(0, 30)))
    y = base + np.float32(0.75 * swing) * look.noise.fractal(
        x * np.float32(1.5) + seat, seat + i, 4
    )
    side = np.sign(look.view.subject) if i % 2 == 0 else -0.55 * np.sign(look.view.subject)
    toward = x * np.float32(side / half)
    y = y + np.float32(swing) * (smooth(-0.9, 1.1, toward) - np.float32(0.42))
    return np.stack([x[0], y[0]], 1).astype(np.float32)


def _row(
    look: Look, nursery: Nursery, random: np.random.Generator, t: float, ridge: Outline, tall: float
) -> list[Tree]:
    """The trees of one layer, in drawing order."""
    view = look.view
    dense = 5.5 if t < 0.8 else 3.6
    count = min(900, int(dense * view.half * 2 / (tall * 0.23)))
    xs = random.uniform(-view.half * 1.08, view.half * 1.08, count)
    mixed = {"autumn": 0.5, "spring": 0.35, "summer": 0.2}.get(look.scene.season, 0.0)
    shadow = 1 - (0.0 if look.white else 0.30) * t
    trees: list[Tree] = []
    for x in xs.tolist():
        # The nearest trees stand to the sides and leave the middle and the calm side open.
        toward = x * float(np.sign(view.subject)) / view.half
        frame = abs(toward) if not view.calm else max(toward, -0.4)
        open_ = t > 0.8 and frame < 0.62 + 0.16 * float(random.random())
        size = (
            tall
            * float(random.uniform(0.5, 1.1))
            * (float(random.uniform(0.12, 0.36)) if open_ else 1.0)
        )
        is_round = bool(random.random() < mixed) and t < 0.95
        dark, lit = nursery.colours(random, is_round)
        foot = (
            float(np.interp(x, ridge[:, 0], ridge[:, 1]))
            - (0.06 + float(random.random()) ** 1.6 * (3.0 - 2.3 * t)) * tall
        )
        trees.append(Tree(x, foot, size, _toned(dark, shadow), _toned(lit, shadow), is_round))
    return sorted(trees, key=lambda tree: -tree.y)


def _draw_layer(
    canvas: skia.Canvas, look: Look, nursery: Nursery, ridge: Outline, trees: list[Tree]
) -> None:
    random = look.random(0xF1 + len(trees))
    low = np.float32(look.view.bottom - 0.1)
    ground = np.concatenate([ridge, [[ridge[-1, 0], low], [ridge[0, 0], low]]])
    dark, lit = (np.array(c, np.float32) for c in (trees[0].dark, trees[0].lit))
    floor = mix(dark, lit, 0.75 if look.white else 0.12)
    canvas.drawPath(shape(ground.astype(np.float32)), paint(floor))
    for tree in trees:
        nursery.draw(canvas, random, tree)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where trees grow on a height field.

    Attributes:
        count: tries; most fall away.
        near: least depth.
        far: greatest depth.
        tall: height of a tree, world units.
        low: least height of the land.
        high: the tree line.
        open: 0 to 1, how much stays open.
        round: share of broad crowns among the trees.
        woods: whether they keep to the land's own woods.
        scale: of those woods.
    """

    count: int
    near: float
    far: float
    tall: float
    low: float = -9.0
    high: float = 9.0
    open: float = 0.5
    round: float = 0.0
    woods: bool = False
    scale: float = 1.0


def scattered(picture: Floats, look: Look, land: Land, depth: Floats, stand: Stand) -> None:
    """Grow trees on the visible land, in place; those behind a rise stay hidden."""
    random = look.random(0x7E)
    view, n = look.view, stand.count
    z = (stand.near * (stand.far / stand.near) ** random.random(n)).astype(np.float32)
    slope = random.uniform(-1.05, 1.05, n).astype(np.float32) * np.float32(view.half)
    jx, jz = Jet.plane((slope * z)[None], z[None].copy(), slopes=True)
    h = land.form(jx, jz, None)
    assert h.dx is not None
    assert h.dz is not None
    steep = (np.abs(h.dx) + np.abs(h.dz))[0]
    groves = look.noise.fractal(jx.v * np.float32(0.8) + 7, jz.v * np.float32(0.8), 3)[0]
    y = (h.v[0] - np.float32(land.eye)) / z
    edge = groves * 1.6 + np.float32(0.55 - stand.open) - np.maximum(steep - 0.8, 0)
    if stand.woods:
        u, w = jx.v * np.float32(stand.scale), jz.v * np.float32(stand.scale)
        u, w = (
            u + np.float32(land.seat[0] * stand.scale),
            w + np.float32(land.seat[1] * stand.scale),
        )
        edge = wooded(look.noise, Jet(u), Jet(w)).v[0] - np.float32(0.3)
    toward = slope * np.float32(np.sign(view.subject) / view.half)
    if view.calm:
        edge = edge + np.float32(0.22) * toward / np.sqrt(z)
    grows = (edge > 0) & (h.v[0] > stand.low) & (h.v[0] < stand.high + 0.25 * groves)
    column = np.clip(view.column(0) + slope / view.scale, 0, view.width - 1).astype(int)
    row = np.clip(view.row(0) - y / view.scale, 0, view.height - 1).astype(int)
    grows &= depth[row, column] > z * np.float32(0.94)
    order = [int(k) for k in np.argsort(-z) if grows[k]]
    mixed = max(stand.round, {"autumn": 0.45, "spring": 0.25}.get(look.scene.season, 0.0))

    nursery = Nursery(look)

    def draw(canvas: skia.Canvas) -> None:
        air = look.air(slope, y)
        for k in order:
            is_round = bool(random.random() < mixed)
            size = stand.tall / float(z[k]) * float(random.uniform(0.55, 1.15))
            t = 1 - float(np.exp(-float(z[k]) * look.light.density * 0.045))
            dark, lit = (_hazed(c, air[k], t) for c in nursery.colours(random, is_round))
            tree = Tree(float(slope[k]), float(y[k]) - 0.02 * size, size, dark, lit, is_round)
            nursery.draw(canvas, random, tree)

    over(picture, inked(view, draw))


def _shafts(picture: Floats, look: Look) -> None:
    """Light that falls through gaps: the bright sky smeared away from the sun, in place."""
    view, light = look.view, look.light
    size = (max(32, view.width // 6), max(32, view.height // 6))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    bright = np.clip(small - np.float32(0.62), 0, 0.5)
    centre = (
        view.column(view.sun[0]) * size[0] / view.width,
        view.row(view.sun[1]) * size[1] / view.height,
    )
    for zoom in (1.05, 1.11, 1.23, 1.5):
        turn = cv2.getRotationMatrix2D(centre, 0, zoom)
        bright = (bright + cv2.warpAffine(bright, turn, size, flags=cv2.INTER_LINEAR)) * np.float32(
            0.5
        )
    beams = cv2.resize(bright, (view.width, view.height), interpolation=cv2.INTER_CUBIC)
    picture += np.maximum(beams, 0) * np.float32(0.42 * (1 - light.dark))
