"""The plan of a piece: tempo that fits the length, key, chords with led voices, form, theme."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from brandmodel.local.sound.music.moods import Lead, Mood, Pad

Part = Literal["intro", "rise", "full", "break", "end"]

SCALES = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
}
_TURNS: dict[str, tuple[tuple[int, ...], ...]] = {
    "lydian": ((0, 1, 5, 4), (0, 4, 1, 5), (0, 1, 2, 1)),
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (3, 0, 4, 5), (0, 2, 3, 4), (0, 3, 5, 4), (5, 3, 0, 4)),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 3), (0, 4, 6, 3)),
    "dorian": ((0, 3, 0, 6), (0, 2, 3, 6), (0, 6, 3, 3)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 2, 6, 5), (5, 6, 0, 2)),
}
_CADENCE = {
    "lydian": (4, 1),
    "major": (4, 3),
    "mixolydian": (6, 3),
    "dorian": (3, 6),
    "minor": (6, 3),
}
_OTHERS: tuple[Lead, ...] = ("pluck", "keys")
_LOWEST, _HIGHEST = 53, 77


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord and where it stands.

    Attributes:
        beat: where it begins; ``beats`` long.
        root: pitch class; ``tones`` are the pitch classes of all its notes.
        notes: four voices, MIDI numbers, led from the chord before.
    """

    beat: float
    beats: float
    root: int
    tones: tuple[int, ...]
    notes: tuple[int, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before a note sounds.

    Attributes:
        beats: how many beats fill the length exactly.
        last: the beat of the final chord; the rest is its ringing.
        theme: (beat within two bars, scale degree, length in beats).
        shape: order in which the arpeggio walks the chord.
    """

    bpm: float
    beats: int
    last: int
    tonic: int
    scale: str
    chords: tuple[Chord, ...]
    theme: tuple[tuple[float, int, float], ...]
    shape: tuple[int, ...]
    energy: float
    lead: Lead
    second: Lead
    pad: Pad
    seed: int

    @property
    def beat_s(self) -> float:
        """Seconds a beat."""
        return 60.0 / self.bpm

    def part_at(self, beat: float) -> Part:
        """The part of the form at a beat."""
        return self.chord_at(beat).part

    def chord_at(self, beat: float) -> Chord:
        """The chord that sounds at a beat."""
        return next(c for c in reversed(self.chords) if c.beat <= beat + 1e-6)


def planned(mood: Mood, duration_s: float, energy: float, rng: np.random.Generator) -> Plan:
    """Decide tempo, key, form, chords and theme; the same generator state gives the same plan."""
    drive = float(np.clip(energy + mood.drive, 0, 1))
    wish = float(np.clip(72 + 50 * drive + mood.speed + rng.uniform(-5, 5), 56, 150))
    beats, last = _length(duration_s, wish)
    scale = _scale(mood.bright + float(rng.uniform(-0.15, 0.15)), mood.lush)
    tonic = int(rng.integers(0, 12))
    turn = _TURNS[scale][int(rng.integers(len(_TURNS[scale])))]
    other = _TURNS[scale][int(rng.integers(len(_TURNS[scale])))]
    lead = mood.leads[int(rng.integers(len(mood.leads)))]
    rest: list[Lead] = [name for name in (*mood.leads, *_OTHERS) if name != lead]
    return Plan(
        bpm=60.0 * beats / duration_s,
        beats=beats,
        last=last,
        tonic=tonic,
        scale=scale,
        chords=_chords(last, beats, tonic, scale, (turn, other), mood.lush),
        theme=_theme(drive, rng),
        shape=_SHAPES[int(rng.integers(len(_SHAPES)))],
        energy=drive,
        lead=lead,
        second=rest[int(rng.integers(len(rest)))],
        pad=mood.pads[int(rng.integers(len(mood.pads)))],
        seed=int(rng.integers(2**31)),
    )


_SHAPES = (
    (0, 1, 2, 3),
    (0, 2, 1, 3),
    (0, 1, 2, 3, 2, 1),
    (3, 2, 1, 0),
    (0, 2, 3, 2),
    (0, 3, 1, 2),
    (0, 2, 1, 2),
)


def _length(duration_s: float, wish: float) -> tuple[int, int]:
    """Beats in all, and the beat of the final chord: whole bars, then room to ring.

    The tempo moves a little, so that the length is met exactly and the last chord is on a one.
    """
    choices: list[tuple[float, int, int]] = []
    for bars in range(1, int(duration_s * wish / 240) + 3):
        for ring in (3, 4, 5, 6):
            beats = 4 * bars + ring
            bpm = 60 * beats / duration_s
            ring_s = ring * 60 / bpm
            short = max(0.0, 1.7 - ring_s) * 40 + max(0.0, ring_s - 4.0) * 4
            choices.append((abs(bpm - wish) + short, beats, 4 * bars))
    _, beats, last = min(choices)
    if 60 * beats / duration_s > 1.3 * wish:
        # Too short for a bar and its end: the final chord is the piece.
        return max(1, round(duration_s * wish / 60)), 0
    return beats, last


def _scale(bright: float, lush: float) -> str:
    if bright > 0.3 and lush > 0.55:
        return "lydian"
    for edge, name in ((0.12, "major"), (-0.05, "mixolydian"), (-0.35, "dorian")):
        if bright > edge:
            return name
    return "minor"


def _form(bars: int) -> list[Part]:
    """The part of each bar before the end: intro, rise, full, and a break in longer pieces."""
    intro = max(1, round(bars * 0.18)) if bars > 2 else 0
    rise = max(1, round(bars * 0.22)) if bars > 1 else 0
    order: tuple[Part, ...] = ("intro", "rise", "full")
    parts = np.repeat(np.arange(3), (intro, rise, bars - intro - rise))
    form: list[Part] = [order[int(k)] for k in parts]
    if bars >= 14:
        length = 2 if bars < 22 else 4
        start = round(bars * 0.62 / 2) * 2
        for bar in range(start, start + length):
            form[bar] = "break"
    return form


def _chords(
    last: int, beats: int, tonic: int, scale: str, turns: tuple[tuple[int, ...], ...], lush: float
) -> tuple[Chord, ...]:
    form = _form(last // 4)
    degrees = [turns[part == "break"][i % 4] for i, part in enumerate(form)]
    if degrees:
        degrees[-1] = next(d for d in _CADENCE[scale] if len(degrees) < 2 or d != degrees[-2])
    chords: list[Chord] = []
    before: tuple[int, ...] = (60, 64, 67, 72)
    spans: list[tuple[int, int, int, Part]] = [
        (4 * i, 4, d, part) for i, (d, part) in enumerate(zip(degrees, form, strict=True))
    ]
    spans.append((last, beats - last, 0, "end"))
    for beat, length, degree, part in spans:
        tones = _tones(degree, tonic, scale, lush if part != "end" else min(lush, 0.5))
        before = _led(tones, before)
        chords.append(Chord(beat, length, tones[0], tones, before, part))
    return tuple(chords)


def _tones(degree: int, tonic: int, scale: str, lush: float) -> tuple[int, ...]:
    """Root, third, fifth, and a fourth tone: the octave, the ninth or the seventh."""
    steps = SCALES[scale]
    pitch = [(tonic + steps[(degree + k) % 7]) % 12 for k in (0, 2, 4, 6, 1)]
    flat_ninth = (pitch[4] - pitch[0]) % 12 == 1
    if lush > 0.45:
        return (*pitch[:3], pitch[3])
    if lush > 0.15 and not flat_ninth:
        return (*pitch[:3], pitch[4])
    return tuple(pitch[:3])


def _led(tones: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    """The voicing nearest to the chord before; close clusters and gaps cost."""
    four = tones if len(tones) == 4 else (*tones, tones[0])
    places = [[n for n in range(_LOWEST, _HIGHEST + 1) if n % 12 == tone] for tone in four]

    def cost(notes: tuple[int, ...]) -> float:
        moves = sum(abs(a - b) for a, b in zip(notes, before, strict=True))
        gaps = [b - a for a, b in itertools.pairwise(notes)]
        rough = sum(6 * (gap < 2) + 2 * (gap < 3) + max(0, gap - 8) for gap in gaps)
        return moves + rough + 0.3 * abs(sum(notes) / 4 - 65)

    return min((tuple(sorted(n)) for n in itertools.product(*places)), key=lambda n: (cost(n), n))


_RHYTHMS_CALM = (
    (0, 1.5, 3, 4, 6),
    (0, 2, 3, 4, 7),
    (0, 3, 4, 5.5),
    (0, 1, 2, 4, 6),
    (0, 2.5, 4, 6.5),
)
_RHYTHMS_BUSY = (
    (0, 0.5, 1.5, 2.5, 4, 4.5, 5.5),
    (0, 1.5, 2, 3, 4, 5.5, 6),
    (0, 1, 1.5, 2.5, 3.5, 4, 5, 6),
    (0, 0.75, 1.5, 3, 4, 4.75, 5.5, 6.5),
    (0, 1, 2, 2.5, 4, 5, 6, 6.5),
)


def _theme(drive: float, rng: np.random.Generator) -> tuple[tuple[float, int, float], ...]:
    """Two bars that return: small steps, one leap, an arch, the end on a resting note."""
    pool = _RHYTHMS_BUSY if drive > 0.45 else _RHYTHMS_CALM
    onsets = pool[int(rng.integers(len(pool)))]
    degree = int(rng.choice([0, 2, 4]))
    leap = int(rng.integers(1, len(onsets) - 1))
    notes: list[tuple[float, int, float]] = []
    for place, onset in enumerate(onsets):
        if place:
            rising = place < len(onsets) * 0.6
            size = int(rng.choice([3, 4])) if place == leap else int(rng.choice([1, 1, 2]))
            up = rising if rng.random() < 0.72 else not rising
            degree += size if up else -size
            degree = degree - 4 if degree > 8 else degree + 4 if degree < -2 else degree
        following = onsets[place + 1] if place + 1 < len(onsets) else 8.0
        notes.append((onset, degree, min(following - onset, 2.0)))
    return tuple(notes)
