"""Streams of server-sent events, cut anywhere: from pieces of bytes.

Source: the event stream interpretation of the WHATWG HTML standard, section 9.2.6.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass

_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""Lines end with LF, CR or both; after a last CR the LF may still come."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``kind`` is '' where the stream names none."""

    data: str
    kind: str = ""


class EventReader:
    """Turns pieces of an event stream into events, however they are cut.

    Bytes are held back until their line is whole, so a character is never decoded in parts.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._kind = ""

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete now."""
        waiting = self._rest.endswith(b"\r")
        self._rest += piece
        if not waiting and b"\n" not in piece and b"\r" not in piece:
            return  # A long line is not looked through again with each of its pieces.
        *lines, rest = _END.split(bytes(self._rest))
        self._rest = bytearray(rest)
        for line in lines:
            if line:
                self._take(line)
            elif self._data or self._kind:
                event = Event("\n".join(self._data), self._kind)
                self._data, self._kind = [], ""
                if event.data:
                    yield event

    def end(self) -> Iterator[Event]:
        """What is left when the stream ends; some vendors leave out the last blank line."""
        yield from self.feed(b"\n\n")

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        text = (value[1:] if value[:1] == b" " else value).decode(errors="replace")
        if name == b"data":
            self._data.append(text)
        elif name == b"event":
            self._kind = text


async def events(pieces: AsyncIterable[bytes]) -> AsyncIterator[Event]:
    """The events of a stream of bytes."""
    reader = EventReader()
    async for piece in pieces:
        for event in reader.feed(piece):
            yield event
    for event in reader.end():
        yield event
