"""Sound: speech, music, effects, word times, and the mix. Audio assets are WAV, 48 kHz, 16 bit."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from brandmodel.tasks._base import Request, Result, Stage, Usage, Value, token_bound
from brandmodel.tasks.values import Asset, sketched

LONGEST_S = 600.0
_FEWEST_BYTES_A_S = 250
"""2 kbit/s: no codec of speech that vendors take says a second in less."""
WORDS_PER_S = 2.45
"""How fast a calm voice speaks; measured with the local voices."""


def sketched_sound(duration_s: float) -> Asset:
    """A WAV of that length, without samples."""
    return sketched("audio/wav").model_copy(update={"duration_s": duration_s})


def heard_s(audio: Asset) -> float:
    """How long a recording is; where its header does not tell, the longest that it can be."""
    return audio.duration_s or audio.size / _FEWEST_BYTES_A_S


def speaking_s(text: str, *, pace: float = 1.0) -> float:
    """About how long a text takes to say, in seconds."""
    return max(len(text.split()), len(text) / 7) / (WORDS_PER_S * pace)


class WordTime(Value):
    """A word and when it is heard, in seconds from the beginning."""

    text: str
    start_s: float
    end_s: float


def spread_words(text: str, duration_s: float) -> tuple[WordTime, ...]:
    """The words of a text, each for as long as the others."""
    words = text.split()
    each = duration_s / max(len(words), 1)
    return tuple(
        WordTime(text=word, start_s=number * each, end_s=(number + 1) * each)
        for number, word in enumerate(words)
    )


class Speech(Result):
    """Spoken words.

    Attributes:
        audio: mono.
        words: in order; empty when the maker cannot tell.
        voice: who spoke; ``robotic`` is the formant voice of last resort.
    """

    audio: Asset
    words: tuple[WordTime, ...] = ()
    voice: str = ""


class Voice(Value):
    """A voice that a target has.

    Attributes:
        id: what ``Speak.voice`` asks for it by.
        name: what the vendor calls it.
        language: such as ``en``; '' where nobody tells.
        labels: what it sounds like and is good for, such as ``british`` or ``narration``.
    """

    id: str
    name: str
    language: str = ""
    labels: tuple[str, ...] = ()


class Speak(Request[Speech]):
    """Say a text.

    Attributes:
        voice: a voice by name; empty takes the maker's best.
        pace: 1 is calm; 1.2 is brisk.
    """

    stage: ClassVar[Stage] = "generate"

    text: str = Field(min_length=1, max_length=5000)
    voice: str = ""
    pace: float = Field(default=1.0, ge=0.5, le=2.0)

    def sketch(self, *, dear: bool) -> Speech:
        """Quick and with the times of its words, or slow and without."""
        seconds = speaking_s(self.text, pace=self.pace) * (2.5 if dear else 0.4)
        words = () if dear else spread_words(self.text, seconds)
        return Speech(audio=sketched_sound(seconds), words=words)

    def usage(self, result: Speech) -> Usage:
        """Letters, seconds, and the tokens of the text."""
        return Usage(
            characters=len(self.text),
            seconds=result.audio.duration_s or 0.0,
            tokens_in=token_bound(self.text),
        )


class Music(Result):
    """A piece of music.

    Attributes:
        audio: stereo.
        beats_s: times of the beats, from the first one on.
    """

    audio: Asset
    bpm: float = 0.0
    beats_s: tuple[float, ...] = ()


class ComposeMusic(Request[Music]):
    """Compose music of a length, with form: a beginning, a rise and an end.

    Attributes:
        mood: words such as ``calm, warm`` or ``bold, fast``.
        energy: 0 sparse and slow to 1 dense and driving.
    """

    stage: ClassVar[Stage] = "generate"

    mood: str = ""
    duration_s: float = Field(gt=0, le=LONGEST_S)
    energy: float = Field(default=0.5, ge=0, le=1)
    seed: int = 0

    def sketch(self, *, dear: bool) -> Music:
        """Of the right length, at 120 beats a minute."""
        beats = tuple(i / 2 for i in range(int(self.duration_s * 2)))
        return Music(audio=sketched_sound(self.duration_s), bpm=120.0, beats_s=beats)

    def sketch_of_model(self, *, dear: bool) -> Music:
        """At the dearest without beats, so that they have to be found."""
        return Music(audio=sketched_sound(self.duration_s)) if dear else self.sketch(dear=False)

    def usage(self, result: Music) -> Usage:
        """Seconds; a second of sound counts as ten tokens."""
        seconds = result.audio.duration_s or 0.0
        return Usage(seconds=seconds, tokens_out=round(10 * seconds))


class FitMusic(Request[Music]):
    """Fit music to a length: cut or repeat it on its bars, end it well, find its beats."""

    stage: ClassVar[Stage] = "refine"

    audio: Asset
    duration_s: float = Field(gt=0, le=LONGEST_S)

    def sketch(self, *, dear: bool) -> Music:
        """Of the right length, at 120 beats a minute."""
        beats = tuple(i / 2 for i in range(int(self.duration_s * 2)))
        return Music(audio=sketched_sound(self.duration_s), bpm=120.0, beats_s=beats)

    def usage(self, result: Music) -> Usage:
        """Seconds listened to."""
        return Usage(seconds=self.audio.duration_s or 0.0)


class Sound(Result):
    """A sound effect; stereo."""

    audio: Asset


class MakeSound(Request[Sound]):
    """Make a sound effect from words: a whoosh, waves, rain, a chime, ..."""

    stage: ClassVar[Stage] = "generate"

    description: str
    duration_s: float = Field(gt=0, le=60)
    seed: int = 0

    def sketch(self, *, dear: bool) -> Sound:
        """Of the right length."""
        return Sound(audio=sketched_sound(self.duration_s))

    def usage(self, result: Sound) -> Usage:
        """Seconds; a second of sound counts as ten tokens."""
        seconds = result.audio.duration_s or 0.0
        return Usage(seconds=seconds, tokens_out=round(10 * seconds))


class Transcript(Result):
    """What was said.

    Attributes:
        language: ISO 639-1, or an empty string.
        words: with their times; empty when the maker cannot tell.
    """

    text: str = ""
    language: str = ""
    words: tuple[WordTime, ...] = ()


class Transcribe(Request[Transcript]):
    """Write down what is said in a recording.

    Attributes:
        language: ISO 639-1; empty leaves it to the maker.
        prompt: names and spellings to expect.
    """

    stage: ClassVar[Stage] = "refine"

    audio: Asset
    language: str = ""
    prompt: str = ""

    def sketch(self, *, dear: bool) -> Transcript:
        """Nothing, or as many words as can be said in that time."""
        seconds = min(heard_s(self.audio), LONGEST_S)
        return Transcript(text="word " * int(seconds * 4) if dear else "")

    def usage(self, result: Transcript) -> Usage:
        """Seconds listened to, and tokens; of an unknown length, until the last word that was heard."""
        last = max((word.end_s for word in result.words), default=0.0)
        seconds = self.audio.duration_s or last or heard_s(self.audio)
        return Usage(
            seconds=seconds,
            tokens_in=round(25 * seconds) + token_bound(self.prompt),
            tokens_out=token_bound(result.text),
        )

    def bounds(self) -> tuple[Usage, Usage]:
        """From silence to somebody who talks fast all the time."""
        seconds = heard_s(self.audio)
        tokens_in = round(25 * seconds) + token_bound(self.prompt)
        least = Usage(seconds=self.audio.duration_s or 0.0, tokens_in=token_bound(self.prompt))
        return least, Usage(seconds=seconds, tokens_in=tokens_in, tokens_out=round(20 * seconds))


class Alignment(Result):
    """When each word of a known text is heard."""

    words: tuple[WordTime, ...] = ()


class AlignWords(Request[Alignment]):
    """Find the times of a known text's words in its recording."""

    stage: ClassVar[Stage] = "refine"

    audio: Asset
    text: str

    def sketch(self, *, dear: bool) -> Alignment:
        """Evenly spread."""
        seconds = self.audio.duration_s or speaking_s(self.text)
        return Alignment(words=spread_words(self.text, seconds))

    def usage(self, result: Alignment) -> Usage:
        """Seconds listened to."""
        return Usage(seconds=heard_s(self.audio), tokens_in=token_bound(self.text))


class Track(Value):
    """A sound in a mix.

    Attributes:
        at_s: when it begins.
        gain_db: before ducking and mastering.
    """

    audio: Asset
    kind: Literal["voice", "music", "effect"]
    at_s: float = Field(default=0.0, ge=0)
    gain_db: float = 0.0


class Mix(Result):
    """A mastered mix.

    Attributes:
        audio: stereo.
        loudness_lufs: integrated loudness, ITU-R BS.1770.
        true_peak_db: over-sampled peak, dBTP.
    """

    audio: Asset
    loudness_lufs: float = 0.0
    true_peak_db: float = 0.0


class MixSound(Request[Mix]):
    """Mix and master: music ducks under the voice, loudness is met, true peak stays under -1 dB."""

    stage: ClassVar[Stage] = "refine"

    tracks: tuple[Track, ...] = Field(min_length=1)
    duration_s: float = Field(gt=0, le=LONGEST_S)
    loudness_lufs: float = Field(default=-14.0, ge=-40, le=-6)

    def sketch(self, *, dear: bool) -> Mix:
        """Of the right length and loudness."""
        return Mix(audio=sketched_sound(self.duration_s), loudness_lufs=self.loudness_lufs)

    def usage(self, result: Mix) -> Usage:
        """Seconds of all tracks."""
        return Usage(seconds=self.duration_s * len(self.tracks))
