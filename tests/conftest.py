from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from brandmodel.providers import _http
from brandmodel.recipes import RECIPES, find
from brandmodel.tasks import PROVIDERS

# Loaded before the first snapshot: a module registers its recipe only once.
for _name in ("picture", "answer", "film", "voiceover"):
    find(_name)

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No network, no variables of the person who runs the tests, no leftovers between tests."""
    for name in list(os.environ):
        if name.startswith("BRANDMODEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(socket.socket, "connect", _loopback_only(socket.socket.connect))
    # What speaks to vendors has sockets of its own.
    monkeypatch.setattr(_http, "_request", _asks_loopback_only(_http._request))
    monkeypatch.chdir(tmp_path)
    recipes, providers = dict(RECIPES), dict(PROVIDERS)
    yield
    RECIPES.clear()
    RECIPES.update(recipes)
    PROVIDERS.clear()
    PROVIDERS.update(providers)


def _asks_loopback_only(request: Callable[..., Any]) -> Callable[..., Any]:
    def checked(client: Any, base_url: str, ask: _http.Ask, headers: Any) -> Any:
        host = urlsplit(ask.path if "://" in ask.path else base_url).hostname or ""
        assert host in ("", "127.0.0.1", "::1", "localhost"), f"a test reached for {host}"
        return request(client, base_url, ask, headers)

    return checked


def _loopback_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def checked(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""
        assert host in ("", "127.0.0.1", "::1", "localhost"), f"a test reached for {address}"
        return connect(self, address)

    return checked


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        assert not os.environ.get("CI"), f"{SHARED} is missing"
        pytest.skip(f"no shared test material at {SHARED}")
    return SHARED
