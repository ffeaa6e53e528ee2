"""Listening to takes of the same words: which one would a listener take?"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import wav
from brandmodel.local.sound.filters import band_pass, envelope
from brandmodel.local.sound.loudness import integrated
from brandmodel.local.sound.voice import ROBOTIC
from brandmodel.local.sound.wav import Samples, mono
from brandmodel.tasks import Judgement, JudgeSpeech, Score, Speech
from brandmodel.tasks.audio import WORDS_PER_S, speaking_s

_STEP_S = 0.01
_GOOD = 0.42
_ROBOTIC = 0.5
_FINE = 0.8
"""From here on a figure is praised; below it, it is named as what is wrong."""
_WORDS_S = (0.7, 1.8)
"""Seconds spoken over seconds expected, in which a text without word times counts as complete."""
_PACE = (0.75, 1.35)
_CALM_PAUSE_S, _LOST_PAUSE_S = 0.9, 2.5
_EVEN, _UNEVEN = 0.55, 1.2
_NOISY_DB, _CLEAR_DB = 8.0, 28.0
_FAINT_LUFS, _AUDIBLE_LUFS = -44.0, -30.0
_CLIPPED, _HARSH = 0.0005, 0.02
_FULL = 0.985
_EDGE_S = 0.12


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a listener notices of one take, each from 0 (bad) to 1 (good).

    Attributes:
        words: all of them there, when they are said to be.
        pace: near that of a calm voice.
        even: no long hole, no word drawn out or swallowed.
        clear: above the noise of its own pauses, and loud enough.
        clean: not clipped.
        human: less for the voice of last resort.
        rate: words a second.
        timed: whether the times of its words are known; else only its length speaks for them.
    """

    words: float
    pace: float
    even: float
    clear: float
    clean: float
    human: float
    rate: float
    timed: bool = True

    @property
    def total(self) -> float:
        """The product: one bad thing spoils a take; missing words spoil it most."""
        return self.words**2 * self.pace * self.even * self.clear * self.clean * self.human


_NOTHING = _Heard(0, 0, 0, 0, 0, 0, 0)
_SAID = {
    "words": ("the words are all there, in time", "words are missing or out of time"),
    "pace": ("a calm pace", "the pace is not calm"),
    "even": ("evenly spoken", "it stops or drags"),
    "clear": ("clear", "it is faint or noisy"),
    "clean": ("not clipped", "it is clipped"),
    "human": ("a natural voice", "a robotic voice"),
}
_UNTIMED = "about as long as its words take"


def judge_speech(request: JudgeSpeech, desk: Desk) -> Judgement:
    """Score every take and name the best; the first of equals.

    A take that cannot be read or is silent scores 0; it does not stop the others from being heard.

    Raises:
        InvalidRequestError: the text has no words.
    """
    if not _spelled(request.text):
        raise InvalidRequestError(
            "the text has no words to listen for", hint="Give the text of the takes."
        )
    heard = [_listened(take, request.text, desk) for take in request.takes]
    totals = [round(one.total, 4) for one in heard]
    best = int(np.argmax(totals))
    return Judgement(
        scores=tuple(Score(total=total) for total in totals),
        best=best,
        good=totals[best] >= _GOOD,
        why=_why(heard[best], best, len(heard)),
    )


def _listened(take: Speech, text: str, desk: Desk) -> _Heard:
    try:
        samples = mono(wav.load(desk.read(take.audio), name="the take"))
    except InvalidRequestError:
        return _NOTHING
    level = 20 * np.log10(np.maximum(envelope(samples, step_s=_STEP_S), 1e-5))
    active = _active(level)
    if not active.any():
        return _NOTHING
    first, last = np.flatnonzero(active)[[0, -1]] * _STEP_S
    rate = len(text.split()) / max(last - first, 0.1)
    usual = speaking_s(text) * WORDS_PER_S / len(text.split())
    return _Heard(
        words=_words(take, text, active) if take.words else _span(last - first, text),
        pace=_around(rate * usual / WORDS_PER_S, *_PACE),
        even=_even(take, active),
        clear=_clear(samples, active),
        clean=_falling(float(np.mean(np.abs(samples) > _FULL)), _CLIPPED, _HARSH),
        human=_ROBOTIC if take.voice == ROBOTIC else 1.0,
        rate=rate,
        timed=bool(take.words),
    )


def _active(level: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which hundredths of a second hold speech: the upper part of the span from pauses to vowels."""
    loud = float(np.quantile(level, 0.95))
    quiet = max(float(np.quantile(level, 0.03)), loud - 60)
    return level > quiet + 0.4 * (loud - quiet) if loud - quiet > 3 else level > loud - 3


def _words(take: Speech, text: str, active: NDArray[np.bool_]) -> float:
    """Share of the words that are there, times share that sounds when it is said to."""
    wanted, said = Counter(_spelled(text)), Counter(_spelled(" ".join(w.text for w in take.words)))
    present = sum((wanted & said).values()) / sum(wanted.values())
    covered = np.zeros(len(active), bool)
    sounding: list[bool] = []
    for word in take.words:
        span = slice(round(max(word.start_s, 0) / _STEP_S), round(max(word.end_s, 0) / _STEP_S) + 1)
        edge = round(_EDGE_S / _STEP_S)
        covered[max(span.start - edge, 0) : span.stop + edge] = True
        if word.end_s > word.start_s:
            sounding.append(bool(active[span].mean() > 0.25) if active[span].size else False)
    in_time = float(np.mean(sounding)) if sounding else 0.0
    return present * in_time * float(covered[active].mean())


def _span(seconds: float, text: str) -> float:
    """Whether a text without word times can have been said whole."""
    return _around(seconds / speaking_s(text), *_WORDS_S)


def _even(take: Speech, active: NDArray[np.bool_]) -> float:
    """No hole inside, and words about as long as their spelling suggests."""
    edges = np.flatnonzero(active)
    pause = float(np.diff(edges).max(initial=1)) * _STEP_S
    timed = [(w.end_s - w.start_s, len(w.text) + 2) for w in take.words if w.end_s > w.start_s]
    ratios = np.log2([seconds / letters for seconds, letters in timed] or [1.0])
    spread = _falling(float(ratios.std()), _EVEN, _UNEVEN)
    return _falling(pause, _CALM_PAUSE_S, _LOST_PAUSE_S) * (0.4 + 0.6 * spread)


def _clear(samples: Samples, active: NDArray[np.bool_]) -> float:
    """The band in which speech is understood, over the noise of the pauses; and loud at all."""
    band = 20 * np.log10(np.maximum(envelope(band_pass(samples, 300, 4000), step_s=_STEP_S), 1e-5))
    noise = float(np.quantile(band, 0.05))
    over = float(np.median(band[active[: len(band)]])) - noise
    loud = 1 - _falling(integrated(samples), _FAINT_LUFS, _AUDIBLE_LUFS)
    return (1 - _falling(over, _NOISY_DB, _CLEAR_DB)) * (0.1 + 0.9 * loud)


def _around(ratio: float, low: float, high: float) -> float:
    """1 within a range, then falling by octaves."""
    off = max(low / max(ratio, 1e-6), ratio / high, 1.0)
    return float(np.exp(-((np.log2(off) / 0.6) ** 2)))


def _falling(value: float, fine: float, bad: float) -> float:
    """1 up to a value that is fine, 0 from one that is bad."""
    return float(np.clip((bad - value) / (bad - fine), 0, 1))


def _spelled(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)*", text.casefold())


def _why(heard: _Heard, best: int, count: int) -> str:
    """One sentence: what speaks for the best take, or against even that one."""
    which = f"Take {best + 1} of {count} is the best" if count > 1 else "The only take"
    if heard is _NOTHING:
        return "No take can be heard." if count > 1 else "The only take cannot be heard."
    wrong = [said[1] for name, said in _SAID.items() if getattr(heard, name) < _FINE]
    right = [said[0] for name, said in _SAID.items() if getattr(heard, name) >= _FINE]
    if not heard.timed:
        right = [_UNTIMED if said == _SAID["words"][0] else said for said in right]
    praise = ", ".join(right[:4]) or "nothing speaks for it"
    blame = f", but {', '.join(wrong)}" if wrong else ""
    return f"{which}: {praise}{blame}; {heard.rate:.1f} words a second."
