"""Conversations on OpenAI's wire, as the fake reads and writes them: chat completions and responses."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from brandmodel.providers._json import count, fields, items, text
from brandmodel.testing.vendors._house import Refused, from_data_uri
from brandmodel.testing.vendors._rows import Row
from brandmodel.testing.vendors._words import Answered, Asked

# ---- reading


def asked(body: dict[str, Any]) -> Asked:
    """A chat completion, read.

    Raises:
        Refused: it has no messages.
    """
    turns = [fields(one) for one in items(body.get("messages"))]
    if not turns:
        raise Refused("bad-request", "messages is required")
    system = [_text(one) for one in turns if one.get("role") in ("system", "developer")]
    said = [one for one in turns if one.get("role") not in ("system", "developer")] or [{}]
    form = fields(fields(body.get("response_format")).get("json_schema"))
    tools = [fields(fields(one).get("function")) for one in items(body.get("tools"))]
    choice = body.get("tool_choice", "auto")
    named = text(fields(fields(choice).get("function")).get("name"))
    return Asked(
        "\n".join(system),
        _text(said[-1]),
        "\n".join(map(_text, said[:-1])),
        _shown(said[-1]),
        fields(form.get("schema")) or None,
        [(text(tool.get("name")), fields(tool.get("parameters"))) for tool in tools],
        named or text(choice),
        count(body.get("max_completion_tokens")) or count(body.get("max_tokens")) or 4096,
    )


def asked_response(body: dict[str, Any]) -> Asked:
    """A response, read."""
    given = body.get("input")
    turns = [{"role": "user", "content": given}] if isinstance(given, str) else items(given)
    messages = [one for one in map(fields, turns) if one.get("role")]
    if instructions := text(body.get("instructions")):
        messages.insert(0, {"role": "system", "content": instructions})
    form = fields(fields(body.get("text")).get("format"))
    schema = {"json_schema": {"schema": form["schema"]}} if "schema" in form else None
    tools = [{"function": one} for one in items(body.get("tools"))]
    return asked(
        {
            "messages": messages,
            "response_format": schema,
            "tools": tools,
            "tool_choice": body.get("tool_choice", "auto"),
            "max_tokens": body.get("max_output_tokens"),
        }
    )


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    parts = [text(fields(one).get("text")) for one in items(content)]
    return text(content) or "\n".join(filter(None, parts))


def _shown(message: dict[str, Any]) -> list[bytes]:
    urls: list[str] = []
    for part in map(fields, items(message.get("content"))):
        image = part.get("image_url")
        urls.append(text(image) or text(fields(image).get("url")))
    return [from_data_uri(url) for url in urls if url.startswith("data:")]


# ---- writing


def _head(kind: str, row: Row) -> dict[str, Any]:
    id_ = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": id_, "object": kind, "created": int(time.time()), "model": row.model}


def _finish(answer: Answered) -> str:
    return "tool_calls" if answer.finish == "tools" else answer.finish


def _usage(answer: Answered) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": answer.tokens_out,
        "total_tokens": answer.tokens_in + answer.tokens_out,
    }


def _tool_call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{uuid.uuid4().hex[:16]}", "type": "function", "function": function}


def sent_event(data: Any, kind: str = "") -> bytes:
    """One event of a stream."""
    head = f"event: {kind}\n" if kind else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def whole_chat(row: Row, answer: Answered) -> dict[str, Any]:
    """The answer of a chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.tool:
        message |= {"content": None, "tool_calls": [_tool_call(*answer.tool)]}
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}
    return {**_head("chat.completion", row), "choices": [choice], "usage": _usage(answer)}


def chat_events(row: Row, answer: Answered, body: dict[str, Any]) -> Iterator[bytes]:
    """The same, streamed."""
    yield from map(sent_event, _chunks(row, answer, body))
    yield b"data: [DONE]\n\n"


def _chunks(row: Row, answer: Answered, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = _head("chat.completion.chunk", row)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if answer.tool:
        deltas.append({"tool_calls": [{"index": 0, **_tool_call(*answer.tool)}]})
    deltas += [{"content": piece} for piece in answer.pieces()]
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]}
    if fields(body.get("stream_options")).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(answer)}


def whole_response(row: Row, answer: Answered) -> dict[str, Any]:
    """The answer of a response."""
    part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": []}
    item: dict[str, Any] = {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    if answer.tool:
        name, arguments = answer.tool
        call = {"call_id": f"call_{uuid.uuid4().hex[:16]}", "name": name}
        written = {"type": "function_call", "arguments": json.dumps(arguments)}
        item = {"id": f"fc_{uuid.uuid4().hex}", **written, **call, "status": "completed"}
    cut = answer.finish == "length"
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if cut else "completed",
        "model": row.model,
        "output": [item],
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": answer.tokens_in,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer.tokens_out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.tokens_in + answer.tokens_out,
        },
    }


def response_events(whole: dict[str, Any], answer: Answered) -> Iterator[bytes]:
    """The same, streamed."""
    item = whole["output"][0]
    begun: dict[str, Any] = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    events += [
        {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        for piece in answer.pieces()
    ]
    events.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    events.append({"type": f"response.{whole['status']}", "response": whole})
    for number, event in enumerate(events):
        yield sent_event({**event, "sequence_number": number}, event["type"])
