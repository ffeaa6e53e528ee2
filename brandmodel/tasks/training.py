"""Teaching an image model a subject or a style."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from brandmodel.tasks._base import Request, Result, Stage, Usage
from brandmodel.tasks.values import Asset, sketched


class Weights(Result):
    """Low-rank weights (LoRA) to be put on an image model.

    Attributes:
        file: safetensors.
        trigger: the word that calls them in a prompt.
    """

    file: Asset
    trigger: str = ""


class TrainImageStyle(Request[Weights]):
    """Train low-rank weights on pictures of one subject or style.

    Attributes:
        captions: one for each picture, or none at all.
        style: learn a style rather than a subject.
    """

    stage: ClassVar[Stage] = "plan"

    images: tuple[Asset, ...] = Field(min_length=4, max_length=200)
    captions: tuple[str, ...] = ()
    trigger: str = Field(min_length=1, max_length=40)
    style: bool = False
    steps: int = Field(default=1000, ge=100, le=10_000)

    def sketch(self, *, dear: bool) -> Weights:
        """A file without bytes."""
        return Weights(file=sketched("application/octet-stream"), trigger=self.trigger)

    def usage(self, result: Weights) -> Usage:
        """Pictures looked at in all steps."""
        return Usage(images=self.steps)
