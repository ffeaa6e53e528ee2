"""Looking at what was made: which take is best, and whether it may go out."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from brandmodel.brand import Palette
from brandmodel.tasks._base import Request, Result, Stage, Usage, Value, token_bound
from brandmodel.tasks.audio import Speech
from brandmodel.tasks.chat import TOKENS_A_LOOK
from brandmodel.tasks.values import Asset, Box, Space


class Score(Value):
    """How good one picture is; every figure from 0 (poor) to 1 (good).

    Attributes:
        total: what the ranking goes by.
        sharpness: detail compared with the other pictures of the same request.
        contrast: spread of lightness.
        exposure: share of pixels that are not clipped.
        palette: closeness of the colours to the palette, in OKLab.
        calm: emptiness of the side that type needs.
    """

    total: float
    sharpness: float = 0.0
    contrast: float = 0.0
    exposure: float = 0.0
    palette: float = 0.0
    calm: float = 0.0


class Judgement(Result):
    """A ranking of takes.

    Attributes:
        scores: in the order of the pictures.
        best: index of the best picture.
        good: whether the best is good enough to go on with.
        why: why the best is the best, in a sentence.
    """

    scores: tuple[Score, ...] = ()
    best: int = 0
    good: bool = True
    why: str = ""

    def suffices(self, below: float) -> bool:
        """Whether the best is good, and its score not below a threshold; one without scores is as said."""
        total = self.scores[self.best].total if self.best < len(self.scores) else 1.0
        return self.good and total >= below


class Judge(Request[Judgement]):
    """Score pictures against what was asked and name the best."""

    stage: ClassVar[Stage] = "generate"

    images: tuple[Asset, ...] = Field(min_length=1)
    prompt: str = ""
    palette: Palette | None = None
    space: Space = "none"
    subjects: tuple[tuple[Box, ...], ...] = ()

    def sketch(self, *, dear: bool) -> Judgement:
        """All alike: as good as can be at once, or never good enough."""
        scores = tuple(Score(total=0.0 if dear else 1.0) for _ in self.images)
        return Judgement(scores=scores, good=not dear)

    def usage(self, result: Judgement) -> Usage:
        """A look at each picture, by the usual 256 tokens, and the words."""
        looks = 256 * len(self.images)
        return Usage(tokens_in=looks + token_bound(self.prompt), tokens_out=32 * len(result.scores))

    def bounds(self) -> tuple[Usage, Usage]:
        """From a glance to what a language model may look at and say."""
        return self.usage(self.sketch(dear=False)), _looked(self, len(self.images), 1024)


class JudgeSpeech(Request[Judgement]):
    """Listen to takes of the same text and name the best.

    A score's ``total`` goes by what a listener notices: words in time, an even pace, a clear voice.

    Attributes:
        takes: the same text, each said by another voice or in another way.
    """

    stage: ClassVar[Stage] = "generate"

    takes: tuple[Speech, ...] = Field(min_length=1)
    text: str

    def sketch(self, *, dear: bool) -> Judgement:
        """All alike: as good as can be at once, or never good enough."""
        scores = tuple(Score(total=0.0 if dear else 1.0) for _ in self.takes)
        return Judgement(scores=scores, good=not dear)

    def usage(self, result: Judgement) -> Usage:
        """Seconds listened to, and the words."""
        seconds = sum(take.audio.duration_s or 0.0 for take in self.takes)
        return Usage(seconds=seconds, tokens_in=token_bound(self.text))


class Moderation(Result):
    """Whether something may go out.

    Attributes:
        allowed: False stops the run.
        reasons: what stands against it, in words for the caller.
        looked: whether the picture itself was examined, too.
    """

    allowed: bool = True
    reasons: tuple[str, ...] = ()
    looked: bool = False


class Moderate(Request[Moderation]):
    """Check words and pictures before they leave.

    Attributes:
        texts: everything that a reader will read.
        avoid: the brand's own words to avoid.
    """

    stage: ClassVar[Stage] = "refine"

    texts: tuple[str, ...] = ()
    image: Asset | None = None
    avoid: tuple[str, ...] = ()

    def sketch(self, *, dear: bool) -> Moderation:
        """Allowed."""
        return Moderation()

    def usage(self, result: Moderation) -> Usage:
        """The words, and a look at the picture."""
        words = sum(token_bound(text) for text in self.texts)
        return Usage(tokens_in=words + (256 if self.image else 0))

    def bounds(self) -> tuple[Usage, Usage]:
        """From a glance to what a language model may look at and say."""
        return self.usage(self.sketch(dear=False)), _looked(self, int(self.image is not None), 512)


def _looked(request: Judge | Moderate, looks: int, most_tokens: int) -> Usage:
    """The most that a language model is shown and says: the request, what to do with it, the schema."""
    asked = token_bound(request.model_dump_json(exclude_defaults=True)) + 1024
    return Usage(tokens_in=asked + TOKENS_A_LOOK * looks, tokens_out=most_tokens)
