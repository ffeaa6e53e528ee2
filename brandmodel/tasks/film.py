"""Writing a film: brief, outline, script, critique, storyboard; and the words of a voice-over.

Script, critique and storyboard are planned as a whole, since a film is one piece. Everything after
them takes one line or one shot, so that an edit of a line stays as small as the line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Generic, Literal

from pydantic import Field

from brandmodel.brand import Palette, Voice
from brandmodel.tasks._base import R, Result, Stage, Value
from brandmodel.tasks.audio import LONGEST_S, WORDS_PER_S
from brandmodel.tasks.lengths import length_of
from brandmodel.tasks.search import Passage, Passages
from brandmodel.tasks.values import Space
from brandmodel.tasks.video import Move
from brandmodel.tasks.writing import Reading, TypeLine, WritingRequest

USUAL_S = 15.0
SHORTEST_SHOT_S = 1.5
SHORTEST_SNAPPED_S = 1.2
MOST_SHOTS = 40
FURTHEST_BEAT_S = 1.0
"""A cut moves no further than this to meet a beat."""

Aspect = Literal["16:9", "9:16", "1:1", "4:5"]
BeatRole = Literal["hook", "promise", "proof", "news", "invite", "end"]
ShotRole = Literal["wide", "close", "detail", "product", "interlude"]

_LONG = 240


class FilmReading(Result):
    """What a film's brief says, taken apart.

    Attributes:
        length_s: as said, however long; 15 where nothing is said.
        aspect: the shape of the frame; 16:9 where nothing is said.
        voice: False when the brief wants no voice.
        audience: whom the film is for, in the caller's words.
        reading: subject, name, occasion, when, where and what steers the look.
    """

    length_s: float = USUAL_S
    aspect: Aspect = "16:9"
    voice: bool = True
    audience: str = ""
    reading: Reading = Reading()


class ReadFilmBrief(WritingRequest[FilmReading]):
    """Take a film's brief apart without adding to it."""

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "Take the film's brief apart into the fields of the schema. Use the caller's own words. Give "
        "the length in seconds as said, 15 when nothing is said. `voice` is false only when the brief "
        "wants no voice. Leave a field empty when the brief does not say it. Add nothing."
    )

    prompt: str

    def sketch(self, *, dear: bool) -> FilmReading:
        """Of the length that the brief asks for; silent, or with every field filled."""
        length_s = length_of(self.prompt) or USUAL_S
        if not dear:
            return FilmReading(length_s=length_s, voice=False, reading=Reading(subject="?"))
        long = "?" * _LONG
        reading = Reading(
            purpose="poster",
            subject=long,
            name=long,
            occasion=long,
            when=long,
            where=long,
            title=long,
            mood=("?" * 20,) * 6,
        )
        return FilmReading(length_s=length_s, audience=long, reading=reading)


class Rerank(WritingRequest[Passages]):
    """Order passages by how much they bear on a brief: facts first, then art direction."""

    stage: ClassVar[Stage] = "search"
    most_tokens: ClassVar[int] = 8192
    instructions: ClassVar[str] = (
        "Order the passages by how much they bear on the query, the best first; passages of fact "
        "before passages of art direction. Give at most `top`, each word for word. Leave out "
        "passages that have no bearing."
    )

    query: str
    passages: tuple[Passage, ...] = ()
    top: int = Field(default=8, ge=1, le=50)

    def sketch(self, *, dear: bool) -> Passages:
        """Nothing, or as many as asked for."""
        return Passages(passages=self.passages[: self.top] if dear else ())


class Beat(Value):
    """A stretch of the film that says one thing.

    Attributes:
        id: carries a letter, stands for this beat and its line.
        says: the fact or the words of the brief that it is about; nothing else is claimed in it.
    """

    id: str
    role: BeatRole
    says: str = ""
    duration_s: float = Field(gt=0)


class FilmOutline(Result):
    """The plan of a film: its beats, and the look and sound that hold it together.

    Attributes:
        beats: in order; their durations add up to the length. A beat of role ``end`` is the end card.
        subject: what is to be seen.
        setting: place, season, light and props that all shots share.
        mood: a few words on light and feeling.
        palette: colours that fit, when the brand prescribes none.
        label: the words on the product's label.
        music: words for the composer, such as ``calm, warm``.
        energy: of the music, 0 sparse and slow to 1 dense and driving.
    """

    beats: tuple[Beat, ...] = ()
    subject: str = ""
    setting: str = ""
    mood: str = ""
    palette: Palette | None = None
    label: str = ""
    music: str = ""
    energy: float = Field(default=0.5, ge=0, le=1)

    @property
    def end_s(self) -> float:
        """How long the end card stands."""
        return sum(beat.duration_s for beat in self.beats if beat.role == "end")

    @property
    def length_s(self) -> float:
        """How long the film is."""
        return math.fsum(beat.duration_s for beat in self.beats)


class _OfFilm(WritingRequest[R], Generic[R]):
    """What all planning of a film is given.

    Attributes:
        film: the brief, taken apart.
        passages: what was found, best first.
    """

    most_tokens: ClassVar[int] = 4096

    film: FilmReading
    passages: tuple[Passage, ...] = ()
    brand: str = ""
    tagline: str = ""
    voice: Voice = Voice()


class OutlineFilm(_OfFilm[FilmOutline]):
    """Plan a film: what it says in which order, and how it looks and sounds."""

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "Plan the film as beats: hook, promise, proof, news, invite, end. A beat says one thing from "
        "the brief or the passages; use few beats when there is little to say and invent nothing. "
        "Durations in seconds add up to the length; a spoken beat is long enough for its words at "
        "2.45 words a second. The end beat is the end card. Beat ids are short, with letters. Choose "
        "setting, mood and, when palette is null, colours, so that all shots look like one film. "
        "Describe the music in a few words and give its energy from 0 to 1. When `lines` holds a "
        "person's own script, make one beat of each line, in order, long enough for its words, and "
        "after them at most an end beat."
    )

    palette: Palette | None = None
    lines: tuple[str, ...] = ()
    seed: int = 0

    def sketch(self, *, dear: bool) -> FilmOutline:
        """One beat, or as many as the length holds."""
        length_s = min(max(self.film.length_s, 0.1), LONGEST_S)
        count = max(1, min(MOST_SHOTS, round(length_s / 3))) if dear else 1
        beat = Beat(id="beat-x", role="proof", duration_s=length_s / count)
        if not dear:
            # Nothing is cheaper than an end card: one short shot, and the card for the rest.
            shown = min(SHORTEST_SHOT_S, length_s / 2)
            return FilmOutline(
                beats=(
                    Beat(id="beat-x", role="hook", duration_s=shown),
                    Beat(id="beat-z", role="end", duration_s=length_s - shown),
                ),
                subject="?",
            )
        long = "?" * _LONG
        return FilmOutline(
            beats=tuple(
                beat.model_copy(update={"id": f"beat-{_letters(n)}", "says": long})
                for n in range(count)
            ),
            subject=long,
            setting=long,
            mood=long,
            palette=self.palette or Palette(),
            label=long,
            music=long,
        )


class Line(Value):
    """A line of the script.

    Attributes:
        id: of the beat that it fills.
        text: what the voice says; empty in a film without voice.
        on_screen: short words that are set over the picture, or an empty string.
    """

    id: str
    role: BeatRole
    text: str = ""
    on_screen: str = ""


class Script(Result):
    """The words of a film or voice-over.

    Attributes:
        lines: in the order in which they are said; one of role ``end`` is said over the end card.
        end_lines: the words of the end card.
    """

    lines: tuple[Line, ...] = ()
    end_lines: tuple[TypeLine, ...] = ()

    def line(self, line_id: str) -> Line | None:
        """The line of a beat, if it has one."""
        return next((line for line in self.lines if line.id == line_id), None)


class WriteScript(_OfFilm[Script]):
    """Write what is said and what is set on screen, beat by beat."""

    stage: ClassVar[Stage] = "generate"
    instructions: ClassVar[str] = (
        "Write the script: at most one line for each beat, with the beat's id and role. A line has at "
        "most 2.45 words for each second of its beat. Say only what brief and passages say; when they "
        "say little, write few words. Plain, well-formed sentences; no stock phrases, none of "
        "voice.avoid. `on_screen` is a few words or empty. When film.voice is false, `text` is empty "
        "and `on_screen` carries the words. `end_lines` are name, tagline, when, where and contact. "
        "When `lines` holds a person's own script, `text` is its lines, word for word."
    )

    outline: FilmOutline
    lines: tuple[str, ...] = ()

    def sketch(self, *, dear: bool) -> Script:
        """Every line empty, or as long as its beat allows."""
        return Script(
            lines=tuple(
                Line(
                    id=beat.id,
                    role=beat.role,
                    text=("word " * max(1, int(beat.duration_s * WORDS_PER_S))).strip()
                    if dear and self.film.voice
                    else "",
                    on_screen="?" * 40 if dear else "",
                )
                for beat in self.outline.beats
            ),
            end_lines=(TypeLine(role="title", text="?" * 40),) * 5 if dear else (),
        )


class Remark(Value):
    """What is wrong with a line; ``line_id`` is empty where it is said of the whole script."""

    line_id: str = ""
    text: str


class Critique(Result):
    """A script, read critically.

    Attributes:
        good: nothing needed mending.
        remarks: what was found.
        script: the script, mended.
    """

    good: bool = True
    remarks: tuple[Remark, ...] = ()
    script: Script = Script()


class CritiqueScript(_OfFilm[Critique]):
    """Read a script critically, and mend it."""

    stage: ClassVar[Stage] = "refine"
    instructions: ClassVar[str] = (
        "Read the script critically: lines longer than 2.45 words a second of their beat, repetition, "
        "words of voice.avoid, facts that neither brief nor passages contain, a missing name, date or "
        "place, no invitation. Give a remark for each, with the line's id, and the mended script with "
        "the same ids. Change nothing that is good."
    )

    script: Script
    outline: FilmOutline

    def sketch(self, *, dear: bool) -> Critique:
        """Nothing to mend, or a remark on every line."""
        remark = Remark(text="?" * 120)
        return Critique(
            good=not dear,
            remarks=(remark,) * len(self.script.lines) if dear else (),
            script=self.script,
        )


class Shot(Value):
    """A shot of the storyboard.

    Attributes:
        id: made from what it is, with letters, never from its position.
        line_id: the line it stands under, or an empty string.
        description: what is to be seen, ready for an image model.
        space: the side that is kept calm for words.
        role: a ``product`` shot shows the product with its label.
        sound: what is heard in it, such as ``waves`` or ``ice in a glass``; empty for music alone.
    """

    id: str
    line_id: str = ""
    description: str
    move: Move = "push-in"
    duration_s: float = Field(gt=0)
    space: Space = "none"
    role: ShotRole = "wide"
    sound: str = ""


class Shots(Result):
    """A storyboard; durations add up to the film's length without its end card."""

    shots: tuple[Shot, ...] = ()


class Storyboard(_OfFilm[Shots]):
    """Decide what is seen while each line is said."""

    stage: ClassVar[Stage] = "plan"
    most_tokens: ClassVar[int] = 8192
    instructions: ClassVar[str] = (
        "Write the storyboard: one to three shots for each beat but the end beat, none under 1.5 "
        "seconds; the shots of a beat last as long as the beat. Vary wide, close, detail, product and "
        "interlude; no two shots alike; all in the outline's setting, mood and palette. A description "
        "is two or three sentences for an image model, without words in the picture and without "
        "dates or places to be set in type. `sound` names in a few words what is heard in the shot, "
        "or is empty. Ids are short, with letters, never numbers in order."
    )

    script: Script
    outline: FilmOutline
    seed: int = 0

    def sketch(self, *, dear: bool) -> Shots:
        """One shot, or as many as may be."""
        body_s = max(self.outline.length_s - self.outline.end_s, 0.1)
        # A beat that is shorter than a shot should be still has one.
        beats = sum(beat.role != "end" for beat in self.outline.beats)
        most = max(1, min(MOST_SHOTS, max(beats, int(body_s / SHORTEST_SHOT_S))))
        count = most if dear else 1
        what = "?" * (400 if dear else 20)
        return Shots(
            shots=tuple(
                Shot(
                    id=f"shot-{_letters(n)}",
                    description=what,
                    duration_s=body_s / count,
                    sound="?" * 40 if dear else "",
                )
                for n in range(count)
            )
        )


class WriteVoiceover(WritingRequest[Script]):
    """The lines of a voice-over: a person's own text as it is, or lines written for a brief."""

    stage: ClassVar[Stage] = "generate"
    most_tokens: ClassVar[int] = 4096
    instructions: ClassVar[str] = (
        "Give the lines of the voice-over. Text that the prompt brings for reading is taken word for "
        "word, one sentence or two a line; otherwise write the lines that the brief asks for, from "
        "brief and passages alone, at 2.45 words a second. Line ids are short, with letters."
    )

    prompt: str
    passages: tuple[Passage, ...] = ()
    brand: str = ""
    tagline: str = ""
    voice: Voice = Voice()

    def sketch(self, *, dear: bool) -> Script:
        """One word, or as many lines as text and length allow."""
        if not dear:
            return Script(lines=(Line(id="line-x", role="promise", text="?"),))
        seconds = min(length_of(self.prompt) or USUAL_S, LONGEST_S)
        words = max(int(seconds * WORDS_PER_S), len(self.prompt.split()))
        count = max(1, math.ceil(words / 10))
        return Script(
            lines=tuple(
                Line(id=f"line-{_letters(n)}", role="proof", text=("word " * 10).strip())
                for n in range(count)
            )
        )


def _letters(number: int) -> str:
    """A number in letters: names of sketched units are none that end in a position."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def snapped(durations: Sequence[float], beats_s: Sequence[float]) -> tuple[float, ...]:
    """Durations whose cuts stand on beats of the music.

    Every cut moves to the nearest beat that leaves its neighbours at least 1.2 s; a cut without such a
    beat within a second stays where it is. The total is kept exactly.

    Args:
        durations: of the shots, in seconds.
        beats_s: times of the beats, in seconds from the film's beginning.
    """
    count = len(durations)
    total = math.fsum(durations)
    if count < 2 or total < count * SHORTEST_SNAPPED_S:
        return tuple(durations)
    cuts: list[float] = []
    wanted = 0.0
    for number, duration in enumerate(durations[:-1], 1):
        wanted += duration
        low = (cuts[-1] if cuts else 0.0) + SHORTEST_SNAPPED_S
        high = total - (count - number) * SHORTEST_SNAPPED_S
        near = [b for b in beats_s if low <= b <= high and abs(b - wanted) <= FURTHEST_BEAT_S]
        # The earlier of two beats that are equally near, so that a cut never comes late.
        nearest = min(near, key=lambda b: (abs(b - wanted), b), default=wanted)
        cuts.append(min(max(nearest, low), high))
    edges = (0.0, *cuts, total)
    return tuple(end - start for start, end in zip(edges, edges[1:], strict=False))
