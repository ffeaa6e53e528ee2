"""WebP and WAV: what their chunks hold, and a WAV with nothing but its sound.

WebP RFC 9649; WAV as in Microsoft's Multimedia Programming Interface 1.0 and its extensible format.
Plain ``struct``: the gate stands in every request's way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from brandmodel.assets.foreign import CUT_OFF, Foreign, begins, ends, shown

_WEBP_PLAIN = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH"))
_WAVE_PLAIN = frozenset((b"fmt ", b"fact", b"data"))
_MANIFEST = b"C2PA"
_PCM, _EXTENSIBLE = 1, 0xFFFE
_PLAIN_CODES = frozenset((_PCM, 3, 6, 7))
"""PCM, floating point, A-law and mu-law: one number a sample, with no room for anything else."""
_CODE_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""How an extensible format names those codes: the code, then this."""
_PLACES = 1 << 18
"""Loudspeaker places that are defined, one bit each."""


class _Form(NamedTuple):
    """How samples are written: the chunk that says so, bytes of one moment, and the code."""

    body: bytes
    block: int
    code: int


def walk_webp(data: bytes) -> bytes:
    """The manifest store of a still WebP made of plain chunks only, or b''.

    Raises:
        Foreign: it holds something else, or is no WebP.
        struct.error: it is cut off.
    """
    manifest = b""
    for kind, start, end in _chunks(data, b"WEBP"):
        if kind == _MANIFEST:
            manifest += data[start:end]
        elif kind not in _WEBP_PLAIN:
            raise Foreign(f"it holds a chunk {shown(kind)}")
    return manifest


def walk_wave(data: bytes) -> bytes:
    """The manifest store of a WAV that holds nothing but its sound, or b''.

    Raises:
        Foreign: it holds something else, or is no WAV.
        struct.error: it is cut off.
    """
    manifest, found = b"", dict[bytes, tuple[int, int]]()
    for kind, start, end in _chunks(data, b"WAVE"):
        if kind == _MANIFEST:
            manifest += data[start:end]
        elif kind not in _WAVE_PLAIN:
            raise Foreign(f"it holds a chunk {shown(kind)}")
        elif found.setdefault(kind, (start, end)) != (start, end):
            raise Foreign(f"it holds a chunk {shown(kind)} twice")
    if b"fmt " not in found or b"data" not in found:
        raise Foreign(CUT_OFF)
    form = _form(data[slice(*found[b"fmt "])])
    samples, rest = divmod(found[b"data"][1] - found[b"data"][0], form.block)
    if rest:
        raise Foreign(CUT_OFF)
    if form.body != data[slice(*found[b"fmt "])]:
        raise Foreign("its header holds more than a header needs")
    if b"fact" in found and data[slice(*found[b"fact"])] != struct.pack("<I", samples):
        raise Foreign("its header holds more than a header needs")
    return manifest


def cleaned_wave(data: bytes) -> bytes:
    """The WAV with nothing but its sound, every sample as it was.

    A length that a stream left open ends with the file; half a sample at the end is left out.

    Raises:
        Foreign: no WAV, coded in a way that nobody can look into, or without any sound.
        struct.error: it is cut off before the sound.
    """
    begins(data, b"RIFF")
    begins(data[8:12], b"WAVE")
    at, form = 12, None
    while True:
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"fmt ":
            form = _form(body)
        elif kind == b"data" and form:
            return _wave(form, body)
        at += 8 + length + (length & 1)


def _wave(form: _Form, sound: bytes) -> bytes:
    samples = len(sound) // form.block
    if not samples:
        raise Foreign("it holds no sound")
    parts = [(b"fmt ", form.body), (b"data", sound[: samples * form.block])]
    if form.code != _PCM:
        parts.insert(1, (b"fact", struct.pack("<I", samples)))
    chunks = b"".join(
        struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) & 1)
        for kind, body in parts
    )
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks


def _chunks(data: bytes, kind: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of every chunk of a RIFF file, which they fill just so."""
    begins(data, b"RIFF")
    begins(data[8:12], kind)
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    at = 12
    while at < end:
        inner, length = struct.unpack_from("<4sI", data, at)
        stop = at + 8 + length
        if length & 1 and data[stop : stop + 1] != b"\0":
            raise Foreign(CUT_OFF)
        yield inner, at + 8, stop
        at = stop + (length & 1)
    if at != end:
        raise Foreign(CUT_OFF)
    ends(data, at)


def _form(body: bytes) -> _Form:
    """How samples are written, said with no byte more than needed.

    Raises:
        Foreign: coded in a way that nobody can look into, or its figures contradict each other.
    """
    code, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    extra, sub = b"", code
    if code == _EXTENSIBLE:
        valid, places, sub = struct.unpack_from("<HIH", body, 18)
        if body[26:40] != _CODE_TAIL or valid > bits or places >= _PLACES:
            raise Foreign("its sound is coded in a way that nobody can look into")
        extra = struct.pack("<HHIH", 22, valid, places, sub) + _CODE_TAIL
    elif code != _PCM:
        extra = b"\0\0"
    if sub not in _PLAIN_CODES:
        raise Foreign("its sound is coded in a way that nobody can look into")
    if not channels or not rate or not bits or bits % 8 or block != channels * bits // 8:
        raise Foreign(CUT_OFF)
    plain = struct.pack("<HHIIHH", code, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    return _Form(plain + extra, block, sub)
