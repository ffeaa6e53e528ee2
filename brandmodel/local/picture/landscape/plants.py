"""Single trees: a few outlines of each kind, built once and drawn many times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import skia

from brandmodel.local.picture.colour import mix
from brandmodel.local.picture.landscape.ink import Outline, Rgb, fill, rgb_of, shape
from brandmodel.local.picture.landscape.look import Look

_VARIANTS = 9
_TIERS = (5, 8, 12, 17)
_TUFTS = (10, 22, 50)
_TINTS = 5


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree on the picture: foot and height in slopes, colours in linear light."""

    x: float
    y: float
    tall: float
    dark: Rgb
    lit: Rgb
    round: bool = False


class Nursery:
    """Outlines of unit height, foot at 0, lit from the right; drawn mirrored for the left."""

    def __init__(self, look: Look) -> None:
        random = look.random(0x7D)
        self._look = look
        self._side = look.side
        self._white = look.white
        self._spruces = [[_spruce(random, n) for _ in range(_VARIANTS)] for n in _TIERS]
        self._colours = {
            kind: [_colours(look, random, kind) for _ in range(8)] for kind in (False, True)
        }

    @cached_property
    def _crowns(self) -> list[list[list[skia.Path]]]:
        random = self._look.random(0x7C)
        return [[_crown(random, n) for _ in range(_VARIANTS)] for n in _TUFTS]

    def colours(self, random: np.random.Generator, is_round: bool) -> tuple[Rgb, Rgb]:
        """Shaded and lit colour of one tree near the eye."""
        return self._colours[is_round][int(random.integers(8))]

    def draw(self, canvas: skia.Canvas, random: np.random.Generator, tree: Tree) -> None:
        """Draw one tree; a small one has fewer points."""
        which = int(random.integers(_VARIANTS))
        canvas.save()
        canvas.translate(tree.x, tree.y)
        canvas.scale(tree.tall * self._side, tree.tall)
        if tree.round:
            size = 0 if tree.tall < 0.05 else 1 if tree.tall < 0.13 else 2
            for k, path in enumerate(self._crowns[size][which]):
                t = k / (_TINTS - 1)
                tint = tuple(d + (b - d) * t for d, b in zip(tree.dark, tree.lit, strict=True))
                canvas.drawPath(path, fill((tint[0], tint[1], tint[2])))
        else:
            size = (
                0 if tree.tall < 0.045 else 1 if tree.tall < 0.09 else 2 if tree.tall < 0.18 else 3
            )
            whole, half, frost = self._spruces[size][which]
            canvas.drawPath(whole, fill(tree.dark))
            canvas.drawPath(frost if self._white else half, fill(tree.lit))
        canvas.restore()


def _colours(look: Look, random: np.random.Generator, is_round: bool) -> tuple[Rgb, Rgb]:
    ground, light = look.ground, look.light
    leaf = ground.needle * np.float32(random.uniform(0.45, 0.95))
    if is_round:
        other = {"autumn": ground.bloom, "spring": mix(ground.bloom, ground.snow, 0.6)}.get(
            look.scene.season, ground.green
        )
        leaf = mix(ground.leaf, other, float(random.uniform(0.1, 0.9))) * np.float32(0.8)
    dark = leaf * (light.fill * np.float32(0.55) + light.key * np.float32(0.03))
    lit = leaf * (light.fill * np.float32(0.85) + light.key * np.float32(0.52))
    if look.white:
        lit = ground.snow * (light.fill * np.float32(1.55) + light.key * np.float32(0.42))
        dark = dark * np.float32(0.75)
    return rgb_of(dark), rgb_of(lit)


def _spruce(random: np.random.Generator, tiers: int) -> tuple[skia.Path, skia.Path, skia.Path]:
    """Outline, its right half in light, and what snow lies on the branches.

    Branches droop: each tier goes out and down, then back in and a little up.
    """
    k = np.arange(1, tiers + 1, dtype=np.float32) / np.float32(tiers)
    y = (1 - 0.93 * k**1.05).astype(np.float32)
    lift = 0.55 / tiers
    sides: list[Outline] = []
    snow = skia.Path()
    for sign in (1.0, -1.0):
        out = 0.175 * k**0.9 * random.uniform(0.70, 1.22, tiers)
        tip = np.stack([sign * out, y - 0.030 * random.uniform(0.4, 1.5, tiers)], 1)
        back = np.stack([sign * out * 0.42, y + 0.5 * lift * 0.4], 1)
        sides.append(np.stack([tip, back], 1).reshape(-1, 2).astype(np.float32))
        inner = tip * [0.35, 1] + [0, lift * 0.85]
        below = tip * [0.50, 1] + [0, lift * 0.22]
        for a, b, c in np.stack([tip, inner, below], 1).tolist():
            snow.moveTo(*a)
            snow.lineTo(*b)
            snow.lineTo(*c)
            snow.close()
    foot = float(y[-1])
    stem = np.array([[0.012, foot], [0.014, 0], [-0.014, 0], [-0.012, foot]], np.float32)
    top = np.array([[0, 1]], np.float32)
    whole = np.concatenate([top, sides[0], stem, sides[1][::-1]])
    inside = sides[0] * np.stack([random.uniform(0.0, 0.35, 2 * tiers), np.ones(2 * tiers)], 1)
    half = np.concatenate([top, sides[0], inside[::-1]])
    return shape(whole.astype(np.float32)), shape(half.astype(np.float32)), snow


def _crown(random: np.random.Generator, tufts: int) -> list[skia.Path]:
    """Tufts of leaves, sorted from the shaded ones behind to the lit ones before, and a trunk."""
    wide = float(random.uniform(0.26, 0.36))
    angle = random.uniform(0, 2 * np.pi, tufts)
    out = np.sqrt(random.random(tufts)) * 0.86
    cx, cy = np.cos(angle) * out, np.sin(angle) * out
    light = cx * 0.55 + cy * 0.80 + random.normal(0, 0.22, tufts)
    size = random.uniform(0.22, 0.38, tufts) * (1.25 - 0.5 * out) * (1.25 if tufts < 12 else 1.0)
    around = np.linspace(0, 2 * np.pi, 11, endpoint=False)
    paths = [skia.Path() for _ in range(_TINTS)]
    paths[0].addPath(
        shape(np.array([[-0.02, 0.45], [-0.03, -0.02], [0.03, -0.02], [0.02, 0.45]], np.float32))
    )
    for i in range(tufts):
        r = size[i] * random.uniform(0.62, 1.12, len(around))
        x = wide * (cx[i] + np.cos(around) * r)
        y = 0.57 + 0.42 * (cy[i] + np.sin(around) * r)
        level = int(np.clip((0.5 + 0.62 * light[i]) * _TINTS, 0, _TINTS - 1))
        paths[level].addPath(shape(np.stack([x, y], 1).astype(np.float32)))
    return paths
