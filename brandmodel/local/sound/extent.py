"""How long a sound is, read from its header: an hour-long file is refused before it is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from brandmodel.errors import InvalidRequestError
from brandmodel.tasks.audio import LONGEST_S

_OPEN = 0x7FFF_F000
"""Writers that do not know the length in advance leave a figure from here on, or none."""
_OUR_FORM = struct.pack("<HHIIHH", 1, 2, 48_000, 48_000 * 4, 4, 16)
_OUR_HEAD = 44


@dataclass(frozen=True, slots=True)
class Extent:
    """The length of a WAV file, in seconds.

    Attributes:
        told_s: by its header.
        there_s: by the bytes that are there.
        ours: whether it is plain stereo at 48 kHz and 16 bit, with nothing but samples.
    """

    told_s: float
    there_s: float
    ours: bool


def extent(data: bytes) -> Extent | None:
    """From the header alone; None for what is not a WAV file, or one without form or samples."""
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        return None
    at, form = 12, b""
    while at + 8 <= len(data):
        mark, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if mark == b"fmt ":
            form = data[at + 8 : at + 8 + min(length, 40)]
        elif mark == b"data":
            return _extent(form, length, len(data) - at - 8, at + 8)
        at += 8 + length + length % 2
    return None


def _extent(form: bytes, told: int, there: int, head: int) -> Extent | None:
    rate = int.from_bytes(form[8:12], "little")
    if len(form) < 16 or not rate:
        return None
    known = told if 0 < told < _OPEN else there
    ours = form == _OUR_FORM and head == _OUR_HEAD and known == there and there % 4 == 0
    return Extent(known / rate, min(known, there) / rate, ours)


def too_long(name: str, seconds: float) -> InvalidRequestError:
    """The refusal of a sound that is longer than any may be."""
    return InvalidRequestError(
        f"{name} is {said_length(seconds)} long; {said_length(LONGEST_S)} is the most",
        hint="Cut out the part that should be used.",
    )


def said_length(seconds: float) -> str:
    """``10 h 5 min``, ``12 min 5 s``, ``8.2 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60 // 1, "s"))
    said = [f"{number:.0f} {unit}" for number, unit in parts if number]
    return " ".join(said[:2])
