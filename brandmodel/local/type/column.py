"""One column of type, filled from the top.

The measure of everything is ``body``, the size of the running text. Gaps are between what the eye
takes for edges: capitals above, baseline below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from brandmodel.local.type.block import Align, Block, Break, Piece, Pill, Row
from brandmodel.local.type.breaking import Measure, Token, wrapped
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.shaping import Shaper, is_rtl, script_of
from brandmodel.tasks import TypeRole

_SIZES: dict[TypeRole, float] = {"eyebrow": 0.74, "line": 1.0, "detail": 0.94, "button": 0.92}
_LEADINGS = {"latin": 1.42, "arabic": 1.62, "hebrew": 1.46, "cjk": 1.58}
# A comfortable line of running text holds about 50 letters, in em.
_COMFORTABLE = 24.0
# Without a title the line leads, and is larger.
_LEAD = 1.6


class Column:
    """One column being filled from the top."""

    def __init__(
        self,
        shaper: Shaper,
        pieces_of: Callable[[Piece, float], tuple[Token, ...]],
        width: float,
        body: float,
        align: Align,
        *,
        titled: bool,
    ) -> None:
        """Takes the measures of the column.

        Args:
            shaper: measures text.
            pieces_of: the breakable parts of a text, for a width in em.
            width: pixels.
            body: size of running text in pixels.
            align: which edges stand in line.
            titled: whether the hierarchy has a title; else its line leads.
        """
        self._shaper, self._pieces_of, self._titled = shaper, pieces_of, titled
        self.width = width
        self.align: Align = align
        self.body = body
        self._others: dict[int, tuple[str, ...]] = {}
        self._heights: dict[int, float] = {}

    def filled(self, pieces: Sequence[Piece], title: float, broken: Break | None) -> Block:
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
        rects = [r.bounds(self._shaper.rises(r.text)) for r in rows] + [p.rect for p in pills]
        bottom = max(r.y1 for r in rects)
        left, right = min(r.x0 for r in rects), max(r.x1 for r in rects)
        block = Block(tuple(rows), tuple(pills), Rect(left, 0, right, bottom), title)
        shared = _beside(block, self.body, self.width)
        return shared.moved(-shared.rect.x0, 0)

    def height(self, pieces: Sequence[Piece], broken: Break, title: float) -> float:
        """Height of the block with titles of that size."""
        total, before = 0.0, ""
        for piece in _merged(pieces):
            total += self._gap(before, piece.role, title)
            before = piece.role
            if piece.role == "title":
                rise = self._shaper.rises(broken.lines[0][1])
                total += title * ((len(broken.lines) - 1) * broken.leading + rise[0])
            else:
                total += self._plain_height(piece)
        return total + (0.22 * title if before == "title" else 0.3 * self.body)

    def _plain_height(self, piece: Piece) -> float:
        if piece.index not in self._heights:
            self._heights[piece.index] = self._height_of(piece)
        return self._heights[piece.index]

    def _height_of(self, piece: Piece) -> float:
        size = self._size(piece)
        lines = self._broken(piece)
        leading = _LEADINGS[script_of(piece.text)] * size
        if piece.role == "button":
            return 2.45 * self.body + (len(lines) - 1) * leading
        return (len(lines) - 1) * leading + self._shaper.rises(piece.text)[0] * size

    def _gap(self, before: str, role: TypeRole, title: float) -> float:
        body = self.body
        if not before:
            return 0.0
        if before == "eyebrow":
            return max(1.15 * body, 0.34 * title) if role == "title" else 0.9 * body
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
            parts = self._pieces_of(piece, room)
            self._others[piece.index] = wrapped(parts, room, self._measure(piece))
        return self._others[piece.index]

    def _size(self, piece: Piece) -> float:
        leads = piece.role == "line" and not self._titled
        return self.body * _SIZES[piece.role] * (_LEAD if leads else 1.0)

    def _measure(self, piece: Piece) -> Measure:
        return partial(self._shaper.width, style=piece.style)

    def _start(self, width: float) -> float:
        room = self.width - width
        return {"left": 0.0, "center": room / 2, "right": room}[self.align]

    def _row(self, piece: Piece, text: str, size: float, y: float) -> Row:
        width = self._shaper.width(text, piece.style) * size
        return Row(piece, text, size, self._start(width), y, width, self.align)

    def _titles(self, rows: list[Row], broken: Break, size: float, y: float) -> float:
        y += self._shaper.rises(broken.lines[0][1])[0] * size
        for i, (piece, text) in enumerate(broken.lines):
            y += broken.leading * size if i else 0.0
            rows.append(self._row(piece, text, size, y))
        return y

    def _text(self, rows: list[Row], piece: Piece, y: float) -> float:
        size = self._size(piece)
        y += self._shaper.rises(piece.text)[0] * size
        for i, text in enumerate(self._broken(piece)):
            y += _LEADINGS[script_of(piece.text)] * size if i else 0.0
            rows.append(self._row(piece, text, size, y))
        return y

    def _button(self, rows: list[Row], pills: list[Pill], piece: Piece, y: float) -> float:
        size = self.body * _SIZES["button"]
        lines = self._broken(piece)
        leading = _LEADINGS[script_of(piece.text)] * size
        height = self._plain_height(piece)
        inner = max(self._shaper.width(t, piece.style) for t in lines) * size
        width = inner + 2.7 * self.body
        left = self._start(width)
        pills.append(
            Pill(piece, Rect(left, y, left + width, y + height), min(height / 2, 1.225 * self.body))
        )
        cap = self._shaper.rises(piece.text)[0] * size
        first = y + (height - (len(lines) - 1) * leading + cap) / 2
        for i, text in enumerate(lines):
            own = self._shaper.width(text, piece.style) * size
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
