"""What both ways to converse share: the shape of answers, schemas, sources, the end of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from brandmodel.errors import UnavailableError
from brandmodel.providers._json import fields, items, text
from brandmodel.tasks import Chat, Finish, Message, Source, ToolCall

_FINISH: Mapping[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",  # Mistral
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "filtered",
    "sensitive": "filtered",  # Z.ai
    "refusal": "filtered",
}
_BROKEN = frozenset(("error", "network_error", "insufficient_system_resource", "abort"))
"""OpenRouter and Mistral, Z.ai, DeepSeek, vLLM: the answer ended because something failed."""


def finish_of(told: str, *, calls: bool) -> Finish:
    """Why an answer ended; some servers say ``stop`` where they want tools called.

    Raises:
        UnavailableError: it ended because something failed.
    """
    if told in _BROKEN:
        raise UnavailableError("the answer broke off", code=told)
    found = _FINISH.get(told, "stop")
    return "tools" if found == "stop" and calls else found


def with_schema(chat: Chat, how: str) -> tuple[Message, ...]:
    """The messages; where the server cannot be given a schema, the words ask for it."""
    if chat.answer_schema is None or how == "json_schema":
        return chat.messages
    words = f"Answer with JSON alone, valid by this JSON Schema: {json.dumps(chat.answer_schema)}"
    first, *others = chat.messages
    if first.role != "system":
        return (Message(role="system", text=words), *chat.messages)
    return (first.model_copy(update={"text": f"{first.text}\n\n{words}"}), *others)


def schema_fields(chat: Chat) -> dict[str, Any]:
    """Name, schema and strictness. A schema that leaves fields open is refused when it is strict."""
    schema = chat.answer_schema
    return {"name": "answer", "schema": schema, "strict": _closed(schema)}


def sources_of(found: Iterable[Any]) -> tuple[Source, ...]:
    """Pages, each once, from objects with ``url`` and perhaps ``title``, or bare addresses."""
    sources: dict[str, Source] = {}
    for one in found:
        url = text(one) or text(fields(one).get("url"))
        if url and (url not in sources or not sources[url].title):
            sources[url] = Source(url=url, title=text(fields(one).get("title")))
    return tuple(sources.values())


def tool_call(id_: Any, name: Any, given: Any) -> ToolCall:
    """A call; some servers give the arguments as an object instead of its JSON."""
    return ToolCall(id=text(id_), name=text(name), arguments=arguments_of(given) or "{}")


def arguments_of(given: Any) -> str:
    """Arguments as JSON, or a piece of it."""
    return json.dumps(given) if isinstance(given, dict) else text(given)


def _closed(schema: Any) -> bool:
    """Whether every object in a schema names all of its fields and allows no others."""
    if isinstance(schema, list):
        return all(_closed(one) for one in items(schema))
    node = fields(schema)
    if "properties" in node or node.get("type") == "object":
        names = list(fields(node.get("properties")))
        whole = sorted(map(str, items(node.get("required")))) == sorted(names)
        if node.get("additionalProperties") is not False or not whole:
            return False
        return all(_closed(one) for one in fields(node.get("properties")).values()) and all(
            _closed(value) for name, value in node.items() if name != "properties"
        )
    return all(_closed(value) for value in node.values())
