"""Geometry: a grid of tiles in the manner of the Bauhaus, composed rather than scattered.

Large tiles set the rhythm, small ones answer, plain ones let the eye rest. No tile repeats the
motif or the ground of its neighbour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import skia

from brandmodel.local.picture.abstract.stage import Pixels, Stage, filled

# A motif draws into the unit square with its ground already laid: (canvas, first, second colour).
Motif = Callable[[skia.Canvas, str, str], None]


@dataclass(frozen=True, slots=True)
class _Tile:
    """``size`` cells wide and high, at a cell of the grid."""

    column: int
    row: int
    size: int


def geometry(stage: Stage) -> Pixels:
    """Tiles over the whole picture; on the calm side one flat ground."""
    columns, rows, cell = _grid(stage)
    x0, y0 = (stage.wide - columns * cell) / 2, (stage.high - rows * cell) / 2
    quiet = _quiet_cells(stage, columns, rows, (x0, y0, cell))
    field = stage.pick((stage.paper, stage.ink, stage.primary), (0.6, 0.3, 0.1))
    stage.clear(field)
    grounds: dict[tuple[int, int], str] = dict.fromkeys(quiet, field)
    motifs: dict[tuple[int, int], str] = {}
    for tile in _tiles(stage, columns, rows, quiet):
        near = _neighbours(tile)
        ground = _ground(stage, {grounds[n] for n in near if n in grounds})
        motif = _motif(stage, tile, {motifs[n] for n in near if n in motifs})
        first, second = _pair(stage, ground)
        for cell_of in _cells(tile):
            grounds[cell_of], motifs[cell_of] = ground, motif
        _draw_tile(stage, tile, (x0, y0, cell), ground, (motif, first, second))
    return stage.finished(grain=0.009)


def _grid(stage: Stage) -> tuple[int, int, float]:
    """Columns, rows and cell size: square cells, and as little cut off at the edges as can be."""
    wished = 3.4 + 2.8 * stage.energy

    def loss(count: int) -> float:
        along = max(stage.wide, stage.high) * count
        return abs(along - round(along)) / along * 6 + abs(count - wished) / wished

    count = min(range(3, 8), key=loss)
    columns, rows = max(1, round(stage.wide * count)), max(1, round(stage.high * count))
    return columns, rows, max(stage.wide / columns, stage.high / rows)


def _quiet_cells(
    stage: Stage, columns: int, rows: int, at: tuple[float, float, float]
) -> set[tuple[int, int]]:
    """Cells of the calm side, with a stepped edge."""
    if stage.scene.space == "none":
        return set()
    x0, y0, cell = at
    sideways = stage.scene.space in ("left", "right")
    steps = stage.random.choice((-0.5, 0.5), rows if sideways else columns) * cell * 0.9
    found: set[tuple[int, int]] = set()
    for c in range(columns):
        for r in range(rows):
            x, y = x0 + (c + 0.5) * cell, y0 + (r + 0.5) * cell
            x, y = (x + steps[r], y) if sideways else (x, y + steps[c])
            if stage.calm(x, y) > 0.4:
                found.add((c, r))
    return found


def _tiles(stage: Stage, columns: int, rows: int, quiet: set[tuple[int, int]]) -> list[_Tile]:
    """Large tiles first, spread out; then the cells between."""
    taken = set(quiet)
    tiles: list[_Tile] = []
    free = columns * rows - len(quiet)
    wanted = [3] * (1 if free >= 28 else 0) + [2] * max(
        1, round(free * (0.1 - 0.035 * stage.energy))
    )
    for size in wanted:
        spots = [
            _Tile(c, r, size)
            for c in range(columns - size + 1)
            for r in range(rows - size + 1)
            if taken.isdisjoint(_cells(_Tile(c, r, size)))
        ]
        if spots:
            best = max(spots, key=lambda t: _apart(t, tiles) + 1.6 * float(stage.random.random()))
            tiles.append(best)
            taken.update(_cells(best))
    tiles += [_Tile(c, r, 1) for r in range(rows) for c in range(columns) if (c, r) not in taken]
    return tiles


def _apart(tile: _Tile, others: list[_Tile]) -> float:
    """Distance from the nearest large tile; in the middle of nothing it does not matter."""
    x, y = tile.column + tile.size / 2, tile.row + tile.size / 2
    return min(
        (abs(x - o.column - o.size / 2) + abs(y - o.row - o.size / 2) for o in others),
        default=0.0,
    )


def _cells(tile: _Tile) -> set[tuple[int, int]]:
    return {(tile.column + i, tile.row + j) for i in range(tile.size) for j in range(tile.size)}


def _neighbours(tile: _Tile) -> set[tuple[int, int]]:
    own = _cells(tile)
    beside = {(c + i, r + j) for c, r in own for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1))}
    return beside - own


def _ground(stage: Stage, near: set[str]) -> str:
    options = [stage.paper, stage.ink, *stage.colours()]
    weights = [3.4, 2.4, 2.0, *([1.2] * (len(options) - 3))]
    return stage.pick(
        options, [w * (0.03 if o in near else 1.0) for o, w in zip(options, weights, strict=True)]
    )


def _pair(stage: Stage, ground: str) -> tuple[str, str]:
    """Two colours for the shapes on a ground."""
    options = [c for c in (stage.paper, stage.ink, *stage.colours()) if c != ground]
    order = stage.random.permutation(len(options))
    return options[int(order[0])], options[int(order[1 % len(options)])]


def _motif(stage: Stage, tile: _Tile, near: set[str]) -> str:
    kinds = _LARGE if tile.size > 1 else _SMALL
    rest = 1.7 - stage.energy
    names = list(kinds)
    weights = [
        (rest if name == "plain" else 1.0) * kinds[name] * (0.02 if name in near else 1.0)
        for name in names
    ]
    return stage.pick(names, weights)


def _draw_tile(
    stage: Stage,
    tile: _Tile,
    at: tuple[float, float, float],
    ground: str,
    motif: tuple[str, str, str],
) -> None:
    x0, y0, cell = at
    canvas = stage.canvas
    side = tile.size * cell
    canvas.save()
    canvas.translate(x0 + tile.column * cell, y0 + tile.row * cell)
    # Half a pixel more than the cell, so that no seam shows between tiles.
    seam = 0.5 / stage.short
    canvas.drawRect(skia.Rect.MakeLTRB(0, 0, side + seam, side + seam), _flat(ground))
    canvas.clipRect(skia.Rect.MakeWH(side + seam, side + seam), skia.ClipOp.kIntersect, False)
    canvas.scale(side + seam, side + seam)
    canvas.rotate(90 * int(stage.random.integers(4)), 0.5, 0.5)
    name, first, second = motif
    _MOTIFS[name](canvas, first, second)
    canvas.restore()


def _flat(fill: str) -> skia.Paint:
    paint = filled(fill)
    paint.setAntiAlias(False)
    return paint


def _plain(canvas: skia.Canvas, first: str, second: str) -> None:
    """The ground alone."""


def _quarter(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0, 0, 1, filled(first))
    canvas.drawCircle(0, 0, 0.5, filled(second))


def _pie(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0, 0, 1, filled(first))


def _rainbow(canvas: skia.Canvas, first: str, second: str) -> None:
    ring = filled(first)
    ring.setStyle(skia.Paint.kStroke_Style)
    ring.setStrokeWidth(0.2)
    for radius in (0.9, 0.5):
        canvas.drawCircle(0, 0, radius, ring)
    canvas.drawCircle(0, 0, 0.2, filled(second))


def _hourglass(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0.5, 0, 0.5, filled(first))
    canvas.drawCircle(0.5, 1, 0.5, filled(second))


def _halved(canvas: skia.Canvas, first: str, second: str) -> None:
    oval = skia.Rect.MakeLTRB(0.12, 0.12, 0.88, 0.88)
    canvas.drawArc(oval, 90, 180, True, filled(first))
    canvas.drawArc(oval, -90, 180, True, filled(second))


def _diagonal(canvas: skia.Canvas, first: str, second: str) -> None:
    path = skia.Path()
    path.moveTo(0, 0)
    path.lineTo(1, 1)
    path.lineTo(0, 1)
    path.close()
    canvas.drawPath(path, filled(first))


def _dots(canvas: skia.Canvas, first: str, second: str) -> None:
    for i in range(4):
        for j in range(4):
            canvas.drawCircle(0.125 + i * 0.25, 0.125 + j * 0.25, 0.072, filled(first))


def _stripes(canvas: skia.Canvas, first: str, second: str) -> None:
    for i in range(5):
        canvas.drawRect(skia.Rect.MakeXYWH(0, i * 0.2, 1, 0.1), filled(first))


def _leaf_path() -> skia.Path:
    path = skia.Path()
    path.moveTo(0, 0)
    path.arcTo(1, 1, 0, skia.Path.ArcSize.kSmall_ArcSize, skia.PathDirection.kCW, 1, 1)
    path.arcTo(1, 1, 0, skia.Path.ArcSize.kSmall_ArcSize, skia.PathDirection.kCW, 0, 0)
    path.close()
    return path


def _leaf(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawPath(_leaf_path(), filled(first))


def _flower(canvas: skia.Canvas, first: str, second: str) -> None:
    for quarter, fill in enumerate((first, second, first, second)):
        canvas.save()
        canvas.rotate(90 * quarter, 0.5, 0.5)
        canvas.scale(0.5, 0.5)
        canvas.drawPath(_leaf_path(), filled(fill))
        canvas.restore()


def _target(canvas: skia.Canvas, first: str, second: str) -> None:
    for i, radius in enumerate((0.44, 0.32, 0.2)):
        canvas.drawCircle(0.5, 0.5, radius, filled((first, second, first)[i]))


def _sun(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0.5, 1, 0.5, filled(first))
    canvas.drawCircle(0.5, 0.25, 0.15, filled(second))


def _arch(canvas: skia.Canvas, first: str, second: str) -> None:
    for i, inset in enumerate((0.0, 0.17, 0.34)):
        fill = (first, second, first)[i]
        shape = skia.Rect.MakeLTRB(inset, inset, 1 - inset, 2)
        canvas.drawRoundRect(shape, 0.5 - inset, 0.5 - inset, filled(fill))


def _corners(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0, 0, 0.5, filled(first))
    canvas.drawCircle(1, 1, 0.5, filled(first))
    canvas.drawCircle(0.5, 0.5, 0.15, filled(second))


def _stair(canvas: skia.Canvas, first: str, second: str) -> None:
    for i in range(4):
        canvas.drawRect(skia.Rect.MakeLTRB(0, i * 0.25, (i + 1) * 0.25, 1), filled(first))


def _disc(canvas: skia.Canvas, first: str, second: str) -> None:
    canvas.drawCircle(0.5, 0.5, 0.5, filled(first))
    canvas.drawArc(skia.Rect.MakeLTRB(0, 0, 1, 1), 0, 180, True, filled(second))
    canvas.drawCircle(0.5, 0.5, 0.17, filled(first))


_MOTIFS: dict[str, Motif] = {
    "plain": _plain,
    "quarter": _quarter,
    "pie": _pie,
    "rainbow": _rainbow,
    "hourglass": _hourglass,
    "halved": _halved,
    "diagonal": _diagonal,
    "dots": _dots,
    "stripes": _stripes,
    "leaf": _leaf,
    "flower": _flower,
    "target": _target,
    "sun": _sun,
    "arch": _arch,
    "corners": _corners,
    "stair": _stair,
    "disc": _disc,
}
_SMALL: dict[str, float] = {
    "plain": 1.3,
    "quarter": 1.2,
    "pie": 1.3,
    "rainbow": 0.9,
    "hourglass": 0.9,
    "halved": 0.8,
    "diagonal": 0.8,
    "dots": 0.7,
    "stripes": 0.7,
    "leaf": 1.1,
    "flower": 0.8,
    "target": 0.6,
    "sun": 0.7,
    "arch": 0.8,
    "corners": 0.7,
    "stair": 0.4,
}
_LARGE: dict[str, float] = {
    "quarter": 1.3,
    "rainbow": 1.4,
    "pie": 0.8,
    "arch": 1.2,
    "disc": 1.2,
    "leaf": 1.0,
    "flower": 0.9,
    "sun": 1.0,
    "hourglass": 0.7,
}
