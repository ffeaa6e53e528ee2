"""Steps of a vendor that takes no time, in a process of its own: what is left is the engine and its journal.

``python -m tests.bench.many_steps FOLDER LABEL COUNT WIDE USD`` waits for a line and says its seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from tests.engine.fakes import Render, vendor

WARM = 20


async def many(ctx: Context, brief: Brief) -> dict[str, str]:
    """COUNT steps in WIDE branches; a branch makes one step after the other."""
    label, count, wide = brief.prompt.split()

    async def branch(which: int) -> None:
        for number in range(which, int(count), int(wide)):
            unit = ctx.scope(f"unit-{number:x}x")
            await unit.call(Render(text=f"{label} {number}"), name="part")

    await ctx.gather(*(branch(which) for which in range(int(wide))))
    return {"text": ""}


async def _main(folder: Path, label: str, count: str, wide: str, usd: float) -> None:
    recipe("many", makes="text/plain")(many)
    async with vendor(usd=usd).model(folder) as model:
        await model.run(f"{label}-warm {WARM} 4", recipe="many", budget_usd=1000)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began, worked = time.perf_counter(), time.process_time()
        made = await model.run(f"{label} {count} {wide}", recipe="many", budget_usd=1000)
        took = time.perf_counter() - began
        assert made.receipt.count("ran") == int(count)
        print(json.dumps([took, time.process_time() - worked]))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), *sys.argv[2:5], usd=float(sys.argv[5])))
