"""How a row changes what is sent: other paths, other names of fields, fields of the vendor's own."""

from __future__ import annotations

import json
from typing import Any

from brandmodel.providers._http import Ask, Part
from brandmodel.tasks import Call, Target


def asked(call: Call, path: str, body: dict[str, Any]) -> Ask:
    """A request with a JSON body, as the row wants it."""
    return Ask(_path(call.target, path), json=fitted(call.target, body))


def asked_form(call: Call, path: str, body: dict[str, Any], files: list[Part]) -> Ask:
    """A request with a form; lists become repeated fields ``name[]``."""
    parts: list[Part] = []
    for name, value in fitted(call.target, body).items():
        each = [(f"{name}[]", one) for one in value] if isinstance(value, list) else [(name, value)]
        parts += [Part(key, one if isinstance(one, str) else json.dumps(one)) for key, one in each]
    return Ask(_path(call.target, path), form=[*parts, *files])


def fitted(target: Target, body: dict[str, Any]) -> dict[str, Any]:
    """A body with the row's names (``fields``; '' leaves one out) and its ``extra`` fields."""
    names = target.settings.get("fields", {})
    kept = {names.get(name, name): value for name, value in body.items() if names.get(name, name)}
    return {**kept, **target.settings.get("extra", {})}


def unhonoured(call: Call, *given: str) -> tuple[str, ...]:
    """A note for each of the given fields that this target does not take."""
    names = call.target.settings.get("fields", {})
    return tuple(f"{name} could not be honoured" for name in given if names.get(name) == "")


def _path(target: Target, path: str) -> str:
    return target.settings.get("paths", {}).get(path, path)
