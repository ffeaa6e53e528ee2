"""Finding what is known before anything is made."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from brandmodel.tasks._base import Request, Result, Stage, Usage, Value, token_bound
from brandmodel.tasks.values import Document


class Passage(Value):
    """A piece of a document, word for word.

    Attributes:
        document: the document's name.
        heading: the heading it stands under, or an empty string.
        text: the words, exactly as they stand in the document.
        score: higher is closer; comparable within one search only.
    """

    document: str
    heading: str = ""
    text: str
    score: float = 0.0


class Passages(Result):
    """What a search found, best first."""

    passages: tuple[Passage, ...] = ()


class SearchDocuments(Request[Passages]):
    """Find the passages of the brand's own documents that bear on a query."""

    stage: ClassVar[Stage] = "search"

    query: str
    documents: tuple[Document, ...] = ()
    top: int = Field(default=6, ge=1, le=50)

    def sketch(self, *, dear: bool) -> Passages:
        """Nothing found, or as many long passages as asked for."""
        if not dear:
            return Passages()
        return Passages(passages=(Passage(document="?", text="?" * 600),) * self.top)

    def usage(self, result: Passages) -> Usage:
        """Tokens of the query and of what was found."""
        found = sum(token_bound(p.text) for p in result.passages)
        return Usage(tokens_in=token_bound(self.query), tokens_out=found)
