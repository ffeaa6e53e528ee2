"""What a film costs: time and where it goes, memory and processor over all processes. Printed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel, Result
from brandmodel.engine.context import elapsed_s
from brandmodel.local.cut.film import codec_options
from brandmodel.local.motion.pipe import ffmpeg
from brandmodel.local.provider import LocalProvider
from brandmodel.tasks import PROVIDERS, Call
from brandmodel.tasks import Result as Made

pytestmark = [pytest.mark.anyio, pytest.mark.bench]
CORES = len(os.sched_getaffinity(0))
SAMPLE_S = 0.25
WHAT = "launch film for Aurelia, a cold brew tonic"


class _Clocked(LocalProvider):
    """The local studio, which notes how long calls are worked on, without their wait for a worker.

    Attributes:
        worked_s: by task, in order of their end.
        chain_s: the longest chain of calls of which each waits for the one before it.
    """

    def __init__(self) -> None:
        super().__init__(workers=1000)
        self._cores = asyncio.Semaphore(CORES)
        self.worked_s: dict[str, float] = defaultdict(float)
        self.chain_s = 0.0

    async def _in_worker(self, task: str, call: Call) -> Made:
        async with self._cores:
            began = time.perf_counter()
            made = await super()._in_worker(task, call)
            own = time.perf_counter() - began
        self.worked_s[task] += own
        # What a quote adds up with usual times, here with real ones.
        elapsed_s.set(elapsed_s.get() + own)
        self.chain_s = max(self.chain_s, elapsed_s.get())
        return made


@dataclass(slots=True)
class _Usage:
    """Of this process and all below it.

    Attributes:
        peak_pss: bytes; what processes share is counted once.
    """

    peak_pss: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@pytest.mark.parametrize(
    ("length", "tier"),
    [("15-second", "hero"), ("60-second", "hero"), ("15-second", "workhorse")],
)
async def test_a_cold_film(tmp_path: Path, length: str, tier: str) -> None:
    clocked = _Clocked()
    PROVIDERS["local"] = lambda: clocked
    with _watched() as used:
        async with AsyncBrandModel(home=tmp_path) as studio:
            wished = "workhorse" if tier == "workhorse" else "hero"
            result = await studio.run(f"A {length} {WHAT}", tier=wished)
    film = result.output("film")
    print(f"\n{length} film, {tier}, {film.asset.width}x{film.asset.height}, {CORES} cores")
    _table(result, clocked, used)
    decoded, whole = await asyncio.to_thread(_coded_again, film.path)
    print(f"  encoder alone  {whole[0] - decoded[0]:6.1f} s   ({whole[1] - decoded[1]:.1f} CPU s)")


def _table(result: Result, clocked: _Clocked, used: _Usage) -> None:
    floor_s = max(clocked.chain_s, used.cpu_s / CORES)
    rows = {
        "in all": f"{used.wall_s:6.1f} s   {len(result.receipt.steps)} steps",
        "processor": f"{used.cpu_s:6.1f} s   over {CORES} cores {used.cpu_s / CORES:.1f} s",
        "longest chain": f"{clocked.chain_s:6.1f} s",
        "wall / floor": f"{used.wall_s / floor_s:6.2f}     floor: the larger of the two above",
        "peak memory": f"{used.peak_pss / 1e9:6.2f} GB  over all processes",
    }
    for name, figure in rows.items():
        print(f"  {name:<14} {figure}")
    total = sum(clocked.worked_s.values())
    for task, seconds in sorted(clocked.worked_s.items(), key=lambda item: -item[1]):
        print(f"    {task:<17} {seconds:6.1f} s  {seconds / total:4.0%}")


@contextlib.contextmanager
def _watched() -> Generator[_Usage]:
    """Time, processor and memory of what is done in the block, by this process and all below it."""
    used, done = _Usage(), threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_S):
            used.peak_pss = max(used.peak_pss, sum(map(_pss, _family())))

    watcher = threading.Thread(target=watch)
    before, began = _cpu_s(), time.perf_counter()
    watcher.start()
    try:
        yield used
    finally:
        used.wall_s = time.perf_counter() - began
        done.set()
        watcher.join()
        used.cpu_s = _cpu_s() - before


def _cpu_s() -> float:
    """Of this process and of those below it that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _family() -> list[int]:
    """This process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(after_name[1])
    family = [os.getpid()]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family


def _pss(process: int) -> int:
    """Bytes of a process, its share of what it shares with others included."""
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


def _coded_again(film: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """(seconds, CPU seconds) to decode the finished film, and to decode and encode it as it was."""

    def timed(*options: str) -> tuple[float, float]:
        before, began = _cpu_s(), time.perf_counter()
        command = [ffmpeg(), "-v", "error", "-i", str(film), "-map", "0:v", *options]
        subprocess.run([*command, "-f", "null", "-"], check=True)
        return time.perf_counter() - began, _cpu_s() - before

    return timed(), timed(*codec_options("h264", 24))
