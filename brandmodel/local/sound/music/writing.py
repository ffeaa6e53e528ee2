"""Writes the parts: what each player does in each part of the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brandmodel.local.sound.music.drums import Drum
from brandmodel.local.sound.music.planning import SCALES, Plan

SWING = 0.012


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a part, in beats; ``pan`` is -1 left to 1 right."""

    beat: float
    beats: float
    pitch: int
    velocity: float
    pan: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """A stroke of a drum."""

    beat: float
    drum: Drum
    velocity: float
    pan: float = 0.0


_VOLUME = {"intro": 0.62, "rise": 0.78, "full": 1.0, "break": 0.6, "end": 0.95}


def melody(plan: Plan) -> list[Note]:
    """The theme: alone in the intro, whole in the full parts, and its resting note at the end."""
    notes: list[Note] = []
    for bar in range(0, plan.last // 4, 2):
        part = plan.part_at(4 * bar)
        if part == "rise" and plan.energy > 0.25:
            continue
        answer = (bar // 2) % 2 == 1
        for place, (onset, degree, length) in enumerate(plan.theme):
            beat = 4 * bar + onset
            if beat >= plan.last or (part == "intro" and place % 2 and plan.energy > 0.2):
                continue
            chord = plan.chord_at(beat)
            closing = answer and place >= len(plan.theme) - 2
            pitch = _theme_pitch(plan, degree - (1 if closing else 0))
            if onset % 2 == 0 or closing:
                pitch = _nearest(pitch, chord.tones)
            loud = (0.95 if onset % 4 == 0 else 0.75) * _VOLUME[chord.part]
            notes.append(Note(beat, length * 1.2, pitch, loud, 0.12))
    top = _nearest(_theme_pitch(plan, 0), (plan.tonic,))
    ring = float(plan.beats - plan.last)
    return [
        *notes,
        Note(plan.last, ring, top, 0.8, 0.1),
        Note(plan.last + 0.06, ring, top + 12, 0.45, 0.2),
    ]


def arpeggio(plan: Plan, rng: np.random.Generator) -> list[Note]:
    """Broken chords: sparse first, then eighths, or sixteenths where the energy asks for it."""
    step = 0.25 if plan.energy > 0.68 else 0.5 if plan.energy > 0.22 else 1.0
    notes: list[Note] = []
    walked = 0
    for chord in plan.chords[:-1]:
        if chord.part == "intro" and plan.last >= 16:
            continue
        pace = step * 2 if chord.part == "break" else step
        for onset in np.arange(0, chord.beats, pace):
            voice = plan.shape[walked % len(plan.shape)]
            walked += 1
            accent = 1.0 if onset % 1 == 0 else 0.78
            loud = accent * (0.5 + 0.12 * rng.random()) * _VOLUME[chord.part]
            lift = 12 if walked % (2 * len(plan.shape)) >= len(plan.shape) else 0
            pan = 0.55 * float(np.sin(walked * 1.1))
            notes.append(
                Note(chord.beat + float(onset), pace * 1.6, chord.notes[voice] + lift, loud, pan)
            )
    last = plan.chords[-1]
    return notes + [
        Note(last.beat + 0.09 * i, last.beats, pitch, 0.62, 0.4 * (i - 1.5) / 1.5)
        for i, pitch in enumerate(last.notes)
    ]


def bass_line(plan: Plan) -> list[Note]:
    """Roots from the rise on; the pattern follows the energy."""
    if plan.energy < 0.3:
        pattern = ((0.0, 4.0, 0),)
    elif plan.energy < 0.62:
        pattern = ((0.0, 1.5, 0), (1.5, 1.0, 0), (3.0, 1.0, 7))
    else:
        pattern = tuple((k / 2, 0.42, 12 if k in (3, 7) else 0) for k in range(8))
    notes: list[Note] = []
    for chord in plan.chords:
        root = 36 + (chord.root - 36) % 12
        root = root - 12 if root > 44 else root
        if chord.part == "end":
            notes.append(Note(chord.beat, chord.beats, root, 0.85))
        elif chord.part in ("rise", "break"):
            notes.append(Note(chord.beat, chord.beats * 0.96, root, 0.6))
        elif chord.part == "full":
            notes += [
                Note(chord.beat + at, length, _nearest(root + up, chord.tones), 0.85)
                for at, length, up in pattern
            ]
    return notes


def drumming(plan: Plan, rng: np.random.Generator) -> list[Stroke]:
    """Nothing below an energy of 0.4; then light, then a beat, with a fill before each new part."""
    if plan.energy <= 0.4:
        return []
    strokes = [Stroke(plan.last, "crash", 0.55, -0.2), Stroke(plan.last, "kick", 0.8)]
    for bar in range(plan.last // 4):
        part = plan.part_at(4 * bar)
        if part in ("rise", "full"):
            strokes += _bar(
                4 * bar, plan.energy * (1.0 if part == "full" else 0.6), part == "full", rng
            )
        following = plan.part_at(4 * bar + 4)
        if following != part and part != "intro":
            strokes += _fill(4 * bar, plan)
            if following == "full":
                strokes.append(Stroke(4 * bar + 4, "crash", 0.45, 0.25))
    return strokes


def _bar(start: int, energy: float, full: bool, rng: np.random.Generator) -> Iterator[Stroke]:
    driving = energy > 0.66
    kicks = (0, 1, 2, 3) if driving else (0, 2.5) if energy > 0.5 else (0, 2)
    if full:
        yield from (Stroke(start + k, "kick", 0.9 if k == 0 else 0.78) for k in kicks)
        back: Drum = "clap" if driving else "snare" if energy > 0.55 else "rim"
        yield from (Stroke(start + k, back, 0.62, 0.05) for k in (1, 3))
    step = 0.25 if energy > 0.6 else 0.5
    for onset in np.arange(0, 4, step):
        on_beat = onset % 1 == 0
        loud = (0.4 if on_beat else 0.62 if onset % 1 == 0.5 else 0.3) * (0.85 + 0.3 * rng.random())
        yield Stroke(
            start + float(onset), "hat" if full else "shaker", loud * (0.6 + 0.4 * energy), 0.3
        )
    if full and driving:
        yield from (Stroke(start + k + 0.5, "open", 0.3, 0.3) for k in (1, 3))


def _fill(start: int, plan: Plan) -> Iterator[Stroke]:
    swell_beats = 1.57 / plan.beat_s
    yield Stroke(start + 4 - swell_beats, "swell", 0.6, -0.1)
    if plan.energy > 0.55:
        for k, onset in enumerate((3, 3.25, 3.5, 3.75)):
            yield Stroke(start + onset, "tom" if k % 2 else "snare", 0.35 + 0.1 * k, -0.3 + 0.2 * k)


def _theme_pitch(plan: Plan, degree: int) -> int:
    """A scale degree as a note in the octave above the bed."""
    steps = SCALES[plan.scale]
    base = 67 + (plan.tonic - 67) % 12
    base = base - 12 if base > 73 else base
    return base + 12 * (degree // 7) + steps[degree % 7]


def _nearest(pitch: int, tones: tuple[int, ...]) -> int:
    """The nearest note that is one of the pitch classes; below before above."""
    around = [pitch + step for step in range(-6, 7) if (pitch + step) % 12 in tones]
    return min(around, key=lambda other: (abs(other - pitch), other), default=pitch)
