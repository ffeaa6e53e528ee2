"""Titles on one line: a title of a few words is read at one look, and a break would slow it."""

from __future__ import annotations

from typing import Final

from brandmodel.local.type.block import Piece
from brandmodel.local.type.breaking import Token
from brandmodel.local.type.fitting import Typesetter

SMALLER: Final = 0.8
"""Share of its size in lines that a title gives up, at most, to stand on one line."""


class OneLine(Typesetter):
    """Sets every title unbroken; gives no block where a title would be too small for that."""

    def pieces_of(self, piece: Piece, longest: float) -> tuple[Token, ...]:
        """A title as one part; of everything else, the breakable parts."""
        if piece.role != "title":
            return super().pieces_of(piece, longest)
        return (Token(" ".join(piece.text.split()), spaced=False),)
