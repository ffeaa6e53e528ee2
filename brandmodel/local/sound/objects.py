"""Effects of things that people handle: doors, cans, pans, coins. Each is ``(seconds, rng) -> (N, 2)``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.sound.filters import fitted, reverberated
from brandmodel.local.sound.noise import Random, band, blip, grain, moments, scattered, shaped
from brandmodel.local.sound.wav import RATE, Samples

Field = NDArray[np.floating[Any]]


def _in_room(dry: Samples, seconds: float, share: float) -> Samples:
    return dry + np.float32(share) * reverberated(dry, seconds=seconds, seed=11, damping=5500)


def _rings(hertz: float, rows: tuple[tuple[float, float, float], ...], seconds: float) -> Samples:
    """Partials of a struck thing: (ratio, level, fall)."""
    parts = [blip(seconds, hertz * r, hertz * r, fall) * np.float32(a) for r, a, fall in rows]
    return np.stack(parts).sum(axis=0, dtype=np.float32)


def door(seconds: float, rng: Random) -> Samples:
    """A hinge that creaks, then the leaf falls shut and its latch catches."""
    count = round(seconds * RATE)
    shut = max(seconds * 0.62, min(0.05, seconds / 3))
    rate = 26 + 42 * np.sin(np.linspace(0.2, 2.6, 400)) ** 2 * rng.uniform(0.8, 1.2)
    turns = np.cumsum(rate) * max(shut - 0.08, 0.01) / 400
    wanted = np.arange(1, turns[-1])
    times = np.interp(wanted, turns, np.linspace(0, max(shut - 0.08, 0.01), 400))
    tune = rng.uniform(0.9, 1.15)

    def slip(i: int) -> Samples:
        bend = tune * (1 + 0.25 * float(np.sin(2.4 * times[i] / max(shut, 0.01))))
        rows = ((1, 0.5, 90), (2.1, 0.35, 130), (4.2, 0.25, 190))
        return _rings(560 * bend, rows, 0.04) * np.float32(0.22 + 0.1 * rng.random())

    creak = scattered(count, times, slip, rng, width=0.1)
    body = fitted(blip(0.3, 120, 62, 17), round(0.3 * RATE)) + fitted(
        grain(0.09, 160, 1500, 48, rng), round(0.3 * RATE)
    ) * np.float32(1.1)
    latch = grain(0.03, 1500, 6500, 190, rng) * np.float32(0.5)
    thud = scattered(count, np.array([shut]), lambda _: body, rng, width=0.0)
    catch = scattered(count, np.array([shut + 0.045]), lambda _: latch, rng, width=0.0)
    return _in_room(creak + thud * np.float32(1.4) + catch, 0.9, 0.4)


def knock(seconds: float, rng: Random) -> Samples:
    """Knuckles on wood, three at a time."""
    every = np.concatenate(
        [start + np.array([0.02, 0.21, 0.4]) for start in np.arange(0, seconds, 1.5)]
    )
    times = every[every < seconds]

    def hit(_: int) -> Samples:
        wood = _rings(rng.uniform(175, 190), ((1, 0.9, 42), (2.6, 0.5, 70), (4.4, 0.2, 110)), 0.12)
        return wood + fitted(grain(0.012, 500, 4200, 300, rng), len(wood)) * np.float32(0.7)

    return _in_room(scattered(round(seconds * RATE), times, hit, rng, width=0.05), 0.6, 0.3)


def can(seconds: float, rng: Random) -> Samples:
    """The tab cracks, the pressure leaves, and what is inside goes on to fizz."""
    count = round(seconds * RATE)
    open_s = min(0.06, seconds / 4)

    def shape(time: Field, hertz: Field) -> Field:
        since = time * seconds - open_s
        hiss = np.where(since > 0, np.exp(-since * 7), 0)
        fizz = np.where(since > 0, 0.06 * np.exp(-since * 0.8), 0)
        return band(hertz, 5200 + 2500 * np.exp(-since * 5).clip(0, 1), 0.9) * (hiss + fizz)

    tab = grain(0.05, 1400, 9000, 110, rng)
    tab += fitted(_rings(3100, ((1, 0.5, 60), (1.7, 0.4, 80)), 0.05), len(tab))
    low = fitted(blip(0.05, 420, 260, 80), len(tab)) * np.float32(0.8)
    first = scattered(count, np.array([0.01]), lambda _: tab * np.float32(0.6), rng, width=0.0)
    crack = scattered(count, np.array([open_s]), lambda _: tab + low, rng, width=0.0)
    return shaped(count, rng, shape) + (first + crack) * np.float32(0.9)


def steam(seconds: float, rng: Random) -> Samples:
    """A jet of steam over a rumble, as from a coffee machine."""

    def shape(time: Field, hertz: Field) -> Field:
        on = np.clip(time * seconds / 0.25, 0, 1) * np.clip((1 - time) * seconds / 0.35, 0, 1)
        flutter = 0.85 + 0.15 * np.sin(2 * np.pi * 7 * time * seconds)
        jet = band(hertz, 6400 - 900 * time, 0.9) + 0.22 * band(hertz, 1800, 1.3)
        return (jet * flutter + 0.3 * band(hertz, 210, 1.2)) * on

    return shaped(round(seconds * RATE), rng, shape)


def sizzle(seconds: float, rng: Random) -> Samples:
    """Something in a hot pan: a bright hiss made of many small bursts."""
    count = round(seconds * RATE)
    bed = shaped(count, rng, lambda t, f: band(f, 7000, 1.1) * (1 - 0.3 * t))
    times = moments(seconds, 170, rng)
    pitch, loud = rng.uniform(2200, 9500, len(times)), rng.random(len(times)) ** 3
    spits = scattered(
        count,
        times,
        lambda i: blip(0.012, pitch[i] * 1.3, pitch[i], 320) * np.float32(0.15 + 1.5 * loud[i]),
        rng,
        width=0.6,
    )
    return bed * np.float32(0.3) + spits * np.float32(0.6)


def drip(seconds: float, rng: Random) -> Samples:
    """Single drops that fall into water in a hard room."""
    times = np.append(0.02, np.cumsum(rng.uniform(0.45, 0.9, round(seconds / 0.5))))
    times = times[times < seconds]
    pitch = rng.uniform(700, 1250, len(times))

    def drop(i: int) -> Samples:
        ring = blip(0.11, pitch[i], pitch[i] * 1.9, 34)
        return ring + fitted(blip(0.012, 3600, 2600, 320), len(ring)) * np.float32(0.35)

    return _in_room(scattered(round(seconds * RATE), times, drop, rng, width=0.25), 1.6, 0.5)


def splash(seconds: float, rng: Random) -> Samples:
    """Something falls into water: a slap, spray, and bubbles that come up."""
    count = round(seconds * RATE)

    def shape(time: Field, hertz: Field) -> Field:
        since = time * seconds
        body = band(hertz, 650 * np.exp(-since * 1.4) + 250, 1.2) * np.exp(-since * 5)
        spray = band(hertz, 4600, 1.1) * np.exp(-since * 3.2) * (1 - np.exp(-since * 26))
        return 1.3 * body + 0.5 * spray

    times = np.clip(rng.exponential(0.3, 46) + 0.06, 0, seconds)
    pitch, loud = rng.uniform(330, 1300, 46), rng.random(46) ** 2
    up = scattered(
        count, times, lambda i: blip(0.07, pitch[i], pitch[i] * 1.5, 44) * np.float32(loud[i]), rng
    )
    return _in_room(shaped(count, rng, shape) + up * np.float32(0.5), 0.8, 0.2)


def drum_roll(seconds: float, rng: Random) -> Samples:
    """Sticks on a snare, louder and louder, up to one last hit."""
    count = round(seconds * RATE)
    end = max(seconds - min(0.6, seconds * 0.3), 0.01)
    times = np.append(np.cumsum(rng.normal(1 / 24, 0.002, max(1, int(end * 24) - 1))), end)

    def stroke(i: int) -> Samples:
        last = i == len(times) - 1
        tone = blip(0.35 if last else 0.09, 205, 175, 14 if last else 34)
        wires = grain(0.3 if last else 0.08, 900, 9000, 13 if last else 42, rng)
        level = 1.9 if last else 0.16 + 0.75 * (float(times[i]) / end) ** 2
        size = max(len(tone), len(wires))
        return (fitted(tone, size) * np.float32(0.6) + fitted(wires, size)) * np.float32(level)

    return _in_room(scattered(count, times, stroke, rng, width=0.12), 0.8, 0.3)


def register(seconds: float, rng: Random) -> Samples:
    """A till: its drawer, its bell, and coins."""
    count = round(seconds * RATE)
    length = max(0.2, min(seconds, 1.6))
    bell = _rings(rng.uniform(2450, 2650), ((1, 0.6, 4), (2.02, 0.4, 5.5), (3.9, 0.2, 9)), length)
    clack = grain(0.06, 350, 3800, 80, rng)
    at = min(0.14, seconds / 3)
    coins = np.sort(rng.uniform(at + 0.1, at + 0.55, 7))
    pitch = rng.uniform(4300, 7200, 7)

    def coin(i: int) -> Samples:
        return _rings(pitch[i], ((1, 0.12, 28), (1.47, 0.09, 36)), 0.2)

    out = scattered(count, np.array([0.005]), lambda _: clack, rng, width=0.0)
    out += scattered(count, np.array([at]), lambda _: bell, rng, width=0.0)
    return _in_room(out + scattered(count, coins[coins < seconds], coin, rng, width=0.5), 0.9, 0.25)


def zipper(seconds: float, rng: Random) -> Samples:
    """Teeth that close ever faster."""
    turns = np.cumsum(np.linspace(70, 190, 500)) * seconds * 0.9 / 500
    times = np.interp(np.arange(1, turns[-1]), turns, np.linspace(0.01, seconds * 0.9, 500))
    teeth = [grain(0.006, 1800 + 90 * k, 7500, 500, rng) for k in range(16)]
    return scattered(
        round(seconds * RATE),
        times,
        lambda i: teeth[int(rng.integers(4)) + 12 * i // len(times)] * np.float32(0.8),
        rng,
        width=0.1,
    )


def ringing(seconds: float, rng: Random) -> Samples:
    """An old telephone: its clapper between two bells."""
    times = np.arange(0.01, seconds, 1 / 22)
    times = times[times % 3.0 < 1.7]
    base = rng.uniform(1130, 1230)

    def stroke(i: int) -> Samples:
        hertz = base if i % 2 else base * 1.26
        return _rings(hertz, ((1, 0.25, 9), (2.7, 0.2, 12), (5.2, 0.1, 20)), 0.35)

    return _in_room(scattered(round(seconds * RATE), times, stroke, rng, width=0.05), 0.6, 0.2)
