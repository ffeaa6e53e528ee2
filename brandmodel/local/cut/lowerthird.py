"""Lower thirds: a name and what it stands for, low at the side where reading begins, by a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.cut.letters import Letters
from brandmodel.local.cut.scrim import Carried
from brandmodel.local.cut.stage import Stage, body_scale, free
from brandmodel.local.type.block import Align, Block, Piece
from brandmodel.local.type.fitting import Typesetter
from brandmodel.local.type.grid import sheet
from brandmodel.local.type.ground import Ground, Rect, covered
from brandmodel.local.type.shaping import is_rtl

_BODY = 0.9
_NAME_WEIGHT = 600
_BAR, _BAR_GAP = 0.005, 0.6
_SEEN = 1.6
"""Contrast from which the bar's colour stands out; it is no text."""
# (share of the width, dislike) of the columns that are tried.
_WIDTHS = ((1.0, 0.05), (0.62, 0.0), (0.42, 0.15), (0.28, 0.4))
_SCALES = ((1.0, 0.0), (0.84, 0.6))
_AWAY, _TOP, _RAISED = 0.5, 1.0, 0.45
_STEPS = 8
_PAD = 0.026
"""Share of the frame's shorter side that a plate reaches beyond its words."""


class LowerThird(NamedTuple):
    """A block and its bar, in place."""

    block: Block
    bar: Rect


class _Place(NamedTuple):
    """``height`` is 0 at the bottom of what is free and 1 at its top."""

    dislike: float
    share: float
    align: Align
    height: float
    scale: float


def lower_third(
    pieces: Sequence[Piece], ground: Ground, letters: Letters, stage: Stage
) -> LowerThird:
    """The words where they cross no subject: low, else higher, else across.

    Args:
        pieces: without a title.
        ground: the shot, with what is not to be crossed.
        letters: what to letter with.
        stage: the film's frame.
    """
    rtl = is_rtl(pieces[0].text)
    page = sheet(stage.width, stage.height, (0.0, 0.0), rtl=rtl)
    frame = free(stage)
    body = page.body * body_scale(stage) * _BODY
    setter = Typesetter(letters.shaper, [_named(p) for p in pieces], frame, body)
    air = max(0.6 * body, 1.35 * _PAD * min(stage.width, stage.height))
    found: list[tuple[float, LowerThird]] = []
    for place in _places(rtl=rtl):
        if found and min(found, key=_first)[0] <= place.dislike:
            continue
        made = _set(setter, place, frame, stage)
        if made is not None:
            found.append((place.dislike + _trouble(made, ground, air), made))
    if not found:
        return _squeezed(setter, frame, stage)
    return min(found, key=_first)[1]


def plated(whole: Rect, bar: Rect, stage: Stage) -> tuple[Rect, Rect]:
    """The plate under the words, and the bar as its edge."""
    pad = _PAD * min(stage.width, stage.height)
    thick = 1.4 * bar.width
    if bar.x0 < whole.x0:
        plate = Rect(bar.x0, whole.y0 - pad, whole.x1 + 1.3 * pad, whole.y1 + pad)
        return plate, Rect(plate.x0, plate.y0, plate.x0 + thick, plate.y1)
    plate = Rect(whole.x0 - 1.3 * pad, whole.y0 - pad, bar.x1, whole.y1 + pad)
    return plate, Rect(plate.x1 - thick, plate.y0, plate.x1, plate.y1)


def bar_fill(how: Carried, frames: Sequence[NDArray[np.uint8]], bar: Rect, letters: Letters) -> str:
    """The accent where it stands out at all, else the next colour that does."""
    for tint in (letters.palette.accent, letters.palette.primary):
        if how.under(frames, [bar], tint) >= _SEEN:
            return tint
    return how.ink


def _first(option: tuple[float, LowerThird]) -> float:
    return option[0]


def _named(piece: Piece) -> Piece:
    """A name is heavier than what is said of it."""
    if piece.role != "line":
        return piece
    return replace(piece, style=replace(piece.style, weight=_NAME_WEIGHT))


def _places(*, rtl: bool) -> Iterator[_Place]:
    """The usual one first."""
    home: Align = "right" if rtl else "left"
    away: Align = "left" if rtl else "right"
    for scale, smaller in _SCALES:
        for step in range(_STEPS + 1):
            height = step / _STEPS
            lift = _TOP if step == _STEPS else _RAISED * bool(step) + 0.9 * height
            for share, narrow in _WIDTHS:
                dislike = smaller + lift + narrow
                yield _Place(dislike, share, home, height, scale)
                yield _Place(dislike + _AWAY, share, away, height, scale)


def _set(setter: Typesetter, place: _Place, frame: Rect, stage: Stage) -> LowerThird | None:
    inset = _inset(setter, stage)
    width = frame.width * place.share - inset
    block = setter.block(width, 0.5 * stage.height, place.align, scale=place.scale)
    # The bar's edge is soft, by a pixel.
    room = frame.height - 2 - block.rect.height if block else -1.0
    if block is None or room < 0:
        return None
    left = place.align == "left"
    x = frame.x0 + inset if left else frame.x1 - inset - block.rect.width
    moved = block.moved(x, frame.y0 + room * (1 - place.height))
    return LowerThird(moved, _bar(moved.rect, inset, stage, left=left))


def _inset(setter: Typesetter, stage: Stage) -> float:
    """From the margin to the words."""
    return _BAR * stage.height + _BAR_GAP * setter.body


def _bar(block: Rect, inset: float, stage: Stage, *, left: bool) -> Rect:
    thick = max(3.0, _BAR * stage.height)
    edge = block.x0 - inset if left else block.x1 + inset - thick
    return Rect(edge, block.y0, edge + thick, block.y1)


def _trouble(made: LowerThird, ground: Ground, air: float) -> float:
    """For what is crossed, for lively ground, and for texts that are broken."""
    rect, bar = made.block.rect, made.bar
    whole = Rect(min(rect.x0, bar.x0), rect.y0, max(rect.x1, bar.x1), rect.y1).grown(air)
    broken = len(made.block.rows) - len({row.piece.index for row in made.block.rows})
    crossing = min(1.0, covered([whole], ground.subjects))
    return 40 * crossing + 0.6 * ground.unrest(whole) + 0.3 * broken


def _squeezed(setter: Typesetter, frame: Rect, stage: Stage) -> LowerThird:
    """Low, as small as it takes: words that are too long for a lower third."""
    inset, scale = _inset(setter, stage), 0.8
    block: Block | None = None
    while block is None:
        scale *= 0.85
        block = setter.block(frame.width - inset, 0.8 * frame.height, "left", scale=scale)
    moved = block.moved(frame.x0 + inset, frame.y1 - 2 - block.rect.height)
    return LowerThird(moved, _bar(moved.rect, inset, stage, left=True))
