"""Breaking text into lines of even length.

Latin, Arabic and Hebrew break at spaces; ideographs break anywhere but before closing and after
opening punctuation (the basic rule of JIS X 4051). Even lines are found by search, after the idea
of D. E. Knuth and M. F. Plass, Breaking Paragraphs into Lines (1981).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brandmodel.local.type.shaping import is_ideograph

_CLOSING = frozenset(
    "、。，．・：；？！）］｝〉》」』】〕〗’”…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ!?,.:;)]}%"
)
_OPENING = frozenset("（［｛〈《「『【〔〖‘“([{")
# A line of a headline should not end on these: they belong to the word that follows.
_LEANING = frozenset(
    "a an the of to in on at by for and or with from is as our your my no "
    "& + der die das ein eine und mit von zu im am le la les un une de du et en el los las y".split()
)
_SEARCHED = 48

Measure = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece that is never broken, and whether a space stands before it."""

    text: str
    spaced: bool


def tokens(text: str, measure: Measure, longest: float) -> tuple[Token, ...]:
    """The pieces of a text; a word wider than ``longest`` is taken apart between letters."""
    found: list[Token] = []
    for word in text.split():
        for i, piece in enumerate(_pieces(word)):
            for j, part in enumerate(_fitting(piece, measure, longest)):
                found.append(Token(part, spaced=bool(found) and not i and not j))
    return tuple(found)


def joined(pieces: Sequence[Token]) -> str:
    """The line that the tokens make."""
    return "".join((" " if t.spaced and i else "") + t.text for i, t in enumerate(pieces))


def balanced(pieces: Sequence[Token], count: int, measure: Measure) -> tuple[str, ...]:
    """Break into ``count`` lines of even width, avoiding a short last line."""
    count = max(1, min(count, len(pieces)))
    if count == 1:
        return (joined(pieces),)
    edges = _edges(pieces, measure)
    if len(pieces) <= _SEARCHED:
        return _lines(pieces, _searched(pieces, edges, count))
    return _lines(pieces, _narrowest(edges, count))


def wrapped(pieces: Sequence[Token], width: float, measure: Measure) -> tuple[str, ...]:
    """Break into as few lines as fit ``width``, then make them even."""
    if not pieces:
        return ()
    count = len(_greedy(_edges(pieces, measure), width)) + 1
    for more in range(3):
        lines = balanced(pieces, count + more, measure)
        if max(measure(line) for line in lines) <= width:
            return lines
    return _lines(pieces, _greedy(_edges(pieces, measure), width))


def leans(line: str) -> bool:
    """Whether a line ends where a reader would not pause.

    That is on a small word that belongs to what follows, or between two ideographs, which may well
    be one word.
    """
    return line.rpartition(" ")[2].casefold() in _LEANING or is_ideograph(line[-1])


def _pieces(word: str) -> list[str]:
    """A word, taken apart where a line may break without a space."""
    parts: list[str] = []
    for character in word:
        before = parts[-1][-1] if parts else ""
        free = is_ideograph(character) or (before and is_ideograph(before))
        if not parts or not free or character in _CLOSING or before in _OPENING:
            parts[-1:] = [(parts[-1] if parts else "") + character]
        else:
            parts.append(character)
    return parts


def _fitting(piece: str, measure: Measure, longest: float) -> list[str]:
    """A piece in as many even parts as needed; joined scripts are left whole."""
    width = measure(piece)
    joins = any(unicodedata.bidirectional(c) == "AL" for c in piece)
    if width <= longest or joins or len(piece) < 4:
        return [piece]
    parts = int(width / longest) + 1
    step = -(-len(piece) // parts)
    cut = [0]
    while cut[-1] + step < len(piece):
        at = cut[-1] + step
        while at < len(piece) and unicodedata.combining(piece[at]):
            at += 1
        cut.append(at)
    return [p for p in (piece[a:b] for a, b in zip(cut, [*cut[1:], len(piece)], strict=True)) if p]


def _edges(pieces: Sequence[Token], measure: Measure) -> list[tuple[float, float]]:
    """Start and end of each token on one endless line."""
    space = measure("n n") - measure("nn")
    x, edges = 0.0, list[tuple[float, float]]()
    for token in pieces:
        x += space if token.spaced else 0.0
        edges.append((x, x + measure(token.text)))
        x = edges[-1][1]
    return edges


def _lines(pieces: Sequence[Token], breaks: Sequence[int]) -> tuple[str, ...]:
    starts = [0, *breaks]
    ends = [*breaks, len(pieces)]
    return tuple(joined(pieces[a:b]) for a, b in zip(starts, ends, strict=True))


def _greedy(edges: Sequence[tuple[float, float]], width: float) -> list[int]:
    breaks: list[int] = []
    start = 0
    for i, (_, right) in enumerate(edges):
        if i > start and right - edges[start][0] > width + 1e-6:
            breaks.append(i)
            start = i
    return breaks


def _narrowest(edges: Sequence[tuple[float, float]], count: int) -> list[int]:
    """Breaks of the least width that needs no more than ``count`` lines."""
    low, high = 0.0, edges[-1][1]
    for _ in range(24):
        middle = (low + high) / 2
        if len(_greedy(edges, middle)) < count:
            high = middle
        else:
            low = middle
    return _greedy(edges, high)


def _searched(
    pieces: Sequence[Token], edges: Sequence[tuple[float, float]], count: int
) -> list[int]:
    """Breaks of the least cost, by dynamic programming over (lines used, tokens set)."""
    size = len(pieces)
    target = edges[-1][1] / count
    best: list[tuple[float, list[int]]] = [
        (_cost(pieces, edges, 0, end, target), []) for end in range(1, size + 1)
    ]
    for used in range(1, count):
        following: list[tuple[float, list[int]]] = []
        for end in range(1, size + 1):
            options = [
                (best[at - 1][0] + _cost(pieces, edges, at, end, target), at)
                for at in range(used, end)
            ]
            cost, at = min(options, default=(float("inf"), 0))
            following.append((cost, [*best[at - 1][1], at] if options else []))
        best = following
    return best[-1][1]


def _cost(
    pieces: Sequence[Token],
    edges: Sequence[tuple[float, float]],
    start: int,
    end: int,
    target: float,
) -> float:
    """Squared distance from the even width; more for lines that lean on the next or stand alone."""
    width = edges[end - 1][1] - edges[start][0]
    # Too wide costs more than too narrow, since the widest line decides the size.
    off = (width - target) / target
    cost = off * off * (2.0 if off > 0 else 1.0)
    last = end == len(pieces)
    word = pieces[end - 1].text
    if not last and leans(word):
        cost += 0.2 if not is_ideograph(word[-1]) else 0.1
    if not last and word[-1] in ",;:.!?–—，、。！？；：":
        cost -= 0.08
    if last and start == end - 1 and start and off < -0.2:
        cost += 0.16
    return cost
