"""The mixing desk: tracks in, one mastered film sound out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import wav
from brandmodel.local.sound.filters import (
    Curve,
    compressed,
    db,
    envelope,
    faded,
    high_pass,
    peak,
    smoothed,
    stretched,
)
from brandmodel.local.sound.loudness import integrated, mastered, momentary_peak, true_peak
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks import Mix, MixSound, Track

_LEVEL_LUFS = {"voice": -16.0, "music": -18.0, "effect": -23.0}
"""Where each kind starts from, so that files of any loudness balance; then comes its own gain."""
_UNDER_VOICE = {"music": 1 / 3, "effect": 2 / 3}
"""How much of it is left while the voice speaks."""
_STEP_S = 0.005
_AHEAD_S, _HOLD_S, _GLIDE_S = 0.18, 0.45, 0.5
_EDGE_S = 0.012
_CEILING_DB = -2.0
"""Coding for a film adds up to a decibel to the peaks: they stay under -1 dB after it, too."""


def mix(request: MixSound, desk: Desk) -> Mix:
    """Level, duck, sum and master the tracks; exactly as long as asked.

    Every track is first brought to the level of its kind, so a gain of 0 dB is always balanced.

    Raises:
        InvalidRequestError: a track is not a sound, is silent, or begins after the end.
    """
    count = round(request.duration_s * RATE)
    buses = {kind: np.zeros((count, 2), np.float32) for kind in _LEVEL_LUFS}
    for number, track in enumerate(request.tracks, start=1):
        _laid(track, f"track {number} ({track.kind})", buses[track.kind], desk)
    spoken = _speaking(buses["voice"])
    total = buses["voice"]
    if spoken.any():
        # Room for consonants: the bed steps back where speech is understood.
        buses["music"] = peak(buses["music"], 2500, -2.5, q=0.7)
    for kind, share in _UNDER_VOICE.items():
        total = total + buses[kind] * (1 - np.float32(1 - share) * spoken)[:, None]
    total = faded(high_pass(total, 28), _EDGE_S, _EDGE_S)
    even = compressed(total, threshold_db=-14, ratio=1.6)
    done = mastered(even, request.loudness_lufs, ceiling_db=_CEILING_DB)
    done = faded(done, 0.002, 0.002)
    return Mix(
        audio=desk.keep(wav.encode(done), "audio/wav", duration_s=count / RATE),
        loudness_lufs=round(integrated(done), 2),
        true_peak_db=round(true_peak(done), 2),
    )


def _laid(track: Track, name: str, bus: NDArray[np.float32], desk: Desk) -> None:
    """Add a track to its bus, at its time and level, with soft edges."""
    start = round(track.at_s * RATE)
    if start >= len(bus):
        raise InvalidRequestError(
            f"{name} begins at {track.at_s:g} s, after the end of the mix",
            hint="Begin it earlier, or make the mix longer.",
        )
    samples = wav.load(desk.read(track.audio), name=name)
    level = momentary_peak(samples) if track.kind == "effect" else integrated(samples)
    gain = np.float32(db(_LEVEL_LUFS[track.kind] - level + track.gain_db))
    heard = faded(samples[: len(bus) - start], 0.004, 0.03)
    bus[start : start + len(heard)] += heard * gain


def _speaking(voice: Samples) -> Curve:
    """0 where nobody speaks to 1 where someone does: early, held over short gaps, without edges."""
    level = envelope(voice, window_s=0.03, step_s=_STEP_S)
    loudest = float(level.max(initial=0.0))
    if loudest <= 0:
        return np.zeros(len(voice), np.float32)
    on = (level > loudest * db(-32)).astype(np.float32)
    ahead, hold = round(_AHEAD_S / _STEP_S), round(_HOLD_S / _STEP_S)
    held = ndimage.maximum_filter1d(on, ahead + hold + 1, origin=-((ahead - hold) // 2))
    return stretched(np.clip(smoothed(held, round(_GLIDE_S / _STEP_S)), 0, 1), len(voice))
