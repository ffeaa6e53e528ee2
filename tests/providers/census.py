"""What the wires make of every recorded file: a typed result, a typed error, or nothing, and why.

Run it as a module for the table.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BrandModelError
from brandmodel.providers._errors import failure
from brandmodel.providers._events import Event
from brandmodel.providers._http import Http, Reply
from brandmodel.providers._wire import Made, Operation, Pending, Stream, Wire
from brandmodel.tasks import Asset, Call, Result, Target
from tests.providers.recorded import Exchange, Recording, read_stream, recordings
from tests.providers.routes import (
    BESIDE,
    NAMED,
    PICTURE,
    ROUTES,
    ROWS,
    SOUND,
    UNSERVED,
    WANTED,
    Route,
)

ROUTERS = Path(__file__).parents[2] / "routers"
CLIP = Asset(sha256="3" * 64, media_type="video/mp4", size=1, duration_s=4.0)
MADE = {"image": PICTURE, "audio": SOUND, "video": CLIP}

Outcome = Literal["result", "error", "left out"]


@dataclass(frozen=True)
class Told:
    """What became of an exchange: a result or job, an error, or the reason why it is left out."""

    outcome: Outcome
    result: Result | Pending | None = None
    error: BrandModelError | None = None
    reason: str = ""


def left_out(one: Exchange) -> str:
    """Why an exchange of a served kind is not read; '' where it is."""
    if "enum-encoding" in one.request["url"]:
        return "not asked for: enumerations as numbers"
    if b"partialArgs" in one.body:
        return "not asked for: arguments of tools in pieces"
    if one.asked.endswith("/interactions") and one.streamed:
        return "not asked for: conversations by interactions, which serve clips alone"
    if one.name.startswith("groq-transcription-text"):
        return "not as it was sent: inside an envelope of the source's own"
    return next((reason for pattern, reason in BESIDE if re.fullmatch(pattern, one.asked)), "")


def route_of(one: Exchange) -> Route | None:
    """The first route that fits."""
    named = (route for name, route in NAMED.items() if one.name.startswith(name))
    fitting = (route for route in ROUTES if re.fullmatch(route.pattern, one.asked))
    return next(iter((*named, *fitting)), None)


@cache
def vendors() -> dict[str, Any]:
    return tomllib.loads((ROUTERS / "vendors.toml").read_text())


@cache
def wire_of(kind: type[Wire]) -> Wire:
    return kind(Http(), lambda target: "")


def call_of(one: Exchange, route: Route) -> Call:
    """A call as the vendor's row would have it, whose reply the exchange could be."""
    told = vendors().get(one.vendor, {})
    row = ROWS.get(one.vendor, ((told.get("base_url", ""),), told.get("settings", {})))
    settings = {**row[1], **route.settings, "base_url": row[0][0]}
    request = route.ask(one)
    task = frozenset((type(request).__name__,))
    target = Target(f"{one.vendor}/m", route.wire.__name__, "m", task, settings=settings)
    return Call(request, target, FolderStore(Path("unused")))


def operation_of(one: Exchange, route: Route) -> tuple[Call, Operation]:
    call = call_of(one, route)
    return call, wire_of(route.wire).operation(call)


def stream_of(one: Exchange) -> Stream | None:
    """The reader of a streamed reply; None where it did not stream, or nothing reads it."""
    route = None if left_out(one) else route_of(one)
    if route is None or one.status != 200 or not one.streamed:
        return None
    call, operation = operation_of(one, route)
    return operation.stream(call) if operation.stream else None


def read(one: Exchange) -> Told:
    """What the wire makes of an exchange.

    Raises:
        AssertionError: nobody has said what it is.
    """
    if reason := left_out(one):
        return Told("left out", reason=reason)
    route = route_of(one)
    assert route is not None, f"{one.vendor} {one.kind}: nothing is said of {one.asked}"
    try:
        if one.status >= 300:
            raise failure(one.reply, vendor=one.vendor)
        made = _made(one, route)
        return Told("result", result=_result(made))
    except BrandModelError as error:
        return Told("error", error=error)


def _made(one: Exchange, route: Route) -> Made | Pending:
    call, operation = operation_of(one, route)
    if route.read is not None:
        return route.read(call, one.reply)
    if route.polled:
        assert operation.polled is not None
        return operation.polled(call, {"operation": "o", "id": "p"}, one.reply)
    if operation.stream is not None and (one.streamed or one.body.lstrip().startswith(b"[")):
        stream = operation.stream(call)
        if one.streamed:
            read_stream(stream, [one.body])
        else:
            # Streams that came as one list: their elements are what the events hold.
            for chunk in one.json:
                list(stream.feed(Event(json.dumps(chunk))))
        return stream.made()
    headers = {"content-type": "text/event-stream"} if one.streamed else one.headers
    return operation.read(call, Reply(one.status, headers, one.body))


def _result(made: Made | Pending) -> Result | Pending:
    if isinstance(made, Pending):
        return made
    return made.result([MADE[family or "image"] for family, _ in made.media])


# ---- the table


@dataclass
class Line:
    """One vendor's kind.

    Attributes:
        files: how many there are; each is one of the three that follow.
        results, errors, unread: all of it was read to a typed result; at least one reply is an error
            of the class it should be; none of it is read.
        beside: replies that are left out within files that are read.
        reasons: of what is left out.
    """

    served: bool
    files: int = 0
    results: int = 0
    errors: int = 0
    unread: int = 0
    beside: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])


def unserved(vendor: str, kind: str) -> str:
    """Why nothing here serves a kind; '' where something does."""
    return UNSERVED.get((vendor, kind)) or UNSERVED.get(("*", kind), "")


def wanted(one: Exchange) -> type[BrandModelError] | None:
    """The class of error that an exchange should be read to, if to one."""
    asked, words = one.asked.lower(), one.body.decode(errors="replace").lower()
    return next(
        (
            error
            for status, address, said, error in WANTED
            if status == one.status and re.search(address, asked) and re.search(said, words)
        ),
        None,
    )


def outcome_of(file: Recording) -> tuple[Outcome, Counter[str]]:
    """What became of a file of a served kind, and why as many of its replies are left out.

    Raises:
        AssertionError: a reply was read to another error than it should be.
    """
    told = [read(one) for one in file.exchanges]
    for one, what in zip(file.exchanges, told, strict=True):
        if what.outcome != "left out":
            kind = what.error and type(what.error)
            assert kind is wanted(one), f"{one.name}: {what.error!r}"
    reasons = Counter(one.reason for one in told if one.outcome == "left out")
    if any(one.outcome == "error" for one in told):
        return "error", reasons
    return ("result" if any(one.outcome == "result" for one in told) else "left out"), reasons


def census() -> dict[tuple[str, str], Line]:
    """Every vendor's kinds."""
    lines: dict[tuple[str, str], Line] = {}
    for file in recordings():
        reason = unserved(file.vendor, file.kind)
        line = lines.setdefault((file.vendor, file.kind), Line(served=not reason))
        line.files += 1
        if reason:
            line.unread += 1
            line.reasons[reason] += 1
            continue
        outcome, reasons = outcome_of(file)
        line.reasons += reasons
        if outcome == "left out":
            line.unread += 1
        else:
            line.beside += reasons.total()
            line.results += outcome == "result"
            line.errors += outcome == "error"
    return lines


def share_left_out(lines: Mapping[tuple[str, str], Line]) -> tuple[int, int]:
    """(files of which nothing is read, all files), of the kinds that are served."""
    served = [line for line in lines.values() if line.served]
    return sum(line.unread for line in served), sum(line.files for line in served)


def table(lines: Mapping[tuple[str, str], Line]) -> Iterator[str]:
    yield f"{'vendor':12} {'kind':17} {'files':>5} {'result':>6} {'error':>5} {'left':>5}  left out, why"
    for (vendor, kind), line in sorted(lines.items()):
        why = "; ".join(f"{n} x {reason}" for reason, n in line.reasons.items())
        if line.served and line.reasons:
            why = f"replies: {why}"
        yield (
            f"{vendor:12} {kind:17} {line.files:5} {line.results:6} {line.errors:5} {line.unread:5}  {why}"
        )
    files = sum(line.files for line in lines.values())
    results, errors = (
        sum(getattr(line, n) for line in lines.values()) for n in ("results", "errors")
    )
    unread, served = share_left_out(lines)
    left = files - results - errors
    yield f"{files} files: {results} to typed results, {errors} to the right errors, {left} left out"
    yield f"of {served} files of served kinds {unread} are left out: {unread / served:.1%}"


def main() -> None:
    if not recordings():
        sys.exit("there are no recordings")
    print("\n".join(table(census())))


if __name__ == "__main__":
    main()
