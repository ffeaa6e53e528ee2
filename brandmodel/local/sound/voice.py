"""Speaking: the best voice that this machine has, cut, paced and mastered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import formant, wav
from brandmodel.local.sound.filters import (
    compressed,
    db,
    envelope,
    faded,
    high_pass,
    peak,
    shelf,
    smoothed,
    stretched,
    tilted,
)
from brandmodel.local.sound.flite import Utterance, flite_voices, utter
from brandmodel.local.sound.loudness import mastered
from brandmodel.local.sound.spelling import Said, said
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks import Speak, Speech, WordTime

ROBOTIC = "robotic"
"""The formant voice of last resort: always there, never taken for a person."""

_SPEECH: dict[float, float] = {125: -5.0, 250: -0.5, 500: 0.0, 1000: -6.0, 2000: -10.0, 4000: -12.5}
"""Octave levels in dB of people speaking (after Byrne et al., 1994), with some presence added."""
_TEMPO = {"rms": 1.08}
"""The best voice drags a little; all others are calm as they are."""
_LEVEL_LUFS = -18.0
_STOPS = (".", "?", "!")
_REST_S = {".": 0.42, "?": 0.42, "!": 0.38, ",": 0.16, "": 0.04}
_LONG_WORDS, _LONGEST_WORDS = 24, 45
_PAD_S = (0.06, 0.16)
_PACE_OF_TAKE = (1.0, 0.95, 1.05, 0.91, 1.09)


@dataclass(frozen=True, slots=True)
class _Spoken:
    samples: Samples
    times: tuple[tuple[float, float], ...]


def voices() -> tuple[str, ...]:
    """Voices by name, the best first; ``robotic`` is always among them."""
    return (*flite_voices(), ROBOTIC)


def speak(request: Speak, desk: Desk) -> Speech:
    """Say the text; words carry the times at which they are heard.

    Takes of a request that names no voice are an audition: each is another voice, the best first,
    and then the same voices at other paces. A named voice keeps its name and varies its pace.

    Raises:
        InvalidRequestError: an unknown voice, or a text without anything to say.
    """
    voice, again = _cast(request.voice, desk.take)
    text = said(request.text)
    if not any(word.words for word in text):
        raise InvalidRequestError(
            "the text has nothing that can be said in English", hint="Give it words."
        )
    pace = request.pace * _PACE_OF_TAKE[again % len(_PACE_OF_TAKE)]
    spoken = _joined([_sentence(s, voice, pace) for s in _sentences(text)], text, pace)
    samples = _mastered(spoken.samples, narrow=voice != ROBOTIC)
    words = tuple(
        WordTime(text=word.text, start_s=round(start, 3), end_s=round(end, 3))
        for word, (start, end) in zip(text, spoken.times, strict=True)
    )
    audio = desk.keep(wav.encode(samples), "audio/wav", duration_s=len(samples) / RATE)
    return Speech(audio=audio, words=words, voice=voice, notes=_notes(text, voice))


def _cast(voice: str, take: int) -> tuple[str, int]:
    """Who speaks this take, and how often that voice has spoken in earlier ones."""
    if not voice:
        cast = flite_voices() or (ROBOTIC,)
        return cast[take % len(cast)], take // len(cast)
    available = voices()
    if voice not in available:
        raise InvalidRequestError(
            f"there is no voice {voice!r}", hint=f"Take one of: {', '.join(available)}."
        )
    return voice, take


def _notes(text: tuple[Said, ...], voice: str) -> tuple[str, ...]:
    unsaid = [w.text for w in text if not w.words and any(c.isalnum() for c in w.text)]
    notes = (f"not said: {', '.join(unsaid)}",) if unsaid else ()
    if voice == ROBOTIC:
        notes += ("spoken by a robotic formant voice; install flite for a natural one",)
    return notes


def _sentences(text: tuple[Said, ...]) -> list[tuple[Said, ...]]:
    """Cut after every full stop, and in endless sentences at a comma or, at last, anywhere.

    A part with nothing to say stays with the one before.
    """
    parts: list[list[Said]] = [[]]
    for word in text:
        part = parts[-1]
        if part and word.words and _ends(part[-1].pause, len(part)):
            parts.append([])
        parts[-1].append(word)
    return [tuple(part) for part in parts]


def _ends(pause: str, length: int) -> bool:
    long_enough = (pause == "," and length >= _LONG_WORDS) or length >= _LONGEST_WORDS
    return pause in _STOPS or long_enough


def _sentence(sentence: tuple[Said, ...], voice: str, pace: float) -> _Spoken:
    """One sentence from its first sound to its last, with the span of each written word."""
    words = [spoken for word in sentence for spoken in word.words]
    marks = [
        word.pause if last else ""
        for word in sentence
        for last in (False,) * (len(word.words) - 1) + (True,) * bool(word.words)
    ]
    if marks and not marks[-1]:
        marks[-1] = "." if len(sentence) < _LONGEST_WORDS else ","
    if not words:
        return _Spoken(np.zeros(0, np.float32), ((0.0, 0.0),) * len(sentence))
    uttered = (
        formant.utter(words, marks, pace=pace)
        if voice == ROBOTIC
        else utter(words, marks, voice=voice, stretch=1 / (pace * _TEMPO.get(voice, 1.0)))
    )
    return _cut(uttered, sentence)


def _cut(uttered: Utterance, sentence: tuple[Said, ...]) -> _Spoken:
    """Without the silence around it; times of spoken words become those of written ones."""
    first = max(uttered.times[0][0] - 0.02, 0.0)
    last = uttered.times[-1][1] + 0.05
    cut = faded(uttered.samples[round(first * RATE) : round(last * RATE)], 0.008, 0.03)
    spans: list[tuple[float, float]] = []
    taken, end = 0, 0.0
    for word in sentence:
        mine = uttered.times[taken : taken + len(word.words)]
        taken += len(word.words)
        start, end = (mine[0][0] - first, mine[-1][1] - first) if mine else (end, end)
        spans.append((start, end))
    return _Spoken(cut, tuple(spans))


def _joined(sentences: list[_Spoken], text: tuple[Said, ...], pace: float) -> _Spoken:
    """One after the other, with a breath between, and short pads around."""
    pieces = [np.zeros(round(_PAD_S[0] * RATE), np.float32)]
    spans: list[tuple[float, float]] = []
    for number, sentence in enumerate(sentences):
        begin = sum(map(len, pieces)) / RATE
        spans += [(begin + start, begin + end) for start, end in sentence.times]
        pieces.append(sentence.samples)
        if number < len(sentences) - 1:
            rest = _REST_S[text[len(spans) - 1].pause]
            pieces.append(np.zeros(round(rest / pace * RATE), np.float32))
    pieces.append(np.zeros(round(_PAD_S[1] * RATE), np.float32))
    return _Spoken(np.concatenate(pieces), tuple(spans))


def _mastered(samples: Samples, *, narrow: bool) -> Samples:
    """Rumble out, presence in, level evened; and air above the 8 kHz that the program ends at."""
    clear = high_pass(samples, 75, order=4)
    if narrow:
        clear = clear + _air(clear)
    clear = tilted(clear, _SPEECH, most_db=6, share=0.55)
    clear = shelf(peak(clear, 3200, 1.5), 6500, 2.0, high=True)
    loudest = 20 * np.log10(float(envelope(clear, window_s=0.2).max(initial=1e-6)))
    even = compressed(clear, threshold_db=loudest - 9, ratio=2.2)
    return faded(mastered(even, _LEVEL_LUFS), 0.01, 0.03)


def _air(samples: Samples) -> Samples:
    """Noise above 7.5 kHz that follows the hiss just below: consonants do not end at 8 kHz."""
    hiss = high_pass(samples, 5200, order=4)
    level = smoothed(envelope(hiss, window_s=0.006, step_s=0.002), 4)
    noise = np.random.default_rng(8).standard_normal(len(samples)).astype(np.float32)
    return high_pass(noise, 7800, order=4) * stretched(level, len(samples)) * np.float32(db(-7))
