"""What is sent is valid by OpenAI's own description of its API."""

from __future__ import annotations

from pathlib import Path

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers.openai import OpenAIWire
from tests.providers.openai.cases import CASES, Case
from tests.providers.openai.conftest import MakeCall, Server
from tests.providers.openai.spec import fields_of, validator


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_request_is_valid(
    case: Case, wire: OpenAIWire, call: MakeCall, server: Server, store: FolderStore, shared: Path
) -> None:
    server.says(case.answer, media_type=case.media_type)
    await wire.start(call(await case.request(store), base_url=server.url, **case.settings))
    described = validator(shared / "specs" / "openai" / "openapi.yaml", case.schema)
    body = fields_of(server.asked[0]) if case.form else server.asked[0].json
    assert [error.message for error in described.iter_errors(body)] == []
    assert not described.is_valid({**body, "model": {}}), "the description tells wrong from right"
