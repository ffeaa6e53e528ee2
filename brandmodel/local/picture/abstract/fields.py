"""Mesh gradients and halftones: pictures made of one smooth field."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.local.picture import colour
from brandmodel.local.picture.abstract.stage import Field, Pixels, Stage, lightness, mixed, toned


def gradient(stage: Stage) -> Pixels:
    """Colours that flow into each other: soft points of the palette, mixed in OKLab.

    Drawn at a quarter of the size: nothing in it is finer than that.
    """
    x, y = stage.grid(0.25)
    dark = bool(stage.random.random() < 0.55)
    x, y = _warped(stage, x, y)
    points = _mesh(stage, dark=dark)
    total, chroma = np.zeros((2, *x.shape, 1), np.float32)
    lab = np.zeros((*x.shape, 3), np.float32)
    for at, reach, fill in points:
        distance = ((x - at[0]) ** 2 + (y - at[1]) ** 2) / np.float32(reach * reach)
        weight = np.exp(-distance * np.float32(1.35))[..., None] + np.float32(1e-5)
        own = colour.lab(fill)
        lab += weight * own
        chroma += weight * np.float32(np.hypot(own[1], own[2]))
        total += weight
    lab = _vivid(lab / total, chroma / total)
    lab = _folded(stage, lab, x, y)
    light = np.maximum(colour.from_oklab(lab), 0)
    size = (stage.width, stage.height)
    whole = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return stage.developed(whole, grain=0.022)


def halftone(stage: Stage) -> Pixels:
    """A lit shape, printed in dots: one screen in the first colour, a finer one in the second."""
    dark = bool(stage.random.random() < 0.3)
    paper = toned(stage.ink, min(0.27, lightness(stage.ink))) if dark else stage.paper
    inks = (stage.primary, stage.accent if dark else stage.ink)
    pitch = 0.026 - 0.008 * stage.energy
    light = np.broadcast_to(colour.rgb(paper), (stage.height, stage.width, 3)).astype(np.float32)
    tone, shade = _lit(stage)
    angles = (float(stage.random.uniform(0.2, 0.35)), float(stage.random.uniform(0.75, 0.9)))
    for plane, ink, angle in ((tone, inks[0], angles[0]), (shade, inks[1], angles[1])):
        cover = _screened(stage, plane, pitch, angle)
        light += (colour.rgb(ink) - light) * cover[..., None]
    return stage.developed(light, grain=0.008)


def _warped(stage: Stage, x: Field, y: Field) -> tuple[Field, Field]:
    """Coordinates bent by long waves, so that round points become streams."""
    strength = 0.14 + 0.2 * stage.energy
    bent_x, bent_y = np.broadcast_arrays(x, y)
    for octave in (1.0, 1.9):
        a, b, c, d = (float(v) for v in stage.random.uniform(0, 6.28, 4))
        k = np.float32(2.3 * octave)
        dx = np.sin(bent_y * k + np.float32(a)) + np.sin(
            bent_x * k * np.float32(0.7) + np.float32(b)
        )
        dy = np.sin(bent_x * k + np.float32(c)) + np.sin(
            bent_y * k * np.float32(0.6) + np.float32(d)
        )
        bent_x = bent_x + dx * np.float32(strength / octave / 2)
        bent_y = bent_y + dy * np.float32(strength / octave / 2)
    return bent_x.astype(np.float32), bent_y.astype(np.float32)


def _mesh(stage: Stage, *, dark: bool) -> list[tuple[tuple[float, float], float, str]]:
    """(place, reach, colour) of the points; the calm side is all ground."""
    ground = toned(stage.ink, min(0.28, lightness(stage.ink))) if dark else stage.paper
    deep = mixed(stage.primary, stage.ink if dark else stage.paper, 0.45)
    loud = [stage.primary, ground, stage.accent, deep, *stage.more]
    count = 7 + round(4 * stage.energy)
    first, lively = int(stage.random.integers(1000)), 0
    points: list[tuple[tuple[float, float], float, str]] = []
    for i in range(40):
        # A low-discrepancy walk keeps points apart without looking like a grid.
        x = (0.5 + (first + i) * 0.7548776662) % 1 * stage.wide
        y = (0.5 + (first + i) * 0.5698402910) % 1 * stage.high
        reach = float(stage.random.uniform(0.3, 0.5)) * (1.2 - 0.3 * stage.energy)
        calm = float(stage.calm(x, y)) > 0.2
        points.append(((x, y), reach, ground if calm else loud[lively % len(loud)]))
        lively += not calm
        if lively >= count:
            break
    return points


def _vivid(lab: Field, chroma: Field) -> Field:
    """Give mixtures of distant hues back the colour they lose on the way through grey."""
    own = np.sqrt((lab[..., 1:] ** 2).sum(-1, keepdims=True))
    gain = np.clip(chroma * np.float32(0.62) / np.maximum(own, np.float32(0.012)), 1, 1.9)
    lab[..., 1:] *= gain
    return lab


def _folded(stage: Stage, lab: Field, x: Field, y: Field) -> Field:
    """A soft fold of light across the picture, as in silk; none on the calm side."""
    angle = float(stage.random.uniform(0.3, 1.2))
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    fold = np.sin(
        along * np.float32(3.2 + 2.5 * stage.energy) + np.float32(stage.random.uniform(0, 6))
    )
    gx, gy = stage.grid(0.25)
    quiet = 1 - stage.calm(*np.broadcast_arrays(gx, gy))
    lab[..., 0] += np.float32(0.035 + 0.035 * stage.energy) * fold * quiet
    return lab


def _lit(stage: Stage) -> tuple[Field, Field]:
    """Light tone and deep shade 0..1 of one or two lit balls over a slow swell, full size."""
    x, y = stage.grid()
    tone = _swell(stage, x, y)
    shade = np.clip(tone - np.float32(0.42), 0, 1)
    light = tuple(float(v) for v in stage.random.uniform(-0.65, -0.4, 2))
    for cx, cy, radius in _balls(stage):
        stage.subject(cx, cy, radius)
        dx, dy = (
            (x - np.float32(cx)) / np.float32(radius),
            (y - np.float32(cy)) / np.float32(radius),
        )
        flat = dx * dx + dy * dy
        inside = np.clip((1 - np.sqrt(flat)) * np.float32(radius * stage.short / 2) + 0.5, 0, 1)
        dz = np.sqrt(np.clip(1 - flat, 0, 1))
        lit = np.clip(
            dx * np.float32(light[0]) + dy * np.float32(light[1]) + dz * np.float32(0.62), 0, 1
        )
        tone += inside * (np.float32(0.96) - np.float32(0.72) * lit - tone)
        shade += inside * (np.clip(np.float32(0.72) - np.float32(1.7) * lit, 0, 1) - shade)
    return tone.astype(np.float32), shade.astype(np.float32)


def _balls(stage: Stage) -> list[tuple[float, float, float]]:
    """(x, y, radius) of a large ball that is whole, and sometimes a small one beside it."""
    random = stage.random
    radius = float(random.uniform(0.26, 0.33)) + 0.04 * stage.energy
    across = {"left": 0.75, "right": 0.25}.get(stage.scene.space, float(random.uniform(0.3, 0.7)))
    down = {"top": 0.72, "bottom": 0.28}.get(stage.scene.space, float(random.uniform(0.42, 0.56)))
    if stage.scene.space in ("top", "bottom"):
        radius = min(radius, 0.24 * stage.high)
    edge = radius + 0.03
    x = float(np.clip(across * stage.wide, edge, stage.wide - edge))
    y = float(np.clip(down * stage.high, edge, stage.high - edge))
    small = radius * float(random.uniform(0.2, 0.34))
    side = -1.0 if x > stage.wide / 2 else 1.0
    if stage.scene.space in ("left", "right"):
        side = -side
    found = [(x, y, radius)]
    if random.random() < 0.35 + 0.4 * stage.energy:
        found.append((x + side * (radius + small * 1.5), y + radius - small, small))
    return found


def _swell(stage: Stage, x: Field, y: Field) -> Field:
    """A ground that darkens away from the calm side, along a wave."""
    rise = np.float32(0.07 + 0.07 * stage.energy)
    bend = rise * np.sin(x * np.float32(2.4) + np.float32(stage.random.uniform(0, 6.28)))
    along = (y + bend) / np.float32(stage.high)
    if stage.scene.space == "bottom":
        along = 1 - along
    swell = np.clip(along * np.float32(1.25) - np.float32(0.45), 0, 1) * np.float32(0.75)
    calm = stage.calm(*np.broadcast_arrays(x, y))
    return (swell * (1 - calm) ** 2).astype(np.float32)


def _screened(stage: Stage, tone: Field, pitch: float, angle: float) -> Field:
    """Coverage 0..1 of a screen of round dots whose areas follow the tone."""
    x, y = stage.grid()
    c, s = np.float32(np.cos(angle) / pitch), np.float32(np.sin(angle) / pitch)
    u, v = x * c + y * s, y * c - x * s
    u -= np.round(u)
    v -= np.round(v)
    distance = np.sqrt(u * u + v * v)
    # Above three quarters the dots touch; the radius then runs on to the corner of the cell.
    radius = np.sqrt(tone / np.float32(np.pi)) * np.float32(1.12)
    soft = np.float32(pitch * stage.short)
    return np.clip((radius - distance) * soft + np.float32(0.5), 0, 1) * (tone > 0.008)
