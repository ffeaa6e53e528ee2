"""Soft drums, synthesised once each."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from brandmodel.local.sound.filters import band_pass, faded, high_pass
from brandmodel.local.sound.wav import RATE, Samples

Drum = Literal["kick", "snare", "clap", "rim", "hat", "open", "shaker", "tom", "crash", "swell"]


@lru_cache(maxsize=32)
def drum(name: Drum) -> Samples:
    """(N,) one stroke at full strength."""
    makers = {"kick": _kick, "snare": _snare, "clap": _clap, "rim": _rim, "tom": _tom}
    if name in makers:
        return makers[name]()
    low, seconds, fall, loud = {
        "hat": (7500, 0.09, 55.0, 0.5),
        "open": (6800, 0.35, 11.0, 0.4),
        "shaker": (5200, 0.11, 38.0, 0.42),
        "crash": (4200, 1.9, 2.6, 0.3),
        "swell": (3000, 1.6, 0.0, 0.3),
    }[name]
    time = _time(seconds)
    hiss = high_pass(_hiss(seconds, len(name)), low, order=4)
    if name == "swell":
        return faded(hiss * (time / np.float32(seconds)) ** 3, 0.01, 0.03) * np.float32(loud)
    return faded(
        hiss * np.exp(-time * np.float32(fall)), 0.012 if name == "shaker" else 0.001, 0.03
    ) * np.float32(loud)


def _kick() -> Samples:
    time = _time(0.32)
    turns = 52 * time + 78 * (1 - np.exp(-time * 34)) / 34
    body = np.sin(2 * np.pi * turns) * np.exp(-time * 11)
    click = band_pass(_hiss(0.32, 3), 1800, 5000) * np.exp(-time * 260) * 0.5
    return faded((body + click).astype(np.float32), 0.001, 0.04) * np.float32(0.7)


def _snare() -> Samples:
    time = _time(0.26)
    skin = np.sin(2 * np.pi * 196 * time) * np.exp(-time * 26) * 0.5
    wires = band_pass(_hiss(0.26, 5), 1600, 9000) * np.exp(-time * 19)
    return faded((skin + wires).astype(np.float32), 0.001, 0.03) * np.float32(0.5)


def _clap() -> Samples:
    time = _time(0.28)
    hands = sum(
        np.where(time >= at, np.exp(-np.maximum(time - at, 0) * fall), 0)
        for at, fall in ((0.0, 160), (0.011, 160), (0.022, 22))
    )
    return faded(
        (band_pass(_hiss(0.28, 7), 1000, 6500) * hands).astype(np.float32), 0.001, 0.03
    ) * np.float32(0.5)


def _rim() -> Samples:
    time = _time(0.09)
    wood = (np.sin(2 * np.pi * 1720 * time) + 0.6 * np.sin(2 * np.pi * 2480 * time)) * np.exp(
        -time * 85
    )
    return faded(wood.astype(np.float32), 0.001, 0.01) * np.float32(0.32)


def _tom() -> Samples:
    time = _time(0.4)
    turns = 105 * time + 40 * (1 - np.exp(-time * 20)) / 20
    return faded(
        (np.sin(2 * np.pi * turns) * np.exp(-time * 9)).astype(np.float32), 0.002, 0.05
    ) * np.float32(0.5)


def _time(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE), dtype=np.float32) / np.float32(RATE)


def _hiss(seconds: float, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)
