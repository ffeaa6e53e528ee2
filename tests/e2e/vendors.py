"""What tests over the fake vendors share: the server as a program, the command, and the books.

The books are what the vendors billed, line by line, beside what our journal says was paid for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter as Count
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brandmodel import AsyncBrandModel
from brandmodel.journal import Attempt
from brandmodel.recipes import recipe
from brandmodel.routing.load import load_tables
from brandmodel.tasks import Brief, Context, SearchWeb
from tests.cli.program import COMMAND, Ran, environment
from tests.testing.counter import Counter

LOOK_UP = "look-up"
VENDORS = (
    "openai",
    "openrouter",
    "anthropic",
    "google",
    "fal",
    "replicate",
    "elevenlabs",
    "comfyui",
)
"""Those that pictures and films can meet."""
POSTER = "A poster for Aurelia, a cold brew tonic"
SMALL: Any = {"size": (160, 96), "tier": "hero"}
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


@recipe(LOOK_UP, makes="text/plain")
async def look_up(ctx: Context, brief: Brief) -> dict[str, str]:
    """Two searches of $0.008 each: nothing is drawn, so that many runs race at once."""
    found = await ctx.gather(
        *(
            ctx.scope(side).call(SearchWeb(query=f"{brief.prompt} {side}"), name="web")
            for side in ("left", "right")
        )
    )
    return {"text": " ".join(page.title for pages in found for page in pages.pages)}


@dataclass(frozen=True, slots=True)
class Books:
    """Two sides of the same money, in nano-USD.

    Attributes:
        billed: by the vendors.
        paid: by our journal: settled, and charged for calls that got lost.
        held: for calls of which nobody knows.
        wrong: what no rule explains: a line that we do not know, a step paid twice, another amount.
        lost: charged or held at the high price for calls that got lost, as the rules say.
    """

    billed: int
    paid: int
    held: int
    wrong: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def even(self) -> bool:
        """Whether every line is paid exactly, once, and nothing is held."""
        return self.billed == self.paid and not (self.held or self.wrong or self.lost)


def nano(line: dict[str, Any]) -> int:
    return exact(line["usd"])


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
    gone = [one for one in attempts if one.state in ("forfeited", "unknown")]
    lost: list[str] = []
    for one in sorted(gone, key=lambda attempt: attempt.high_nano):
        fits = [o for o in open_lines if o[0] == one.target and o[1] <= one.high_nano]
        line = max(fits, key=lambda o: o[1], default=None)
        open_lines -= Count([line] if line else [])
        billed = line[1] if line else "nothing"
        lost.append(f"{one.target} {one.state} at {one.high_nano}, billed {billed}")
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


def exact(told_usd: float) -> int:
    """Nano-USD of what is told in dollars."""
    return round(told_usd * 10**9)


async def books(model: AsyncBrandModel, vendors: Counter, since: int = 0) -> Books:
    """The books of a home whose first line on the bill is the one after so many."""
    return balanced(await model.engine.journal.attempts(), vendors.jobs()[since:])


def kept_books(vendors: Counter, home: Path, since: int) -> Books:
    """The books of a home that other processes wrote."""

    async def read() -> Books:
        async with studio(vendors, home) as model:
            return await books(model, vendors, since)

    return asyncio.run(read())


def tables(vendors: Counter, folder: Path, old: str, new: str) -> Counter:
    """The same vendors behind a table of which one passage is another."""
    made = folder / "routers"
    made.mkdir()
    for name in ("vendors.toml", "credentials.toml"):
        (made / name).write_text((vendors.routers / name).read_text())
    (made / "targets").symlink_to(vendors.routers / "targets")
    model = (vendors.routers / "fake-studio.toml").read_text()
    assert old in model
    (made / "fake-studio.toml").write_text(model.replace(old, new))
    return Counter(vendors.url, vendors.keys, made)


def capped(vendors: Counter, folder: Path, cap: str) -> Counter:
    """The same vendors behind tables with a cap."""
    return tables(vendors, folder, "confirm = false", f"confirm = false\n{cap}")


def handles(home: Path) -> int:
    """How many jobs are under way whose handles are written down."""
    file = home / "journal.sqlite"
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(file)) as journal:
        asked = "SELECT count(*) FROM attempts WHERE state = 'started'"
        try:
            ((count,),) = journal.execute(asked).fetchall()
        except sqlite3.OperationalError:  # It is being made.
            return 0
    return count
