"""Bodies and connections that mean harm, or are broken, through a whole wire.

The wire of OpenAI stands for all of them: what is tested is what they share.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket

import pytest

from brandmodel.errors import (
    BadResponseError,
    ProviderTimeoutError,
    UnavailableError,
)
from brandmodel.providers import _http
from tests.providers.raw import FINE, JSON_HEAD, PAGE, Asker

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
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n",
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
