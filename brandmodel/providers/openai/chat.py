"""``POST /chat/completions``: conversations, whole and streamed.

Source: the ``openai`` package 3.54 and OpenAI's OpenAPI description 2.3.0. What vendors do otherwise
is said at each place, as seen in their recorded traffic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._chat import asked_of, from_chat
from brandmodel.providers._events import Event
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items, text
from brandmodel.providers._wire import File, Files, Made, Operation
from brandmodel.providers.openai._bill import charged, usage_of
from brandmodel.providers.openai._inband import answer_of, event_of, inband
from brandmodel.providers.openai._messages import (
    arguments_of,
    finish_of,
    schema_fields,
    sources_of,
    tool_call,
    with_schema,
)
from brandmodel.providers.openai._rows import asked, unhonoured
from brandmodel.tasks import Call, Chat, ChatReply, Message, ToolCall

_PATH = "chat/completions"


def ask_chat(call: Call, files: Files) -> Ask:
    """The request of a conversation."""
    return asked(call, _PATH, _body(call, files))


def ask_stream(call: Call, files: Files) -> Ask:
    """The same, streamed, with the usage at its end."""
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return asked(call, _PATH, {**_body(call, files), **options})


def read_chat(call: Call, reply: Reply) -> Made:
    """The answer of a conversation.

    Raises:
        BadResponseError: there is none.
        BrandModelError: it tells of a failure.
    """
    body = answer_of(reply)
    choice = fields(next(iter(items(body.get("choices"))), None))
    if choice.get("error"):
        raise inband(choice["error"])
    message = fields(choice.get("message"))
    # Azure leaves the message out of an answer that it filters.
    if not message and choice.get("finish_reason") != "content_filter":
        raise BadResponseError("the answer has no message", detail=reply.excerpt())
    words, thought = _content(message)
    calls = tuple(_tool_call(one) for one in items(message.get("tool_calls")))
    refusal = text(message.get("refusal"))
    answer = ChatReply(
        text=words or refusal,
        reasoning=thought,
        tool_calls=calls,
        finish=finish_of(
            "refusal" if refusal else text(choice.get("finish_reason")), calls=bool(calls)
        ),
        sources=sources_of([*_cited(message), *_searched(body)]),
        notes=_notes(call),
    )
    return _made(call, answer, body.get("usage"))


class ChatStream:
    """Reads the chunks of a streamed conversation."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tools: dict[int, _Tool] = {}
        self._cited: list[Any] = []
        self._finish = ""
        self._refused = False
        self._ended = False
        self._usage: Any = None

    def feed(self, event: Event) -> Iterator[str]:
        """See ``Stream``."""
        chunk = event_of(event.data)
        if not chunk:
            self._ended = True
            return
        if chunk.get("error"):
            raise inband(chunk["error"])
        # Groq tells the usage in a field of its own as well, in the last chunk.
        self._usage = chunk.get("usage") or fields(chunk.get("x_groq")).get("usage") or self._usage
        self._cited += _searched(chunk)
        for choice in map(fields, items(chunk.get("choices"))):
            if choice.get("error"):
                raise inband(choice["error"])
            yield from self._delta(fields(choice.get("delta")))
            self._finish = text(choice.get("finish_reason")) or self._finish

    def made(self) -> Made:
        """See ``Stream``."""
        something = self._text or self._tools
        if not self._finish and not (self._ended and something):
            raise BadResponseError("the stream ended in the middle of the answer")
        calls = tuple(tool.whole() for _, tool in sorted(self._tools.items()))
        answer = ChatReply(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            tool_calls=calls,
            finish=finish_of("refusal" if self._refused else self._finish, calls=bool(calls)),
            sources=sources_of(self._cited),
            notes=_notes(self._call),
        )
        return _made(self._call, answer, self._usage)

    def _delta(self, delta: dict[str, Any]) -> Iterator[str]:
        words, thought = _content(delta)
        if thought:
            self._reasoning.append(thought)
        self._cited += _cited(delta)
        for place, one in enumerate(map(fields, items(delta.get("tool_calls")))):
            at = one.get("index")
            self._tools.setdefault(at if isinstance(at, int) else place, _Tool()).take(one)
        if refusal := text(delta.get("refusal")):
            self._refused = True
            words += refusal
        if words:
            self._text.append(words)
            yield words


class _Tool:
    """A call whose pieces are still coming."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""

    def take(self, piece: dict[str, Any]) -> None:
        """Id and name come with the first piece, from some servers with every one."""
        function = fields(piece.get("function"))
        self.id = self.id or text(piece.get("id"))
        self.name = self.name or text(function.get("name"))
        self.arguments += arguments_of(function.get("arguments"))

    def whole(self) -> ToolCall:
        return tool_call(self.id, self.name, self.arguments)


def _body(call: Call, files: Files) -> dict[str, Any]:
    chat, settings = asked_of(call), call.target.settings
    how = settings.get("structured", "json_schema")
    body: dict[str, Any] = {
        "model": call.target.model,
        "messages": [_message(message, files) for message in with_schema(chat, how)],
        "max_completion_tokens": chat.most_tokens,
        **_answer_format(chat, how),
    }
    for name in ("temperature", "top_p", "seed"):
        if (value := getattr(chat, name)) is not None:
            body[name] = value
    if chat.stop:
        body["stop"] = list(chat.stop)
    if tools := [*settings.get("tools", ()), *map(_tool, chat.tools)]:
        body["tools"] = tools
    if chat.tools:
        body["tool_choice"] = _tool_choice(chat.tool_choice)
    return body


def _message(message: Message, files: Files) -> dict[str, Any]:
    made: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.assets:
        words = [{"type": "text", "text": message.text}] if message.text else []
        made["content"] = [*words, *(_part(files[asset.sha256]) for asset in message.assets)]
    if message.tool_calls:
        made["content"] = made["content"] or None
        made["tool_calls"] = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": one.arguments},
            }
            for one in message.tool_calls
        ]
    if message.role == "tool":
        made["tool_call_id"] = message.tool_call_id
    return made


def _part(file: File) -> dict[str, Any]:
    family, _, kind = file.asset.media_type.partition("/")
    if family == "image":
        return {"type": "image_url", "image_url": {"url": file.address}}
    if family == "audio":
        name = {"mpeg": "mp3", "x-wav": "wav"}.get(kind, kind)
        return {"type": "input_audio", "input_audio": {"data": file.base64, "format": name}}
    return {"type": "file", "file": {"filename": file.filename, "file_data": file.address}}


def _answer_format(chat: Chat, how: str) -> dict[str, Any]:
    if chat.answer_schema is None or how == "none":
        return {}
    if how == "json_object":
        return {"response_format": {"type": "json_object"}}
    return {"response_format": {"type": "json_schema", "json_schema": schema_fields(chat)}}


def _tool(tool: Any) -> dict[str, Any]:
    return {"type": "function", "function": tool.model_dump()}


def _tool_choice(choice: str) -> Any:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _tool_call(told: Any) -> ToolCall:
    one = fields(told)
    function = fields(one.get("function")) or fields(one.get("custom"))
    return tool_call(
        one.get("id"), function.get("name"), function.get("arguments") or function.get("input")
    )


def _content(message: dict[str, Any]) -> tuple[str, str]:
    """(words, thought): content is a text or a list of parts, of which Mistral thinks in some."""
    thought = [text(message.get("reasoning_content")) or text(message.get("reasoning"))]
    content = message.get("content")
    words = [text(content)]
    for part in map(fields, items(content)):
        words.append(text(part.get("text")))
        thought += [text(fields(one).get("text")) for one in items(part.get("thinking"))]
    return "".join(words), "".join(thought)


def _cited(message: dict[str, Any]) -> list[Any]:
    """OpenAI and OpenRouter cite in annotations, Groq's searching models in the tools they ran."""
    found = [fields(one).get("url_citation") for one in items(message.get("annotations"))]
    for tool in map(fields, items(message.get("executed_tools"))):
        found += items(fields(tool.get("search_results")).get("results"))
    return found


def _searched(body: dict[str, Any]) -> list[Any]:
    """Perplexity tells what it found beside the answer: pages, and their bare addresses."""
    return [*items(body.get("search_results")), *items(body.get("citations"))]


def _notes(call: Call) -> tuple[str, ...]:
    request = call.request
    if not isinstance(request, Chat):
        return ()
    names = ("temperature", "top_p", "seed", "stop")
    return unhonoured(call, *(name for name in names if getattr(request, name) not in (None, ())))


def _made(call: Call, answer: ChatReply, usage: Any) -> Made:
    consumed, usd_nano = usage_of(usage), charged(usage)
    result = from_chat(call.request, answer, consumed, usd_nano)
    return Made(lambda _: result, usage=consumed, usd_nano=usd_nano)


CHAT = Operation(ask=ask_chat, read=read_chat, stream_ask=ask_stream, stream=ChatStream)
