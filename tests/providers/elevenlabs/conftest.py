from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers.elevenlabs import ElevenLabsWire
from brandmodel.tasks import Call, Request, Target
from tests.providers.conftest import Answer, Asked, Server

__all__ = ["KEY", "Answer", "Asked", "MakeCall", "Server"]

KEY = "Zm9vYmFyZWxldmVu"
MakeCall = Callable[..., Call]


@pytest.fixture
async def wire() -> AsyncIterator[ElevenLabsWire]:
    http = Http()
    yield ElevenLabsWire(http, lambda target: KEY)
    await http.aclose()


@pytest.fixture
def call(server: Server, store: FolderStore) -> MakeCall:
    """A call of a request at a target that is the server."""

    def make(request: Request[Any], *, model: str = "model-1", **settings: Any) -> Call:
        tasks = frozenset((type(request).__name__,))
        settings = {"base_url": server.url, **settings}
        return Call(
            request, Target("acme/model-1", "elevenlabs", model, tasks, settings=settings), store
        )

    return make
