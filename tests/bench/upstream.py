"""A vendor that answers at once: one chat completion, whole or streamed, without parsing a thing.

``python -m tests.bench.upstream`` prints its port. It stands in for a vendor without latency, so that
what is measured is the client; it costs about 20 us a call on a core of its own.
"""

from __future__ import annotations

import asyncio
import json

WORDS = ["The", " launch", " is", " on", " Thursday", " at", " seven", "."] * 8


def _answer() -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": "writer-1",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "".join(WORDS)},
                }
            ],
            "usage": {"prompt_tokens": 30, "completion_tokens": 64, "total_tokens": 94},
        }
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _chunks() -> list[bytes]:
    """The head, a chunk a word, the usage, and the end: each as HTTP's chunked coding has it."""

    def event(data: str) -> bytes:
        line = f"data: {data}\n\n".encode()
        return b"%x\r\n%b\r\n" % (len(line), line)

    def chunk(choices: list[object], **more: object) -> bytes:
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_760_000_000}
        return event(json.dumps({**base, "model": "writer-1", "choices": choices, **more}))

    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    said = [
        chunk([{"index": 0, "delta": {"role": "assistant", "content": word}}]) for word in WORDS
    ]
    usage = {"prompt_tokens": 30, "completion_tokens": 64, "total_tokens": 94}
    return [
        head + said[0],
        *said[1:],
        chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        chunk([], usage=usage),
        event("[DONE]") + b"0\r\n\r\n",
    ]


ANSWER, CHUNKS = _answer(), _chunks()


class Upstream(asyncio.Protocol):
    """Answers every request whose head and body are there."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport, self._held = transport, b""

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            body, self._held = (
                self._held[end + 4 : end + 4 + length],
                self._held[end + 4 + length :],
            )
            streamed = b'"stream": true' in body or b'"stream":true' in body
            if streamed:
                for chunk in CHUNKS:
                    self._transport.write(chunk)
            else:
                self._transport.write(ANSWER)


async def serve() -> None:
    """Listen on a free port of this machine, print it, and answer until the process ends."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve())
