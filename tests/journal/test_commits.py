"""Callers that write at once share a commit, and nothing else: errors, kills and other processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from brandmodel.errors import StorageError
from brandmodel.journal import CapReached, Reservation, StepRecord, open_journal

pytestmark = pytest.mark.anyio

WORKER = """
import asyncio, itertools, resource, signal, sys, time
from pathlib import Path
from brandmodel.errors import StorageError
from brandmodel.journal import Reservation, StepRecord, open_journal

home, label, wide, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

async def steps(journal, which, most):
    for number in itertools.islice(itertools.count(), most):
        key = f"{label}-{which}-{number}"
        fence = await journal.reserve(Reservation(
            attempt=key, key=key, run_id="r", task="T", target="t", high_nano=9, holder=key,
            now=time.time(), caps=(("day", 10**9),)))
        print("reserved", key, flush=True)
        await journal.started(key, "job", now=time.time())
        print("started", key, flush=True)
        await journal.settle(key, fence, 5, StepRecord(
            key, "s", "T", "{}", "x" * 500, "d", "t", 5, 0.0, 0.0, 0.0), None)
        print("settled", key, flush=True)

async def main():
    journal = open_journal(home)
    most = int(sys.argv[5])
    ended = await asyncio.gather(
        *(steps(journal, which, most) for which in range(wide)), return_exceptions=True)
    for error in ended:
        if error is not None:
            assert isinstance(error, StorageError), repr(error)
            print("refused", error.message.replace(str(home), "").strip(), flush=True)
    if not limit:
        await journal.aclose()

asyncio.run(main())
"""


def _step(key: str, **changes: str) -> StepRecord:
    result = changes.get("result", "{}")
    return StepRecord(key, "s", "T", "{}", result, "d", "t", 5, 0.0, 0.0, 1.0)


def _worker(
    folder: Path, label: str, *, limit: int = 0, most: int = 10**9
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(folder), label, "8", str(limit), str(most)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _held_against(folder: Path, said: list[str]) -> None:
    """Whatever was acknowledged is there, and the money adds up."""
    reached: dict[str, str] = {}
    for line in said:
        what, _, key = line.strip().partition(" ")
        reached[key] = what
    with sqlite3.connect(folder / "journal.sqlite") as journal:
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = dict(journal.execute("SELECT id, state FROM attempts"))
        kept = {key for (key,) in journal.execute("SELECT key FROM steps")}
        held, spent = journal.execute("SELECT held_nano, spent_nano FROM caps").fetchone()
    journal.close()
    after = {"reserved": 0, "started": 1, "settled": 2}
    for key, what in reached.items():
        assert after[rows[key]] >= after[what], key
    settled = {key for key, state in rows.items() if state == "settled"}
    assert settled == kept
    assert (held, spent) == (9 * (len(rows) - len(settled)), 5 * len(settled))


async def test_one_callers_error_is_nobody_elses(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    reservation = Reservation(
        attempt="a",
        key="paid",
        run_id="r",
        task="T",
        target="t",
        high_nano=60,
        holder="h",
        now=1.0,
        caps=(("run:r", 100),),
    )
    fence = await journal.reserve(reservation)
    assert isinstance(fence, int)
    await journal.release("a", fence, error="refused")
    ended = await asyncio.gather(
        *(journal.keep(_step(f"before{n}"), None) for n in range(20)),
        journal.forfeit("a", fence, error="closed already"),
        journal.keep(_step("unwritable", result="\ud800"), None),
        *(journal.keep(_step(f"after{n}"), None) for n in range(20)),
        return_exceptions=True,
    )
    assert isinstance(ended[20], StorageError)
    assert isinstance(ended[21], UnicodeEncodeError)
    kept = [one for n, one in enumerate(ended) if n not in (20, 21)]
    assert [one.key for one in kept if isinstance(one, StepRecord)] == [
        *(f"before{n}" for n in range(20)),
        *(f"after{n}" for n in range(20)),
    ]
    await journal.aclose()
    again = open_journal(tmp_path)
    assert [await again.step(one.key) for one in kept if isinstance(one, StepRecord)] == kept
    assert await again.step("unwritable") is None
    spending = await again.spending("run:r")
    assert (spending.held_nano, spending.spent_nano) == (0, 0)
    await again.aclose()


async def test_callers_at_once_never_pass_a_cap(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)

    async def reserve(number: int) -> bool:
        answer = await journal.reserve(
            Reservation(
                attempt=f"a{number}",
                key=f"k{number}",
                run_id="r",
                task="T",
                target="t",
                high_nano=9,
                holder="h",
                now=1.0,
                caps=(("day", 1000), ("run:r", 100)),
            )
        )
        assert isinstance(answer, int | CapReached)
        return isinstance(answer, int)

    granted = await asyncio.gather(*(reserve(number) for number in range(40)))
    assert sum(granted) == 11
    for scope in ("day", "run:r"):
        assert (await journal.spending(scope)).held_nano == 99
    await journal.aclose()


async def test_a_caller_that_is_cancelled_leaves_the_others_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    await journal.keep(_step("first"), None)
    writing = [asyncio.create_task(journal.keep(_step(f"k{n}"), None)) for n in range(8)]
    await asyncio.sleep(0)
    for task in writing[::2]:
        task.cancel()
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in ended] == [True, False] * 4
    for number in range(1, 8, 2):
        assert await journal.step(f"k{number}") == _step(f"k{number}")
    await journal.aclose()


async def test_while_another_process_writes_the_event_loop_goes_on(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    await journal.keep(_step("there"), None)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(journal.keep(_step("new"), None))
    for _ in range(20):
        assert await journal.step("there") == _step("there")
        assert await journal.step("new") is None
        await asyncio.sleep(0)
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    assert await writing == _step("new")
    await journal.aclose()


def test_a_loop_that_ended_while_it_wrote_leaves_the_next_one_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)

    async def leaves() -> None:
        await journal.keep(_step("first"), None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(journal.keep(_step("given up"), None))
        await asyncio.sleep(0)
        assert not writing.done()

    async def goes_on() -> None:
        other.execute("COMMIT")
        async with asyncio.timeout(20):
            kept = await asyncio.gather(*(journal.keep(_step(f"k{n}"), None) for n in range(4)))
        assert [one.key for one in kept] == ["k0", "k1", "k2", "k3"]
        assert await journal.step("given up") is None
        await journal.aclose()

    asyncio.run(leaves())
    asyncio.run(goes_on())
    other.close()


def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    for turn in range(3):
        with _worker(tmp_path, f"turn{turn}") as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(200)]
            os.kill(process.pid, signal.SIGKILL)
            said += [line for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -signal.SIGKILL
        _held_against(tmp_path, said)


def test_processes_that_commit_at_once_lose_nothing(tmp_path: Path) -> None:
    workers = [_worker(tmp_path, f"p{number}", most=15) for number in range(3)]
    said = [line for process in workers for line in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in workers] == [0] * 3
    assert sum(line.startswith("settled") for line in said) == 3 * 8 * 15
    _held_against(tmp_path, said)


def test_a_disk_that_is_full_is_said_to_all_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    with _worker(tmp_path, "full", limit=300_000) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    said = [line for line in out.splitlines() if not line.startswith("refused")]
    refused = [line for line in out.splitlines() if line.startswith("refused")]
    assert len(refused) == 8
    assert all("the disk is full or failing" in line for line in refused), refused[0]
    assert said
    _held_against(tmp_path, said)
