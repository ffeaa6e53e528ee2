"""Rings that overlap, and confetti of small shapes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import skia

from brandmodel.local.picture.abstract_stage import Pixels, Stage, filled, mixed, stroked


def rings(stage: Stage) -> Pixels:
    """Concentric bands about a few centres, each clipped by the next, as ripples that meet."""
    ground = stage.pick((stage.paper, stage.ink, stage.primary), (0.5, 0.35, 0.15))
    stage.clear(ground)
    count = 2 + round(2 * stage.energy)
    for i, (x, y, radius) in enumerate(_centres(stage, count)):
        _ring_system(stage, (x, y), radius, ground, lead=i)
    return stage.finished(grain=0.009)


def confetti(stage: Stage) -> Pixels:
    """Small cut shapes, spread evenly by chance, thinning out towards the calm side."""
    ground = stage.pick((stage.paper, stage.ink, stage.primary), (0.55, 0.3, 0.15))
    stage.clear(ground)
    fills = [c for c in (stage.paper, stage.ink, *stage.colours()) if c != ground]
    spacing = 0.2 - 0.095 * stage.energy
    names = list(_PIECES)
    previous = ""
    for x, y in _spread(stage, spacing):
        size = spacing * float(stage.random.choice((0.2, 0.3, 0.3, 0.42)))
        angle = float(stage.random.uniform(0, 360))
        name = stage.pick(names, [0.1 if n == previous else 1.0 for n in names])
        fill = fills[int(stage.random.integers(len(fills)))]
        keep = float(stage.random.random())
        previous = name
        if float(stage.calm(x, y)) > keep * 0.5:
            continue
        stage.canvas.save()
        stage.canvas.translate(x, y)
        stage.canvas.rotate(angle)
        stage.canvas.scale(size, size)
        _PIECES[name](stage.canvas, fill)
        stage.canvas.restore()
    return stage.finished(grain=0.009)


def _centres(stage: Stage, count: int) -> list[tuple[float, float, float]]:
    """(x, y, radius): one large system at an edge, smaller ones across from it."""
    random = stage.random
    side = {"left": 0.9, "right": 0.1}.get(stage.scene.space)
    level = {"top": 0.95, "bottom": 0.05}.get(stage.scene.space)
    x = side if side is not None else float(random.choice((0.12, 0.88)))
    y = level if level is not None else float(random.uniform(0.3, 0.9))
    lively = 0.58 if side is not None or level is not None else 0.86
    found = [(x * stage.wide, y * stage.high, lively * (0.9 + 0.25 * float(random.random())))]
    for _ in range(count - 1):
        spots = [
            (float(random.uniform(0, 1)) * stage.wide, float(random.uniform(0, 1)) * stage.high)
            for _ in range(24)
        ]
        best = max(spots, key=lambda s: _clearance(s, found) - 3 * float(stage.calm(*s)))
        found.append((*best, float(random.uniform(0.2, 0.4))))
    return found


def _clearance(spot: tuple[float, float], others: list[tuple[float, float, float]]) -> float:
    gaps = [np.hypot(spot[0] - x, spot[1] - y) - radius for x, y, radius in others]
    return float(min(gaps) if min(gaps) < 0.25 else 0.25)


def _ring_system(
    stage: Stage, center: tuple[float, float], radius: float, ground: str, *, lead: int
) -> None:
    """Bands from the outside in; widths alternate, one of them in the accent."""
    colours = [c for c in (*stage.colours(), stage.ink, stage.paper) if c != ground]
    colours = colours[lead % len(colours) :] + colours[: lead % len(colours)]
    bands = 4 + round(4 * stage.energy * radius + 2 * radius)
    widths = np.where(np.arange(bands) % 2, 0.6, 1.0) * stage.random.uniform(0.75, 1.25, bands)
    edges = radius * (1 - np.concatenate([[0], np.cumsum(widths)[:-1]]) / (widths.sum() * 1.06))
    turn = cycle([ground, *colours[1:3]])
    for i, edge in enumerate(edges.tolist()):
        fill = colours[0] if i % 2 == 0 else next(turn)
        stage.canvas.drawCircle(*center, edge, filled(fill))
    last = float(edges[-1])
    stage.canvas.drawCircle(*center, last * 0.55, filled(mixed(colours[0], stage.accent, 1.0)))


def _spread(stage: Stage, spacing: float) -> list[tuple[float, float]]:
    """Points no closer than ``spacing``, by best of several candidates (D. P. Mitchell, 1991)."""
    columns = int(np.ceil(stage.wide / spacing)) + 1
    rows = int(np.ceil(stage.high / spacing)) + 1
    found: list[tuple[float, float]] = []
    for row in range(rows):
        for column in range(columns):
            shift = 0.5 if row % 2 else 0.0
            dx, dy = (float(v) for v in stage.random.uniform(-0.27, 0.27, 2))
            found.append(((column + shift + dx) * spacing, (row + 0.35 + dy) * spacing))
    return found


def _dot(canvas: skia.Canvas, fill: str) -> None:
    canvas.drawCircle(0, 0, 0.8, filled(fill))


def _bar(canvas: skia.Canvas, fill: str) -> None:
    canvas.drawRoundRect(skia.Rect.MakeLTRB(-1.2, -0.3, 1.2, 0.3), 0.3, 0.3, filled(fill))


def _half(canvas: skia.Canvas, fill: str) -> None:
    canvas.drawArc(skia.Rect.MakeLTRB(-1, -0.6, 1, 1.4), 180, 180, True, filled(fill))


def _quarter(canvas: skia.Canvas, fill: str) -> None:
    canvas.drawArc(skia.Rect.MakeLTRB(-2.1, -2.1, 0.7, 0.7), 0, 90, True, filled(fill))


def _triangle(canvas: skia.Canvas, fill: str) -> None:
    path = skia.Path()
    path.moveTo(0, -1)
    path.lineTo(0.95, 0.7)
    path.lineTo(-0.95, 0.7)
    path.close()
    canvas.drawPath(path, filled(fill))


def _squiggle(canvas: skia.Canvas, fill: str) -> None:
    path = skia.Path()
    path.moveTo(-1.6, 0.3)
    for i in range(3):
        x = -1.6 + i * 1.07
        path.cubicTo(x + 0.36, -1.1, x + 0.72, 1.5, x + 1.07, 0.1)
    canvas.drawPath(path, stroked(fill, 0.36))


def _ring(canvas: skia.Canvas, fill: str) -> None:
    canvas.drawCircle(0, 0, 0.7, stroked(fill, 0.34))


def _cross(canvas: skia.Canvas, fill: str) -> None:
    for a, b in (((-0.8, 0), (0.8, 0)), ((0, -0.8), (0, 0.8))):
        canvas.drawLine(*a, *b, stroked(fill, 0.44))


_PIECES: dict[str, Callable[[skia.Canvas, str], None]] = {
    "dot": _dot,
    "bar": _bar,
    "half": _half,
    "quarter": _quarter,
    "triangle": _triangle,
    "squiggle": _squiggle,
    "ring": _ring,
    "cross": _cross,
}
