from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers._wire import Wire
from brandmodel.tasks import Call, Done, Pages, SearchWeb, Target
from tests.providers.conftest import Answer, Asked, Server

__all__ = ["KEY", "Answer", "Asked", "Search", "Server"]

KEY = "Zm9vYmFyc2VhcmNo"
BEGAN = 1_790_000_000.0
"""2026-09-21."""
Search = Callable[..., Any]


@pytest.fixture
async def search(server: Server, store: FolderStore) -> AsyncIterator[Search]:
    """Searches by a wire at the server; settings as a row has them."""
    http = Http()

    async def searched(wire: type[Wire], request: SearchWeb, **settings: Any) -> tuple[Pages, Done]:
        settings = {"base_url": server.url, **settings}
        target = Target("acme/web", "acme", "web", frozenset(("SearchWeb",)), settings=settings)
        key = settings.pop("key", KEY)
        done = await wire(http, lambda target: key).start(Call(request, target, store, began=BEGAN))
        assert isinstance(done, Done)
        assert isinstance(done.result, Pages)
        return done.result, done

    yield searched
    await http.aclose()
