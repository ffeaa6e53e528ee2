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


class Page(Value):
    """A page of the web.

    Attributes:
        text: what the search shows of it.
        published: as the source gives it, or an empty string.
        score: higher is closer; comparable within one search only.
    """

    title: str = ""
    url: str
    text: str = ""
    published: str = ""
    score: float = 0.0


class Pages(Result):
    """What a search of the web found, best first."""

    pages: tuple[Page, ...] = ()


class SearchWeb(Request[Pages]):
    """Search the web.

    Attributes:
        since: only pages from that day on, as ``YYYY-MM-DD``; '' for any.
        sites: only pages of these hosts; empty for any.
    """

    stage: ClassVar[Stage] = "search"

    query: str = Field(min_length=1, max_length=1000)
    top: int = Field(default=6, ge=1, le=20)
    since: str = ""
    sites: tuple[str, ...] = ()

    def sketch(self, *, dear: bool) -> Pages:
        """Nothing found, or as many long pages as asked for."""
        if not dear:
            return Pages()
        return Pages(pages=(Page(url="https://?", text="?" * 1000),) * self.top)

    def usage(self, result: Pages) -> Usage:
        """Tokens of the query and of what was found."""
        found = sum(token_bound(page.text) for page in result.pages)
        return Usage(tokens_in=token_bound(self.query), tokens_out=found)
