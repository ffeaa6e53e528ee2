"""What an MP4 file is made of, and whether it holds nothing but the film, or nothing but the sound.

Default-deny, box by box (ISO 14496-12, -14 and -15): a box that is not known to be needed to play
the file is foreign, and so are dates, names, and bytes that belong to no sample.
Plain ``struct``: the gate stands in every request's way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from brandmodel.assets import streams
from brandmodel.assets.foreign import CUT_OFF, Foreign, shown
from brandmodel.assets.streams import Span

FILM, SOUND = "video/mp4", "audio/mp4"
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""User type of the box that holds a C2PA manifest store."""

_INSIDE: dict[bytes, frozenset[bytes]] = {
    b"": frozenset((b"ftyp", b"moov", b"mdat", b"free", b"uuid")),
    b"moov": frozenset((b"mvhd", b"trak", b"free")),
    b"trak": frozenset((b"tkhd", b"edts", b"mdia")),
    b"edts": frozenset((b"elst",)),
    b"mdia": frozenset((b"mdhd", b"hdlr", b"minf")),
    b"minf": frozenset((b"vmhd", b"smhd", b"nmhd", b"sthd", b"dinf", b"stbl")),
    b"dinf": frozenset((b"dref",)),
    b"stbl": frozenset(
        (b"stsd", b"stts", b"stss", b"ctts", b"cslg", b"stsc", b"stsz", b"stco", b"co64")
        + (b"sgpd", b"sbgp", b"sdtp")
    ),
}
"""Which boxes may stand in which; '' is the file itself."""
PICTURE, _HEARD = 78, 28
"""Bytes before the first inner box of a picture's and a sound's sample entry."""
_ENTRIES: dict[bytes, tuple[int, frozenset[bytes]]] = {
    **dict.fromkeys(
        (b"avc1", b"hvc1", b"hev1", b"vp09", b"av01"),
        (
            PICTURE,
            frozenset((b"avcC", b"hvcC", b"vpcC", b"av1C", b"pasp", b"colr", b"btrt", b"fiel")),
        ),
    ),
    **dict.fromkeys((b"mp4a", b"Opus"), (_HEARD, frozenset((b"esds", b"dOps", b"btrt")))),
    b"tx3g": (38, frozenset((b"ftab", b"btrt"))),
}
"""Kinds of samples: bytes before the first inner box, and the inner boxes."""
_BRANDS = frozenset(
    (b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"av01")
    + (b"M4A ",)
)
_HANDLERS = frozenset((b"", b"VideoHandler", b"SoundHandler", b"SubtitleHandler"))
_DATED = frozenset((b"mvhd", b"tkhd", b"mdhd"))
NAME = slice(42, 74)
"""Where a picture's sample entry holds the name of its encoder."""


class Box(NamedTuple):
    """A box and where it lies: ``at`` its header, ``start`` its body, ``end`` behind it."""

    kind: bytes
    at: int
    start: int
    end: int


class _Track(NamedTuple):
    """What a track holds: the kind of its samples, and bytes of all of them."""

    kind: bytes
    held: int


def boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets.

    Raises:
        Foreign: they do not fill the place just so.
    """
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        if at + length > end or at + length < start:
            raise Foreign(CUT_OFF)
        yield Box(kind, at, start, at + length)
        at += length


def walk(data: bytes, media_type: str = FILM) -> bytes:
    """The manifest store of an MP4 that holds nothing but the film, or b''.

    Args:
        data: the file.
        media_type: ``video/mp4``, or ``audio/mp4`` for a file that must hold sound alone.

    Raises:
        Foreign: it holds something else, or is no MP4.
        struct.error: it is cut off.
    """
    if data[4:8] != b"ftyp":
        raise Foreign("it is not what it is announced as")
    manifest, held, tracks = b"", 0, list[_Track]()
    for box in _plain(data, b"", 0, len(data)):
        if box.kind == b"uuid":
            manifest += _store(data[box.start : box.end])
        elif box.kind == b"ftyp":
            _check_brands(data[box.start : box.end])
        elif box.kind == b"mdat":
            held += box.end - box.start
        elif box.kind == b"moov":
            tracks += _walk_movie(data, box)
    if sum(track.held for track in tracks) != held:
        raise Foreign("it holds bytes that belong to no track")
    _check_tracks(tracks, media_type)
    return manifest


def walk_sound(data: bytes) -> bytes:
    """``walk`` for a file that must hold sound alone."""
    return walk(data, SOUND)


def _check_tracks(tracks: list[_Track], media_type: str) -> None:
    """A film has pictures; a sound is one track of sound and nothing else."""
    seen = [_ENTRIES[track.kind][0] for track in tracks]
    if PICTURE not in seen if media_type == FILM else seen != [_HEARD]:
        raise Foreign("it is not what it is announced as")


def _plain(data: bytes, parent: bytes, at: int, end: int) -> Iterator[Box]:
    """The boxes in a parent; all of them allowed there, and their own heads checked."""
    for box in boxes(data, at, end):
        if box.kind not in _INSIDE[parent]:
            raise Foreign(f"it holds a box {shown(box.kind)}")
        body = data[box.start : min(box.end, box.start + 24)]
        if box.kind == b"free" and any(data[box.start : box.end]):
            raise Foreign("it holds a box 'free' that is not empty")
        if box.kind in _DATED and any(body[4 : 20 if body[:1] == b"\x01" else 12]):
            raise Foreign("it says when it was made")
        if box.kind == b"hdlr" and data[box.start + 24 : box.end].strip(b"\0") not in _HANDLERS:
            raise Foreign("a track has a name")
        yield box


def _walk_movie(data: bytes, movie: Box) -> Iterator[_Track]:
    """Every track, found plain."""
    for track in _plain(data, b"moov", movie.start, movie.end):
        if track.kind == b"trak":
            tables: dict[bytes, Box] = {}
            collect(data, track, tables)
            yield _walk_samples(data, tables)


def collect(data: bytes, parent: Box, tables: dict[bytes, Box]) -> None:
    """Every box under a track by its kind; each kind stands there once."""
    for box in _plain(data, parent.kind, parent.start, parent.end):
        if tables.setdefault(box.kind, box) is not box and box.kind not in (b"sgpd", b"sbgp"):
            raise Foreign(f"it holds a box {shown(box.kind)} twice")
        if box.kind in _INSIDE:
            collect(data, box, tables)


def _walk_samples(data: bytes, tables: dict[bytes, Box]) -> _Track:
    """What a track holds; none of its samples holds side messages."""
    dref = tables[b"dref"] if b"dref" in tables else None
    if dref is None or data[dref.start + 4 : dref.end] != _HERE:
        raise Foreign("it refers to something outside itself")
    try:
        entry = entry_of(data, tables[b"stsd"])
        inner = boxes(data, entry.start + _ENTRIES[entry.kind][0], entry.end)
        heads = {box.kind: data[box.start : box.end] for box in inner}
        spans = spans_of(data, tables)
        streams.check(entry.kind, data, spans, heads)
    except KeyError:
        raise Foreign(CUT_OFF) from None
    return _Track(entry.kind, sum(end - at for at, end in spans))


_HERE = struct.pack(">I", 1) + struct.pack(">I4sI", 12, b"url ", 1)


def entry_of(data: bytes, stsd: Box, *, named: bool = False) -> Box:
    """The one kind of samples that a track has; ``named`` lets its encoder's name pass."""
    entries = list(boxes(data, stsd.start + 8, stsd.end))
    if len(entries) != 1 or entries[0].kind not in _ENTRIES:
        raise Foreign("it holds samples of a kind that nobody can look into")
    entry = entries[0]
    fixed, inner = _ENTRIES[entry.kind]
    if not named and fixed == PICTURE and any(data[entry.start : entry.start + fixed][NAME]):
        raise Foreign("it names its encoder")
    for box in boxes(data, entry.start + fixed, entry.end):
        if box.kind not in inner:
            raise Foreign(f"it holds a box {shown(box.kind)}")
    return entry


def spans_of(data: bytes, tables: dict[bytes, Box]) -> list[Span]:
    """Where each sample lies: chunk by chunk, as many in each as the runs say.

    Raises:
        Foreign: the tables contradict each other.
        KeyError: one of them is missing.
        struct.error: one of them is cut off.
    """
    sizes = _sizes(data, tables[b"stsz"])
    wide = b"co64" in tables
    chunks = tables[b"co64" if wide else b"stco"].start + 4
    (count,) = struct.unpack_from(">I", data, chunks)
    starts = struct.unpack_from(f">{count}{'Q' if wide else 'I'}", data, chunks + 4)
    runs = tables[b"stsc"].start + 4
    (number,) = struct.unpack_from(">I", data, runs)
    firsts = [struct.unpack_from(">III", data, runs + 4 + 12 * i)[:2] for i in range(number)]
    edges = [*(first - 1 for first, _ in firsts[1:]), count][:number]
    found: list[int] = []
    for (first, each), edge in zip(firsts, edges, strict=True):
        for chunk in range(first - 1, edge):
            own = sizes[len(found) : len(found) + each]
            found += accumulate(own[:-1], initial=starts[chunk])
    if len(found) != len(sizes):
        raise Foreign(CUT_OFF)
    return [(at, at + size) for at, size in zip(found, sizes, strict=True)]


def _sizes(data: bytes, stsz: Box) -> tuple[int, ...]:
    """Bytes of every sample of a track."""
    same, count = struct.unpack_from(">II", data, stsz.start + 4)
    if count > len(data):
        raise Foreign(CUT_OFF)
    return (same,) * count if same else struct.unpack_from(f">{count}I", data, stsz.start + 12)


def _check_brands(body: bytes) -> None:
    brands = {body[:4], *(body[i : i + 4] for i in range(8, len(body), 4))}
    if not brands <= _BRANDS:
        raise Foreign("it is of a brand that tells where it is from")


def _store(body: bytes) -> bytes:
    """The manifest store in a C2PA box: type, flags, purpose, offset of a Merkle tree, store."""
    head = C2PA + b"\0\0\0\0" + b"manifest\0"
    if not body.startswith(head):
        raise Foreign("it holds a box 'uuid' of somebody else")
    return body[len(head) + 8 :]


def is_plain(data: bytes, media_type: str = FILM) -> bool:
    """Whether the file holds nothing but the film or sound, not even a manifest."""
    try:
        return not walk(data, media_type)
    except (Foreign, struct.error, IndexError):
        return False
