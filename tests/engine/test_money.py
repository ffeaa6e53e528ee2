"""Money: reserved before it is spent, settled once, never spent twice."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from brandmodel.errors import (
    BudgetExceededError,
    OutcomeUnknownError,
    RateLimitError,
    RoutingError,
    UnavailableError,
)
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from brandmodel.testing import FakeVendor
from tests.engine.fakes import Render, Text, vendor

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


async def each_word(ctx: Context, brief: Brief) -> dict[str, str]:
    parts = await ctx.gather(
        *(ctx.scope(word).call(Render(text=word), name="part") for word in brief.prompt.split())
    )
    return {"text": " ".join(p.text for p in parts)}


def words(usd: float) -> FakeVendor:
    recipe("words", makes="text/plain")(each_word)
    return vendor(usd=usd)


async def test_the_receipt_is_the_vendors_bill(tmp_path: Path) -> None:
    fake = words(0.25)
    async with fake.model(tmp_path) as model:
        first = await model.run("one two three", recipe="words")
        second = await model.run("one two four", recipe="words")
    assert first.receipt.paid_usd == 0.75
    assert second.receipt.paid_usd == 0.25
    assert second.receipt.reused_usd == 0.5
    assert fake.billed_usd_nano == 1_000_000_000


async def test_a_cap_holds_against_steps_that_race_for_it(tmp_path: Path) -> None:
    fake = words(0.25)
    async with fake.model(tmp_path) as model:
        prompt = " ".join(f"w{chr(97 + i)}" for i in range(20))
        with pytest.raises(BudgetExceededError, match="nothing was started|of the cap"):
            await model.run(prompt, recipe="words", budget_usd=1.10, overrides={})
        assert fake.billed_usd_nano <= 1_100_000_000
        quote = await model.quote(prompt, recipe="words")
        assert quote.low_usd == quote.high_usd == 5.0 - fake.billed_usd_nano / 1e9


async def test_a_budget_below_the_least_cost_starts_nothing(tmp_path: Path) -> None:
    fake = words(0.25)
    async with fake.model(tmp_path) as model:
        with pytest.raises(BudgetExceededError, match="costs at least"):
            await model.run("one two", recipe="words", budget_usd=0.30)
    assert not fake.calls


async def test_equal_steps_at_once_are_paid_once(tmp_path: Path) -> None:
    async def same(ctx: Context, brief: Brief) -> dict[str, str]:
        made = await ctx.gather(
            *(ctx.scope(s).call(Render(text="x"), name="part") for s in ("left", "right", "middle"))
        )
        return {"text": " ".join(m.text for m in made)}

    recipe("same", makes="text/plain")(same)
    fake = vendor(usd=0.25)
    async with fake.model(tmp_path) as model:
        result, other = await asyncio.gather(
            model.run("x", recipe="same"), model.run("y", recipe="same")
        )
    assert result.text == other.text == "X X X"
    assert len(fake.bill) == 1


async def test_a_failure_before_anything_started_costs_nothing_and_is_tried_again(
    tmp_path: Path,
) -> None:
    fake = words(0.25)
    fake.failures = [RateLimitError("slow down", vendor="fake")]
    async with fake.model(tmp_path) as model:
        result = await model.run("one", recipe="words", budget_usd=0.25)
    assert result.receipt.paid_usd == 0.25
    assert len(fake.bill) == 1


async def test_a_lost_reply_is_not_paid_again_by_itself(tmp_path: Path) -> None:
    fake = words(0.25)
    fake.lose_replies = 1
    async with fake.model(tmp_path) as model:
        with pytest.raises(OutcomeUnknownError, match="may have started") as stopped:
            await model.run("one", recipe="words", budget_usd=0.40)
        assert "fake" not in str(stopped.value)
        run = (await model.engine.journal.runs())[0]
        held = await model.engine.journal.spending(f"run:{run.id}")
        assert run.status == "stopped"
        assert held.held_nano == 250_000_000
        with pytest.raises(OutcomeUnknownError):
            await model.run("one", recipe="words")
    assert len(fake.bill) == 1


async def test_a_cheap_lost_reply_is_sent_once_more_and_both_are_charged(tmp_path: Path) -> None:
    fake = words(0.01)
    fake.lose_replies = 1
    async with fake.model(tmp_path) as model:
        result = await model.run("one", recipe="words", budget_usd=0.10)
        assert result.text == "ONE"
        run = (await model.engine.journal.runs())[-1]
        spent = (await model.engine.journal.spending(f"run:{run.id}")).spent_nano
    assert fake.billed_usd_nano == 20_000_000
    assert spent == 20_000_000


async def test_a_job_that_a_dead_process_left_is_picked_up_not_paid_again(tmp_path: Path) -> None:
    fake = words(0.25)
    fake.as_jobs = True
    checked = asyncio.Event()
    original = fake.check

    async def never(job: object, call: object) -> object:
        checked.set()
        return job

    fake.check = never  # type: ignore[method-assign, assignment]
    async with fake.model(tmp_path) as model:
        run = await model.start("one", recipe="words")
        await checked.wait()
        await run.cancel()
    fake.check = original  # type: ignore[method-assign]
    with contextlib.closing(sqlite3.connect(tmp_path / "home" / "journal.sqlite")) as journal:
        ((ends,),) = journal.execute("SELECT expires_at FROM leases").fetchall()
    assert ends == 0, "whoever is stopped gives its lease up"
    async with fake.model(tmp_path) as model:
        result = await model.run("one", recipe="words")
    assert result.text == "ONE"
    assert len(fake.bill) == 1
    assert result.receipt.paid_usd == 0.25


async def test_two_processes_on_one_journal_pay_a_step_once(tmp_path: Path) -> None:
    fake = words(0.25)
    fake.latency_s = 0.3
    async with fake.model(tmp_path) as one, fake.model(tmp_path) as other:
        results = await asyncio.gather(
            one.run("one two", recipe="words"), other.run("one two", recipe="words")
        )
    assert [r.text for r in results] == ["ONE TWO", "ONE TWO"]
    assert len(fake.bill) == 2
    assert sum(r.receipt.paid_usd for r in results) == 0.5


async def test_the_quote_holds(tmp_path: Path) -> None:
    async def until_good(ctx: Context, brief: Brief) -> dict[str, str]:
        text = ""
        for turn in ctx.rounds(4):
            text = (await turn.call(Render(text=f"{brief.prompt}{text}"), name="try")).text
            if len(text) > 6:
                break
        return {"text": text}

    recipe("until", makes="text/plain")(until_good)
    fake = vendor(usd=0.10)
    fake.serves(Render, lambda r, take: Text(text=r.text + "x"), usd_per_call=0.10)
    async with fake.model(tmp_path) as model:
        for prompt in ("a", "abc", "abcdefgh"):
            quote = await model.quote(prompt, recipe="until")
            result = await model.run(prompt, recipe="until")
            assert quote.low_usd <= result.receipt.paid_usd <= quote.high_usd
            assert quote.low_units <= result.receipt.units <= quote.high_units
            after = await model.quote(prompt, recipe="until")
            assert after.high_usd == after.high_units == after.seconds == 0.0


async def test_a_resumed_run_keeps_its_budget(tmp_path: Path) -> None:
    fake = words(0.25)
    async with fake.model(tmp_path) as model:
        fake.failures = [UnavailableError("down", vendor="fake", started=False)] * 3
        with pytest.raises(RoutingError):
            await model.run("one", recipe="words", budget_usd=0.30)
        run = (await model.engine.runs())[0]
        assert (await model.resume(run.id)).text == "ONE"
        assert (await model.engine.journal.spending(f"run:{run.id}")).spent_nano == 250_000_000


async def test_a_run_whose_process_was_killed_is_not_told_as_running(tmp_path: Path) -> None:
    recipe("words", makes="text/plain")(each_word)
    script = """
import asyncio, os, sys
from pathlib import Path
from tests.engine.test_money import words
async def main():
    fake = words(0.0)
    fake.latency_s = 60
    model = fake.model(Path(sys.argv[1]))
    run = await model.start("one", recipe="words")
    async for event in run.events():
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    killed = [sys.executable, "-c", script, str(tmp_path)]
    ended = await asyncio.to_thread(subprocess.run, killed, cwd=ROOT, check=False)
    assert ended.returncode == -9
    async with words(0.0).model(tmp_path) as model:
        run = (await model.engine.runs())[0]
    assert (run.status, "ended" in run.message) == ("stopped", True)
