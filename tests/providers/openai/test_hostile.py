"""Answers that are not what the contract says: always a typed error or a sound result, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BadResponseError, BadResultError, BrandModelError
from brandmodel.providers._events import Event
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Made, Operation, Pending
from brandmodel.providers.openai import OpenAIWire
from brandmodel.providers.openai.audio import SPEAK, TRANSCRIBE
from brandmodel.providers.openai.chat import CHAT
from brandmodel.providers.openai.images import IMAGES
from brandmodel.providers.openai.meaning import EMBED, MODERATE
from brandmodel.providers.openai.responses import RESPONSES
from brandmodel.tasks import (
    Asset,
    Call,
    Chat,
    Embed,
    GenerateImage,
    Message,
    Moderate,
    Request,
    Speak,
    Target,
    Transcribe,
)
from tests.providers.openai.conftest import MakeCall

SOUND = Asset(sha256="1" * 64, media_type="audio/wav", size=1, duration_s=1.0)
PICTURE = Asset(sha256="2" * 64, media_type="image/png", size=1, width=16, height=16)
CHATTING = Chat(messages=(Message(role="user", text="Hi"),))
USAGE = {
    "prompt_tokens": 5,
    "completion_tokens": 7,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 2, "image_tokens": 1, "audio_tokens": 1},
    "cost": 0.1,
    "cost_details": {"upstream_inference_cost": 0.2},
    "is_byok": True,
}
TOOL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CITED = [{"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "A"}}]
MESSAGE = {
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi"}, {"thinking": [{"text": "so"}]}],
    "reasoning": "hm",
    "refusal": None,
    "tool_calls": [TOOL],
    "annotations": CITED,
    "executed_tools": [{"search_results": {"results": [{"url": "https://b.example"}]}}],
}
CHAT_BODY = {
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop", "error": None}],
    "usage": USAGE,
    "search_results": [{"url": "https://c.example", "title": None}],
    "citations": ["https://d.example"],
    "error": None,
}
RESPONSE_BODY = {
    "status": "completed",
    "error": None,
    "incomplete_details": {"reason": "max_output_tokens"},
    "output": [
        {"type": "reasoning", "summary": [{"text": "s"}], "content": [{"text": "t"}]},
        {
            "type": "message",
            "content": [
                {
                    "type": "output_text",
                    "text": "Hi",
                    "annotations": [{"type": "url_citation", "url": "https://a.example"}],
                },
                {"type": "refusal", "refusal": "no"},
            ],
        },
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ],
    "usage": USAGE,
}
WHOLE: list[tuple[str, Operation, Request[Any], Any]] = [
    ("chat", CHAT, CHATTING, CHAT_BODY),
    ("responses", RESPONSES, CHATTING, RESPONSE_BODY),
    (
        "images",
        IMAGES["GenerateImage"],
        GenerateImage(prompt="a cat"),
        {"data": [{"b64_json": "aGk=", "url": ""}], "usage": USAGE, "size": "16x16"},
    ),
    (
        "transcripts",
        TRANSCRIBE,
        Transcribe(audio=SOUND),
        {
            "text": "Hi",
            "language": "english",
            "duration": 1.0,
            "words": [{"word": "Hi", "start": 0.0, "end": 1.0}],
            "usage": {"type": "duration", "seconds": 1, **USAGE},
        },
    ),
    ("speech", SPEAK, Speak(text="Hi"), {"audio_data": "aGk="}),
    (
        "vectors",
        EMBED,
        Embed(texts=("a", "b")),
        {
            "data": [{"index": 0, "embedding": [0.1, 0.2]}, {"index": 1, "embedding": "AAAAAA=="}],
            "usage": USAGE,
        },
    ),
    (
        "moderations",
        MODERATE,
        Moderate(texts=("a",)),
        {"results": [{"flagged": True, "categories": {"self-harm/intent": True}}]},
    ),
]
WRONG: list[Any] = [None, True, -1, 1e999, 10**30, "", "\ud83d", [], {}, [[]], [None], {"": 0}]
CHAT_CHUNKS = [
    {"choices": [{"index": 0, "delta": {**MESSAGE, "tool_calls": [TOOL]}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "."}, "finish_reason": "stop"}]},
    {"choices": [], "usage": USAGE, "x_groq": {"usage": USAGE}},
]
RESPONSE_CHUNKS = [
    {"type": "response.output_text.delta", "delta": "Hi"},
    {"type": "response.output_item.done", "item": RESPONSE_BODY["output"][1]},
    {"type": "response.completed", "response": {**RESPONSE_BODY, "output": []}},
]


def call_of(request: Request[Any]) -> Call:
    target = Target("v/m", "openai", "m", frozenset((type(request).__name__,)))
    return Call(request=request, target=target, blobs=FolderStore(Path("unused")))


def mutated(node: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by everything that it should not be, or taken out."""
    yield from WRONG
    if isinstance(node, dict):
        for name, value in node.items():
            yield {k: v for k, v in node.items() if k != name}
            for other in mutated(value):
                yield {**node, name: other}
    if isinstance(node, list):
        for at, value in enumerate(node):
            for other in mutated(value):
                yield [*node[:at], other, *node[at + 1 :]]


def sound(read: Callable[[], Made | Pending]) -> bool:
    """Whether there is a result; an error must be of the one tree."""
    try:
        made = read()
        assert isinstance(made, Made)
        result = made.result([PICTURE])
    except BrandModelError:
        return False
    assert result.model_dump_json()
    for figure in (
        made.usd_nano or 0,
        *(getattr(made.usage, n, 0) for n in ("tokens_in", "tokens_out")),
    ):
        assert 0 <= figure < 10**19
    return True


@pytest.mark.parametrize(
    ("name", "operation", "request_", "body"), WHOLE, ids=lambda v: str(v)[:12]
)
def test_any_part_of_an_answer_may_be_of_a_wrong_type(
    name: str, operation: Operation, request_: Request[Any], body: Any
) -> None:
    call = call_of(request_)
    headers = {"content-type": "application/json"}
    read = operation.read
    assert sound(lambda: read(call, Reply(200, headers, json.dumps(body).encode()))), name
    replies = [Reply(200, headers, json.dumps(other).encode()) for other in mutated(body)]
    verdicts = [sound(partial(read, call, reply)) for reply in replies]
    assert len(verdicts) > 24
    assert not all(verdicts)


@pytest.mark.parametrize(
    ("operation", "chunks"),
    [(CHAT, CHAT_CHUNKS), (RESPONSES, RESPONSE_CHUNKS)],
    ids=["chat", "responses"],
)
def test_any_part_of_a_stream_may_be_of_a_wrong_type(
    operation: Operation, chunks: list[Any]
) -> None:
    open_stream = operation.stream
    assert open_stream is not None

    def read(data: list[str]) -> Made:
        stream = open_stream(call_of(CHATTING))
        for one in data:
            assert all(isinstance(piece, str) for piece in stream.feed(Event(one)))
        return stream.made()

    assert sound(lambda: read([json.dumps(chunk) for chunk in chunks]))
    for other in mutated(chunks):
        if isinstance(other, list):
            sound(partial(read, [json.dumps(chunk) for chunk in other]))


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b'{"choices": [{"mess', b"null"]
)
@pytest.mark.parametrize(
    ("name", "operation", "request_", "_body"), WHOLE, ids=lambda v: str(v)[:12]
)
def test_what_is_no_object_is_a_bad_answer(
    name: str, operation: Operation, request_: Request[Any], _body: Any, body: bytes
) -> None:
    reply = Reply(200, {"content-type": "application/json"}, body)
    with pytest.raises(BadResponseError) as caught:
        operation.read(call_of(request_), reply)
    assert caught.value.started, name


@pytest.mark.parametrize(
    "data",
    [
        ['{"choices": [{"delta": {"content": "Hi"}}]}'],
        ["[DONE]"],
        [],
    ],
    ids=["no end", "nothing said", "nothing"],
)
def test_a_stream_without_its_end_is_no_answer(data: list[str]) -> None:
    assert CHAT.stream is not None
    stream = CHAT.stream(call_of(CHATTING))
    said = [piece for one in data for piece in stream.feed(Event(one))]
    assert "".join(said) in ("Hi", "")
    with pytest.raises(BadResponseError, match="middle"):
        stream.made()


async def test_a_web_page_is_no_speech(wire: OpenAIWire, call: MakeCall, server: Any) -> None:
    server.says(b"<!doctype html><html><body>Sign in</body></html>", media_type="audio/wav")
    with pytest.raises(BadResultError) as caught:
        await wire.start(call(Speak(text="Hi"), base_url=server.url))
    assert caught.value.vendor == "acme"
    assert caught.value.started
