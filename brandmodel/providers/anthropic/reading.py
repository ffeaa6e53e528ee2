"""Replies of the Messages API, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._chat import from_chat
from brandmodel.providers._errors import midway
from brandmodel.providers._events import Event
from brandmodel.providers._http import Reply
from brandmodel.providers._json import count, fields, items, parsed, text
from brandmodel.providers._wire import Made
from brandmodel.tasks import Call, ChatReply, Finish, Source, ToolCall, Usage

_FINISH: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    # A turn of the vendor's own tools that was put off: what is there is not the whole answer.
    "pause_turn": "length",
    "refusal": "filtered",
}
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Status by type of error, for errors that come inside a stream."""
_PIECES = {"text": "text", "thinking": "thinking", "partial_json": "json"}
"""What a delta brings, and the field of its block that it belongs to."""


def read_chat(call: Call, reply: Reply) -> Made:
    """The answer of a conversation.

    Raises:
        BadResponseError: there is none.
    """
    body = fields(reply.data())
    if not isinstance(body.get("content"), list):
        raise BadResponseError("the answer has no message", detail=reply.excerpt())
    return _made(call, items(body["content"]), body.get("stop_reason"), body.get("usage"))


def read_count(reply: Reply) -> int:
    """The number of tokens.

    Raises:
        BadResponseError: there is none.
    """
    told = count(fields(reply.data()).get("input_tokens"))
    if not told:
        raise BadResponseError("the answer has no count", detail=reply.excerpt())
    return told


def usage_of(told: Any) -> Usage | None:
    """What a reply says was consumed: ``input_tokens`` are only those that no cache had."""
    usage = fields(told)
    if not usage:
        return None
    cached = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return Usage(
        tokens_in=count(usage.get("input_tokens")) + written + cached,
        tokens_cached=cached,
        tokens_cache_written=written,
        tokens_out=count(usage.get("output_tokens")),
    )


class MessageStream:
    """Reads the events of a streamed message."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._blocks: dict[int, dict[str, Any]] = {}
        self._stop_reason: Any = None
        self._usage: dict[str, Any] = {}
        self._ended = False

    def feed(self, event: Event) -> Iterator[str]:
        """See ``Stream``."""
        data = parsed(event.data)
        match data.get("type"):
            case "content_block_start":
                yield from self._begin(count(data.get("index")), fields(data.get("content_block")))
            case "content_block_delta":
                yield from self._go_on(count(data.get("index")), fields(data.get("delta")))
            case "message_start":
                self._count(fields(data.get("message")).get("usage"))
            case "message_delta":
                delta = fields(data.get("delta"))
                self._stop_reason = delta.get("stop_reason") or self._stop_reason
                self._count(data.get("usage"))
            case "message_stop":
                self._ended = True
            case "error":
                kind = text(fields(data.get("error")).get("type"))
                raise midway(_STATUS.get(kind, 500), event.data)
            case _:
                pass  # `ping`, the end of a block, and whatever is added: new kinds come unasked.

    def made(self) -> Made:
        """See ``Stream``."""
        if not self._ended:
            raise BadResponseError("the stream ended in the middle of the answer")
        blocks = [block for _, block in sorted(self._blocks.items())]
        return _made(self._call, blocks, self._stop_reason, self._usage or None)

    def _begin(self, index: int, block: dict[str, Any]) -> Iterator[str]:
        self._blocks[index] = block = {**block, "citations": items(block.get("citations"))}
        if block.get("type") == "text" and (said := text(block.get("text"))):
            yield said

    def _go_on(self, index: int, delta: dict[str, Any]) -> Iterator[str]:
        block = self._blocks.setdefault(index, {"type": "text", "citations": []})
        for name, into in _PIECES.items():
            if piece := text(delta.get(name)):
                block[into] = text(block.get(into)) + piece
                if into == "text":
                    yield piece
        if delta.get("citation"):
            block["citations"].append(delta["citation"])

    def _count(self, usage: Any) -> None:
        """Figures are of the whole message, not of the event."""
        self._usage |= {k: v for k, v in fields(usage).items() if v is not None}


def _made(call: Call, blocks: Iterable[Any], stop_reason: Any, usage: Any) -> Made:
    told = [fields(block) for block in blocks]
    answer = ChatReply(
        text="".join(text(b.get("text")) for b in told if b.get("type") == "text"),
        reasoning="".join(text(b.get("thinking")) for b in told if b.get("type") == "thinking"),
        tool_calls=tuple(_tool_call(b) for b in told if b.get("type") == "tool_use"),
        finish=_FINISH.get(text(stop_reason), "stop"),
        sources=_sources(told),
    )
    consumed = usage_of(usage)
    result = from_chat(call.request, answer, consumed)
    return Made(lambda _: result, usage=consumed)


def _tool_call(block: dict[str, Any]) -> ToolCall:
    """The input comes whole, or streamed as pieces of JSON; no piece at all means no arguments."""
    streamed = block.get("json")
    arguments = streamed or json.dumps(block.get("input") or {}, ensure_ascii=False)
    return ToolCall(id=text(block.get("id")), name=text(block.get("name")), arguments=arguments)


def _sources(blocks: Iterable[dict[str, Any]]) -> tuple[Source, ...]:
    """Pages that the text cites; citations of the caller's own documents have no address."""
    cited = [fields(one) for block in blocks for one in items(block.get("citations"))]
    found = {
        url: Source(url=url, title=text(one.get("title")))
        for one in cited
        if (url := text(one.get("url")))
    }
    return tuple(found.values())
