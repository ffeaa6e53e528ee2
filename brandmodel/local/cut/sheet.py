"""The storyboard on one sheet: every shot as a card with its number, its length and its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median_low

import cv2
import numpy as np
import skia

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.letters import Faces, faces
from brandmodel.local.desk import Desk
from brandmodel.local.picture import colour
from brandmodel.local.retouch.pixels import Pixels, load, png, split_alpha
from brandmodel.local.type.breaking import tokens, wrapped
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.shaping import Style, is_rtl
from brandmodel.local.type.veil import inks
from brandmodel.tasks import Card, DrawStoryboard, Picture

_AREA = 560 * 315
"""Pixels of a card's picture, whatever its shape; everything else has a size of its own."""
_TALLEST, _BROADEST = 9 / 16, 2.4
_USUAL = 16 / 9
_GAP, _ROW_GAP, _MARGIN = 44, 56, 80
_LEADING, _MOST_LINES = 1.38, 3
_BODY, _SMALL, _FIGURE = 23, 22, 72
# Sizes of the title that are tried, and how many lines it may take in the smaller ones.
_TITLES, _TITLE_LINES, _TITLE_LEADING = (60, 50, 42, 34), 3, 1.12
_HEAD, _ASIDE = 72, 40
"""From the last line of the head to the first card, and from the title to what stands below it."""
_CORNER = 8


@dataclass(frozen=True, slots=True)
class _Head:
    """The title in lines, how many shots and how long, and whether that stands beside it."""

    lines: tuple[str, ...]
    size: float
    note: str
    beside: bool

    @property
    def height(self) -> float:
        """From the top margin to the first card."""
        if not self.lines:
            return 0.0
        below = 0 if self.beside else _ASIDE
        return self.size * (0.76 + _TITLE_LEADING * (len(self.lines) - 1)) + below + _HEAD


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all cards share.

    Attributes:
        card: (width, height) of a picture.
        ground: the paper.
        strong: ink of numbers and lines.
        soft: ink of names and lengths.
        mark: the accent.
        empty: ground of a picture that is not there.
        rtl: whether the sheet reads from right to left.
    """

    faces: Faces
    card: tuple[int, int]
    ground: str
    strong: str
    soft: str
    mark: str
    empty: str
    rtl: bool

    def width(self, words: str, style: Style, size: float) -> float:
        """Pixels from end to end."""
        return self.faces.shaper.width(words, style) * size


def draw_storyboard(request: DrawStoryboard, desk: Desk) -> Picture:
    """All cards in reading order on one PNG, in the brand's colours and faces.

    Cards have the shape of the pictures, cropped to it where they differ.

    Raises:
        InvalidRequestError: a card's picture cannot be decoded (the card is named), or a typeface
            is not what it should be.
    """
    own = faces(request.display, request.text, desk)
    pictures = [_picture(card, desk) for card in request.cards]
    look = _look(request, own, _shape(pictures))
    texts = [_lines(card.line, look) for card in request.cards]
    columns = _columns(len(request.cards), look.card)
    head = _head(request, 2 * _MARGIN + columns * (look.card[0] + _GAP) - _GAP, look)
    places, size = _places(texts, columns, head, look)
    pixels = np.empty((size[1], size[0], 4), np.uint8)
    pixels[:] = (*_rgb(look.ground), 255)
    surface = skia.Surface(
        pixels, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    canvas = surface.getCanvas()
    _draw_head(canvas, head, size[0], look)
    cards = zip(request.cards, pictures, texts, places, strict=True)
    for number, (card, picture, lines, place) in enumerate(cards, 1):
        _draw_picture(canvas, picture, number, place, look)
        _draw_words(canvas, card, number, lines, place, look)
    surface.flushAndSubmit()
    made = png(np.ascontiguousarray(pixels[..., :3]))
    notes = (f"left out, since no typeface has them: {' '.join(own.missing)}",)
    return Picture(
        image=desk.keep(made, "image/png", width=size[0], height=size[1]),
        notes=notes if own.missing else (),
    )


def _picture(card: Card, desk: Desk) -> Pixels | None:
    if card.image is None:
        return None
    try:
        return load(desk.read(card.image))
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"the picture of card {card.id!r} cannot be decoded", hint=error.hint
        ) from error


def _shape(pictures: Sequence[Pixels | None]) -> tuple[int, int]:
    """(width, height) of a card: of the shape that most pictures have."""
    aspects = [p.shape[1] / p.shape[0] for p in pictures if p is not None]
    aspect = min(max(median_low(aspects or [_USUAL]), _TALLEST), _BROADEST)
    width = round((_AREA * aspect) ** 0.5 / 4) * 4
    return width, round(width / aspect)


def _look(request: DrawStoryboard, own: Faces, card: tuple[int, int]) -> _Sheet:
    palette = request.palette or Palette()
    pair = inks(palette)
    lights = [float(colour.luminance(colour.rgb(c))) for c in (palette.paper, palette.ink)]
    names = (pair.light, pair.dark) if lights[0] >= lights[1] else (pair.dark, pair.light)
    ground, strong = (colour.rgb(name) for name in names)
    texts = [request.title, *(c.line for c in request.cards)]
    return _Sheet(
        own,
        card,
        *names,
        colour.hex_of(colour.mix(ground, strong, 0.68)),
        palette.accent,
        colour.hex_of(colour.mix(ground, strong, 0.12)),
        is_rtl(next((text for text in texts if text.strip()), "")),
    )


def _columns(count: int, card: tuple[int, int]) -> int:
    """As many as fill the last row best; three or four of wide pictures read well on a screen."""
    usual = max(3, round((2000 if count <= 12 else 2600) / (card[0] + _GAP)))
    if count <= usual:
        return count
    options = sorted((usual, usual + 1, usual - 1), key=lambda c: abs(c - usual))
    return min(options, key=lambda c: (-count % c) / c + 0.15 * abs(c - usual))


def _lines(line: str, look: _Sheet) -> tuple[str, ...]:
    """The line in at most three; what is longer is cut off, and that is to be seen."""
    words = look.faces.settable(line)
    measure = partial(look.faces.shaper.width, style=_style(look, 400))
    room = look.card[0] / _BODY
    found = wrapped(tokens(words, measure, room), room, measure) if words else ()
    if len(found) <= _MOST_LINES:
        return found
    kept, last = found[: _MOST_LINES - 1], "".join(found[_MOST_LINES - 1 : _MOST_LINES])
    while last and measure(f"{last}…") > room:
        last = last[:-1]
    return (*kept, last.rstrip(" ,.;:") + "…")


def _style(look: _Sheet, weight: int) -> Style:
    return Style(look.faces.text, weight, -0.003 if weight == 400 else 0.0)


def _places(
    texts: Sequence[Sequence[str]], columns: int, head: _Head, look: _Sheet
) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """(corner of every card, size of the sheet); each row is as high as its longest text."""
    wide, high = look.card
    width = 2 * _MARGIN + columns * wide + (columns - 1) * _GAP
    places: list[tuple[int, int]] = []
    y = _MARGIN + round(head.height)
    for first in range(0, len(texts), columns):
        row = texts[first : first + columns]
        for column in range(len(row)):
            x = _MARGIN + column * (wide + _GAP)
            places.append((width - x - wide if look.rtl else x, y))
        y += high + round(_below(max(map(len, row)))) + _ROW_GAP
    return places, (width, y - _ROW_GAP + _MARGIN)


def _below(lines: int) -> float:
    """Height of what stands under a picture."""
    return 48 + (8 + lines * _LEADING * _BODY if lines else 0)


def _head(request: DrawStoryboard, width: int, look: _Sheet) -> _Head:
    """The title on one line if it can be read so, else in a few; a short sheet needs them."""
    words, style = look.faces.settable(request.title), look.faces.title()
    count = f"{len(request.cards)} shot{'s' if len(request.cards) > 1 else ''}"
    note = f"{count}  ·  {_seconds(sum(card.duration_s for card in request.cards))}"
    measure = partial(look.faces.shaper.width, style=style)
    room = width - 2 * _MARGIN
    sets = {
        size: wrapped(tokens(words, measure, room / size), room / size, measure) for size in _TITLES
    }
    fits = [size for most in (1, _TITLE_LINES) for size in _TITLES if len(sets[size]) <= most]
    size = fits[0] if fits else _TITLES[-1]
    lines = sets[size]
    aside = look.width(note, _style(look, 500), _SMALL)
    beside = len(lines) == 1 and measure(lines[0]) * size + aside + 60 <= room
    return _Head(lines, size, note, beside)


def _draw_head(canvas: skia.Canvas, head: _Head, width: int, look: _Sheet) -> None:
    """The title where reading begins, and what is said of the whole across from it or below."""
    if not head.lines:
        return
    small, style = _style(look, 500), look.faces.title()
    base = _MARGIN + 0.76 * head.size
    for i, line in enumerate(head.lines):
        ink = look.faces.shaper.ink(line, style, head.size)
        x = width - _MARGIN - ink.right if look.rtl else _MARGIN - ink.left
        look.faces.shaper.paint(
            canvas, line, style, head.size, (x, base + i * _TITLE_LEADING * head.size), look.strong
        )
    below = base + (len(head.lines) - 1) * _TITLE_LEADING * head.size
    right = look.rtl != head.beside
    x = width - _MARGIN - look.width(head.note, small, _SMALL) if right else _MARGIN
    at = (x, below if head.beside else below + _ASIDE)
    look.faces.shaper.paint(canvas, head.note, small, _SMALL, at, look.soft)


def _draw_picture(
    canvas: skia.Canvas, picture: Pixels | None, number: int, at: tuple[int, int], look: _Sheet
) -> None:
    wide, high = look.card
    shape = skia.Rect.MakeXYWH(*at, wide, high)
    canvas.save()
    clip = skia.Path()
    clip.addRoundRect(shape, _CORNER, _CORNER)
    canvas.clipPath(clip, True)
    canvas.drawRect(shape, _fill(look.empty))
    if picture is not None:
        filled = _filled(picture, wide, high)
        canvas.drawImage(skia.Image.fromarray(filled, skia.kRGBA_8888_ColorType), *at)
    canvas.restore()
    if picture is not None:
        return
    words, style = f"{number}", _style(look, 600)
    ink = look.faces.shaper.ink(words, style, _FIGURE)
    x = at[0] + (wide - ink.left - ink.right) / 2
    y = at[1] + (high - ink.top - ink.bottom) / 2
    look.faces.shaper.paint(canvas, words, style, _FIGURE, (x, y), look.ground)


def _draw_words(
    canvas: skia.Canvas,
    card: Card,
    number: int,
    lines: Sequence[str],
    at: tuple[int, int],
    look: _Sheet,
) -> None:
    """Number and name where reading begins, the length across, the line below."""
    wide = look.card[0]
    base = at[1] + look.card[1] + 36
    strong, soft, body = (_style(look, weight) for weight in (600, 500, 400))

    def x(begins: float, length: float) -> float:
        """Left edge of what begins so far from where the card's reading begins."""
        return at[0] + (wide - begins - length if look.rtl else begins)

    figure, length = f"{number}", _seconds(card.duration_s)
    bar = Rect(x(0, 5), base - 17, x(0, 5) + 5, base + 1)
    canvas.drawRoundRect(skia.Rect.MakeLTRB(*bar), 2.5, 2.5, _fill(look.mark))
    first = look.width(figure, strong, _SMALL)
    last = look.width(length, soft, _SMALL)
    shaper = look.faces.shaper
    shaper.paint(canvas, figure, strong, _SMALL, (x(17, first), base), look.strong)
    shaper.paint(canvas, length, soft, _SMALL, (x(wide - last, last), base), look.soft)
    name = _shortened(look.faces.settable(card.id), soft, wide - first - last - 60, look)
    if name != figure:
        own = look.width(name, soft, _SMALL)
        shaper.paint(canvas, name, soft, _SMALL, (x(17 + first + 12, own), base), look.soft)
    for i, line in enumerate(lines, 1):
        left = at[0] + (wide - look.width(line, body, _BODY) if is_rtl(line) else 0)
        below = base + 8 + i * _LEADING * _BODY
        shaper.paint(canvas, line, body, _BODY, (left, below), look.strong)


def _shortened(words: str, style: Style, room: float, look: _Sheet) -> str:
    if look.width(words, style, _SMALL) <= room:
        return words
    while words and look.width(f"{words}…", style, _SMALL) > room:
        words = words[:-1]
    return words.rstrip() + "…" if words else ""


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _filled(picture: Pixels, width: int, height: int) -> Pixels:
    """(height, width, 4) premultiplied RGBA: the picture scaled and cropped to fill."""
    colours, alpha = split_alpha(picture)
    if alpha is None:
        alpha = np.full(colours.shape[:2], 255, np.uint8)
    high, wide = colours.shape[:2]
    scale = max(width / wide, height / high)
    size = (max(width, round(wide * scale)), max(height, round(high * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    part = alpha[..., None].astype(np.float32) / 255
    whole = np.dstack([colours * part, part * 255])
    full = np.asarray(cv2.resize(whole, size, interpolation=method))
    x, y = (full.shape[1] - width) // 2, (full.shape[0] - height) // 2
    cut = full[y : y + height, x : x + width]
    return np.ascontiguousarray(np.clip(cut + 0.5, 0, 255).astype(np.uint8))


def _fill(ink: str) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=0xFF000000 | int(ink[1:], 16))


def _rgb(fill: str) -> tuple[int, int, int]:
    r, g, b = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return r, g, b
