"""Titles and lower thirds: where they stand on a shot, in which ink, and how they move.

A title stands where a poster's headline would; words without a title are a lower third. Neither
crosses a subject or the place of the captions as long as any place is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.cut.letters import Letters, Sheet, bounds
from brandmodel.local.cut.motion import RISE, Overlay, Times
from brandmodel.local.cut.schedule import Span
from brandmodel.local.cut.scrim import Carried, carried, veil_patch
from brandmodel.local.picture import colour
from brandmodel.local.type.block import Align, Block, Piece, Row
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import sheet
from brandmodel.local.type.ground import READABLE, Ground, Rect, covered
from brandmodel.local.type.placing import Placement, placed
from brandmodel.local.type.shaping import is_rtl
from brandmodel.local.type.typeset import hung
from brandmodel.local.type.veil import readable_on
from brandmodel.tasks import Box, ShotOnFilm, TextBox

Pixels = NDArray[np.uint8]

_BEGINS_S, _COMES_S, _GOES_S, _LEAVES_S = 0.25, 0.7, 0.3, 0.1
_STAGGER_S = 0.11
_LOWER_BODY = 0.9
_TITLE = 0.76
# Parts of the frame's height that a title is tried in; a low part asks for few lines.
_BANDS = ((0.0, 0.34), (0.0, 0.52), (0.48, 1.0), (0.0, 1.0))
_BAR, _BAR_GAP = 0.005, 0.6


class Stage(NamedTuple):
    """The film's frame in pixels; ``floor`` is the top of the captions' band, or the height."""

    width: int
    height: int
    fps: int
    floor: float


@dataclass(frozen=True, slots=True)
class Lettering:
    """The type of a shot: what moves, where the texts stand, what a person should know."""

    overlays: tuple[Overlay, ...] = ()
    texts: tuple[TextBox, ...] = ()
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
    ground = Ground(frames[len(frames) // 2], shot.subjects)
    if any(p.role == "title" for p in pieces):
        blocks, bar = _title(pieces, shot, ground, letters, stage), None
    else:
        block, bar = _lower_third(pieces, ground, letters, stage)
        blocks = (block,)
    rows = [hung(row, letters.shaper) for block in blocks for row in block.rows]
    notes: tuple[str, ...] = ()
    if covered([rect for _, rect in rows], ground.subjects) > 0.01:
        notes = (f"shot {shot.id!r} leaves no free place for its words: they cross its subject",)
    made, texts = _moving(blocks, rows, bar, frames, letters, stage, seen(span, stage.fps))
    return Lettering(tuple(made), texts, notes)


def body_scale(stage: Stage) -> float:
    """How much larger running text is than in print: a film is seen from further away."""
    return 1.18 if stage.width >= stage.height else 1.34


def _title(
    pieces: Sequence[Piece], shot: ShotOnFilm, ground: Ground, letters: Letters, stage: Stage
) -> tuple[Block, ...]:
    first = next(p for p in pieces if p.role == "title")
    page = sheet(stage.width, stage.height, (0.0, 0.0), rtl=is_rtl(first.text))
    frame = page.frame
    frame = Rect(frame.x0, frame.y0, frame.x1, min(frame.y1, stage.floor))
    page = replace(page, frame=frame, body=page.body * body_scale(stage))
    # A title is read while the picture moves on: smaller than a poster's, in fewer lines.
    inset = (1 - _TITLE) / 2
    measured = frame.grown(-inset * frame.width, -inset * frame.height)
    setter = Typesetter(letters.shaper, pieces, measured, page.body)
    found: list[tuple[float, Placement]] = []
    for upper, lower in _BANDS:
        part = Rect(
            frame.x0,
            frame.y0 + upper * frame.height,
            frame.x1,
            frame.y0 + lower * frame.height,
        )
        own = replace(page, frame=part)
        made = placed(setter, own, ground, letters.palette, shot.space)
        found.append((_worth(made, frame, ground), made))
    return max(found, key=lambda f: f[0])[1].blocks


def _worth(made: Placement, frame: Rect, ground: Ground) -> float:
    """A placement's own score, less for many lines, small type, and what stands on a subject."""
    rows = [row for block in made.blocks for row in block.rows]
    lines = sum(row.piece.role == "title" for row in rows)
    size = max((row.size for row in rows if row.piece.role == "title"), default=0.0)
    least = 0.075 * min(frame.width, frame.height)
    crossing = covered([row.bounds((0.74, 0.22)) for row in rows], ground.subjects)
    small = max(0.0, 1 - size / least)
    return made.score - 0.9 * max(0, lines - 2) - 6 * small - 40 * min(1.0, crossing)


def _lower_third(
    pieces: Sequence[Piece], ground: Ground, letters: Letters, stage: Stage
) -> tuple[Block, Rect]:
    """The block and its bar, in the first corner that is free; low and where reading begins."""
    rtl = is_rtl(pieces[0].text)
    page = sheet(stage.width, stage.height, (0.0, 0.0), rtl=rtl)
    body = page.body * body_scale(stage) * _LOWER_BODY
    setter = Typesetter(letters.shaper, pieces, page.frame, body)
    # The bar's edge is soft, by a pixel.
    floor = min(page.frame.y1, stage.floor - 2)
    inset = _BAR * stage.height + _BAR_GAP * body
    options: list[tuple[float, Block, Rect]] = []
    for dislike, width, align, low in _corners(page.frame.width, rtl=rtl):
        block = setter.block(width - inset, 0.5 * stage.height, align)
        if block is None:
            continue
        x = page.frame.x0 + inset if align == "left" else page.frame.x1 - inset - block.rect.width
        y = floor - block.rect.height if low else page.frame.y0
        moved = block.moved(x, y)
        rect = moved.rect
        thick = max(2.0, _BAR * stage.height)
        left = rect.x0 - inset if align == "left" else rect.x1 + inset - thick
        bar = Rect(left, rect.y0, left + thick, rect.y1)
        whole = rect.grown(0.5 * body)
        crossing = covered([whole], ground.subjects)
        broken = len(block.rows) - len({row.piece.index for row in block.rows})
        dislike += 0.3 * broken
        options.append((dislike + 40 * min(1.0, crossing) + 0.6 * ground.unrest(whole), moved, bar))
    if not options:
        block = setter.block(page.frame.width, page.frame.height, "left", scale=0.6)
        assert block is not None, "a lower third is short"
        moved = block.moved(page.frame.x0 + inset, floor - block.rect.height)
        options.append((0.0, moved, Rect(0, 0, 0, 0)))
    return min(options, key=lambda o: o[0])[1:]


def _corners(width: float, *, rtl: bool) -> Iterator[tuple[float, float, Align, bool]]:
    """(dislike, width, side, low) of the places of a lower third."""
    home: Align = "right" if rtl else "left"
    away: Align = "left" if rtl else "right"
    for share, narrow in ((1.0, 0.05), (0.62, 0.0), (0.42, 0.15), (0.28, 0.4)):
        yield narrow, width * share, home, True
        yield narrow + 0.5, width * share, away, True
        yield narrow + 1.0, width * share, home, False
        yield narrow + 1.2, width * share, away, False


def _moving(
    blocks: Sequence[Block],
    rows: Sequence[tuple[Row, Rect]],
    bar: Rect | None,
    frames: Sequence[Pixels],
    letters: Letters,
    stage: Stage,
    times: Times,
) -> tuple[list[Overlay], tuple[TextBox, ...]]:
    """Veil, bar, pills and letters, each text coming a little after the one above it."""
    groups = {i: [r for r in rows if r[0].piece.index == i] for i in _indices(rows)}
    plain = {
        i: [rect.grown(0.06 * row.size) for row, rect in own]
        for i, own in groups.items()
        if own[0][0].piece.role != "button"
    }
    made: list[Overlay] = []
    how = Carried(letters.inks.light)
    if plain:
        how = carried(frames, plain, letters.inks, letters.palette)
        whole = bounds([rect for rects in plain.values() for rect in rects])
        if how.plate and bar is not None:
            whole, bar = _plated(whole, bar, stage)
        patch = veil_patch(how, whole, stage.width, stage.height, tight=bar is not None)
        if patch is not None:
            early = max(times.first - round(0.1 * stage.fps), 0)
            made.append(Overlay(patch, replace(times, first=early)))
    if bar is not None and bar.area:
        piece = Sheet(bar, stage.width, stage.height, below=RISE * stage.height)
        piece.shape(bar, _bar_fill(how, frames, bar, letters))
        made.append(Overlay(piece.patch(), times, rise=RISE * stage.height))
    texts: list[TextBox] = []
    pills = {p.piece.index: p for block in blocks for p in block.pills}
    for number, (index, own) in enumerate(groups.items()):
        ink = _ink(how, frames, plain.get(index, []), own[0][0].piece, letters)
        pad = 0.1 * own[0][0].size
        rects = [rect for _, rect in own]
        below = RISE * stage.height
        pill = pills.get(index)
        area = bounds(rects, [pill] if pill else [], pad=pad)
        piece = Sheet(area, stage.width, stage.height, below=below)
        if pill:
            fill = _pill_fill(frames, pill.rect, letters)
            piece.shape(pill.rect, fill, radius=pill.radius)
            ink = readable_on(fill, letters.inks)
            ratio = colour.contrast(*(float(colour.luminance(colour.rgb(c))) for c in (fill, ink)))
        else:
            ratio = how.under(frames, plain[index], ink)
        piece.text(letters.shaper, [row for row, _ in own], ink)
        late = min(round(number * _STAGGER_S * stage.fps), (times.end - times.first) // 4)
        own_times = replace(times, first=times.first + late)
        made.append(Overlay(piece.patch(), own_times, rise=below))
        texts.append(text_box(own[0][0].piece, bounds(rects), ratio, ink, how.plate, stage))
    return made, tuple(texts)


def _plated(whole: Rect, bar: Rect, stage: Stage) -> tuple[Rect, Rect]:
    """The plate of a lower third, and the bar as its edge."""
    pad = 0.026 * min(stage.width, stage.height)
    thick = 1.4 * bar.width
    if bar.x0 < whole.x0:
        plate = Rect(bar.x0, whole.y0 - pad, whole.x1 + 1.3 * pad, whole.y1 + pad)
        return plate, Rect(plate.x0, plate.y0, plate.x0 + thick, plate.y1)
    plate = Rect(whole.x0 - 1.3 * pad, whole.y0 - pad, bar.x1, whole.y1 + pad)
    return plate, Rect(plate.x1 - thick, plate.y0, plate.x1, plate.y1)


def _indices(rows: Sequence[tuple[Row, Rect]]) -> list[int]:
    """Of the texts, from top to bottom."""
    tops: dict[int, float] = {}
    for row, rect in rows:
        tops.setdefault(row.piece.index, rect.y0)
    return sorted(tops, key=lambda i: tops[i])


def _ink(
    how: Carried, frames: Sequence[Pixels], rects: Sequence[Rect], piece: Piece, letters: Letters
) -> str:
    """The block's ink; accent or primary for an eyebrow where they can be read."""
    if piece.role == "eyebrow":
        for tint in (letters.palette.accent, letters.palette.primary):
            if how.under(frames, rects, tint) >= READABLE * 1.05:
                return tint
    return how.ink


def _bar_fill(how: Carried, frames: Sequence[Pixels], bar: Rect, letters: Letters) -> str:
    """The accent where it stands out at all; a bar is no text."""
    for tint in (letters.palette.accent, letters.palette.primary):
        if how.under(frames, [bar], tint) >= 1.6:
            return tint
    return how.ink


def _pill_fill(frames: Sequence[Pixels], rect: Rect, letters: Letters) -> str:
    """The accent, or what stands out most where the accent would be lost."""
    x0, y0, x1, y1 = (int(max(0, v)) for v in rect)
    parts = [frame[y0 : y1 + 1, x0 : x1 + 1].reshape(-1, 3)[::7] for frame in frames]
    ground = colour.oklab(colour.linear(np.concatenate(parts)).mean(0))
    palette, inks = letters.palette, letters.inks
    far = {
        c: float(np.linalg.norm(colour.lab(c) - ground))
        for c in (palette.accent, palette.primary, inks.dark, inks.light)
    }
    return palette.accent if far[palette.accent] > 0.13 else max(far, key=lambda c: far[c])


def text_box(
    piece: Piece, rect: Rect, ratio: float, ink: str, plate: bool, stage: Stage
) -> TextBox:
    """What is reported of a set text; its place in fractions of the frame."""
    box = Box(
        x=rect.x0 / stage.width,
        y=rect.y0 / stage.height,
        width=rect.width / stage.width,
        height=rect.height / stage.height,
    )
    return TextBox(
        role=piece.role, text=piece.text, box=box, contrast=round(ratio, 2), ink=ink, plate=plate
    )
