"""Setting the pieces of a hierarchy under each other at sizes that fit a width and a height."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial

from brandmodel.local.type.block import Align, Block, Break, Piece
from brandmodel.local.type.breaking import Token, balanced, leans, tokens
from brandmodel.local.type.column import Column
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.shaping import Shaper, Style, script_of
from brandmodel.tasks import TypeRole

_TITLE_LEADINGS = {"latin": 0.98, "arabic": 1.3, "hebrew": 1.06, "cjk": 1.2}
_MOST_TITLE_LINES = 16
_LONGEST_TITLE_LINES = 10
# How much a designer likes a headline of so many lines, everything else alike.
_LINE_LIKING = (1.0, 1.05, 1.04, 0.97, 0.9)


class Typesetter:
    """Sets the pieces of one request at any width and height."""

    def __init__(self, shaper: Shaper, pieces: Sequence[Piece], frame: Rect, body: float) -> None:
        """Takes the pieces in the order of the hierarchy, and the picture's area inside margins."""
        self.shaper = shaper
        self.body = body
        self._frame = frame
        self._pieces = tuple(pieces)
        self._tokens: dict[tuple[int, int], tuple[Token, ...]] = {}
        self._reaches: dict[Style, float] = {}

    @cached_property
    def cap(self) -> float:
        """The largest size of the title: a headline always fills about the same area."""
        length = sum(self.shaper.width(p.text, p.style) for p in self._titles)
        side = (self._frame.width * self._frame.height) ** 0.5
        return side * min(0.19, max(0.03, 0.5 / max(length, 1.0) ** 0.5))

    def block(
        self,
        width: float,
        height: float,
        align: Align,
        *,
        scale: float = 1.0,
        roles: frozenset[TypeRole] | None = None,
    ) -> Block | None:
        """The pieces of the roles (None: all) in a column; None when they do not fit.

        Args:
            width: pixels that no row passes.
            height: pixels from the first capitals to the last descenders.
            align: which edges of the rows stand in line.
            scale: of everything but the title.
            roles: which pieces to set.
        """
        pieces = [p for p in self._pieces if roles is None or p.role in roles]
        if not pieces:
            return Block((), (), Rect(0, 0, 0, 0))
        column = Column(
            self.shaper, self.pieces_of, width, self.body * scale, align, titled=self.titled
        )
        titled = any(p.role == "title" for p in pieces)
        size, broken = 0.0, None
        if titled:
            size, broken = self._solved(column, pieces, height)
            if broken is None or size < 1.12 * column.body:
                return None
        block = column.filled(pieces, size, broken)
        return (
            block if block.rect.height <= height + 0.5 and block.rect.width <= width + 1 else None
        )

    def pieces_of(self, piece: Piece, longest: float) -> tuple[Token, ...]:
        """The breakable parts of a text, none wider than ``longest`` em where that can be."""
        key = (piece.index, round(longest * 4))
        if key not in self._tokens:
            measure = partial(self.shaper.width, style=piece.style)
            self._tokens[key] = tokens(piece.text, measure, longest)
        return self._tokens[key]

    @cached_property
    def titled(self) -> bool:
        """Whether there is a title at all."""
        return bool(self._titles)

    @property
    def _titles(self) -> tuple[Piece, ...]:
        return tuple(p for p in self._pieces if p.role == "title")

    @cached_property
    def _breaks(self) -> tuple[Break, ...]:
        """Ways to break the titles, from few lines to many; independent of the column."""
        longest = self._frame.width / (1.2 * self.body)
        parts = {p.index: self.pieces_of(p, longest) for p in self._titles}
        most = max((len(t) for t in parts.values()), default=1)
        ways: dict[tuple[tuple[Piece, str], ...], Break] = {}
        for count in range(1, min(most, _MOST_TITLE_LINES) + 1):
            lines = tuple(
                (p, line)
                for p in self._titles
                for line in balanced(
                    parts[p.index], count, partial(self.shaper.width, style=p.style)
                )
            )
            ways.setdefault(lines, self._broken(lines))
        return tuple(ways.values())

    def _broken(self, lines: tuple[tuple[Piece, str], ...]) -> Break:
        width = max(self.shaper.width(text, piece.style) for piece, text in lines)
        leading = max(self._leading(piece.style, text) for piece, text in lines)
        return Break(lines, width, leading + (0.12 if len(lines) > 5 else 0.0))

    def _leading(self, style: Style, text: str) -> float:
        """Distance of headlines' baselines in em: as close as the face's long letters allow."""
        script = script_of(text)
        if script != "latin":
            return _TITLE_LEADINGS[script]
        if style not in self._reaches:
            long = self.shaper.ink("lg", style, 100)
            self._reaches[style] = (long.bottom - long.top) / 100
        return min(1.2, max(_TITLE_LEADINGS[script], self._reaches[style] + 0.015))

    def _solved(
        self, column: Column, pieces: Sequence[Piece], height: float
    ) -> tuple[float, Break | None]:
        """The size and break that make the best headline in the column."""
        best: tuple[float, float, Break | None] = (0.0, 0.0, None)
        for broken in self._breaks:
            high = min(self.cap, column.width / broken.width)
            size = _largest(high, height, partial(column.height, pieces, broken))
            count = len(broken.lines)
            liking = _LINE_LIKING[min(count, len(_LINE_LIKING)) - 1]
            liking *= 0.93 ** sum(leans(text) for _, text in broken.lines[:-1])
            liking *= 0.97 ** max(0, count - _LONGEST_TITLE_LINES)
            if size * liking > best[0]:
                best = (size * liking, size, broken)
        return best[1], best[2]


def _largest(high: float, room: float, height: Callable[[float], float]) -> float:
    """The largest size up to ``high`` whose height fits the room, or 0."""
    if height(high) <= room:
        return high
    low = 0.0
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if height(middle) <= room else (low, middle)
    return low
