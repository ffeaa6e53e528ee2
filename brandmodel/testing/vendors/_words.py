"""What the fake language models say: the local studio's answers where they can, else plain words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from pydantic import ValidationError

from brandmodel.errors import BrandModelError
from brandmodel.providers._chat import as_chat, speaks
from brandmodel.tasks import NO_ASSET, TASKS, Chat, Judge, Moderate, Request
from brandmodel.testing.vendors._studio import Studio

_LOOK = 256
"""Tokens of a picture that goes along."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A conversation, whatever wire it came by.

    Attributes:
        words: of the last turn.
        before: of the turns before it.
        tools: name and parameters of each.
        choice: ``auto``, ``none``, ``required``, or a tool's name.
    """

    system: str
    words: str
    before: str = ""
    pictures: Sequence[bytes] = ()
    schema: Mapping[str, Any] | None = None
    tools: Sequence[tuple[str, Mapping[str, Any]]] = ()
    choice: str = "auto"
    most_tokens: int = 4096

    @property
    def tokens(self) -> int:
        """Tokens of what is asked."""
        return tokens(self.system + self.before + self.words) + _LOOK * len(self.pictures)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, with its tokens counted."""

    text: str
    task: str
    tokens_in: int
    tokens_out: int
    tool: tuple[str, dict[str, Any]] | None = None
    finish: Literal["stop", "length", "tools"] = "stop"

    def pieces(self) -> Iterator[str]:
        """The words, a few letters at a time."""
        for at in range(0, len(self.text), 24):
            yield self.text[at : at + 24]


def tokens(text: str) -> int:
    """Tokens of a text: four bytes are one."""
    return len(text.encode()) // 4 + 1


async def answered(asked: Asked, studio: Studio) -> Answered:
    """Answer a conversation; one that is a writing task is answered by the local studio."""
    if tool := _tool(asked):
        said = json.dumps(tool[1])
        return Answered("", "Chat", asked.tokens, tokens(said), tool, "tools")
    task, text = await _written(asked, studio)
    if asked.schema is not None:
        text = text or json.dumps(sample(asked.schema, asked.schema))
        return Answered(text, task, asked.tokens, min(tokens(text), asked.most_tokens))
    text = f"You said: {asked.words.strip()}"
    if tokens(text) > asked.most_tokens:
        cut = text.encode()[: 4 * (asked.most_tokens - 1)].decode(errors="ignore")
        return Answered(cut, task, asked.tokens, asked.most_tokens, finish="length")
    return Answered(text, task, asked.tokens, tokens(text))


def _tool(asked: Asked) -> tuple[str, dict[str, Any]] | None:
    """The first tool, or the one that is named; none where nobody insists on one."""
    if not asked.tools or asked.choice in ("auto", "none"):
        return None
    named = [one for one in asked.tools if asked.choice in ("required", one[0])]
    name, parameters = (named or list(asked.tools))[0]
    return name, cast("dict[str, Any]", sample(parameters, parameters))


async def _written(asked: Asked, studio: Studio) -> tuple[str, str]:
    """(task, JSON of its result); the text is '' where the local studio has no answer."""
    task = next((t for said, t in _instructions().items() if asked.system.startswith(said)), None)
    if task is None:
        return "Chat", ""
    try:
        fields = json.loads(asked.words)
        request = task.model_validate({**fields, **await _shown(task, asked, studio)})
        result = await studio.serve(request)
    except (ValueError, ValidationError, TypeError, BrandModelError):
        return task.__name__, ""
    return task.__name__, json.dumps(_bare(result.model_dump(mode="json")), ensure_ascii=False)


async def _shown(task: type[Request[Any]], asked: Asked, studio: Studio) -> dict[str, Any]:
    assets = [await studio.kept(one) for one in asked.pictures]
    if issubclass(task, Judge):
        return {"images": assets}
    return {"image": assets[0]} if issubclass(task, Moderate) and assets else {}


@cache
def _instructions() -> dict[str, type[Request[Any]]]:
    """Tasks by what a language model is told about them."""
    seen: list[Request[Any]] = [Judge(images=(NO_ASSET,)), Moderate()]
    found: dict[str, type[Request[Any]]] = {
        as_chat(one).messages[0].text: type(one) for one in seen
    }
    for task in TASKS.values():
        said = getattr(task, "instructions", "")
        if said and speaks(task) and not issubclass(task, Chat):
            found[said] = task
    return found


def _bare(node: Any) -> Any:
    """Without ``notes``, which are no model's to write."""
    if isinstance(node, dict):
        fields = cast("dict[str, Any]", node)
        return {name: _bare(value) for name, value in fields.items() if name != "notes"}
    if isinstance(node, list):
        return [_bare(one) for one in cast("list[Any]", node)]
    return node


def sample(schema: Any, whole: Any) -> Any:
    """The plainest value that a JSON Schema accepts."""
    if "$ref" in schema:
        return sample(whole.get("$defs", {}).get(schema["$ref"].rpartition("/")[2], {}), whole)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return sample(schema[name][0], whole)
    return _plain(schema, whole)


def _plain(schema: Any, whole: Any) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = cast("list[str]", kind)[0]
    if kind == "object":
        return {name: sample(one, whole) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        least = max(1, schema.get("minItems", 1))
        return [sample(schema["items"], whole) for _ in range(least)] if "items" in schema else []
    plain = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
    return plain.get(str(kind), "text")
