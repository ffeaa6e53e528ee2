"""Streams of events, cut anywhere: server-sent events and JSON lines from pieces of bytes.

Source: the event stream interpretation of the WHATWG HTML standard, section 9.2.6.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass


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
        self._rest = b""
        self._data: list[str] = []
        self._kind = ""

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete now."""
        self._rest += piece
        while True:
            line, self._rest, whole = _line(self._rest)
            if not whole:
                return
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


def _line(data: bytes) -> tuple[bytes, bytes, bool]:
    """(first line, the rest, whether it was whole); lines end with LF, CR or both."""
    at = data.find(b"\n")
    carriage = data.find(b"\r", 0, at if at >= 0 else len(data))
    if carriage >= 0:
        if carriage + 1 == len(data):
            return b"", data, False  # The LF of a CRLF may still come.
        skip = 2 if data[carriage + 1 : carriage + 2] == b"\n" else 1
        return data[:carriage], data[carriage + skip :], True
    if at < 0:
        return b"", data, False
    return data[:at], data[at + 1 :], True


async def events(pieces: AsyncIterable[bytes]) -> AsyncIterator[Event]:
    """The events of a stream of bytes."""
    reader = EventReader()
    async for piece in pieces:
        for event in reader.feed(piece):
            yield event
    for event in reader.end():
        yield event


async def lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[Event]:
    """The lines of newline-delimited JSON, as events."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield Event(line.decode(errors="replace"))
    if rest.strip():
        yield Event(rest.decode(errors="replace"))
