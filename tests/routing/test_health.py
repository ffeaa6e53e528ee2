"""The breaker and the limit, with many calls at once: calls side by side are one piece of news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import BrandModelError, RateLimitError, UnavailableError
from brandmodel.recipes import recipe
from brandmodel.routing import Health
from brandmodel.tasks import Target
from tests.engine.two_vendors import FIRST, SECOND, Studio, drawn, two_vendors
from tests.providers.raw import reply_of, saying

pytestmark = pytest.mark.anyio
DOWN = UnavailableError("down", started=False)


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


def target(name: str = "a") -> Target:
    return Target(id=f"{name}/m", provider=name, model="m", tasks=frozenset())


def test_calls_that_fail_side_by_side_open_the_circuit_once(health: Health, clock: Clock) -> None:
    for _ in range(10):
        clock.now += 0.01
        health.failed(target(), DOWN, seconds=1.0)
    assert 9 < health.rest_s(target()) <= 10
    # Sent after it opened, and failed: that is news.
    clock.now += 5
    health.failed(target(), DOWN, seconds=1.0)
    assert health.rest_s(target()) == 20


def test_calls_that_are_too_many_side_by_side_halve_the_limit_once(
    health: Health, clock: Clock
) -> None:
    for _ in range(6):
        clock.now += 0.01
        health.failed(target(), RateLimitError("slow", retry_after_s=0.0), seconds=1.0)
    assert health.of(target()).limit == 32
    clock.now += 5
    health.failed(target(), RateLimitError("slow", retry_after_s=0.0), seconds=1.0)
    assert health.of(target()).limit == 16


def test_who_was_answered_before_does_not_cut_short_what_a_target_asks_for(health: Health) -> None:
    health.failed(target(), RateLimitError("slow", retry_after_s=7.0))
    health.succeeded(target(), seconds=3.0)
    assert health.asked_rest_s(target()) == 7.0


def rested(health: Health, clock: Clock) -> None:
    for _ in range(3):
        health.failed(target(), DOWN)
    clock.now += health.rest_s(target()) + 1


def test_after_its_rest_a_target_is_one_callers_to_try(health: Health, clock: Clock) -> None:
    a, b = target("a"), target("b")
    rested(health, clock)
    assert health.in_turn([b, a]) == [b, a], "who would not try it takes it from nobody"
    assert health.in_turn([a, b]) == [a, b]
    assert [health.in_turn([a, b]) for _ in range(5)] == [[b, a]] * 5
    health.succeeded(a, 1.0)
    assert [health.in_turn([a, b]) for _ in range(5)] == [[a, b]] * 5


def test_a_try_of_which_nothing_is_heard_is_tried_again(health: Health, clock: Clock) -> None:
    a, b = target("a"), target("b")
    rested(health, clock)
    assert health.in_turn([a, b]) == [a, b]
    clock.now += 60
    assert health.in_turn([a, b]) == [a, b]


@pytest.mark.parametrize("well", [True, False])
async def test_the_only_target_is_tried_by_one_and_the_others_wait_for_what_comes_of_it(
    health: Health, clock: Clock, well: bool
) -> None:
    rested(health, clock)
    running, most, served = 0, 0, 0
    answer = asyncio.Event()

    async def call() -> None:
        nonlocal running, most, served
        async with health.slot(target()):
            running += 1
            most = max(most, running)
            await answer.wait()
            running -= 1
            if not well:
                raise UnavailableError("down still", started=False)
            served += 1

    calls = [asyncio.create_task(call()) for _ in range(5)]
    gone = asyncio.create_task(call())
    for _ in range(10):
        await asyncio.sleep(0)
    assert (running, most) == (1, 1)
    gone.cancel()
    answer.set()
    ended = await asyncio.gather(*calls, gone, return_exceptions=True)
    assert served == (5 if well else 0)
    assert isinstance(ended.pop(), asyncio.CancelledError)
    assert all(one is None if well else isinstance(one, UnavailableError) for one in ended)
    assert health.of(target()).busy == 0


async def test_a_try_that_was_given_up_lets_the_others_go_on(health: Health, clock: Clock) -> None:
    rested(health, clock)

    async def call(seconds: float) -> str:
        async with health.slot(target()):
            await asyncio.sleep(seconds)
        return "served"

    probe = asyncio.create_task(call(3600))
    await asyncio.sleep(0)
    others = [asyncio.create_task(call(0)) for _ in range(3)]
    await asyncio.sleep(0)
    probe.cancel()
    assert await asyncio.gather(*others) == ["served"] * 3
    assert health.of(target()).busy == 0


async def test_a_try_that_goes_on_for_long_keeps_nobody(
    health: Health, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brandmodel.routing.health.REST_S", 0.01)
    rested(health, clock)
    async with health.slot(target()), asyncio.timeout(30):
        for _ in range(2):
            async with health.slot(target()):
                assert health.of(target()).busy == 2
    assert health.of(target()).busy == 0


@pytest.fixture
async def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    for name in (FIRST, SECOND):
        monkeypatch.setenv(f"{name}_KEY", "Zm9vYmFyMTIz")
    async with two_vendors(tmp_path) as made:
        recipe("drawn", makes=("text/plain",))(drawn)
        yield made


async def test_a_vendor_that_has_too_many_of_ten_at_once_is_sent_half(studio: Studio) -> None:
    studio.first.usual = saying(reply_of({"error": {"message": "slow down"}}, status=429))
    async with AsyncBrandModel(routers=studio.write(), home=studio.folder / "home") as model:
        runs = (model.run(f"Bottle {n}", recipe="drawn") for n in range(10))
        ended = await asyncio.gather(*runs, return_exceptions=True)
        vitals = model.engine.steps.health.of(
            model.engine.tables.model(None).targets[f"{FIRST}/picture"]
        )
    assert not [one for one in ended if isinstance(one, BrandModelError)]
    assert vitals.limit == 32
    assert len(studio.first.heads) > 1, "they went side by side"
