"""Anthropic, as a fake: messages, whole and streamed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import web

from brandmodel.providers._json import count, fields, items, text
from brandmodel.testing.vendors._house import (
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    bearer,
    json_reply,
    unpacked,
)
from brandmodel.testing.vendors._rows import ROWS
from brandmodel.testing.vendors._words import Answered, Asked, answered

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate-limit": (429, "rate_limit_error", "This request would exceed your rate limit"),
    "server-error": (500, "api_error", "Internal server error"),
    "off": (503, "api_error", "Service unavailable"),
    "retired-model": (404, "not_found_error", "model: not found"),
    "no-credit": (400, "invalid_request_error", "Your credit balance is too low"),
    "wrong-key": (401, "authentication_error", "invalid bearer token"),
    "not-found": (404, "not_found_error", "Not found"),
    "bad-request": (400, "invalid_request_error", "The request is not valid"),
}
_FINISH = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use"}


class Anthropic(Vendor):
    """The Messages API."""

    name: ClassVar[str] = "anthropic"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (
            ("POST", "/v1/messages", "call", self.message),
            ("POST", "/v1/messages/count_tokens", "look", self.counted),
            ("GET", "/v1/models", "look", self.models),
        )

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``."""
        return request.headers.get("x-api-key") or bearer(request)

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``; what is not to be said comes with a good status."""
        if refused.kind == "refusal":
            usage = {"input_tokens": 0, "output_tokens": 0}
            return json_reply({**_head("refused"), "stop_reason": "refusal", "usage": usage})
        status, kind, words = _REFUSALS[refused.kind]
        error = {"type": kind, "message": refused.words or words}
        id_ = f"req_{uuid.uuid4().hex}"
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        body = {"type": "error", "error": error, "request_id": id_}
        return json_reply(body, status, {"request-id": id_, **wait})

    async def models(self, turn: Turn) -> Reply:
        """The list of models."""
        listed = [
            {
                "type": "model",
                "id": row.model,
                "display_name": row.model,
                "created_at": "2026-01-01T00:00:00Z",
            }
            for row in ROWS
            if row.vendor == self.name
        ]
        ends = {"first_id": listed[0]["id"], "last_id": listed[-1]["id"]}
        return json_reply({"data": listed, "has_more": False, **ends})

    async def counted(self, turn: Turn) -> Reply:
        """How many tokens a message has."""
        return json_reply({"input_tokens": _asked(turn.body).tokens})

    async def message(self, turn: Turn) -> Reply:
        """The next turn of a conversation."""
        row = self.house.row(self.name, turn.body.get("model"))
        if not count(turn.body.get("max_tokens")):
            raise Refused("bad-request", "max_tokens: Field required")
        if not turn.request.headers.get("anthropic-version"):
            raise Refused("bad-request", "anthropic-version: header is required")
        answer = await answered(_asked(turn.body), self.house.studio)
        counts = {"tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out}
        self.house.bill.charge(row, counts, task=answer.task)
        if turn.body.get("stream") is True:
            return Reply(media_type="text/event-stream", pieces=list(_events(row.model, answer)))
        body = {**_head(row.model), "content": [_block(answer)], "usage": _usage(answer)}
        return json_reply({**body, "stop_reason": _FINISH[answer.finish]})


def _asked(body: dict[str, Any]) -> Asked:
    turns = [fields(one) for one in items(body.get("messages"))]
    if not turns:
        raise Refused("bad-request", "messages: at least one message is required")
    output = fields(fields(body.get("output_config")).get("format"))
    tools = [fields(one) for one in items(body.get("tools"))]
    choice = fields(body.get("tool_choice"))
    named = {"any": "required", "tool": text(choice.get("name"))}
    return Asked(
        _text(body.get("system")),
        _text(turns[-1].get("content")),
        "\n".join(_text(one.get("content")) for one in turns[:-1]),
        _shown(turns[-1].get("content")),
        fields(output.get("schema")) or None,
        [(text(one.get("name")), fields(one.get("input_schema"))) for one in tools],
        named.get(text(choice.get("type")), "auto"),
        count(body.get("max_tokens")) or 4096,
    )


def _text(content: Any) -> str:
    parts = (text(fields(one).get("text")) for one in items(content))
    return text(content) or "\n".join(filter(None, parts))


def _shown(content: Any) -> list[bytes]:
    images = [fields(one) for one in items(content) if fields(one).get("type") == "image"]
    sources = [fields(one.get("source")) for one in images]
    return [unpacked(one.get("data")) for one in sources if one.get("type") == "base64"]


def _head(model: str) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(answer: Answered) -> dict[str, int]:
    cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": answer.tokens_in, **cache, "output_tokens": answer.tokens_out}


def _block(answer: Answered) -> dict[str, Any]:
    if answer.tool:
        name, arguments = answer.tool
        id_ = f"toolu_{uuid.uuid4().hex}"
        return {"type": "tool_use", "id": id_, "name": name, "input": arguments}
    return {"type": "text", "text": answer.text}


def _events(model: str, answer: Answered) -> Iterator[bytes]:
    block = _block(answer)
    begun: dict[str, Any] = {**block, "input": {}} if answer.tool else {**block, "text": ""}
    head = {**_head(model), "usage": {**_usage(answer), "output_tokens": 1}}
    yield _event("message_start", message=head)
    yield _event("content_block_start", index=0, content_block=begun)
    yield _event("ping")
    if answer.tool:
        delta = {"type": "input_json_delta", "partial_json": json.dumps(answer.tool[1])}
        yield _event("content_block_delta", index=0, delta=delta)
    for piece in answer.pieces():
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield _event("content_block_stop", index=0)
    ended = {"stop_reason": _FINISH[answer.finish], "stop_sequence": None}
    yield _event("message_delta", delta=ended, usage={"output_tokens": answer.tokens_out})
    yield _event("message_stop")


def _event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
