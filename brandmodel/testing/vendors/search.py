"""Tavily, Exa, Brave and SearXNG, as fakes: pages that speak of what was asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import web

from brandmodel.providers._json import count, items, text
from brandmodel.testing.vendors._bill import usd
from brandmodel.testing.vendors._house import Refused, Reply, Route, Turn, Vendor, json_reply

_KNOWN: Mapping[str, tuple[int, str]] = {
    "rate-limit": (429, "too many requests"),
    "server-error": (500, "internal server error"),
    "off": (503, "service unavailable"),
    "refusal": (400, "the query violates the content policy"),
    "retired-model": (404, "not found"),
    "no-credit": (402, "no more credits"),
    "wrong-key": (401, "invalid API key"),
    "not-found": (404, "not found"),
    "bad-request": (400, "the query is missing"),
}
_MOST = 5


class _Search(Vendor):
    """What the four share."""

    name: ClassVar[str]

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        status, words = _KNOWN[refused.kind]
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        return json_reply(self.said(status, refused.kind, refused.words or words), status, wait)

    def said(self, status: int, kind: str, words: str) -> Any:
        """The body of an error."""
        raise NotImplementedError

    def found(
        self, query: str, most: int, sites: Sequence[str]
    ) -> tuple[list[dict[str, str]], int]:
        """(pages, nano-USD) of a search.

        Raises:
            Refused: there is no query.
        """
        if not query.strip():
            raise Refused("bad-request")
        line = self.house.bill.charge(self.house.row(self.name, "fake-search"), {})
        hosts = list(sites) or ["example.org"]
        pages = [
            {
                "title": f"{query.strip()[:60]}, part {n}",
                "url": f"https://{hosts[n % len(hosts)]}/{n}",
                "words": f"What is known about {query.strip()}: this is page {n} of it.",
                "day": f"2026-10-{n + 1:02}",
            }
            for n in range(min(most or _MOST, 20))
        ]
        return pages, line.usd_nano


class Tavily(_Search):
    """Tavily."""

    name = "tavily"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (("POST", "/search", "call", self.search),)

    def said(self, status: int, kind: str, words: str) -> Any:
        """See ``_Search``."""
        return {"detail": {"error": words}}

    async def search(self, turn: Turn) -> Reply:
        """A search."""
        query, sites = text(turn.body.get("query")), items(turn.body.get("include_domains"))
        pages, _ = self.found(query, count(turn.body.get("max_results")), list(map(text, sites)))
        results = [
            {
                "title": page["title"],
                "url": page["url"],
                "content": page["words"],
                "score": 1 - n / 100,
                "raw_content": None,
                "published_date": page["day"],
            }
            for n, page in enumerate(pages)
        ]
        told: dict[str, Any] = {"query": query, "answer": None, "images": [], "results": results}
        told |= {"follow_up_questions": None, "response_time": 0.1}
        return json_reply({**told, "usage": {"credits": 1}, "request_id": uuid.uuid4().hex})


class Exa(_Search):
    """Exa."""

    name = "exa"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (("POST", "/search", "call", self.search),)

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``."""
        return request.headers.get("x-api-key", "")

    def said(self, status: int, kind: str, words: str) -> Any:
        """See ``_Search``."""
        return {"requestId": uuid.uuid4().hex, "error": words, "tag": kind.upper()}

    async def search(self, turn: Turn) -> Reply:
        """A search, and what it cost."""
        query, sites = text(turn.body.get("query")), items(turn.body.get("includeDomains"))
        most = count(turn.body.get("numResults"))
        pages, nano = self.found(query, most, list(map(text, sites)))
        results = [
            {
                "id": page["url"],
                "title": page["title"],
                "url": page["url"],
                "publishedDate": f"{page['day']}T00:00:00.000Z",
                "author": None,
                "text": page["words"],
                "highlights": [page["words"]],
            }
            for page in pages
        ]
        told = {"requestId": uuid.uuid4().hex, "resolvedSearchType": "neural", "results": results}
        return json_reply({**told, "costDollars": {"total": usd(nano)}})


class Brave(_Search):
    """Brave Search."""

    name = "brave"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (("GET", "/web/search", "call", self.search),)

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``."""
        return request.headers.get("x-subscription-token", "")

    def said(self, status: int, kind: str, words: str) -> Any:
        """See ``_Search``."""
        code = kind.upper().replace("-", "_")
        error = {"id": uuid.uuid4().hex, "status": status, "code": code, "detail": words}
        return {"type": "ErrorResponse", "error": error}

    async def search(self, turn: Turn) -> Reply:
        """A search."""
        query, most = turn.request.query.get("q", ""), turn.request.query.get("count", "")
        pages, _ = self.found(_without_sites(query), _number(most), _sites(query))
        results = [
            {
                "type": "search_result",
                "title": page["title"],
                "url": page["url"],
                "description": f"<strong>{page['words']}</strong>",
                "page_age": f"{page['day']}T00:00:00",
            }
            for page in pages
        ]
        asked = {"original": query, "more_results_available": False}
        web_results = {"type": "search", "results": results}
        return json_reply({"type": "search", "query": asked, "web": web_results})


class SearXNG(_Search):
    """SearXNG."""

    name = "searxng"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (("GET", "/search", "call", self.search),)

    def said(self, status: int, kind: str, words: str) -> Any:
        """See ``_Search``."""
        return {"error": words}

    async def search(self, turn: Turn) -> Reply:
        """A search."""
        query = turn.request.query.get("q", "")
        if turn.request.query.get("format") != "json":
            return Reply(b"<!doctype html><p>results</p>", "text/html")
        pages, _ = self.found(_without_sites(query), 0, _sites(query))
        results = [
            {
                "title": page["title"],
                "url": page["url"],
                "content": page["words"],
                "engine": "fake",
                "score": 1.0,
                "publishedDate": f"{page['day']}T00:00:00",
            }
            for page in pages
        ]
        told: dict[str, Any] = {"query": query, "number_of_results": 0, "results": results}
        empty = ("answers", "corrections", "infoboxes", "suggestions", "unresponsive_engines")
        return json_reply({**told, **{name: [] for name in empty}})


def _number(given: str) -> int:
    return int(given) if given.isdigit() else 0


def _sites(query: str) -> list[str]:
    words = (word.strip("()") for word in query.split())
    return [word.removeprefix("site:") for word in words if word.startswith("site:")]


def _without_sites(query: str) -> str:
    """The words alone."""
    kept = (word for word in query.split() if "site:" not in word and word != "OR")
    return " ".join(kept)
