"""Effects that happen once, on a cut or a click. Each is ``(seconds, rng) -> (N, 2)``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.sound.filters import fitted, high_pass, low_pass, reverberated
from brandmodel.local.sound.noise import Random, band, blip, grain, moments, scattered, shaped
from brandmodel.local.sound.wav import RATE, Samples

Field = NDArray[np.floating[Any]]


def _count(seconds: float) -> int:
    return round(seconds * RATE)


def _panned(samples: Samples, start: float, end: float) -> Samples:
    """Moved across the stereo field by equal power."""
    angle = (np.linspace(start, end, len(samples)) + 1) * np.pi / 4
    one = samples.mean(axis=1) if samples.ndim == 2 else samples
    return np.stack([one * np.cos(angle), one * np.sin(angle)], axis=1).astype(np.float32)


def whoosh(seconds: float, rng: Random) -> Samples:
    """Air that passes by, from one side to the other; loudest just after the middle."""
    peak_at = 0.55

    def shape(time: Field, hertz: Field) -> Field:
        near = np.exp(-(((time - peak_at) / np.where(time < peak_at, 0.24, 0.18)) ** 2))
        return band(hertz, 350 + 2600 * near, 0.9) * near + 0.25 * band(hertz, 6500, 0.8) * near**3

    air = shaped(_count(seconds), rng, shape)
    side = 1.0 if rng.random() < 0.5 else -1.0
    return 0.6 * _panned(air, -0.8 * side, 0.8 * side) + 0.4 * air


def riser(seconds: float, rng: Random) -> Samples:
    """Noise and a tone that climb, ever louder, and stop."""

    def shape(time: Field, hertz: Field) -> Field:
        return band(hertz, 300 * 22**time, 0.8) * time**1.8

    count = _count(seconds)
    tone = np.zeros(count, np.float32)
    base = rng.uniform(110, 150)
    for detune in (0.994, 1.0, 1.007):
        turns = np.cumsum(np.geomspace(base, base * 6, count) * detune) / RATE
        tone += ((turns % 1) * 2 - 1).astype(np.float32)
    grow = (np.linspace(0, 1, count) ** 2.2).astype(np.float32)
    saw = low_pass(tone, 3800) * grow * np.float32(0.035)
    return shaped(count, rng, shape) * np.float32(0.5) + saw[:, None]


def impact(seconds: float, rng: Random) -> Samples:
    """A deep hit with a hard edge and a dark tail."""
    count = _count(seconds)
    body = fitted(blip(min(seconds, 1.4), 115, 38, 4.5), count)
    knock = fitted(blip(min(seconds, 0.25), 420, 120, 26), count) * np.float32(0.5)
    edge = fitted(grain(min(0.25, seconds), 900, 7000, 45, rng), count) * np.float32(0.55)
    dry = (body + knock + edge)[:, None].repeat(2, axis=1)
    room = reverberated(
        dry, seconds=min(2.2, 0.4 + seconds * 0.7), seed=int(rng.integers(999)), damping=2600
    )
    return dry + 0.5 * room


def chime(seconds: float, rng: Random) -> Samples:
    """Glass chimes, struck one after the other, upwards."""
    base = rng.uniform(900, 1150)
    steps = (0, 4, 7, 11, 14)
    times = np.linspace(0, min(0.34, seconds / 2), 5)

    def glass(i: int) -> Samples:
        hertz = base * 2 ** (steps[i] / 12)
        rings = ((1, 1.0, 3.2), (2.76, 0.5, 5.5), (5.4, 0.25, 9), (8.93, 0.1, 14))
        length = max(0.1, min(seconds, 2.5))
        return sum((blip(length, hertz * r, hertz * r, d) * np.float32(a * 0.3) for r, a, d in rings
                    if hertz * r < 18_000), np.zeros(1, np.float32))  # fmt: skip

    return _roomy(scattered(_count(seconds), times, glass, rng), 1.8, 0.5)


def sparkle(seconds: float, rng: Random) -> Samples:
    """A glitter of small bells."""
    times = moments(seconds * 0.75, 18, rng)
    notes = rng.choice((0, 2, 4, 7, 9, 12, 14, 16), len(times))

    def bell(i: int) -> Samples:
        hertz = 2100 * 2 ** (notes[i] / 12)
        return blip(0.5, hertz, hertz, 11) * np.float32(0.25) + blip(
            0.5, hertz * 2.4, hertz * 2.4, 22
        ) * np.float32(0.1)

    return _roomy(scattered(_count(seconds), times, bell, rng), 1.5, 0.5)


def click(seconds: float, rng: Random) -> Samples:
    """A small switch: down, and up."""
    times = np.array([0.004, min(0.075, seconds * 0.5)])

    def edge(i: int) -> Samples:
        return grain(0.014, 1800, 9000, 420, rng) * np.float32(1 - 0.4 * i) + blip(
            0.02, 2100, 1500, 260
        )[: round(0.014 * RATE)] * np.float32(0.4)

    return scattered(_count(seconds), times, edge, rng, width=0.05)


def typing(seconds: float, rng: Random) -> Samples:
    """Fingers on a keyboard."""
    times = np.cumsum(rng.uniform(0.07, 0.2, max(1, int(seconds / 0.13))))
    times = times[times < seconds]

    def key(i: int) -> Samples:
        return grain(0.03, 900, 6000, 170, rng) + blip(0.03, 330, 260, 120) * np.float32(0.3)

    return scattered(_count(seconds), times, key, rng, width=0.25)


def shutter(seconds: float, rng: Random) -> Samples:
    """A camera: mirror, curtain."""
    times = np.array([0.005, 0.055, 0.12])

    def part(i: int) -> Samples:
        return grain((0.03, 0.02, 0.05)[i], 700, (6000, 9000, 4500)[i], 130, rng) * np.float32(
            (1, 0.8, 0.9)[i]
        )

    return _roomy(scattered(_count(seconds), times, part, rng, width=0.1), 0.4, 0.2)


def paper(seconds: float, rng: Random) -> Samples:
    """A page that is turned."""
    sweep = shaped(
        _count(seconds), rng,
        lambda t, f: band(f, 2400 + 2600 * t, 1.0) * np.exp(-(((t - 0.45) / 0.22) ** 2)),
    )  # fmt: skip
    times = np.clip(rng.normal(0.45, 0.16, 60), 0, 0.95) * seconds
    low = rng.uniform(1500, 4500, 60)
    folds = scattered(
        _count(seconds), times, lambda i: grain(0.008, low[i], low[i] * 3, 420, rng), rng, width=0.5
    )
    return sweep * np.float32(0.5) + folds * np.float32(0.5)


def pop(seconds: float, rng: Random) -> Samples:
    """A cork, or a bubble on a screen."""
    tone = blip(min(0.09, seconds), 320, 980, 38) + fitted(
        grain(0.012, 800, 5000, 380, rng), _count(min(0.09, seconds))
    ) * np.float32(0.4)
    return _roomy(
        scattered(_count(seconds), np.array([0.003]), lambda _: tone, rng, width=0.0), 0.35, 0.15
    )


def ice(seconds: float, rng: Random) -> Samples:
    """Ice cubes in a glass."""
    times = np.sort(rng.uniform(0, max(seconds * 0.7, 0.05), max(2, round(seconds * 5))))
    base = rng.uniform(2300, 4200, len(times))

    def cube(i: int) -> Samples:
        rows = ((1, 0.5, 16), (1.52, 0.35, 22), (2.31, 0.2, 32), (3.4, 0.1, 45))
        return sum(
            (blip(0.3, base[i] * r, base[i] * r, d) * np.float32(a) for r, a, d in rows),
            np.zeros(1, np.float32),
        )

    return _roomy(scattered(_count(seconds), times, cube, rng, width=0.4), 0.7, 0.25)


def ticking(seconds: float, rng: Random) -> Samples:
    """A clock, twice a second."""
    times = np.arange(0.02, seconds, 0.5)

    def tick(i: int) -> Samples:
        pitch = 2600 if i % 2 == 0 else 2100
        return grain(0.01, 2500, 9000, 420, rng) + fitted(
            blip(0.03, pitch, pitch, 190), round(0.01 * RATE)
        ) * np.float32(0.6)

    return _roomy(scattered(_count(seconds), times, tick, rng, width=0.05), 0.5, 0.2)


def heartbeat(seconds: float, rng: Random) -> Samples:
    """Two soft thuds, sixty-six times a minute."""
    beats = np.arange(0.03, seconds, 60 / 66)
    times = np.sort(np.concatenate([beats, beats + 0.26]))

    def thud(i: int) -> Samples:
        return (blip(0.25, 95, 52, 16) + blip(0.25, 190, 110, 30) * np.float32(0.5)) * np.float32(
            1 if i % 2 == 0 else 0.7
        )

    return scattered(_count(seconds), times, thud, rng, width=0.0)


def footsteps(seconds: float, rng: Random) -> Samples:
    """Shoes on a hard floor."""
    times = np.arange(0.05, seconds, 0.54)

    def step(i: int) -> Samples:
        return grain(0.06, 250, 2600, 75, rng) + fitted(
            blip(0.08, 130, 75, 40), round(0.06 * RATE)
        ) * np.float32(0.8)

    return _roomy(scattered(_count(seconds), times, step, rng, width=0.15), 0.6, 0.25)


def glitch(seconds: float, rng: Random) -> Samples:
    """Digital stutter."""
    times = np.sort(rng.uniform(0, max(seconds - 0.05, 0.01), max(3, round(seconds * 14))))
    pitch = rng.uniform(180, 4200, len(times))

    def bit(i: int) -> Samples:
        tone = blip(0.045, pitch[i], pitch[i], 6)
        return (np.round(tone * 3) / 3).astype(np.float32) * np.float32(0.4)

    return high_pass(low_pass(scattered(_count(seconds), times, bit, rng), 9000), 120)


def swell(seconds: float, rng: Random) -> Samples:
    """A cymbal, backwards."""
    return shaped(
        _count(seconds), rng, lambda t, f: band(f, 6200, 1.1) * t**3 + 0.3 * band(f, 1800, 1) * t**4
    )


def drone(seconds: float, rng: Random) -> Samples:
    """A machine that hums."""
    time = np.arange(_count(seconds)) / RATE
    base = rng.uniform(92, 112)
    tone = sum(
        np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) / k**1.2 for k in range(1, 9)
    )
    air = shaped(len(time), rng, lambda t, f: band(f, 1100, 1.4) + 0 * t)
    return np.asarray(tone, np.float32)[:, None] * np.float32(0.15) + air * np.float32(0.12)


def _roomy(dry: Samples, seconds: float, share: float) -> Samples:
    return dry + np.float32(share) * reverberated(dry, seconds=seconds, seed=7, damping=7000)
