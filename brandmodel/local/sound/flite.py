"""flite, a small speech synthesiser, as a program of its own: sound and the time of each word."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brandmodel.errors import UnavailableError
from brandmodel.local.sound.pronouncing import pronunciation
from brandmodel.local.sound.wav import Samples, read_wav, resampled

_PROGRAM_VOICES = {"rms": "rms", "slt": "slt", "awb": "awb", "kal": "kal16"}
_SLOW_S = 60
_VOWELS = frozenset("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence as it was spoken.

    Attributes:
        samples: (N,) at 48 kHz.
        times: start and end of each word in seconds, in order.
    """

    samples: Samples
    times: tuple[tuple[float, float], ...]


@cache
def flite_voices() -> tuple[str, ...]:
    """The voices of the installed program, the best first; empty without it."""
    if not shutil.which("flite"):
        return ()
    listed = _run(["-lv"]).split()
    return tuple(name for name, inside in _PROGRAM_VOICES.items() if inside in listed)


def utter(words: Sequence[str], pauses: Sequence[str], *, voice: str, stretch: float) -> Utterance:
    """Speak one sentence: plain words, with the mark that stands after each of them.

    The program prints its phones with their times, but not which word each belongs to. That is
    found by aligning them with the phones of the same words spoken one by one.

    Raises:
        UnavailableError: the program failed.
    """
    text = " ".join(word + mark for word, mark in zip(words, pauses, strict=True))
    inside = _PROGRAM_VOICES[voice]
    with tempfile.TemporaryDirectory() as folder:
        lexicon, file = Path(folder) / "names", Path(folder) / "speech.wav"
        known = {word: pronunciation(word) for word in words}
        lines = [f"{_asked(word)} : {phones}\n" for word, phones in known.items() if phones]
        lexicon.write_text("".join(lines), encoding="ascii")
        named = ["-add_lex", str(lexicon)] if lines else []
        base = [*named, "-voice", inside]
        stretched = ["--setf", f"duration_stretch={stretch:.4f}"]
        printed = _run([*base, *stretched, "-psdur", "-t", _asked(text), "-o", str(file)])
        alone = _run([*base, "-ps", "-t", ". ".join(map(_asked, words)) + ".", "-o", "none"])
        samples, rate = read_wav(file.read_bytes(), "the speech")
    segments = _segments(printed)
    groups = [g.split() for g in f" {alone} ".replace("\n", " ").split(" pau ") if g.strip()]
    if len(groups) != len(words):
        groups = [list(word) for word in words]
    return Utterance(resampled(samples[:, 0], rate), _word_times(segments, groups))


def _asked(text: str) -> str:
    """The program drops the apostrophe itself; ``a`` alone would be read as a letter's name."""
    return text.replace("'", "")


def _run(arguments: list[str]) -> str:
    try:
        done = subprocess.run(
            ["flite", *arguments], capture_output=True, timeout=_SLOW_S, check=True, text=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise UnavailableError("the voice program failed", vendor="flite") from error
    return done.stdout


def _segments(printed: str) -> list[tuple[str, float, float]]:
    """Phones with start and end, from ``name:end`` pairs."""
    out: list[tuple[str, float, float]] = []
    start = 0.0
    for pair in printed.split():
        name, _, end = pair.partition(":")
        out.append((name, start, float(end)))
        start = float(end)
    return out


def _word_times(
    segments: list[tuple[str, float, float]], groups: list[list[str]]
) -> tuple[tuple[float, float], ...]:
    """Start and end of each word, by aligning the spoken phones with those of the words alone."""
    spoken = [segment for segment in segments if segment[0] != "pau"]
    wanted = [(phone, word) for word, group in enumerate(groups) for phone in group]
    owner = _owners([name for name, _, _ in spoken], wanted)
    times: list[tuple[float, float]] = []
    last = spoken[0][1] if spoken else 0.0
    for word in range(len(groups)):
        mine = [segment for segment, of in zip(spoken, owner, strict=True) if of == word]
        span = (mine[0][1], mine[-1][2]) if mine else (last, last)
        times.append(span)
        last = span[1]
    return tuple(times)


def _owners(spoken: list[str], wanted: list[tuple[str, int]]) -> list[int]:
    """The word of each spoken phone: the cheapest edit path (Needleman and Wunsch, 1970)."""
    rows, columns = len(spoken), len(wanted)
    cost = np.zeros((rows + 1, columns + 1))
    cost[:, 0], cost[0, :] = np.arange(rows + 1) * 0.8, np.arange(columns + 1) * 0.8
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            swap = cost[i - 1, j - 1] + _unlike(spoken[i - 1], wanted[j - 1][0])
            cost[i, j] = min(swap, cost[i - 1, j] + 0.8, cost[i, j - 1] + 0.8)
    return _path(cost, spoken, wanted)


def _path(cost: NDArray[np.float64], spoken: list[str], wanted: list[tuple[str, int]]) -> list[int]:
    i, j = len(spoken), len(wanted)
    owner = [0] * i
    while i:
        swap = cost[i - 1, j - 1] + _unlike(spoken[i - 1], wanted[j - 1][0]) if j else np.inf
        if j and abs(cost[i, j] - swap) < 1e-9:
            i, j = i - 1, j - 1
            owner[i] = wanted[j][1]
        elif abs(cost[i, j] - cost[i - 1, j] - 0.8) < 1e-9:
            i -= 1
            owner[i] = wanted[max(j - 1, 0)][1]
        else:
            j -= 1
    return owner


def _unlike(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if (one in _VOWELS) == (other in _VOWELS) else 1.4
