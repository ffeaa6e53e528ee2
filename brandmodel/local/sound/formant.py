"""The voice of last resort: formants from rules, with numpy alone. Understandable, never human.

Voiced sound is a sum of harmonics under a moving formant envelope, hiss is shaped noise; pitch
falls along the sentence and lifts at accents (after Klatt, 1980, in the additive form).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.sound.filters import smoothed, stretched
from brandmodel.local.sound.flite import Utterance
from brandmodel.local.sound.letters import phones_of
from brandmodel.local.sound.noise import shaped
from brandmodel.local.sound.phones import PHONES, Phone
from brandmodel.local.sound.wav import RATE, Samples

_STEP_S = 0.005
_PITCH_HZ = 112.0
_HARMONICS = 44
_PAUSE_S = {",": 0.18}
_WIDTHS_HZ = (70.0, 100.0, 160.0)
_EDGE_S = 0.12

Track = NDArray[np.floating[Any]]


def utter(words: Sequence[str], pauses: Sequence[str], *, pace: float) -> Utterance:
    """Speak one sentence: plain words, with the mark that stands after each of them."""
    phones: list[tuple[Phone, float]] = []
    times: list[tuple[float, float]] = []
    at = _EDGE_S
    for word, mark in zip(words, pauses, strict=True):
        start = at
        for name in phones_of(word):
            length = PHONES[name].length_s * 1.15 / pace
            phones.append((PHONES[name], at))
            at += length
        if mark and PHONES[phones_of(word)[-1]].kind != "stop":
            at += 0.06 / pace
        times.append((start, at))
        at += _PAUSE_S.get(mark, 0.0) / pace
    frames = round((at + _EDGE_S) / _STEP_S)
    question = bool(pauses) and pauses[-1] == "?"
    samples = _voiced(phones, times, frames, question) + _hissed(phones, times, frames)
    return Utterance(samples.astype(np.float32), tuple(times))


def _spans(
    phones: list[tuple[Phone, float]], times: list[tuple[float, float]]
) -> list[tuple[Phone, int, int]]:
    """Each phone with its first and last frame; none reaches over a pause."""
    ends = [start for _, start in phones[1:]] + [times[-1][1]]
    closed = sorted(end for _, end in times)
    out: list[tuple[Phone, int, int]] = []
    for (phone, start), end in zip(phones, ends, strict=True):
        stop = min([end, *[c for c in closed if start < c < end]])
        out.append((phone, round(start / _STEP_S), round(stop / _STEP_S)))
    return out


def _voiced(
    phones: list[tuple[Phone, float]], times: list[tuple[float, float]], frames: int, question: bool
) -> Samples:
    loud, formants = np.zeros(frames, np.float32), np.zeros((3, frames), np.float32)
    formants[:] = np.array(PHONES["ax"].formants, np.float32)[:, None]
    for phone, first, last in _spans(phones, times):
        ramp = np.linspace(0, 1, max(last - first, 1), dtype=np.float32)
        ramp = np.clip((ramp - 0.25) / 0.6, 0, 1)
        for k in range(3):
            to = (phone.glides_to or phone.formants)[k]
            formants[k, first:last] = (
                phone.formants[k] + (to - phone.formants[k]) * ramp[: last - first]
            )
        formants[:, last:] = formants[:, max(last - 1, 0), None]
        loud[first:last] = (
            phone.voice if phone.kind not in ("stop", "voiced stop") else phone.voice * 0.4
        )
    formants = np.stack([smoothed(track, 10) for track in formants])
    pitch = _pitch(times, frames, question)
    count = round(frames * _STEP_S * RATE)
    turns = np.cumsum(stretched(pitch, count).astype(np.float64)) / RATE
    level = stretched(smoothed(loud, 6), count)
    out = np.zeros(count, np.float32)
    for k in range(1, _HARMONICS + 1):
        strength = stretched(_resonance(k * pitch, formants), count)
        out += strength * np.sin(2 * np.pi * ((k * turns) % 1)).astype(np.float32)
    return out * level * np.float32(0.3)


def _resonance(hertz: Track, formants: Track) -> Track:
    """Strength of a partial: three resonances over a source that falls with frequency."""
    total = np.zeros_like(hertz)
    for k, (width, share) in enumerate(zip(_WIDTHS_HZ, (1.0, 0.6, 0.32), strict=True)):
        total += share / (1 + ((hertz - formants[k]) / width) ** 2)
    fourth = 0.12 / (1 + ((hertz - 3500) / 250) ** 2)
    return ((total + fourth + 0.015) * (200 / np.maximum(hertz, 120)) ** 0.35).astype(np.float32)


def _pitch(times: list[tuple[float, float]], frames: int, question: bool) -> Track:
    """Falls along the sentence, lifts in every second longer word, rises at the end of a question."""
    place = np.linspace(0, 1, frames, dtype=np.float32)
    pitch = _PITCH_HZ * (1.1 - 0.24 * place)
    for number, (start, end) in enumerate(times):
        if end - start > 0.22:
            middle, width = (start + 0.4 * (end - start)) / _STEP_S, 0.09 / _STEP_S
            lift = 0.12 if number % 2 == 0 else 0.07
            pitch *= 1 + lift * np.exp(-(((np.arange(frames) - middle) / width) ** 2))
    if question:
        pitch *= 1 + 0.45 * np.clip((place - 0.75) / 0.22, 0, 1)
    return smoothed(pitch, 8)


def _hissed(
    phones: list[tuple[Phone, float]], times: list[tuple[float, float]], frames: int
) -> Samples:
    """Noise of fricatives all along, of stops as a burst near their end."""
    loud, centre, width = (np.full(frames, v, np.float32) for v in (0.0, 3000.0, 1.0))
    for phone, first, last in _spans(phones, times):
        strength, hertz, octaves = phone.hiss
        begin = last - max(3, round((last - first) * 0.35)) if "stop" in phone.kind else first
        loud[begin:last] = strength
        centre[first:last], width[first:last] = hertz, octaves
    loud = smoothed(loud, 4)
    count = round(frames * _STEP_S * RATE)

    def shape(time: Track, hertz: Track) -> Track:
        at = np.clip((time[:, 0] * (frames - 1)).round().astype(int), 0, frames - 1)
        distance = np.log2(np.maximum(hertz, 20) / centre[at][:, None]) / width[at][:, None]
        return loud[at][:, None] * np.exp(-(distance**2))

    return shaped(count, np.random.default_rng(1980), shape).mean(axis=1) * np.float32(0.16)
