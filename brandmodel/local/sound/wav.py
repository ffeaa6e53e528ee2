"""Between sound files and arrays; the one place of the studio that decodes and encodes sound."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from brandmodel.errors import InvalidRequestError
from brandmodel.local.sound.decoding import decoded
from brandmodel.tasks.audio import LONGEST_S

RATE = 48_000
"""Samples a second of everything that the studio makes."""

Samples = NDArray[np.floating[Any]]
"""(N,) mono or (N, 2) stereo, 32 bit floats, full scale is 1."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SLOWEST, _FASTEST = 4_000, 384_000
_SILENT = 10 ** (-70 / 20)


def encode(samples: Samples) -> bytes:
    """A 48 kHz, 16 bit WAV; what passes full scale is clipped."""
    codes = np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")
    channels = 1 if codes.ndim == 1 else codes.shape[1]
    body = codes.tobytes()
    form = struct.pack("<HHIIHH", _PCM, channels, RATE, RATE * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVE"
    return (
        head
        + b"fmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", len(body))
        + body
    )


def load(data: bytes, *, name: str = "the sound") -> Samples:
    """(N, 2) at 48 kHz from the bytes of any common sound file; never silent, never endless.

    WAV is read here: 8, 16, 24 or 32 bit, float, any rate and number of channels. MP3, M4A, FLAC,
    Ogg and WebM go through ffmpeg, which runs as a program of its own.

    Raises:
        InvalidRequestError: not a sound, damaged, silent, or longer than ten minutes.
    """
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        samples, rate = read_wav(data, name)
    else:
        samples, rate = read_wav(decoded(data, name), name)
    if not len(samples):
        raise InvalidRequestError(
            f"{name} has no samples", hint="Give a sound file with sound in it."
        )
    if len(samples) > LONGEST_S * rate:
        raise InvalidRequestError(
            f"{name} is {len(samples) / rate:.0f} s long; {LONGEST_S:.0f} s is the most",
            hint="Cut it first.",
        )
    if float(np.abs(samples).max()) < _SILENT:
        raise InvalidRequestError(f"{name} is silent", hint="Give a sound that can be heard.")
    return resampled(_stereo(samples), rate)


def resampled(samples: Samples, rate: int) -> Samples:
    """The same sound at 48 kHz, by a polyphase filter with 80 dB of stop band."""
    if rate == RATE:
        return samples
    common = math.gcd(RATE, rate)
    out = signal.resample_poly(
        samples, RATE // common, rate // common, axis=0, window=("kaiser", 8.0)
    )
    return out.astype(np.float32)


def mono(samples: Samples) -> Samples:
    """(N,): the mean of the channels."""
    return samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)


def read_wav(data: bytes, name: str) -> tuple[Samples, int]:
    """(N, channels) and the rate that they were stored at.

    Raises:
        InvalidRequestError: damaged, or not a WAV file.
    """
    form, body = _chunks(data)
    if len(form) < 16 or body is None:
        raise _damaged(name)
    kind, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack_from("<H", form, 24)[0]
    if kind not in (_PCM, _FLOAT):
        return read_wav(decoded(data, name), name)
    if not (1 <= channels <= 64 and _SLOWEST <= rate <= _FASTEST):
        raise _damaged(name)
    width = bits // 8
    if block != width * channels or block == 0:
        raise _damaged(name)
    return _numbers(body[: len(body) // block * block], kind, width, name).reshape(
        -1, channels
    ), rate


def _chunks(data: bytes) -> tuple[bytes, bytes | None]:
    """The format and the samples; a length past the end (written by streams) means "the rest"."""
    at, form = 12, b""
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        if data[at : at + 4] == b"fmt ":
            form = body
        elif data[at : at + 4] == b"data":
            return form, body
        at += 8 + length + length % 2
    return form, None


def _numbers(body: bytes, kind: int, width: int, name: str) -> Samples:
    """Interleaved samples as floats of full scale 1."""
    if kind == _FLOAT and width in (4, 8):
        floats = np.frombuffer(body, f"<f{width}")
        if not np.isfinite(floats).all():
            raise _damaged(name)
        return np.clip(floats, -8, 8).astype(np.float32)
    if kind == _PCM and width == 1:
        return ((np.frombuffer(body, np.uint8).astype(np.float32)) - 128) / 128
    if kind == _PCM and width == 3:
        octets = np.frombuffer(body, np.uint8).reshape(-1, 3)
        padded = np.zeros((len(octets), 4), np.uint8)
        padded[:, 1:] = octets
        return padded.view("<i4")[:, 0].astype(np.float32) / 2**31
    if kind == _PCM and width in (2, 4):
        return np.frombuffer(body, f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)
    raise _damaged(name)


def _stereo(samples: Samples) -> Samples:
    """Two channels; of more, the first pair carries the front, the others are folded in softly."""
    if samples.ndim == 1:
        samples = samples[:, None]
    channels = samples.shape[1]
    if channels == 1:
        return np.repeat(samples, 2, axis=1)
    if channels == 2:
        return samples
    front, rest = samples[:, :2], samples[:, 2:]
    both = rest.sum(axis=1, keepdims=True, dtype=np.float32) * np.float32(0.5)
    return (front + both) / np.float32(1 + 0.5 * rest.shape[1])


def _damaged(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name} cannot be read: its bytes are damaged or not a WAV file",
        hint="Give a WAV, MP3, M4A, FLAC or Ogg file.",
    )
