"""A block of type: pieces of a hierarchy set under each other at sizes that fit.

The measure of everything is ``body``, the size of the running text. Gaps are between what the eye
takes for edges: capitals above, baseline below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal

from brandmodel.local.type.breaking import Measure, Token, balanced, leans, tokens, wrapped
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.shaping import Shaper, Style, is_rtl, script_of
from brandmodel.tasks import TypeRole

Align = Literal["left", "center", "right"]

_SIZES: dict[TypeRole, float] = {"eyebrow": 0.74, "line": 1.0, "detail": 0.94, "button": 0.92}
_LEADINGS = {"latin": 1.42, "arabic": 1.62, "hebrew": 1.46, "cjk": 1.58}
_TITLE_LEADINGS = {"latin": 0.98, "arabic": 1.3, "hebrew": 1.06, "cjk": 1.2}
_MOST_TITLE_LINES = 16
_LONGEST_TITLE_LINES = 10
# How much a designer likes a headline of so many lines, everything else alike.
_LINE_LIKING = (1.0, 1.05, 1.04, 0.97, 0.9)
# A comfortable line of running text holds about 50 letters, in em.
_COMFORTABLE = 24.0
# Without a title the line leads, and is larger.
_LEAD = 1.6


@dataclass(frozen=True, slots=True)
class Piece:
    """One text with its role; ``index`` is its place in the request."""

    index: int
    role: TypeRole
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Row:
    """One set line: ``x`` and ``y`` are the start of the baseline, in pixels."""

    piece: Piece
    text: str
    size: float
    x: float
    y: float
    width: float
    align: Align = "left"

    def moved(self, x: float, y: float) -> Row:
        """The row elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)

    def bounds(self, rises: tuple[float, float]) -> Rect:
        """From capitals to descenders."""
        up, down = rises
        return Rect(self.x, self.y - up * self.size, self.x + self.width, self.y + down * self.size)


@dataclass(frozen=True, slots=True)
class Pill:
    """The filled shape of a button."""

    piece: Piece
    rect: Rect
    radius: float


@dataclass(frozen=True, slots=True)
class Block:
    """Rows and pills, with the upper left corner at (0, 0) until moved."""

    rows: tuple[Row, ...]
    pills: tuple[Pill, ...]
    rect: Rect
    title: float = 0.0

    def moved(self, x: float, y: float) -> Block:
        """The block elsewhere."""
        return Block(
            tuple(row.moved(x, y) for row in self.rows),
            tuple(
                replace(p, rect=Rect(p.rect.x0 + x, p.rect.y0 + y, p.rect.x1 + x, p.rect.y1 + y))
                for p in self.pills
            ),
            Rect(self.rect.x0 + x, self.rect.y0 + y, self.rect.x1 + x, self.rect.y1 + y),
            self.title,
        )


@dataclass(frozen=True, slots=True)
class _Break:
    """One way to break the titles: their lines and the widest of them in em."""

    lines: tuple[tuple[Piece, str], ...]
    width: float
    leading: float


class Typesetter:
    """Sets the pieces of one request at any width and height."""

    def __init__(self, shaper: Shaper, pieces: Sequence[Piece], frame: Rect, body: float) -> None:
        """Takes the pieces in the order of the hierarchy, and the picture's area inside margins."""
        self.shaper = shaper
        self.body = body
        self._frame = frame
        self._pieces = tuple(pieces)
        self._tokens: dict[tuple[int, int], tuple[Token, ...]] = {}

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
        column = _Column(self, width, align, self.body * scale)
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
    def _breaks(self) -> tuple[_Break, ...]:
        """Ways to break the titles, from few lines to many; independent of the column."""
        longest = self._frame.width / (1.2 * self.body)
        parts = {p.index: self.pieces_of(p, longest) for p in self._titles}
        most = max((len(t) for t in parts.values()), default=1)
        ways: dict[tuple[tuple[Piece, str], ...], _Break] = {}
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

    def _broken(self, lines: tuple[tuple[Piece, str], ...]) -> _Break:
        width = max(self.shaper.width(text, piece.style) for piece, text in lines)
        leading = max(_TITLE_LEADINGS[script_of(text)] for _, text in lines)
        return _Break(lines, width, leading + (0.12 if len(lines) > 5 else 0.0))

    def _solved(
        self, column: _Column, pieces: Sequence[Piece], height: float
    ) -> tuple[float, _Break | None]:
        """The size and break that make the best headline in the column."""
        best: tuple[float, float, _Break | None] = (0.0, 0.0, None)
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


class _Column:
    """One column being filled from the top."""

    def __init__(self, setter: Typesetter, width: float, align: Align, body: float) -> None:
        self.setter = setter
        self.width = width
        self.align: Align = align
        self.body = body
        self._others: dict[int, tuple[str, ...]] = {}

    def filled(self, pieces: Sequence[Piece], title: float, broken: _Break | None) -> Block:
        """The finished block."""
        rows: list[Row] = []
        pills: list[Pill] = []
        y, before = 0.0, ""
        for piece in _merged(pieces):
            y += self._gap(before, piece.role, title)
            before = piece.role
            if piece.role == "title" and broken is not None:
                y = self._titles(rows, broken, title, y)
            elif piece.role == "button":
                y = self._button(rows, pills, piece, y)
            else:
                y = self._text(rows, piece, y)
        rects = [r.bounds(self.setter.shaper.rises(r.text)) for r in rows] + [p.rect for p in pills]
        bottom = max(r.y1 for r in rects)
        left, right = min(r.x0 for r in rects), max(r.x1 for r in rects)
        block = Block(tuple(rows), tuple(pills), Rect(left, 0, right, bottom), title)
        return _beside(block, self.body, self.width).moved(-left, 0)

    def height(self, pieces: Sequence[Piece], broken: _Break, title: float) -> float:
        """Height of the block with titles of that size."""
        total, before = 0.0, ""
        for piece in _merged(pieces):
            total += self._gap(before, piece.role, title)
            before = piece.role
            if piece.role == "title":
                rise = self.setter.shaper.rises(broken.lines[0][1])
                total += title * ((len(broken.lines) - 1) * broken.leading + rise[0])
            else:
                total += self._plain_height(piece)
        return total + (0.22 * title if before == "title" else 0.3 * self.body)

    def _plain_height(self, piece: Piece) -> float:
        size = self._size(piece)
        lines = self._broken(piece)
        leading = _LEADINGS[script_of(piece.text)] * size
        if piece.role == "button":
            return 2.45 * self.body + (len(lines) - 1) * leading
        return (len(lines) - 1) * leading + self.setter.shaper.rises(piece.text)[0] * size

    def _gap(self, before: str, role: TypeRole, title: float) -> float:
        body = self.body
        if not before:
            return 0.0
        if before == "eyebrow":
            return max(1.05 * body, 0.3 * title) if role == "title" else 0.9 * body
        if before == "title":
            return 1.0 * body + 0.3 * title
        if role == "button":
            return 1.75 * body
        if before == role:
            return 0.72 * body
        return 1.4 * body if before != "button" else 1.5 * body

    def _broken(self, piece: Piece) -> tuple[str, ...]:
        if piece.index not in self._others:
            size = self._size(piece)
            inner = self.width - (2.7 * self.body if piece.role == "button" else 0.0)
            room = min(inner / size, _COMFORTABLE if piece.role == "line" else _COMFORTABLE * 1.25)
            parts = self.setter.pieces_of(piece, room)
            self._others[piece.index] = wrapped(parts, room, self._measure(piece))
        return self._others[piece.index]

    def _size(self, piece: Piece) -> float:
        leads = piece.role == "line" and not self.setter.titled
        return self.body * _SIZES[piece.role] * (_LEAD if leads else 1.0)

    def _measure(self, piece: Piece) -> Measure:
        return partial(self.setter.shaper.width, style=piece.style)

    def _start(self, width: float) -> float:
        room = self.width - width
        return {"left": 0.0, "center": room / 2, "right": room}[self.align]

    def _row(self, piece: Piece, text: str, size: float, y: float) -> Row:
        width = self.setter.shaper.width(text, piece.style) * size
        return Row(piece, text, size, self._start(width), y, width, self.align)

    def _titles(self, rows: list[Row], broken: _Break, size: float, y: float) -> float:
        y += self.setter.shaper.rises(broken.lines[0][1])[0] * size
        for i, (piece, text) in enumerate(broken.lines):
            y += broken.leading * size if i else 0.0
            rows.append(self._row(piece, text, size, y))
        return y

    def _text(self, rows: list[Row], piece: Piece, y: float) -> float:
        size = self._size(piece)
        y += self.setter.shaper.rises(piece.text)[0] * size
        for i, text in enumerate(self._broken(piece)):
            y += _LEADINGS[script_of(piece.text)] * size if i else 0.0
            rows.append(self._row(piece, text, size, y))
        return y

    def _button(self, rows: list[Row], pills: list[Pill], piece: Piece, y: float) -> float:
        size = self.body * _SIZES["button"]
        lines = self._broken(piece)
        leading = _LEADINGS[script_of(piece.text)] * size
        height = self._plain_height(piece)
        inner = max(self.setter.shaper.width(t, piece.style) for t in lines) * size
        width = inner + 2.7 * self.body
        left = self._start(width)
        pills.append(
            Pill(piece, Rect(left, y, left + width, y + height), min(height / 2, 1.225 * self.body))
        )
        cap = self.setter.shaper.rises(piece.text)[0] * size
        first = y + (height - (len(lines) - 1) * leading + cap) / 2
        for i, text in enumerate(lines):
            own = self.setter.shaper.width(text, piece.style) * size
            x = left + (width - own) / 2
            rows.append(Row(piece, text, size, x, first + i * leading, own, "center"))
        return y + height


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """All titles count as one place in the column: the first."""
    first = next((p for p in pieces if p.role == "title"), None)
    return [p for p in pieces if p.role != "title" or p is first]


def _beside(block: Block, body: float, width: float) -> Block:
    """A single short detail stands beside the button instead of above it."""
    details = [r for r in block.rows if r.piece.role == "detail"]
    if len(details) != 1 or len(block.pills) != 1 or details[0].align == "center":
        return block
    detail, pill = details[0], block.pills[0]
    if pill.rect.width + 1.2 * body + detail.width > width:
        return block
    lifted = detail.y - detail.size * 0.72 - pill.rect.y0
    up = [r.moved(0, lifted) if r.piece is pill.piece else r for r in block.rows]
    rect = pill.rect
    shape = replace(pill, rect=Rect(rect.x0, rect.y0 + lifted, rect.x1, rect.y1 + lifted))
    rtl = is_rtl(detail.text) or detail.align == "right"
    x = shape.rect.x0 - 1.2 * body - detail.width if rtl else shape.rect.x1 + 1.2 * body
    y = (shape.rect.y0 + shape.rect.y1) / 2 + 0.36 * detail.size
    moved = replace(detail, x=x, y=y)
    rows = tuple(moved if r.piece is detail.piece else r for r in up)
    bounds = block.rect
    return Block(
        rows,
        (shape,),
        Rect(min(bounds.x0, x), bounds.y0, max(bounds.x1, x + detail.width), shape.rect.y1),
        block.title,
    )
