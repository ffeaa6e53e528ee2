"""The wire against a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.tasks import Call, Request, Target
from tests.providers.conftest import Server

__all__ = ["KEY", "MakeCall", "Server"]

KEY = "sk-ant-api03-test-1234567890"
MakeCall = Callable[..., Call]


@pytest.fixture
async def wire() -> AsyncIterator[AnthropicWire]:
    http = Http()
    yield AnthropicWire(http, lambda target: KEY)
    await http.aclose()


@pytest.fixture
def call(server: Server, store: FolderStore) -> MakeCall:
    """A call of a request at a target that is the server."""

    def make(request: Request[Any], **settings: Any) -> Call:
        task = type(request).__name__
        target = Target(
            id="acme/model-1",
            provider="anthropic",
            model="claude-opus-5-5",
            tasks=frozenset((task,)),
            settings={"base_url": server.url, **settings},
        )
        return Call(request=request, target=target, blobs=store)

    return make
