from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brandmodel.recipes import RECIPES, find
from brandmodel.tasks import PROVIDERS

# Loaded before the first snapshot: a module registers its recipe only once.
for _name in ("picture", "answer", "film", "voiceover"):
    find(_name)

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No network, no variables of the person who runs the tests, no leftovers between tests."""
    for name in list(os.environ):
        if name.startswith("BRANDMODEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(socket.socket, "connect", _loopback_only(socket.socket.connect))
    monkeypatch.chdir(tmp_path)
    recipes, providers = dict(RECIPES), dict(PROVIDERS)
    yield
    RECIPES.clear()
    RECIPES.update(recipes)
    PROVIDERS.clear()
    PROVIDERS.update(providers)


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
