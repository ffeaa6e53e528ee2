"""What coded pictures and sounds hold beside themselves: messages in which encoders sign.

Default-deny, unit by unit (H.264 7.4.1, H.265 7.4.2.2, AV1 6.2.2, ISO 14496-3 4.4.2.7). VP9 and
Opus have no place for messages.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from brandmodel.assets.foreign import CUT_OFF, Foreign

Span = tuple[int, int]
"""(first byte, end) of one sample in the file."""

_AVC_PLAIN = frozenset((1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 19))
"""Slices, parameter sets and marks of where something ends."""
_HEVC_PLAIN = frozenset((*range(10), *range(16, 22), *range(32, 38)))
_AV1_PLAIN = frozenset((1, 2, 3, 4, 6, 7))
"""Sequence header, delimiter, frame header, tiles, frame, and the header once more."""
_MESSAGES = "its stream holds messages beside the picture"


def others(kind: bytes) -> str:
    """The units that must go, as ffmpeg's ``filter_units`` takes them; '' where there are none."""
    plain, most = {
        b"avc1": (_AVC_PLAIN, 32),
        b"hvc1": (_HEVC_PLAIN, 64),
        b"hev1": (_HEVC_PLAIN, 64),
        b"av01": (_AV1_PLAIN, 16),
    }.get(kind, (frozenset[int](), 0))
    return "|".join(str(number) for number in range(most) if number not in plain)


def check(kind: bytes, data: bytes, spans: Sequence[Span], heads: dict[bytes, bytes]) -> None:
    """Look through every sample of a track.

    Args:
        kind: of the samples, for example ``avc1``.
        data: the file.
        spans: where its samples lie.
        heads: what stands in front of them, by the kind of box.

    Raises:
        Foreign: there are messages, or the samples are damaged.
        KeyError: the head that says how to read them is missing.
    """
    look = _LOOKS.get(kind)
    if look:
        look(data, spans, heads)


def _check_avc(data: bytes, spans: Sequence[Span], heads: dict[bytes, bytes]) -> None:
    width = (heads[b"avcC"][4] & 3) + 1
    for at in _units(data, spans, width):
        if data[at] & 31 not in _AVC_PLAIN:
            raise Foreign(_MESSAGES)


def _check_hevc(data: bytes, spans: Sequence[Span], heads: dict[bytes, bytes]) -> None:
    config = heads[b"hvcC"]
    if plain_hevc_head(config) != config:
        raise Foreign(_MESSAGES)
    for at in _units(data, spans, (config[21] & 3) + 1):
        if data[at] >> 1 & 63 not in _HEVC_PLAIN:
            raise Foreign(_MESSAGES)


def plain_hevc_head(config: bytes) -> bytes:
    """What stands in front of H.265 without messages; zeros fill their place, so the length stays.

    ffmpeg takes messages out of the samples and leaves those that x265 puts here.
    """
    kept, count, at = config[:22], 0, 23
    for _ in range(config[22]):
        start, (kind, number) = at, struct.unpack_from(">BH", config, at)
        at += 3
        for _ in range(number):
            at += 2 + int(struct.unpack_from(">H", config, at)[0])
        if kind & 63 in _HEVC_PLAIN:
            kept, count = kept + config[start:at], count + 1
    return (kept[:22] + bytes((count,)) + kept[22:]).ljust(len(config), b"\0")


def _units(data: bytes, spans: Sequence[Span], width: int) -> Iterator[int]:
    """The first byte of every unit; ``width`` bytes before it say how long it is."""
    for at, end in spans:
        while at < end:
            length = int.from_bytes(data[at : at + width])
            yield at + width
            at += width + length
        if at != end:
            raise Foreign(CUT_OFF)


def _check_av1(data: bytes, spans: Sequence[Span], heads: dict[bytes, bytes]) -> None:
    config = heads[b"av1C"]
    _check_obus(config, 4, len(config))
    for at, end in spans:
        _check_obus(data, at, end)


def _check_obus(data: bytes, at: int, end: int) -> None:
    """Units of AV1; the last one may leave its length out."""
    while at < end:
        head = data[at]
        if head >> 3 & 15 not in _AV1_PLAIN:
            raise Foreign(_MESSAGES)
        at += 2 if head & 4 else 1
        if not head & 2:
            return
        length, shift = 0, 0
        while True:
            length |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if not data[at - 1] & 128:
                break
        at += length
    if at != end:
        raise Foreign(CUT_OFF)


def _check_aac(data: bytes, spans: Sequence[Span], heads: dict[bytes, bytes]) -> None:
    if any(filled(data, spans)):
        raise Foreign("its sound holds words beside the samples")


def filled(data: bytes, spans: Sequence[Span]) -> Iterator[tuple[int, int, int]]:
    """Words in AAC: (first byte, bits of it to keep, end) of every filling that is not empty.

    Encoders sign in a fill element in front of the first samples. Only plain filling is taken for
    one; other extensions belong to the sound.
    """
    for at, stop in spans:
        head = int.from_bytes(data[at : min(at + 4, stop)].ljust(4, b"\0"))
        if stop - at < 3 or head >> 29 != 6:
            continue
        count, begins = head >> 25 & 15, 7
        if count == 15:
            count, begins = 14 + (head >> 17 & 255), 15
        if head >> (28 - begins) & 15 > 1:
            continue
        first, keep = divmod(begins + 4, 8)
        end = at + min(stop - at, (begins + 8 * count) // 8)
        own = data[at + first : end]
        if own and (own[0] & 255 >> keep or any(own[1:])):
            yield at + first, keep, end


_LOOKS: dict[bytes, Callable[[bytes, Sequence[Span], dict[bytes, bytes]], None]] = {
    b"avc1": _check_avc,
    b"hvc1": _check_hevc,
    b"hev1": _check_hevc,
    b"av01": _check_av1,
    b"mp4a": _check_aac,
}
