"""A person's music, cut or repeated to a length on its bars, with an end that sounds meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.sound import wav
from brandmodel.local.sound.bars import bar_of, likeness, sounding
from brandmodel.local.sound.beats import Beats, beats_of, onsets
from brandmodel.local.sound.extent import said_length
from brandmodel.local.sound.filters import db, envelope, faded, fitted
from brandmodel.local.sound.intake import SHORTEST_S, check_heard, within
from brandmodel.local.sound.joins import Piece, Plan, plans
from brandmodel.local.sound.wav import RATE, Samples, mono
from brandmodel.tasks import FitMusic, Music

_QUIET_DB, _ENDED_DB = -54.0, -14.0
_JOIN_S, _BEFORE_S = 0.034, 0.012
"""A cross-fade is over just before its bar line, so that the first note of the bar is whole."""
_SHIFT_S, _EDGE_S = 0.012, 0.0015
_FADE_S, _FADE_SHARE = 3.0, 0.35
_RINGING_S = 0.35
_STRONG = 0.3
_LAST_BEAT_S = 0.25


def fit(request: FitMusic, desk: Desk) -> Music:
    """Exactly as long as asked; ``beats_s`` are those that are heard in the fitted piece.

    Silence around the music is left out. Takes are other ways to cut the same piece, the best first.

    Raises:
        InvalidRequestError: not a sound, silent, or shorter than a second.
    """
    samples = wav.load(desk.read(request.audio), name="the music")
    check_heard(samples, "the music")
    samples = _trimmed(samples)
    if len(samples) < SHORTEST_S * RATE:
        raise InvalidRequestError(
            f"the music is {len(samples) / RATE:.2f} s long; {SHORTEST_S:g} s is the least",
            hint="Give a longer piece.",
        )
    beats = beats_of(samples)
    piece = _piece(samples, beats)
    ways = plans(piece, request.duration_s)
    plan = ways[desk.take % len(ways)]
    count = round(request.duration_s * RATE)
    joined = _joined(samples, plan)
    ring_s = piece.length_s - piece.last_s if piece.last_s is not None and plan.ends else 0.0
    done = within(_closed(joined, count, ring_s))
    return Music(
        audio=desk.keep(wav.encode(done), "audio/wav", duration_s=count / RATE),
        bpm=round(beats.bpm, 2) if beats else 0.0,
        beats_s=_beats(beats, plan, request.duration_s, piece.last_s) if beats else (),
        notes=_notes(piece, plan, beats),
    )


def _trimmed(samples: Samples) -> Samples:
    """Without the silence before and after."""
    level = envelope(samples, window_s=0.01, step_s=0.005)
    heard = np.flatnonzero(level > level.max() * db(_QUIET_DB))
    step = RATE // 200
    return samples[max(int(heard[0]) - 2, 0) * step : (int(heard[-1]) + 3) * step]


def _piece(samples: Samples, beats: Beats | None) -> Piece:
    length_s = len(samples) / RATE
    last_s = _last_note(samples)
    if beats is None:
        return Piece(length_s, np.zeros(0), np.zeros((0, 0)), last_s)
    table = sounding(samples, beats.times)
    length, first = bar_of(table)
    places = np.arange(first, len(beats.times), length)
    bars = beats.times[places]
    next_bar = bars[-1] + length * 60 / beats.bpm if len(bars) else np.inf
    if last_s is None and abs(next_bar - length_s) < 2 * _JOIN_S:
        # A loop: after its last bar it goes on with its first.
        table = np.vstack([table[: places[-1] + length], table[first : first + length]])
        places, bars = np.append(places, places[-1] + length), np.append(bars, length_s)
        bars[0] = 0.0 if bars[0] < _JOIN_S else bars[0]
    alike = likeness(table)[np.ix_(places, places)]
    return Piece(length_s, bars, alike, last_s)


def _last_note(samples: Samples) -> float | None:
    """When the note begins that rings out at the end; None where the piece is cut off."""
    level = envelope(samples, window_s=0.25, step_s=0.05)
    body = float(np.quantile(level, 0.8))
    if float(level[-4:].mean()) > body * db(_ENDED_DB):
        return None
    onset = onsets(mono(samples))
    strong = np.flatnonzero(onset > _STRONG * np.quantile(onset[onset > 0], 0.95))
    return float(strong[-1]) / 100 if len(strong) else None


def _joined(samples: Samples, plan: Plan) -> Samples:
    """The parts one after the other, joined by cross-fades of equal power."""
    width_s, before_s = (plan.soft_s, 0.0) if plan.soft_s else (_JOIN_S, _BEFORE_S)
    start, end = (round(edge * RATE) for edge in plan.parts[0])
    out = [samples[start:end]]
    for (_, left), (entered, until) in zip(plan.parts, plan.parts[1:], strict=False):
        begin = round(entered * RATE)
        if not plan.soft_s:
            begin += _shift(samples, round(left * RATE), begin)
        begin = max(begin, 0)
        out[-1] = _led(out[-1], samples[:begin], round(width_s * RATE), round(before_s * RATE))
        out.append(samples[begin : round(until * RATE)])
    return np.concatenate(out)


def _led(heard: Samples, before: Samples, width: int, gap: int) -> Samples:
    """What is heard, its end turned into what stands before the part that follows.

    The turn takes ``width`` samples and is over ``gap`` samples before the end. A loop that enters at
    its first sample has nothing before it: there the old end only loses its edge.
    """
    if len(before) < width + gap:
        return faded(heard, 0.0, _EDGE_S)
    width = min(width, len(heard) - gap)
    if width < 2:
        return heard
    lead = before[-(width + gap) :]
    turn = np.linspace(0, np.pi / 2, width, dtype=np.float32)[:, None]
    turn = np.pad(turn, ((0, gap), (0, 0)), mode="edge")
    out = heard.copy()
    out[-(width + gap) :] = out[-(width + gap) :] * np.cos(turn) + lead * np.sin(turn)
    return out


def _shift(samples: Samples, left: int, entered: int) -> int:
    """Samples by which two like places are apart, found by correlation; 0 where they are not alike."""
    half, reach = round(0.1 * RATE), round(_SHIFT_S * RATE)
    lowest = min(left, entered) - half - reach
    highest = max(left, entered) + half + reach
    if lowest < 0 or highest > len(samples):
        return 0
    one = mono(samples[left - half : left + half])
    other = mono(samples[entered - half - reach : entered + half + reach])
    found = np.correlate(other, one, "valid")
    best = int(found.argmax())
    matched = other[best : best + len(one)]
    power = float(np.sqrt(np.square(one).sum() * np.square(matched).sum()))
    return best - reach if power > 0 and found[best] / power > 0.5 else 0


def _closed(samples: Samples, count: int, ring_s: float) -> Samples:
    """Exactly as long as asked: an ending keeps its ring, anything else fades out."""
    over = len(samples) - count
    out = fitted(samples, count)
    if not ring_s:
        return faded(out, 0.004, min(_FADE_S, _FADE_SHARE * count / RATE))
    left_s = ring_s - over / RATE - _RINGING_S if over > 0 else 0.0
    return faded(out, 0.004, max(left_s, 0.02))


def _beats(beats: Beats, plan: Plan, duration_s: float, last_s: float | None) -> tuple[float, ...]:
    """The beats of each part, moved to where the part is played."""
    found: list[NDArray[np.float64]] = []
    at = 0.0
    for start, end in plan.parts:
        inside = (beats.times >= start - _JOIN_S) & (beats.times < end - _JOIN_S)
        found.append(np.maximum(beats.times[inside] - start + at, 0))
        at += end - start
    length_s = sum(end - start for start, end in plan.parts)
    final = length_s - (plan.parts[-1][1] - last_s) if plan.ends and last_s is not None else np.inf
    until = min(duration_s - _LAST_BEAT_S, final + _LAST_BEAT_S)
    times = np.concatenate(found)
    return tuple(round(float(time), 4) for time in times[times < until])


def _notes(piece: Piece, plan: Plan, beats: Beats | None) -> tuple[str, ...]:
    joins = len(plan.parts) - 1
    how = f"with {joins} join{'s' if joins > 1 else ''}" if joins else "without a join"
    end = "its own ending" if plan.ends else "a fade"
    where = " on bar lines" if joins and beats else ""
    said = f"{said_length(piece.length_s)} of music {how}{where}, closed by {end}"
    return (said,) if beats else (said, "no steady beat was found in it")
