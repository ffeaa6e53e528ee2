"""What a step's name says of its place: the unit that it belongs to, its part in it, its take."""

from __future__ import annotations

import re
from typing import NamedTuple

_TAKE = re.compile(r"\.[a-z]{1,2}$")
_ROUND = re.compile(r"(?:round-\d+|hero)$")


class Place(NamedTuple):
    """Where a step belongs.

    Attributes:
        unit: what it is a part of, such as ``shot-3f2a``; empty for a step of the whole.
        part: its name in there, without its take.
    """

    unit: str
    part: str

    @property
    def word(self) -> str:
        """The part's last word: a second round's ``prompt`` is a prompt, too."""
        return self.part.rpartition("/")[2]


def place_of(name: str) -> Place:
    """``shot-3f2a/picture.b`` is ``picture`` in ``shot-3f2a``.

    Rounds, and what a cascade has the hero make, are parts of what they redo.
    """
    unit, _, part = _TAKE.sub("", name).partition("/")
    if not part:
        return Place("", unit)
    if _ROUND.match(unit):
        return Place("", f"{unit}/{part}")
    return Place(unit, part)


def kind_of(unit: str) -> str:
    """What sort of unit it is: ``shot`` for ``shot-3f2a``."""
    return unit.rpartition("-")[0] or unit
