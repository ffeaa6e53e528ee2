"""Sound and video headers: what they are, how large and how long, without a decoder."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Sizes = tuple[int | None, int | None, float | None]
Media = tuple[str, int | None, int | None, float | None]

_MP3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBPS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def video_size(data: bytes) -> Sizes:
    """(width, height, seconds) of an MP4 or QuickTime file; None where its boxes do not say.

    The seconds are the picture's where there is one: sound may be a few samples longer.
    """
    width = height = None
    duration_s = picture_s = None
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind != b"moov":
            continue
        for inner, at, stop in _boxes(data, start, end):
            if inner == b"mvhd":
                duration_s = _movie_seconds(data, at, stop)
            elif inner == b"trak" and not width:
                width, height = _track_size(data, at, stop)
                picture_s = _track_seconds(data, at, stop) if width else None
    # An edit list may show less than the track holds; then the file's own word counts. A track's
    # clock is finer than the file's, which is often in milliseconds.
    if picture_s and duration_s and duration_s - 0.1 < picture_s < duration_s + 0.002:
        duration_s = picture_s
    return width or None, height or None, duration_s


def is_sound(data: bytes) -> bool:
    """Whether the tracks of an MP4 are of sound, with no picture among them."""
    kinds = set[bytes]()
    for box, start, end in _boxes(data, 0, len(data)):
        if box == b"moov":
            for track, at, stop in _boxes(data, start, end):
                if track == b"trak":
                    kinds.add(_handler(data, at, stop))
    return b"soun" in kinds and b"vide" not in kinds


def _handler(data: bytes, at: int, stop: int) -> bytes:
    """What a track's samples are: ``vide``, ``soun`` or another four letters."""
    for kind, start, end in _boxes(data, at, stop):
        if kind == b"mdia":
            for inner, first, _ in _boxes(data, start, end):
                if inner == b"hdlr":
                    return data[first + 8 : first + 12]
    return b""


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the body, end) of the ISO boxes between two offsets."""
    while start + 8 <= end:
        size, body = int.from_bytes(data[start : start + 4]), start + 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16]), start + 16
        stop = min(start + size, end) if size else end
        if stop < body:
            return
        yield data[start + 4 : start + 8], body, stop
        start = stop


def _movie_seconds(data: bytes, at: int, stop: int) -> float | None:
    long = data[at : at + 1] == b"\x01"
    if stop - at < (32 if long else 20):
        return None
    scale, length = struct.unpack_from(">IQ" if long else ">II", data, at + (20 if long else 12))
    # A file in fragments, or one written as a stream, leaves the length open.
    open_ended = length in (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
    return length / scale if scale and not open_ended else None


def _track_size(data: bytes, at: int, stop: int) -> tuple[int, int]:
    for kind, start, end in _boxes(data, at, stop):
        if kind == b"tkhd" and end - start >= 84:
            width, height = struct.unpack_from(">II", data, end - 8)
            return width >> 16, height >> 16
    return 0, 0


def _track_seconds(data: bytes, at: int, stop: int) -> float | None:
    for kind, start, end in _boxes(data, at, stop):
        if kind == b"mdia":
            for inner, first, last in _boxes(data, start, end):
                if inner == b"mdhd":
                    return _movie_seconds(data, first, last)
    return None


def audio(data: bytes) -> Media | None:
    """(media type, width, height, seconds) of sound files and of Matroska."""
    head = data[:12]
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "audio/wav", None, None, _wave_seconds(data)
    if head[:4] == b"fLaC":
        return "audio/flac", None, None, _flac_seconds(data)
    if head[:4] == b"OggS":
        return "audio/ogg", None, None, _ogg_seconds(data)
    if head[:4] == b"\x1aE\xdf\xa3":
        kind = "video/webm" if b"webm" in data[:64] else "video/x-matroska"
        return kind, *_matroska(data)
    if head[:3] == b"ID3" or mp3_frame(data, 0):
        return "audio/mpeg", None, None, _mp3_seconds(data)
    return None


def _wave_seconds(data: bytes) -> float | None:
    at, rate = 12, 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"fmt " and at + 20 <= len(data):
            rate = int.from_bytes(data[at + 16 : at + 20], "little")
        if kind == b"data":
            # A file written as a stream leaves a size that is far too large.
            return min(size, len(data) - at - 8) / rate if rate else None
        at += 8 + size + (size & 1)
    return None


def _flac_seconds(data: bytes) -> float | None:
    if len(data) < 26:
        return None
    packed = int.from_bytes(data[18:26])
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if rate and samples else None


def _ogg_seconds(data: bytes) -> float | None:
    last = data.rfind(b"OggS")
    if last + 14 > len(data):
        return None
    samples = int.from_bytes(data[last + 6 : last + 14], "little")
    vorbis = data[:128].find(b"\x01vorbis")
    if b"OpusHead" in data[:128]:
        return samples / 48_000
    if vorbis < 0 or len(data) < vorbis + 16:
        return None
    rate = int.from_bytes(data[vorbis + 12 : vorbis + 16], "little")
    return samples / rate if rate else None


def mp3_frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """(bits a second, samples a second, samples a frame) of a layer III header, if it is one."""
    head = int.from_bytes(data[at : at + 4])
    generation, layer = head >> 19 & 3, head >> 17 & 3
    rate, hertz = head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or layer != 1 or generation == 1 or rate in (0, 15) or hertz == 3:
        return None
    kbps = (_MP3_KBPS if generation == 3 else _MP3_KBPS_LOW)[rate]
    return kbps * 1000, _MP3_HZ[generation][hertz], 1152 if generation == 3 else 576


def _mp3_seconds(data: bytes) -> float | None:
    """By what its index says, else by its frames, else by the first frame's rate."""
    at = tag_end(data, 0) if data[:3] == b"ID3" and len(data) > 10 else 0
    frame = mp3_frame(data, at)
    if frame is None:
        return None
    bits, hertz, samples = frame
    for mark in (b"Xing", b"Info"):
        index = data.find(mark, at, at + 64)
        if index > 0 and len(data) >= index + 12 and data[index + 7] & 1:
            delays = int.from_bytes(delays_of(data[index : index + 160]))
            count = int.from_bytes(data[index + 8 : index + 12]) * samples
            return max(0, count - (delays >> 12) - (delays & 0xFFF)) / hertz
    count, end = 0, at
    while found := mp3_frame(data, end):
        count, end = count + 1, end + mp3_bytes(data, end, found)
    whole = end >= len(data) or data.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN"), end)
    return count * samples / hertz if whole else (len(data) - at) * 8 / bits


def mp3_bytes(data: bytes, at: int, frame: tuple[int, int, int]) -> int:
    """Bytes of the frame at ``at``, which ``mp3_frame`` read."""
    bits, hertz, samples = frame
    return samples // 8 * bits // hertz + (data[at + 2] >> 1 & 1)


def tag_end(data: bytes, at: int) -> int:
    """Where an ID3 tag that begins at ``at`` ends."""
    footer = 10 if data[at + 5 : at + 6] and data[at + 5] & 16 else 0
    return at + 10 + safe_number(data, at + 6) + footer


def safe_number(data: bytes, at: int) -> int:
    """Four bytes of seven bits each, as ID3 writes lengths."""
    number = 0
    for byte in data[at : at + 4]:
        number = number << 7 | byte & 127
    return number


def delays_of(index: bytes) -> bytes:
    """Samples to skip at begin and end of an MP3, 12 bits each, told by its frame without sound.

    ``index`` is that frame from its mark on. Only some encoders tell; else both are 0.
    """
    flags = int.from_bytes(index[4:8])
    at = 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    known = index[at : at + 4] in (b"LAME", b"Lavf", b"Lavc")
    return index[at + 21 : at + 24].ljust(3, b"\0") if known else bytes(3)


_SEGMENT, _INFO, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0
_SCALE, _DURATION, _WIDTH, _HEIGHT = 0x2AD7B1, 0x4489, 0xB0, 0xBA


def _matroska(data: bytes) -> Sizes:
    """Sizes from the first elements of a Matroska or WebM file."""
    found: dict[int, bytes] = {}
    _collect(data[: 1 << 16], 0, min(len(data), 1 << 16), found)
    scale = int.from_bytes(found.get(_SCALE, b"\x0f\x42\x40"))
    raw = found.get(_DURATION, b"")
    ticks = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0] if len(raw) in (4, 8) else None
    width, height = (int.from_bytes(found.get(key, b"")) or None for key in (_WIDTH, _HEIGHT))
    return width, height, ticks * scale / 1e9 if ticks and ticks > 0 else None


def _collect(data: bytes, at: int, end: int, found: dict[int, bytes]) -> None:
    while at < end:
        key, at = _number(data, at, keep_marker=True)
        size, at = _number(data, at, keep_marker=False)
        if not key:
            return
        stop = min(at + size, end)
        if key in (_SEGMENT, _INFO, _TRACKS, _TRACK, _VIDEO):
            _collect(data, at, stop, found)
        elif key in (_SCALE, _DURATION, _WIDTH, _HEIGHT):
            found.setdefault(key, data[at:stop])
        at = stop


def _number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """A variable-length number of EBML and the offset behind it."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length() if first else 1
    value = int.from_bytes(data[at : at + length])
    if not keep_marker:
        value &= (1 << 7 * length) - 1
    return value, at + length
