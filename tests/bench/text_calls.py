"""A chat call in process beside its peers: ``python -m tests.bench.text_calls``.

An upstream that answers at once has the first core; each client runs in a process of its own on the
second, all of them in turn, round after round; a round's figures are of one minute, so ratios hold where
absolute figures do not. Every client gets the same answer and decodes it to its text.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.bench.clients import CLIENTS, Opened
from tests.bench.upstream import WORDS

AT_ONCE, ROUNDS = 64, 3
ANSWER = "".join(WORDS)
_BUDGET_S = 1.5
Figures = dict[str, float]


async def measured(opened: Opened) -> Figures:
    """Microseconds and calls a second of one client."""
    for _ in range(30):
        assert await opened.call() == ANSWER
    alone = await _alone(opened.call)
    calls = max(AT_ONCE, min(4000, int(_BUDGET_S / alone)))
    began, cpu = time.perf_counter(), time.process_time()
    await _at_once(opened.call, calls)
    rate, cpu = calls / (time.perf_counter() - began), time.process_time() - cpu
    return {
        "alone_us": alone * 1e6,
        "calls_s": rate,
        "cpu_us": cpu / calls * 1e6,
        **await _streams(opened),
    }


async def _alone(call: Callable[[], object]) -> float:
    taken: list[float] = []
    until = time.perf_counter() + _BUDGET_S / 2
    while time.perf_counter() < until:
        began = time.perf_counter()
        await call()  # type: ignore[misc]
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def _at_once(call: Callable[[], object], calls: int) -> None:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()  # type: ignore[misc]

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _streams(opened: Opened) -> Figures:
    firsts: list[float] = []
    pieces, cpu = 0, time.process_time()
    until = time.perf_counter() + _BUDGET_S / 2
    while time.perf_counter() < until:
        began, first, text = time.perf_counter(), 0.0, ""
        async for piece in opened.stream():
            first = first or time.perf_counter() - began
            text += piece
            pieces += 1
        assert text == ANSWER
        firsts.append(first)
    cpu = time.process_time() - cpu
    return {"first_us": statistics.median(firsts) * 1e6, "chunk_us": cpu / pieces * 1e6}


async def _one(name: str, url: str) -> None:
    async with CLIENTS[name](url) as opened:
        print(json.dumps(await measured(opened)), flush=True)


def _on_core(core: int) -> None:
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


@contextmanager
def _upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        os.sched_setaffinity(server.pid, {min(os.sched_getaffinity(0))})
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        finally:
            server.terminate()


def _run(name: str, url: str) -> Figures:
    command = [sys.executable, "-m", "tests.bench.text_calls", name, url]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if told.returncode:
        sys.exit(f"{name} failed:\n{told.stderr[-2000:]}")
    return next(json.loads(line) for line in told.stdout.splitlines() if line.startswith("{"))


def main() -> None:
    """Measure every client in turn and print the table."""
    rounds: dict[str, list[Figures]] = {name: [] for name in CLIENTS}
    with _upstream() as url:
        for _ in range(ROUNDS):
            for name, seen in rounds.items():
                seen.append(_run(name, url))
    ours = rounds["brandmodel"]
    print(
        f"{'':22}{'alone us':>9}{'calls/s':>9}{'CPU us':>8}{'first us':>9}{'us/chunk':>9}  ours/its"
    )
    for name, seen in rounds.items():
        middle = {k: statistics.median(one[k] for one in seen) for k in seen[0]}
        ratio = statistics.median(
            mine["calls_s"] / its["calls_s"] for mine, its in zip(ours, seen, strict=True)
        )
        print(
            f"{name:22}{middle['alone_us']:9.0f}{middle['calls_s']:9.0f}{middle['cpu_us']:8.0f}"
            f"{middle['first_us']:9.0f}{middle['chunk_us']:9.1f}  {ratio:8.2f}"
        )
    print(
        f"calls/s at {AT_ONCE} at once; medians of {ROUNDS} rounds; ratio of calls/s within a round"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        import uvloop

        _on_core(1)
        uvloop.run(_one(*sys.argv[1:]))
    else:
        main()
