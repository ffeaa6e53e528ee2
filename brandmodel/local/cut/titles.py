"""Titles and lower thirds: where they stand on a shot, and when they are seen.

A title stands where a poster's headline would; words without a title are a lower third. Neither
crosses a subject or a caption as long as any place is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from brandmodel.local.cut.lettering import Pixels, SetRow, Under, in_motion
from brandmodel.local.cut.letters import Letters
from brandmodel.local.cut.lowerthird import LowerThird, lower_third
from brandmodel.local.cut.motion import Overlay, Times
from brandmodel.local.cut.oneline import SMALLER, OneLine
from brandmodel.local.cut.schedule import Span
from brandmodel.local.cut.stage import Stage, body_scale, box_rect, free, rect_box
from brandmodel.local.type.block import Block, Piece, Row
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import sheet
from brandmodel.local.type.ground import Ground, Rect, covered
from brandmodel.local.type.placing import Placement, placed
from brandmodel.local.type.shaping import is_rtl
from brandmodel.local.type.typeset import hung
from brandmodel.tasks import ShotOnFilm

_BEGINS_S, _COMES_S, _GOES_S, _LEAVES_S = 0.25, 0.7, 0.3, 0.1
_TITLE = 0.76
# So much of a placement's worth is given for a title on one line: a somewhat livelier ground, but
# not the side that was kept calm for it.
_FOR_ONE_LINE = 1.6
# Parts of the frame's height that a title is tried in; a low part asks for few lines.
_BANDS = ((0.0, 0.34), (0.0, 0.52), (0.48, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Lettering:
    """The type of a shot: what moves, and what a person should know."""

    overlays: tuple[Overlay, ...] = ()
    notes: tuple[str, ...] = ()


def seen(span: Span, fps: int) -> Times:
    """When the type of a shot is seen; a short shot leaves less time to come and go."""
    length = span.length
    begins = min(round(_BEGINS_S * fps), length // 8)
    leaves = min(round(_LEAVES_S * fps), length // 10)
    going = min(round(_GOES_S * fps), length // 6)
    coming = min(round(_COMES_S * fps), length // 3)
    return Times(span.first + begins, span.end - leaves, max(1, coming), max(1, going))


def lettered(
    shot: ShotOnFilm, span: Span, frames: Sequence[Pixels], letters: Letters, stage: Stage
) -> Lettering:
    """The shot's words, set and timed.

    Args:
        shot: with its words, the side kept calm, and its subjects.
        span: its frames in the film.
        frames: (H, W, 3) of the shot while the type is seen, in order.
        letters: what to letter with.
        stage: the film's frame.
    """
    pieces = letters.pieces(shot.lines)
    if not pieces:
        return Lettering()
    taken = tuple(rect_box(rect, stage) for rect in stage.taken)
    ground = Ground(frames[len(frames) // 2], (*shot.subjects, *taken))
    low: LowerThird | None = None
    if any(p.role == "title" for p in pieces):
        blocks = _title(pieces, shot, ground, letters, stage)
    else:
        low = lower_third(pieces, ground, letters, stage)
        blocks = (low.block,)
    rows = [hung(row, letters.shaper) for block in blocks for row in block.rows]
    pills = [pill for block in blocks for pill in block.pills]
    under = Under(frames, ground.subjects, letters, stage)
    times = seen(span, stage.fps)
    made = in_motion(rows, pills, low.bar if low else None, under, times)
    return Lettering(made, _notes(shot, rows, stage))


def _notes(shot: ShotOnFilm, rows: Sequence[SetRow], stage: Stage) -> tuple[str, ...]:
    """What the words cross, since there was no other place."""
    places = [rect for _, rect in rows]
    subjects = [box_rect(box, stage) for box in shot.subjects]
    return tuple(
        f"shot {shot.id!r} leaves no free place for its words: they cross {what}"
        for what, others in (("its subject", subjects), ("a caption", stage.taken))
        if covered(places, others) > 0.01
    )


def _title(
    pieces: Sequence[Piece], shot: ShotOnFilm, ground: Ground, letters: Letters, stage: Stage
) -> tuple[Block, ...]:
    first = next(p for p in pieces if p.role == "title")
    page = sheet(stage.width, stage.height, (0.0, 0.0), rtl=is_rtl(first.text))
    frame = free(stage)
    page = replace(page, frame=frame, body=page.body * body_scale(stage))
    # A title is read while the picture moves on: smaller than a poster's, in fewer lines.
    inset = (1 - _TITLE) / 2
    measured = frame.grown(-inset * frame.width, -inset * frame.height)

    def best(setter: Typesetter) -> tuple[float, Placement]:
        found: list[tuple[float, Placement]] = []
        for upper, lower in _BANDS:
            top, bottom = (frame.y0 + part * frame.height for part in (upper, lower))
            own = replace(page, frame=frame._replace(y0=top, y1=bottom))
            made = placed(setter, own, ground, letters.palette, shot.space)
            found.append((_worth(made, frame, ground), made))
        return max(found, key=lambda f: f[0])

    worth, broken = best(Typesetter(letters.shaper, pieces, measured, page.body))
    if len(_titles(broken)) == sum(p.role == "title" for p in pieces):
        return broken.blocks
    unbroken_worth, unbroken = best(OneLine(letters.shaper, pieces, measured, page.body))
    fits = _size(unbroken) >= SMALLER * _size(broken)
    return (unbroken if fits and unbroken_worth > worth - _FOR_ONE_LINE else broken).blocks


def _worth(made: Placement, frame: Rect, ground: Ground) -> float:
    """A placement's own score, less for many lines, small type, and what stands on a subject."""
    rows = [row for block in made.blocks for row in block.rows]
    least = 0.075 * min(frame.width, frame.height)
    crossing = covered([row.bounds((0.74, 0.22)) for row in rows], ground.subjects)
    small = max(0.0, 1 - _size(made) / least)
    many = max(0, len(_titles(made)) - 2)
    return made.score - 0.9 * many - 6 * small - 40 * min(1.0, crossing)


def _titles(made: Placement) -> list[Row]:
    return [row for block in made.blocks for row in block.rows if row.piece.role == "title"]


def _size(made: Placement) -> float:
    """Of the title in pixels; 0 where it could not be set."""
    return max((row.size for row in _titles(made)), default=0.0)
