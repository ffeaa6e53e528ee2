"""Trees: outlines of conifers and broad crowns, stands of them in layers, and the forest."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skia

from brandmodel.local.picture.colour import Array, mix
from brandmodel.local.picture.land_ink import Outline, inked, over, paint, shape
from brandmodel.local.picture.land_look import Look
from brandmodel.local.picture.noise import Jet, smooth
from brandmodel.local.picture.terrain import Land


def conifer(random: np.random.Generator, tall: float, tiers: int) -> tuple[Outline, Outline, Outline]:
    """A spruce, foot at 0: its outline, its right half in light, and what snow lies on it.

    Branches droop: each tier goes out and down, then back in and a little up.
    """
    k = np.arange(1, tiers + 1, dtype=np.float32) / np.float32(tiers)
    reach = tall * 0.185 * k**0.9 * random.uniform(0.72, 1.22, (2, tiers)).astype(np.float32)
    y = tall * (1 - 0.93 * k**1.05)
    droop = tall * 0.030 * random.uniform(0.4, 1.5, (2, tiers)).astype(np.float32)
    sides: list[Outline] = []
    for sign, out, down in ((1, reach[0], droop[0]), (-1, reach[1], droop[1])):
        tip = np.stack([sign * out, y - down], 1)
        back = np.stack([sign * out * 0.42, y + droop[0] * 0.5], 1)
        sides.append(np.stack([tip, back], 1).reshape(-1, 2).astype(np.float32))
    stem = np.array([[0.012, 0], [0.014, 0], [-0.014, 0], [-0.012, 0]], np.float32) * np.float32(tall)
    stem[[0, 3], 1] = y[-1]
    top = np.array([[0, tall]], np.float32)
    whole = np.concatenate([top, sides[0], stem, sides[1][::-1]])
    inner = np.stack([sides[0][:, 0] * random.uniform(0.0, 0.35, len(sides[0])), sides[0][:, 1]], 1)
    half = np.concatenate([top, sides[0], inner[::-1]])
    lift = np.array([0, 0.55 * tall / tiers], np.float32)
    frost = np.stack([np.stack([s[0::2], s[0::2] * [0.25, 1] + lift * 1.1, s[0::2] * [0.42, 1] + lift * 0.15], 1)
                      for s in sides]).reshape(-1, 3, 2)  # fmt: skip
    return whole.astype(np.float32), half.astype(np.float32), frost.astype(np.float32)


def draw_conifer(canvas: skia.Canvas, random: np.random.Generator, tree: Tree, side: float, snowy: bool) -> None:
    """Draw a spruce; a small one has fewer points."""
    tiers = int(np.clip(tree.tall / 0.012, 5, 17))
    whole, half, frost = conifer(random, tree.tall, tiers)
    flip = np.array([side, 1], np.float32)
    at = np.array([tree.x, tree.y], np.float32)
    canvas.drawPath(shape(whole * flip + at), paint(tree.dark))
    if not snowy:
        canvas.drawPath(shape(half * flip + at), paint(tree.lit))
        return
    path = skia.Path()
    for a, b, c in (frost * flip + at).tolist():
        path.moveTo(*a)
        path.lineTo(*b)
        path.lineTo(*c)
        path.close()
    canvas.drawPath(path, paint(tree.lit))


def draw_broadleaf(canvas: skia.Canvas, random: np.random.Generator, tree: Tree, side: float) -> None:
    """Draw a round crown: tufts of leaves from the shaded ones behind to the lit ones before."""
    tall = tree.tall
    wide = tall * float(random.uniform(0.26, 0.36))
    trunk = np.array([[-0.022, 0.45], [-0.034, -0.02], [0.034, -0.02], [0.022, 0.45]], np.float32) * np.float32(tall)
    canvas.drawPath(shape(trunk + np.array([tree.x, tree.y], np.float32)), paint(tree.dark * np.float32(0.6)))
    tufts = int(np.clip(tall / 0.0045, 9, 52))
    points = int(np.clip(tall / 0.02, 7, 13))
    angle = random.uniform(0, 2 * np.pi, tufts)
    out = np.sqrt(random.random(tufts)) * 0.86
    cx, cy = np.cos(angle) * out, np.sin(angle) * out
    light = cx * 0.55 * side + cy * 0.80 + random.normal(0, 0.22, tufts)
    size = random.uniform(0.24, 0.40, tufts) * (1.25 - 0.5 * out)
    around = np.linspace(0, 2 * np.pi, points, endpoint=False)
    for i in np.argsort(light):
        r = size[i] * random.uniform(0.62, 1.12, points)
        x = tree.x + wide * (cx[i] + np.cos(around) * r)
        y = tree.y + tall * 0.62 + tall * 0.38 * (cy[i] + np.sin(around) * r)
        tint = mix(tree.dark, tree.lit, float(np.clip(0.5 + 0.62 * light[i], 0, 1)))
        canvas.drawPath(shape(np.stack([x, y], 1).astype(np.float32)), paint(tint))


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree on the picture: foot and height in slopes, colours in linear light."""

    x: float
    y: float
    tall: float
    dark: Array
    lit: Array
    round: bool = False


def draw_tree(canvas: skia.Canvas, random: np.random.Generator, tree: Tree, look: Look) -> None:
    """Draw one tree."""
    if tree.round:
        draw_broadleaf(canvas, random, tree, look.side)
    else:
        draw_conifer(canvas, random, tree, look.side, look.white)


def tree_colours(look: Look, random: np.random.Generator, is_round: bool) -> tuple[Array, Array]:
    """Shaded and lit colour of one tree near the eye, in linear light."""
    ground, light = look.ground, look.light
    leaf = ground.leaf * np.float32(random.uniform(0.45, 0.95))
    if is_round:
        other = ground.bloom if look.scene.season in ("autumn", "spring") else ground.green
        leaf = mix(ground.leaf, other, float(random.uniform(0.1, 0.9))) * np.float32(0.8)
    dark = leaf * (light.fill * np.float32(0.55) + light.key * np.float32(0.03))
    lit = leaf * (light.fill * np.float32(0.85) + light.key * np.float32(0.45))
    if look.white:
        lit = ground.snow * (light.fill * np.float32(1.05) + light.key * np.float32(0.22))
        dark = dark * np.float32(0.9)
    return dark.astype(np.float32), lit.astype(np.float32)


def forest(picture: Array, look: Look) -> Array:
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
    layers = 8
    for i in range(layers):
        t = i / (layers - 1)
        tall = (0.040 + 0.36 * t**2.1) * min(1.0, view.top / 0.5)
        base = 0.26 * view.top * (1 - t) ** 1.1 - floor * 0.92 * t**1.6
        ridge = _ridge(look, random, i, base, 0.21 * view.top * (1 - 0.62 * t))
        trees = _row(look, random, t, ridge, tall)
        clear = (0.13 + 0.87 * t**1.15) / (1 + 0.16 * (light.density - 1))
        foot = np.interp(view.xs(), ridge[:, 0], ridge[:, 1]).astype(np.float32)[None, :]
        drop = np.float32(0.30 * view.top * (1 - 0.55 * t))
        veil = smooth(0.0, 1.0, np.clip((foot + tall * 0.5 - y) / drop, 0, 1))
        keep = np.float32(clear) * (1 - np.float32(0.80 * (1 - t) ** 0.6) * veil)
        colour, alpha = inked(view, lambda canvas, r=ridge, tr=trees: _draw_layer(canvas, look, r, tr))
        over(picture, ((air + (colour - air) * keep[..., None]).astype(np.float32), alpha))
        depth[alpha > 0.5] = np.float32(16 * (1 - t) ** 1.5 + 1.2)
    _shafts(picture, look)
    return depth


def _ridge(look: Look, random: np.random.Generator, i: int, base: float, swing: float) -> Outline:
    """(N, 2) line of the ground under a layer, left to right."""
    half = look.view.half
    x = np.linspace(-half * 1.1, half * 1.1, 128, dtype=np.float32)[None, :]
    seat = np.full_like(x, float(random.uniform(0, 30)))
    y = base + np.float32(0.75 * swing) * look.noise.fractal(x * np.float32(1.5) + seat, seat + i, 4)
    side = np.sign(look.view.subject) if i % 2 == 0 else -0.55 * np.sign(look.view.subject)
    toward = x * np.float32(side / half)
    y = y + np.float32(swing) * (smooth(-0.9, 1.1, toward) - np.float32(0.42))
    return np.stack([x[0], y[0]], 1).astype(np.float32)


def _row(look: Look, random: np.random.Generator, t: float, ridge: Outline, tall: float) -> list[Tree]:
    """The trees of one layer, in drawing order."""
    view = look.view
    dense = 3.4 if t < 0.75 else 2.2
    count = min(900, int(dense * view.half * 2 / (tall * 0.23)))
    xs = random.uniform(-view.half * 1.08, view.half * 1.08, count)
    mixed = {"autumn": 0.5, "spring": 0.35, "summer": 0.2}.get(look.scene.season, 0.0)
    shadow = np.float32(1 - 0.42 * t)
    trees: list[Tree] = []
    for x in xs.tolist():
        # The nearest trees stand to the sides and leave the middle and the calm side open.
        toward = x * float(np.sign(view.subject)) / view.half
        frame = abs(toward) if not view.calm else max(toward, -0.4)
        open_ = t > 0.65 and frame < 0.62 + 0.16 * float(random.random())
        size = tall * float(random.uniform(0.5, 1.1)) * (0.36 if open_ else 1.0)
        is_round = bool(random.random() < mixed) and t < 0.95
        dark, lit = tree_colours(look, random, is_round)
        foot = float(np.interp(x, ridge[:, 0], ridge[:, 1])) - float(random.uniform(0.05, 0.75)) * tall * 0.5
        trees.append(Tree(x, foot, size, dark * shadow, lit * shadow, is_round))
    return sorted(trees, key=lambda tree: -tree.y)


def _draw_layer(canvas: skia.Canvas, look: Look, ridge: Outline, trees: list[Tree]) -> None:
    random = look.random(0xF1 + len(trees))
    low = np.float32(look.view.bottom - 0.1)
    ground = np.concatenate([ridge, [[ridge[-1, 0], low], [ridge[0, 0], low]]])
    floor = trees[0].dark if not look.white else mix(trees[0].dark, trees[0].lit, 0.75)
    canvas.drawPath(shape(ground.astype(np.float32)), paint(floor))
    for tree in trees:
        draw_tree(canvas, random, tree, look)


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
    """

    count: int
    near: float
    far: float
    tall: float
    low: float = -9.0
    high: float = 9.0
    open: float = 0.5


def scattered(picture: Array, look: Look, land: Land, depth: Array, stand: Stand) -> None:
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
    toward = slope * np.float32(np.sign(view.subject) / view.half)
    if view.calm:
        edge = edge + np.float32(0.22) * toward / np.sqrt(z)
    grows = (edge > 0) & (h.v[0] > stand.low) & (h.v[0] < stand.high + 0.25 * groves)
    column = np.clip(view.column(0) + slope / view.scale, 0, view.width - 1).astype(int)
    row = np.clip(view.row(0) - y / view.scale, 0, view.height - 1).astype(int)
    grows &= depth[row, column] > z * np.float32(0.94)
    order = [int(k) for k in np.argsort(-z) if grows[k]]
    mixed = {"autumn": 0.45, "spring": 0.25}.get(look.scene.season, 0.0)

    def draw(canvas: skia.Canvas) -> None:
        air = look.air(slope, y)
        for k in order:
            is_round = bool(random.random() < mixed)
            size = stand.tall / float(z[k]) * float(random.uniform(0.55, 1.15))
            t = np.float32(1 - np.exp(-float(z[k]) * look.light.density * 0.045))
            dark, lit = (c + (air[k] - c) * t for c in tree_colours(look, random, is_round))
            tree = Tree(float(slope[k]), float(y[k]) - 0.02 * size, size, dark, lit, is_round)
            draw_tree(canvas, random, tree, look)

    over(picture, inked(view, draw))


def _shafts(picture: Array, look: Look) -> None:
    """Light that falls through gaps: the bright sky smeared away from the sun, in place."""
    view, light = look.view, look.light
    size = (max(32, view.width // 6), max(32, view.height // 6))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    bright = np.clip(small - np.float32(0.62), 0, 0.5)
    centre = (view.column(view.sun[0]) * size[0] / view.width, view.row(view.sun[1]) * size[1] / view.height)
    for zoom in (1.05, 1.11, 1.23, 1.5):
        turn = cv2.getRotationMatrix2D(centre, 0, zoom)
        bright = (bright + cv2.warpAffine(bright, turn, size, flags=cv2.INTER_LINEAR)) * np.float32(0.5)
    beams = cv2.resize(bright, (view.width, view.height), interpolation=cv2.INTER_CUBIC)
    picture += np.maximum(beams, 0) * np.float32(0.42 * (1 - light.dark))
