"""Recorded traffic of the vendors that speak this wire, exchange by exchange."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
    def chunks(self) -> list[dict[str, Any]]:
        """The objects of a stream, cut by hand and not by what is tested."""
        lines = [line[5:].strip() for line in self.body.splitlines() if line.startswith(b"data:")]
        return [json.loads(line) for line in lines if line and line != b"[DONE]"]


def exchanges(kind: str, *vendors: str, path: str) -> list[Exchange]:
    """Exchanges of a kind that were posted to ``path``, its query aside."""
    return [
        one
        for vendor in vendors
        for one in _all(vendor, kind)
        if one.request["method"] == "POST"
        and one.request["url"].partition("?")[0].partition("#")[0].endswith(path)
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
    for file in sorted((SHARED / "recorded" / vendor / kind).glob("*.json")):
        for number, one in enumerate(json.loads(file.read_text()).get("exchanges", [])):
            response = one["response"]
            body = response.get("body", "").encode() or base64.b64decode(
                response.get("body_b64", "")
            )
            yield Exchange(
                vendor,
                kind,
                f"{file.stem}-{number}",
                one["request"],
                response["status"],
                response["headers"],
                body,
            )
