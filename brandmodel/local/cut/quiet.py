"""Takes out what ffmpeg writes into an MP4 even when told to keep quiet."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_NAME = slice(42, 74)
"""Where a picture's sample entry holds the name of its encoder (ISO 14496-12, 12.1.3)."""


def quiet(film: bytes) -> bytes:
    """The film without its encoder's name and without the empty box of tags; offsets stay."""
    parts: list[bytes | memoryview] = []
    at, whole = 0, memoryview(film)
    for start, filling in sorted(_fillings(film)):
        parts += [whole[at:start], filling]
        at = start + len(filling)
    return b"".join([*parts, whole[at:]])


def _fillings(film: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of what is written over."""
    for moov in _boxes(film, 0, len(film), b"moov"):
        for start, end in _boxes(film, *moov, b"udta"):
            yield start - 4, b"free" + bytes(end - start)
        places = [moov]
        for kind in (b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
            places = [inner for place in places for inner in _boxes(film, *place, kind)]
        for start, end in places:
            for kind in (b"avc1", b"vp09", b"av01"):
                for entry, _ in _boxes(film, start + 8, end, kind):
                    yield entry + _NAME.start, bytes(_NAME.stop - _NAME.start)


def _boxes(data: bytes, at: int, end: int, kind: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of the bodies of the boxes of a kind between two offsets."""
    while at < end:
        length, own = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        if own == kind:
            yield at + head, at + length
        at += length
