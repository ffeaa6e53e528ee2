"""What the gate says of a file that must not leave, and the looks that every kind of file shares."""

from __future__ import annotations

CUT_OFF = "it is damaged or cut off"


class Foreign(ValueError):
    """What was found that must not leave."""


def begins(data: bytes, magic: bytes) -> None:
    """Hold back what is of another kind than it is announced as.

    Raises:
        Foreign: the file does not begin with ``magic``.
    """
    if not data.startswith(magic):
        raise Foreign("it is not what it is announced as")


def ends(data: bytes, at: int) -> None:
    """Hold back what goes on, or breaks off, where the file should end.

    Raises:
        Foreign: the file does not end at offset ``at``.
    """
    if at > len(data):
        raise Foreign(CUT_OFF)
    if at < len(data):
        raise Foreign("something hangs on behind its end")


def shown(kind: bytes) -> str:
    """Four letters of a chunk or box as they stand in a message."""
    return repr(kind.decode("latin-1").strip())
