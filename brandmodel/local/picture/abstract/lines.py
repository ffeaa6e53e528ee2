"""Ribbons of fine lines, and layered waves."""

from __future__ import annotations

import numpy as np
import skia

from brandmodel.local.picture import colour
from brandmodel.local.picture.abstract.stage import (
    Field,
    Pixels,
    Stage,
    argb,
    filled,
    lightness,
    mixed,
    toned,
)

_POINTS = 72


def ribbons(stage: Stage) -> Pixels:
    """Bands of light: many fine strokes between two moving edges, bright where the band turns."""
    dark = stage.random.random() < 0.72
    _glow(stage, dark=dark)
    count = 1 + round(1.7 * stage.energy)
    for i in range(count):
        _ribbon(stage, i, count, dark=dark)
    return stage.finished(grain=0.012)


def waves(stage: Stage) -> Pixels:
    """Hills of water in flat tones, from pale and far to deep and near, and a low sun."""
    count = 5 + round(4 * stage.energy)
    tones = _wave_tones(stage, count)
    sky = tones.pop(0)
    stage.clear(sky)
    level = _wave_level(stage)
    # With the calm side below, the nearest wave is one broad sheet of water.
    foot = 0.52 if stage.scene.space == "bottom" else 1.02
    _sun(stage, level, sky)
    for i, tone in enumerate(tones):
        _wave(stage, i / len(tones), (level, foot), tone)
    return stage.finished(grain=0.01)


def _glow(stage: Stage, *, dark: bool) -> None:
    """A ground that is lit from one corner."""
    if dark:
        base = toned(stage.ink, min(0.24, lightness(stage.ink)))
        lit = mixed(base, toned(stage.primary, 0.42, chroma=0.9), 0.75)
        deep = toned(stage.ink, 0.13)
    else:
        base = toned(stage.paper, max(0.93, lightness(stage.paper)))
        lit = mixed(base, "#ffffff", 0.7)
        deep = mixed(base, stage.primary, 0.14)
    x = stage.wide * float(stage.random.uniform(0.1, 0.4))
    y = stage.high * float(stage.random.uniform(0.05, 0.45))
    if stage.scene.space == "left":
        x = stage.wide - x
    reach = 0.95 * max(stage.wide, stage.high)
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(x, y),
        radius=reach,
        colors=[argb(lit), argb(base), argb(deep)],
        positions=[0.0, 0.5, 1.0],
    )
    paint = skia.Paint(Shader=shader, Dither=True)
    stage.canvas.drawRect(skia.Rect.MakeWH(stage.wide, stage.high), paint)


def _ribbon(stage: Stage, index: int, count: int, *, dark: bool) -> None:
    """One band. Lines run along the picture; each is the band's middle plus a turning offset."""
    random = stage.random
    strokes = round((130 + 60 * stage.energy) / count**0.4)
    along = np.linspace(-0.08, 1.08, _POINTS, dtype=np.float32)
    across = np.linspace(0, 1, strokes, dtype=np.float32)[:, None]
    upright = stage.high > 1.25 * stage.wide
    middle = _middle(stage, along, index, count)
    girth = (
        (0.15 + 0.15 * stage.energy)
        * float(random.uniform(0.8, 1.3))
        * (1.4 if count == 1 else 1.0)
    )
    swell = (
        0.35
        + 0.65
        * np.sin(
            np.pi * (along * float(random.uniform(0.9, 1.5)) + float(random.uniform(-0.1, 0.3)))
        )
        ** 2
    )
    turn = float(random.uniform(0.8, 1.5)) * along * np.pi * (1 + stage.energy)
    phase = turn + float(random.uniform(0, 6.28))
    twist = float(random.uniform(2.0, 3.0))
    offsets = np.sin(phase[None] + across * twist) * swell[None] * np.float32(girth)
    offsets *= 1 - 0.5 * _leaving(stage, along)[None]
    lines = middle[None] + offsets
    shader = _band_shader(stage, index, dark=dark, upright=upright)
    paint = skia.Paint(
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.0019,
        Shader=shader,
        BlendMode=skia.BlendMode.kScreen if dark else skia.BlendMode.kMultiply,
    )
    length = stage.high if upright else stage.wide
    for line in lines:
        points = np.stack([along * length, line], -1)
        if upright:
            points = points[:, ::-1]
        stage.canvas.drawPath(_smooth(points), paint)


def _middle(stage: Stage, along: Field, index: int, count: int) -> Field:
    """The way of a band's middle across the picture, in units, away from the calm side."""
    random = stage.random
    upright = stage.high > 1.25 * stage.wide
    room = stage.wide if upright else stage.high
    calm_low = stage.scene.space == ("left" if upright else "top")
    calm_high = stage.scene.space == ("right" if upright else "bottom")
    center = 0.74 if calm_low else 0.26 if calm_high else 0.52
    center += (index - (count - 1) / 2) * 0.12
    sway = 0.07 if calm_low or calm_high else 0.15
    slope = float(random.uniform(-0.3, 0.3)) * (0.4 if calm_low or calm_high else 1.0)
    wave = np.sin(along * float(random.uniform(2.6, 4.4)) + float(random.uniform(0, 6.28)))
    way = center + sway * wave + slope * (along - 0.5)
    # Where the calm side lies at an end, the band sweeps down and out of the picture before it.
    leaving = _leaving(stage, along)
    return ((way + (1.25 + 0.12 * index - way) * leaving) * room).astype(np.float32)


def _leaving(stage: Stage, along: Field) -> Field:
    ends = ("top", "bottom") if stage.high > 1.25 * stage.wide else ("left", "right")
    if stage.scene.space not in ends:
        return np.zeros_like(along)
    depth = 1 - along if stage.scene.space == ends[0] else along
    t = np.clip((depth - 0.08) / 0.62, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _band_shader(stage: Stage, index: int, *, dark: bool, upright: bool) -> skia.Shader:
    """Colours along a band: it comes out of the ground, shines, and goes back."""
    warm, cool = stage.colours()[1 % len(stage.colours())], stage.primary
    if index % 2:
        warm, cool = cool, warm
    if dark:
        stops = [
            (mixed(stage.paper, warm, 0.3), 0.42),
            (warm, 0.3),
            (mixed(cool, stage.paper, 0.4), 0.34),
            (mixed(stage.paper, warm, 0.6), 0.42),
            (warm, 0.3),
        ]
    else:
        stops = [(cool, 0.2), (warm, 0.26), (cool, 0.22), (stage.ink, 0.22), (warm, 0.16)]
    if stage.random.random() < 0.5:
        stops.reverse()
    end = skia.Point(0, stage.high) if upright else skia.Point(stage.wide, 0)
    return skia.GradientShader.MakeLinear(
        points=[skia.Point(0, 0), end], colors=[argb(c, a) for c, a in stops]
    )


def _smooth(points: Field) -> skia.Path:
    """A curve through points: quadratic pieces between their middles."""
    path = skia.Path()
    path.moveTo(float(points[0, 0]), float(points[0, 1]))
    middles = (points[1:] + points[:-1]) / 2
    for (cx, cy), (x, y) in zip(points[1:-1].tolist(), middles[1:].tolist(), strict=True):
        path.quadTo(cx, cy, x, y)
    return path


def _sinking(stage: Stage, x: Field) -> Field:
    """Where the calm side is at the left or right, the sea falls away towards it like a swell."""
    if stage.scene.space not in ("left", "right"):
        return np.zeros_like(x)
    across = x / np.float32(stage.wide)
    depth = 1 - across if stage.scene.space == "left" else across
    t = np.clip((depth - 0.14) / 0.6, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _wave_tones(stage: Stage, count: int) -> list[str]:
    """Sky, then the waves from far to near: one ramp through the palette, even in lightness."""
    night = stage.random.random() < 0.3
    sky = toned(stage.ink, 0.25) if night else stage.paper
    far = mixed(sky, stage.primary, 0.3)
    ramp = [far, stage.primary, mixed(stage.primary, stage.ink, 0.6), stage.ink]
    if night:
        ramp = [
            mixed(sky, stage.primary, 0.25),
            stage.primary,
            mixed(stage.primary, stage.paper, 0.55),
        ]
    places = np.linspace(0, len(ramp) - 1, count)
    tones = [
        mixed(ramp[int(p)], ramp[min(int(p) + 1, len(ramp) - 1)], float(p - int(p))) for p in places
    ]
    return [sky, *tones]


def _wave_level(stage: Stage) -> float:
    """Where the farthest wave lies, as a share of the height."""
    if stage.scene.space == "top":
        return 0.6
    if stage.scene.space == "bottom":
        return 0.24
    return float(stage.random.uniform(0.34, 0.46))


def _sun(stage: Stage, level: float, sky: str) -> None:
    radius = float(stage.random.uniform(0.13, 0.2))
    side = {"left": 0.74, "right": 0.26}.get(stage.scene.space)
    x = stage.wide * (side or float(stage.random.uniform(0.24, 0.76)))
    y = stage.high * level + radius * float(stage.random.uniform(-0.35, 0.25))
    stage.subject(x, y, radius)
    halo = skia.GradientShader.MakeRadial(
        center=skia.Point(x, y),
        radius=radius * 3.2,
        colors=[argb(stage.accent, 0.28), argb(stage.accent, 0.07), argb(stage.accent, 0.0)],
    )
    stage.canvas.drawCircle(
        x, y, radius * 3.2, skia.Paint(Shader=halo, Dither=True, AntiAlias=True)
    )
    stage.canvas.drawCircle(x, y, radius, filled(stage.accent))


def _wave(stage: Stage, near: float, span: tuple[float, float], tone: str) -> None:
    """One wave down to the lower edge; ``near`` is 0 for the farthest."""
    random = stage.random
    x = np.linspace(-0.02, 1.02, _POINTS, dtype=np.float32) * np.float32(stage.wide)
    level, foot = span
    base = stage.high * (level + (foot - level) * near**1.15 + 0.02)
    height = (0.018 + 0.085 * near) * (0.55 + 0.9 * stage.energy)
    length = 0.55 + 0.8 * near
    swell = np.sin(x / length * 2.1 + float(random.uniform(0, 6.28)))
    ripple = 0.35 * np.sin(x / length * 4.7 + float(random.uniform(0, 6.28)))
    crest = base - height * (swell + ripple)
    crest += _sinking(stage, x) * (stage.high * (1.12 - 0.08 * (1 - near)) - crest)
    path = _smooth(np.stack([x, crest.astype(np.float32)], -1))
    path.lineTo(stage.wide * 1.03, stage.high * 1.1)
    path.lineTo(-stage.wide * 0.03, stage.high * 1.1)
    path.close()
    top = float(crest.min())
    light = colour.with_lightness(colour.rgb(tone), min(1.0, lightness(tone) + 0.055))
    shader = skia.GradientShader.MakeLinear(
        points=[skia.Point(0, top), skia.Point(0, top + 0.3)],
        colors=[argb(colour.hex_of(light)), argb(tone)],
    )
    stage.canvas.drawPath(path, skia.Paint(AntiAlias=True, Shader=shader, Dither=True))
