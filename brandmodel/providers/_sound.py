"""What wires that bring sound share: voices by name, and bare samples as a file."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping

from brandmodel.tasks import Target, Voice


def voices_of(target: Target) -> Mapping[str, str]:
    """The vendor's voices by our names: the row's ``voices``, a table or a list."""
    given = target.settings.get("voices") or {}
    return given if isinstance(given, Mapping) else {one: one for one in given}


def voices_named(target: Target) -> list[Voice]:
    """The voices that a row names."""
    return [Voice(id=ours, name=theirs) for ours, theirs in voices_of(target).items()]


def wav(samples: bytes, rate: int, *, channels: int = 1) -> bytes:
    """Samples of 16 bits, little-endian, with a header; half a frame at the end is dropped."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples[: len(samples) // (2 * channels) * 2 * channels])
    return made.getvalue()
