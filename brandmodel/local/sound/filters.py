"""Small pieces of a mixing desk: equalisers, a compressor, reverb, fades. All at 48 kHz."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from brandmodel.local.sound.wav import RATE, Samples

Curve = NDArray[np.floating[Any]]
"""(N,) one gain or control value a sample."""


def db(decibels: float) -> float:
    """Decibels as a factor of amplitude."""
    return float(10 ** (decibels / 20))


def high_pass(samples: Samples, hertz: float, *, order: int = 2) -> Samples:
    """Butterworth high-pass."""
    return _sos(_butter(order, hertz, "highpass"), samples)


def low_pass(samples: Samples, hertz: float, *, order: int = 2) -> Samples:
    """Butterworth low-pass."""
    return _sos(_butter(order, hertz, "lowpass"), samples)


def band_pass(samples: Samples, low: float, high: float, *, order: int = 2) -> Samples:
    """Butterworth band-pass."""
    return _sos(_butter(order, (low, high), "bandpass"), samples)


def peak(samples: Samples, hertz: float, gain_db: float, *, q: float = 0.8) -> Samples:
    """A bell of the equaliser (R. Bristow-Johnson's audio equaliser cookbook)."""
    a = 10 ** (gain_db / 40)
    w = 2 * math.pi * hertz / RATE
    alpha = math.sin(w) / (2 * q)
    b = (1 + alpha * a, -2 * math.cos(w), 1 - alpha * a)
    c = (1 + alpha / a, -2 * math.cos(w), 1 - alpha / a)
    return _biquad(b, c, samples)


def shelf(samples: Samples, hertz: float, gain_db: float, *, high: bool) -> Samples:
    """A high or low shelf of slope 1 (same source)."""
    a = 10 ** (gain_db / 40)
    w = 2 * math.pi * hertz / RATE
    cos, k = math.cos(w), math.sin(w) * math.sqrt(2 * a)
    sign = 1 if high else -1
    b = (
        a * ((a + 1) + sign * (a - 1) * cos + k),
        -2 * sign * a * ((a - 1) + sign * (a + 1) * cos),
        a * ((a + 1) + sign * (a - 1) * cos - k),
    )
    c = (
        (a + 1) - sign * (a - 1) * cos + k,
        2 * sign * ((a - 1) - sign * (a + 1) * cos),
        (a + 1) - sign * (a - 1) * cos - k,
    )
    return _biquad(b, c, samples)


def smoothed(values: NDArray[Any], width: int) -> Curve:
    """A running Hann-like mean (two box passes) over about ``width`` values."""
    half = max(1, width // 2)
    once = ndimage.uniform_filter1d(values.astype(np.float64), half, mode="nearest")
    return ndimage.uniform_filter1d(once, half, mode="nearest").astype(np.float32)


def envelope(samples: Samples, *, window_s: float = 0.02, step_s: float = 0.005) -> Curve:
    """Root mean square over a sliding window, one value each ``step_s``."""
    power = np.square(samples, dtype=np.float64)
    if power.ndim == 2:
        power = power.mean(axis=1)
    window = max(1, round(window_s * RATE))
    mean = ndimage.uniform_filter1d(power, window, mode="constant")
    step = max(1, round(step_s * RATE))
    return np.sqrt(np.maximum(mean[::step], 0)).astype(np.float32)


def stretched(control: NDArray[Any], count: int) -> Curve:
    """Control values drawn out over ``count`` samples by straight lines."""
    at = np.arange(count, dtype=np.float32) * np.float32((len(control) - 1) / max(count - 1, 1))
    return np.interp(at, np.arange(len(control)), control).astype(np.float32)


def compressed(
    samples: Samples, *, threshold_db: float, ratio: float, smooth_s: float = 0.08
) -> Samples:
    """Gentle levelling with a soft knee; symmetric in time, so that it cannot click."""
    level = 20 * np.log10(np.maximum(envelope(samples, window_s=0.03), 1e-6))
    over = np.logaddexp(0, (level - threshold_db) / 3) * 3
    gain_db = smoothed(-over * (1 - 1 / ratio), max(2, round(smooth_s / 0.005)))
    gain = stretched(10 ** (gain_db / 20), len(samples))
    return samples * (gain if samples.ndim == 1 else gain[:, None])


def faded(samples: Samples, start_s: float, end_s: float) -> Samples:
    """Raised-cosine fades at both ends; the first and the last sample are zero."""
    out = samples.copy()
    for seconds, flip in ((start_s, False), (end_s, True)):
        count = min(round(seconds * RATE), len(out))
        if count:
            ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
            ramp = ramp if out.ndim == 1 else ramp[:, None]
            if flip:
                out[-count:] *= ramp[::-1]
            else:
                out[:count] *= ramp
    return out


def fitted(samples: Samples, count: int) -> Samples:
    """Cut or followed by silence to exactly ``count`` samples."""
    if len(samples) >= count:
        return samples[:count]
    space = [(0, count - len(samples))] + [(0, 0)] * (samples.ndim - 1)
    return np.pad(samples, space)


def reverberated(
    samples: Samples,
    *,
    seconds: float,
    seed: int,
    damping: float = 5000.0,
    predelay_s: float = 0.02,
) -> Samples:
    """(N, 2) of the room alone: convolution with decaying stereo noise, darker as it decays."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    time = np.arange(count, dtype=np.float32)[:, None] / RATE
    noise = rng.standard_normal((count, 2)).astype(np.float32)
    early = high_pass(noise, 250) * np.exp(-time * np.float32(6.9 / (0.45 * seconds)))
    late = low_pass(high_pass(noise, 250), damping) * np.exp(-time * np.float32(6.9 / seconds))
    tail = faded(0.5 * early + late, 0.008, 0.05)
    tail /= np.sqrt(np.square(tail).sum(axis=0, keepdims=True)) + 1e-9
    wet = signal.oaconvolve(samples, tail, axes=0)[: len(samples)].astype(np.float32)
    return fitted(np.pad(wet, [(round(predelay_s * RATE), 0), (0, 0)]), len(samples))


def tilted(
    samples: Samples, target_db: dict[float, float], *, most_db: float, share: float
) -> Samples:
    """Pull the average spectrum towards octave levels given in dB, by a smooth linear-phase filter.

    ``share`` of the difference is made up, at most ``most_db`` either way.
    """
    levels = octaves(samples, tuple(target_db))
    centres = np.log2(np.array(list(target_db)))
    gap = np.array(list(target_db.values())) - levels
    gap = np.clip((gap - np.median(gap)) * share, -most_db, most_db)
    # The top octaves of soft pieces hold little but attacks: lifted far, they would click.
    gap = np.where(2**centres > 6000, np.minimum(gap, most_db / 2), gap)
    taps = 4097
    grid = np.fft.rfftfreq(8192, 1 / RATE)
    gain = 10 ** (np.interp(np.log2(np.maximum(grid, 1.0)), centres, gap) / 20)
    kernel = np.roll(np.fft.irfft(gain), taps // 2)[:taps] * np.hanning(taps)
    kernel = kernel.astype(np.float32).reshape(-1, *([1] * (samples.ndim - 1)))
    wet = signal.oaconvolve(samples, kernel, mode="same", axes=0)
    return wet.astype(np.float32)


def octaves(samples: Samples, centres: tuple[float, ...]) -> NDArray[np.float64]:
    """Level in dB of the octave around each centre frequency, over the whole sound."""
    one = samples if samples.ndim == 1 else samples.mean(axis=1)
    pair = signal.welch(one, RATE, nperseg=min(8192, len(one)))
    hertz, power = cast("tuple[NDArray[np.float64], NDArray[np.float64]]", pair)
    step = hertz[1] if len(hertz) > 1 else 1.0
    sums = [
        float(power[(hertz >= c / math.sqrt(2)) & (hertz < c * math.sqrt(2))].sum() * step)
        for c in centres
    ]
    return 10 * np.log10(np.maximum(np.array(sums), 1e-14))


def _butter(order: int, edges: float | tuple[float, float], kind: str) -> NDArray[Any]:
    return np.asarray(signal.butter(order, edges, kind, fs=RATE, output="sos"))


def _biquad(b: tuple[float, ...], a: tuple[float, ...], samples: Samples) -> Samples:
    section = np.array([[*(x / a[0] for x in b), *(x / a[0] for x in a)]])
    return _sos(section, samples)


def _sos(sections: NDArray[Any], samples: Samples) -> Samples:
    return np.asarray(signal.sosfilt(sections, samples, axis=0), np.float32)
