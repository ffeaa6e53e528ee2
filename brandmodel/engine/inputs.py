"""What a person brings along: pictures, sound and words, by path, as bytes, or an earlier result."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from brandmodel.engine.receipt import Output
from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Asset, Brief

if TYPE_CHECKING:
    from brandmodel.engine.engine import Engine

Put = Callable[..., Awaitable[Asset]]
MOST = 12
"""Of one kind: what fits into a minute of film."""
_KINDS = {"product": "a picture", "picture": "a picture", "logo": "a picture", "music": "a sound"}
_FIELDS = {"product": "products", "picture": "pictures"}
_LONGEST_SCRIPT = 20_000
LARGEST_BYTES = 1_000_000_000
"""A file that is larger is not even read."""


async def with_inputs(engine: Engine, brief: Brief, given: Mapping[str, Any]) -> Brief:
    """The brief with what was brought along, checked and kept in the store.

    Args:
        engine: whose store takes it.
        brief: as it is without.
        given: by ``product``, ``picture``, ``logo``, ``music`` and ``script``; None is nothing. Each a
            path, the bytes of a file, an asset of the store, or an output of an earlier run; words as
            they are.

    Raises:
        InvalidRequestError: a file cannot be read, or is not what it should be.
    """
    found: dict[str, Any] = {}
    for kind in _KINDS:
        value = given.get(kind)
        if value is None:
            continue
        put = engine.put_sound if kind == "music" else engine.put_picture
        if kind in _FIELDS:
            several = _several(kind, value)
            found[_FIELDS[kind]] = tuple([await _kept(engine, kind, one, put) for one in several])
        else:
            found[kind] = await _kept(engine, kind, value, put)
    script = given.get("script")
    if script is not None:
        found["script"] = await _words(engine, script)
    return brief.model_copy(update=found) if found else brief


def _several(kind: str, value: Any) -> Sequence[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        return (value,)
    several = cast("Sequence[Any]", value)
    if len(several) > MOST:
        raise InvalidRequestError(f"{len(several)} files for {kind}", hint=f"give at most {MOST}")
    return several


async def _kept(engine: Engine, kind: str, value: Any, put: Put) -> Asset:
    name, data = await _bytes(engine, kind, value)
    return await put(data, name=name)


async def _words(engine: Engine, value: Any) -> str:
    if isinstance(value, str):
        text = value
    else:
        name, data = await _bytes(engine, "script", value)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidRequestError(
                f"script {name}: not text", hint="write it in UTF-8"
            ) from None
    if not text.strip():
        raise InvalidRequestError("the script is empty", hint="give a line of words at least")
    if len(text) > _LONGEST_SCRIPT:
        raise InvalidRequestError(
            f"the script has {len(text):,} characters", hint=f"at most {_LONGEST_SCRIPT:,}"
        )
    return text


async def _bytes(engine: Engine, kind: str, value: Any) -> tuple[str, bytes]:
    """(what to call it, its bytes)."""
    if isinstance(value, bytes):
        return kind, value
    if isinstance(value, Asset):
        if not engine.store.has(value):
            raise InvalidRequestError(
                f"{kind}: asset {value.sha256[:12]} is not in this project", hint="give its file"
            )
        return kind, await engine.store.read(value)
    path = value.path if isinstance(value, Output) else value
    if not isinstance(path, str | os.PathLike):
        raise _unusable(kind, value)
    file = Path(cast("str", path))
    name = value.name if isinstance(value, Output) else file.name
    try:
        return name, await asyncio.to_thread(_read, file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        what = _KINDS.get(kind, "a text")
        raise InvalidRequestError(
            f"{kind} {file}: {why}", hint=f"give the path of {what} file"
        ) from error


def _read(file: Path) -> bytes:
    if file.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"larger than {LARGEST_BYTES // 1_000_000} MB")
    return file.read_bytes()


def _unusable(kind: str, value: Any) -> InvalidRequestError:
    return InvalidRequestError(
        f"{kind}: {type(value).__name__} is not a file",
        hint="give a path, bytes, an asset, or an output of an earlier run",
    )
