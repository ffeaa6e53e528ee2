"""What is reused, what is made again, and what a person is told about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from brandmodel.engine.receipt import Event
from brandmodel.errors import InvalidRequestError, RecipeError, RunCancelled
from brandmodel.model import AsyncRun
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from tests.engine.fakes import Render, vendor

pytestmark = pytest.mark.anyio


async def two(ctx: Context, brief: Brief) -> dict[str, str]:
    first = await ctx.call(Render(text=brief.prompt), name="first")
    second = await ctx.call(Render(text=first.text + "!"), name="second")
    return {"text": second.text}


async def test_a_result_that_no_longer_validates_is_made_again_and_that_is_said(
    tmp_path: Path,
) -> None:
    recipe("two", makes="text/plain")(two)
    async with vendor().model(tmp_path) as model:
        await model.run("x", recipe="two")
    with sqlite3.connect(tmp_path / "home" / "journal.sqlite") as connection:
        connection.execute(
            """UPDATE steps SET result = '{"texts": 1}' WHERE request LIKE '%"x"%'"""
        )
    connection.close()
    async with vendor().model(tmp_path) as model:
        again = await model.run("x", recipe="two")
        third = await model.run("x", recipe="two")
    assert [s.status for s in again.receipt.steps] == ["ran", "reused"]
    assert "Render was made again: its earlier result is no longer valid" in again.receipt.notes
    assert third.receipt.count("ran") == 0


async def test_cancel_keeps_what_is_finished(tmp_path: Path) -> None:
    recipe("two", makes="text/plain")(two)
    fake = vendor()
    async with fake.model(tmp_path) as model:
        run = await model.start("x", recipe="two")
        async for event in run.events():
            if event.kind == "step-finished":
                fake.latency_s = 60
            if event.kind == "step-started" and event.name == "second":
                await run.cancel()
        with pytest.raises(RunCancelled, match="1 finished steps are kept"):
            await run.wait()
        record = await model.engine.run_of(run.id)
        assert record.status == "stopped"
        fake.latency_s = 0
        again = await model.run("x", recipe="two")
    assert [s.status for s in again.receipt.steps] == ["reused", "ran"]


async def test_a_branch_that_had_no_turn_yet_is_closed_when_its_run_is_stopped(
    tmp_path: Path,
) -> None:
    begun: list[str] = []
    runs: list[AsyncRun] = []

    async def stops() -> None:
        begun.append("first")
        runs[0]._execution.task.cancel()

    async def never_begins() -> None:
        begun.append("second")

    async def branching(ctx: Context, brief: Brief) -> dict[str, str]:
        await ctx.call(Render(text="x"), name="before")
        await ctx.gather(stops(), never_begins())
        return {}

    recipe("branching", makes="text/plain")(branching)
    async with vendor().model(tmp_path) as model:
        runs.append(await model.start("x", recipe="branching"))
        with pytest.raises(RunCancelled):
            await runs[0].wait()
    assert begun == ["first"]


async def test_one_cancelled_run_does_not_take_its_twin_with_it(tmp_path: Path) -> None:
    recipe("two", makes="text/plain")(two)
    fake = vendor()
    fake.latency_s = 0.2
    async with fake.model(tmp_path) as model:
        leader = await model.start("x", recipe="two")
        twin = await model.start("x", recipe="two")
        await anext(leader.events())
        await leader.cancel()
        assert (await twin.wait()).text == "X!"


async def test_events_tell_every_step_and_the_end(tmp_path: Path) -> None:
    recipe("two", makes="text/plain")(two)
    seen: list[Event] = []
    async with vendor(usd=0.5).model(tmp_path) as model:
        run = await model.start("x", recipe="two")
        async for event in run.events():
            seen.append(event)
    assert [(e.kind, e.name) for e in seen] == [
        ("step-started", "first"),
        ("step-finished", "first"),
        ("step-started", "second"),
        ("step-finished", "second"),
        ("run-finished", ""),
    ]
    assert seen[-1].paid_usd == 1.0
    assert seen[-1].status == "done"


async def test_a_recipes_own_failure_names_its_place(tmp_path: Path) -> None:
    async def broken(ctx: Context, brief: Brief) -> dict[str, str]:
        return {"text": brief.nothing}  # type: ignore[attr-defined]

    recipe("broken", makes="text/plain")(broken)
    async with vendor().model(tmp_path) as model:
        with pytest.raises(RecipeError, match=r"'broken' failed at .*:\d+: AttributeError"):
            await model.run("x", recipe="broken")


@pytest.mark.parametrize("seed", [-1, 2**63])
async def test_a_seed_out_of_range_is_refused(tmp_path: Path, seed: int) -> None:
    recipe("two", makes="text/plain")(two)
    async with vendor().model(tmp_path) as model:
        with pytest.raises(InvalidRequestError, match="seed"):
            await model.run("x", recipe="two", seed=seed)
