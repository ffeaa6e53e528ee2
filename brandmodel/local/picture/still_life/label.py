"""Printed matter for products, drawn with skia: labels, wraps, covers, screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import skia

from brandmodel.local.picture.colour import encoded, hex_of, linear
from brandmodel.local.picture.still_life.solids import Array
from brandmodel.local.type.faces import settable
from brandmodel.local.type.shaping import Shaper, Style

_LONG = 1280
"""Texels along the longer side: sharp in a 4K picture of the whole set."""


@dataclass(frozen=True, slots=True)
class Print:
    """What is printed: the words and four colours in linear light; ``style`` picks the layout."""

    name: str
    line: str
    ground: Array
    ink: Array
    mark: Array
    second: Array
    style: int = 0
    serif: bool = False


def drawn(
    width: float,
    height: float,
    paint: Callable[[skia.Canvas, float, float], None],
    *,
    texels: int = _LONG,
) -> Array:
    """(H, W, 4) linear light with straight alpha; ``paint`` draws in units of the shorter side."""
    short = min(width, height)
    scale = texels / max(width, height)
    columns, rows = max(8, round(width * scale)), max(8, round(height * scale))
    pixels = np.zeros((rows, columns, 4), np.uint8)
    surface = skia.Surface.MakeRasterDirect(
        skia.ImageInfo.Make(columns, rows, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType),
        pixels,
    )
    canvas = surface.getCanvas()
    canvas.scale(scale * short, scale * short)
    paint(canvas, width / short, height / short)
    surface.flushAndSubmit()
    cover = pixels[..., 3:].astype(np.float32) / 255
    if pixels[..., 3].min() == 255:
        return np.concatenate([linear(pixels[..., :3]), cover], -1)
    straight = pixels[..., :3] / np.float32(255) / np.maximum(cover, np.float32(1 / 255))
    return np.concatenate([linear(straight.astype(np.float32)), cover], -1)


def ink(colour: Array, alpha: float = 1.0) -> skia.Paint:
    """A filling paint from linear light."""
    r, g, b = (float(x) for x in encoded(colour))
    return skia.Paint(Color4f=skia.Color4f(r, g, b, alpha), AntiAlias=True)


def line(colour: Array, width: float, alpha: float = 1.0) -> skia.Paint:
    """A stroking paint from linear light."""
    paint = ink(colour, alpha)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    return paint


@cache
def _shaper() -> Shaper:
    return Shaper()


def _style(serif: bool, weight: int) -> Style:
    if serif:
        return Style("EB Garamond", min(weight, 500))
    return Style("Inter Display", weight, tracking=-0.012)


def words(
    canvas: skia.Canvas,
    text: str,
    at: tuple[float, float],
    box: tuple[float, float],
    colour: Array,
    *,
    serif: bool = False,
    weight: int = 600,
) -> float:
    """One line, centred on ``at`` (middle, baseline), as large as ``box`` (width, size) allows.

    Returns:
        The size of type that was used; 0 for no text.
    """
    text = settable(text)
    if not text:
        return 0.0
    style = _style(serif, weight)
    width = max(_shaper().width(text, style), 1e-3)
    size = min(box[1], box[0] / width)
    _shaper().paint(canvas, text, style, size, (at[0] - width * size / 2, at[1]), hex_of(colour))
    return size


def label(width: float, height: float, show: Print) -> Array:
    """A paper label of the given proportions."""
    styles = (_emblem, _band, _plain)

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        styles[show.style % 3](c, w, h, show)

    return drawn(width, height, paint)


def _lines(text: str) -> list[str]:
    """A long name on two lines, as even as its words allow."""
    parts = text.split()
    if len(text) < 12 or len(parts) < 2:
        return [text] if text else []
    cut = min(
        range(1, len(parts)),
        key=lambda i: abs(len(" ".join(parts[:i])) - len(" ".join(parts[i:]))),
    )
    return [" ".join(parts[:cut]), " ".join(parts[cut:])]


def _name(c: skia.Canvas, show: Print, at: tuple[float, float], wide: float, size: float) -> float:
    """The name, centred at ``at``, all lines in one size; returns the baseline of its last line."""
    rows = _lines(show.name)
    weight = 500 if show.serif else 700
    for row in rows:
        size = min(size, wide / max(_shaper().width(row, _style(show.serif, weight)), 1e-3))
    for number, row in enumerate(rows):
        y = at[1] + (number - (len(rows) - 1) / 2) * size * 0.98
        words(c, row, (at[0], y), (wide, size), show.ink, serif=show.serif, weight=weight)
    return at[1] + (len(rows) - 1) / 2 * size * 0.98


def _size(w: float, h: float) -> float:
    """Type size of a name: by the height of a wide label, by the width of a tall one."""
    return 0.23 if h > w else min(0.34, 0.23 * w)


def _emblem(c: skia.Canvas, w: float, h: float, show: Print) -> None:
    """A round mark over the name, a fine rule under the second line."""
    c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
    if not show.name:
        return
    wide = w > h
    r = 0.07 if wide else 0.085
    y = h * (0.17 if wide else 0.30)
    c.drawCircle(w / 2 - r * 0.2, y, r, ink(show.mark))
    c.drawCircle(w / 2 + r * 0.62, y + r * 0.1, r * 0.52, ink(show.second))
    base = _name(c, show, (w / 2, h * (0.58 if wide else 0.52)), w * 0.78, _size(w, h))
    words(
        c,
        show.line,
        (w / 2, base + 0.62 * _size(w, h)),
        (w * 0.7, 0.4 * _size(w, h)),
        show.ink,
        weight=500,
    )
    if not wide:
        c.drawLine(w / 2 - 0.09, h * 0.85, w / 2 + 0.09, h * 0.85, line(show.mark, 0.012))


def _band(c: skia.Canvas, w: float, h: float, show: Print) -> None:
    """The name above a field of colour with a low sun."""
    c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
    c.save()
    c.clipRect(skia.Rect.MakeLTRB(0, h * 0.62, w, h))
    c.drawRect(skia.Rect.MakeWH(w, h), ink(show.mark))
    c.drawCircle(w * 0.5, h * 1.02, min(w, h) * 0.34, ink(show.second))
    c.restore()
    base = _name(c, show, (w / 2, h * (0.29 if h >= w else 0.33)), w * 0.8, _size(w, h))
    words(
        c,
        show.line,
        (w / 2, base + 0.6 * _size(w, h)),
        (w * 0.74, 0.38 * _size(w, h)),
        show.ink,
        weight=500,
    )


def _plain(c: skia.Canvas, w: float, h: float, show: Print) -> None:
    """A framed label with the name large and quiet."""
    c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
    inset = skia.Rect.MakeLTRB(0.055, 0.055, w - 0.055, h - 0.055)
    c.drawRect(inset, line(show.ink, 0.007, 0.7))
    base = _name(c, show, (w / 2, h * (0.48 if h >= w else 0.55)), w * 0.8, _size(w, h))
    words(
        c,
        show.line,
        (w / 2, base + 0.62 * _size(w, h)),
        (w * 0.7, 0.38 * _size(w, h)),
        show.ink,
        weight=500,
    )
    if show.name and h >= w:
        c.drawCircle(w / 2, h * 0.84, 0.03, ink(show.second))


def wrap(width: float, height: float, show: Print, *, front: float) -> Array:
    """Artwork all round a can or a cup: fields and rings of colour; the name on ``front`` width."""

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
        unit = min(w, h)
        if show.style % 2:
            c.drawRect(skia.Rect.MakeLTRB(0, h * 0.68, w, h), ink(show.mark))
            for number in range(9):
                x = w * (number + 0.5) / 9
                c.drawCircle(x, h * 0.68, w / 18 * 1.02, ink(show.mark))
        else:
            for number, colour in enumerate((show.mark, show.second, show.mark)):
                c.drawCircle(w / 2, h * 0.98, unit * (0.5 - 0.13 * number), ink(colour))
                c.drawCircle(0, h * 0.98, unit * (0.5 - 0.13 * number), ink(colour))
                c.drawCircle(w, h * 0.98, unit * (0.5 - 0.13 * number), ink(colour))
        across = w * front
        base = _name(
            c,
            show,
            (w / 2, h * (0.27 if show.style % 2 else 0.3)),
            across,
            min(0.24 * unit, across * 0.4),
        )
        words(
            c, show.line, (w / 2, base + 0.12 * unit), (across, 0.07 * unit), show.ink, weight=500
        )

    return drawn(width, height, paint)


def cover(width: float, height: float, show: Print) -> Array:
    """A book's cover or a carton's face: a large quarter figure, the name set calmly above."""

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
        if show.style % 2:
            full = min(w * 0.78, h * 0.52)
            for number, colour in enumerate((show.mark, show.second, show.ground)):
                c.drawCircle(w, h, full * (1 - 0.32 * number), ink(colour))
        else:
            r = min(w * 0.3, h * 0.22)
            c.drawCircle(w * 0.5, h * 0.7, r, ink(show.mark))
            c.save()
            c.clipRect(skia.Rect.MakeLTRB(0, h * 0.7, w, h))
            c.drawCircle(w * 0.5, h * 0.7, r, ink(show.second))
            c.restore()
        rows = len(_lines(show.name))
        size = 0.19 if rows < 2 else 0.15
        # The first line's capitals keep the same distance from the top, whatever the lines.
        middle = h * 0.09 + size * (0.73 + (max(rows, 1) - 1) / 2 * 0.98)
        base = _name(c, show, (w / 2, middle), w * 0.8, size)
        words(
            c, show.line, (w / 2, base + 0.6 * size), (w * 0.74, 0.4 * size), show.ink, weight=500
        )

    return drawn(width, height, paint)


def screen(width: float, height: float, show: Print) -> Array:
    """A phone's screen: a bright ground, a card of art, the name, a button."""

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        c.drawRect(skia.Rect.MakeWH(w, h), ink(show.ground))
        card = skia.Rect.MakeLTRB(0.09, 0.3, w - 0.09, h * 0.56)
        c.save()
        c.clipRRect(skia.RRect.MakeRectXY(card, 0.08, 0.08), True)
        c.drawRect(card, ink(show.mark))
        c.drawCircle(w * 0.66, h * 0.56, 0.36, ink(show.second))
        c.drawCircle(w * 0.3, h * 0.6, 0.28, ink(show.ink))
        c.restore()
        base = _name(c, show, (w / 2, h * 0.67), w * 0.8, 0.15)
        words(c, show.line, (w / 2, base + 0.11), (w * 0.72, 0.066), show.ink, weight=500)
        button = skia.Rect.MakeLTRB(w * 0.2, h * 0.86, w * 0.8, h * 0.86 + 0.15)
        c.drawRRect(skia.RRect.MakeRectXY(button, 0.075, 0.075), ink(show.second))
        pill = skia.Rect.MakeLTRB(w * 0.36, 0.07, w * 0.64, 0.14)
        c.drawRRect(skia.RRect.MakeRectXY(pill, 0.035, 0.035), ink(show.ink))
        for number in range(3):
            c.drawCircle(w * 0.12 + number * 0.06, 0.22, 0.018, ink(show.ink, 0.35))

    return drawn(width, height, paint)
