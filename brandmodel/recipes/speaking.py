"""What recipes with a voice share: lines are spoken, get the times of their words, and captions."""

from __future__ import annotations

from collections.abc import Sequence

from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import AlignWords, Caption, Context, Line, Speak, Speech, Track, WordTime
from brandmodel.tasks.script import own_lines

ROBOTIC = "robotic"
"""The formant voice of last resort: a voice-over says so, a film does without."""


async def spoken(unit: Context, line: Line, *, voice: str = "", pace: float = 1.0) -> Speech:
    """A line, spoken, with the times of its words."""
    speech = await unit.call(Speak(text=line.text, voice=voice, pace=pace), name="speak")
    if speech.words:
        return speech
    aligned = await unit.call(AlignWords(audio=speech.audio, text=line.text), name="align")
    return speech.model_copy(update={"words": aligned.words})


def captions_of(
    lines: Sequence[Line], voices: Sequence[Speech], starts: Sequence[float]
) -> tuple[Caption, ...]:
    """Each line as it is heard, word by word."""
    return tuple(
        Caption(
            # What is heard: a person may have changed the words of this line's speech alone.
            text=" ".join(word.text for word in voice.words) or line.text,
            start_s=start,
            end_s=start + length_of(voice),
            words=tuple(
                WordTime(text=w.text, start_s=start + w.start_s, end_s=start + w.end_s)
                for w in voice.words
            ),
        )
        for line, voice, start in zip(lines, voices, starts, strict=True)
    )


def voice_tracks(voices: Sequence[Speech], starts: Sequence[float]) -> tuple[Track, ...]:
    """The voices on their times."""
    return tuple(
        Track(audio=voice.audio, kind="voice", at_s=start)
        for voice, start in zip(voices, starts, strict=True)
    )


def length_of(voice: Speech) -> float:
    """Seconds of a speech."""
    return voice.audio.duration_s or 0.0


def lines_of(script: str) -> tuple[str, ...]:
    """The lines of a person's own script, if there is one.

    Raises:
        InvalidRequestError: it holds nothing to be said.
    """
    if not script:
        return ()
    lines = own_lines(script)
    if not any(character.isalnum() for line in lines for character in line):
        raise InvalidRequestError(
            "the script has nothing to be said", hint="give a line of words at least"
        )
    return lines
