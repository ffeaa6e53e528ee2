"""Raw material of effects: noise shaped in time and frequency, blips, bursts scattered in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from brandmodel.local.sound.wav import RATE, Samples

Random = np.random.Generator
Shape = Callable[[Samples, Samples], Samples]
"""(frames, 1) time from 0 to 1 and (1, bins) hertz to the (frames, bins) amplitude there."""

_SIZE, _HOP = 1024, 256


def shaped(count: int, rng: Random, shape: Shape) -> Samples:
    """(N, 2) noise whose spectrum follows ``shape`` as time goes on; both sides are independent.

    Short-time Fourier synthesis with overlapping Hann windows, so that it moves without steps.
    """
    frames = count // _HOP + _SIZE // _HOP + 1
    window = np.hanning(_SIZE + 1)[:-1].astype(np.float32)
    hertz = np.fft.rfftfreq(_SIZE, 1 / RATE).astype(np.float32)[None, :]
    time = (np.arange(frames, dtype=np.float32) / np.float32(max(frames - 4, 1)))[:, None]
    mask = shape(np.clip(time, 0, 1), hertz).astype(np.float32)
    out = np.zeros((frames * _HOP + _SIZE, 2), np.float32)
    for side in range(2):
        white = rng.standard_normal((frames, _SIZE), np.float32)
        pieces = np.fft.irfft(np.fft.rfft(white, axis=1) * mask, axis=1).astype(np.float32) * window
        for part in range(_SIZE // _HOP):
            strip = pieces[:, part * _HOP : (part + 1) * _HOP].reshape(-1)
            out[part * _HOP : part * _HOP + len(strip), side] += strip
    return out[_SIZE // 2 : _SIZE // 2 + count]


def band(hertz: Samples, centre: Samples | float, octaves: float) -> Samples:
    """A bell over the logarithm of frequency."""
    distance = np.log2(np.maximum(hertz, 20.0)) - np.log2(np.asarray(centre, np.float32))
    return np.exp(-((distance / np.float32(octaves)) ** 2)).astype(np.float32)


def blip(seconds: float, start_hz: float, end_hz: float, fall: float) -> Samples:
    """(N,) a decaying sine that glides from one pitch to another; no click at either end."""
    count = max(8, round(seconds * RATE))
    time = np.arange(count, dtype=np.float32) / np.float32(RATE)
    hertz = np.geomspace(start_hz, end_hz, count)
    tone = np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-time * fall)
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.0015 * RATE))
    return (tone * edge).astype(np.float32)


def grain(seconds: float, low: float, high: float, fall: float, rng: Random) -> Samples:
    """(N,) a short burst of band-passed noise."""
    count = max(64, round(seconds * RATE))
    time = np.arange(count, dtype=np.float32) / np.float32(RATE)
    sections = signal.butter(2, (low, min(high, 20_000)), "bandpass", fs=RATE, output="sos")
    burst = signal.sosfilt(sections, rng.standard_normal(count)) * np.exp(-time * fall)
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.0008 * RATE))
    return (burst * edge).astype(np.float32)


def scattered(
    count: int,
    times: NDArray[np.float64],
    make: Callable[[int], Samples],
    rng: Random,
    *,
    width: float = 0.8,
) -> Samples:
    """(N, 2): sounds placed at times in seconds, each somewhere between left and right."""
    out = np.zeros((count, 2), np.float32)
    for number, at in enumerate(times):
        tone = make(number)
        start = round(float(at) * RATE)
        tone = tone[: max(0, count - start)]
        angle = (rng.uniform(-width, width) + 1) * np.pi / 4
        out[start : start + len(tone), 0] += tone * np.float32(np.cos(angle))
        out[start : start + len(tone), 1] += tone * np.float32(np.sin(angle))
    return out


def moments(seconds: float, rate: float, rng: Random) -> NDArray[np.float64]:
    """Times in seconds of events that come by chance, ``rate`` a second on average."""
    number = int(rng.poisson(rate * seconds)) or 1
    return np.sort(rng.uniform(0, seconds, number))


def wander(count: int, rng: Random, slowest_s: float) -> Samples:
    """(count,) values from 0 to 1 that drift, with a period of about ``slowest_s`` of 100 values/s."""
    points = max(4, round(count / (slowest_s * 100)) + 3)
    at = np.linspace(0, points - 1, count)
    values = rng.random(points)
    low = np.floor(at).astype(np.int64)
    share = at - low
    share = share * share * (3 - 2 * share)
    high = np.minimum(low + 1, points - 1)
    return (values[low] * (1 - share) + values[high] * share).astype(np.float32)
