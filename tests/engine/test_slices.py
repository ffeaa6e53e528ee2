"""Slices of the caps: what is leased, shared, written, given back, and what no accident may lose."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from brandmodel.engine import slices
from brandmodel.engine.asks import Ask, Hold
from brandmodel.engine.slices import SLICE, Slices
from brandmodel.errors import BudgetExceededError, RunCancelled, StorageError
from brandmodel.journal import Attempt
from brandmodel.journal.sqlite import SqliteJournal
from brandmodel.routing.tables import Route
from brandmodel.tasks import ChatReply, Done, Target
from tests.cli.program import program, until
from tests.engine.spoken import saying, today, told, vendors
from tests.engine.spoken import until as soon

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
TARGET = Target(id="fake/words", provider="fake", model="words", tasks=frozenset())
DAY = "day:acme-1:2026-01-01"


def asks(limit: int, key: str = "") -> Ask:
    caps = ((DAY, limit), *(((f"key:{key}", limit),) if key else ()))
    route = Route(targets=(TARGET,), grade="model", hero=False)
    return Ask("k", saying("Hi"), "", route, "", "workhorse", "", caps=caps)


class Journal(SqliteJournal):
    """Real, on disk; holds an answer back, or breaks, where a test wants it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reserved: list[int] = []
        self.draws = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.breaks = 0
        self.full = False

    async def reserve(self, reservation: Any) -> Any:
        held = await super().reserve(reservation)
        self.reserved += [reservation.high_nano] if isinstance(held, int) else []
        await self.answers.wait()
        return held

    async def draw(self, slice_: str, fence: int, calls: Any, **more: Any) -> bool:
        if self.full:
            raise StorageError("the disk is full or failing")
        ours = await super().draw(slice_, fence, calls, **more)
        self.draws += 1
        await self.answers.wait()
        if self.breaks:
            self.breaks -= 1
            raise StorageError("the disk is full or failing")
        return ours

    async def stands(self, scope: str = DAY) -> tuple[int, int]:
        spending = await self.spending(scope)
        return spending.held_nano, spending.spent_nano


@pytest.fixture
async def journal(tmp_path: Path) -> Any:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    await opened.aclose()


async def begun(books: Slices, ask: Ask, high: int) -> Hold:
    hold = await books.hold(ask, TARGET, high)
    assert isinstance(hold, Hold)
    return hold


async def done(books: Slices, ask: Ask, hold: Hold, usd_nano: int) -> None:
    await books.kept(ask, TARGET, Done(ChatReply(), usd_nano=usd_nano), hold, 0.1)


async def test_a_slice_is_an_eighth_of_what_is_left_and_near_the_limit_one_call(
    journal: Journal,
) -> None:
    books, ask = Slices(journal), asks(1000)
    served = 0
    with contextlib.suppress(BudgetExceededError):
        while True:
            await done(books, ask, await begun(books, ask, 10), 10)
            served += 1
    # 125 of 1000, 10 an eighth of the rest, and single calls at last: no penny is left over.
    assert served == 100
    assert journal.reserved[0] == 125
    assert journal.reserved == sorted(journal.reserved, reverse=True)
    assert journal.reserved[-1] == 10
    await books.aclose()
    assert await journal.stands() == (0, 1000)


async def test_a_large_cap_is_leased_for_sixty_four_calls_and_twice_as_many_while_they_are_fast(
    journal: Journal,
) -> None:
    books, ask = Slices(journal), asks(10**9)
    for _ in range(64):
        await begun(books, ask, 10)
    assert journal.reserved == [640]
    await begun(books, ask, 10)
    assert journal.reserved == [640, 1280]
    await books.aclose()


async def test_what_lies_idle_under_one_key_is_there_for_another(journal: Journal) -> None:
    books = Slices(journal)
    one, two = asks(100, "one"), asks(100, "two")
    await done(books, one, await begun(books, one, 10), 0)
    # Of the 100, the first key's slice has 12; the last call of the second key needs them.
    for _ in range(10):
        await done(books, two, await begun(books, two, 10), 10)
    with pytest.raises(BudgetExceededError):
        await begun(books, one, 10)
    await books.aclose()
    assert await journal.stands() == (0, 100)


async def test_what_calls_gave_back_just_now_is_there_for_the_next(journal: Journal) -> None:
    books, ask = Slices(journal), asks(40)
    # Near the limit each has a slice to itself; none is written yet when they end.
    for _ in range(4):
        running = [await begun(books, ask, 10) for _ in range(4)]
        with pytest.raises(BudgetExceededError):
            await begun(books, ask, 30)
        for hold in running:
            await done(books, ask, hold, 0)
    await books.aclose()
    assert await journal.stands() == (0, 0)


async def test_two_processes_have_room_for_each_other(journal: Journal) -> None:
    mine, theirs, ask = Slices(journal), Slices(journal), asks(1000)
    await begun(mine, ask, 100)
    for _ in range(7):
        await done(theirs, ask, await begun(theirs, ask, 100), 100)
    await theirs.aclose()
    await mine.aclose()
    assert await journal.stands() == (0, 800)


async def test_closing_gives_everything_back_and_charges_what_still_runs(journal: Journal) -> None:
    books, ask = Slices(journal), asks(10_000)
    ended, running = await begun(books, ask, 100), await begun(books, ask, 100)
    await done(books, ask, ended, 30)
    await books.aclose()
    assert await journal.stands() == (0, 130)
    # Whatever the call that went on comes to now changes nothing any more.
    await done(books, ask, running, 70)
    await books.release(running, error="too late")
    with pytest.raises(RunCancelled):
        await begun(books, ask, 100)
    await books.aclose()
    assert await journal.stands() == (0, 130)
    assert await journal.lost_attempts(now=2e10) == []


async def test_an_event_loop_that_ends_leaves_nothing_held(journal: Journal) -> None:
    def without_closing() -> None:
        async def main() -> None:
            await done(books, ask, await begun(books, ask, 100), 30)
            await begun(books, ask, 100)

        asyncio.run(main())

    ask, ours = asks(10_000), Journal(journal._file._path)  # pyright: ignore[reportPrivateUsage]
    books = Slices(ours)
    await asyncio.to_thread(without_closing)
    assert await journal.stands() == (0, 130)
    # The next loop goes on with it.
    await asyncio.to_thread(without_closing)
    assert await journal.stands() == (0, 260)
    await ours.aclose()


async def test_what_is_idle_goes_back_by_itself(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "_WRITE_S", 0.01)
    monkeypatch.setattr(slices, "_IDLE_S", 0.05)
    books, ask = Slices(journal), asks(10_000)
    running = await begun(books, ask, 100)
    await done(books, ask, await begun(books, ask, 100), 30)
    async with asyncio.timeout(20):
        while (await journal.stands())[1] != 30:  # noqa: ASYNC110 - a row to wait for, no event
            await asyncio.sleep(0.01)
        # While a call runs, its slice stays; nothing is written again and again.
        written = journal.draws
        await asyncio.sleep(0.1)
        assert (await journal.stands(), journal.draws) == ((1220, 30), written)
        await done(books, ask, running, 50)
        while await journal.stands() != (0, 80):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await books.aclose()


async def test_a_call_that_ends_while_its_slice_is_given_back_is_written(journal: Journal) -> None:
    books, ask = Slices(journal), asks(10_000)
    running = await begun(books, ask, 100)
    # A dearer call does not fit into what is left, so the slice is retired.
    leasing = asyncio.create_task(begun(books, ask, 9000 - 1250))
    journal.answers.clear()
    await soon(lambda: journal.draws)
    await done(books, ask, running, 40)
    journal.answers.set()
    await books.release(await leasing, error="x")
    await books.aclose()
    assert await journal.stands() == (0, 40)


async def test_a_lease_that_is_cancelled_half_way_is_given_back(journal: Journal) -> None:
    books, ask = Slices(journal), asks(10_000)
    journal.answers.clear()
    leasing = asyncio.create_task(begun(books, ask, 100))
    await soon(lambda: journal.reserved)
    assert await journal.stands() == (1250, 0)
    leasing.cancel()
    journal.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await leasing
    assert await journal.stands() == (0, 0)
    await begun(books, ask, 100)
    await books.aclose()


async def test_a_write_whose_end_nobody_saw_is_not_written_twice(journal: Journal) -> None:
    books, ask = Slices(journal), asks(10_000)
    for _ in range(3):
        await done(books, ask, await begun(books, ask, 100), 10)
    # Once it fails although it was written, once it is cancelled.
    journal.breaks = 1
    with pytest.raises(StorageError):
        await books.write()
    await done(books, ask, await begun(books, ask, 100), 10)
    journal.answers.clear()
    writing, draws = asyncio.create_task(books.write()), journal.draws
    await soon(lambda: journal.draws > draws)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    journal.answers.set()
    await done(books, ask, await begun(books, ask, 100), 10)
    await books.aclose()
    assert await journal.stands() == (0, 50)
    settled = [each for each in await journal.attempts() if each.state == "settled"]
    assert len(settled) == 5


async def test_calls_are_told_apart_by_the_beginning_of_their_ids(journal: Journal) -> None:
    books, ask = Slices(journal), asks(10**9)
    ids = {(await begun(books, ask, 10)).attempt[:8] for _ in range(200)}
    assert len(ids) == 200
    await books.aclose()


async def test_a_full_disk_stops_calls_once_the_slice_is_spent_and_loses_nothing(
    journal: Journal,
) -> None:
    books, ask = Slices(journal), asks(10_000)
    await done(books, ask, await begun(books, ask, 100), 100)
    journal.full = True
    served = 1
    with contextlib.suppress(StorageError):
        while True:
            await done(books, ask, await begun(books, ask, 100), 100)
            served += 1
    journal.full = False
    await books.aclose()
    assert served == 12, "so many fit into the slice of 1250"
    assert await journal.stands() == (0, 1200)


# ---- processes

CHILD = """
import asyncio, json, sys
from pathlib import Path
from brandmodel.engine import slices
from brandmodel.errors import BudgetExceededError
from brandmodel.model import AsyncBrandModel
from tests.engine.spoken import saying

slices.LEASE_S = float(sys.argv[2])

async def call(model, words):
    try:
        return round((await model.call(saying(words))).receipt.usd * 1e9)
    except BudgetExceededError:
        return None

async def main(folder):
    async with AsyncBrandModel(routers=folder / "routers", home=folder / "home") as model:
        while line := await asyncio.to_thread(sys.stdin.readline):
            paid = await asyncio.gather(*(call(model, line) for _ in range(int(line))))
            print(json.dumps(paid), flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


class Child:
    """Another process over the same journal, which makes as many calls at once as it is told to."""

    def __init__(self, folder: Path, lease_s: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), str(lease_s)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, calls: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()

    def heard(self) -> list[int | None]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    async def makes(self, calls: int) -> list[int | None]:
        self.tell(calls)
        return await asyncio.to_thread(self.heard)

    async def ends(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert await asyncio.to_thread(self.process.wait, 20) == 0


@contextmanager
def children(folder: Path, number: int = 1, lease_s: float = 60.0) -> Generator[list[Child]]:
    made = [Child(folder, lease_s) for _ in range(number)]
    try:
        yield made
    finally:
        for each in made:
            if each.process.poll() is None:
                each.process.kill()
            each.process.wait()
            for pipe in (each.process.stdin, each.process.stdout):
                assert pipe is not None
                pipe.close()


async def test_processes_that_race_for_a_day_never_pass_it(tmp_path: Path) -> None:
    cap = 1_500_000
    async with vendors(tmp_path) as place:
        place.tables(caps=f"day_usd = {cap / 1e9}")
        with children(tmp_path, 2) as both:
            paid: list[int | None] = []
            for calls in (40, 1, 40, 40, 40, 40):
                for each in both:
                    each.tell(calls)
                for each in both:
                    paid += await asyncio.to_thread(each.heard)
            for each in both:
                await each.ends()
        served = [each for each in paid if each is not None]
        async with place.model() as model:
            kept = await told(model)
        assert sum(served) == sum(place.billed) == kept["settled"] <= cap
        assert (kept["forfeited"], kept["held"]) == (0, 0)
        assert None in paid
        assert len(served) > 10


async def test_a_killed_process_leaves_its_slice_held_until_a_person_resolves_it(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    (tmp_path / "brand.toml").write_text('name = "Acme"\n')

    def lost() -> Any:
        return program("unknown", "--json", cwd=tmp_path, home=home).json

    async with vendors(tmp_path) as place:
        place.tables(caps="day_usd = 1")
        with children(tmp_path, lease_s=0.9) as (child,):
            paid = [each or 0 for each in await child.makes(3)]
            async with place.model() as model:
                while (await told(model))["settled"] != sum(paid):  # noqa: ASYNC110 - a row to wait for
                    await asyncio.sleep(0.02)
                assert await asyncio.to_thread(lost) == []
                # Another call is on its way as the process is killed.
                place.house.latency_s = 1.0
                child.tell(1)
                await soon(lambda: len(place.billed) == 4)
                child.process.send_signal(signal.SIGKILL)
                child.process.wait()
                place.house.latency_s = 0.0
                held = (await told(model))["held"]
                assert held > place.billed[3]
                (left,) = await asyncio.to_thread(until, lost, "the slice to be listed")
        assert (left["task"], round(left["high_usd"] * 1e9)) == ("Chat", held)
        table = await asyncio.to_thread(program, "unknown", cwd=tmp_path, home=home)
        assert "slice" in table.out
        said = ("resolve", left["attempt"][:8], "ran", "--usd", f"{place.billed[3] / 1e9:.9f}")
        first, again = [
            await asyncio.to_thread(program, *said, cwd=tmp_path, home=home) for _ in range(2)
        ]
        assert first.code == 0, first.said
        assert again.code != 0
        assert await asyncio.to_thread(lost) == []
        spend = await asyncio.to_thread(program, "spend", "--json", cwd=tmp_path, home=home)
        assert spend.json["total"]["settled_usd"] == sum(paid) / 1e9
        assert spend.json["total"]["forfeited_usd"] == place.billed[3] / 1e9
        async with place.model() as model:
            assert await model.engine.journal.taken(today()) == sum(place.billed)
            assert (await told(model))["calls"] == 4


async def test_a_process_that_slept_past_its_lease_draws_on_nothing_that_went_to_others(
    tmp_path: Path,
) -> None:
    cap = 3_000_000
    async with vendors(tmp_path) as place:
        place.tables(caps=f"day_usd = {cap / 1e9}")
        with children(tmp_path, lease_s=0.9) as (child,):
            await child.makes(1)
            child.process.send_signal(signal.SIGSTOP)
            async with place.model() as model:
                journal, lost = model.engine.journal, list[Attempt]()
                while not lost:
                    await asyncio.sleep(0.05)
                    lost = await journal.lost_attempts(now=time.time())
                (slept,) = lost
                assert slept.key == f"{SLICE}{slept.id}"
                await model.engine.resolve(slept.id, "did-not")
                # Somebody else spends all that is left of the day.
                served = 0
                try:
                    while True:
                        await model.call(saying("Hi"))
                        served += 1
                except BudgetExceededError:
                    pass
            bill = len(place.billed)
            assert bill == served + 1
            child.process.send_signal(signal.SIGCONT)
            assert await child.makes(20) == [None] * 20
            await child.ends()
        assert len(place.billed) == bill
        async with place.model() as model:
            # The call that it had made before is written all the same.
            kept = await told(model)
            assert (kept["settled"], kept["held"]) == (sum(place.billed), 0)
            assert await model.engine.journal.taken(today()) == sum(place.billed) <= cap
