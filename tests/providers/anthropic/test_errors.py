"""What goes wrong, and what it may have cost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContentFilteredError,
    ContextLengthError,
    CreditError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.tasks import Chat, Message, Moderate
from tests.providers.anthropic.conftest import KEY, MakeCall, Server

ASKED = Chat(messages=(Message(role="user", text="?"),))
START = {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 3}}}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ye"}}
STOP = {"type": "message_stop"}


def event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def error(kind: str, words: str = "") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_1"}


async def listen(wire: AnthropicWire, call: MakeCall, into: list[Any] | None = None) -> None:
    said = [] if into is None else into
    async for piece in wire.stream(call(ASKED)):
        said.append(piece)


@pytest.mark.parametrize(
    ("status", "kind", "words", "wanted", "started"),
    [
        (400, "invalid_request_error", "max_tokens: too large", RejectedError, False),
        (400, "invalid_request_error", "prompt is too long: 9 > 8", ContextLengthError, None),
        (400, "invalid_request_error", "Your credit balance is too low", CreditError, False),
        (401, "authentication_error", f"invalid key {KEY}", AuthenticationError, False),
        (402, "billing_error", "no", CreditError, False),
        (403, "permission_error", "no", AuthenticationError, False),
        (404, "not_found_error", "model: x", UnknownTargetError, False),
        (413, "request_too_large", "no", ContextLengthError, None),
        (429, "rate_limit_error", "no", RateLimitError, False),
        (500, "api_error", "no", UnavailableError, True),
        (504, "timeout_error", "no", ProviderTimeoutError, True),
        (529, "overloaded_error", "no", UnavailableError, True),
    ],
)
async def test_statuses(
    server: Server,
    wire: AnthropicWire,
    call: MakeCall,
    status: int,
    kind: str,
    words: str,
    wanted: type[BrandModelError],
    started: bool | None,
) -> None:
    server.says(error(kind, words), status=status, headers={"retry-after": "7"})
    with pytest.raises(BrandModelError) as caught:
        await wire.start(call(ASKED))
    assert type(caught.value) is wanted
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"
    if isinstance(caught.value, ProviderError):
        assert caught.value.started is started
        assert (caught.value.vendor, caught.value.code) == ("acme", kind)
    if isinstance(caught.value, RateLimitError):
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("overloaded_error", UnavailableError),
        ("rate_limit_error", RateLimitError),
        ("invalid_request_error", RejectedError),
        ("something_new", UnavailableError),
    ],
)
async def test_an_error_inside_a_stream_may_be_billed(
    server: Server,
    wire: AnthropicWire,
    call: MakeCall,
    kind: str,
    wanted: type[ProviderError],
) -> None:
    pieces = [event(START), event(TEXT), event(error(kind, "no"))]
    server.says(pieces=pieces, media_type="text/event-stream")
    said: list[Any] = []
    with pytest.raises(wanted) as caught:
        await listen(wire, call, said)
    assert said == ["Ye"]
    assert (caught.value.started, caught.value.vendor) == (True, "acme")


@pytest.mark.parametrize("cut_off", [False, True])
async def test_a_stream_without_its_end_is_no_answer(
    server: Server, wire: AnthropicWire, call: MakeCall, cut_off: bool
) -> None:
    server.says(pieces=[event(START), event(TEXT)], media_type="text/event-stream", cut_off=cut_off)
    with pytest.raises((BadResponseError, UnavailableError)) as caught:
        await listen(wire, call)
    assert caught.value.started is True


async def test_a_refused_stream_tells_as_a_refused_call(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    server.says(error("authentication_error", f"invalid {KEY}"), status=401)
    with pytest.raises(AuthenticationError) as caught:
        await listen(wire, call)
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize(
    "body",
    [b"<html>busy</html>", b"", b"[]", b'{"content": 7}', b'{"type": "message"}', b"null"],
)
async def test_what_is_no_message_is_a_bad_response(
    server: Server, wire: AnthropicWire, call: MakeCall, body: bytes
) -> None:
    server.says(body)
    with pytest.raises(BadResponseError) as caught:
        await wire.start(call(ASKED))
    assert caught.value.started is True


@pytest.mark.parametrize("data", [b"{", b"[1]", b'"x"'])
async def test_what_is_no_event_is_a_bad_response(
    server: Server, wire: AnthropicWire, call: MakeCall, data: bytes
) -> None:
    server.says(pieces=[b"event: x\ndata: " + data + b"\n\n"], media_type="text/event-stream")
    with pytest.raises(BadResponseError):
        await listen(wire, call)


async def test_odd_fields_do_no_harm(server: Server, wire: AnthropicWire, call: MakeCall) -> None:
    odd = [
        7,
        {"type": "text", "text": None, "citations": [None, {"url": 3}]},
        {"type": "tool_use", "id": None, "name": 3, "input": None},
        {"type": "thinking", "thinking": {}},
    ]
    server.says({"content": odd, "stop_reason": [], "usage": {"input_tokens": "many"}})
    await wire.start(call(ASKED))
    events = [
        {"type": "content_block_delta", "index": "x", "delta": None},
        {"type": "content_block_start", "index": 1, "content_block": None},
        {"type": "message_delta", "delta": 3, "usage": []},
        {"type": "ping"},
        STOP,
    ]
    server.says(pieces=[event(one) for one in events], media_type="text/event-stream")
    assert [piece async for piece in wire.stream(call(ASKED))]


async def test_a_refusal_of_a_writing_task_is_one(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    server.says({"content": [], "stop_reason": "refusal", "usage": {"output_tokens": 1}})
    with pytest.raises(ContentFilteredError):
        await wire.start(call(Moderate(texts=("x",))))
    server.says({"content": [{"type": "text", "text": '{"all'}], "stop_reason": "max_tokens"})
    with pytest.raises(BadResultError, match="cut off"):
        await wire.start(call(Moderate(texts=("x",))))
