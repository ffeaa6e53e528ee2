"""Captions that are burnt in: how a cue is set, and where it stands so that it covers no subject.

A cue stands low in the middle, where it is looked for. Where the subject is there, it is raised,
goes to the top, or to a side; a cue too long for what is free is read in shorter parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from brandmodel.local.cut.letters import Letters, bounds
from brandmodel.local.cut.schedule import Cut, Span
from brandmodel.local.cut.stage import Stage, box_rect, safe
from brandmodel.local.type.block import Align, Piece, Row
from brandmodel.local.type.breaking import Measure, tokens, wrapped
from brandmodel.local.type.ground import Rect, covered
from brandmodel.local.type.shaping import Style
from brandmodel.tasks import Caption
from brandmodel.tasks.captions import MOST_LINES, cues

LEADING = 1.32
ABOVE, BELOW, BESIDE = 1.02, 0.42, 0.5
"""How far a line's plate reaches from its baseline and its ends, in em."""
_LONGEST_EM = 24.0
# Letters of a line, for a wide and an upright frame, and for the parts of a cue that found no place.
_WIDE, _UPRIGHT, _PARTED = 42, 26, (24, 15, 10)
# Shares of the width that a line may take: in the middle, and at a side.
_BROAD = 0.86
_SIDES = (0.46, 0.36, 0.28)
_SIZES = ((1.0, 0.0), (0.84, 0.5), (0.72, 1.0))
"""How much smaller a cue may be, and how little that is liked."""
# How little each place is liked; the raised ones by the share of the height that they are raised.
_RAISED, _HIGHEST, _TOP, _FLOATING, _SIDE = 0.3, 0.2, 1.0, 1.5, 1.9
_STEADY = 0.35
# Air to a subject, in em.
_AIR = 0.3


class Place(NamedTuple):
    """Where the last baseline runs, which edge the lines share, and how wide they may be."""

    align: Align
    base: float
    room: float
    size: float


@dataclass(frozen=True, slots=True)
class SetCue:
    """A cue, set and placed.

    Attributes:
        first: film frame from which it is read.
        end: film frame from which it is gone.
    """

    cue: Caption
    text: str
    rows: tuple[Row, ...]
    place: Place
    first: int
    end: int

    @property
    def plates(self) -> list[Rect]:
        """What each line covers."""
        return [plate(row) for row in self.rows]

    @property
    def area(self) -> Rect:
        """What all lines cover."""
        return bounds(self.plates)


def type_size(width: int, height: int) -> float:
    """Pixels to the em: about 48 at 1080 lines, and so that 30 letters fit a narrow frame."""
    return min(0.0445 * height, 0.056 * width)


def band_top(width: int, height: int) -> float:
    """The top of the band that captions need: two lines, their plate, and air above it."""
    return _base(width, height) - (LEADING + ABOVE + 0.95) * type_size(width, height)


def plate(row: Row) -> Rect:
    """What lies under a line."""
    beside, x1 = BESIDE * row.size, row.x + row.width
    return Rect(row.x - beside, row.y - ABOVE * row.size, x1 + beside, row.y + BELOW * row.size)


def set_cues(
    captions: Sequence[Caption], cuts: Sequence[Cut], letters: Letters, stage: Stage
) -> tuple[SetCue, ...]:
    """Every cue at its place, in order.

    Args:
        captions: what is read.
        cuts: the shots, whose subjects are kept free.
        letters: what to letter with.
        stage: the film's frame.
    """
    longest = _WIDE if stage.width >= stage.height else _UPRIGHT
    made: list[SetCue] = []
    for cue in cues(captions, longest=longest):
        before = made[-1].place if made else None
        made += _placed(cue, _subjects(cue, cuts, stage), letters, stage, before)
    return tuple(made)


def _placed(
    cue: Caption,
    subjects: Sequence[Rect],
    letters: Letters,
    stage: Stage,
    before: Place | None,
) -> list[SetCue]:
    """The cue where nothing is covered, in parts if it must be; else where least is."""
    whole = _best(cue, subjects, letters, stage, before)
    if whole is None:
        return []
    if not _crossing(whole, subjects):
        return [whole]
    for longest in _PARTED:
        parts = cues((cue,), longest=longest)
        if len(parts) < 2:
            continue
        found: list[SetCue] = []
        for part in parts:
            made = _best(part, subjects, letters, stage, found[-1].place if found else before)
            if made is None or _crossing(made, subjects):
                break
            found.append(made)
        else:
            return found
    return [whole]


def _best(
    cue: Caption,
    subjects: Sequence[Rect],
    letters: Letters,
    stage: Stage,
    before: Place | None,
) -> SetCue | None:
    """The cue at its best place; None where there is nothing to set or no time to read it."""
    text = letters.faces.settable(cue.text)
    first, end = (round(t * stage.fps) for t in (cue.start_s, cue.end_s))
    if not text or end <= first:
        return None
    measure = _measure(letters)

    @cache
    def lines(room: float) -> tuple[str, ...] | None:
        return _lines(text, room, measure)

    best: tuple[float, SetCue] | None = None
    for dislike, place in _places(stage):
        dislike -= _STEADY if place == before else 0.0
        if best is not None and best[0] <= dislike:
            continue
        broken = lines(place.room / place.size - 2 * BESIDE)
        if broken is None:
            continue
        made = SetCue(cue, text, _rows(broken, place, letters, stage), place, first, end)
        if made.area.y0 < safe(stage).y0 - 1:
            continue
        dislike += 40 * _crossing(made, subjects)
        if best is None or dislike < best[0]:
            best = dislike, made
    return best[1] if best else _squeezed(cue, text, (first, end), letters, stage)


def _squeezed(
    cue: Caption, text: str, span: tuple[int, int], letters: Letters, stage: Stage
) -> SetCue:
    """Low in the middle, as small as it takes: a text that cannot be broken."""
    _, place = next(_places(stage))
    measure = _measure(letters)
    broken: tuple[str, ...] | None = None
    while broken is None:
        place = place._replace(size=0.9 * place.size)
        broken = _lines(text, place.room / place.size - 2 * BESIDE, measure)
    return SetCue(cue, text, _rows(broken, place, letters, stage), place, *span)


def _places(stage: Stage) -> Iterator[tuple[float, Place]]:
    """(dislike, place), the usual one first."""
    size = type_size(stage.width, stage.height)
    low = _base(stage.width, stage.height)
    high = safe(stage).y0 + ABOVE * size
    broad = _BROAD * stage.width
    yield 0.0, Place("center", low, broad, size)
    for lines in range(MOST_LINES):
        yield _TOP, Place("center", high + lines * LEADING * size, broad, size)
    for small, less in _SIZES:
        own, base = size * small, low
        while base > high:
            raised = (low - base) / stage.height
            floats = raised > _HIGHEST
            dislike = _FLOATING if floats else _RAISED + 2 * raised
            yield dislike + less, Place("center", base, broad, own)
            for share in _SIDES:
                for align in ("left", "right"):
                    aside = _SIDE + raised + 0.3 * (share < _SIDES[0])
                    yield aside + less, Place(align, base, share * stage.width, own)
            base -= 0.5 * size


def _style(letters: Letters) -> Style:
    return Style(letters.faces.text, 600, 0.002)


def _measure(letters: Letters) -> Measure:
    """Width of a text in em."""
    return partial(letters.shaper.width, style=_style(letters))


def _lines(text: str, room: float, measure: Measure) -> tuple[str, ...] | None:
    """One or two lines of at most ``room`` em, or None where more are needed."""
    if measure(text) > MOST_LINES * room:
        return None
    lines = wrapped(tokens(text, measure, room), min(room, _LONGEST_EM), measure)
    fits = len(lines) <= MOST_LINES and max(map(measure, lines)) <= room + 0.02
    return lines if fits else None


def _rows(lines: Sequence[str], place: Place, letters: Letters, stage: Stage) -> tuple[Row, ...]:
    frame, size, measure = safe(stage), place.size, _measure(letters)
    piece = Piece(0, "line", " ".join(lines), _style(letters))
    made: list[Row] = []
    for i, line in enumerate(lines):
        width = measure(line) * size
        x = {
            "left": frame.x0 + BESIDE * size,
            "center": (stage.width - width) / 2,
            "right": frame.x1 - BESIDE * size - width,
        }[place.align]
        y = place.base - (len(lines) - 1 - i) * LEADING * size
        made.append(Row(piece, line, size, x, y, width, place.align))
    return tuple(made)


def _base(width: int, height: int) -> float:
    """The baseline of the last line; upright films leave room for what players lay over them."""
    margin = 0.07 * height if width >= height else 0.15 * height
    return height - margin - 0.45 * type_size(width, height)


def _subjects(cue: Caption, cuts: Sequence[Cut], stage: Stage) -> list[Rect]:
    """Of every shot that is seen while the cue is read."""
    first, end = cue.start_s * stage.fps, cue.end_s * stage.fps
    return [
        box_rect(box, stage)
        for cut in cuts
        if cut.span.first < end and cut.span.end > first
        for box in cut.shot.subjects
    ]


def _crossing(made: SetCue, subjects: Sequence[Rect]) -> float:
    air = _AIR * made.place.size
    return min(1.0, covered([rect.grown(air) for rect in made.plates], subjects))


def beside(stage: Stage, made: Sequence[SetCue], span: Span) -> Stage:
    """What is left of the stage for other type in some frames of the film.

    Captions in the middle take their height from it, at the bottom that of the whole band, so that
    type keeps its place from shot to shot; those at a side are taken places.
    """
    air = 0.5 * type_size(stage.width, stage.height)
    for own in made:
        if own.first >= span.end or own.end <= span.first:
            continue
        area = own.area
        if own.place.align != "center":
            stage = stage._replace(taken=(*stage.taken, area.grown(air)))
        elif area.y0 + area.y1 > stage.height:
            low = min(stage.floor, area.y0 - air, band_top(stage.width, stage.height))
            stage = stage._replace(floor=low)
        else:
            stage = stage._replace(ceiling=max(stage.ceiling, area.y1 + air))
    return stage
