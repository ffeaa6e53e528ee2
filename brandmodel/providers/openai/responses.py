"""``POST /responses``: conversations on OpenAI's newer surface, where a row says ``api = "responses"``.

Nothing is kept at the vendor's (``store`` is false): every request brings its whole conversation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brandmodel.errors import BadResponseError, RejectedError
from brandmodel.providers._chat import asked_of, from_chat
from brandmodel.providers._events import Event
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items, text
from brandmodel.providers._wire import File, Files, Made, Operation
from brandmodel.providers.openai._bill import charged, usage_of
from brandmodel.providers.openai._inband import answer_of, event_of, inband
from brandmodel.providers.openai._messages import (
    finish_of,
    schema_fields,
    sources_of,
    tool_call,
    with_schema,
)
from brandmodel.providers.openai._rows import asked, unhonoured
from brandmodel.tasks import Call, Chat, ChatReply, Message, Tool

_ENDED = ("response.completed", "response.incomplete", "response.failed")
_SAID = ("response.output_text.delta", "response.refusal.delta")


def ask_response(call: Call, files: Files) -> Ask:
    """The request of a conversation."""
    return asked(call, "responses", _body(call, files))


def ask_stream(call: Call, files: Files) -> Ask:
    """The same, streamed."""
    return asked(call, "responses", {**_body(call, files), "stream": True})


def read_response(call: Call, reply: Reply) -> Made:
    """The answer of a conversation.

    Raises:
        BadResponseError: there is none.
        BrandModelError: it tells of a failure.
    """
    return _made(call, answer_of(reply))


class ResponseStream:
    """Reads the events of a streamed response; its last one holds the whole."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._items: list[Any] = []
        self._whole: dict[str, Any] = {}

    def feed(self, event: Event) -> Iterator[str]:
        """See ``Stream``."""
        chunk = event_of(event.data)
        kind = text(chunk.get("type"))
        if kind == "error" or chunk.get("error"):
            # The error lies inside at some servers, and is the event itself at OpenAI.
            raise inband(chunk.get("error") or chunk)
        if kind in _SAID and (piece := text(chunk.get("delta"))):
            yield piece
        elif kind == "response.output_item.done":
            self._items.append(chunk.get("item"))
        elif kind in _ENDED:
            self._whole = fields(chunk.get("response"))

    def made(self) -> Made:
        """See ``Stream``."""
        if not self._whole:
            raise BadResponseError("the stream ended in the middle of the answer")
        if not self._whole.get("output"):
            # Some servers leave the items out of the last event: they came one by one.
            self._whole = {**self._whole, "output": self._items}
        return _made(self._call, self._whole)


def _made(call: Call, body: dict[str, Any]) -> Made:
    if body.get("error"):
        raise inband(body["error"])
    status = text(body.get("status"))
    if status not in ("completed", "incomplete"):
        raise BadResponseError("the answer is not finished", code=status)
    usage, usd_nano = usage_of(body.get("usage")), charged(body.get("usage"))
    result = from_chat(call.request, _answer(call, body, status), usage, usd_nano)
    return Made(lambda _: result, usage=usage, usd_nano=usd_nano)


def _answer(call: Call, body: dict[str, Any], status: str) -> ChatReply:
    output = [fields(one) for one in items(body.get("output"))]
    parts = [
        fields(part)
        for one in output
        if one.get("type") == "message"
        for part in items(one.get("content"))
    ]
    calls = tuple(
        tool_call(one.get("call_id"), one.get("name"), one.get("arguments") or one.get("input"))
        for one in output
        if one.get("type") in ("function_call", "custom_tool_call")
    )
    refusal = "".join(text(part.get("refusal")) for part in parts)
    why = text(fields(body.get("incomplete_details")).get("reason"))
    told = "refusal" if refusal else (why or "length") if status == "incomplete" else "stop"
    cited = [fields(note) for part in parts for note in items(part.get("annotations"))]
    return ChatReply(
        text="".join(text(part.get("text")) for part in parts) or refusal,
        reasoning="\n".join(filter(None, (_thought(one) for one in output))),
        tool_calls=calls,
        finish=finish_of(told, calls=bool(calls)),
        sources=sources_of(one for one in cited if one.get("type") == "url_citation"),
        notes=_notes(call),
    )


def _thought(item: dict[str, Any]) -> str:
    """OpenAI shows a summary of what was thought, DeepSeek and xAI the thought itself."""
    if item.get("type") != "reasoning":
        return ""
    shown = [*items(item.get("summary")), *items(item.get("content"))]
    return "\n".join(text(fields(one).get("text")) for one in shown)


def _body(call: Call, files: Files) -> dict[str, Any]:
    chat, settings = asked_of(call), call.target.settings
    how = settings.get("structured", "json_schema")
    body: dict[str, Any] = {
        "model": call.target.model,
        "input": [one for message in with_schema(chat, how) for one in _items(message, files)],
        "max_output_tokens": chat.most_tokens,
        "store": False,
        **_answer_format(chat, how),
    }
    for name in ("temperature", "top_p"):
        if (value := getattr(chat, name)) is not None:
            body[name] = value
    if tools := [*settings.get("tools", ()), *map(_tool, chat.tools)]:
        body["tools"] = tools
    if chat.tools:
        body["tool_choice"] = _tool_choice(chat.tool_choice)
    return body


def _items(message: Message, files: Files) -> list[dict[str, Any]]:
    """A message as items: calls and their answers are items of their own."""
    if message.role == "tool":
        return [
            {
                "type": "function_call_output",
                "call_id": message.tool_call_id,
                "output": message.text,
            }
        ]
    content: Any = message.text
    if message.assets:
        words = [{"type": "input_text", "text": message.text}] if message.text else []
        content = [*words, *(_part(files[asset.sha256]) for asset in message.assets)]
    said = [{"role": message.role, "content": content}] if content else []
    return said + [
        {
            "type": "function_call",
            "call_id": one.id,
            "name": one.name,
            "arguments": one.arguments,
        }
        for one in message.tool_calls
    ]


def _part(file: File) -> dict[str, Any]:
    family = file.asset.media_type.partition("/")[0]
    if family == "image":
        return {"type": "input_image", "image_url": file.address, "detail": "auto"}
    if family == "audio":
        # The surface refuses it; recorded: "unsupported MIME type 'audio/mpeg'".
        raise RejectedError("the target does not listen to sound", started=False)
    return {"type": "input_file", "filename": file.filename, "file_data": file.address}


def _answer_format(chat: Chat, how: str) -> dict[str, Any]:
    if chat.answer_schema is None or how == "none":
        return {}
    if how == "json_object":
        return {"text": {"format": {"type": "json_object"}}}
    return {"text": {"format": {"type": "json_schema", **schema_fields(chat)}}}


def _tool(tool: Tool) -> dict[str, Any]:
    # Left out, ``strict`` is on here, and refuses schemas with fields that may be missing.
    return {"type": "function", **tool.model_dump(), "strict": False}


def _tool_choice(choice: str) -> Any:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "name": choice}


def _notes(call: Call) -> tuple[str, ...]:
    request = call.request
    if not isinstance(request, Chat):
        return ()
    taken = [n for n in ("temperature", "top_p") if getattr(request, n) is not None]
    missing = [n for n in ("seed", "stop") if getattr(request, n) not in (None, ())]
    return (*unhonoured(call, *taken), *(f"{name} could not be honoured" for name in missing))


RESPONSES = Operation(
    ask=ask_response, read=read_response, stream_ask=ask_stream, stream=ResponseStream
)
