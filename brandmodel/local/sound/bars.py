"""What each beat sounds like, where bars begin, and which places of a piece are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brandmodel.local.sound.wav import RATE, Samples, mono

Table = NDArray[np.float64]

_BANDS_HZ = (40, 160, 500, 1500, 4500, 14_000)
_TONAL_HZ = (100.0, 2100.0)
_AROUND = 4
"""Beats on either side of a join whose likeness counts."""


def sounding(samples: Samples, times: Table) -> Table:
    """(beats, 17) what is heard from each beat to the next: 12 pitch classes, then 5 band levels."""
    one = mono(samples)
    ends = np.append(times[1:], len(one) / RATE)
    rows = [_row(one[round(a * RATE) : round(b * RATE)]) for a, b in zip(times, ends, strict=True)]
    table = np.array(rows)
    loud = float(table[:, 12:].max(initial=1e-9))
    table[:, 12:] = np.clip(1 + np.log10(np.maximum(table[:, 12:] / loud, 1e-9)) / 4, 0, 1)
    return table


def _row(piece: Samples) -> Table:
    if len(piece) < 256:
        return np.zeros(12 + len(_BANDS_HZ) - 1)
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2 / len(piece) ** 2
    hertz: NDArray[Any] = np.fft.rfftfreq(len(piece), 1 / RATE)
    use = (hertz > _TONAL_HZ[0]) & (hertz < _TONAL_HZ[1])
    pitch = np.round(12 * np.log2(hertz[use] / 440)).astype(int) % 12
    chroma = np.sqrt(np.bincount(pitch, spectrum[use], 12))
    edges = np.searchsorted(hertz, _BANDS_HZ)
    bands = [float(spectrum[a:b].sum()) for a, b in zip(edges, edges[1:], strict=False)]
    return np.concatenate([chroma / max(float(np.linalg.norm(chroma)), 1e-9), bands])


def bar_of(table: Table) -> tuple[int, int]:
    """(beats a bar, number of the first beat that begins one).

    Harmony changes and bass enters where bars begin; three beats instead of four have to be clearly
    better, for most music counts four.
    """
    change = np.zeros(len(table))
    change[1:] = np.linalg.norm(np.diff(table[:, :12], axis=0), axis=1)
    entry = np.zeros(len(table))
    entry[1:] = np.maximum(np.diff(table[:, 12]), 0)
    accent = change / max(float(change.std()), 1e-9) + 0.5 * entry / max(float(entry.std()), 1e-9)
    best = {length: _first(accent, length) for length in (4, 3)}
    length = 3 if best[3][0] > 1.3 * best[4][0] and len(table) >= 12 else 4
    return length, best[length][1]


def _first(accent: Table, length: int) -> tuple[float, int]:
    """(how far bars stand out, beat of the first)."""
    means = [float(accent[first::length].mean()) for first in range(min(length, len(accent)))]
    first = int(np.argmax(means))
    return means[first] - float(np.mean(means)), first


def likeness(table: Table) -> Table:
    """(beats, beats) from 0 to 1: how alike the music is around two beats, before and after them."""
    rows = table.copy()
    rows[:, 12:] *= 0.7
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    alike = rows @ rows.T
    # A join is heard by what comes before and after it: the mean along the diagonal.
    kernel = np.eye(2 * _AROUND)
    around = ndimage.convolve(alike, kernel / kernel.sum(), mode="nearest")
    return np.clip(around, 0, 1)
