"""What the tests of every wire share: a server on this machine that answers as told, and a store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Http
from tests.providers.raw import KEY, Asker, Hurried, Raw, serving


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    method: str = "POST"

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def form(self) -> list[tuple[str, str, str, bytes]]:
        """(name, filename, media type, bytes) of the parts, in a fixed order."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser(policy=HTTP).parsebytes(head + self.body).iter_parts()
        found: list[tuple[str, str, str, bytes]] = []
        for part in parts:
            name = part.get_param("name", header="content-disposition")
            kind = part.get_content_type() if part.get_filename() else ""
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            found.append((str(name), part.get_filename() or "", kind, data))
        return sorted(found)


@dataclass
class Answer:
    """What the server answers; ``pieces`` are sent one by one, and cut off where it says so."""

    body: Any = b""
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    pieces: list[bytes] | None = None
    cut_off: bool = False


class Server:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        self.url = ""

    def says(self, body: Any = b"", **more: Any) -> None:
        """The next answer."""
        self.answers.append(Answer(body, **more))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.asked.append(Asked(request.path, dict(request.query), headers, body, request.method))
        answer = self.answers.pop(0)
        headers = {**answer.headers, "content-type": answer.media_type}
        if answer.pieces is None:
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body)
            data = body if isinstance(body, bytes) else body.encode()
            return web.Response(body=data, status=answer.status, headers=headers)
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        for piece in answer.pieces:
            await response.write(piece)
        if answer.cut_off:
            assert request.transport is not None
            await asyncio.sleep(0)
            request.transport.close()
        return response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application(client_max_size=32 * 1024**2)
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = site.name.rstrip("/")
    yield made
    await runner.cleanup()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "assets")


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    made = Raw()
    async with serving(made):
        yield made


@pytest.fixture
async def hurried() -> AsyncIterator[Hurried]:
    http = Http()
    yield Hurried(http, lambda target: KEY)
    await http.aclose()


@pytest.fixture
def ask(hurried: Hurried, raw: Raw, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Asker:
    caplog.set_level(logging.DEBUG)
    return Asker(hurried, raw, tmp_path, caplog)
