"""The wire against a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers.openai import OpenAIWire
from brandmodel.tasks import Call, Request, Target
from tests.providers.conftest import Answer, Asked, Server

__all__ = ["KEY", "Answer", "Asked", "MakeCall", "Server"]

KEY = "Zm9vYmFyMTIzNDU2"
"""Of no known shape: it must be hidden because it is the key, not because it looks like one."""


@pytest.fixture
async def wire() -> AsyncIterator[OpenAIWire]:
    http = Http()
    yield OpenAIWire(http, lambda target: KEY)
    await http.aclose()


MakeCall = Callable[..., Call]


@pytest.fixture
def call(store: FolderStore) -> MakeCall:
    """A call of a request at a target with the given settings."""

    def make(request: Request[Any], **settings: Any) -> Call:
        task = type(request).__name__
        target = Target(
            id="acme/model-1",
            provider="openai",
            model="model-1",
            tasks=frozenset((task,)),
            settings=settings,
        )
        return Call(request=request, target=target, blobs=store)

    return make
