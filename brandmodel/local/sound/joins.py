"""Which parts of a piece are played one after the other, so that it lasts as long as it should.

Every join is on a bar line, at a place where the music before and after is as alike as the piece
offers. Where the piece ends by itself, that ending is kept if a plan with it can be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

_LEAST_RING_S = 0.9
_MOST_REST_S = 0.6
"""Silence after a piece that is over a little early."""
_UNLIKE, _REST, _CUT_RING, _LATE_START, _REPEAT = 3.0, 0.6, 0.25, 0.5, 0.06
_NEAR_S = 0.1
_SOFT_S = 1.5
_FADED_END = 0.8
"""What losing its own ending costs, in the same coin."""


Parts = tuple[tuple[float, float], ...]
"""(from, to) in seconds of a piece, in the order in which they are played."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of a piece of music.

    Attributes:
        length_s: from its first sound to its last.
        bars_s: where bars begin; empty without beats.
        alike: (bars, bars) from 0 to 1.
        last_s: when its last note begins, if it ends by itself; else None.
    """

    length_s: float
    bars_s: NDArray[np.float64]
    alike: NDArray[np.float64]
    last_s: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Parts of the piece, in order.

    Attributes:
        parts: they last as long as asked or longer, save for a short rest after an ending.
        ends: whether its own ending closes it; else it has to be faded out.
        cost: how much a listener would mind.
        soft_s: length of the cross-fades that lead into every part but the first, where they are not
            on bar lines.
    """

    parts: Parts
    ends: bool
    cost: float
    soft_s: float = 0.0


def plans(piece: Piece, duration_s: float) -> list[Plan]:
    """All plans that fill the length, the best first; never empty."""
    found = [*_faded(piece, duration_s)]
    if piece.last_s is not None:
        ring_s = max(piece.length_s - piece.last_s - _LEAST_RING_S, 0.0)
        for parts, cost in _ended(piece, duration_s, piece.last_s):
            over_s = _length(parts) - duration_s
            if -_MOST_REST_S <= over_s <= ring_s:
                missed = _REST * -over_s if over_s < 0 else _CUT_RING * over_s
                found.append(Plan(parts, True, cost + missed))
    return sorted(found, key=lambda plan: (plan.cost, plan.parts))


def _faded(piece: Piece, duration_s: float) -> Iterator[Plan]:
    """From the beginning, faded out; repeated on bars where it is too short."""
    loss = _FADED_END if piece.last_s is not None else 0.0
    if duration_s <= piece.length_s:
        yield Plan(((0.0, duration_s),), False, loss)
        return
    for back, leave in combinations(range(len(piece.bars_s)), 2):
        begin, end = float(piece.bars_s[back]), float(piece.bars_s[leave])
        times = int(np.ceil((duration_s - end) / (end - begin)))
        if times >= 1:
            cost = loss + _join_cost(piece, leave, back) + _REPEAT * times
            yield Plan(_looped(begin, end, times, end), False, cost)
    soft_s = min(_SOFT_S, piece.length_s / 4)
    last = piece.length_s if piece.last_s is None else max(piece.last_s, piece.length_s / 2)
    times = int(np.ceil((duration_s - last) / (last - soft_s)))
    if times >= 1:
        parts = _looped(soft_s, last, times, last)
        yield Plan(parts, False, loss + _UNLIKE + _REPEAT * times, soft_s)
    else:
        yield Plan(((0.0, piece.length_s),), False, loss + _UNLIKE)


def _ended(piece: Piece, duration_s: float, last_s: float) -> Iterator[tuple[Parts, float]]:
    """Parts that close with the end of the piece, of any length, and what their joins cost."""
    yield ((0.0, piece.length_s),), 0.0
    for bar in piece.bars_s[piece.bars_s < last_s]:
        yield ((float(bar), piece.length_s),), _LATE_START
    for first, second in combinations(range(len(piece.bars_s)), 2):
        begin, end = float(piece.bars_s[first]), float(piece.bars_s[second])
        cost = _join_cost(piece, first, second)
        if duration_s < piece.length_s:
            if first and end <= last_s + _NEAR_S:
                yield ((0.0, begin), (end, piece.length_s)), cost
        else:
            times = max(1, round((duration_s - piece.length_s) / (end - begin)))
            yield _looped(begin, end, times, piece.length_s), cost + _REPEAT * times


def _looped(begin: float, end: float, times: int, last: float) -> Parts:
    """Up to a bar, from an earlier one to it as often as asked, and on to the last."""
    return ((0.0, end), *((begin, end),) * (times - 1), (begin, last))


def _length(parts: Parts) -> float:
    return sum(end - start for start, end in parts)


def _join_cost(piece: Piece, one: int, other: int) -> float:
    """Going from what comes before one bar to what comes after another."""
    return _UNLIKE * (1 - float(piece.alike[one, other]))
