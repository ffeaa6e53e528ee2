"""Sound that a person brings along: checked, and made stereo WAV at 48 kHz."""

from __future__ import annotations

import numpy as np

from brandmodel.errors import InvalidRequestError
from brandmodel.local.sound import wav
from brandmodel.local.sound.extent import Extent, extent, said_length, too_long
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks.audio import LONGEST_S

SHORTEST_S = 1.0
"""Less than a bar of the fastest music: nothing to repeat, nothing to cut."""
SILENT = 10 ** (-60 / 20)
"""The peak under which nothing is heard in a room."""
_MISSING = 0.03
"""Share of a file that may be missing at its end before it counts as damaged."""


def normalised(data: bytes, *, name: str) -> bytes:
    """Stereo WAV at 48 kHz, 16 bit, as loud as it came; what has this form already is kept as it is.

    Takes WAV, MP3, M4A, FLAC, Ogg, and the sound of an MP4 or WebM film.

    Raises:
        InvalidRequestError: not a sound, damaged, silent, shorter than a second, or longer than ten
            minutes; long files are told by their header, or by decoding no more than ten minutes.
        MissingExtraError: it is compressed, and there is no ffmpeg to decode it.
    """
    told = extent(data)
    if told is not None:
        _check_header(told, name)
    samples = wav.load(data, name=name)
    if len(samples) < SHORTEST_S * RATE:
        raise InvalidRequestError(
            f"{name} is {len(samples) / RATE:.2f} s long; {SHORTEST_S:g} s is the least",
            hint="Give a longer sound.",
        )
    check_heard(samples, name)
    return data if told is not None and told.ours else wav.encode(within(samples))


def check_heard(samples: Samples, name: str) -> None:
    """Refuse what nobody would hear.

    Raises:
        InvalidRequestError: its peak is under -60 dBFS.
    """
    if float(np.abs(samples).max(initial=0.0)) < SILENT:
        raise InvalidRequestError(
            f"{name} is silent: its peak is under -60 dB", hint="Give a sound that can be heard."
        )


def _check_header(told: Extent, name: str) -> None:
    if told.told_s > LONGEST_S and told.there_s > LONGEST_S:
        raise too_long(name, told.there_s)
    if told.there_s < told.told_s * (1 - _MISSING):
        raise InvalidRequestError(
            f"{name} is damaged: it ends after {said_length(told.there_s)} of the"
            f" {said_length(told.told_s)} that it should last",
            hint="Copy or download the file again.",
        )


def within(samples: Samples) -> Samples:
    """Lowered where peaks pass full scale, as decoded files often do, so that nothing is clipped."""
    peak = float(np.abs(samples).max())
    return samples / np.float32(peak) if peak > 1 else samples
