"""Captions burnt in: a plate under each line, readable on any ground, and the spoken word lit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import skia

from brandmodel.local.cut.captions import ABOVE, BELOW, SetCue
from brandmodel.local.cut.letters import Letters, Sheet
from brandmodel.local.cut.motion import Overlay, Times
from brandmodel.local.cut.stage import Stage
from brandmodel.local.picture import colour
from brandmodel.local.type.block import Row
from brandmodel.local.type.ground import READABLE, Rect
from brandmodel.local.type.shaping import is_rtl

_FADE_S = 0.08
# The rest is dimmed where the palette has no colour that could light a word.
_DIMMED = 0.62
# Opacity of the plate in percent.
_LEAST_PLATE, _MOST_PLATE, _NO_TINT_PLATE = 72, 94, 82


@dataclass(frozen=True, slots=True)
class _Look:
    """Plate and inks of every caption of a film: the same throughout, whatever lies under it."""

    plate: str
    alpha: float
    ink: str
    lit: str


def burnt_in(
    cues: Sequence[SetCue], letters: Letters, stage: Stage
) -> Iterator[tuple[int, list[Overlay]]]:
    """(first frame, overlays) of every cue: its plate, and its lines once for every word.

    Each is drawn when it is asked for.
    """
    look = _look(letters)
    for cue in cues:
        yield cue.first, _burnt(cue, look, letters, stage)


def _burnt(cue: SetCue, look: _Look, letters: Letters, stage: Stage) -> list[Overlay]:
    first, end, area = cue.first, cue.end, cue.area
    sheet = Sheet(area, stage.width, stage.height)
    _lay_plates(sheet, cue.plates, look, 0.24 * cue.place.size)
    fade = max(1, min(round(_FADE_S * stage.fps), (end - first) // 3))
    made = [Overlay(sheet.patch(), Times(first, end, fade, fade))]
    places = _word_places(cue.rows, letters)
    for begins, stops, lit in _states(cue, len(places), stage.fps):
        sheet = Sheet(area, stage.width, stage.height)
        _set(sheet, cue.rows, places[lit] if lit is not None else None, look, letters)
        coming = fade if begins == first else 1
        going = fade if stops == end else 0
        made.append(Overlay(sheet.patch(), Times(begins, stops, coming, going)))
    return made


def _states(made: SetCue, places: int, fps: int) -> list[tuple[int, int, int | None]]:
    """(first frame, end, number of the lit word) without gaps; a word stays lit up to the next."""
    first, end, words = made.first, made.end, made.cue.words
    # A word that is broken over two lines has two places: then none can be told from the next.
    if not len(words) == len(made.text.split()) == places:
        return [(first, end, None)]
    starts = [min(max(round(w.start_s * fps), first), end) for w in words]
    rests = min(end, max(starts[-1], round(words[-1].end_s * fps) + 1))
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
            top, bottom = row.y - ABOVE * row.size, row.y + BELOW * row.size
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
