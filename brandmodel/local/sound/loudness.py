"""Loudness and true peak after ITU-R BS.1770-4, and the limiter that meets both. All at 48 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from brandmodel.local.sound.filters import db, smoothed
from brandmodel.local.sound.wav import RATE, Samples

QUIETEST_LUFS = -70.0
"""The absolute gate: what is quieter does not count, and stands for silence."""

# BS.1770-4, tables 1 and 2: the head (a shelf) and the RLB curve (a high-pass), for 48 kHz.
_K = np.array(
    [
        [
            1.53512485958697,
            -2.69169618940638,
            1.19839281085285,
            1,
            -1.69065929318241,
            0.73248077421585,
        ],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_BLOCK = round(0.4 * RATE)
_STEP = round(0.1 * RATE)
_CEILING_DB = -1.3
"""Room under -1 dBTP for rounding, and for meters that over-sample otherwise than this one."""


def integrated(samples: Samples) -> float:
    """Gated loudness in LUFS of (N,) or (N, 2); ``QUIETEST_LUFS`` for silence.

    A mono sound counts as one channel. What is shorter than a block of 0.4 s is one block.
    """
    power = blocks(samples)
    loud = _lufs(power)
    power = power[loud > QUIETEST_LUFS]
    if not len(power):
        return QUIETEST_LUFS
    gate = float(_lufs(power.mean())) - 10
    return float(_lufs(power[_lufs(power) > gate].mean()))


def momentary_peak(samples: Samples) -> float:
    """The loudest 0.4 s in LUFS: the measure for short sounds."""
    return max(float(_lufs(blocks(samples)).max()), QUIETEST_LUFS)


def blocks(samples: Samples) -> NDArray[np.float64]:
    """K-weighted mean power, summed over channels, of blocks of 0.4 s each 0.1 s."""
    weighted = signal.sosfilt(_K, samples.reshape(len(samples), -1), axis=0)
    power = np.square(weighted).sum(axis=1)
    if len(power) < _BLOCK:
        return np.array([power.mean()]) if len(power) else np.zeros(1)
    total = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(power) - _BLOCK + 1, _STEP)
    return np.maximum((total[starts + _BLOCK] - total[starts]) / _BLOCK, 0)


def true_peak(samples: Samples) -> float:
    """The highest value between the samples, four times over-sampled, in dBTP."""
    return float(20 * np.log10(max(float(_peaks(samples).max(initial=0.0)), 1e-7)))


def limited(samples: Samples, *, ceiling_db: float = _CEILING_DB) -> Samples:
    """The sound with no true peak above the ceiling: gain looks ahead and moves smoothly.

    The gain is the running minimum of what each moment needs, averaged over the same window: it
    is never above the need, and both channels move together, so that the image stays.
    """
    need = np.minimum(1.0, db(ceiling_db) / np.maximum(_peaks(samples), 1e-9))
    if float(need.min(initial=1.0)) >= 1.0:
        return samples
    window = round(0.03 * RATE) | 1
    lowest = ndimage.minimum_filter1d(need, window, mode="nearest")
    gain = np.minimum(smoothed(lowest, window - 1), 1.0)
    return (samples * (gain if samples.ndim == 1 else gain[:, None])).astype(np.float32)


def mastered(samples: Samples, target_lufs: float, *, ceiling_db: float = _CEILING_DB) -> Samples:
    """The sound at the loudness and under -1 dBTP, as near as the sound allows.

    Limiting lowers loudness, so gain and limiter are found together, step by step.
    """
    gain = target_lufs - integrated(samples)
    out = samples
    for _ in range(8):
        out = limited(samples * np.float32(db(min(gain, 60.0))), ceiling_db=ceiling_db)
        missing = target_lufs - integrated(out)
        if abs(missing) < 0.05:
            break
        gain += missing * 1.2 if missing > 0 else missing
    over = true_peak(out) - (ceiling_db + 0.15)
    return (out * np.float32(db(-over))).astype(np.float32) if over > 0 else out


def _peaks(samples: Samples) -> NDArray[np.float32]:
    """(N,) the highest magnitude near each sample over all channels, four times over-sampled."""
    columns = samples.reshape(len(samples), -1)
    highest = np.abs(columns).max(axis=1)
    fine = np.abs(signal.resample_poly(columns, 4, 1, axis=0)).max(axis=1)
    fine = np.concatenate([fine[:1], fine, np.zeros(4, fine.dtype)])
    grouped = np.maximum.reduce([fine[k : k + 4 * len(columns) : 4] for k in range(6)])
    return np.maximum(highest, grouped[: len(highest)])


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
