"""Streams of events, cut anywhere."""

from __future__ import annotations

import itertools

import pytest

from brandmodel.providers._events import Event, EventReader

STREAM = (
    ": a comment\n"
    "event: first\n"
    "data: Grüße 🍋\n"
    "data:  two\n"
    "\n"
    "data:three\n"
    "id: 7\n"
    "retry: 10\n"
    "\n"
    "event: nothing in it\n"
    "\n"
    "data: last\n"
)
EVENTS = [Event("Grüße 🍋\n two", "first"), Event("three"), Event("last")]


def read(*pieces: bytes) -> list[Event]:
    reader = EventReader()
    fed = [event for piece in pieces for event in reader.feed(piece)]
    return [*fed, *reader.end()]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_cut_gives_the_same_events(end: str) -> None:
    body = STREAM.replace("\n", end).encode()
    assert read(body) == EVENTS
    assert read(*(body[at : at + 1] for at in range(len(body)))) == EVENTS
    for first, second in itertools.combinations(range(len(body) + 1), 2):
        assert read(body[:first], body[first:second], body[second:]) == EVENTS


def test_ends_of_lines_may_be_mixed() -> None:
    body = b"event: a\r\ndata: 1\rdata: 2\n\r\ndata: 3\r\r"
    wanted = [Event("1\n2", "a"), Event("3")]
    assert read(body) == wanted
    for at in range(len(body) + 1):
        assert read(body[:at], body[at:]) == wanted


def test_bytes_that_are_no_text_break_nothing() -> None:
    assert read(b"data: \xff\xc3\n\n") == [Event("\ufffd\ufffd")]
    assert read(b"\xff\xfe\n\n\n", b"") == []
