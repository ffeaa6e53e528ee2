"""What tests over the fake vendors share: the server as a program, the command, and the books.

The books are what the vendors billed, line by line, beside what our journal says was paid for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter as Count
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brandmodel import AsyncBrandModel
from brandmodel.journal import Attempt
from brandmodel.routing.load import load_tables
from tests.cli.program import COMMAND, Ran, environment
from tests.testing.counter import Counter

VENDORS = ("openai", "anthropic", "google", "fal", "replicate", "elevenlabs", "comfyui")
"""Those that pictures and films can meet."""
PICTURE: Any = {"size": (160, 96), "tier": "workhorse"}
FILM = "A 6-second launch film for Aurelia, a cold brew tonic"
DRAFT: Any = {"size": (320, 180), "tier": "workhorse"}
_PATIENCE_S = 240.0
_PAID = ("settled", "forfeited")


@contextlib.contextmanager
def program(folder: Path, *options: str) -> Iterator[Counter]:
    """The fake vendors in a process of their own, and the tables that lead to them."""
    routers = folder / "routers"
    command = [sys.executable, "-m", "brandmodel.testing.vendors", "--port", "0"]
    command += ["--write-routers", str(routers), *options]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment(PYTHONPATH=path), text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip().removeprefix("listening on ")
        try:
            yield Counter(url, dict(load_tables([("test", routers)]).credentials), routers)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def command(vendors: Counter, home: Path, *arguments: str) -> Ran:
    """The command over the fake vendors, as an operator calls it."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=home.parent,
        env=environment(home, BRANDMODEL_ROUTERS=str(vendors.routers)),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def studio(vendors: Counter, home: Path) -> AsyncBrandModel:
    return AsyncBrandModel(routers=vendors.routers, home=home)


@contextlib.contextmanager
def without(vendors: Counter, name: str) -> Iterator[None]:
    """A vendor that nobody can reach."""
    vendors.send(f"_vendors/{name}", {"on": False})
    try:
        yield
    finally:
        vendors.send(f"_vendors/{name}", {"on": True})


@dataclass(frozen=True, slots=True)
class Books:
    """Two sides of the same money, in nano-USD.

    Attributes:
        billed: by the vendors.
        paid: by our journal: settled, and charged for calls that got lost.
        held: for calls of which nobody knows.
        wrong: what no rule explains: a line that we do not know, a step paid twice, another amount.
        lost: charged at the high price for calls that got lost, as the rules say.
    """

    billed: int
    paid: int
    held: int
    wrong: tuple[str, ...] = ()
    lost: tuple[str, ...] = field(default=(), compare=False)


def nano(line: dict[str, Any]) -> int:
    return round(line["usd"] * 10**9)


def target(line: dict[str, Any]) -> str:
    """The id of a line's row in the tables."""
    return f"{line['vendor']}/{line['model'].rpartition('/')[2]}"


def balanced(attempts: Sequence[Attempt], lines: Sequence[dict[str, Any]]) -> Books:
    """Lay both sides beside each other."""
    settled = [one for one in attempts if one.state == "settled" and one.charged_nano]
    open_lines = Count((target(line), nano(line)) for line in lines)
    mine = Count((one.target, one.charged_nano) for one in settled)
    wrong = [f"we paid, nobody billed: {one}" for one in (mine - open_lines).elements()]
    keys = Count(one.key for one in settled)
    wrong += [f"settled {n} times: {key}" for key, n in keys.items() if n > 1]
    open_lines -= mine
    lost: list[str] = []
    for one in attempts:
        if one.state not in ("forfeited", "unknown"):
            continue
        line = next((o for o in open_lines if o[0] == one.target and o[1] <= one.high_nano), None)
        lost.append(f"{one.target} {one.state} at {one.high_nano}, billed {line and line[1]}")
        if line is not None:
            open_lines -= Count([line])
    wrong += [f"billed, and we know of no such call: {one}" for one in open_lines.elements()]
    return Books(
        billed=sum(map(nano, lines)),
        paid=sum(one.charged_nano for one in attempts if one.state in _PAID),
        held=sum(
            one.high_nano for one in attempts if one.state in ("unknown", "reserved", "started")
        ),
        wrong=tuple(wrong),
        lost=tuple(lost),
    )


async def books(model: AsyncBrandModel, vendors: Counter, since: int = 0) -> Books:
    """The books of a home whose first line on the bill is the one after so many."""
    return balanced(await model.engine.journal.attempts(), vendors.jobs()[since:])
