"""Workers: never more than there is room for, each with what it has done before, none lost."""

from __future__ import annotations

import asyncio

import pytest

from brandmodel.local.pool import Pool

pytestmark = pytest.mark.anyio


class Worker:
    def __init__(self) -> None:
        self.rooms: set[str] = set()
        self.done: list[str] = []
        self.ended = False

    async def end(self) -> None:
        self.ended = True


def crew(most: int) -> tuple[Pool[Worker], list[Worker]]:
    hired: list[Worker] = []

    async def hire() -> Worker:
        hired.append(Worker())
        return hired[-1]

    return Pool(hire, most=most), hired


async def work(pool: Pool[Worker], room: str, turns: int = 1) -> None:
    async with pool.worker(room) as worker:
        worker.done.append(room)
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_a_worker_takes_what_it_has_done_before_first() -> None:
    pool, hired = crew(2)
    asked = ["sound", "picture", "picture", "sound", "picture", "sound", "picture", "sound"]
    await asyncio.gather(*(work(pool, room) for room in asked))
    assert len(hired) == 2
    assert sorted(set(worker.done) == {worker.done[0]} for worker in hired) == [True, True]
    assert sum(len(worker.done) for worker in hired) == len(asked)


async def test_work_of_another_kind_never_waits_while_a_worker_is_free() -> None:
    pool, hired = crew(1)
    await asyncio.gather(*(work(pool, room) for room in ("sound", "picture", "sound")))
    assert hired[0].done == ["sound", "sound", "picture"]


async def test_a_failure_ends_the_worker_and_its_place_is_filled_again() -> None:
    pool, hired = crew(1)

    async def failing() -> None:
        async with pool.worker("sound"):
            raise ValueError("it crashed")

    with pytest.raises(ValueError, match="crashed"):
        await failing()
    await work(pool, "sound")
    assert [worker.ended for worker in hired] == [True, False]


async def test_whoever_stops_waiting_takes_no_worker_along() -> None:
    pool, hired = crew(1)
    busy = asyncio.create_task(work(pool, "sound", turns=5))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(work(pool, "sound"))
    await asyncio.sleep(0)
    waiting.cancel()
    await busy
    await asyncio.wait_for(work(pool, "sound"), 5)
    assert len(hired) == 1
    await pool.aclose()
    assert hired[0].ended
