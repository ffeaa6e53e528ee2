"""What a block of type is made of: pieces of a hierarchy, set rows, and the pills of buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from brandmodel.local.type.ground import Rect
from brandmodel.local.type.shaping import Style
from brandmodel.tasks import TypeRole

Align = Literal["left", "center", "right"]


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
class Break:
    """One way to break the titles: their lines and the widest of them in em."""

    lines: tuple[tuple[Piece, str], ...]
    width: float
    leading: float
