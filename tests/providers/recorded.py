"""Recorded traffic of real vendors, exchange by exchange."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from brandmodel.providers._events import EventReader
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Stream
from tests.conftest import SHARED


@dataclass(frozen=True)
class Exchange:
    vendor: str
    kind: str
    name: str
    request: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reply(self) -> Reply:
        return Reply(self.status, self.headers, self.body)

    @property
    def streamed(self) -> bool:
        return self.body.lstrip().startswith((b"data:", b"event:", b":"))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def asked(self) -> str:
        """Method and address, without query and fragment."""
        url = self.request["url"].partition("?")[0].partition("#")[0]
        return f"{self.request['method']} {url}"

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The objects of a stream, cut by hand and not by what is tested."""
        lines = [line[5:].strip() for line in self.body.splitlines() if line.startswith(b"data:")]
        return [json.loads(line) for line in lines if line and line != b"[DONE]"]


@dataclass(frozen=True)
class Recording:
    """A file: exchanges, or the frames of a session."""

    vendor: str
    kind: str
    name: str
    exchanges: tuple[Exchange, ...]
    frames: int


@cache
def recordings() -> tuple[Recording, ...]:
    """Every file."""
    files = sorted((SHARED / "recorded").glob("*/*/*.json"))
    return tuple(_recording(file) for file in files)


def exchanges(kind: str, *vendors: str, path: str) -> list[Exchange]:
    """Exchanges of a kind that were posted to ``path``, its query aside."""
    return [
        one
        for vendor in vendors
        for one in _all(vendor, kind)
        if one.asked.startswith("POST ") and one.asked.endswith(path)
    ]


def ids(one: Exchange) -> str:
    return f"{one.vendor}-{one.name[-40:]}"


def read_stream(stream: Stream, pieces: list[bytes]) -> str:
    """The text that a stream gives when its bytes come in these pieces."""
    reader = EventReader()
    said: list[str] = []
    for piece in pieces:
        for event in reader.feed(piece):
            said += stream.feed(event)
    for event in reader.end():
        said += stream.feed(event)
    return "".join(said)


def in_characters(body: bytes) -> list[bytes]:
    """The bytes, cut in the middle of every character that has more than one."""
    cuts = [at for at, byte in enumerate(body) if byte & 0xC0 == 0x80]
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


def _all(vendor: str, kind: str) -> Iterator[Exchange]:
    for one in recordings():
        if (one.vendor, one.kind) == (vendor, kind):
            yield from one.exchanges


def _recording(file: Path) -> Recording:
    told = json.loads(file.read_text())
    vendor, kind = file.parts[-3:-1]
    found: list[Exchange] = []
    for number, one in enumerate(told.get("exchanges", [])):
        said = one["response"]
        body = said.get("body", "").encode() or base64.b64decode(said.get("body_b64", ""))
        name = f"{file.stem}-{number}"
        status, headers = said["status"], said["headers"]
        found.append(Exchange(vendor, kind, name, one["request"], status, headers, body))
    return Recording(vendor, kind, file.stem, tuple(found), len(told.get("frames", [])))
