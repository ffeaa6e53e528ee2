"""Fake vendors that cost next to nothing: real wires, real small bytes, and latency as drawn by a seed.

The fakes of ``brandmodel.testing.vendors`` draw every picture and read every form, at some 40 ms of
work a call; beside a thousand calls in three seconds they would be what is measured. Here a request is
cut out of its bytes, its tag says whose step it is, and the reply was made before.

``python -m tests.bench.lean_vendors SEED`` serves in a process of its own and says its port.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import itertools
import json
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import wave
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHORTEST_S, LONGEST_S = 0.05, 0.5
BEATS = ("calm-a", "bold-b", "warm-c")
_TAG = re.compile(rb"\[(c\d+(?:/[\w-]+)?)\]")
_DATA = re.compile(rb"base64,([A-Za-z0-9+/=]+)")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SIDE = 64


def latency_s(seed: int, kind: str, tag: str) -> float:
    """What a step takes at its vendor, whenever it is asked for; none where the seed is negative."""
    if seed < 0:
        return 0.0
    return random.Random(f"{seed} {kind} {tag}").uniform(SHORTEST_S, LONGEST_S)


def png(tag: str) -> bytes:
    """A picture that carries the tag of its step, so that no two are the same."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    words = chunk(b"tEXt", b"Comment\0" + f"[{tag}]".encode())
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), words, _PIXELS, chunk(b"IEND", b""))
    )


def _pixels() -> bytes:
    rows = (b"\0" + bytes((4 * y, 128, 255 - 4 * y)) * _SIDE for y in range(_SIDE))
    body = zlib.compress(b"".join(rows))
    return (
        struct.pack(">I", len(body))
        + b"IDAT"
        + body
        + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    )


_PIXELS = _pixels()


def clip() -> bytes:
    """One real MP4 of half a second; every step's gets its tag behind it."""
    from imageio_ffmpeg import get_ffmpeg_exe

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        source = f"testsrc=size={_SIDE}x{_SIDE}:rate=24:duration=0.5"
        subprocess.run(
            [get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", source, str(path)],
            check=True,
        )
        return path.read_bytes()


def tagged(video: bytes, tag: str) -> bytes:
    """A clip with its tag in a box that players skip."""
    body = f"[{tag}]".encode()
    return video + struct.pack(">I", 8 + len(body)) + b"free" + body


def sound(tag: str) -> bytes:
    """A fifth of a second of silence, but for the tag."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        body = tag.encode() + b"\0" * (len(tag) % 2)
        file.writeframes(body + bytes(9600 - len(body)))
    return out.getvalue()


def _outline(tag: str) -> dict[str, Any]:
    beats = [{"id": id_, "role": "news", "says": id_, "duration_s": 0.5} for id_ in BEATS]
    return {"beats": beats, "subject": f"bottle [{tag}]", "music": f"calm [{tag}]"}


_JUDGEMENT = {"scores": [{"total": 0.5}] * 3, "best": 1, "good": True, "why": "the calmest"}


def _said(answer: dict[str, Any]) -> bytes:
    message = {"role": "assistant", "content": json.dumps(answer)}
    usage = {"prompt_tokens": 400, "completion_tokens": 200, "total_tokens": 600}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "c", "choices": [choice], "usage": usage}).encode()


class Vendors:
    """All vendors of the chain behind one port.

    Attributes:
        asked: requests that arrived, by what they were.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.base = ""
        self.asked: dict[str, int] = {}
        self._clip = clip()
        self._ids = itertools.count(1)
        self._jobs: dict[str, tuple[float, str]] = {}
        self._files: dict[str, tuple[bytes, bytes]] = {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        """(seconds to wait, media type, reply)."""
        for start, what, reply in self._routes():
            if f"{method} {path}".startswith(start):
                self.asked[what] = self.asked.get(what, 0) + 1
                return reply(path, body)
        raise LookupError(f"{method} {path}")

    def _routes(self) -> list[tuple[str, str, Callable[[str, bytes], tuple[float, bytes, bytes]]]]:
        return [
            ("POST /openai/v1/chat", "call", self._chat),
            ("POST /openai/v1/images", "call", self._picture),
            ("POST /elevenlabs/v1/text-to-speech", "call", self._speech),
            ("POST /elevenlabs/v1/music", "call", self._music),
            ("POST /replicate/v1/models", "job", self._prediction),
            ("GET /replicate/v1/predictions/", "look", self._predicted),
            ("POST /fal/", "job", self._queued),
            ("GET /fal/status/", "look", self._status),
            ("GET /fal/result/", "result", self._result),
            ("GET /files/", "file", self._file),
            ("GET /asked", "asked", lambda path, body: self._json(self.asked)),
        ]

    def _json(self, reply: Any, wait_s: float = 0.0) -> tuple[float, bytes, bytes]:
        return wait_s, b"application/json", json.dumps(reply).encode()

    def _latency(self, kind: str, tag: str) -> float:
        return latency_s(self.seed, kind, tag)

    def _chat(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        tag = _tag(body)
        kind = "judge" if b"image_url" in body else "plan"
        said = _said(_JUDGEMENT if kind == "judge" else _outline(tag))
        return self._latency(kind, tag), b"application/json", said

    def _picture(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        tag = _tag(body)
        drawn = base64.b64encode(png(tag)).decode()
        return self._json({"data": [{"b64_json": drawn}]}, self._latency("picture", tag))

    def _speech(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        tag = _tag(body)
        spoken = base64.b64encode(sound(f"speech {tag}")).decode()
        return self._json({"audio_base64": spoken}, self._latency("speech", tag))

    def _music(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        tag = _tag(body)
        return self._latency("music", tag), b"audio/wav", sound(f"music {tag}")

    def _begin(self, kind: str, body: bytes, ending: str) -> str:
        data = _DATA.search(body)
        assert data is not None, "the picture goes along in the request"
        tag = _tag(binascii.a2b_base64(data[1]))
        id_ = f"{kind}-{next(self._ids)}"
        larger, moved = (b"image/png", png(f"{tag}-up")), (b"video/mp4", tagged(self._clip, tag))
        self._files[f"{id_}.{ending}"] = larger if ending == "png" else moved
        self._jobs[id_] = (time.monotonic() + self._latency(kind, tag), f"{id_}.{ending}")
        return id_

    def _prediction(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        return self._json({"id": self._begin("upscale", body, "png"), "status": "starting"})

    def _predicted(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        id_ = path.rpartition("/")[2]
        if not self._ready(id_):
            return self._json({"id": id_, "status": "processing"})
        output = f"{self.base}/files/{self._jobs[id_][1]}"
        return self._json({"id": id_, "status": "succeeded", "output": output})

    def _queued(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        id_ = self._begin("video", body, "mp4")
        at = f"{self.base}/fal"
        urls = {f"{name}_url": f"{at}/{name}/{id_}" for name in ("status", "cancel")}
        return self._json({"request_id": id_, "response_url": f"{at}/result/{id_}", **urls})

    def _status(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        ready = self._ready(path.rpartition("/")[2])
        return self._json({"status": "COMPLETED" if ready else "IN_PROGRESS"})

    def _result(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        name = self._jobs[path.rpartition("/")[2]][1]
        return self._json({"video": {"url": f"{self.base}/files/{name}"}})

    def _file(self, path: str, body: bytes) -> tuple[float, bytes, bytes]:
        return 0.0, *self._files[path.rpartition("/")[2]]

    def _ready(self, id_: str) -> bool:
        return time.monotonic() >= self._jobs[id_][0]


def _tag(body: bytes) -> str:
    found = _TAG.search(body)
    assert found is not None, body[:2000]
    return found[1].decode()


class _Door(asyncio.Protocol):
    """One connection: keep-alive, one request after the other."""

    def __init__(self, vendors: Vendors) -> None:
        self._vendors = vendors
        self._had = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._had += data
        end = self._had.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._had, 0, end)
        whole = end + 4 + (int(found[1]) if found else 0)
        if len(self._had) < whole:
            return
        request, self._had = self._had[:whole], self._had[whole:]
        method, path, _ = request[: request.index(b"\r\n")].decode().split(" ")
        wait_s, kind, body = self._vendors.answer(
            method, path.partition("?")[0], request[end + 4 :]
        )
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
        reply = head % (kind, len(body)) + body
        if wait_s:
            asyncio.get_running_loop().call_later(wait_s, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def _serve(seed: int) -> None:
    vendors = Vendors(seed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(vendors), "127.0.0.1", 0, backlog=1024)
    vendors.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(vendors.base, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
