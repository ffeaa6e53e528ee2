"""Captions burnt in: one or two centred lines in a band kept free, the spoken word lit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import skia

from brandmodel.local.cut.letters import Letters, Sheet, bounds
from brandmodel.local.cut.motion import Overlay, Times
from brandmodel.local.cut.titles import Stage
from brandmodel.local.picture import colour
from brandmodel.local.type.block import Piece, Row
from brandmodel.local.type.breaking import tokens, wrapped
from brandmodel.local.type.ground import READABLE, Rect
from brandmodel.local.type.shaping import Style, is_rtl
from brandmodel.tasks import Caption
from brandmodel.tasks.captions import cues

_LEADING = 1.32
_FADE_S = 0.08
# The rest is dimmed where the palette has no colour that could light a word.
_DIMMED = 0.62
# Opacity of the plate in percent.
_LEAST_PLATE, _MOST_PLATE, _NO_TINT_PLATE = 72, 94, 82


def type_size(width: int, height: int) -> float:
    """Pixels to the em: about 48 at 1080 lines, and so that 30 letters fit a narrow frame."""
    return min(0.0445 * height, 0.056 * width)


def band_top(width: int, height: int) -> float:
    """The top of the band that captions need: two lines, their plate, and air above it."""
    return _base(width, height) - (_LEADING + 1.02 + 0.95) * type_size(width, height)


def _base(width: int, height: int) -> float:
    """The baseline of the last line; upright films leave room for what players lay over them."""
    margin = 0.07 * height if width >= height else 0.15 * height
    return height - margin - 0.45 * type_size(width, height)


@dataclass(frozen=True, slots=True)
class _Look:
    """Plate and inks of every caption of a film: the same throughout, whatever lies under it."""

    plate: str
    alpha: float
    ink: str
    lit: str


def burnt_in(captions: Sequence[Caption], letters: Letters, stage: Stage) -> list[Overlay]:
    """Every cue as plate and lines; the lines once for every word, while it is spoken."""
    look = _look(letters)
    longest = 42 if stage.width >= stage.height else 26
    made: list[Overlay] = []
    for cue in cues(captions, longest=longest):
        made += _cue(cue, look, letters, stage)
    return made


def _cue(cue: Caption, look: _Look, letters: Letters, stage: Stage) -> list[Overlay]:
    text = letters.settable(cue.text)
    first, end = (round(t * stage.fps) for t in (cue.start_s, cue.end_s))
    if not text or end <= first:
        return []
    size = type_size(stage.width, stage.height)
    rows = _rows(text, size, letters, stage)
    plates = [_plate(row) for row in rows]
    area = bounds(plates)
    sheet = Sheet(area, stage.width, stage.height)
    _lay_plates(sheet, plates, look, 0.24 * size)
    fade = max(1, min(round(_FADE_S * stage.fps), (end - first) // 3))
    made = [Overlay(sheet.patch(), Times(first, end, fade, fade))]
    places = _word_places(rows, letters)
    for begins, stops, lit in _states(text, cue, first, end, stage.fps):
        sheet = Sheet(area, stage.width, stage.height)
        _set(sheet, rows, places[lit] if lit is not None else None, look, letters)
        coming = fade if begins == first else 1
        going = fade if stops == end else 0
        made.append(Overlay(sheet.patch(), Times(begins, stops, coming, going)))
    return made


def _states(
    text: str, cue: Caption, first: int, end: int, fps: int
) -> list[tuple[int, int, int | None]]:
    """(first frame, end, number of the lit word) without gaps; a word stays lit up to the next."""
    if len(cue.words) != len(text.split()):
        return [(first, end, None)]
    starts = [min(max(round(w.start_s * fps), first), end) for w in cue.words]
    rests = min(end, max(starts[-1], round(cue.words[-1].end_s * fps) + 1))
    edges = [first, *starts, rests, end]
    lit = [None, *range(len(starts)), None]
    return [(a, b, which) for a, b, which in zip(edges[:-1], edges[1:], lit, strict=True) if b > a]


def _set(
    sheet: Sheet, rows: Sequence[Row], lit: Rect | None, look: _Look, letters: Letters
) -> None:
    """The lines in their ink, the lit word's place in its own."""
    if lit is None:
        sheet.text(letters.shaper, rows, look.ink)
        return
    shape = skia.Rect.MakeLTRB(*lit)
    dims = look.lit == look.ink
    for ink, how in (
        (_dim(look) if dims else look.ink, skia.ClipOp.kDifference),
        (look.lit, skia.ClipOp.kIntersect),
    ):
        sheet.canvas.save()
        sheet.canvas.clipRect(shape, how)
        sheet.text(letters.shaper, rows, ink)
        sheet.canvas.restore()


def _rows(text: str, size: float, letters: Letters, stage: Stage) -> list[Row]:
    style = Style(letters.text, 600, 0.002)
    measure = partial(letters.shaper.width, style=style)
    room = (0.86 * stage.width - 1.2 * size) / size
    if measure(text) > 2 * room:
        size *= max(0.5, 2 * room / (measure(text) * 1.1))
        room = (0.86 * stage.width - 1.2 * size) / size
    lines = wrapped(tokens(text, measure, room), min(room, 24.0), measure)
    piece = Piece(0, "line", text, style)
    base = _base(stage.width, stage.height)
    made: list[Row] = []
    for i, line in enumerate(lines):
        width = measure(line) * size
        y = base - (len(lines) - 1 - i) * _LEADING * size
        made.append(Row(piece, line, size, (stage.width - width) / 2, y, width, "center"))
    return made


def _plate(row: Row) -> Rect:
    pad, x1 = 0.5 * row.size, row.x + row.width
    return Rect(row.x - pad, row.y - 1.02 * row.size, x1 + pad, row.y + 0.42 * row.size)


def _lay_plates(sheet: Sheet, plates: Sequence[Rect], look: _Look, radius: float) -> None:
    # One shape for both lines: where two see-through plates met, they would show a seam.
    shape = skia.Path()
    for rect in plates:
        own = skia.Path()
        own.addRoundRect(skia.Rect.MakeLTRB(*rect), radius, radius)
        shape = skia.Op(shape, own, skia.PathOp.kUnion_PathOp) or shape
    argb = round(255 * look.alpha) << 24 | int(look.plate[1:], 16)
    sheet.canvas.drawPath(shape, skia.Paint(AntiAlias=True, Color=argb))


def _word_places(rows: Sequence[Row], letters: Letters) -> list[Rect]:
    """The place of every word, up to the middle of the spaces beside it, in reading order."""
    found: list[Rect] = []
    for row in rows:
        measure = partial(letters.shaper.width, style=row.piece.style)
        space = (measure("n n") - measure("nn")) * row.size / 2
        at = 0
        for word in row.text.split():
            at = row.text.index(word, at) + len(word)
            far = measure(row.text[:at]) * row.size
            x0, x1 = far - measure(word) * row.size - space, far + space
            if is_rtl(row.text):
                x0, x1 = row.width - x1, row.width - x0
            top, bottom = row.y - 1.02 * row.size, row.y + 0.42 * row.size
            found.append(Rect(row.x + x0, top, row.x + x1, bottom))
    return found


def _look(letters: Letters) -> _Look:
    """Dark plate and light letters; strong enough for white and for black under it."""
    plate, ink = letters.inks.dark, letters.inks.light
    tints = (letters.palette.accent, letters.palette.primary, *letters.palette.more)
    for percent in range(_LEAST_PLATE, _MOST_PLATE + 1, 2):
        alpha = percent / 100
        if _over_white(plate, alpha, ink) < READABLE * 1.25:
            continue
        for tint in tints:
            if _over_white(plate, alpha, tint) >= READABLE and _differ(tint, ink):
                return _Look(plate, alpha, ink, tint)
    return _Look(plate, _NO_TINT_PLATE / 100, ink, ink)


def _differ(one: str, other: str) -> bool:
    a, b = colour.lab(one), colour.lab(other)
    return float(((a - b) ** 2).sum()) ** 0.5 > 0.12


def _over_white(plate: str, alpha: float, ink: str) -> float:
    """Contrast of an ink on the see-through plate over white, the worst ground for light ink."""
    under = colour.encoded(colour.rgb(plate)) * alpha + (1 - alpha)
    ground = colour.luminance(colour.linear(under.astype("float32")))
    return colour.contrast(float(ground), float(colour.luminance(colour.rgb(ink))))


def _dim(look: _Look) -> str:
    return colour.hex_of(colour.mix(colour.rgb(look.plate), colour.rgb(look.ink), _DIMMED))
