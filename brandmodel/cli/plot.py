"""A plot of what was spent: one bar a row, drawn once, written as SVG or PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from xml.sax.saxutils import escape

from brandmodel.engine.spend import By, Spent, summed
from brandmodel.errors import InvalidRequestError, StorageError
from brandmodel.routing import usd

PARTS = {"settled": "#2f6f4f", "forfeited": "#d99a2b", "held": "#5b8bc4", "unknown": "#c2453b"}
"""Parts of a bar in the order in which they are drawn, and their colours."""

_MOST_ROWS = 40
_WIDTH, _ROW, _BAR, _TOP, _FOOT, _EDGE = 960, 30, 16, 96, 44, 28
_INK, _GREY, _LINE, _PAPER = "#1d1d1f", "#6e6e73", "#e3e3e6", "#ffffff"
_FINE = 2  # Pixels of the PNG for one of the SVG.


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class _Words:
    """Text whose baseline begins, or ends, at a point."""

    x: float
    y: float
    text: str
    size: int
    colour: str
    bold: bool = False
    right: bool = False


_Shape = _Box | _Words


def write_plot(path: Path, rows: Sequence[Spent], *, by: By, title: str) -> None:
    """Draw the rows into a file, the rest of many as one.

    Raises:
        InvalidRequestError: its suffix is neither .svg nor .png.
        StorageError: it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        raise InvalidRequestError(f"{path.name} is no plot", hint="name it .svg or .png")
    shapes, height = _drawn(_shortened(rows, by), title)
    try:
        if suffix == ".svg":
            path.write_text(_svg(shapes, height), encoding="utf-8")
        else:
            _png(path, shapes, height)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="choose another place") from error


def _drawn(shown: Sequence[Spent], title: str) -> tuple[list[_Shape], int]:
    height = _TOP + _ROW * len(shown) + _FOOT
    labels = min(300.0, max([60.0, *(7.2 * len(row.label) for row in shown)])) + 16
    left, right = _EDGE + labels, _WIDTH - _EDGE - 84
    step = _step(max([*(row.total for row in shown), 1]))
    top = step * math.ceil(max([*(row.total for row in shown), 1]) / step)
    scale = (right - left) / top
    total = summed(shown)
    shapes: list[_Shape] = [
        _Words(_EDGE, 40, title, 20, _INK, bold=True),
        _Words(_WIDTH - _EDGE, 40, _dollars(total.total), 20, _INK, bold=True, right=True),
        *_legend(total),
    ]
    for tick in range(0, top + 1, step):
        x = left + tick * scale
        shapes.append(_Box(x, _TOP - 6, 1, height - _TOP - _FOOT + 12, _LINE))
        shapes.append(_Words(x, height - 18, _dollars(tick, short=True), 12, _GREY))
    for number, row in enumerate(shown):
        shapes += _bar(row, _TOP + number * _ROW, left, scale)
    return shapes, height


def _bar(row: Spent, y: float, left: float, scale: float) -> list[_Shape]:
    baseline, x = y + _ROW / 2 + 5, left
    shapes: list[_Shape] = [_Words(_EDGE, baseline, _clipped(row.label), 13, _INK)]
    for part, colour in PARTS.items():
        width = getattr(row, part) * scale
        if width:
            shapes.append(_Box(x, y + (_ROW - _BAR) / 2, max(width, 1), _BAR, colour))
            x += max(width, 1)
    shapes.append(_Words(x + 8, baseline, _dollars(row.total), 13, _INK))
    return shapes


def _legend(total: Spent) -> list[_Shape]:
    shapes: list[_Shape] = []
    x = float(_EDGE)
    for part, colour in PARTS.items():
        if part != "settled" and not getattr(total, part):
            continue
        text = f"{part} {_dollars(getattr(total, part))}"
        shapes.append(_Box(x, 57, 11, 11, colour))
        shapes.append(_Words(x + 17, 67, text, 13, _GREY))
        x += 17 + 7.4 * len(text) + 22
    return shapes


def _shortened(rows: Sequence[Spent], by: By) -> list[Spent]:
    """At most so many rows; the newest days, or the dearest of anything else, and the rest in one."""
    if len(rows) <= _MOST_ROWS:
        return list(rows)
    if by == "day":
        rest, shown = rows[: 1 - _MOST_ROWS], rows[1 - _MOST_ROWS :]
        return [replace(summed(rest), label=f"{len(rest)} days before"), *shown]
    shown, rest = rows[: _MOST_ROWS - 1], rows[_MOST_ROWS - 1 :]
    return [*shown, replace(summed(rest), label=f"{len(rest)} more")]


def _step(most: int) -> int:
    """A round distance of marks, in nano-USD: three to six of them up to the most."""
    rough = 10 ** math.floor(math.log10(most))
    for factor in (0.2, 0.25, 0.5, 1, 2):
        step = max(1, round(rough * factor))
        if most / step <= 5:
            return step
    return rough * 2


def _clipped(label: str) -> str:
    return label if len(label) <= 41 else f"{label[:40]}…"


def _dollars(nano_usd: int, *, short: bool = False) -> str:
    digits = 2 if short and nano_usd % 10_000_000 == 0 else 4
    return f"${usd(nano_usd):,.{digits}f}"


def _svg(shapes: Sequence[_Shape], height: int) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="Inter, Helvetica, Arial, sans-serif">',
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>',
    ]
    for shape in shapes:
        if isinstance(shape, _Box):
            lines.append(
                f'<rect x="{shape.x:.2f}" y="{shape.y:.2f}" width="{shape.width:.2f}" '
                f'height="{shape.height:.2f}" fill="{shape.colour}"/>'
            )
        else:
            weight = ' font-weight="600"' if shape.bold else ""
            anchor = ' text-anchor="end"' if shape.right else ""
            lines.append(
                f'<text x="{shape.x:.2f}" y="{shape.y:.2f}" font-size="{shape.size}" '
                f'fill="{shape.colour}"{weight}{anchor}>{escape(shape.text)}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])


def _png(path: Path, shapes: Sequence[_Shape], height: int) -> None:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (_WIDTH * _FINE, height * _FINE), _PAPER)
    draw = ImageDraw.Draw(image)
    fonts = files("brandmodel") / "local" / "type" / "fonts"
    for shape in shapes:
        if isinstance(shape, _Box):
            x, y = round(shape.x * _FINE), round(shape.y * _FINE)
            far = round((shape.x + shape.width) * _FINE), round((shape.y + shape.height) * _FINE)
            draw.rectangle((x, y, max(x, far[0] - 1), max(y, far[1] - 1)), fill=shape.colour)
            continue
        name = "Inter-SemiBold.ttf" if shape.bold else "Inter-Regular.ttf"
        with as_file(fonts / name) as file:
            font = ImageFont.truetype(str(file), shape.size * _FINE)
        draw.text(
            (shape.x * _FINE, shape.y * _FINE),
            shape.text,
            fill=shape.colour,
            font=font,
            anchor="rs" if shape.right else "ls",
        )
    image.save(path, "PNG", optimize=True)
