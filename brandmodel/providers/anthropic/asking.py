"""Requests of the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from brandmodel.errors import RejectedError
from brandmodel.providers._chat import arguments_of, asked_of
from brandmodel.providers._http import Ask
from brandmodel.providers._wire import File, Files
from brandmodel.tasks import Call, Chat, Message

_HEADERS = {"anthropic-version": "2026-10-21"}
_IMAGES = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))


def ask_chat(call: Call, files: Files) -> Ask:
    """The request of a conversation."""
    return Ask("v1/messages", json=chat_body(call, files), headers=_HEADERS)


def ask_stream(call: Call, files: Files) -> Ask:
    """The same, streamed."""
    body = {**chat_body(call, files), "stream": True}
    return Ask("v1/messages", json=body, headers=_HEADERS)


def ask_count(call: Call, files: Files) -> Ask:
    """How many tokens a conversation has."""
    counted = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
    body = {name: value for name, value in chat_body(call, files).items() if name in counted}
    return Ask("v1/messages/count_tokens", json=body, headers=_HEADERS)


def chat_body(call: Call, files: Files) -> dict[str, Any]:
    """Body of ``POST /v1/messages``."""
    chat, settings = asked_of(call), call.target.settings
    body: dict[str, Any] = {
        "model": call.target.model,
        "max_tokens": chat.most_tokens,
        "messages": _turns(chat, files),
    }
    if system := "\n\n".join(m.text for m in chat.messages if m.role == "system" and m.text):
        body["system"] = system
    if chat.stop:
        body["stop_sequences"] = list(chat.stop)
    if chat.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in chat.tools
        ]
        body["tool_choice"] = _tool_choice(chat.tool_choice)
    if output := _output(chat, settings):
        body["output_config"] = output
    if thinking := _thinking(chat, settings.get("thinking")):
        body["thinking"] = thinking
    if settings.get("sampling"):
        body |= _sampling(chat)
    return {**body, **settings.get("extra", {})}


def _turns(chat: Chat, files: Files) -> list[dict[str, Any]]:
    """Turns in alternation: the results of parallel tool calls must come in one turn."""
    turns: list[dict[str, Any]] = []
    for message in chat.messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, files)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message, files: Files) -> list[dict[str, Any]]:
    """Files first: the model reads them better before the question. Empty text is refused."""
    blocks = [_file(files[asset.sha256]) for asset in message.assets]
    if message.text:
        blocks.append({"type": "text", "text": message.text})
    if message.role == "tool":
        content = {"content": blocks} if blocks else {}
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, **content}]
    calls = [
        {"type": "tool_use", "id": one.id, "name": one.name, "input": arguments_of(one)}
        for one in message.tool_calls
    ]
    return blocks + calls


def _file(file: File) -> dict[str, Any]:
    kind = file.asset.media_type
    if kind in _IMAGES:
        source = {"type": "base64", "media_type": kind, "data": file.base64}
        return {"type": "image", "source": source}
    if kind == "application/pdf":
        source = {"type": "base64", "media_type": kind, "data": file.base64}
        return {"type": "document", "source": source}
    if kind.startswith("text/"):
        text = file.data.decode(errors="replace")
        source = {"type": "text", "media_type": "text/plain", "data": text}
        return {"type": "document", "source": source}
    raise RejectedError(f"the target does not take {kind}", started=False)


def _tool_choice(choice: str) -> dict[str, str]:
    if choice in ("auto", "none"):
        return {"type": choice}
    return {"type": "any"} if choice == "required" else {"type": "tool", "name": choice}


def _output(chat: Chat, settings: Mapping[str, Any]) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if settings.get("effort"):
        output["effort"] = settings["effort"]
    if chat.answer_schema is not None:
        output["format"] = {"type": "json_schema", "schema": chat.answer_schema}
    return output


def _thinking(chat: Chat, wanted: Any) -> Any:
    """What the row wants, where this call can have it.

    A fixed budget must stay under the output limit; and a turn with tool calls must begin with its
    signed thoughts, which a conversation does not carry, nor may a tool be forced.
    """
    if not isinstance(wanted, dict):
        return None
    thinking = cast("dict[str, Any]", wanted)
    if thinking.get("type") != "enabled":
        return thinking
    fits = thinking.get("budget_tokens", 0) < chat.most_tokens
    replayed = any(message.tool_calls for message in chat.messages)
    forced = bool(chat.tools) and chat.tool_choice not in ("auto", "none")
    return thinking if fits and not replayed and not forced else None


def _sampling(chat: Chat) -> dict[str, float]:
    """Only one of the two is taken, and a temperature of 1 at most."""
    if chat.temperature is not None:
        return {"temperature": min(chat.temperature, 1.0)}
    return {"top_p": chat.top_p} if chat.top_p is not None else {}
