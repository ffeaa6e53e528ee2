"""MP3: what its frames and tags hold, and an MP3 with nothing but its sound.

ISO 11172-3 and 13818-3, layer III. Between the coded samples of two frames lies room that no player
reads; encoders write their names there, in every frame. A first frame without sound may say how
long the sound is. Plain ``struct``: the gate stands in every request's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from brandmodel.assets.foreign import CUT_OFF, Foreign, ends
from brandmodel.assets.media import delays_of, mp3_bytes, mp3_frame, safe_number, tag_end

_MANIFEST = b"\x03application/c2pa\0c2pa\0c2pa manifest store\0"
"""What stands before a manifest store in its ID3 frame: encoding, media type, name, purpose."""
_TAGS_BEHIND = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_INDEX_BYTES = 116
_GAPLESS = b"LAME" + bytes(17)
"""Players read the delays of the encoder only behind this word, whoever the encoder was."""
_EVEN = bytes(i * 256 // 100 for i in range(100))


class _Frame(NamedTuple):
    """A frame: its samples lie between ``body`` and ``end``, or begin ``back`` bytes earlier."""

    body: int
    end: int
    back: int
    bits: int


def walk(data: bytes) -> bytes:
    """The manifest store of an MP3 that holds nothing but its sound, or b''.

    Raises:
        Foreign: it holds something else, or is no MP3.
    """
    manifest, at = _manifest(data)
    frames = list(_frames(data, at))
    if not frames:
        raise Foreign("it is not what it is announced as")
    ends(data, frames[-1].end)
    if _quiet(data, frames, at) != data:
        raise Foreign("its sound holds words beside the samples")
    return manifest


def cleaned(data: bytes) -> bytes:
    """The MP3 with nothing but its sound: frames are copied, never coded anew.

    A last frame that breaks off is left out.

    Raises:
        Foreign: no MP3, or there is something in its midst that is no frame.
    """
    at = 0
    while data.startswith(b"ID3", at):
        at = tag_end(data, at)
    frames = list(_frames(data, at))
    cut = bool(frames) and frames[-1].end > len(data)
    if cut:
        frames.pop()
    if not frames:
        raise Foreign("it holds no sound")
    end = frames[-1].end
    if not cut and not data.startswith(_TAGS_BEHIND, end) and any(data[end:]):
        raise Foreign(CUT_OFF)
    return _quiet(data, frames, at)[at:end]


def _manifest(data: bytes) -> tuple[bytes, int]:
    """(manifest store, where the sound begins); a tag may hold the one and nothing more.

    Raises:
        Foreign: there are other tags.
    """
    if not data.startswith(b"ID3"):
        return b"", 0
    end = tag_end(data, 0)
    # ID3 2.4 without flags; in it one frame, without flags, that fills the tag.
    head = b"ID3\4\0\0" + data[6:10] + b"GEOB" + data[14:18] + b"\0\0" + _MANIFEST
    if not data.startswith(head) or 20 + safe_number(data, 14) != end:
        raise Foreign("it holds tags")
    return data[len(head) : end], end


def _frames(data: bytes, at: int) -> Iterator[_Frame]:
    """Frame after frame, up to what is none; the last one may be cut off."""
    while True:
        found = mp3_frame(data, at)
        if found is None:
            return
        end = at + mp3_bytes(data, at, found)
        protected = not data[at + 1] & 1
        alone = data[at + 3] >> 6 == 3
        yield _frame(data, at + (6 if protected else 4), end, alone=alone, low=found[2] == 576)
        at = end


def _frame(data: bytes, at: int, end: int, *, alone: bool, low: bool) -> _Frame:
    """A frame by its side information, which begins at ``at`` (ISO 11172-3, 2.4.1.7).

    Args:
        data: the file.
        at: offset behind header and checksum.
        end: where the frame ends.
        alone: one channel.
        low: sample rates below 32 kHz, which have one granule a frame.
    """
    size = (9 if alone else 17) if low else (17 if alone else 32)
    channels = 1 if alone else 2
    side, total = int.from_bytes(data[at : at + size]), size * 8
    if low:
        back, first, step, count = side >> total - 8, 8 + channels, 63, channels
    else:
        back, first = side >> total - 9, (18 if alone else 20)
        step, count = 59, 2 * channels
    bits = sum(side >> total - first - step * i - 12 & 0xFFF for i in range(count))
    return _Frame(at + size, end, back, bits)


def _quiet(data: bytes, frames: Sequence[_Frame], at: int) -> bytes:
    """The file with zeros wherever no sample stands; same length."""
    out = bytearray(data)
    if data[frames[0].body :][:4] in (b"Xing", b"Info"):
        index, frames = frames[0], frames[1:]
        size = (frames[-1].end if frames else index.end) - at
        out[index.body : index.end] = _index(data[index.body : index.end], len(frames), size)
    stream = bytearray().join(data[frame.body : frame.end] for frame in frames)
    places = list(accumulate((frame.end - frame.body for frame in frames), initial=0))
    begins = [place - frame.back for place, frame in zip(places, frames, strict=False)]
    for begin, until, frame in zip(begins, [*begins[1:], len(stream)], frames, strict=True):
        _blank(stream, max(0, 8 * begin + frame.bits), until)
    for place, frame in zip(places, frames, strict=False):
        out[frame.body : frame.end] = stream[place : place + frame.end - frame.body]
    return bytes(out)


def _blank(stream: bytearray, bit: int, end: int) -> None:
    """Zeros from a bit up to a byte."""
    first, keep = divmod(bit, 8)
    if first >= end:
        return
    stream[first] &= 255 ^ 255 >> keep
    stream[first + 1 : end] = bytes(end - first - 1)


def _index(body: bytes, count: int, size: int) -> bytes:
    """How long the sound is, where to find its parts, and what to skip at both ends; nothing else.

    Args:
        body: what the frame without sound holds.
        count: frames behind it.
        size: bytes of all frames.
    """
    flags = int.from_bytes(body[4:8])
    before = 8 + 4 * (flags & 1) + 2 * (flags & 2)
    parts = body[before : before + 100]
    if not flags & 4 or len(parts) < 100 or list(parts) != sorted(parts):
        parts = _EVEN
    told = body[:4] + (7).to_bytes(4) + count.to_bytes(4) + size.to_bytes(4) + parts
    if len(body) >= _INDEX_BYTES + len(_GAPLESS) + 3:
        told += _GAPLESS + delays_of(body) if any(delays_of(body)) else b""
    return told[: len(body)].ljust(len(body), b"\0")
