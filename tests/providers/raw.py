"""A server that says anything, and a caller that looks for the key in what comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    BrandModelError,
    ProviderError,
)
from brandmodel.providers._http import Ask
from brandmodel.providers.openai import OpenAIWire
from brandmodel.tasks import (
    Call,
    Chat,
    Done,
    GenerateImage,
    Message,
    Request,
    Target,
)

KEY = "Zm9vYmFyMTIzNDU2"
HI = Chat(messages=(Message(role="user", text="Hi"),))
CAT = GenerateImage(prompt="A cat", width=64, height=64)
FINE = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
PAGE = b"<!doctype html><html><head><title>Sorry</title></head><body>Key " + KEY.encode()
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(data: bytes) -> Talk:
    """An answer byte by byte."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return talk


def reply_of(
    body: Any = b"", *, status: int = 200, kind: str = "application/json", **headers: str
) -> bytes:
    """A whole answer; a ``content_length`` among the headers may lie."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}"]
    headers = {"content_length": str(len(data)), **headers}
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\nconnection: close\r\n\r\n" + data


@dataclass
class Raw:
    """A server that says its answers byte by byte, each a function, one a connection.

    Attributes:
        usual: what it says when no answer is left.
        heads: of the requests, as they came.
        sent: bytes that the other side has taken.
    """

    answers: list[Talk] = field(default_factory=list[Talk])
    usual: Talk | None = None
    heads: list[bytes] = field(default_factory=list[bytes])
    sent: int = 0
    url: str = ""

    def says(self, data: bytes) -> None:
        self.answers.append(saying(data))

    def answers_with(
        self, body: Any = b"", *, status: int = 200, kind: str = "application/json", **headers: str
    ) -> None:
        self.says(reply_of(body, status=status, kind=kind, **headers))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            length = next(
                (x for x in head.lower().split(b"\r\n") if b"content-length:" in x), b":0"
            )
            await reader.readexactly(int(length.partition(b":")[2]))
            talk = self.answers.pop(0) if self.answers or self.usual is None else self.usual
            await talk(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(made: Raw) -> AsyncGenerator[None]:
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()


@dataclass(slots=True)
class Hurried(OpenAIWire):
    """The wire with limits that a test can wait for."""

    timeout_s: float = 30.0

    def _addressed(self, target: Target, ask: Ask) -> Any:
        return OpenAIWire._addressed(self, target, ask._replace(timeout_s=self.timeout_s))


def call_of(request: Request[Any], url: str, tmp_path: Path) -> Call:
    task = frozenset((type(request).__name__,))
    target = Target("acme/m", "openai", "m", task, settings={"base_url": url})
    return Call(request, target, FolderStore(tmp_path / "assets"))


@dataclass
class Asker:
    """Asks the server by the wire, and looks that the key is nowhere in what comes of it."""

    wire: Hurried
    raw: Raw
    tmp_path: Path
    caplog: pytest.LogCaptureFixture

    async def done(self, request: Request[Any] = HI) -> Done:
        done = await self.wire.start(call_of(request, self.raw.url, self.tmp_path))
        assert isinstance(done, Done)
        return done

    async def fails(self, request: Request[Any] = HI, *, streamed: bool = False) -> BrandModelError:
        call = call_of(request, self.raw.url, self.tmp_path)
        with pytest.raises(BrandModelError) as caught:
            await (self._streamed(call) if streamed else self.wire.start(call))
        keyless(caught.value, self.caplog)
        if isinstance(caught.value, ProviderError):
            assert caught.value.vendor == "acme"
        assert "acme" not in str(caught.value)
        return caught.value

    async def _streamed(self, call: Call) -> None:
        async for _ in self.wire.stream(call):
            pass


def keyless(error: BaseException | None, caplog: pytest.LogCaptureFixture) -> None:
    """The key is in no error of the chain, however it is written, and in no line of the log."""
    while error is not None:
        assert KEY not in f"{error} {error!r} {vars(error)} {error.args!r}"
        error = error.__cause__ or error.__context__
    assert KEY not in caplog.text
