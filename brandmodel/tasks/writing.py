"""Reading and writing tasks: instructions and a result schema, served by any language model.

Each is declared once. A language model serves it through structured output; the local studio serves
it natively. Instructions and schema are part of the task's meaning: a change of either is a new step.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, ClassVar, Generic, Literal

from pydantic import Field

from brandmodel.brand import Palette, Voice
from brandmodel.tasks._base import R, Request, Result, Stage, Usage, Value, token_bound
from brandmodel.tasks.search import Passage
from brandmodel.tasks.values import Space


class WritingRequest(Request[R], Generic[R]):
    """Base of tasks that a language model can do: instructions in, typed result out.

    Attributes:
        instructions: what the model is told; fields of the request follow as JSON.
        most_tokens: the output limit that is always set, so that a price has a true upper bound.
    """

    instructions: ClassVar[str]
    most_tokens: ClassVar[int] = 1024

    @classmethod
    def meaning(cls) -> str:
        """The version, and a digest of instructions and result schema."""
        return _meaning(cls)

    def usage(self, result: R) -> Usage:
        """Tokens by the usual four characters each."""
        asked = self.model_dump_json(exclude_defaults=True)
        return Usage(
            tokens_in=(len(self.instructions) + len(asked)) // 4,
            tokens_out=len(result.model_dump_json(exclude_defaults=True)) // 4,
        )

    def bounds(self) -> tuple[Usage, Usage]:
        """From an empty answer to the output limit."""
        asked = self.model_dump_json(exclude_defaults=True)
        least = Usage(tokens_in=(len(self.instructions) + len(asked)) // 4)
        most = token_bound(self.instructions) + token_bound(asked)
        return least, Usage(tokens_in=most, tokens_out=self.most_tokens)


@cache
def _meaning(cls: type[WritingRequest[Any]]) -> str:
    schema = json.dumps(_bare(cls.result_type().model_json_schema()), sort_keys=True)
    digest = hashlib.sha256(f"{cls.instructions}\n{schema}".encode()).hexdigest()
    return f"{cls.version}.{digest[:12]}"


def _bare(schema: Any) -> Any:
    """The schema without the titles and descriptions that do not change what is accepted."""
    if isinstance(schema, dict):
        return {
            k: _bare(v)
            for k, v in schema.items()  # pyright: ignore[reportUnknownVariableType]
            if not (k in ("title", "description") and isinstance(v, str))
        }
    if isinstance(schema, list):
        return [_bare(item) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    return schema


_LONG = 240
"""Letters of a field that a sketch takes for long."""

Purpose = Literal["picture", "poster"]
Direction = Literal["ltr", "rtl"]


class Reading(Result):
    """What a brief says, taken apart; every field is in the caller's words or empty.

    Attributes:
        purpose: ``poster`` when type is to be set on the picture.
        subject: what is to be seen, for example ``a cold brew tonic``.
        name: the product's or event's own name, for example ``Aurelia``.
        occasion: for example ``autumn launch``.
        when: date and time as written, for example ``Thursday 7 pm``.
        where: place as written.
        title: words the caller put in quotation marks for the headline.
        mood: adjectives and the like that steer the look.
        colours: colour words.
        direction: reading direction of the caller's script.
    """

    purpose: Purpose = "picture"
    subject: str = ""
    name: str = ""
    occasion: str = ""
    when: str = ""
    where: str = ""
    title: str = ""
    mood: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    direction: Direction = "ltr"


class ReadBrief(WritingRequest[Reading]):
    """Take a brief apart without adding to it."""

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "Take the brief apart into the fields of the schema. Use the caller's own words. "
        "Leave a field empty when the brief does not say it. Add nothing."
    )

    prompt: str

    def sketch(self, *, dear: bool) -> Reading:
        """A plain picture, or a poster with every line filled."""
        if not dear:
            return Reading(subject="?")
        long = "?" * _LONG
        return Reading(
            purpose="poster",
            subject=long,
            name=long,
            occasion=long,
            when=long,
            where=long,
            title=long,
            mood=("?" * 20,) * 8,
            colours=("?" * 20,) * 8,
        )


TypeRole = Literal["eyebrow", "title", "line", "detail", "button"]


class TypeLine(Value):
    """Words to be set on a picture, by their role in the hierarchy."""

    role: TypeRole
    text: str


class Outline(Result):
    """The plan of a picture.

    Attributes:
        subject: what is to be seen.
        setting: where it stands: place, season, time of day, weather, props.
        mood: a few words on light and feeling.
        palette: colours that fit, when the brand prescribes none.
        space: the side that is kept calm for type.
        lines: the words to be set; empty when the picture carries no type.
        label: the words on the product's label.
    """

    subject: str = ""
    setting: str = ""
    mood: str = ""
    palette: Palette | None = None
    space: Space = "none"
    lines: tuple[TypeLine, ...] = ()
    label: str = ""


class OutlinePicture(WritingRequest[Outline]):
    """Plan a picture: subject, setting, light, colours, and the words to be set on it.

    The words come from the brief and the passages alone. Whoever serves this also chooses the
    palette when ``palette`` is None.
    """

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "Plan one picture for the brief. Take the setting, season, light and props from the brief and "
        "from passages of art direction. Take facts only from the brief and the passages: no name, "
        "number, date, place or claim of your own. For a poster give the lines to be set: at most one "
        "eyebrow, one title (at most six words), one line, two details, one button. Follow the voice; "
        "never use a word of `voice.avoid`."
    )

    reading: Reading
    passages: tuple[Passage, ...] = ()
    brand: str = ""
    tagline: str = ""
    voice: Voice = Voice()
    palette: Palette | None = None
    width: int = 1024
    height: int = 1024
    seed: int = 0

    def sketch(self, *, dear: bool) -> Outline:
        """A picture without type, or a poster with every line filled."""
        if not dear:
            return Outline(subject="?")
        long = "?" * _LONG
        return Outline(
            subject=long,
            setting=long,
            mood=long,
            palette=self.palette or Palette(),
            space="left",
            lines=(TypeLine(role="title", text=long),) * 6,
            label=long,
        )


class ImagePrompt(Result):
    """What an image model is told."""

    prompt: str = ""


class WriteImagePrompt(WritingRequest[ImagePrompt]):
    """Say for an image model what is to be seen. Knows nothing of dates and other words set later."""

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "Write the prompt for one picture: subject, setting, light, mood, in two or three sentences of "
        "plain words. Say on which side the picture stays calm. No text in the picture. `wanting` is "
        "what a judge missed in an earlier picture of the same subject: ask for it plainly."
    )

    subject: str
    setting: str = ""
    mood: str = ""
    space: Space = "none"
    product: bool = False
    wanting: str = ""

    def sketch(self, *, dear: bool) -> ImagePrompt:
        """A short or a long prompt."""
        return ImagePrompt(prompt="?" * (1200 if dear else 20))


class AnswerPlan(Result):
    """What an answer shall cover, point by point."""

    points: tuple[str, ...] = ()


class PlanAnswer(WritingRequest[AnswerPlan]):
    """Decide which points an answer needs, from the question and what was found."""

    stage: ClassVar[Stage] = "plan"
    instructions: ClassVar[str] = (
        "List the points, at most five, that answer the question from the passages alone. "
        "No point for what the passages do not say."
    )

    question: str
    passages: tuple[Passage, ...] = ()

    def sketch(self, *, dear: bool) -> AnswerPlan:
        """No point, or five."""
        return AnswerPlan(points=("?" * 200,) * 5 if dear else ())


class Citation(Value):
    """Where a claim is from.

    Attributes:
        claim: a sentence of the answer.
        document: the document's name.
        quote: the words of the document that contain the claim, exactly as they stand there.
    """

    claim: str
    document: str
    quote: str


class Answer(Result):
    """An answer and where each of its sentences is from.

    Attributes:
        text: Markdown, with ``[1]``-style marks that number the citations.
    """

    text: str = ""
    citations: tuple[Citation, ...] = ()


class WriteAnswer(WritingRequest[Answer]):
    """Answer a question from passages, with a citation for each sentence."""

    stage: ClassVar[Stage] = "generate"
    most_tokens: ClassVar[int] = 4096
    instructions: ClassVar[str] = (
        "Answer the question along the points, from the passages alone. After each sentence put [n] and "
        "give citation n with the exact words of the passage. If the passages do not answer it, say so."
    )

    question: str
    points: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    voice: Voice = Voice()

    def sketch(self, *, dear: bool) -> Answer:
        """A short or a long answer."""
        return Answer(text="?" * (4000 if dear else 20))


class CheckSources(WritingRequest[Answer]):
    """Hold every sentence of an answer against its source; take out what no source contains."""

    stage: ClassVar[Stage] = "refine"
    most_tokens: ClassVar[int] = 4096
    instructions: ClassVar[str] = (
        "Keep only sentences whose citation quotes a passage word for word and whose claim the quote "
        "contains. Renumber. Say in `notes` what was taken out."
    )

    answer: Answer
    passages: tuple[Passage, ...] = Field(default=())

    def sketch(self, *, dear: bool) -> Answer:
        """The same answer."""
        return self.answer
