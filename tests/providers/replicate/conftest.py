"""The wire against a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brandmodel.providers._http import Http
from brandmodel.providers.replicate import ReplicateWire
from tests.providers.fal.conftest import call, png, server, store

__all__ = ["KEY", "call", "png", "server", "store"]

KEY = "r8_secret1234567890"


@pytest.fixture
async def wire(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReplicateWire]:
    monkeypatch.setattr(ReplicateWire, "second_look_s", 0.0)
    http = Http()
    yield ReplicateWire(http, lambda target: KEY)
    await http.aclose()
