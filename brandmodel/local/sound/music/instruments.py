"""Instruments: one note in, samples out. Additive, FM and wavetable synthesis at 48 kHz."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from brandmodel.local.sound.filters import faded, high_pass, low_pass
from brandmodel.local.sound.music.moods import Lead, Pad
from brandmodel.local.sound.wav import RATE, Samples

_TABLE = 4096
_HIGHEST_HZ = 15_000


def hertz(note: float) -> float:
    """Frequency of a MIDI note, A4 = 440 Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def played(name: Lead, note: int, seconds: float, velocity: float) -> Samples:
    """(N,) a struck or plucked note, damped after ``seconds``; harder is louder and brighter."""
    level = round(min(max(velocity, 0.1), 1.0) * 4) / 4 or 0.25
    full = _note(name, note, level)
    count = min(len(full), round((seconds + 0.35) * RATE))
    return faded(full[:count], 0.0, 0.3 if count < len(full) else 0.05) * np.float32(velocity)


@lru_cache(maxsize=512)
def _note(name: Lead, note: int, level: float) -> Samples:
    return _MAKERS[name](hertz(note), level)


def _time(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE), dtype=np.float32) / np.float32(RATE)


def _partials(base: float, seconds: float, rows: list[tuple[float, float, float]]) -> Samples:
    """Sum of decaying sines: (ratio, amplitude, seconds to fall by 60 dB)."""
    time = _time(seconds)
    out = np.zeros_like(time)
    for place, (ratio, amplitude, fall) in enumerate(rows):
        if base * ratio < _HIGHEST_HZ:
            heard = time[: min(len(time), round(fall * 1.1 * RATE))]
            # Partials that all begin at zero would pile up into a click at the attack.
            phase = heard * np.float32(2 * np.pi * base * ratio) + np.float32(2.4 * place * place)
            decay = np.exp(heard * np.float32(-6.9 / fall))
            out[: len(heard)] += np.float32(amplitude) * decay * np.sin(phase)
    return faded(out, 0.003, 0.05)


def _piano(base: float, level: float) -> Samples:
    fall = float(np.clip(4.2 * (261 / base) ** 0.5, 1.2, 5))
    rows: list[tuple[float, float, float]] = []
    for k in range(1, 13):
        stiff = k * (1 + 0.0004 * k * k) ** 0.5
        loud = k ** (-1.9 + 0.8 * level) * (1.0 if k % 7 else 0.3)
        rows.append((stiff, loud, fall / (1 + 0.35 * (k - 1))))
        if k <= 3:
            rows.append((stiff * 1.0012, 0.5 * loud, fall * 1.3 / k))
    tone = _partials(base, min(fall, 3.2), rows)
    knock = _noise(0.02, int(base)) * np.float32(0.12 * level)
    tone[: len(knock)] += knock
    return tone * np.float32(0.42)


def _pluck(base: float, level: float) -> Samples:
    fall = float(np.clip(2.6 * (261 / base) ** 0.6, 0.7, 3.2))
    place = 0.22
    rows = [
        (
            k * (1 + 0.00015 * k * k),
            abs(np.sin(np.pi * k * place)) * k ** (-1.9 + 0.6 * level),
            fall / k**0.75,
        )
        for k in range(1, 16)
    ]
    tone = _partials(base, min(fall, 2.2), rows)
    nail = high_pass(_noise(0.01, int(base) + 1), 900) * np.float32(0.15 * level)
    tone[: len(nail)] += nail
    return tone * np.float32(0.62)


def _bell(base: float, level: float) -> Samples:
    time = _time(2.6)
    index = np.float32(1.4 + 1.4 * level) * np.exp(-time * np.float32(3.2))
    modulator = index * np.sin(time * np.float32(2 * np.pi * base * 3.51))
    tone = np.sin(time * np.float32(2 * np.pi * base) + modulator) * np.exp(-time * np.float32(2.6))
    shine = 0.3 * np.sin(time * np.float32(2 * np.pi * base * 2.0)) * np.exp(-time * np.float32(4))
    return faded((tone + shine).astype(np.float32), 0.002, 0.2) * np.float32(0.34)


def _keys(base: float, level: float) -> Samples:
    time = _time(2.8)
    body = np.float32(0.5 + 0.9 * level) * np.exp(-time * np.float32(2.2))
    tone = np.sin(
        time * np.float32(2 * np.pi * base) + body * np.sin(time * np.float32(2 * np.pi * base))
    )
    tine = np.float32(0.22 * level) * np.exp(-time * np.float32(9))
    tone += tine * np.sin(time * np.float32(2 * np.pi * min(base * 9, 9000)))
    sway = 1 - 0.1 * np.sin(time * np.float32(2 * np.pi * 4.6))
    return faded(
        (tone * np.exp(-time * np.float32(1.5)) * sway).astype(np.float32), 0.004, 0.2
    ) * np.float32(0.42)


def _marimba(base: float, level: float) -> Samples:
    fall = float(np.clip(1.1 * (261 / base) ** 0.5, 0.4, 1.6))
    rows = [
        (1.0, 1.0, fall),
        (3.93, 0.35 * level + 0.1, fall * 0.4),
        (9.2, 0.18 * level, fall * 0.18),
    ]
    tone = _partials(base, min(1.5, fall), rows)
    knock = _noise(0.012, int(base) + 2) * np.float32(0.1 * level)
    tone[: len(knock)] += knock
    return tone * np.float32(0.62)


def _synth(base: float, level: float) -> Samples:
    time = _time(1.8)
    depth = 0.0022 * np.clip((time - 0.25) * 3, 0, 1)
    sway = base * (time + depth / (2 * np.pi * 5.2) * (1 - np.cos(2 * np.pi * 5.2 * time)))
    bright = _cycled(_table(round(base), "saw", 5200), sway) + _cycled(
        _table(round(base), "saw", 5200), sway * 1.004
    )
    dark = _cycled(_table(round(base), "saw", 900), sway * 0.998)
    opening = np.exp(-time * np.float32(4.5)) * np.float32(0.35 + 0.4 * level)
    tone = (0.5 * bright * opening + dark * (1 - 0.5 * opening)) * np.exp(-time * np.float32(1.3))
    return faded(tone.astype(np.float32), 0.006, 0.2) * np.float32(0.4)


_MAKERS: dict[Lead, Callable[[float, float], Samples]] = {
    "piano": _piano,
    "pluck": _pluck,
    "bell": _bell,
    "keys": _keys,
    "marimba": _marimba,
    "synth": _synth,
}


def held(name: Pad, note: int, seconds: float, *, attack_s: float, release_s: float) -> Samples:
    """(N, 2) a sustained note of the bed; detuned voices at each side make it wide."""
    count = round((seconds + release_s) * RATE)
    time = np.arange(count, dtype=np.float64) / RATE
    table = _table(round(hertz(note)), name, 7000)
    out = np.empty((count, 2), np.float32)
    # A steady voice in the middle of two detuned ones: chorus without notes that vanish in beats.
    middle = _cycled(table, hertz(note) * time) * np.float32(1.3)
    for side, cents in enumerate(((-7.0, 4.5), (6.5, -5.0))):
        one, other = (
            _cycled(table, hertz(note + c / 100) * time + 0.37 * (side + abs(c))) for c in cents
        )
        out[:, side] = middle + np.float32(0.6) * (one + other)
    shaped = faded(out, min(attack_s, seconds * 0.7), release_s)
    return shaped * np.float32(0.1)


def bass(note: int, seconds: float, velocity: float, *, round_tone: bool) -> Samples:
    """(N,) a bass note that small speakers show, too: its second and third partials carry it."""
    time = _time(seconds + 0.06)
    base = hertz(note)
    hold = np.exp(-time * np.float32(1.1 if round_tone else 2.2))
    out = np.sin(2 * np.pi * base * time) * 0.7
    for k, loud in ((2, 0.5), (3, 0.28), (4, 0.16), (5, 0.1), (6, 0.06), (8, 0.04)):
        out += loud * np.exp(-time * np.float32(k * 1.3)) * np.sin(2 * np.pi * k * base * time)
    return faded((out * hold).astype(np.float32), 0.006, 0.05) * np.float32(0.5 * velocity)


def _noise(seconds: float, seed: int) -> Samples:
    """(N,) the knock of a hammer or a nail: dull and soft-edged, so that it is no click."""
    burst = np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)
    fall = np.exp(-np.arange(len(burst), dtype=np.float32) / np.float32(len(burst) / 4))
    return faded(low_pass(burst, 3200) * fall, seconds * 0.12, seconds * 0.3)


def _cycled(table: Samples, turns: np.ndarray[tuple[int], np.dtype[np.floating]]) -> Samples:
    return table[(turns * _TABLE).astype(np.int64) & (_TABLE - 1)]


@lru_cache(maxsize=128)
def _table(base: int, shape: str, cut: int) -> Samples:
    """One cycle, band-limited, of a timbre at about that pitch."""
    k = np.arange(1, max(2, int(min(_HIGHEST_HZ, cut * 2.2) / base) + 1))
    place = k * base
    soft = 1 / (1 + (place / cut) ** 4)
    if shape == "warm":
        loud = k**-1.5 / (1 + (place / 2200) ** 2)
    elif shape == "glass":
        loud = np.where(np.isin(k, (1, 2, 3, 4, 6, 8, 12)), k**-1.15, 0.0)
    elif shape == "choir":
        vowel = sum(g / (1 + ((place - f) / w) ** 2) for f, w, g in
                    ((750, 110, 1.0), (1180, 120, 0.7), (2700, 220, 0.35), (3500, 300, 0.2)))  # fmt: skip
        loud = k**-0.6 * (vowel + 0.06)
    else:
        loud = k**-1.0
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    # Phases after Schroeder (1970) keep the crest of many partials low.
    spectrum[k] = loud * soft * np.exp(-1j * np.pi * k * (k - 1) / len(k))
    wave = np.fft.irfft(spectrum)
    return (wave / (np.sqrt(np.mean(wave**2)) + 1e-12)).astype(np.float32)
