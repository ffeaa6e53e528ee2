"""The wire against a server on this machine; the same fixtures serve the other wires of many models."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from PIL import Image

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers.fal import FalWire
from brandmodel.tasks import Asset, Call, Price, Request, Target
from tests.providers.conftest import Answer, Asked, Server, server, store
from tests.providers.google.conftest import film

__all__ = [
    "KEY",
    "Answer",
    "Asked",
    "MakeCall",
    "Server",
    "film",
    "noise",
    "png",
    "server",
    "store",
]

KEY = "fal-id-1234567890:secret-1234567890"
PRICED = (Price({"image": 25_000_000}),)
PICTURE = {"prompt": "prompt", "size": "image_size{width,height}", "seed": "seed"}
IMAGE = {"media": "images[0].url"}
MakeCall = Callable[..., Call]


@pytest.fixture
async def wire() -> AsyncIterator[FalWire]:
    http = Http()
    yield FalWire(http, lambda target: KEY)
    await http.aclose()


@pytest.fixture
def call(server: Server, store: FolderStore) -> MakeCall:
    """A call of a request at a target that is the server; settings as a row has them."""

    def make(
        request: Request[Any],
        *,
        model: str = "fal-ai/flux/dev",
        take: int = 0,
        attempt: str = "",
        began: float = 0.0,
        price: tuple[Price, ...] = PRICED,
        limits: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Call:
        target = Target(
            id="acme/model-1",
            provider="acme",
            model=model,
            tasks=frozenset((type(request).__name__,)),
            price=price,
            limits=limits or {},
            settings={"base_url": server.url, **settings},
        )
        return Call(request, target, store, take=take, attempt=attempt, began=began)

    return make


def png(width: int = 16, height: int = 16) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "#13a89e").save(made, "PNG")
    return made.getvalue()


def noise(store: FolderStore, side: int = 400) -> Asset:
    """A picture too large to go along in a request."""
    made = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(made, "PNG")
    return store.put_now(made.getvalue(), name="noise.png")
