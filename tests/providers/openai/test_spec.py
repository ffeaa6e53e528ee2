"""What is sent is valid by OpenAI's own description of its API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from brandmodel.assets.store import FolderStore
from brandmodel.providers.openai import OpenAIWire
from tests.providers.openai.cases import CASES, Case
from tests.providers.openai.conftest import Asked, MakeCall, Server

FILES = ("image", "mask", "file")


@cache
def _validator(spec: Path, name: str) -> Draft202012Validator:
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_request_is_valid(
    case: Case, wire: OpenAIWire, call: MakeCall, server: Server, store: FolderStore, shared: Path
) -> None:
    server.says(case.answer, media_type=case.media_type)
    await wire.start(call(await case.request(store), base_url=server.url, **case.settings))
    validator = _validator(shared / "specs" / "openai" / "openapi.yaml", case.schema)
    body = _fields(server.asked[0]) if case.form else server.asked[0].json
    assert [error.message for error in validator.iter_errors(body)] == []
    assert not validator.is_valid({**body, "model": {}}), "the description tells wrong from right"


def _fields(asked: Asked) -> dict[str, Any]:
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
