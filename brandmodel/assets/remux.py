"""A film or sound of others without anything but pictures, sounds and captions: copied, never coded.

ffmpeg takes the MP4 apart and puts it together again; what it writes itself even when told to keep
quiet is blanked afterwards.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from brandmodel.assets import ffmpeg
from brandmodel.assets.foreign import CUT_OFF, Foreign
from brandmodel.assets.movie import (
    FILM,
    NAME,
    PICTURE,
    SOUND,
    Box,
    boxes,
    collect,
    entry_of,
    is_plain,
    spans_of,
    walk,
)
from brandmodel.assets.streams import filled, others, plain_hevc_head
from brandmodel.errors import InvalidRequestError

_HEVC = (b"hvc1", b"hev1")
_PICTURES = (b"avc1", *_HEVC, b"vp09", b"av01")
_FORMS = {
    FILM: (*("-map", "0:v:0", "-map", "0:a:0?", "-map", "0:s?"), *("-c", "copy"), *("-f", "mp4")),
    SOUND: (*("-map", "0:a:0", "-c", "copy"), *("-f", "ipod")),
}


def cleaned(data: bytes, media_type: str = FILM) -> bytes:
    """The film or sound without anything else; what is seen and heard is copied.

    Args:
        data: an MP4 file, or another whose pictures and sounds fit into one.
        media_type: ``video/mp4``, or ``audio/mp4`` for its sound alone.

    Raises:
        InvalidRequestError: it cannot be read to the end, or of a kind nobody can look into.
        MissingExtraError: ffmpeg is needed to take the file apart, and there is none.
    """
    if is_plain(data, media_type):
        return data
    try:
        quiet = tidied(data)
    except (Foreign, struct.error, IndexError):
        quiet = data
    if is_plain(quiet, media_type):
        return quiet
    if data[4:8] != b"ftyp":
        # Another container: only an MP4 tells its codec where it is looked for below.
        data = _copied(data, media_type)
    copied = _copied(data, media_type)
    try:
        copied = tidied(copied)
        walk(copied, media_type)
    except (Foreign, struct.error, IndexError) as why:
        raise InvalidRequestError(f"the file cannot be signed as {media_type}: {why}") from None
    return copied


def tidied(data: bytes) -> bytes:
    """Without what ffmpeg writes even when told to keep quiet; same length, same offsets.

    The names of the encoders are blanked, and an empty box of tags becomes free space.
    """
    out = bytearray(data)
    for box in boxes(data, 0, len(data)):
        if box.kind != b"moov":
            continue
        for inner in boxes(data, box.start, box.end):
            if inner.kind == b"udta":
                out[inner.at + 4 : inner.at + 8] = b"free"
                out[inner.start : inner.end] = bytes(inner.end - inner.start)
            elif inner.kind == b"trak":
                _blank_names(data, inner, out)
                _blank_words(data, inner, out)
    return bytes(out)


def _blank_words(data: bytes, track: Box, out: bytearray) -> None:
    """What an AAC encoder says of itself becomes plain filling."""
    tables: dict[bytes, Box] = {}
    collect(data, track, tables)
    try:
        if entry_of(data, tables[b"stsd"], named=True).kind != b"mp4a":
            return
        for first, keep, end in filled(data, spans_of(data, tables)):
            out[first] &= 255 ^ 255 >> keep
            out[first + 1 : end] = bytes(max(0, end - first - 1))
    except KeyError:
        raise Foreign(CUT_OFF) from None


def _blank_names(data: bytes, track: Box, out: bytearray) -> None:
    place = track
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        inner = boxes(data, place.start, place.end)
        place = next((box for box in inner if box.kind == kind), Box(kind, 0, 0, 0))
    for entry in boxes(data, place.start + 8, place.end):
        if entry.kind in _PICTURES:
            out[entry.start + NAME.start : entry.start + NAME.stop] = bytes(32)
        for head in _heads(data, entry) if entry.kind in _HEVC else ():
            out[head.start : head.end] = plain_hevc_head(data[head.start : head.end])


def _heads(data: bytes, entry: Box) -> Iterator[Box]:
    inner = boxes(data, entry.start + PICTURE, entry.end)
    return (box for box in inner if box.kind == b"hvcC")


def _copied(data: bytes, media_type: str) -> bytes:
    """Picture, first sound and captions, stream-copied into a new file."""
    # The first inner box of a track's table of sample kinds names the codec.
    picture = re.search(rb"stsd.{12}(avc1|hvc1|hev1|av01)", data, re.DOTALL)
    units = others(picture[1]) if picture and media_type == FILM else ""
    quiet = ("-bsf:v", f"filter_units=remove_types={units}") if units else ()
    options = (*quiet, "-movflags", "+faststart", *_FORMS[media_type])
    return ffmpeg.converted(data, options, media_type=media_type)
