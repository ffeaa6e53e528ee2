"""The wire against a server on this machine, and real bytes of every kind."""

from __future__ import annotations

import asyncio
import io
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import types
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from brandmodel.providers.google import GoogleWire
from brandmodel.tasks import Asset, Call, Done, Job, Request, Target
from tests.providers.conftest import Server

__all__ = ["KEY", "MakeCall", "Server", "finished", "picture"]

KEY = "AIzaSyTest1234567890abcdef"
MakeCall = Callable[..., Call]


@pytest.fixture
async def wire() -> AsyncIterator[GoogleWire]:
    http = Http()
    yield GoogleWire(http, lambda target: KEY)
    await http.aclose()


@pytest.fixture
def call(server: Server, store: FolderStore) -> MakeCall:
    """A call of a request at a target that is the server."""

    def make(
        request: Request[Any], *, model: str = "gemini-m", take: int = 0, **settings: Any
    ) -> Call:
        task = type(request).__name__
        target = Target(
            id="acme/model-1",
            provider="google",
            model=model,
            tasks=frozenset((task,)),
            settings={"base_url": f"{server.url}/v1", **settings},
        )
        return Call(request=request, target=target, blobs=store, take=take)

    return make


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of grey, as an MP4."""
    path: Path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ("-f", "lavfi", "-i", "color=gray:s=64x36:r=12:d=3")
    subprocess.run(
        [get_ffmpeg_exe(), "-loglevel", "error", *source, "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return path.read_bytes()


@pytest.fixture
def client(server: Server) -> Iterator[genai.Client]:
    """The vendor's own client, pointed at the server; to be called in a thread."""
    with genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=server.url)) as made:
        yield made


def picture(store: FolderStore, width: int = 8, height: int = 8) -> Asset:
    return store.put_now(png(width, height), name="a.png")


def png(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "#13a89e").save(made, "PNG")
    return made.getvalue()


async def finished(wire: GoogleWire, call: Call) -> Done:
    """A call, followed to its end."""
    answer = await wire.start(call)
    while isinstance(answer, Job):
        await asyncio.sleep(0)
        answer = await wire.check(answer, call)
    return answer
