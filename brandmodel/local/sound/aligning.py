"""Forced alignment without a trained model: when each word of a known text is heard.

The text becomes phones by rule, each with a class (vowel, hiss, stop, ...) and a usual length. The
recording becomes ten frames of band levels per 0.1 s. A semi-Markov Viterbi search lays the phones over the
frames; what each class sounds like starts from general figures and is then learnt from this very
recording, twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import wav
from brandmodel.local.sound.letters import phones_of
from brandmodel.local.sound.phones import PHONES, Kind
from brandmodel.local.sound.spelling import Said, said
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks import Alignment, AlignWords, WordTime

Matrix = NDArray[np.floating[Any]]

_STEP_S = 0.01
_KINDS: tuple[Kind | str, ...] = (
    "vowel", "glide", "nasal", "hiss", "breath", "buzz", "stop", "voiced stop", "pause",
)  # fmt: skip
_PAUSE = _KINDS.index("pause")
# Level in dB under the loudest speech; highs over lows, and mids over lows, in dB.
_USUAL = np.array(
    [
        [-7, -24, -10], [-12, -28, -15], [-14, -32, -22], [-19, 8, 0], [-27, -4, -4],
        [-18, -12, -12], [-30, -10, -8], [-22, -22, -16], [-46, -8, -6],
    ],
    np.float32,
)  # fmt: skip
_SPREAD = np.array([[5, 9, 8], [6, 9, 8], [6, 9, 9], [7, 9, 9], [8, 9, 9],
                    [7, 10, 9], [10, 11, 10], [9, 11, 10], [8, 11, 10]], np.float32)  # fmt: skip
_TRUST = 25.0
"""Frames that the general figures count for, when a recording's own are learnt."""
_LENGTH_SPREAD = 0.42
_PAUSE_COST = {"": 7.0, ",": 0.5, ".": 0.2, "?": 0.2, "!": 0.2}
_WINDOW_S = 6.0


@dataclass(frozen=True, slots=True)
class _Sound:
    """A phone or a pause to be found; ``usual`` is in frames, 0 for a pause of any length."""

    kind: int
    usual: float
    word: int
    cost: float = 0.0


def align(request: AlignWords, desk: Desk) -> Alignment:
    """Start and end of each written word; a word that is not said (a dash) lasts no time.

    Raises:
        InvalidRequestError: no words, no sound, or a text far too long for the recording.
    """
    text = said(request.text)
    if not any(word.words for word in text):
        raise InvalidRequestError("the text has no words to align", hint="Give it words.")
    samples = wav.mono(wav.load(desk.read(request.audio), name="the recording"))
    features = _features(samples)
    sounds = _sounds(text, features)
    shortest = sum(3 if s.usual else 0 for s in sounds) * _STEP_S
    if shortest > len(samples) / RATE:
        raise InvalidRequestError(
            f"the text needs {shortest:.1f} s at least; the recording is {len(samples) / RATE:.1f} s long",
            hint="Give the text of this recording.",
        )
    return Alignment(words=_words(text, sounds, _found(sounds, features)))


def _features(samples: Samples) -> Matrix:
    """(frames, 3): level, highs over lows, mids over lows, in dB, smoothed over 30 ms."""
    hop, size = round(_STEP_S * RATE), 1200
    padded = np.pad(samples, (size // 2, size))
    frames = max(1, len(samples) // hop)
    index = np.arange(frames)[:, None] * hop + np.arange(size)[None, :]
    hertz = np.fft.rfftfreq(2048, 1 / RATE)
    edges = ((80, 1000), (1000, 2800), (2800, 8000))
    sums = np.zeros((frames, 3), np.float32)
    window = np.hanning(size).astype(np.float32)
    for start in range(0, frames, 4000):
        power = np.abs(np.fft.rfft(padded[index[start : start + 4000]] * window, 2048, axis=1)) ** 2
        for k, (low, high) in enumerate(edges):
            sums[start : start + 4000, k] = power[:, (hertz >= low) & (hertz < high)].sum(axis=1)
    total = 10 * np.log10(sums.sum(axis=1) + 1e-9)
    loudest = float(np.percentile(total, 95))
    floor = 10 ** ((loudest - 62) / 10)
    lows, mids, highs = (10 * np.log10(sums[:, k] + floor) for k in range(3))
    level = np.maximum(total - loudest, -58)
    return np.stack([level, highs - lows, mids - lows], axis=1).astype(np.float32)


def _sounds(text: tuple[Said, ...], features: Matrix) -> list[_Sound]:
    """Pauses and phones in order; lengths scaled so that the text fills what is loud enough."""
    out = [_Sound(_PAUSE, 0, -1)]
    spoken = 0
    for written in text:
        for place, word in enumerate(written.words):
            out += [
                _Sound(_KINDS.index(PHONES[p].kind), PHONES[p].length_s, spoken)
                for p in phones_of(word)
            ]
            mark = written.pause if place == len(written.words) - 1 else ""
            out.append(_Sound(_PAUSE, 0, -1, _PAUSE_COST[mark]))
            spoken += 1
    out[-1] = _Sound(_PAUSE, 0, -1)
    loud = float((features[:, 0] > -38).sum())
    scale = loud / (sum(s.usual for s in out) / _STEP_S)
    scale = float(np.clip(scale, 0.4, 2.5)) / _STEP_S
    return [_Sound(s.kind, s.usual * scale, s.word, s.cost) for s in out]


def _found(sounds: list[_Sound], features: Matrix) -> list[tuple[int, int]]:
    """First and last frame of every sound, after learning this recording's own figures."""
    means, spreads = _USUAL, _SPREAD
    spans: list[tuple[int, int]] = []
    for turn in range(3):
        spans = _search(sounds, _scores(features, means, spreads))
        if turn < 2:
            means, spreads = _learnt(sounds, spans, features)
    return spans


def _scores(features: Matrix, means: Matrix, spreads: Matrix) -> Matrix:
    """(frames, kinds) log-likelihoods under one Gaussian each; far outliers are forgiven."""
    distance = (features[:, None, :] - means[None]) / spreads[None]
    log = -0.5 * np.minimum(distance**2, 12).sum(axis=2) - np.log(spreads).sum(axis=1)[None]
    return log.astype(np.float32) * np.float32(0.6)


def _learnt(
    sounds: list[_Sound], spans: list[tuple[int, int]], features: Matrix
) -> tuple[Matrix, Matrix]:
    means, spreads = _USUAL.copy(), _SPREAD.copy()
    for kind in range(len(_KINDS)):
        mine = [
            features[a:b]
            for s, (a, b) in zip(sounds, spans, strict=True)
            if s.kind == kind and b > a
        ]
        if mine:
            own = np.concatenate(mine)
            share = len(own) / (len(own) + _TRUST)
            means[kind] = share * own.mean(axis=0) + (1 - share) * _USUAL[kind]
            spread = np.sqrt(share * own.var(axis=0) + (1 - share) * _SPREAD[kind] ** 2)
            spreads[kind] = np.maximum(spread, 3.0)
    return means, spreads


def _search(sounds: list[_Sound], scores: Matrix) -> list[tuple[int, int]]:
    """The best boundaries: for each sound, the best score of ending at each frame.

    Far from where a sound may be expected nothing is looked at, so that long texts stay quick.
    """
    frames = len(scores)
    sums = np.concatenate(
        [np.zeros((1, scores.shape[1]), np.float64), np.cumsum(scores, axis=0, dtype=np.float64)]
    )
    best = np.full(frames + 1, -np.inf)
    best[0] = 0.0
    expected = (
        np.cumsum([s.usual for s in sounds]) / max(sum(s.usual for s in sounds), 1e-9) * frames
    )
    reach = round(max(_WINDOW_S / _STEP_S, 0.15 * frames))
    came: list[tuple[int, NDArray[np.int32]]] = []
    for sound, centre in zip(sounds, expected, strict=True):
        low, high = max(0, int(centre) - reach), min(frames, int(centre) + reach)
        step = _paused if sound.usual == 0 else _sounded
        best, origin = step(sound, best, sums[:, sound.kind], low, high)
        came.append((low, origin))
    return _traced(came, frames)


def _paused(
    sound: _Sound, best: NDArray[np.float64], total: NDArray[np.float64], low: int, high: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A pause of any length, or none at all."""
    entry = best[low : high + 1] - total[low : high + 1]
    top = np.maximum.accumulate(entry)
    place = np.where(entry >= top, np.arange(len(entry)), 0)
    origin = np.maximum.accumulate(place).astype(np.int32) + low
    here = np.arange(low, high + 1)
    with_pause = top + total[low : high + 1] - np.where(origin < here, sound.cost, 0)
    skipped = best[low : high + 1]
    out = np.full(len(best), -np.inf)
    out[low : high + 1] = np.maximum(with_pause, skipped)
    return out, np.where(skipped >= with_pause, here, origin).astype(np.int32)


def _sounded(
    sound: _Sound, best: NDArray[np.float64], total: NDArray[np.float64], low: int, high: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A phone of a likely length; lengths are log-normal around the usual one."""
    out = np.full(len(best), -np.inf)
    origin = np.zeros(high + 1 - low, np.int32)
    window = out[low : high + 1]
    for length in range(2, max(8, min(60, round(sound.usual * 3.2)))):
        first = max(low - length, 0)
        ends = slice(first + length - low, high + 1 - low)
        unlikely = 0.5 * (np.log(length / sound.usual) / _LENGTH_SPREAD) ** 2
        begins = slice(first, high + 1 - length)
        if begins.stop <= begins.start:
            continue
        score = best[begins] + total[first + length : high + 1] - total[begins] - unlikely
        better = score > window[ends]
        window[ends] = np.where(better, score, window[ends])
        starts = np.arange(begins.start, begins.stop, dtype=np.int32)
        origin[ends] = np.where(better, starts, origin[ends])
    return out, origin


def _traced(came: list[tuple[int, NDArray[np.int32]]], frames: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    end = frames
    for low, origin in reversed(came):
        start = int(origin[min(max(end - low, 0), len(origin) - 1)])
        spans.append((min(start, end), end))
        end = min(start, end)
    return spans[::-1]


def _words(
    text: tuple[Said, ...], sounds: list[_Sound], spans: list[tuple[int, int]]
) -> tuple[WordTime, ...]:
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for sound, (first, last) in zip(sounds, spans, strict=True):
        if sound.word >= 0:
            starts.setdefault(sound.word, first)
            ends[sound.word] = last
    out: list[WordTime] = []
    spoken, at = 0, 0.0
    for written in text:
        count = len(written.words)
        start, end = at, at
        if count:
            start, end = starts[spoken] * _STEP_S, ends[spoken + count - 1] * _STEP_S
        out.append(WordTime(text=written.text, start_s=round(start, 3), end_s=round(end, 3)))
        spoken, at = spoken + count, end
    return tuple(out)
