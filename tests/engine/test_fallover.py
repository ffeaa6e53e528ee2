"""Several targets: who is tried when, what a failure costs, and what is never done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel, Result
from brandmodel.engine import attempts
from brandmodel.errors import (
    ContentFilteredError,
    CreditError,
    JobFailedError,
    OutcomeUnknownError,
    ProviderError,
    RateLimitError,
    RoutingError,
    UnavailableError,
)
from brandmodel.recipes import recipe
from brandmodel.routing import Health
from brandmodel.tasks import Brief, Call, Context, Done, Job, Target
from brandmodel.testing import FakeVendor
from tests.engine.fakes import Render, vendor

pytestmark = pytest.mark.anyio


async def one_word(ctx: Context, brief: Brief) -> dict[str, str]:
    return {"text": (await ctx.call(Render(text=brief.prompt), name="part")).text}


def two(folder: Path, *, usd: float = 0.25, more: str = "") -> tuple[FakeVendor, FakeVendor, Path]:
    """Two vendors that serve the same, the first one first, and a folder of tables for both."""
    recipe("one-word", makes="text/plain")(one_word)
    first, second = vendor(usd=usd, name="first"), vendor(usd=usd, name="second")
    first.routers(folder / "routers", model="both")
    rows = (folder / "routers" / "vendors.toml").read_text()
    second.routers(folder / "routers", model="both")
    vendors = folder / "routers" / "vendors.toml"
    vendors.write_text(rows + vendors.read_text())
    both = '["first/Render", "second/Render"]'
    table = f"Render = {{ targets = {both}{more} }}"
    (folder / "routers" / "both.toml").write_text(
        f'[model]\nname = "both"\ndefault = true\ndefault_tier = "workhorse"\n[tasks]\n{table}\n'
    )
    return first, second, folder / "routers"


async def run(folder: Path, routers: Path, prompt: str = "one", **wishes: Any) -> Result:
    async with AsyncBrandModel(routers=routers, home=folder / "home") as model:
        return await model.run(prompt, recipe="one-word", **wishes)


@pytest.mark.parametrize(
    "failure",
    [
        UnavailableError("down", started=False),
        RateLimitError("slow down"),
        CreditError("no credit", started=False),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_the_next_target_serves_and_every_attempt_is_on_the_receipt(
    tmp_path: Path, failure: ProviderError
) -> None:
    first, second, routers = two(tmp_path)
    first.failures = [failure]
    result = await run(tmp_path, routers)
    step = result.receipt.steps[0]
    assert result.text == "ONE"
    assert [(a.target, a.outcome) for a in step.attempts] == [
        ("first/Render", type(failure).__name__),
        ("second/Render", "served"),
    ]
    assert (len(first.bill), len(second.bill)) == (0, 1)
    assert result.receipt.paid_usd == 0.25


async def test_a_dear_lost_reply_goes_to_nobody_else_by_itself(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.lose_replies = 1
    with pytest.raises(OutcomeUnknownError, match="stays held"):
        await run(tmp_path, routers)
    assert (len(first.bill), len(second.calls)) == (1, 0)


async def test_a_lost_reply_is_looked_up_where_the_vendor_can_be_asked(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.lose_replies = 1

    async def find(call: Call) -> Job | Done | None:
        kept = first.bill[-1].job
        first._jobs[kept] = first._answers["Render"](call.request, call.take)
        return Job(target=call.target.id, task="Render", handle={"id": kept})

    first.find = find  # type: ignore[attr-defined]
    result = await run(tmp_path, routers)
    assert result.text == "ONE"
    assert (len(first.bill), len(second.bill)) == (1, 0)
    assert result.receipt.paid_usd == 0.25


async def test_a_lost_call_that_never_arrived_falls_over(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.failures = [UnavailableError("broke off")]

    async def find(call: Call) -> None:
        return None

    first.find = find  # type: ignore[attr-defined]
    result = await run(tmp_path, routers)
    assert (len(first.bill), len(second.bill)) == (0, 1)
    assert result.receipt.paid_usd == 0.25


async def test_a_refusal_stops_unless_the_table_lets_the_next_one_try(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.failures = [ContentFilteredError("refused")]  # type: ignore[list-item]
    with pytest.raises(ContentFilteredError):
        await run(tmp_path, routers)
    assert not second.calls
    first, second, routers = two(tmp_path, more=', on_refusal = "next"')
    first.failures = [ContentFilteredError("refused")]  # type: ignore[list-item]
    assert (await run(tmp_path, routers)).text == "ONE"


async def test_a_look_that_failed_says_nothing_about_the_job(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.as_jobs = True
    looks = [UnavailableError("503"), RateLimitError("slow", retry_after_s=0.0)]
    check = first.check

    async def unsteady(job: Job, call: Call) -> Done | Job:
        if looks:
            raise looks.pop(0)
        return await check(job, call)

    first.check = unsteady  # type: ignore[method-assign]
    assert (await run(tmp_path, routers)).text == "ONE"
    assert (len(first.bill), len(second.bill)) == (1, 0)


async def test_a_job_that_failed_unbilled_goes_to_the_next_target(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.as_jobs = True

    async def failed(job: Job, call: Call) -> Done | Job:
        raise JobFailedError("out of memory", started=False)

    first.check = failed  # type: ignore[method-assign]
    assert (await run(tmp_path, routers)).text == "ONE"
    assert len(second.bill) == 1


@pytest.mark.parametrize("row", [", deadline_s = 0.3", ""], ids=["of the table", "of an hour"])
async def test_a_vendor_that_never_finishes_meets_the_deadline(
    row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempts.LONGEST_JOB_S == 3600
    monkeypatch.setattr(attempts, "LONGEST_JOB_S", 0.3 if not row else 3600)
    first, second, routers = two(tmp_path, more=row)
    first.as_jobs = True
    cancelled = asyncio.Event()

    async def never(job: Job, call: Call) -> Done | Job:
        return job

    async def cancel(job: Job, call: Call) -> None:
        cancelled.set()

    first.check, first.cancel = never, cancel  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError):
        await run(tmp_path, routers)
    assert cancelled.is_set()
    assert not second.calls


async def test_all_targets_failing_says_so_without_a_vendors_name(tmp_path: Path) -> None:
    first, second, routers = two(tmp_path)
    first.failures = [UnavailableError("down", started=False, vendor="first")] * 5
    second.failures = [UnavailableError("down", started=False, vendor="second")] * 5
    with pytest.raises(RoutingError) as failed:
        await run(tmp_path, routers)
    assert "first" not in str(failed.value)
    assert "second" not in str(failed.value)
    assert [a.vendor for a in failed.value.attempts][0] == "first"


def target(name: str, **settings: Any) -> Target:
    return Target(id=f"{name}/m", provider=name, model="m", tasks=frozenset(), settings=settings)


def test_a_circuit_opens_rests_and_lets_one_probe_through() -> None:
    now = [100.0]
    health = Health(lambda: now[0])
    a, b = target("a"), target("b")
    for _ in range(3):
        health.failed(a, UnavailableError("down"))
    assert health.in_turn([a, b]) == [b, a]
    now[0] += health.rest_s(a)
    assert health.in_turn([a, b]) == [a, b]
    health.failed(a, UnavailableError("down still"))
    first_rest = health.rest_s(a)
    assert first_rest > 10
    health.succeeded(a, 1.0)
    assert health.in_turn([a, b]) == [a, b]


def test_a_wish_to_be_left_alone_is_honoured() -> None:
    now = [0.0]
    health = Health(lambda: now[0])
    a, b = target("a"), target("b")
    health.failed(a, RateLimitError("slow", retry_after_s=7.0))
    assert health.in_turn([a, b]) == [b, a]
    assert health.asked_rest_s(a) == 7.0
    now[0] = 7.0
    assert health.in_turn([a, b]) == [a, b]


async def test_too_many_calls_halve_what_is_sent_at_once() -> None:
    health = Health()
    a = target("a", most_at_once=8)
    for _ in range(2):
        health.failed(a, RateLimitError("slow", retry_after_s=0.0))
    running = most = 0

    async def call() -> None:
        nonlocal running, most
        async with health.slot(a):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(call() for _ in range(20)))
    assert most == 2
    for _ in range(200):
        health.succeeded(a, 0.1)
    assert health.of(a).limit == 8


async def test_a_turn_that_nobody_takes_goes_to_the_next_who_waits() -> None:
    health = Health()
    a = target("a", most_at_once=1)
    done: list[int] = []

    async def call(number: int, until: asyncio.Event) -> None:
        async with health.slot(a):
            await until.wait()
            done.append(number)

    first, go = asyncio.Event(), asyncio.Event()
    go.set()
    calls = [asyncio.create_task(call(n, go if n else first)) for n in range(4)]
    await asyncio.sleep(0)
    # One goes away while it waits; one just as its turn has come.
    calls[1].cancel()
    first.set()
    while not done:  # noqa: ASYNC110 - to the very turn of the loop
        await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)
    assert done == [0, 3]
    assert health.of(a).busy == 0


async def test_after_too_many_all_who_wait_come_to_their_turn_side_by_side_again() -> None:
    health = Health()
    a = target("a", most_at_once=8)
    for _ in range(3):
        health.failed(a, RateLimitError("slow", retry_after_s=0.0))
    running = most = 0

    async def call() -> None:
        nonlocal running, most
        async with health.slot(a):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
        health.succeeded(a, 0.1)

    await asyncio.gather(*(call() for _ in range(100)))
    assert most == 8


async def test_a_job_that_failed_and_is_billed_is_charged_and_the_next_target_serves(
    tmp_path: Path,
) -> None:
    first, second, routers = two(tmp_path)
    first.as_jobs = True

    async def failed(job: Job, call: Call) -> Done | Job:
        raise JobFailedError("the picture came out black")

    first.check = failed  # type: ignore[method-assign]
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        result = await model.run("one", recipe="one-word")
        spent = (await model.engine.journal.spending(f"run:{result.run_id}")).spent_nano
    assert result.text == "ONE"
    assert spent == first.billed_usd_nano + second.billed_usd_nano
    assert [a.usd for a in result.receipt.steps[0].attempts] == [0.25, 0.0]
    assert result.receipt.paid_usd == 0.5
