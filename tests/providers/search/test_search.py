"""Four vendors, one meaning: what is asked, what comes back, and what went wrong."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from exa_py import AsyncExa
from tavily import AsyncTavilyClient

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BrandModelError,
    CreditError,
    InvalidRequestError,
    ProviderError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Wire
from brandmodel.providers.search import BraveWire, ExaWire, SearxWire, TavilyWire
from brandmodel.tasks import Call, Page, SearchWeb, Target
from tests.providers.openai.test_hostile import mutated, sound
from tests.providers.search.conftest import KEY, Search, Server

WIRES: list[type[Wire]] = [TavilyWire, ExaWire, BraveWire, SearxWire]
NOTHING: dict[type[Wire], Any] = {
    TavilyWire: {"results": []},
    ExaWire: {"results": []},
    BraveWire: {"type": "search", "query": {"original": "q"}},
    SearxWire: {"results": [], "unresponsive_engines": []},
}
PAGE = "https://docs.arxiv.org/abs/1"


def found(wire: type[Wire], *pages: tuple[str, str]) -> Any:
    """A reply with pages of the given address and date."""
    dated = {TavilyWire: "published_date", BraveWire: "page_age"}.get(wire, "publishedDate")
    results = [{"title": "T", "url": url, "content": "words", dated: day} for url, day in pages]
    if wire is BraveWire:
        return {"type": "search", "web": {"results": results}}
    return {"results": results}


# ---- Tavily


async def test_tavily_is_asked_as_its_own_client_does(search: Search, server: Server) -> None:
    request = SearchWeb(query="cold brew", top=5, since="2026-01-31", sites=("arxiv.org",))
    for _ in range(2):
        server.says({"results": []})
    await search(TavilyWire, request, depth="advanced", extra={"topic": "news"})
    async with AsyncTavilyClient(api_key=KEY, api_base_url=server.url) as client:
        await client.search(
            "cold brew",
            max_results=5,
            start_date="2026-01-31",
            include_domains=["arxiv.org"],
            search_depth="advanced",
            topic="news",
            include_usage=True,
        )
    ours, theirs = server.asked
    assert ours.json == theirs.json
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.headers["authorization"] == theirs.headers["authorization"]


@pytest.mark.parametrize(
    "name", ["test-basic-search-555e84.json", "test-search-with-include-domains-f9521e.json"]
)
async def test_tavily_recorded(search: Search, server: Server, shared: Path, name: str) -> None:
    exchange = json.loads((shared / "recorded/tavily/search" / name).read_text())["exchanges"][0]
    asked, body = json.loads(exchange["request"]["body"]), exchange["response"]["body"]
    server.says(body.encode())
    sites = tuple(asked.get("include_domains", ()))
    pages, done = await search(TavilyWire, SearchWeb(query=asked["query"], sites=sites, top=20))
    sent = server.asked[0].json
    assert {name: sent.get(name) for name in ("query", "search_depth", "include_domains")} == {
        name: asked.get(name) for name in ("query", "search_depth", "include_domains")
    }
    results = json.loads(body)["results"]
    assert [(p.title, p.url, p.text, p.score) for p in pages.pages] == [
        (one["title"], one["url"], one["content"].strip(), one["score"]) for one in results
    ]
    assert len(pages.pages) > 3
    assert done.usd_nano is None


@pytest.mark.parametrize(
    ("usage", "usd_per_credit", "nano"),
    [
        ({"credits": 2}, 0.008, 16_000_000),
        ({"credits": 2}, None, None),
        ({}, 0.008, None),
        ({"credits": "2"}, 0.008, None),
    ],
)
async def test_tavily_counts_credits(
    search: Search, server: Server, usage: Any, usd_per_credit: float | None, nano: int | None
) -> None:
    server.says({"results": [], "usage": usage})
    settings = {} if usd_per_credit is None else {"usd_per_credit": usd_per_credit}
    assert (await search(TavilyWire, SearchWeb(query="q"), **settings))[1].usd_nano == nano


# ---- Exa


async def test_exa_is_asked_as_its_own_client_does(search: Search, server: Server) -> None:
    request = SearchWeb(query="cold brew", top=5, since="2026-01-31", sites=("arxiv.org",))
    for _ in range(2):
        server.says({"results": []})
    await search(ExaWire, request, type="fast", extra={"category": "news"})
    async with AsyncExa(KEY, server.url) as client:
        await client.search(
            "cold brew",
            num_results=5,
            start_published_date="2026-01-31T00:00:00.000Z",
            include_domains=["arxiv.org"],
            type="fast",
            category="news",
            contents={"highlights": True},
        )
    ours, theirs = server.asked
    assert ours.json == theirs.json
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.headers["x-api-key"] == theirs.headers["x-api-key"] == KEY


async def test_exa_tells_what_it_cost(search: Search, server: Server) -> None:
    results = [
        {"url": "https://a.example", "title": None, "highlights": ["one", "", "two"]},
        {"url": "https://b.example", "title": "B", "text": " whole ", "highlights": ["x"],
         "publishedDate": "2026-02-01T10:00:00.000Z", "score": 0.5},
        {"url": "https://c.example", "title": "C", "summary": "short"},
    ]  # fmt: skip
    server.says({"results": results, "costDollars": {"total": 0.0071}})
    pages, done = await search(ExaWire, SearchWeb(query="q"))
    assert pages.pages == (
        Page(url="https://a.example", text="one\ntwo"),
        Page(url="https://b.example", title="B", text="whole", score=0.5,
             published="2026-02-01T10:00:00.000Z"),
        Page(url="https://c.example", title="C", text="short"),
    )  # fmt: skip
    assert done.usd_nano == 7_100_000


# ---- Brave


async def test_brave(search: Search, server: Server) -> None:
    result = {
        "title": "Tonic &amp; <strong>brew</strong>",
        "url": "https://a.example",
        "description": "A <strong>cold</strong> one &lt; 4 °C",
        "page_age": "2026-02-01T10:00:00",
        "age": "1 week ago",
    }
    server.says({"type": "search", "web": {"type": "search", "results": [result]}})
    request = SearchWeb(query="cold  brew", top=7, since="2026-01-31")
    pages, done = await search(BraveWire, request, query={"country": "DE"})
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/web/search")
    assert asked.query == {
        "q": "cold brew",
        "count": "7",
        "freshness": "2026-01-31to2026-09-21",
        "country": "DE",
    }
    assert asked.headers["x-subscription-token"] == KEY
    assert pages.pages == (
        Page(title="Tonic & brew", url="https://a.example", text="A cold one < 4 °C",
             published="2026-02-01T10:00:00"),
    )  # fmt: skip
    assert done.usd_nano is None


async def test_a_day_to_come_makes_no_range_that_ends_before_it_begins(
    search: Search, server: Server
) -> None:
    server.says(NOTHING[BraveWire])
    await search(BraveWire, SearchWeb(query="q", since="2027-01-01"))
    assert server.asked[0].query["freshness"] == "2027-01-01to2027-01-01"


async def test_hosts_go_into_the_query_where_there_is_no_field(
    search: Search, server: Server
) -> None:
    for wire in (BraveWire, SearxWire):
        server.says(NOTHING[wire])
        server.says(NOTHING[wire])
        await search(wire, SearchWeb(query="q", sites=("a.example",)))
        await search(wire, SearchWeb(query="q", sites=("a.example", "b.example")))
    said = [asked.query["q"] for asked in server.asked]
    assert said == 2 * ["q site:a.example", "q (site:a.example OR site:b.example)"]


async def test_more_hosts_than_the_query_has_room_for_go_to_another_target(
    search: Search, server: Server
) -> None:
    sites = tuple(f"site-{i}.example" for i in range(30))
    with pytest.raises(RejectedError) as caught:
        await search(BraveWire, SearchWeb(query="q", sites=sites))
    assert not caught.value.started
    assert not server.asked


@pytest.mark.parametrize("wire", [TavilyWire, BraveWire])
@pytest.mark.parametrize(
    ("query", "whole"), [("word " * 200, False), ("x" * 900, False), ("word " * 20, True)]
)
async def test_a_query_that_is_too_long_is_cut_and_said_so(
    search: Search, server: Server, wire: type[Wire], query: str, whole: bool
) -> None:
    server.says(NOTHING[wire])
    pages, _ = await search(wire, SearchWeb(query=query, sites=("a.example",)))
    (asked,) = server.asked
    said = asked.query["q"] if wire is BraveWire else asked.json["query"]
    assert len(said) <= 400
    if wire is BraveWire:
        assert len(said.split()) <= 50
        assert said.endswith(" site:a.example")
    assert query.startswith(said.removesuffix(" site:a.example"))
    assert bool(pages.notes) != whole


# ---- SearXNG


@pytest.mark.parametrize(
    ("since", "span"),
    [
        ("", None),
        ("2026-09-21", "day"),
        ("2026-09-20", "week"),
        ("2026-09-01", "month"),
        ("2026-01-01", "year"),
        ("2020-01-01", None),
        ("2027-01-01", "day"),
    ],
)
async def test_searxng(search: Search, server: Server, since: str, span: str | None) -> None:
    server.says(
        {
            "results": [
                {"url": "https://a.example", "title": "A", "content": "one", "score": 4.5,
                 "publishedDate": None, "engines": ["x"]},
            ]
        }
    )  # fmt: skip
    pages, _ = await search(SearxWire, SearchWeb(query="q", since=since), key="")
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/search")
    assert asked.query == {"q": "q", "format": "json", **({"time_range": span} if span else {})}
    assert "authorization" not in asked.headers
    assert pages.pages == (Page(url="https://a.example", title="A", text="one", score=4.5),)


async def test_engines_that_are_all_silent_are_no_empty_result(
    search: Search, server: Server
) -> None:
    server.says({"results": [], "unresponsive_engines": [["a", "timeout"]]})
    with pytest.raises(UnavailableError) as caught:
        await search(SearxWire, SearchWeb(query="q"))
    assert "timeout" in caught.value.detail
    server.says({**found(SearxWire, (PAGE, "")), "unresponsive_engines": [["a", "timeout"]]})
    assert (await search(SearxWire, SearchWeb(query="q")))[0].pages


async def test_searxng_that_does_not_allow_json(search: Search, server: Server) -> None:
    server.says(b"<html>403 Forbidden</html>", status=403, media_type="text/html")
    with pytest.raises(RejectedError) as caught:
        await search(SearxWire, SearchWeb(query="q"), key="")
    assert "search.formats" in caught.value.hint
    assert not caught.value.started


# ---- all of them


@pytest.mark.parametrize("wire", WIRES)
async def test_nothing_found_is_a_result(search: Search, server: Server, wire: type[Wire]) -> None:
    server.says(NOTHING[wire])
    assert (await search(wire, SearchWeb(query="q")))[0].pages == ()


@pytest.mark.parametrize("wire", WIRES)
async def test_pages_that_were_not_asked_for_are_left_out(
    search: Search, server: Server, wire: type[Wire]
) -> None:
    kept = [
        (PAGE, "2026-01-31T00:00:00Z"),
        ("https://www.arxiv.org/", "Sat, 31 Jan 2026 10:00:00 GMT"),
        ("http://arxiv.org/x", ""),
        ("https://arxiv.org/y", "lately"),
        ("https://b.example/docs/one", "2026-05-05"),
    ]
    dropped = [
        ("https://arxiv.org/old", "2026-01-30"),
        ("https://arxiv.org/old", "Fri, 30 Jan 2026 10:00:00 GMT"),
        ("https://notarxiv.org/", "2026-05-05"),
        ("https://arxiv.org.evil.example/", "2026-05-05"),
        ("https://b.example/blog", "2026-05-05"),
        ("javascript:alert(1)", "2026-05-05"),
        ("https://[::1", "2026-05-05"),
        ("", "2026-05-05"),
    ]
    server.says(found(wire, *dropped, *kept))
    sites = ("arxiv.org", "www.b.example/docs/")
    pages, _ = await search(wire, SearchWeb(query="q", since="2026-01-31", sites=sites))
    assert [page.url for page in pages.pages] == [url for url, _ in kept]


@pytest.mark.parametrize("wire", WIRES)
async def test_no_more_than_was_asked_for(search: Search, server: Server, wire: type[Wire]) -> None:
    server.says(found(wire, *[(f"https://a.example/{i}", "") for i in range(9)]))
    pages, _ = await search(wire, SearchWeb(query="q", top=3))
    assert [page.url[-1] for page in pages.pages] == ["0", "1", "2"]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_day_that_is_none_is_the_callers_mistake(
    search: Search, server: Server, wire: type[Wire]
) -> None:
    with pytest.raises(InvalidRequestError, match="since"):
        await search(wire, SearchWeb(query="q", since="yesterday"))
    assert not server.asked


ERRORS: list[tuple[type[Wire], int, Any, type[ProviderError], bool]] = [
    (TavilyWire, 400, {"detail": {"error": "Invalid topic."}}, RejectedError, False),
    (TavilyWire, 401, {"detail": {"error": "missing or invalid API key."}},
     AuthenticationError, False),
    (TavilyWire, 429, {"detail": {"error": "excessive requests"}}, RateLimitError, False),
    (TavilyWire, 432, {"detail": {"error": "exceeds your plan's limit"}}, CreditError, False),
    (TavilyWire, 433, {"detail": {"error": "exceeds the limit"}}, CreditError, False),
    (TavilyWire, 500, {"detail": {"error": "Internal Server Error"}}, UnavailableError, True),
    (ExaWire, 400, {"requestId": "r", "error": "bad type", "tag": "INVALID_REQUEST_BODY"},
     RejectedError, False),
    (ExaWire, 401, {"requestId": "r", "error": "no", "tag": "INVALID_API_KEY"},
     AuthenticationError, False),
    (ExaWire, 402, {"requestId": "r", "error": "no", "tag": "NO_MORE_CREDITS"}, CreditError, False),
    (ExaWire, 429, {"error": "slow down"}, RateLimitError, False),
    (BraveWire, 422, {"type": "ErrorResponse", "error": {
        "status": 422, "code": "SUBSCRIPTION_TOKEN_INVALID",
        "detail": "The provided subscription token is invalid."}}, AuthenticationError, False),
    (BraveWire, 422, {"type": "ErrorResponse", "error": {
        "status": 422, "code": "VALIDATION", "detail": "Unable to validate request parameter(s)"}},
     RejectedError, False),
    (BraveWire, 429, {"type": "ErrorResponse", "error": {
        "status": 429, "code": "RATE_LIMITED", "detail": "Request rate limit exceeded for plan."}},
     RateLimitError, False),
    (SearxWire, 429, b"Too Many Requests", RateLimitError, False),
    (SearxWire, 500, b"", UnavailableError, True),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "status", "body", "kind", "started"), ERRORS)
async def test_errors(
    search: Search,
    server: Server,
    wire: type[Wire],
    status: int,
    body: Any,
    kind: type[ProviderError],
    started: bool,
) -> None:
    server.says(body, status=status)
    with pytest.raises(ProviderError) as caught:
        await search(wire, SearchWeb(query="q"))
    assert type(caught.value) is kind
    assert (caught.value.started, caught.value.vendor) == (started, "acme")
    assert KEY not in f"{caught.value!r} {caught.value.detail}"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", b"null", b"[]", b'{"results": "no"}', b'{"results": [']
)
async def test_what_is_no_search_is_a_bad_answer(
    search: Search, server: Server, wire: type[Wire], body: bytes
) -> None:
    server.says(body)
    with pytest.raises(BadResponseError) as caught:
        await search(wire, SearchWeb(query="q"))
    assert caught.value.started


@pytest.mark.parametrize("wire", WIRES)
def test_any_part_of_an_answer_may_be_of_a_wrong_type(wire: type[Wire], tmp_path: Path) -> None:
    request = SearchWeb(query="q", since="2026-01-31", sites=("arxiv.org",))
    target = Target("acme/web", "acme", "web", frozenset(), settings={"usd_per_credit": 0.008})
    call = Call(request, target, FolderStore(tmp_path))
    body = {
        **found(wire, (PAGE, "2026-05-05")),
        "usage": {"credits": 1},
        "costDollars": {"total": 0.005},
        "unresponsive_engines": [["a", "timeout"]],
    }
    read = wire.operations["SearchWeb"].read

    def whole(data: Any) -> bool:
        return sound(partial(read, call, Reply(200, {}, json.dumps(data).encode())))

    assert whole(body)
    verdicts = [whole(other) for other in mutated(body)]
    assert len(verdicts) > 24
    assert not all(verdicts)
    with pytest.raises(BrandModelError):
        read(call, Reply(200, {}, b"{"))
