"""Caps of a run, a key and a day; vendors left out; a person's word on what nobody knows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brandmodel.engine.orders import Order
from brandmodel.engine.spend import day_of, grouped, spent
from brandmodel.errors import (
    BudgetExceededError,
    InvalidRequestError,
    OutcomeUnknownError,
    TableError,
)
from brandmodel.model import AsyncBrandModel
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from brandmodel.testing import FakeVendor
from tests.engine.fakes import Draft, Render, vendor

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


async def each_word(ctx: Context, brief: Brief) -> dict[str, str]:
    parts = await ctx.gather(
        *(ctx.scope(word).call(Render(text=word), name="part") for word in brief.prompt.split())
    )
    return {"text": " ".join(p.text for p in parts)}


async def planned(ctx: Context, brief: Brief) -> dict[str, str]:
    plan = await ctx.call(Draft(about=brief.prompt), name="plan")
    return {"text": " ".join(plan.lines)}


def words(usd: float, name: str = "fake") -> FakeVendor:
    recipe("words", makes="text/plain")(each_word)
    recipe("planned", makes="text/plain")(planned)
    return vendor(usd=usd, name=name)


def capped(fake: FakeVendor, folder: Path, caps: str = "") -> AsyncBrandModel:
    tables = fake.routers(folder / "routers")
    with (tables / "fake-1.toml").open("a") as file:
        file.write(f"[caps]\n{caps}\n")
    return AsyncBrandModel(routers=tables, home=folder / "home")


def order(prompt: str, **more: Any) -> Order:
    return Order(brief=Brief(prompt=prompt), recipe="words", **more)


async def kept(model: AsyncBrandModel, scope: str) -> tuple[int, int]:
    spending = await model.engine.journal.spending(scope)
    return spending.held_nano, spending.spent_nano


async def test_twenty_runs_that_race_for_a_day_never_pass_it(tmp_path: Path) -> None:
    fake = words(0.25)
    fake.latency_s = 0.01
    async with capped(fake, tmp_path, "day_usd = 1.10") as model:
        runs = [model.run(f"left{n} right{n}", recipe="words") for n in range(20)]
        ended = await asyncio.gather(*runs, return_exceptions=True)
        scope = f"day:fake-1:{datetime.now(UTC):%Y-%m-%d}"
        assert await kept(model, scope) == (0, fake.billed_usd_nano)
    assert fake.billed_usd_nano == 1_000_000_000
    stopped = [each for each in ended if isinstance(each, BudgetExceededError)]
    assert 18 <= len(stopped) <= 20
    assert "(day)" in stopped[0].message
    assert "day_usd" in stopped[0].hint


RACER = """
import asyncio, sys
from pathlib import Path
from brandmodel.errors import BudgetExceededError
from brandmodel.model import AsyncBrandModel
from tests.engine.test_caps import words

async def main(folder, number):
    fake = words(0.25)
    fake.latency_s = 0.02
    async with AsyncBrandModel(routers=folder / "routers", home=folder / "home") as model:
        print("ready", flush=True)
        sys.stdin.readline()
        runs = [model.run(f"a{number}n{n} b{number}n{n}", recipe="words") for n in range(5)]
        ended = await asyncio.gather(*runs, return_exceptions=True)
    assert all(isinstance(e, BudgetExceededError) for e in ended if isinstance(e, BaseException))
    print(fake.billed_usd_nano)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def test_processes_that_race_for_a_day_never_pass_it(tmp_path: Path) -> None:
    capped(words(0.25), tmp_path, "day_usd = 2.60")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), str(number)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    bills = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum(bills) == 2_500_000_000


async def test_a_run_without_a_budget_spends_two_dollars_at_most(tmp_path: Path) -> None:
    fake = words(0.70)
    async with capped(fake, tmp_path) as model:
        with pytest.raises(BudgetExceededError, match=r"the cap of a run is \$2.0000"):
            await model.run("one two three", recipe="words")
        assert not fake.calls
        assert (await model.run("one two", recipe="words")).receipt.paid_usd == 1.4
        # What it is given replaces the table's, both ways.
        assert (await model.run("a b c", recipe="words", budget_usd=2.1)).receipt.paid_usd == 2.1
        with pytest.raises(BudgetExceededError, match=r"the budget is \$0.5"):
            await model.run("d", recipe="words", budget_usd=0.5)


async def test_a_cap_that_was_changed_holds_from_the_next_run_on(tmp_path: Path) -> None:
    fake = words(0.25)
    for limit, prompts in (("0.25", ["a"]), ("0.75", ["b", "c"]), ("0.50", [])):
        async with capped(fake, tmp_path, f"day_usd = {limit}") as model:
            for prompt in prompts:
                await model.run(prompt, recipe="words")
            with pytest.raises(BudgetExceededError):
                await model.run("over", recipe="words")
    assert fake.billed_usd_nano == 750_000_000


async def test_a_key_has_its_own_cap_and_a_resumed_run_stays_under_it(tmp_path: Path) -> None:
    fake = words(0.25)
    async with capped(fake, tmp_path, "key_usd_per_day = 0.50") as model:
        engine = model.engine
        one = await (await engine.start(order("a", key="k1"))).task
        await (await engine.start(order("b", key="k2"))).task
        await (await engine.start(order("c"))).task
        with pytest.raises(BudgetExceededError, match=r"\(key\)"):
            await (await engine.start(order("d e", key="k1"))).task
        again, record = await engine.resume_order(one.run_id, {})
        assert (again.key, record.api_key) == ("k1", "k1")
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        assert await kept(model, f"key:k1:{today}") == (0, 500_000_000)
        assert await kept(model, f"key:k2:{today}") == (0, 250_000_000)
    assert fake.billed_usd_nano == 1_000_000_000


@pytest.mark.parametrize(
    ("outcome", "usd", "state", "charged"),
    [
        ("ran", None, "forfeited", 250_000_000),
        ("ran", 0.2000000001, "forfeited", 200_000_001),
        ("did-not", None, "released", 0),
        ("give-up", None, "forfeited", 250_000_000),
    ],
)
async def test_a_persons_word_closes_an_unknown_outcome_and_the_run_goes_on(
    tmp_path: Path, outcome: Any, usd: float | None, state: str, charged: int
) -> None:
    fake = words(0.25)
    fake.lose_replies = 1
    async with capped(fake, tmp_path, "day_usd = 5") as model:
        with pytest.raises(OutcomeUnknownError) as stopped:
            await model.run("one", recipe="words")
        id_ = stopped.value.hint.split()[-1]
        run = (await model.engine.runs())[0]
        assert await kept(model, f"run:{run.id}") == (250_000_000, 0)
        (row,) = await spent(model.engine.journal, by="run", days=1)
        assert (row.label, row.unknown, row.held, row.total) == (run.id, 250_000_000, 0, row.total)
        closed = await model.engine.resolve(id_, outcome, charged_usd=usd)
        assert (closed.state, closed.charged_nano) == (state, charged)
        assert await kept(model, f"run:{run.id}") == (0, charged)
        with pytest.raises(InvalidRequestError, match=state):
            await model.engine.resolve(id_, outcome)
        assert (await model.run("one", recipe="words")).text == "ONE"
        assert (await model.resume(run.id)).text == "ONE"
    assert len(fake.bill) == 2


async def test_what_cannot_be_resolved_is_refused(tmp_path: Path) -> None:
    fake = words(0.25)
    started = asyncio.Event()
    original = fake.start

    async def slow(call: Any) -> Any:
        started.set()
        await asyncio.sleep(30)
        return await original(call)

    fake.start = slow  # type: ignore[method-assign]
    async with capped(fake, tmp_path) as model:
        run = await model.start("one", recipe="words")
        await started.wait()
        (going,) = await model.engine.journal.attempts()
        with pytest.raises(InvalidRequestError, match="is not unknown, but reserved"):
            await model.engine.resolve(going.id, "did-not")
        for attempt, outcome, usd, why in (
            ("nothing", "ran", None, "is none"),
            ("", "ran", None, "is none"),
            (going.id, "perhaps", None, "no outcome"),
            (going.id, "did-not", 1.0, "says nothing"),
            (going.id, "ran", -1.0, "is not an amount"),
            (going.id, "ran", float("nan"), "is not an amount"),
        ):
            with pytest.raises(InvalidRequestError, match=why):
                await model.engine.resolve(attempt, outcome, charged_usd=usd)  # type: ignore[arg-type]
        await run.cancel()


async def test_money_is_told_by_day_task_target_and_run(tmp_path: Path) -> None:
    fake = words(0.01)
    async with capped(fake, tmp_path) as model:
        fake.lose_replies = 1
        first = await model.run("one", recipe="words")
        second = await model.run("one two", recipe="words")
        journal = model.engine.journal
        (task,) = await spent(journal, by="task", days=1)
        (target,) = await spent(journal, by="target", days=30)
        by_run = {row.label: row for row in await spent(journal, by="run", days=1)}
        attempts, reused = await journal.attempts(), await journal.reused()
    assert (task.label, target.label) == ("Render", "fake/Render")
    for row in (task, target):
        assert (row.calls, row.settled, row.forfeited) == (3, 20_000_000, 10_000_000)
        assert (row.held, row.unknown, row.reused) == (0, 0, 10_000_000)
    assert task.total == fake.billed_usd_nano
    assert by_run[first.run_id].forfeited == 10_000_000
    assert (by_run[second.run_id].settled, by_run[second.run_id].reused) == (10_000_000, 10_000_000)
    (day,) = grouped(attempts, reused, (), by="day")
    assert day.label == day_of(attempts[0].created_at)


def two_vendors(folder: Path, *, row: str) -> AsyncBrandModel:
    dear, other = words(0.25), words(0.10, "other")
    tables = other.routers(folder / "routers")
    vendors = (tables / "vendors.toml").read_text()
    dear.routers(folder / "routers")
    with (tables / "vendors.toml").open("a") as file:
        file.write(vendors)
    head = '[model]\nname = "fake-1"\ndefault = true\ndefault_tier = "workhorse"\n[tasks]\n'
    lines = f'Draft = ["fake/Draft"]\nRender = {row}\n'
    (tables / "fake-1.toml").write_text(head + lines)
    return AsyncBrandModel(routers=tables, home=folder / "home")


async def test_a_vendor_that_is_left_out_is_not_used(tmp_path: Path) -> None:
    async with two_vendors(tmp_path, row='["fake/Render", "other/Render"]') as model:
        quote = await model.quote("one", recipe="words", without=["fake"])
        result = await model.run("one", recipe="words", without=["fake"])
        assert quote.high_usd == result.receipt.paid_usd == 0.10
        assert [step.target for step in result.receipt.steps] == ["other/Render"]
        again, _ = await model.engine.resume_order(result.run_id, {})
        assert again.without == {"fake"}
        pinned = {"one/part.target": "fake/Render"}
        with pytest.raises(InvalidRequestError, match="nothing is left"):
            await model.run("one", recipe="words", without=["fake"], overrides=pinned)


async def test_a_run_that_is_left_without_a_task_is_refused_before_it_starts(
    tmp_path: Path,
) -> None:
    async with two_vendors(tmp_path, row='["fake/Render", "other/Render"]') as model:
        # The recipe that asks for no draft does not miss it.
        await model.run("one", recipe="words", without=["fake"])
        for ask in (model.run, model.quote):
            with pytest.raises(InvalidRequestError, match="nothing is left to serve Draft"):
                await ask("one", recipe="planned", without=["fake"])
        with pytest.raises(InvalidRequestError, match="nothing is left to serve Render"):
            await model.run("two", recipe="words", without=["fake", "other"])
        with pytest.raises(InvalidRequestError, match="no vendor 'fke'"):
            await model.run("one", recipe="words", without=["fke"])
        assert len(await model.engine.runs()) == 1


async def test_the_hero_list_is_looked_at_for_a_hero_run(tmp_path: Path) -> None:
    row = '{ workhorse = ["other/Render"], hero = ["fake/Render"] }'
    async with two_vendors(tmp_path, row=row) as model:
        with pytest.raises(InvalidRequestError, match="nothing is left to serve Render"):
            await model.run("one", recipe="words", tier="hero", without=["fake"])
        result = await model.run("one", recipe="words", tier="workhorse", without=["fake"])
    assert result.receipt.paid_usd == 0.10


def test_caps_are_checked(tmp_path: Path) -> None:
    model = capped(words(0.25), tmp_path, "day_usd = -1")
    with pytest.raises(TableError, match=r"caps\.day_usd"):
        model.engine.tables.model(None)
