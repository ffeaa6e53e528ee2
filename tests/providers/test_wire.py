"""Replies that mean harm, or are broken, through a whole wire over a real connection.

The wire of OpenAI stands for all of them: what is tested is what they share.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BrandModelError,
    ContextLengthError,
    CreditError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RoutingError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers import _http
from brandmodel.providers._http import Ask, Http
from brandmodel.providers.openai import OpenAIWire
from brandmodel.recipes import recipe
from brandmodel.tasks import (
    Brief,
    Call,
    Chat,
    Context,
    Done,
    GenerateImage,
    Message,
    Request,
    Target,
    WriteImagePrompt,
)
from tests.providers.media import png

KEY = "Zm9vYmFyMTIzNDU2"
HI = Chat(messages=(Message(role="user", text="Hi"),))
CAT = GenerateImage(prompt="A cat", width=64, height=64)
FINE = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
PAGE = b"<!doctype html><html><head><title>Sorry</title></head><body>Key " + KEY.encode()
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """A server that says its answers byte by byte, each a function, one a connection.

    Attributes:
        heads: of the requests, as they came.
        sent: bytes that the other side has taken.
    """

    answers: list[Talk] = field(default_factory=list[Talk])
    heads: list[bytes] = field(default_factory=list[bytes])
    sent: int = 0
    url: str = ""

    def says(self, data: bytes) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(data)

        self.answers.append(talk)

    def answers_with(
        self, body: Any = b"", *, status: int = 200, kind: str = "application/json", **headers: str
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.says("\r\n".join(lines).encode() + b"\r\nconnection: close\r\n\r\n" + data)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            length = next(
                (x for x in head.lower().split(b"\r\n") if b"content-length:" in x), b":0"
            )
            await reader.readexactly(int(length.partition(b":")[2]))
            await self.answers.pop(0)(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    made = Raw()
    async with serving(made):
        yield made


@asynccontextmanager
async def serving(made: Raw) -> AsyncGenerator[None]:
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()


@dataclass(slots=True)
class Hurried(OpenAIWire):
    """The wire with limits that a test can wait for."""

    timeout_s: float = 30.0

    def _addressed(self, target: Target, ask: Ask) -> Any:
        return OpenAIWire._addressed(self, target, replace(ask, timeout_s=self.timeout_s))


@pytest.fixture
async def wire() -> AsyncIterator[Hurried]:
    http = Http()
    yield Hurried(http, lambda target: KEY)
    await http.aclose()


def call_of(request: Request[Any], url: str, tmp_path: Path) -> Call:
    task = frozenset((type(request).__name__,))
    target = Target("acme/m", "openai", "m", task, settings={"base_url": url})
    return Call(request, target, FolderStore(tmp_path / "assets"))


@dataclass
class Asker:
    """Asks the server by the wire, and looks that the key is nowhere in what comes of it."""

    wire: Hurried
    raw: Raw
    tmp_path: Path
    caplog: pytest.LogCaptureFixture

    async def done(self, request: Request[Any] = HI) -> Done:
        done = await self.wire.start(call_of(request, self.raw.url, self.tmp_path))
        assert isinstance(done, Done)
        return done

    async def fails(self, request: Request[Any] = HI, *, streamed: bool = False) -> BrandModelError:
        call = call_of(request, self.raw.url, self.tmp_path)
        with pytest.raises(BrandModelError) as caught:
            await (self._streamed(call) if streamed else self.wire.start(call))
        keyless(caught.value, self.caplog)
        if isinstance(caught.value, ProviderError):
            assert caught.value.vendor == "acme"
        assert "acme" not in str(caught.value)
        return caught.value

    async def _streamed(self, call: Call) -> None:
        async for _ in self.wire.stream(call):
            pass


@pytest.fixture
def ask(wire: Hurried, raw: Raw, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Asker:
    caplog.set_level(logging.DEBUG)
    return Asker(wire, raw, tmp_path, caplog)


def keyless(error: BaseException | None, caplog: pytest.LogCaptureFixture) -> None:
    """The key is in no error of the chain, however it is written, and in no line of the log."""
    while error is not None:
        assert KEY not in f"{error} {error!r} {vars(error)} {error.args!r}"
        error = error.__cause__ or error.__context__
    assert KEY not in caplog.text


# ---- bodies


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "text/html"),
        (PAGE, "application/json"),
        (json.dumps(FINE).encode()[:-9], "application/json"),
        (b"", "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"choices":' * 20_000, "application/json"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "text/event-stream"),
        (b"data: " + PAGE + b"\n\n", "text/event-stream"),
        (b"1" * 10_000, "text/plain"),
        (
            json.dumps(
                {"choices": [{"message": {"content": "x", "tool_calls": [1, {}, None]}}]}
            ).encode()[:-4],
            "application/json",
        ),
    ],
    ids=range(12),
)
async def test_a_body_that_is_no_answer(body: bytes, kind: str, streamed: bool, ask: Asker) -> None:
    ask.raw.answers_with(body, kind=kind)
    error = await ask.fails(streamed=streamed)
    assert type(error) is BadResponseError
    assert error.started, "it answered 200, so it may have worked"


async def test_a_wrong_content_type_is_forgiven_where_the_answer_is_sound(ask: Asker) -> None:
    for kind in ("text/plain", "text/html; charset=latin-1", "application/octet-stream"):
        ask.raw.answers_with(FINE, kind=kind)
        assert (await ask.done()).result.text == "Hello"  # type: ignore[attr-defined]


async def test_a_whole_answer_where_a_stream_was_asked_for(ask: Asker) -> None:
    ask.raw.answers_with(FINE)
    error = await ask.fails(streamed=True)
    assert type(error) is BadResponseError
    assert error.started


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "piece", [b" " * 1024, b": " + b"." * 1021 + b"\n"], ids=["one line", "no end of lines"]
)
async def test_an_endless_body_is_not_read_to_its_end(
    piece: bytes, streamed: bool, ask: Asker
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(JSON_HEAD + b"connection: close\r\n\r\n")
        while True:
            writer.write(piece * 1024)
            await writer.drain()
            ask.raw.sent += 1024**2

    ask.raw.answers.append(talk)
    error = await ask.fails(streamed=streamed)
    assert type(error) is BadResponseError
    assert error.started
    assert _http.LARGEST_ANSWER <= ask.raw.sent + 8 * 1024**2 < _http.LARGEST_ANSWER + 32 * 1024**2


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(ask: Asker) -> None:
    hung_up = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(JSON_HEAD + b"content-length: 10737418240\r\n\r\n")
        assert await reader.read() == b""
        hung_up.set()

    ask.raw.answers.append(talk)
    error = await ask.fails()
    assert type(error) is BadResponseError
    assert error.started
    async with asyncio.timeout(10):
        await hung_up.wait()


async def test_a_small_body_that_unpacks_to_a_giant(ask: Asker) -> None:
    packed = gzip.compress(b" " * (_http.LARGEST_ANSWER + 1), compresslevel=1)
    assert len(packed) < 1024**2
    ask.raw.answers_with(packed, content_encoding="gzip")
    error = await ask.fails()
    assert type(error) is BadResponseError
    assert "more than" in str(error)
    assert error.started


async def test_a_packed_answer_is_unpacked(ask: Asker) -> None:
    ask.raw.answers_with(gzip.compress(json.dumps(FINE).encode()), content_encoding="gzip")
    assert (await ask.done()).result.text == "Hello"  # type: ignore[attr-defined]


async def test_what_is_said_to_be_packed_and_is_not(ask: Asker) -> None:
    ask.raw.answers_with(b"no gzip at all", content_encoding="gzip")
    error = await ask.fails()
    assert type(error) is UnavailableError
    assert error.started


# ---- connections


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 O",
        JSON_HEAD + b"content-length: 500\r\n\r\n",
        JSON_HEAD + b'content-length: 500\r\n\r\n{"choices": [',
        JSON_HEAD + b'transfer-encoding: chunked\r\n\r\n5\r\n{"cho',
        JSON_HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    ],
    ids=["at once", "head", "body", "in body", "in chunk", "no chunk", "no HTTP", "long", "odd"],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_that_breaks_off(said: bytes, streamed: bool, ask: Asker) -> None:
    ask.raw.says(said)
    error = await ask.fails(streamed=streamed)
    assert isinstance(error, UnavailableError)
    assert error.started, "the request was sent: nobody knows what became of it"


async def test_a_drip_ends_with_the_time(ask: Asker) -> None:
    ask.wire.timeout_s = 0.4

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(JSON_HEAD + b"connection: close\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    for streamed in (False, True):
        ask.raw.answers.append(talk)
        error = await ask.fails(streamed=streamed)
        assert type(error) is ProviderTimeoutError
        assert error.started


async def test_a_vendor_that_never_takes_the_call(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue of connections: nothing was sent, so nothing can have begun."""
    monkeypatch.setattr(_http, "CONNECT_S", 0.2)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            ask.raw.url = f"http://127.0.0.1:{port}"
            error = await ask.fails()
        finally:
            for one in waiting:
                one.close()
    assert type(error) is UnavailableError
    assert not error.started


# ---- addresses


INNER = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:1/x.png",
    "https://127.0.0.1/x.png",
    "https://[::1]/x.png",
    "https://[::ffff:127.0.0.1]/x.png",
    "https://10.0.0.1/x.png",
    "https://localhost/x.png",
    "https://localhost./x.png",
    "https://2130706433/x.png",
    "https://0x7f.1/x.png",
    "https://user:word@127.0.0.1/x.png",
    "https://[/x.png",
    "file:///etc/passwd",
    "gopher://127.0.0.1/x",
    "//127.0.0.1/x.png",
]


@pytest.mark.parametrize(
    ("url", "redirected"),
    # Without a scheme an address is a path of the vendor's own host.
    [*[(url, False) for url in INNER if "://" in url], *[(url, True) for url in INNER]],
)
async def test_a_result_at_an_inner_address(url: str, redirected: bool, ask: Asker) -> None:
    """Given as the picture's address, or as where the vendor's own host sends on to."""
    first = f"{ask.raw.url}/files/1.png" if redirected else url
    ask.raw.answers_with({"data": [{"url": first}]})
    if redirected:
        ask.raw.answers_with(b"", status=302, location=url)
    error = await ask.fails(CAT)
    assert isinstance(error, BadResponseError | UnavailableError)
    assert isinstance(error, ProviderError)
    assert error.started, "the picture was made all the same"
    assert len(ask.raw.heads) == 1 + redirected
    assert all(KEY.encode() not in head for head in ask.raw.heads[1:])


async def test_credentials_stay_with_the_vendors_host(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other server stands for a public one, which no test can reach."""
    monkeypatch.setattr(_http, "_refuse_inner", lambda url: None)
    other, http, credentials = Raw(), Http(), {"authorization": f"Bearer {KEY}"}
    async with serving(other):
        for url in (f"{raw.url}/1", f"{other.url}/1"):
            raw.answers_with(b"", status=302, location=f"{other.url}/2")
            other.answers_with(b"the file")
            reply = await http.fetch(url, headers=credentials, trusted=raw.url)
            assert reply.body == b"the file"
            assert sum(KEY.encode() in head for head in raw.heads) == 1
            assert not any(KEY.encode() in head for head in other.heads)
    await http.aclose()


async def test_redirects_come_to_an_end(ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/0"}]})
    for number in range(10):
        ask.raw.answers_with(b"", status=302, location=f"/{number + 1}")
    error = await ask.fails(CAT)
    assert type(error) is BadResponseError
    assert len(ask.raw.heads) == 7


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "text/html"),
        (PAGE, "image/png"),
        (b"", "image/png"),
        (b'{"error": "gone"}', "image/png"),
    ],
)
async def test_a_picture_that_is_none(body: bytes, kind: str, ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/1.png"}]})
    ask.raw.answers_with(body, kind=kind)
    error = await ask.fails(CAT)
    assert type(error) is BadResponseError
    assert error.started


async def test_a_picture_under_a_wrong_content_type(ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/1.png"}]})
    ask.raw.answers_with(png(64, 64), kind="text/html")
    assert (await ask.done(CAT)).result.image.media_type == "image/png"  # type: ignore[attr-defined]


async def test_the_vendor_sends_its_caller_elsewhere(ask: Asker) -> None:
    """A call is never sent on: it carries the key."""
    for status in (301, 302, 307, 308):
        ask.raw.answers_with(b"", status=status, location="https://elsewhere.example/v1")
        error = await ask.fails()
        assert type(error) is BadResponseError
        assert not error.started
    assert len(ask.raw.heads) == 4


# ---- statuses


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("shape", ["openai", "words", "page", "nested", "nothing"])
@pytest.mark.parametrize(
    ("status", "expected", "started"),
    [
        (401, AuthenticationError, False),
        (402, CreditError, False),
        (403, AuthenticationError, False),
        (404, UnknownTargetError, False),
        (410, UnknownTargetError, False),
        (413, ContextLengthError, None),
        (429, RateLimitError, False),
        (500, UnavailableError, True),
        (502, UnavailableError, True),
        (504, ProviderTimeoutError, True),
        (529, UnavailableError, True),
    ],
)
async def test_a_status(
    status: int,
    expected: type[BrandModelError],
    started: bool | None,
    shape: str,
    streamed: bool,
    ask: Asker,
) -> None:
    words = f"no: {KEY}, Bearer {KEY}"
    bodies: dict[str, Any] = {
        "openai": {"error": {"message": words, "code": "x"}},
        "words": {"detail": words},
        "page": PAGE,
        "nested": b'{"error":' * 5_000 + b'"no"' + b"}" * 5_000,
        "nothing": b"",
    }
    ask.raw.answers_with(bodies[shape], status=status, www_authenticate=f"Bearer {KEY}")
    error = await ask.fails(streamed=streamed)
    assert type(error) is expected
    if isinstance(error, ProviderError):
        assert error.started is started
        assert error.status == status


NOW = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "\u00b2"}, None),
        ({"retry_after": "9" * 400}, None),
        ({"retry_after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, None),
        ({"date": -3600, "retry_after": 42}, 42.0),
        ({"date": 86_400 * 400, "retry_after": 42}, 42.0),
        ({"date": 0, "retry_after": -90}, 0.0),
        ({"retry_after": "Mon Nov 23 08:00:07 2020"}, 0.0),
        ({"date": "Mon Nov 23 08:00:00 2026", "retry_after": "Mon Nov 23 08:00:07 2026"}, 7.0),
        (
            {
                "date": "Mon, 23 Nov 2026 08:00:00 GMT",
                "retry_after": "Monday, 23-Nov-26 08:00:07 GMT",
            },
            7.0,
        ),
        ({}, None),
    ],
)
async def test_how_long_to_wait(
    headers: dict[str, Any], expected: float | None, ask: Asker
) -> None:
    """A number under ``date`` is how far the vendor's clock is off; a later one counts from there."""
    skew = headers.get("date", 0)
    told: dict[str, str] = {}
    for name, value in headers.items():
        seconds = value if name == "date" else value + skew if isinstance(value, int) else value
        moved = NOW + timedelta(seconds=seconds) if isinstance(seconds, int) else None
        told[name] = format_datetime(moved, usegmt=True) if moved else str(value)
    ask.raw.answers_with({"error": {"message": "slow down"}}, status=429, **told)
    error = await ask.fails()
    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == expected
    assert not error.started


# ---- a whole run


VENDOR = """\
[acme]
provider = "openai"
base_url = "{url}/v1"
key_env = "ACME_API_KEY"
"""
TARGET = """\
[m]
tasks = ["WriteImagePrompt"]
price = { million_tokens_in = 0.01, million_tokens_out = 0.01 }
price_source = "https://acme.example/prices"
price_checked = 2026-11-23
"""
MODEL = """\
[model]
name = "studio-1"
default = true
[tasks]
WriteImagePrompt = ["acme/m"]
Sign = ["house/sign"]
"""


async def prompted(ctx: Context, brief: Brief) -> dict[str, str]:
    """One line about the picture."""
    written = await ctx.call(WriteImagePrompt(subject=brief.prompt), name="prompt")
    return {"text": written.prompt}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        (500, {"error": {"message": f"oops, Bearer {KEY}"}}),
        (200, PAGE),
        (200, {"error": {"message": f"odd, {KEY}"}}),
    ],
)
async def test_the_key_is_in_nothing_that_a_run_leaves(
    status: int,
    body: Any,
    raw: Raw,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    recipe("prompted", makes=("text/plain",))(prompted)
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(VENDOR.format(url=raw.url))
    (routers / "targets" / "acme.toml").write_text(TARGET)
    (routers / "studio-1.toml").write_text(MODEL)
    monkeypatch.setenv("ACME_API_KEY", KEY)
    for _ in range(6):
        raw.answers_with(body, status=status)
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        with pytest.raises(BrandModelError) as caught:
            await model.run("A cold brew tonic", recipe="prompted")
    assert raw.heads, "the vendor was asked"
    assert KEY.encode() in raw.heads[0]
    keyless(caught.value, caplog)
    if isinstance(caught.value, RoutingError):
        for attempt in caught.value.attempts:
            keyless(attempt, caplog)
    assert "acme" not in str(caught.value)
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert any(path.stat().st_size for path in files), "the journal was written"
    assert all(KEY.encode() not in path.read_bytes() for path in files)
