"""The wires of web search: the same pages from four vendors, each asked in its own way.

| wire | setting | meaning |
|---|---|---|
| Tavily | ``depth`` | ``basic`` (taken when left out), ``advanced``, ``fast`` or ``ultra-fast`` |
| Tavily | ``usd_per_credit`` | dollars of a credit; what a call cost is then the reply's own figure |
| Exa | ``type`` | ``auto`` (taken when left out), ``fast``, ``deep``, ... |
| both | ``extra`` | further fields of the body, such as ``{topic = "news"}`` |
| Brave, SearXNG | ``query`` | further parameters, such as ``{country = "DE"}`` |

Not every vendor can be asked for a day or for hosts: what is known to be older, or to lie elsewhere,
is left out of what comes back.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    InvalidRequestError,
    RejectedError,
    UnavailableError,
)
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items, nano_usd, number, text
from brandmodel.providers._wire import Files, Made, Operation, Wire
from brandmodel.tasks import Call, Page, Pages, SearchWeb, Target

__all__ = ["BraveWire", "ExaWire", "SearxWire", "TavilyWire"]

_TIMEOUT_S = 60.0
_TAG = re.compile(r"<[^<>]*>")
_LETTERS, _WORDS = 400, 50
"""What Tavily and Brave take of a query (Brave: both, reference of ``q``; Tavily: the letters)."""
_RANGES = {1: "day", 7: "week", 30: "month", 365: "year"}


# ---- Tavily


def ask_tavily(call: Call, files: Files) -> Ask:
    """The request of a search."""
    request, settings = _request(call), call.target.settings
    body: dict[str, Any] = {
        "query": _cut(request.query)[0],
        "search_depth": settings.get("depth", "basic"),
        "max_results": request.top,
        "include_usage": True,
    }
    if since := _since(request):
        body["start_date"] = since.isoformat()
    if request.sites:
        body["include_domains"] = list(request.sites)
    return Ask("search", json={**body, **settings.get("extra", {})}, timeout_s=_TIMEOUT_S)


def read_tavily(call: Call, reply: Reply) -> Made:
    """The pages of a reply."""
    told = _told(reply)
    credits = number(fields(told.get("usage")).get("credits"))
    paid = nano_usd(credits * number(call.target.settings.get("usd_per_credit")))
    found = (
        _page(one, text(one.get("content")), text(one.get("published_date")))
        for one in _results(reply, told)
    )
    return _made(call, found, usd_nano=paid, notes=_cut(_request(call).query)[1])


# ---- Exa


def ask_exa(call: Call, files: Files) -> Ask:
    """The request of a search. Highlights are the words that bear on the query, whole pages are not."""
    request, settings = _request(call), call.target.settings
    body: dict[str, Any] = {
        "query": request.query,
        "type": settings.get("type", "auto"),
        "numResults": request.top,
        "contents": {"highlights": True},
    }
    if since := _since(request):
        body["startPublishedDate"] = f"{since.isoformat()}T00:00:00.000Z"
    if request.sites:
        body["includeDomains"] = list(request.sites)
    return Ask("search", json={**body, **settings.get("extra", {})}, timeout_s=_TIMEOUT_S)


def read_exa(call: Call, reply: Reply) -> Made:
    """The pages of a reply, and what they cost."""
    told = _told(reply)
    paid = nano_usd(fields(told.get("costDollars")).get("total"))
    found = (
        _page(one, _exa_words(one), text(one.get("publishedDate"))) for one in _results(reply, told)
    )
    return _made(call, found, usd_nano=paid)


def _exa_words(one: dict[str, Any]) -> str:
    """What the row asked for: a page's text, its highlights, or a summary."""
    lines = [line for line in map(text, items(one.get("highlights"))) if line]
    return text(one.get("text")) or "\n".join(lines) or text(one.get("summary"))


# ---- Brave


def ask_brave(call: Call, files: Files) -> Ask:
    """The request of a search. It has no field for hosts, but its query language has."""
    request = _request(call)
    query = {"q": _brave_query(request)[0], "count": str(request.top)}
    if since := _since(request):
        today = max(since, _today(call))
        query["freshness"] = f"{since.isoformat()}to{today.isoformat()}"
    headers = {"accept": "application/json"}
    return Ask("web/search", method="GET", query=query, headers=headers, timeout_s=_TIMEOUT_S)


def read_brave(call: Call, reply: Reply) -> Made:
    """The pages of a reply; where nothing was found it has no ``web``."""
    told = _told(reply)
    if told.get("type") != "search":
        raise BadResponseError("the answer is no search", detail=reply.excerpt())
    found = (
        _page(one, _plain(one.get("description")), text(one.get("page_age")))
        for one in map(fields, items(fields(told.get("web")).get("results")))
    )
    return _made(call, found, notes=_brave_query(_request(call))[1])


def _brave_query(request: SearchWeb) -> tuple[str, tuple[str, ...]]:
    sites = _sites(request)
    if 2 * len(sites) > _LETTERS:
        raise RejectedError("the target cannot search so many sites", started=False)
    words, notes = _cut(
        request.query, letters=_LETTERS - len(sites), words=_WORDS - len(sites.split())
    )
    return words + sites, notes


# ---- SearXNG


def ask_searx(call: Call, files: Files) -> Ask:
    """The request of a search."""
    request = _request(call)
    query = {"q": request.query + _sites(request), "format": "json"}
    if since := _since(request):
        days = max(1, (_today(call) - since).days + 1)
        span = next((name for most, name in _RANGES.items() if days <= most), "")
        query |= {"time_range": span} if span else {}
    return Ask("search", method="GET", query=query, timeout_s=_TIMEOUT_S)


def read_searx(call: Call, reply: Reply) -> Made:
    """The pages of a reply.

    Raises:
        UnavailableError: no engine behind it answered.
    """
    told = _told(reply)
    results = _results(reply, told)
    if not results and items(told.get("unresponsive_engines")):
        detail = str(told["unresponsive_engines"])[:500]
        raise UnavailableError("no engine behind the target answered", detail=detail, started=False)
    found = (
        _page(one, text(one.get("content")), text(one.get("publishedDate"))) for one in results
    )
    return _made(call, found)


# ---- what they share


def _request(call: Call) -> SearchWeb:
    assert isinstance(call.request, SearchWeb)
    return call.request


def _since(request: SearchWeb) -> date | None:
    if not request.since:
        return None
    try:
        return date.fromisoformat(request.since)
    except ValueError as error:
        raise InvalidRequestError(
            f"SearchWeb: since = {request.since!r} is no day", hint="write it as 2026-01-31"
        ) from error


def _today(call: Call) -> date:
    return datetime.fromtimestamp(call.began or time.time(), UTC).date()


def _cut(
    query: str, *, letters: int = _LETTERS, words: int | None = None
) -> tuple[str, tuple[str, ...]]:
    """(as much of a query as is taken, what to say of it)."""
    every = query.split()
    said = every[:words]
    while said and len(" ".join(said)) > letters:
        said.pop()
    if said == every:
        return " ".join(said), ()
    note = "the query is longer than is taken: only its beginning was searched for"
    return " ".join(said) or every[0][:letters], (note,)


def _sites(request: SearchWeb) -> str:
    """The hosts in the operators that search engines share."""
    each = [f"site:{site}" for site in request.sites]
    return f" ({' OR '.join(each)})" if len(each) > 1 else "".join(f" {one}" for one in each)


def _told(reply: Reply) -> dict[str, Any]:
    told = reply.data()
    if not isinstance(told, dict):
        raise BadResponseError("the answer is no search", detail=reply.excerpt())
    return fields(told)


def _results(reply: Reply, told: dict[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(told.get("results"), list):
        raise BadResponseError("the answer has no results", detail=reply.excerpt())
    return [fields(one) for one in items(told["results"])]


def _page(told: dict[str, Any], words: str, published: str) -> Page | None:
    url = text(told.get("url"))
    if not url.startswith(("https://", "http://")):
        return None
    title, score = _plain(told.get("title")), number(told.get("score"))
    return Page(title=title, url=url, text=words.strip(), published=published, score=score)


def _plain(value: Any) -> str:
    """Words without the tags that mark what was found in them."""
    return html.unescape(_TAG.sub("", text(value))).strip()


def _made(
    call: Call,
    found: Iterator[Page | None],
    *,
    usd_nano: int | None = None,
    notes: tuple[str, ...] = (),
) -> Made:
    request = _request(call)
    since = _since(request)
    kept = [page for page in found if page is not None and _wanted(page, request, since)]
    pages = Pages(pages=tuple(kept[: request.top]), notes=notes)
    return Made(lambda _: pages, usd_nano=usd_nano)


def _wanted(page: Page, request: SearchWeb, since: date | None) -> bool:
    day = _day(page.published)
    recent = since is None or day is None or day >= since
    return recent and (not request.sites or any(_lies_at(page.url, site) for site in request.sites))


def _lies_at(url: str, site: str) -> bool:
    """Whether a page is of a host or one below it; a path behind the host counts as well."""
    try:
        found = urlsplit(url)
    except ValueError:
        return False
    host, slash, path = site.casefold().removeprefix("www.").rstrip("/").partition("/")
    own = (found.hostname or "").removeprefix("www.")
    return (own == host or own.endswith(f".{host}")) and found.path.casefold().startswith(
        slash + path
    )


def _day(published: str) -> date | None:
    """The day that a date means: ISO 8601, or as in e-mail (Tavily's news)."""
    try:
        return date.fromisoformat(published[:10])
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(published).date()
    except (TypeError, ValueError):
        return None


class TavilyWire(Wire):
    """Tavily."""

    base_url = "https://api.tavily.com"
    operations = {"SearchWeb": Operation(ask=ask_tavily, read=read_tavily)}


class ExaWire(Wire):
    """Exa."""

    base_url = "https://api.exa.ai"
    operations = {"SearchWeb": Operation(ask=ask_exa, read=read_exa)}

    def headers(self, key: str) -> Mapping[str, str]:
        """See ``Wire``."""
        return {"x-api-key": key} if key else {}


class BraveWire(Wire):
    """Brave Search."""

    base_url = "https://api.search.brave.com/res/v1"
    operations = {"SearchWeb": Operation(ask=ask_brave, read=read_brave)}

    def headers(self, key: str) -> Mapping[str, str]:
        """See ``Wire``."""
        return {"x-subscription-token": key} if key else {}


class SearxWire(Wire):
    """SearXNG, which everybody hosts for themselves."""

    operations = {"SearchWeb": Operation(ask=ask_searx, read=read_searx)}

    async def sent(self, target: Target, ask: Ask) -> Reply:
        """See ``Wire``; without a key the status 403 means that JSON is not allowed."""
        try:
            return await super().sent(target, ask)
        except AuthenticationError as error:
            if error.status != 403:
                raise
            raise RejectedError(
                "the target gives no JSON",
                hint="allow `json` under `search.formats` in its settings, and this client in its limiter",
                vendor=error.vendor,
                status=403,
                detail=error.detail,
                started=False,
            ) from error
