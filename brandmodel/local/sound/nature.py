"""Effects that go on: weather, water, fire, birds, a city. Each is ``(seconds, rng) -> (N, 2)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.sound.filters import band_pass, high_pass, low_pass, reverberated, stretched
from brandmodel.local.sound.noise import (
    Random,
    band,
    blip,
    grain,
    moments,
    scattered,
    shaped,
    wander,
)
from brandmodel.local.sound.wav import RATE, Samples

Field = NDArray[np.floating[Any]]


def _count(seconds: float) -> int:
    return round(seconds * RATE)


def _drift(frames: Field, seconds: float, rng: Random, slow_s: float) -> Field:
    """(frames, 1) a slow wander along the time axis."""
    curve = wander(max(8, round(seconds * 100)), rng, slow_s)
    return np.interp(frames[:, 0], np.linspace(0, 1, len(curve)), curve).astype(np.float32)[:, None]


def waves(seconds: float, rng: Random) -> Samples:
    """Swells that rise slowly, break and draw back over sand."""
    period = 6.5 + rng.uniform(-0.8, 0.8)
    offset = rng.uniform(0.05, 0.2)

    def shape(time: Field, hertz: Field) -> Field:
        turn = (time * seconds / period + offset) % 1
        broken = np.clip(turn - 0.36, 0, None)
        swell = np.where(turn < 0.42, (turn / 0.42) ** 2.2, np.exp(-(turn - 0.42) * 4.2))
        wash = np.exp(-broken * 5.2) * (1 - np.exp(-broken * 9)) ** 2 * 2.2
        drawn = np.clip((1 - turn) / 0.3, 0, 1) ** 2
        swell, wash = swell * drawn, wash * drawn
        body = band(hertz, 260 + 500 * swell, 1.7) * (0.2 + swell)
        foam = band(hertz, 3600 + 2200 * (1 - turn), 1.2) * wash * 0.5
        return body + foam

    return shaped(_count(seconds), rng, shape)


def rain(seconds: float, rng: Random) -> Samples:
    """A steady fall and single drops on leaves and stone."""

    def shape(time: Field, hertz: Field) -> Field:
        gust = 0.8 + 0.4 * _drift(time, seconds, rng, 2.5)
        return (0.5 * band(hertz, 5200, 1.5) + 0.18 * band(hertz, 700, 1.8)) * gust

    bed = shaped(_count(seconds), rng, shape)
    times = moments(seconds, 70, rng)
    pitch = rng.uniform(1100, 6500, len(times))
    loud = rng.random(len(times)) ** 3

    def drop(i: int) -> Samples:
        return blip(0.03, pitch[i], pitch[i] * 1.25, 150) * np.float32(0.1 + 1.5 * loud[i])

    return bed * np.float32(0.5) + scattered(_count(seconds), times, drop, rng)


def wind(seconds: float, rng: Random) -> Samples:
    """Gusts whose whistle climbs with their strength."""

    def shape(time: Field, hertz: Field) -> Field:
        gust = _drift(time, seconds, rng, 1.8) ** 1.5
        whistle = band(hertz, 420 + 900 * gust, 0.28) * gust * 0.5
        return band(hertz, 240 + 420 * gust, 1.1) * (0.25 + gust) + whistle

    return shaped(_count(seconds), rng, shape)


def stream(seconds: float, rng: Random) -> Samples:
    """A brook: a soft rush full of bubbles."""
    bed = shaped(
        _count(seconds),
        rng,
        lambda t, f: band(f, 900, 1.4) * (0.8 + 0.3 * _drift(t, seconds, rng, 1)),
    )
    return bed * np.float32(0.25) + _bubbles(seconds, rng, 45, 500, 1900)


def pour(seconds: float, rng: Random) -> Samples:
    """A drink being poured: the glass fills, so its resonance climbs."""

    def shape(time: Field, hertz: Field) -> Field:
        on = np.clip(time / 0.06, 0, 1) * np.clip((1 - time) / 0.12, 0, 1)
        level = 420 * (3.4**time)
        return (band(hertz, level, 0.3) * 1.2 + 0.35 * band(hertz, 3800, 1.1)) * on

    gate = np.array([0, 1, 1, 0.9, 0], np.float32)
    glug = _bubbles(seconds, rng, 38, 380, 1500) * stretched(gate, _count(seconds))[:, None]
    return shaped(_count(seconds), rng, shape) * np.float32(0.5) + glug * np.float32(0.7)


def fizz(seconds: float, rng: Random) -> Samples:
    """Bubbles bursting in a glass: a bright hiss that thins out."""
    bed = shaped(_count(seconds), rng, lambda t, f: band(f, 8200, 0.9) * np.exp(-1.8 * t))
    times = moments(seconds, 130, rng)
    times = times[rng.random(len(times)) < np.exp(-1.2 * times / seconds)]
    pitch = rng.uniform(3500, 9000, len(times))
    pops = scattered(
        _count(seconds), times, lambda i: blip(0.008, pitch[i], pitch[i] * 1.2, 500), rng
    )
    return bed * np.float32(0.35) + pops * np.float32(0.3)


def fire(seconds: float, rng: Random) -> Samples:
    """A low roar, a soft hiss, and wood that crackles in clusters."""

    def shape(time: Field, hertz: Field) -> Field:
        flame = 0.6 + 0.5 * _drift(time, seconds, rng, 0.7)
        return band(hertz, 150, 1.2) * flame + 0.07 * band(hertz, 4200, 1.2) * flame

    bed = shaped(_count(seconds), rng, shape)
    knots = moments(seconds, 1.8, rng)
    clusters = [k + rng.exponential(0.07, rng.integers(2, 9)) for k in knots]
    times = np.concatenate([*clusters, moments(seconds, 9, rng)])
    loud = rng.random(len(times)) ** 3
    low = rng.uniform(700, 2600, len(times))

    def crack(i: int) -> Samples:
        return grain(0.02, low[i], low[i] * 3.5, 260, rng) * np.float32(0.18 + 1.4 * loud[i])

    return bed * np.float32(0.7) + scattered(_count(seconds), times, crack, rng)


@dataclass(frozen=True, slots=True)
class _Song:
    """A bird's phrase: so many chirps, each a glide, each beginning a little higher or lower."""

    hertz: float
    chirps: int
    chirp_s: float
    gap_s: float
    glide: float
    turn: float
    climb: float
    every_s: float
    level: float


_SONGS = (
    _Song(3000, 3, 0.16, 0.07, 1.35, -1.0, 0.93, 2.1, 0.5),
    _Song(5200, 9, 0.045, 0.03, 0.72, 1.0, 0.985, 2.7, 0.35),
    _Song(4100, 2, 0.11, 0.12, 0.7, 1.0, 0.8, 1.7, 0.4),
    _Song(2300, 4, 0.22, 0.11, 1.12, -0.6, 1.06, 3.9, 0.4),
)


def birds(seconds: float, rng: Random) -> Samples:
    """Four birds, each with its own song, over a quiet morning."""
    count = _count(seconds)
    out = np.zeros((count, 2), np.float32)
    for bird, song in enumerate(_SONGS):
        base = rng.uniform(0.92, 1.12) * song.hertz
        each = song.chirp_s + song.gap_s
        first = min(rng.uniform(0.05, 0.4) + 0.25 * bird, seconds / 3)
        starts = np.arange(first, seconds, song.every_s)
        starts = starts + rng.uniform(0, 0.35, len(starts))
        times = (starts[:, None] + each * np.arange(song.chirps)).reshape(-1)
        place = rng.uniform(-0.8, 0.8)

        def chirp(i: int, base: float = base, song: _Song = song) -> Samples:
            step = song.glide ** (1 if i % 2 == 0 else song.turn)
            start = base * song.climb ** (i % song.chirps)
            tone = blip(song.chirp_s, start, start * step, 5)
            return (tone * np.hanning(len(tone))).astype(np.float32) * np.float32(song.level)

        sung = scattered(count, times, chirp, rng, width=0.0)
        sung[:, 0] *= np.float32(1 - max(place, 0))
        sung[:, 1] *= np.float32(1 + min(place, 0))
        out += sung
    air = shaped(
        count, rng, lambda t, f: band(f, 500, 1.8) * (0.6 + 0.4 * _drift(t, seconds, rng, 2))
    )
    return out + 0.35 * reverberated(out, seconds=1.4, seed=5) + air * np.float32(0.02)


def crickets(seconds: float, rng: Random) -> Samples:
    """A summer night: two crickets and a breath of wind."""
    count = _count(seconds)
    time = np.arange(count) / RATE
    out = np.zeros((count, 2), np.float32)
    for side in range(2):
        rate, pitch = rng.uniform(2.1, 2.9), rng.uniform(4200, 4900)
        trill = np.clip(np.sin(2 * np.pi * 31 * time), 0, 1) ** 2
        calls = np.clip(np.sin(2 * np.pi * rate * time + side) * 3, 0, 1)
        out[:, side] = 0.25 * np.sin(2 * np.pi * pitch * time) * trill * calls
    out = out + 0.4 * out[:, ::-1]
    return out + shaped(count, rng, lambda t, f: band(f, 380, 1.4) + 0 * t) * np.float32(0.03)


def city(seconds: float, rng: Random) -> Samples:
    """Far traffic, cars that pass, a mains hum."""
    count = _count(seconds)
    cars = [(rng.uniform(0, 1), rng.uniform(0.06, 0.16)) for _ in range(max(1, round(seconds / 3)))]

    def shape(time: Field, hertz: Field) -> Field:
        far = band(hertz, 130, 1.3) * (0.7 + 0.3 * _drift(time, seconds, rng, 2))
        passing = sum(np.exp(-(((time - at) / wide) ** 2)) for at, wide in cars)
        return far + 0.35 * band(hertz, 700, 1.2) * passing + 0.03 * band(hertz, 2600, 1.3)

    return high_pass(shaped(count, rng, shape), 45)


def crowd(seconds: float, rng: Random) -> Samples:
    """People talking in a room, without a word: syllables of many throats, in phrases."""
    count = round(seconds * RATE)
    spoken = [_syllable(rng) for _ in range(48)]
    out = np.zeros((count, 2), np.float32)
    for talker in range(16):
        low = rng.uniform(0.8, 1.0) if talker % 2 else rng.uniform(1.3, 1.6)
        gaps = rng.uniform(0.14, 0.3, round(seconds * 5) + 4)
        gaps[rng.random(len(gaps)) < 0.13] += rng.uniform(0.5, 1.6)
        times = np.cumsum(gaps) - rng.uniform(0, 1)
        times = times[(times > 0) & (times < seconds)]
        order = rng.integers(len(spoken), size=len(times))

        def said(i: int, order: NDArray[np.int64] = order, low: float = low) -> Samples:
            sound = spoken[order[i]]
            moved = np.interp(np.arange(0, len(sound) - 1, low), np.arange(len(sound)), sound)
            return moved.astype(np.float32) * np.float32(0.5 + 0.5 * ((i * 7) % 5) / 4)

        near = np.float32(rng.uniform(0.35, 1.0))
        out += scattered(count, times, said, rng, width=0.0) * near * _side(rng)
    room = reverberated(out, seconds=1.1, seed=9)
    return low_pass(out + 0.7 * room, 4500)


def _side(rng: Random) -> Samples:
    """(2,) where somebody stands."""
    angle = rng.uniform(0.1, 0.9) * np.pi / 2
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def _syllable(rng: Random) -> Samples:
    """(N,) a vowel of a deep throat, with the breath of a consonant before some."""
    length = rng.uniform(0.12, 0.26)
    time = np.arange(round(length * RATE)) / RATE
    pitch = 115 * 2 ** rng.uniform(-0.25, 0.3) * np.linspace(1.06, 0.92, len(time))
    turn = np.cumsum(pitch) / RATE
    buzz = ((turn % 1) - 0.5).astype(np.float32)
    first, second = rng.uniform(300, 780), rng.uniform(950, 2100)
    vowel = band_pass(buzz, first * 0.85, first * 1.2) + band_pass(
        buzz, second * 0.9, second * 1.12
    ) * np.float32(0.8)
    vowel *= np.hanning(len(vowel)).astype(np.float32) ** np.float32(0.7)
    if rng.random() < 0.5:
        breath = grain(0.06, 1800, 6000, 60, rng) * np.float32(0.05)
        vowel[: len(breath)] += breath[: len(vowel)]
    return vowel


def applause(seconds: float, rng: Random) -> Samples:
    """Many hands."""
    times = moments(seconds, 150, rng)
    low = rng.uniform(700, 1500, len(times))
    hands = scattered(
        _count(seconds), times, lambda i: grain(0.03, low[i], low[i] * 3, 170, rng), rng
    )
    edge = stretched(np.array([0.2, 1, 1, 0.8, 0.3], np.float32), len(hands))[:, None]
    return (hands + 0.4 * reverberated(hands, seconds=1.2, seed=3)) * edge


def thunder(seconds: float, rng: Random) -> Samples:
    """A crack, and the roll after it."""

    def shape(time: Field, hertz: Field) -> Field:
        roll = np.exp(-3.0 * time) * (0.12 + 1.6 * _drift(time, seconds, rng, 0.45) ** 2)
        crack = np.exp(-((time * seconds) / 0.12))
        return band(hertz, 75, 1.3) * roll * 1.5 + band(hertz, 1400, 1.8) * crack * 0.5

    return shaped(_count(seconds), rng, shape)


def _bubbles(seconds: float, rng: Random, rate: float, low: float, high: float) -> Samples:
    times = moments(seconds, rate, rng)
    pitch = rng.uniform(low, high, len(times))
    loud = rng.random(len(times)) ** 2

    def one(i: int) -> Samples:
        return blip(0.05, pitch[i], pitch[i] * 1.35, 65) * np.float32(loud[i] * 0.7)

    return low_pass(scattered(_count(seconds), times, one, rng), 6000)
