"""A step is its content: the canonical form of a request, and the key made from it."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Asset, Request

# Made once: ``json.dumps`` makes an encoder at every call that is not as usual.
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_HEAD = json.JSONEncoder(ensure_ascii=False).encode


def canonical(value: Any) -> Any:
    """JSON-able form in which equal requests are equal.

    Fields equal to their default are left out, single-valued Literal tags are kept, assets are
    their digest, text is NFC, -0 is 0.

    Raises:
        InvalidRequestError: a number is not finite, or the value is of no kind that can be keyed.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidRequestError(f"{value} is not a finite number")
        return value + 0.0
    if isinstance(value, Asset):
        return {"asset": value.sha256}
    if isinstance(value, BaseModel):
        return _canonical_model(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value)
        return {str(canonical(k)): canonical(v) for k, v in items.items()}
    if isinstance(value, tuple | list):
        return [canonical(v) for v in cast("Sequence[Any]", value)]
    raise InvalidRequestError(f"a {type(value).__name__} cannot be part of a request")


def _canonical_model(model: BaseModel) -> dict[str, Any]:
    values = model.__dict__
    return {
        name: canonical(values[name])
        for name, default, is_tag in _fields(type(model))
        if is_tag or values[name] != default
    }


@cache
def _fields(cls: type[BaseModel]) -> tuple[tuple[str, Any, bool], ...]:
    def default_of(name: str) -> Any:
        field = cls.model_fields[name]
        return (
            PydanticUndefined
            if field.is_required()
            else field.get_default(call_default_factory=True)
        )

    def is_tag(annotation: Any) -> bool:
        return get_origin(annotation) is Literal and len(get_args(annotation)) == 1

    return tuple(
        (name, default_of(name), is_tag(field.annotation))
        for name, field in cls.model_fields.items()
    )


def canonical_json(value: Any) -> str:
    """Canonical form as text; equal values give equal text."""
    return _CANONICAL(canonical(value))


def step_key(
    request: Request[Any], *, space: str, grade: str, hero: bool, take: int, body: str | None = None
) -> str:
    """SHA-256 that names a step.

    Args:
        request: what is asked.
        space: whose step it is; two customers never share one.
        grade: ``model`` or ``local/<revision>``.
        hero: whether the hero tier applies and the table has a hero list for the task.
        take: which alternative.
        body: ``canonical_json(request)`` when the caller has it already.
    """
    head = [space, type(request).__name__, request.meaning(), grade, "hero" if hero else "", take]
    text = _HEAD(head) + (body or canonical_json(request))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 of a value's canonical form; equal results have equal digests."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
