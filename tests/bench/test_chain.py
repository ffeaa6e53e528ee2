"""What the engine adds to the time that vendors take: a film's chain of 14 paid steps over slow vendors.

Plan -> three pictures, each enlarged and moved, and beside them voice and music -> judge -> assemble.
Every vendor takes 50 to 500 ms, drawn by a seed and the step, so the critical path of a chain is known;
what it took beyond is ours: keys, caps, journal with synchronous=FULL, bytes with fsync, looks at jobs.
Figures are printed; nothing here asserts a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import brandmodel
from brandmodel import AsyncBrandModel
from brandmodel.model import Result
from brandmodel.recipes import recipe
from brandmodel.tasks import (
    AnimateImage,
    Assemble,
    Beat,
    Brief,
    Call,
    ComposeMusic,
    Context,
    Done,
    Film,
    FilmReading,
    GenerateImage,
    Judge,
    OutlineFilm,
    Reading,
    ShotOnFilm,
    Speak,
    UpscaleImage,
    provider,
)
from tests.bench.lean_vendors import BEATS, clip, latency_s, png, tagged

pytestmark = [pytest.mark.anyio, pytest.mark.bench]
STEPS = 2 + 3 * len(BEATS) + 3
SIDE = 128


async def _shot(ctx: Context, beat: Beat, tag: str) -> tuple[ShotOnFilm, UpscaleImage]:
    words = f"{beat.says} [{tag}/{beat.id}]"
    drawn = await ctx.call(GenerateImage(prompt=words, width=SIDE, height=SIDE), name="picture")
    enlarge = UpscaleImage(image=drawn.image, width=2 * SIDE, height=2 * SIDE)
    larger = await ctx.call(enlarge, name="upscale")
    move = AnimateImage(image=larger.image, width=SIDE, height=SIDE, duration_s=1.0)
    moved = await ctx.call(move, name="video")
    shot = ShotOnFilm(id=beat.id, clip=moved.video, start_s=0.0, duration_s=0.5)
    return shot, enlarge.model_copy(update={"image": larger.image})


async def chain(ctx: Context, brief: Brief) -> dict[str, str]:
    """A film's steps without the work that a machine does itself."""
    tag = brief.prompt
    film = FilmReading(reading=Reading(subject=f"a bottle [{tag}]"))
    plan = await ctx.call(OutlineFilm(film=film), name="plan")
    shots, spoken, played = await _beside(ctx, plan.beats, tag)
    images = tuple(enlarged.image for _, enlarged in shots)
    judged = await ctx.call(Judge(images=images, prompt=f"a bottle [{tag}]"), name="judge")
    cut = Assemble(
        shots=tuple(shot for shot, _ in shots),
        duration_s=1.5,
        width=SIDE,
        height=SIDE,
        name=f"[{tag}]",
    )
    made = await ctx.call(cut, name="assemble")
    return {"text": f"{made.video.sha256} {judged.why} {spoken} {played}"}


async def _beside(ctx: Context, beats: Sequence[Beat], tag: str):
    async def spoken() -> str:
        said = await ctx.call(Speak(text=f"Cold brew, at last. [{tag}]"), name="speech")
        return said.audio.sha256

    async def played() -> str:
        made = await ctx.call(ComposeMusic(mood=f"calm [{tag}]", duration_s=3.0), name="music")
        return made.audio.sha256

    async def shots() -> list[tuple[ShotOnFilm, UpscaleImage]]:
        return await ctx.gather(*(_shot(ctx.scope(beat.id), beat, tag) for beat in beats))

    drawn, voice, music = await ctx.gather(shots(), spoken(), played())
    return drawn, voice, music


def critical_s(seed: int, tag: str) -> float:
    """The time that no engine could save."""

    def takes(kind: str, of: str = tag) -> float:
        return latency_s(seed, kind, of)

    branches = [
        takes("picture", f"{tag}/{beat}")
        + takes("upscale", f"{tag}/{beat}")
        + takes("video", f"{tag}/{beat}-up")
        for beat in BEATS
    ]
    longest = max(*branches, takes("speech"), takes("music"))
    return takes("plan") + longest + takes("judge") + takes("assemble")


class Cutter:
    """Cuts the film at a price: no vendor's wire does, so it is the one vendor in this process."""

    seed = 0

    def __init__(self) -> None:
        self._clip, self._poster = clip(), png("c0")

    async def start(self, call: Call) -> Done:
        """See ``Provider``."""
        assert isinstance(call.request, Assemble)
        tag = call.request.name.strip("[]")
        await asyncio.sleep(latency_s(self.seed, "assemble", tag))
        video = await call.blobs.put(tagged(self._clip, f"{tag} film"))
        return Done(Film(video=video, poster=await call.blobs.put(self._poster)))

    async def aclose(self) -> None:
        """See ``Provider``."""


MOST = "settings.most_at_once = 256\n"
TABLES = {
    "vendors.toml": """
[openai]
provider = "openai"
base_url = "{at}/openai/v1"
[replicate]
provider = "replicate"
base_url = "{at}/replicate/v1"
[fal]
provider = "fal"
base_url = "{at}/fal"
[elevenlabs]
provider = "elevenlabs"
base_url = "{at}/elevenlabs"
[cutter]
provider = "cutter"
""",
    "targets/openai.toml": f"""
[words]
tasks = ["writing", "looking"]
price = {{ million_tokens_in = 0.5, million_tokens_out = 2 }}
{MOST}
[picture]
tasks = ["GenerateImage"]
price = {{ image = 0.02 }}
{MOST}
""",
    "targets/replicate.toml": f"""
[upscale]
model = "fake/upscale"
tasks = ["UpscaleImage"]
price = {{ image = 0.01 }}
settings.map = {{ image = "image", width = "width", height = "height" }}
settings.result = {{ media = "output", family = "image" }}
{MOST}
""",
    "targets/fal.toml": f"""
[video]
model = "fake/video"
tasks = ["AnimateImage"]
price = {{ second = 0.08 }}
settings.map = {{ prompt = "prompt", image = "image_url", duration_s = "duration" }}
settings.result = {{ media = "video.url", family = "video" }}
{MOST}
""",
    "targets/elevenlabs.toml": f"""
[speech]
tasks = ["Speak"]
price = {{ thousand_characters = 0.1 }}
{MOST}
[music]
tasks = ["ComposeMusic"]
price = {{ second = 0.005 }}
settings.output_format = "wav_24000"
{MOST}
""",
    "targets/cutter.toml": f"""
[cut]
tasks = ["Assemble"]
price = {{ request = 0.001 }}
{MOST}
""",
    "chain-1.toml": """
[model]
name = "chain-1"
default = true
default_tier = "workhorse"
[tasks]
OutlineFilm = ["openai/words"]
GenerateImage = ["openai/picture"]
UpscaleImage = ["replicate/upscale"]
AnimateImage = ["fal/video"]
Speak = ["elevenlabs/speech"]
ComposeMusic = ["elevenlabs/music"]
Judge = ["openai/words"]
Assemble = ["cutter/cut"]
[caps]
run_usd = 5
day_usd = 500
confirm = false
""",
}


@contextmanager
def vendors(seed: int) -> Iterator[str]:
    """The fakes in a process of their own; their address."""
    command = [sys.executable, "-m", "tests.bench.lean_vendors", str(seed)]
    root = Path(brandmodel.__file__).parents[1]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


def studio(folder: Path, at: str) -> AsyncBrandModel:
    """A model whose every step goes to the fakes."""
    for name, text in TABLES.items():
        path = folder / "routers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{at}", at))
    return AsyncBrandModel(routers=folder / "routers", home=folder / "home")


async def _timed(model: AsyncBrandModel, tag: str) -> tuple[float, Result]:
    began = time.perf_counter()
    made = await model.run(tag, recipe="chain")
    return time.perf_counter() - began, made


def _paid(runs: Sequence[Result]) -> None:
    for run in runs:
        assert run.receipt.count("ran") == STEPS


def _told(what: str, ratios: list[float]) -> str:
    ordered = sorted(ratios)
    p95 = ordered[int(len(ordered) * 0.95)]
    return (
        f"{what}: median {statistics.median(ratios):.3f}, p95 {p95:.3f}, max {ordered[-1]:.3f} of its "
        "own critical path"
    )


def _machine(folder: Path) -> str:
    """How fast this machine is just now, to hold figures of shared machines against each other."""
    began, numbers = time.thread_time(), dict[int, str]()
    for number in range(300_000):
        numbers[number % 1000] = str(number)
    counted = time.thread_time() - began
    waits: list[float] = []
    with (folder / "waits").open("wb") as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            waits.append(time.perf_counter() - began)
    return (
        f"this machine: {counted * 1e3:.0f} ms of CPU for 300,000 small writes to memory, "
        f"{statistics.median(waits) * 1e3:.2f} ms for one to the disk"
    )


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Of the latencies; all seconds are the vendors' where it is negative."""
    return 7


async def test_chains_beside_their_critical_path(tmp_path: Path, seed: int) -> None:
    recipe("chain", makes="text/plain")(chain)
    provider("cutter")(Cutter)
    Cutter.seed = seed
    with vendors(seed) as at:
        async with studio(tmp_path, at) as model:
            await model.run("c0", recipe="chain")
            print(f"\n{_machine(tmp_path)}")
            ones: list[float] = []
            for number in range(1, 9):
                seconds, made = await _timed(model, f"c{number}")
                _paid([made])
                ones.append(seconds / critical_s(seed, f"c{number}"))
            print(_told(f"one chain of {STEPS} steps, of 8 one after the other", ones))
            tags = [f"c{number}" for number in range(100, 164)]
            began, worked = time.perf_counter(), time.process_time()
            ended = await asyncio.gather(*(_timed(model, tag) for tag in tags))
            whole, cpu = time.perf_counter() - began, time.process_time() - worked
    _paid([made for _, made in ended])
    paths = [critical_s(seed, tag) for tag in tags]
    print(
        _told(
            f"{len(tags)} chains at once", [s / p for (s, _), p in zip(ended, paths, strict=True)]
        )
    )
    print(
        f"all {len(tags)} in {whole:.2f} s, the longest critical path {max(paths):.2f} s: "
        f"{whole / max(paths):.3f}; {cpu / len(tags) / STEPS * 1e3:.2f} ms of CPU a step"
    )


def _at_once(folder: Path, processes: int, count: int, wide: int, usd: float) -> list[list[float]]:
    """[seconds, seconds of CPU] of each of several processes on one journal."""
    root = Path(brandmodel.__file__).parents[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.many_steps", str(folder), f"p{number}"]
            + [str(count), str(wide), str(usd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for number in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=300)[0] for process in started]
    return [json.loads(out) for out in said]


@pytest.mark.parametrize("wide", [1, 16])
def test_what_a_step_costs_beside_its_vendor(tmp_path: Path, wide: int) -> None:
    print()
    for name, usd in (("a free", 0.0), ("a paid", 0.001)):
        ((took, worked),) = _at_once(tmp_path / name, 1, 400, wide, usd)
        print(
            f"{name} step at no latency, {wide} side by side: {took / 400 * 1e3:.2f} ms, "
            f"{worked / 400 * 1e3:.2f} ms of CPU"
        )


def test_two_processes_on_one_journal(tmp_path: Path) -> None:
    print()
    for processes in (1, 2):
        ended = _at_once(tmp_path / str(processes), processes, 400, 16, 0.001)
        slowest = max(took for took, _ in ended)
        print(
            f"{processes} process(es), 16 paid steps side by side in each: "
            f"{400 * processes / slowest:.0f} steps a second on one journal"
        )
