"""Rings that overlap, and confetti of small shapes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import skia

from brandmodel.local.picture.abstract.stage import Pixels, Stage, filled, mixed, stroked


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
    names = list(_PIECES)
    fill = name = ""
    for x, y, size in _scattered(stage, 0.13 - 0.07 * stage.energy):
        name = stage.pick(names, [0.1 if n == name else 1.0 for n in names])
        fill = stage.pick(fills, [0.25 if f == fill else 1.0 for f in fills])
        piece, extent = _PIECES[name]
        stage.canvas.save()
        stage.canvas.translate(x, y)
        stage.canvas.rotate(float(stage.random.uniform(0, 360)))
        stage.canvas.scale(size / extent, size / extent)
        piece(stage.canvas, fill)
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


def _scattered(stage: Stage, spacing: float) -> list[tuple[float, float, float]]:
    """(x, y, radius) of circles that do not touch, large and small, by throwing darts."""
    random = stage.random
    tries = round(9 * stage.wide * stage.high / spacing**2 / 4)
    darts = random.uniform(-0.03, 1.03, (tries, 2)) * (stage.wide, stage.high)
    sizes = spacing * random.choice((0.3, 0.42, 0.42, 0.62), tries)
    calm = stage.calm(darts[:, 0].astype(np.float32), darts[:, 1].astype(np.float32))
    kept = np.flatnonzero(calm < random.random(tries) * 0.6)
    placed = np.empty((0, 3))
    for x, y, size in np.column_stack([darts, sizes])[kept]:
        gaps = np.hypot(placed[:, 0] - x, placed[:, 1] - y) - placed[:, 2] - size
        if not gaps.size or gaps.min() > spacing * 0.34:
            placed = np.vstack([placed, (x, y, size)])
    return [(float(x), float(y), float(size)) for x, y, size in placed]


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


# Each with the radius of the circle that it fills.
_PIECES: dict[str, tuple[Callable[[skia.Canvas, str], None], float]] = {
    "dot": (_dot, 1.0),
    "bar": (_bar, 1.05),
    "half": (_half, 0.95),
    "quarter": (_quarter, 1.3),
    "triangle": (_triangle, 0.95),
    "squiggle": (_squiggle, 1.35),
    "ring": (_ring, 0.95),
    "cross": (_cross, 1.0),
}
