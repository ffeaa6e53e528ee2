"""A film of others without anything but pictures, sounds and captions: copied, never coded anew.

ffmpeg, as a program of its own, takes the file apart and puts it together again; what it writes
itself even when told to keep quiet is blanked afterwards.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from brandmodel.assets.identity import part
from brandmodel.assets.movie import (
    NAME,
    Box,
    Foreign,
    boxes,
    collect,
    entry_of,
    filled,
    is_plain,
    sizes_of,
    walk,
)
from brandmodel.errors import InvalidRequestError, MissingExtraError

# Side messages in the stream, in which encoders leave their names: SEI, and metadata of AV1.
_MESSAGES = {b"avc1": "6", b"hvc1": "39-40", b"hev1": "39-40", b"av01": "5"}
_PICTURES = (b"avc1", b"hvc1", b"hev1", b"vp09", b"av01")


def cleaned(data: bytes) -> bytes:
    """The film without anything else; its pictures and sounds are copied, never coded anew.

    Raises:
        InvalidRequestError: not an MP4 that can be read, or of a kind nobody can look into.
        MissingExtraError: ffmpeg is needed to take the file apart, and there is none.
    """
    if is_plain(data):
        return data
    try:
        quiet = tidied(data)
    except (Foreign, struct.error, IndexError):
        quiet = data
    if is_plain(quiet):
        return quiet
    copied = _copied(data)
    try:
        copied = tidied(copied)
        walk(copied)
    except (Foreign, struct.error, IndexError) as why:
        raise InvalidRequestError(f"the film cannot be signed as video/mp4: {why}") from None
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
                _blank_name(data, inner, out)
                _blank_words(data, inner, out)
    return bytes(out)


def _blank_words(data: bytes, track: Box, out: bytearray) -> None:
    """What an AAC encoder says of itself becomes plain filling."""
    tables: dict[bytes, Box] = {}
    collect(data, track, tables)
    try:
        sizes = sizes_of(data, tables[b"stsz"])
        if entry_of(data, tables[b"stsd"], named=True).kind != b"mp4a":
            return
        for first, keep, end in filled(data, tables, sizes):
            out[first] &= 255 ^ 255 >> keep
            out[first + 1 : end] = bytes(max(0, end - first - 1))
    except KeyError:
        raise Foreign("it is damaged or cut off") from None


def _blank_name(data: bytes, track: Box, out: bytearray) -> None:
    place = track
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        inner = boxes(data, place.start, place.end)
        place = next((box for box in inner if box.kind == kind), Box(kind, 0, 0, 0))
    for entry in boxes(data, place.start + 8, place.end):
        if entry.kind in _PICTURES:
            out[entry.start + NAME.start : entry.start + NAME.stop] = bytes(32)


def _copied(data: bytes) -> bytes:
    """Picture, first sound and captions, stream-copied into a new file."""
    # The first inner box of a track's table of sample kinds names the codec.
    picture = re.search(rb"stsd.{12}(avc1|hvc1|hev1|av01)", data, re.DOTALL)
    units = _MESSAGES[picture[1]] if picture else ""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.mp4"), Path(folder, "out.mp4")
        source.write_bytes(data)
        done = subprocess.run(
            [
                *(_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
                *("-i", str(source), "-map", "0:v:0", "-map", "0:a:0?", "-map", "0:s?"),
                *("-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"),
                *(("-bsf:v", f"filter_units=remove_types={units}") if units else ()),
                *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
                *("-movflags", "+faststart", "-f", "mp4", str(out)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode or not out.exists():
            raise InvalidRequestError(
                "the film cannot be signed as video/mp4: it cannot be read to the end",
                hint="Give an MP4 file with one picture track.",
            )
        return out.read_bytes()


def _ffmpeg() -> str:
    own = shutil.which("ffmpeg")
    if own:
        return own
    try:
        return str(part("imageio_ffmpeg").get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingExtraError(
            "signing a film that others made needs ffmpeg, which is not installed",
            hint="pip install 'brandmodel[local]'",
        ) from error
