"""The storyboard on one sheet: every shot as a card with its number, its length and its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import skia

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.picture import colour
from brandmodel.local.retouch.pixels import Pixels, load, png, split_alpha
from brandmodel.local.type.breaking import tokens, wrapped
from brandmodel.local.type.faces import settable
from brandmodel.local.type.shaping import Shaper, Style, is_rtl
from brandmodel.local.type.veil import inks

_MOST_CARDS = 60
_CARD = 560
"""Width of a card in pixels; everything is measured by it."""
_GAP, _MARGIN = 44, 72
_LEADING = 1.38
_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A shot on the storyboard.

    Attributes:
        id: its name, as in the plan.
        picture: bytes of a PNG, JPEG or WebP; None leaves an empty card.
        duration_s: how long it stands.
        line: what is said or read over it.
    """

    id: str
    picture: bytes | None
    duration_s: float
    line: str = ""


@dataclass(frozen=True, slots=True)
class _Inks:
    ground: str
    strong: str
    soft: str
    mark: str


def storyboard(
    cards: Sequence[Card],
    *,
    title: str = "",
    palette: Palette | None = None,
    display: str = "Inter Display",
    text: str = "Inter",
) -> bytes:
    """A PNG with all cards in reading order, pictures 16:9.

    Args:
        cards: one for every shot, in order.
        title: of the film; stands above, with the number of shots and the whole length.
        palette: its paper is the ground.
        display: a bundled family for the title.
        text: a bundled family for everything else.

    Raises:
        InvalidRequestError: no card, too many, or a picture that cannot be decoded.
    """
    if not 0 < len(cards) <= _MOST_CARDS:
        raise InvalidRequestError(f"a storyboard has 1 to {_MOST_CARDS} cards, not {len(cards)}")
    own = inks(palette or Palette())
    shaper = Shaper()
    look = _look(own.light, own.dark, (palette or Palette()).accent)
    columns = _columns(len(cards))
    lines = [_lines(card.line, shaper, text) for card in cards]
    deep = _CARD * 9 // 16
    rows = [lines[i : i + columns] for i in range(0, len(cards), columns)]
    heights = [deep + round(_below(max(map(len, row)))) for row in rows]
    top = _MARGIN + (118 if title else 0)
    width = 2 * _MARGIN + columns * _CARD + (columns - 1) * _GAP
    height = top + sum(heights) + (len(rows) - 1) * _GAP + _MARGIN
    sheet = np.empty((height, width, 4), np.uint8)
    sheet[:] = (*_rgb(look.ground), 255)
    surface = skia.Surface(
        sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    canvas = surface.getCanvas()
    if title:
        _head(canvas, shaper, title, cards, (width, look, display, text))
    for i, card in enumerate(cards):
        row, column = divmod(i, columns)
        x = _MARGIN + column * (_CARD + _GAP)
        y = top + sum(heights[:row]) + row * _GAP
        _draw(canvas, shaper, card, (x, y), i + 1, lines[i], look, text)
    surface.flushAndSubmit()
    return png(np.ascontiguousarray(sheet[..., :3]))


def _look(ground: str, strong: str, mark: str) -> _Inks:
    soft = colour.hex_of(colour.mix(colour.rgb(ground), colour.rgb(strong), 0.68))
    return _Inks(ground, strong, soft, mark)


def _columns(count: int) -> int:
    """As many as leave the last row best filled; three read well on a screen."""
    if count <= 3:
        return count
    return min((3, 4, 2), key=lambda c: (-count % c) / c + 0.15 * abs(c - 3))


def _lines(line: str, shaper: Shaper, text: str) -> tuple[str, ...]:
    words = settable(line)
    style = Style(text, 400, -0.003)
    measure = partial(shaper.width, style=style)
    room = _CARD / 23
    found = wrapped(tokens(words, measure, room), room, measure) if words else ()
    if len(found) <= _MOST_LINES:
        return found
    kept = list(found[:_MOST_LINES])
    return (*kept[:-1], kept[-1].rstrip(" ,.;:") + " …")


def _below(count: int) -> float:
    """Height of what stands under the picture."""
    return 52 + (10 + count * _LEADING * 23 if count else 0)


def _head(
    canvas: skia.Canvas,
    shaper: Shaper,
    title: str,
    cards: Sequence[Card],
    how: tuple[int, _Inks, str, str],
) -> None:
    width, look, display, text = how
    words = settable(title)
    style = Style(display, 700, -0.018)
    count = f"{len(cards)} shot{'s' if len(cards) > 1 else ''}"
    note = f"{count}   {_seconds(sum(card.duration_s for card in cards))}"
    small = Style(text, 500, 0.0)
    aside = shaper.width(note, small) * 22
    room = width - 2 * _MARGIN - aside - 60
    size = min(58.0, room / max(shaper.width(words, style), 0.1))
    ink = shaper.ink(words, style, size) if words else None
    base = _MARGIN + 46
    if ink:
        shaper.paint(canvas, words, style, size, (_MARGIN - ink.left, base), look.strong)
    shaper.paint(canvas, note, small, 22, (width - _MARGIN - aside, base), look.soft)


def _draw(
    canvas: skia.Canvas,
    shaper: Shaper,
    card: Card,
    at: tuple[int, int],
    number: int,
    lines: Sequence[str],
    look: _Inks,
    text: str,
) -> None:
    x, y = at
    deep = _CARD * 9 // 16
    shape = skia.Rect.MakeXYWH(x, y, _CARD, deep)
    canvas.save()
    clip = skia.Path()
    clip.addRoundRect(shape, 8, 8)
    canvas.clipPath(clip, True)
    empty = colour.hex_of(colour.mix(colour.rgb(look.ground), colour.rgb(look.strong), 0.14))
    canvas.drawRect(shape, skia.Paint(Color=0xFF000000 | int(empty[1:], 16)))
    if card.picture is not None:
        filled = _filled(load(card.picture), _CARD, deep)
        canvas.drawImage(skia.Image.fromarray(filled, skia.kRGBA_8888_ColorType), x, y)
    canvas.restore()
    if card.picture is None:
        large = Style(text, 600, -0.01)
        left = x + (_CARD - shaper.width(f"{number}", large) * 72) / 2
        shaper.paint(canvas, f"{number}", large, 72, (left, y + deep / 2 + 26), look.ground)
    base = y + deep + 36
    strong, soft = Style(text, 600, 0.0), Style(text, 500, 0.0)
    mark = skia.Paint(AntiAlias=True, Color=0xFF000000 | int(look.mark[1:], 16))
    canvas.drawRoundRect(skia.Rect.MakeXYWH(x, base - 17, 5, 18), 2.5, 2.5, mark)
    figure = f"{number}"
    shaper.paint(canvas, figure, strong, 22, (x + 17, base), look.strong)
    name = settable(card.id)
    wide = shaper.width(figure, strong) * 22
    if name and name != figure:
        name = _shortened(name, shaper, soft, (_CARD - wide - 160) / 22)
        shaper.paint(canvas, name, soft, 22, (x + 17 + wide + 14, base), look.soft)
    length = _seconds(card.duration_s)
    right = x + _CARD - shaper.width(length, soft) * 22
    shaper.paint(canvas, length, soft, 22, (right, base), look.soft)
    body = Style(text, 400, -0.003)
    for i, line in enumerate(lines):
        left = x + (_CARD - shaper.width(line, body) * 23 if is_rtl(line) else 0)
        below = base + 10 + (i + 1) * _LEADING * 23
        shaper.paint(canvas, line, body, 23, (left, below), look.strong)


def _shortened(words: str, shaper: Shaper, style: Style, room: float) -> str:
    if shaper.width(words, style) <= room:
        return words
    while words and shaper.width(words + "…", style) > room:
        words = words[:-1]
    return words.rstrip() + "…"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _filled(picture: Pixels, width: int, height: int) -> Pixels:
    """(height, width, 4) RGBA: the picture scaled and cropped to fill."""
    colours, _ = split_alpha(picture)
    high, wide = colours.shape[:2]
    scale = max(width / wide, height / high)
    size = (max(width, round(wide * scale)), max(height, round(high * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    full = np.asarray(cv2.resize(colours, size, interpolation=method), np.uint8)
    x, y = (full.shape[1] - width) // 2, (full.shape[0] - height) // 2
    cut = np.ascontiguousarray(full[y : y + height, x : x + width])
    return np.asarray(cv2.cvtColor(cut, cv2.COLOR_RGB2RGBA), np.uint8)


def _rgb(fill: str) -> tuple[int, int, int]:
    r, g, b = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return r, g, b
