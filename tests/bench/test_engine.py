"""What the engine costs. Figures are printed; nothing here asserts a time.

Run by `make bench`. Machines differ and are shared: trust the ratios of one run.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brandmodel.journal import Reservation, StepRecord, open_journal
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from tests.engine.fakes import Render, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.bench]


def record(key: str) -> StepRecord:
    return StepRecord(key, "project", "Render", "{}", '{"text":"X"}', "d", "t", 0, 1.0, 0.1, 1.0)


def milliseconds(times: list[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"median {statistics.median(times) * 1e3:.2f} ms, p95 {p95 * 1e3:.2f} ms"


async def test_journal_work_of_a_step(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    free: list[float] = []
    paid: list[float] = []
    for number in range(300):
        began = time.perf_counter()
        assert await journal.step(f"free{number}") is None
        await journal.keep(record(f"free{number}"), None)
        free.append(time.perf_counter() - began)

        key = f"paid{number}"
        began = time.perf_counter()
        assert await journal.step(key) is None
        assert await journal.open_attempts(key) == []
        reservation = Reservation(
            attempt=key,
            key=key,
            run_id="r",
            task="Render",
            target="t",
            high_nano=10,
            holder="h",
            now=time.time(),
            caps=(("run:r", 10**9),),
        )
        fence = await journal.reserve(reservation)
        assert isinstance(fence, int)
        await journal.started(key, '{"id":1}', now=time.time())
        await journal.settle(key, fence, 5, record(key), None)
        paid.append(time.perf_counter() - began)
    await journal.aclose()
    print(f"\njournal, a free step: {milliseconds(free)} (goal <= 1 ms)")
    print(f"journal, a paid step with a job handle: {milliseconds(paid)} (goal <= 4 ms)")


async def test_wide_steps_run_side_by_side(tmp_path: Path) -> None:
    async def wide(ctx: Context, brief: Brief) -> dict[str, str]:
        names = brief.prompt.split()
        await ctx.gather(*(ctx.scope(n).call(Render(text=n), name="part") for n in names))
        return {"text": ""}

    recipe("wide", makes="text/plain")(wide)
    fake = vendor(usd=0.01)
    fake.latency_s = 0.25
    words = [f"w{chr(97 + i)}" for i in range(16)]
    async with fake.model(tmp_path) as model:
        await model.run("warm", recipe="wide")
        one = (await model.run(words[0], recipe="wide")).receipt.seconds
        sixteen = (await model.run(" ".join(words), recipe="wide")).receipt.seconds
    print(
        f"\none step {one:.3f} s, 16 wide {sixteen:.3f} s: ratio {sixteen / one:.2f} (goal near 1)"
    )


async def test_a_long_recipe_again_from_the_journal(tmp_path: Path) -> None:
    async def long(ctx: Context, brief: Brief) -> dict[str, str]:
        for number in range(int(brief.prompt)):
            unit = ctx.scope(f"unit-{number:x}x")
            await unit.call(Render(text=f"{number}"), name="part")
        return {"text": ""}

    recipe("long", makes="text/plain")(long)
    print()
    per_step: list[float] = []
    async with vendor().model(tmp_path) as model:
        for steps in (100, 1_000, 10_000):
            first = (await model.run(str(steps), recipe="long")).receipt
            again = (await model.run(str(steps), recipe="long")).receipt
            assert again.count("reused") == steps
            per_step.append(again.seconds / steps)
            print(
                f"{steps:>6} steps: first {first.seconds:6.2f} s, again {again.seconds:6.3f} s, "
                f"{again.seconds / steps * 1e6:.0f} us a step (goal: 1,000 in <= 3 s)"
            )
    print(f"a step at 10,000 costs {per_step[-1] / per_step[0]:.2f} of one at 100 (goal near 1)")


async def test_import_is_light() -> None:
    def measured(code: str) -> tuple[float, int]:
        end = "print(time.perf_counter() - b, len(sys.modules))"
        probe = f"import sys, time; b = time.perf_counter(); {code}; {end}"
        times: list[float] = []
        modules = 0
        for _ in range(7):
            out = subprocess.run(
                [sys.executable, "-c", probe], capture_output=True, text=True, check=True
            )
            seconds, count = out.stdout.split()
            times.append(float(seconds))
            modules = int(count)
        return statistics.median(times), modules

    ours, modules = await asyncio.to_thread(measured, "from brandmodel import BrandModel")
    theirs, _ = await asyncio.to_thread(measured, "import pydantic; pydantic.BaseModel")
    print(
        f"\nfrom brandmodel import BrandModel: {ours * 1e3:.0f} ms, {modules} modules; pydantic "
        f"{theirs * 1e3:.0f} ms: ratio {ours / theirs:.2f} (goals <= 2.5, <= 450 modules)"
    )
