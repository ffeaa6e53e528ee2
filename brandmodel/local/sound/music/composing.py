"""Plays the parts into buses, mixes and masters them: music of exactly the length asked for."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.local.desk import Desk
from brandmodel.local.sound import wav
from brandmodel.local.sound.filters import (
    Curve,
    compressed,
    db,
    faded,
    high_pass,
    low_pass,
    peak,
    reverberated,
    shelf,
    smoothed,
    stretched,
    tilted,
)
from brandmodel.local.sound.loudness import QUIETEST_LUFS, integrated, mastered
from brandmodel.local.sound.music import instruments, writing
from brandmodel.local.sound.music.drums import drum
from brandmodel.local.sound.music.moods import mood_of
from brandmodel.local.sound.music.planning import Plan, planned
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks import ComposeMusic, Music

_LEVEL_LUFS = -16.0
_BALANCE = {
    62.5: -4,
    125: -1,
    250: -1.5,
    500: -3,
    1000: -5,
    2000: -7.5,
    4000: -10.5,
    8000: -15,
    16000: -24,
}
"""Octave levels in dB that finished music has about; the low end below it, presence above."""
_OPENNESS = {"intro": 0.25, "rise": 0.55, "full": 1.0, "break": 0.45, "end": 0.9}

Bus = NDArray[np.floating[Any]]


def compose(request: ComposeMusic, desk: Desk) -> Music:
    """Music with a beginning, a rise and an end, whose last chord rings out as the time is over.

    The tempo is moved a little so that whole bars fit; ``beats_s`` are the beats that are played,
    the last of them the final chord.
    """
    mood = mood_of(request.mood)
    words = zlib.crc32(" ".join(request.mood.lower().split()).encode())
    rng = np.random.default_rng([request.seed & 0xFFFFFFFFFFFF, desk.take, words])
    plan = planned(mood, request.duration_s, request.energy, rng)
    count = round(request.duration_s * RATE)
    samples = _finished(_played(plan, count, rng), plan, count)
    notes = f"the composer does not know: {', '.join(mood.ignored)}"
    return Music(
        audio=desk.keep(wav.encode(samples), "audio/wav", duration_s=count / RATE),
        bpm=round(plan.bpm, 3),
        beats_s=tuple(round(i * plan.beat_s, 6) for i in range(plan.last + 1)),
        notes=(notes,) if mood.ignored else (),
    )


def _played(plan: Plan, count: int, rng: np.random.Generator) -> Samples:
    """All buses, balanced, with room and echo."""
    strokes = writing.drumming(plan, rng)
    lead, broken, low, beat = (np.zeros((count, 2), np.float32) for _ in range(4))
    for note in writing.melody(plan):
        _put(
            lead,
            plan,
            note.beat,
            instruments.played(plan.lead, note.pitch, note.beats * plan.beat_s, note.velocity),
            note.pan,
        )
    for note in writing.arpeggio(plan, rng):
        _put(
            broken,
            plan,
            note.beat,
            instruments.played(plan.second, note.pitch, note.beats * plan.beat_s, note.velocity),
            note.pan,
        )
    for note in writing.bass_line(plan):
        tone = instruments.bass(
            note.pitch, note.beats * plan.beat_s, note.velocity, round_tone=plan.energy < 0.62
        )
        _put(low, plan, note.beat, tone, 0.0)
    for stroke in strokes:
        _put(beat, plan, stroke.beat, drum(stroke.drum) * np.float32(stroke.velocity), stroke.pan)
    pump = _pump(plan, [s.beat for s in strokes if s.drum == "kick"], count)[:, None]
    bed = _balanced(_bed(plan, count), -23 if strokes else -21) * pump
    low = _balanced(low, -22) * pump
    broken = _balanced(broken, -23)
    lead = _balanced(lead, -19)
    beat = _balanced(beat, -18 - 6 * (1 - plan.energy))
    echo = _echo(lead, plan.beat_s * 0.75) * np.float32(0.35)
    sent = bed * np.float32(0.35) + broken * np.float32(0.45) + (lead + echo) * np.float32(0.5)
    sent += high_pass(beat, 300) * np.float32(0.16)
    room = reverberated(sent, seconds=2.6 - 1.1 * plan.energy, seed=plan.seed)
    return _centred(bed + low + broken + lead + echo + beat + room * np.float32(0.6))


def _balanced(bus: Bus, level_lufs: float) -> Bus:
    """A bus at its place in the mix, however loud its instrument is; an unused one stays silent."""
    level = integrated(bus)
    return bus if level <= QUIETEST_LUFS else bus * np.float32(db(level_lufs - level))


def _centred(samples: Samples) -> Samples:
    """Low end in the middle, so that one small speaker loses nothing."""
    middle = samples.mean(axis=1, dtype=np.float32)
    sides = high_pass((samples[:, 0] - samples[:, 1]) * np.float32(0.5), 160)
    return np.stack([middle + sides, middle - sides], axis=1)


def _put(bus: Bus, plan: Plan, beat: float, tone: Samples, pan: float) -> None:
    """Add a mono note at its beat, placed by equal power."""
    start = max(0, round(beat * plan.beat_s * RATE))
    tone = tone[: max(0, len(bus) - start)]
    angle = (pan + 1) * np.pi / 4
    bus[start : start + len(tone), 0] += tone * np.float32(np.cos(angle))
    bus[start : start + len(tone), 1] += tone * np.float32(np.sin(angle))


def _bed(plan: Plan, count: int) -> Bus:
    """The pad: chords that flow into each other, opening from dark to bright along the form."""
    bed = np.zeros((count, 2), np.float32)
    for chord in plan.chords:
        seconds = chord.beats * plan.beat_s
        glide = min(0.35, seconds * 0.2)
        for pitch in chord.notes:
            tone = instruments.held(
                plan.pad, pitch, seconds, attack_s=glide if chord.beat else 0.6, release_s=glide
            )
            start = round(chord.beat * plan.beat_s * RATE)
            heard = tone[: max(0, count - start)]
            bed[start : start + len(heard)] += heard
    steps = np.array([_OPENNESS[plan.part_at(beat)] for beat in range(plan.beats + 1)])
    openness = stretched(smoothed(np.repeat(steps, 16), 48), count)[:, None]
    return low_pass(bed, 900) * (1 - openness) + bed * openness


def _pump(plan: Plan, kicks: list[float], count: int) -> Curve:
    """The bed gives way to each kick and comes back: the feel of a side-chain."""
    dip = np.ones(count, np.float32)
    depth = 0.25 + 0.25 * plan.energy
    length = round(min(0.32, plan.beat_s * 0.8) * RATE)
    shape = (
        np.float32(1) - np.float32(depth) * (1 - np.arange(length, dtype=np.float32) / length) ** 2
    )
    for beat in kicks:
        start = round(beat * plan.beat_s * RATE)
        heard = shape[: max(0, count - start)]
        dip[start : start + len(heard)] = np.minimum(dip[start : start + len(heard)], heard)
    return smoothed(dip, round(0.008 * RATE))


def _echo(dry: Bus, delay_s: float) -> Bus:
    """Three repeats that change sides, each darker."""
    out = np.zeros_like(dry)
    wet = high_pass(dry[:, ::-1], 300)
    for turn in range(1, 4):
        shift = round(turn * delay_s * RATE)
        if shift >= len(dry):
            break
        wet = low_pass(wet[:, ::-1], 5200 / turn)
        out[shift:] += wet[: len(dry) - shift] * np.float32(0.55**turn)
    return out


def _finished(samples: Samples, plan: Plan, count: int) -> Samples:
    """Equaliser, glue, form of loudness, end, master."""
    mix = high_pass(samples, 38, order=2)
    mix = tilted(mix, _BALANCE, most_db=9, share=0.75)
    mix = shelf(peak(mix, 3600, 1.2, q=0.6), 110, -1.5, high=False)
    rms = 10 * np.log10(float(np.square(mix, dtype=np.float64).mean()) + 1e-12)
    mix = compressed(mix, threshold_db=rms + 2, ratio=1.8)
    mix = mix * _closing(plan, count)[:, None]
    return faded(mastered(mix, _LEVEL_LUFS), 0.004, 0.02)


def _closing(plan: Plan, count: int) -> Curve:
    """Full until the final chord has spoken, then down to nothing exactly at the end."""
    start = min(round((plan.last * plan.beat_s + 0.35) * RATE), count - 1)
    length = count - start
    down = np.cos(np.pi / 2 * np.arange(length, dtype=np.float32) / length) ** 2.2
    ring = down * np.float32(1 - db(-50)) + np.float32(db(-50)) * (1 - np.arange(length) / length)
    return np.concatenate([np.ones(start, np.float32), ring.astype(np.float32)])
