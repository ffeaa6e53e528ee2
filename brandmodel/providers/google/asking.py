"""Requests of ``generateContent``, for conversations and for media."""

from __future__ import annotations

import json
from typing import Any

from brandmodel.providers._chat import arguments_of, asked_of, inlined
from brandmodel.providers._http import Ask
from brandmodel.providers._json import fields
from brandmodel.providers._wire import File, Files
from brandmodel.tasks import Call, Chat, Message, Tool, ToolCall

_UNSIGNED = "skip_thought_signature_validator"
"""Newer models refuse a turn with tool calls whose thoughts are not signed, and a conversation does not
carry signatures; this word is documented for such turns (ai.google.dev/gemini-api/docs/thought-signatures).
"""


def method(call: Call, name: str) -> str:
    """The path of a method of the target's model; model names come with or without their prefix."""
    return f"models/{call.target.model.removeprefix('models/')}:{name}"


def ask_chat(call: Call, files: Files) -> Ask:
    """The request of a conversation."""
    return Ask(method(call, "generateContent"), json=chat_body(call, files))


def ask_stream(call: Call, files: Files) -> Ask:
    """The same, streamed; without ``alt`` the stream would be one JSON list."""
    path = method(call, "streamGenerateContent")
    return Ask(path, json=chat_body(call, files), query={"alt": "sse"})


def ask_media(call: Call, parts: list[dict[str, Any]], config: dict[str, Any]) -> Ask:
    """The request of a picture or a sound."""
    body = {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}
    extra = call.target.settings.get("extra", {})
    return Ask(method(call, "generateContent"), json={**body, **extra})


def chat_body(call: Call, files: Files) -> dict[str, Any]:
    """Body of ``POST models/{model}:generateContent``."""
    chat, settings = asked_of(call), call.target.settings
    body: dict[str, Any] = {
        "contents": _turns(chat, files),
        "generationConfig": _config(chat, settings.get("thinking")),
    }
    if system := [{"text": m.text} for m in chat.messages if m.role == "system" and m.text]:
        body["systemInstruction"] = {"parts": system}
    if chat.tools:
        body["tools"] = [{"functionDeclarations": [_tool(tool) for tool in chat.tools]}]
        body["toolConfig"] = {"functionCallingConfig": _tool_choice(chat.tool_choice)}
    return {**body, **settings.get("extra", {})}


def file_part(file: File) -> dict[str, Any]:
    """A file inside the request; text goes as text, of which every kind is taken."""
    if file.asset.media_type.startswith("text/"):
        return {"text": file.data.decode(errors="replace")}
    return {"inlineData": {"mimeType": file.asset.media_type, "data": file.base64}}


def _config(chat: Chat, thinking: Any) -> dict[str, Any]:
    config: dict[str, Any] = {"maxOutputTokens": chat.most_tokens}
    named = {"temperature": chat.temperature, "topP": chat.top_p, "seed": chat.seed}
    config |= {name: value for name, value in named.items() if value is not None}
    if chat.stop:
        config["stopSequences"] = list(chat.stop)
    if chat.answer_schema is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = inlined(chat.answer_schema)
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def _turns(chat: Chat, files: Files) -> list[dict[str, Any]]:
    """Turns in alternation: the results of parallel tool calls must come in one turn."""
    turns: list[dict[str, Any]] = []
    called: dict[str, str] = {}
    for message in chat.messages:
        if message.role == "system":
            continue
        called |= {one.id: one.name for one in message.tool_calls}
        role = "model" if message.role == "assistant" else "user"
        parts = _parts(message, files, called)
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": role, "parts": parts})
    return turns


def _parts(message: Message, files: Files, called: dict[str, str]) -> list[dict[str, Any]]:
    parts = [file_part(files[asset.sha256]) for asset in message.assets]
    if message.role == "tool":
        answer = {
            "id": message.tool_call_id,
            "name": called.get(message.tool_call_id, message.tool_call_id),
            "response": _response(message.text),
        }
        return [{"functionResponse": answer}, *parts]
    if message.text:
        parts.append({"text": message.text})
    return parts + [_call_part(one, first=not i) for i, one in enumerate(message.tool_calls)]


def _call_part(one: ToolCall, *, first: bool) -> dict[str, Any]:
    part: dict[str, Any] = {
        "functionCall": {"id": one.id, "name": one.name, "args": arguments_of(one)}
    }
    return {**part, "thoughtSignature": _UNSIGNED} if first else part


def _response(said: str) -> dict[str, Any]:
    """A tool's result must be an object; ``output`` is the name for what is none."""
    try:
        return fields(json.loads(said)) or {"output": said}
    except ValueError:
        return {"output": said}


def _tool(tool: Tool) -> dict[str, Any]:
    """A function without parameters is declared without a schema."""
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties"):
        declared["parametersJsonSchema"] = inlined(tool.parameters)
    return declared


def _tool_choice(choice: str) -> dict[str, Any]:
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    if choice in modes:
        return {"mode": modes[choice]}
    return {"mode": "ANY", "allowedFunctionNames": [choice]}
