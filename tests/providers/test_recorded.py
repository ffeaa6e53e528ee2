"""The recorded traffic of every vendor, as one proof: all of it is read, or it is said why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BrandModelError, ProviderError, RateLimitError
from brandmodel.providers._http import Http
from brandmodel.providers._wire import File, Made
from brandmodel.tasks import EditImage, Result, assets_in
from tests.providers.census import (
    call_of,
    census,
    left_out,
    main,
    operation_of,
    outcome_of,
    read,
    route_of,
    share_left_out,
    stream_of,
    unserved,
    wanted,
    wire_of,
)
from tests.providers.conftest import Server
from tests.providers.media import png
from tests.providers.recorded import Exchange, in_characters, recordings
from tests.providers.routes import ROWS, UNSERVED

SERVED = [one for one in recordings() if not unserved(one.vendor, one.kind)]
READ = [one for file in SERVED for one in file.exchanges if not left_out(one)]
STREAMS = [one for one in READ if stream_of(one) is not None]
REFUSED = [one for one in READ if one.status >= 300]
BY_ROW = [one for one in READ if one.vendor in ROWS]
KEY = "Zm9vYmFyMTIzNDU2"
KINDS = sorted({(one.vendor, one.kind) for one in SERVED})
_KEY_SAID = re.compile(r"(?:provided|key)[:=] ?(\S{8,})\. You")
"""The key that a vendor's refusal repeats."""


@pytest.fixture(autouse=True)
def _recordings(shared: Path) -> None:
    """Says where they are missing."""


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_every_file_of_a_served_kind_is_read(kind: tuple[str, str]) -> None:
    for file in SERVED:
        if (file.vendor, file.kind) == kind:
            outcome, reasons = outcome_of(file)
            assert outcome != "left out" or reasons, file.name


def test_every_file_is_accounted_for() -> None:
    lines = census()
    files = list((Path(__file__).parents[3] / "shared" / "recorded").glob("*/*/*.json"))
    assert sum(line.files for line in lines.values()) == len(files) == 859
    for line in lines.values():
        assert line.files == line.results + line.errors + line.unread
        assert not line.unread or line.reasons.total() >= line.unread
    assert sum(line.results for line in lines.values()) == 565
    assert sum(line.errors for line in lines.values()) == 83
    assert share_left_out(lines) == (19, 667)
    assert 19 / 667 < 0.03


def test_no_reason_is_left_over() -> None:
    there = {(one.vendor, one.kind) for one in recordings()}
    kinds = {kind for _, kind in there}
    assert all(key in there or (key[0] == "*" and key[1] in kinds) for key in UNSERVED)
    assert set(ROWS) <= {vendor for vendor, _ in there}


def test_sessions_without_exchanges_are_not_served() -> None:
    assert all(file.exchanges for file in SERVED)
    assert all(file.frames for file in recordings() if not file.exchanges)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    told = capsys.readouterr().out
    assert "859 files: 565 to typed results, 83 to the right errors, 211 left out" in told
    assert "of 667 files of served kinds 19 are left out: 2.8%" in told
    assert all(f"{vendor:12} {kind:17} " in told for vendor, kind in KINDS)


# ---- rows


@pytest.mark.parametrize("vendor", sorted(ROWS))
def test_a_row_alone_reaches_the_vendor(vendor: str) -> None:
    """What the wire asks goes where the recorded request went."""
    found = [one for one in BY_ROW if one.vendor == vendor]
    assert found
    for one in found:
        route = route_of(one)
        assert route is not None
        call, operation = operation_of(one, route)
        files = {a.sha256: File(a, b"RIFF") for a in assets_in(call.request)}
        ask = operation.ask(call, files)
        bases = ROWS[vendor][0]
        assert one.asked in {f"{ask.method} {base}/{ask.path}" for base in bases}


# ---- streams


async def pieces_of(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def heard(one: Exchange, pieces: list[bytes]) -> tuple[str, Result | None, object]:
    """(text, result, usage or class of the error) of a stream that comes in these pieces."""
    stream, route = stream_of(one), route_of(one)
    assert stream is not None
    assert route is not None
    said: list[str] = []
    try:
        async for event in wire_of(route.wire).events(pieces_of(pieces)):
            for text in stream.feed(event):
                said.append(text)
        made: Made = stream.made()
    except BrandModelError as error:
        return "".join(said), None, type(error)
    return "".join(said), made.result([]), made.usage


def test_that_every_wire_that_streams_is_there() -> None:
    wires = Counter(route.wire.__name__ for one in STREAMS if (route := route_of(one)))
    assert wires == {"OpenAIWire": 151, "AnthropicWire": 35, "GoogleWire": 34}
    assert sum(len(in_characters(one.body)) > 1 for one in STREAMS) >= 50


@pytest.mark.parametrize("vendor", sorted({one.vendor for one in STREAMS}))
async def test_streams_are_the_same_however_they_are_cut(vendor: str) -> None:
    for one in STREAMS:
        if one.vendor == vendor:
            whole = await heard(one, [one.body])
            single = [one.body[at : at + 1] for at in range(len(one.body))]
            assert await heard(one, single) == whole, one.name
            assert await heard(one, in_characters(one.body)) == whole, one.name


# ---- errors


def test_that_failures_of_every_kind_are_there() -> None:
    assert Counter(one.status for one in REFUSED) == {400: 38, 401: 20, 404: 25, 429: 2}


@pytest.mark.parametrize("one", REFUSED, ids=lambda one: f"{one.vendor}-{one.name[-30:]}")
async def test_a_refusal_over_the_wire(one: Exchange, server: Server, store: FolderStore) -> None:
    """The wire is given the very key that the vendor's refusal repeats."""
    route = route_of(one)
    assert route is not None
    key = next(iter(_KEY_SAID.findall(one.body.decode())), KEY)
    call = call_of(one, route)
    request = call.request
    if isinstance(request, EditImage):
        request = request.model_copy(update={"images": (store.put_now(png(8, 8)),)})
    settings = {**call.target.settings, "base_url": server.url}
    call = call._replace(
        request=request, blobs=store, target=replace(call.target, settings=settings)
    )
    server.says(one.body, status=one.status, headers=one.headers)
    http = Http()
    with pytest.raises(BrandModelError) as caught:
        await route.wire(http, lambda target: key).start(call)
    await http.aclose()
    error = caught.value
    assert type(error) is wanted(one)
    told = f"{error} {error!r} {vars(error)} {error.__cause__!r}"
    assert key not in told
    assert one.vendor not in str(error).casefold() + repr(error).casefold()
    if isinstance(error, ProviderError):
        assert (error.vendor, error.status) == (one.vendor, one.status)
        assert error.detail, "operators want the vendor's own words"
        assert error.started is False, "whatever is refused by its status has not begun"
    if isinstance(error, RateLimitError):
        assert error.retry_after_s == (48.0 if b'"retryDelay": "48s"' in one.body else None)


def test_a_failure_after_a_good_status_may_be_billed() -> None:
    found = [told.error for one in READ if one.status == 200 and (told := read(one)).error]
    assert len(found) == 11
    assert all(isinstance(error, ProviderError) and error.started for error in found)
