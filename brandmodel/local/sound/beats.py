"""Where the beats of a recording are, without a trained model.

Onsets come from the growth of log band levels; the tempo from their autocorrelation, weighted
towards tempos that people tap (D. Ellis, Beat tracking by dynamic programming, 2007). Recorded
music mostly keeps its tempo, so one even grid is fitted to the whole piece by its Fourier sum; where
the piece does not keep to it, beats follow the onsets by dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.sound.filters import smoothed
from brandmodel.local.sound.wav import RATE, Samples, mono

Curve = NDArray[np.float64]

_STEP = 480
_RATE = RATE / _STEP
_SIZE = 1024
_BLOCK = 4000
_EDGES_HZ = np.geomspace(40, 12_000, 25)
_EARLY_S = 0.006
"""How much before an attack its onset peaks: 10 ms for clicks, 2 ms for played notes."""
_SLOWEST, _FASTEST = 50.0, 190.0
_USUAL, _SPREAD_OCTAVES = 112.0, 0.75
_FINE = 8
"""Steps of frequency within what the length of the piece can tell apart."""
_TIGHT = 150.0
_NEAR_S = 0.035
_STEADY = 0.7
"""Share of followed beats that lie near the even grid, from which on the grid is believed."""
_FAINT = 0.03
"""Growth that is no attack; the ripple of a steady tone stays under 0.02, a soft note has 0.3."""
_PLAYED = 0.3
"""Share of the beats on which something has to begin."""
_CLEAR = 3.0
"""How far onsets on the beat stand above those anywhere; noise gives at most 2.3 on an even grid,
and 3.5 where beats may seek their onsets."""
_JUMP = 0.03
"""How much the length of followed beats may change from one to the next: players drift, noise jumps."""


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a piece.

    Attributes:
        bpm: beats a minute, on average.
        times: (n,) seconds, evenly or nearly so, from the beginning of the piece to its end.
    """

    bpm: float
    times: Curve


def beats_of(samples: Samples) -> Beats | None:
    """The beats of (N,) or (N, 2) samples; None where nothing pulses."""
    onset = onsets(mono(samples))
    if len(onset) < 2 * _RATE or not onset.any():
        return None
    period = _period(onset)
    grid = _grid(onset, period)
    followed = _followed(onset, (grid[1] - grid[0]) * _RATE) / _RATE
    near = np.abs(followed[:, None] - grid[None, :]).min(axis=1) < _NEAR_S
    times = grid if near.mean() >= _STEADY else followed
    if not _pulses(onset, times):
        return None
    bpm = 60 * (len(times) - 1) / float(times[-1] - times[0])
    return Beats(bpm, np.where(times > 0, times + _EARLY_S, 0.0))


def _pulses(onset: Curve, times: Curve) -> bool:
    """Whether these are beats that people would tap, and not the best that noise allows."""
    if len(times) < 4:
        return False
    lengths = np.diff(times)
    jumps = float(np.diff(lengths).std() / lengths.mean())
    on, anywhere = _near(onset, np.round(times * _RATE).astype(int)), _near(onset)
    played = float(np.mean(on > 0))
    return jumps < _JUMP and played >= _PLAYED and bool(on.mean() >= _CLEAR * anywhere.mean())


def onsets(one: Samples) -> Curve:
    """(frames,) how much each hundredth of a second begins something, mean 0 over a second or so."""
    levels = _levels(one)
    grown = np.zeros(len(levels))
    grown[1:-1] = np.maximum(levels[2:] - levels[:-2], 0).mean(axis=1)
    above = np.maximum(grown - smoothed(grown, round(1.5 * _RATE)), 0)
    above[above < _FAINT] = 0
    return above / max(float(above.std()), 1e-9)


def _levels(one: Samples) -> NDArray[np.float32]:
    """(frames, bands) levels on a scale like that of hearing, 0 for silence."""
    padded = np.pad(one.astype(np.float32), _SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_STEP]
    window = np.hanning(_SIZE).astype(np.float32)
    edges = np.searchsorted(np.fft.rfftfreq(_SIZE, 1 / RATE), _EDGES_HZ)
    edges = np.maximum.accumulate(np.maximum(edges, np.arange(len(edges)) + 1))
    out = np.zeros((len(frames), len(edges) - 1), np.float32)
    for start in range(0, len(frames), _BLOCK):
        power = np.abs(np.fft.rfft(frames[start : start + _BLOCK] * window, axis=1)) ** 2
        sums = np.add.reduceat(power, edges, axis=1)[:, :-1]
        out[start : start + _BLOCK] = np.sqrt(sums)
    loud = float(np.quantile(out.max(axis=1), 0.95)) or 1.0
    return np.log1p(300 * out / loud)


def _period(onset: Curve) -> float:
    """Frames a beat, roughly: the lag at which onsets repeat best."""
    size = 2 ** int(np.ceil(np.log2(2 * len(onset))))
    again = np.fft.irfft(np.abs(np.fft.rfft(onset - onset.mean(), size)) ** 2)
    again = again[: min(len(onset), round(4 * 60 * _RATE / _SLOWEST) + 2)]
    lags = np.arange(round(60 * _RATE / _FASTEST), round(60 * _RATE / _SLOWEST) + 1)
    lags = lags[lags < len(again) - 1]
    score = sum(
        share * np.interp(k * lags, np.arange(len(again)), smoothed(again, 2 * k), right=0)
        for k, share in ((1, 1.0), (2, 0.7), (4, 0.5))
    )
    octaves = np.log2(60 * _RATE / lags / _USUAL) / _SPREAD_OCTAVES
    return float(lags[int(np.argmax(np.maximum(score, 0) * np.exp(-0.5 * octaves**2)))])


def _grid(onset: Curve, period: float) -> Curve:
    """Even beats in seconds: the frequency and phase that onsets follow best near a period."""
    time = np.arange(len(onset)) / _RATE
    size = 2 ** int(np.ceil(np.log2(_FINE * len(onset))))
    spectrum = np.abs(np.fft.rfft(onset, size))
    tried = np.arange(_RATE / period * 0.96, _RATE / period * 1.04, _RATE / size)
    sums = sum(
        np.interp(k * tried * size / _RATE, np.arange(len(spectrum)), spectrum) for k in (1, 2, 4)
    )
    beat_s = 1 / float(tried[int(np.argmax(sums))])
    phases = np.arange(0, beat_s, 0.002)
    on = [float(np.interp(np.arange(p, time[-1], beat_s), time, onset).mean()) for p in phases]
    best = float(phases[int(np.argmax(smoothed(np.array(on * 3), 6)[len(on) : 2 * len(on)]))])
    grid = np.arange(best, time[-1], beat_s)
    for _ in range(2):
        grid = _settled(onset, grid)
    before = grid[0] - beat_s
    # A beat on the very first sample is found a hair before it.
    return np.append(max(before, 0.0), grid) if before > -_NEAR_S else grid


def _settled(onset: Curve, grid: Curve) -> Curve:
    """The even grid that lies nearest to the onsets around its beats, the strong ones first."""
    reach = np.arange(-round(_NEAR_S * _RATE), round(_NEAR_S * _RATE) + 1)
    frames = np.round(grid * _RATE).astype(int)[:, None] + reach
    near = onset[np.clip(frames, 0, len(onset) - 1)] ** 2
    weight = near.sum(axis=1)
    if np.count_nonzero(weight) < 4:
        return grid
    heard = (near * frames).sum(axis=1) / np.maximum(weight, 1e-12) / _RATE
    number = np.arange(len(grid))
    beat_s, first = np.polyfit(number, np.where(weight > 0, heard, grid), 1, w=np.sqrt(weight))
    return first + beat_s * number


def _followed(onset: Curve, period: float) -> Curve:
    """Beats in frames, each on an onset and about a period after the last (Ellis, 2007)."""
    onset = smoothed(onset, 4).astype(np.float64)
    back = np.arange(-round(2 * period), -round(period / 2) + 1)
    pull = -_TIGHT * np.log(-back / period) ** 2
    total, before = onset.copy(), np.full(len(onset), -1)
    for frame in range(len(onset)):
        first = frame + back
        use = first >= 0
        if use.any():
            scores = total[first[use]] + pull[use]
            best = int(np.argmax(scores))
            if scores[best] > 0:
                total[frame] += scores[best]
                before[frame] = int(first[use][best])
    path = [
        int(np.argmax(total[-round(period * 1.5) :])) + max(0, len(onset) - round(period * 1.5))
    ]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], np.float64)


def _near(onset: Curve, frames: NDArray[np.int_] | None = None) -> Curve:
    """The strongest onset within a hundredth of a second of each frame."""
    strongest = np.maximum.reduce([onset[:-2], onset[1:-1], onset[2:]])
    return strongest if frames is None else strongest[np.clip(frames - 1, 0, len(strongest) - 1)]
