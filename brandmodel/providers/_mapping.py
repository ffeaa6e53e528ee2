"""From a request to a vendor's own fields, as a row says: ``[settings.map]`` and ``[settings.constants]``.

A line of the map is ``what = "where"``. *What* is a name below, or any field of the task; *where* is a
path in the vendor's input: ``a.b``, ``a[]`` puts it into a list, ``a{x,y}`` makes an object of several.
Instead of a path there may be a table: ``to`` is the path, ``of`` holds what the vendor offers, of which
the nearest is taken, and ``as`` says how it is written.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from brandmodel.errors import ConfigError
from brandmodel.providers._chat import as_chat, speaks
from brandmodel.providers._prompts import edit_words, motion_words, music_words, picture_words
from brandmodel.providers._sizes import nearest_ratio, nearest_size
from brandmodel.tasks import (
    TASKS,
    AnimateImage,
    Asset,
    Call,
    Chat,
    ComposeMusic,
    EditImage,
    GenerateImage,
    MakeSound,
    Request,
    Speak,
    assets_in,
)

SEEDS = 2**31
"""Seeds from 0 on; some models take a signed number of 32 bits."""
ARCHIVE = "archive"
SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")
"""A place in a workflow's text where a value goes."""
Fields = dict[str, Any]
Addressed = Callable[[Asset | str], str]
"""Where the vendor finds a file: an asset, ``ARCHIVE``, or a path on this machine."""


def inputs(call: Call, address: Addressed, into: Fields | None = None) -> Fields:
    """The vendor's input: constants, or what is given, with the mapped fields put in.

    Raises:
        ConfigError: the row's map is wrong.
    """
    filled = copy.deepcopy(table(call, "constants")) if into is None else into
    for name, where in table(call, "map").items():
        value = value_of(name, call, address)
        if value is None or value == "":
            continue
        try:
            _put(filled, *_written(where, value))
        except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{call.target.id}: settings.map.{name} = {where!r} cannot be followed",
                hint='write a path such as "image_url", or { to = "...", of = [...], as = "..." }',
            ) from error
    return filled


def value_of(name: str, call: Call, address: Addressed) -> Any:
    """What a name of the map stands for; None where this request has no such thing.

    Raises:
        ConfigError: no task has such a field.
    """
    if name == ARCHIVE:
        return address(ARCHIVE)
    if name in _LORA:
        return _LORA[name]([{**one, "path": address(one["path"])} for one in loras(call)])
    return _with_addresses(_source(name, call), address)


def wanted(call: Call) -> list[Asset]:
    """The files that the row's map and workflow ask for, each once."""
    names = [n for n in named(call) if n != ARCHIVE and n not in _LORA]
    found = [asset for name in names for asset in assets_in(_source(name, call))]
    return list({asset.sha256: asset for asset in found}.values())


def named(call: Call) -> list[str]:
    """What the row's map and the slots of its workflow name."""
    return [*table(call, "map"), *slots(call.target.settings.get("workflow"))]


def table(call: Call, name: str) -> Fields:
    """One of the tables in a row's settings; empty where it is left out.

    Raises:
        ConfigError: it is no table.
    """
    found = call.target.settings.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{call.target.id}: settings.{name} is no table")
    return cast("Fields", found)


def slots(node: Any) -> list[str]:
    """The names between ``{{`` and ``}}`` in the texts of a workflow."""
    if isinstance(node, str):
        return SLOT.findall(node)
    if isinstance(node, dict):
        return [name for value in cast("Fields", node).values() for name in slots(value)]
    if isinstance(node, list):
        return [name for value in cast("list[Any]", node) for name in slots(value)]
    return []


def loras(call: Call) -> list[Fields]:
    """Low-rank weights that a row puts on its model: ``loras = [{path, scale, trigger}]``.

    Raises:
        ConfigError: one has no path.
    """
    given = call.target.settings.get("loras", [])
    if not all(isinstance(one, dict) and isinstance(one.get("path"), str) for one in given):
        raise ConfigError(f"{call.target.id}: every one of settings.loras needs a path")
    return given


def unhonoured(call: Call) -> tuple[str, ...]:
    """A note for what the request brings along and the row has no place for."""
    mapped = named(call)
    lost = [n for n in ("mask", "reference") if getattr(call.request, n, None) is not None]
    return tuple(f"{name} could not be honoured" for name in lost if name not in mapped)


def _source(name: str, call: Call) -> Any:
    """What a name stands for, with assets as they are."""
    request = _subject(call.request)
    if name in _SOURCES:
        return _SOURCES[name](call, request)
    if not any(name in task.model_fields for task in TASKS.values()):
        raise ConfigError(
            f"{call.target.id}: settings.map.{name}: no task has such a field",
            hint=f"a field of the task, or one of {', '.join(sorted([*_SOURCES, *_LORA, ARCHIVE]))}",
        )
    return getattr(request, name, None)


def _subject(request: Request[Any]) -> Request[Any]:
    """What language models serve is asked as a conversation."""
    return as_chat(request) if speaks(type(request)) else request


def _with_addresses(value: Any, address: Addressed) -> Any:
    if isinstance(value, Asset):
        return address(value)
    if isinstance(value, tuple) and assets_in(value):
        return [address(asset) for asset in assets_in(value)]
    return value


# ---- what can be taken from a request


def _prompt(call: Call, request: Request[Any]) -> str:
    triggers = [str(one["trigger"]) for one in loras(call) if one.get("trigger")]
    return ", ".join([*triggers, _words(call, request)])


def _words(call: Call, request: Request[Any]) -> str:
    where = table(call, "map")
    if isinstance(request, GenerateImage):
        seen = "reference" in named(call)
        return picture_words(request if seen else request.model_copy(update={"reference": None}))
    if isinstance(request, EditImage):
        # A mask with a field of its own is not the last of the pictures.
        among = "mask" in where and where["mask"] == where.get("images")
        return edit_words(request) if among else request.prompt
    if isinstance(request, AnimateImage):
        return motion_words(request)
    if isinstance(request, ComposeMusic):
        return music_words(request)
    if isinstance(request, MakeSound):
        return request.description
    if isinstance(request, Speak):
        return request.text
    if isinstance(request, Chat):
        return _conversation(request, alone="system" not in named(call))
    return getattr(request, "prompt", "")


def _conversation(chat: Chat, *, alone: bool) -> str:
    """The turns as one text, for models that take no list of them."""
    turns = [message for message in chat.messages if message.role != "system"]
    if len(turns) == 1:
        said = turns[0].text
    else:
        said = "\n\n".join(f"{turn.role.capitalize()}: {turn.text}" for turn in turns)
    return "\n\n".join(filter(None, (_system(chat), said))) if alone else said


def _system(request: Request[Any]) -> str | None:
    if not isinstance(request, Chat):
        return None
    said = [message.text for message in request.messages if message.role == "system"]
    if request.answer_schema is not None:
        import json

        schema = json.dumps(request.answer_schema)
        said.append(f"Answer with JSON alone, valid by this JSON Schema: {schema}")
    return "\n\n".join(said)


def _size(request: Request[Any]) -> tuple[int, int] | None:
    expected = getattr(request, "expected_size", None)
    if expected is not None:
        return expected()
    width, height = getattr(request, "width", None), getattr(request, "height", None)
    return (width, height) if width and height else None


def _side(request: Request[Any], choose: Callable[[tuple[int, int]], int]) -> int | None:
    size = _size(request)
    return None if size is None else choose(size)


def _duration_s(call: Call, request: Request[Any]) -> float | None:
    """The next longer length that the row lists: what is too long can be cut."""
    asked = getattr(request, "duration_s", None)
    offered: Sequence[float] = call.target.limits.get("durations_s") or ()
    return None if asked is None else min((d for d in offered if d >= asked), default=asked)


def _seed(call: Call, request: Request[Any]) -> int | None:
    seed = getattr(request, "seed", None)
    return None if seed is None else (seed + call.take) % SEEDS


def _factor(request: Request[Any]) -> float | None:
    """How many times larger a picture shall get."""
    size, image = _size(request), getattr(request, "image", None)
    if size is None or image is None or not image.width or not image.height:
        return None
    return math.ceil(max(size[0] / image.width, size[1] / image.height) * 100) / 100


def _pictures(request: Request[Any]) -> tuple[Asset, ...]:
    """The pictures to work on, or to look at."""
    for name in ("images", "image", "messages"):
        if (given := getattr(request, name, None)) is not None:
            return tuple(assets_in(given))
    return ()


_SOURCES: Mapping[str, Callable[[Call, Request[Any]], Any]] = {
    "prompt": _prompt,
    "system": lambda call, request: _system(request),
    "size": lambda call, request: _size(request),
    "aspect": lambda call, request: _size(request),
    "width": lambda call, request: _side(request, lambda size: size[0]),
    "height": lambda call, request: _side(request, lambda size: size[1]),
    "lines": lambda call, request: _side(request, min),
    "factor": lambda call, request: _factor(request),
    "duration_s": _duration_s,
    "seed": _seed,
    "image": lambda call, request: next(iter(_pictures(request)), None),
    "images": lambda call, request: _pictures(request) or None,
    "attempt": lambda call, request: call.attempt,
}
_LORA: Mapping[str, Callable[[list[Fields]], Any]] = {
    "loras": lambda given: [{"path": o["path"], "scale": o.get("scale", 1.0)} for o in given],
    "lora": lambda given: given[0]["path"] if given else None,
    "lora_scale": lambda given: given[0].get("scale", 1.0) if given else None,
}


# ---- how it is written


def _written(where: Any, value: Any) -> tuple[str, Any]:
    """(path, value as the vendor wants it)."""
    if isinstance(where, str):
        return where, value
    if "of" in where:
        value = _nearest(value, where["of"])
    if "as" in where:
        value = _formed(value, where["as"])
    return where["to"], value


def _nearest(value: Any, offered: Any) -> Any:
    """Of what is offered, the nearest. A table has the vendor's word for each measure."""
    if isinstance(value, str):
        return offered.get(value) or [*offered.values()][0]
    words: Fields = offered if isinstance(offered, dict) else {one: one for one in offered}
    if isinstance(value, tuple):
        measures = [str(measure) for measure in words.values()]
        choose = nearest_ratio if ":" in measures[0] else nearest_size
        best: Any = choose(*cast("tuple[int, int]", value), measures)
    else:
        best = min((m for m in words.values() if m >= value), default=max(words.values()))
    return next(word for word, measure in words.items() if measure == best)


def _formed(value: Any, kind: str) -> Any:
    if "{" in kind:
        return kind.format(*value) if isinstance(value, tuple) else kind.format(_plain(value))
    return _FORMS[kind](value)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "string": _plain,
    "number": float,
    "integer": math.ceil,
    "milliseconds": lambda value: math.ceil(value * 1000),
}


def _put(into: Fields, path: str, value: Any) -> None:
    """Put a value where a path says; objects on the way are made."""
    *parents, last = path.split(".")
    for name in parents:
        into = into.setdefault(name, {})
    if last.endswith("[]"):
        more = cast("list[Any]", value) if isinstance(value, list) else [value]
        into[last[:-2]] = [*into.get(last[:-2], []), *more]
    elif last.endswith("}"):
        name, _, keys = last[:-1].partition("{")
        into[name] = dict(zip(keys.split(","), value, strict=True))
    else:
        into[last] = value
