"""Meaning as numbers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from brandmodel.tasks._base import Request, Result, Stage, Usage, token_bound


class Embeddings(Result):
    """One vector for each text, in their order."""

    vectors: tuple[tuple[float, ...], ...] = ()


class Embed(Request[Embeddings]):
    """Give texts vectors whose closeness is closeness in meaning.

    Attributes:
        dimensions: length of a vector; None leaves it to the model.
    """

    stage: ClassVar[Stage] = "search"

    texts: tuple[str, ...] = Field(min_length=1, max_length=2048)
    dimensions: int | None = Field(default=None, ge=1, le=10_000)

    def sketch(self, *, dear: bool) -> Embeddings:
        """A vector for each text."""
        return Embeddings(vectors=((0.0,),) * len(self.texts))

    def usage(self, result: Embeddings) -> Usage:
        """Tokens of the texts."""
        return Usage(tokens_in=sum(token_bound(text) for text in self.texts))

    def bounds(self) -> tuple[Usage, Usage]:
        """From the usual four characters a token to one of each byte."""
        least = Usage(tokens_in=sum(len(text) for text in self.texts) // 8)
        return least, self.usage(self.sketch(dear=True))
