"""What every task is made of: a typed request that names its result, and how it is measured."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict

Stage = Literal["search", "plan", "generate", "refine"]
Tier = Literal["workhorse", "hero"]
STAGES: tuple[Stage, ...] = ("search", "plan", "generate", "refine")


class Value(BaseModel):
    """Plain frozen data; unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Result(Value):
    """What a task gives back.

    Attributes:
        notes: what a person should know about it, such as words that could not be honoured.
    """

    notes: tuple[str, ...] = ()


R = TypeVar("R", bound=Result)


class Usage(NamedTuple):
    """What a call consumed, in the units that price rows are written in.

    ``video_units`` are compute units, since the price of a second depends on its size.

    Attributes:
        tokens_in: all of them, those read from a cache included.
        tokens_cached: of ``tokens_in``, those read from the vendor's cache.
        tokens_cache_written: of ``tokens_in``, those written to it, which some vendors charge more for.
        image_tokens_in: of ``tokens_in``, those that are a picture.
        tokens_out: all of them, those thought or drawn included.
        image_tokens_out: of ``tokens_out``, those that are a picture.
        audio_tokens_out: of ``tokens_out``, those that are sound.
        sketches: unfinished states of a picture that were shown while it was made.
        lines: the shorter side of the picture or video, in pixels; prices go by it.
    """

    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_cache_written: int = 0
    image_tokens_in: int = 0
    tokens_out: int = 0
    image_tokens_out: int = 0
    audio_tokens_out: int = 0
    images: int = 0
    sketches: int = 0
    pixels: int = 0
    lines: int = 0
    seconds: float = 0.0
    characters: int = 0
    video_units: float = 0.0

    @property
    def units(self) -> float:
        """Compute units: 200 tokens = 1, a 1024x1024 picture = 100, 5 s of 1080p video = 10,000."""
        tokens = (self.tokens_in + self.tokens_out) / 200
        return tokens + 100 * self.pixels / 1024**2 + self.video_units


def video_units(duration_s: float, width: int, height: int) -> float:
    """Compute units of moving pictures: 5 s of 1080p = 10,000, and 4K is ten times that.

    Between and beyond those two sizes the cost follows the power of the pixel count that
    passes through both.
    """
    scale = (width * height / (1920 * 1080)) ** math.log(10, 4)
    return 10_000 * duration_s / 5 * scale


def token_bound(text: str) -> int:
    """The most tokens a text can be: no tokenizer makes more than one of a byte."""
    return len(text.encode())


class Request(Value, Generic[R]):
    """One task, ready to be asked. Subclass as ``class Speak(Request[Speech])``.

    The class's name is the task's name in tables, traces and receipts.

    Attributes:
        target: a pin of one target by id; part of the step's key, unlike the table's choice.
    """

    stage: ClassVar[Stage]
    version: ClassVar[int] = 1

    target: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "stage" in cls.__dict__:
            TASKS[cls.__name__] = cls

    @classmethod
    @cache
    def result_type(cls) -> type[R]:
        """The class of this task's result."""
        for base in cls.__mro__:
            arguments = getattr(base, "__pydantic_generic_metadata__", {}).get("args", ())
            if arguments:
                return arguments[0]
        raise TypeError(f"{cls.__name__} does not name its result: write Request[Result]")

    @classmethod
    def meaning(cls) -> str:
        """What a stored result depends on beside the request's fields; part of the step's key."""
        return str(cls.version)

    def sketch(self, *, dear: bool) -> R:
        """A typed, free stand-in for the result: the cheapest or dearest continuation."""
        raise NotImplementedError(f"{type(self).__name__} cannot be quoted: it has no sketch")

    def sketch_of_model(self, *, dear: bool) -> R:
        """The same where a model makes it, which need not keep to size or length."""
        return self.sketch(dear=dear)

    def keeping_to(self, draft: R) -> Self:
        """The same request, kept to what a draft has in its place; as it is where the task cannot."""
        return self

    @classmethod
    def keeps(cls) -> bool:
        """Whether the task can keep to what a draft has."""
        return next(base for base in cls.__mro__ if "keeping_to" in vars(base)) is not Request

    def usage(self, result: R) -> Usage:
        """What making this result consumed, as far as it can be told from both."""
        return Usage()

    def bounds(self) -> tuple[Usage, Usage]:
        """The least and most that this call can consume."""
        return self.usage(self.sketch(dear=False)), self.usage(self.sketch(dear=True))


TASKS: dict[str, type[Request[Any]]] = {}
"""Every task that has been defined, by name."""
