"""Writing tasks as conversation: instructions and a schema go out, a typed result comes back.

Declared once for every language model, whatever wire it speaks: a wire only has to speak ``Chat``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from brandmodel.errors import BadResultError, ContentFilteredError, InvalidRequestError
from brandmodel.tasks import (
    Call,
    Chat,
    ChatReply,
    Judge,
    Message,
    Moderate,
    Request,
    Result,
    ToolCall,
    Usage,
    WritingRequest,
)

R = TypeVar("R", bound=Result)

_LOOKING: dict[type[Request[Any]], tuple[str, int]] = {
    Judge: (
        "You see takes of one picture, in order. Score each from 0 to 1: total, sharpness, contrast, "
        "exposure, palette (closeness to the colours given), calm (emptiness of the side named by "
        "`space`). `best` is the index of the best, from 0. `good` is false when even the best does not "
        "show what `prompt` asks for, or is flawed. `why` says in a sentence what is best about it, or "
        "what is missing. Answer as JSON.",
        1024,
    ),
    Moderate: (
        "Decide whether a company may publish these words and this picture. Refuse hatred, harassment, "
        "sexual content, graphic violence, self-harm, crime, deception, and any word in `avoid`. "
        "`reasons` are for the author, in plain words. `looked` is true when you saw a picture. "
        "Answer as JSON.",
        512,
    ),
}
"""Tasks that are no writing, but that a model with eyes can do: instructions and output limit."""
_KEPT = frozenset(
    (
        "type",
        "enum",
        "const",
        "items",
        "properties",
        "anyOf",
        "$ref",
        "$defs",
        "description",
        "prefixItems",
    )
)
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


def speaks(task: type[Request[Any]]) -> bool:
    """Whether a language model can serve a task."""
    return issubclass(task, WritingRequest | Chat) or task in _LOOKING


def as_chat(request: Request[Any]) -> Chat:
    """Any task that a language model can serve, as a conversation."""
    if isinstance(request, Chat):
        return request
    if isinstance(request, WritingRequest):
        instructions, most = request.instructions, request.most_tokens
        pictures: tuple[Any, ...] = ()
    else:
        instructions, most = _LOOKING[type(request)]
        pictures = _pictures(request)
    fields = request.model_dump(
        mode="json", exclude_defaults=True, exclude={"target", "image", "images", "documents"}
    )
    return Chat(
        messages=(
            Message(role="system", text=instructions),
            Message(role="user", text=json.dumps(fields, ensure_ascii=False), assets=pictures),
        ),
        answer_schema=strict_schema(request.result_type()),
        most_tokens=most,
    )


def asked_of(call: Call) -> Chat:
    """A call as a conversation, with room for what its target thinks before it answers."""
    chat, target = as_chat(call.request), call.target
    if not target.thought_tokens:
        return chat
    most = chat.most_tokens + target.thought_tokens
    limit = int(target.limits.get("max_output_tokens", most))
    return chat.model_copy(update={"most_tokens": max(chat.most_tokens, min(most, limit))})


def from_chat(
    request: Request[Any],
    reply: ChatReply,
    usage: Usage | None = None,
    usd_nano: int | None = None,
) -> Result:
    """The typed result that an answer holds.

    Args:
        request: what was asked.
        reply: the model's turn.
        usage: what the vendor says was consumed: an answer of no use is billed all the same.
        usd_nano: what the vendor says it charged.

    Raises:
        ContentFilteredError: the model refused.
        BadResultError: the answer is not what the schema says, or was cut off.
    """
    try:
        return _result(request, reply)
    except BadResultError as error:
        error.usage, error.usd_nano = usage, usd_nano
        raise


def _result(request: Request[Any], reply: ChatReply) -> Result:
    if reply.finish == "length" and not reply.text and not reply.tool_calls:
        raise BadResultError("the answer was cut off before its first word", code="length")
    if isinstance(request, Chat):
        return reply
    if reply.finish == "filtered":
        raise ContentFilteredError("refused by the model", hint="change the words", started=True)
    if reply.finish == "length":
        raise BadResultError(
            "the answer was cut off at its output limit", code="length", detail=reply.text[-200:]
        )
    fenced = _FENCE.match(reply.text)
    try:
        return request.result_type().model_validate_json(fenced[1] if fenced else reply.text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadResultError(
            f"the answer does not fit its schema at {where or 'its beginning'}",
            detail=reply.text[:500],
        ) from error


@cache
def strict_schema(result: type[Result]) -> dict[str, Any]:
    """JSON Schema of a result as strict structured output wants it.

    Every field is required, none may be added, and keywords that vendors refuse are left out; the
    result itself is validated when it comes. ``notes`` are the project's own.
    """
    schema = cast("dict[str, Any]", _strict(result.model_json_schema()))
    schema["properties"].pop("notes", None)
    schema["required"] = list(schema["properties"])
    return schema


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without ``$ref``, for wires that do not follow them.

    Raises:
        InvalidRequestError: it refers to itself, or to what is not there.
    """
    definitions = schema.get("$defs", {})

    def put(node: Any, inside: tuple[str, ...]) -> Any:
        if isinstance(node, dict):
            fields = cast("dict[str, Any]", node)
            if isinstance(ref := fields.get("$ref"), str):
                name = ref.rpartition("/")[2]
                if name in inside or name not in definitions:
                    raise InvalidRequestError(f"the schema's {ref!r} leads nowhere, or in a circle")
                return put(definitions[name], (*inside, name))
            return {name: put(value, inside) for name, value in fields.items() if name != "$defs"}
        if isinstance(node, list):
            return [put(one, inside) for one in cast("list[Any]", node)]
        return node

    return put(schema, ())


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments of a tool call, for wires that carry them as an object.

    Raises:
        InvalidRequestError: they are none.
    """
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise InvalidRequestError(f"the arguments of the call of {call.name} are no JSON object")
    return cast("dict[str, Any]", arguments)


def _pictures(request: Request[Any]) -> tuple[Any, ...]:
    if isinstance(request, Judge):
        return request.images
    image = getattr(request, "image", None)
    return (image,) if image is not None else ()


def _strict(node: Any, *, names: bool = False) -> Any:
    """``names``: the keys of this object are names of fields, not keywords."""
    if isinstance(node, list):
        return [_strict(one) for one in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    fields = cast("dict[str, Any]", node)
    if names:
        return {name: _strict(value) for name, value in fields.items()}
    made = {
        name: _strict(value, names=name in ("properties", "$defs"))
        for name, value in fields.items()
        if name in _KEPT
    }
    if "properties" in made:
        made["properties"].pop("notes", None)
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made
