"""OpenAI's own description of its API, to hold requests against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.providers.conftest import Asked


@cache
def validator(spec: Path, name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"spec#/components/schemas/{name}"}, registry=_parsed(spec)
    )


@cache
def _parsed(spec: Path) -> Registry[Any]:
    # The C loader: the file has 76,000 lines.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    contents = _either(yaml.load(spec.read_text(), Loader=loader))
    return Registry[Any]().with_resource("spec", Resource(contents, DRAFT202012))


def _either(node: Any) -> Any:
    """OpenAPI tells the members of ``oneOf`` apart by a discriminator, JSON Schema by their fit alone:
    a message with parts fits two of them.
    """
    if isinstance(node, dict):
        return {("anyOf" if k == "oneOf" else k): _either(value) for k, value in node.items()}
    return [_either(one) for one in node] if isinstance(node, list) else node


def fields_of(asked: Asked) -> dict[str, Any]:
    """A form as the object that it stands for; files stand as their bytes' names."""
    body: dict[str, Any] = {}
    for name, filename, _, data in asked.form:
        value: Any = filename or data.decode()
        if not filename and value.isdigit():
            value = json.loads(value)
        if name.endswith("[]"):
            body.setdefault(name[:-2], []).append(value)
        else:
            body[name] = value
    return body
