"""The facade: the same in sync and async, events to the end, nothing finished lost."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel, AsyncRun, BrandModel, Run
from brandmodel.errors import (
    BrandError,
    InvalidRequestError,
    RunCancelled,
    StorageError,
    UnknownRunError,
)
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from brandmodel.testing import FakeVendor
from tests.engine.fakes import Join, Render, Text, vendor

ONLY_ASYNC = {"begin", "engine"}
"""For operators, who are async: they live on the model's own loop."""


async def each_word(ctx: Context, brief: Brief) -> dict[str, str]:
    """One rendering a word, one after the other, then joined."""
    parts: list[str] = []
    for word in brief.prompt.split():
        parts.append((await ctx.scope(word).call(Render(text=word), name="part")).text)
    joined = await ctx.call(Join(parts=tuple(parts)), name="join")
    return {"text": joined.text}


@pytest.fixture
def fake() -> FakeVendor:
    recipe("words", makes=("text/plain", "text/markdown"))(each_word)
    return vendor()


@pytest.fixture
def model(fake: FakeVendor, tmp_path: Path) -> Iterator[BrandModel]:
    with BrandModel(routers=fake.routers(tmp_path / "routers"), home=tmp_path / "home") as made:
        yield made


class Gate:
    """Holds a vendor's answer to one word back until it is opened, from any thread."""

    def __init__(self, fake: FakeVendor, word: str) -> None:
        self.reached, self._open = threading.Event(), threading.Event()
        start = fake.start

        async def gated(call: Any) -> Any:
            if getattr(call.request, "text", "") == word:
                self.reached.set()
                await asyncio.to_thread(self._open.wait, 30)
            return await start(call)

        fake.start = gated  # type: ignore[method-assign]

    def open(self) -> None:
        self._open.set()


# One surface, two faces


def _public(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if not name.startswith("_")}


def _shape(function: Any) -> list[tuple[str, Any, Any, str]]:
    signature = inspect.signature(function)
    returned = _plain(str(signature.return_annotation))
    parameters = [
        (p.name, p.kind, p.default, _plain(str(p.annotation)))
        for p in signature.parameters.values()
    ]
    return [*parameters, ("returns", None, None, returned)]


def _plain(annotation: str) -> str:
    return re.sub(r"\bAsync", "", annotation)


@pytest.mark.parametrize(("sync", "asynchronous"), [(BrandModel, AsyncBrandModel), (Run, AsyncRun)])
def test_both_faces_have_the_same_methods_with_the_same_signatures(
    sync: type, asynchronous: type
) -> None:
    theirs = {name.removeprefix("a") if name == "aclose" else name: value
              for name, value in _public(asynchronous).items()}  # fmt: skip
    ours = _public(sync)
    assert set(ours) == set(theirs) - ONLY_ASYNC
    for name, value in ours.items():
        if isinstance(value, property):
            assert _shape(value.fget) == _shape(theirs[name].fget), name
        else:
            assert _shape(value) == _shape(theirs[name]), name
            assert not inspect.iscoroutinefunction(value)


def test_both_are_made_alike() -> None:
    assert _shape(BrandModel.__init__) == _shape(AsyncBrandModel.__init__)
    assert inspect.getdoc(BrandModel.start) == inspect.getdoc(AsyncBrandModel.start)


# Events


@pytest.mark.anyio
async def test_events_arrive_in_order_and_end(fake: FakeVendor, tmp_path: Path) -> None:
    async with fake.model(tmp_path) as made:
        run = await made.start("one two", recipe="words")
        events = [event async for event in run.events()]
        result = await run.wait()
        assert [(e.kind, e.name) for e in events if e.name] == [
            (kind, name)
            for name in ("one/part", "two/part", "join")
            for kind in ("step-started", "step-finished")
        ]
        assert (events[-1].kind, events[-1].status) == ("run-finished", "done")
        assert {e.run_id for e in events} == {run.id} == {result.run_id}
        assert [e.seconds for e in events[:-1]] == sorted(e.seconds for e in events[:-1])
        assert tuple(e.step for e in events if e.step) == result.receipt.steps
        # Whoever comes later hears it all.
        assert [event async for event in run.events()] == events


@pytest.mark.anyio
async def test_everyone_who_listens_hears_everything(fake: FakeVendor, tmp_path: Path) -> None:
    async def heard(run: AsyncRun) -> list[tuple[str, str]]:
        return [(event.kind, event.name) async for event in run.events()]

    async with fake.model(tmp_path) as made:
        run = await made.start("one two", recipe="words")
        one, other = await asyncio.gather(heard(run), heard(run))
    assert one == other
    assert one[-1][0] == "run-finished"


def test_events_of_a_run_without_async(fake: FakeVendor, model: BrandModel) -> None:
    gate = Gate(fake, "two")
    run = model.start("one two three", recipe="words")
    assert gate.reached.wait(30)
    listening = iter(run.events())
    gate.open()
    heard = [(event.kind, event.name) for event in listening]
    assert heard[:2] == [("step-started", "one/part"), ("step-finished", "one/part")]
    assert heard[-3:] == [("step-started", "join"), ("step-finished", "join"), ("run-finished", "")]
    assert run.wait().text.strip() == "ONE TWO THREE"


def test_a_failed_run_ends_its_events_too(fake: FakeVendor, model: BrandModel) -> None:
    def refuse(request: Render, take: int) -> Text:
        raise InvalidRequestError("no such word")

    gate = Gate(fake, "two")
    run = model.start("one two", recipe="words")
    assert gate.reached.wait(30)
    fake.serves(Render, refuse)
    listening = iter(run.events())
    gate.open()
    last = list(listening)[-1]
    assert (last.kind, last.status) == ("run-finished", "failed")
    with pytest.raises(InvalidRequestError, match="no such word"):
        run.wait()


# Stopping


def test_cancel_keeps_finished_steps(fake: FakeVendor, model: BrandModel) -> None:
    gate = Gate(fake, "two")
    run = model.start("one two", recipe="words")
    assert gate.reached.wait(30)
    run.cancel()
    gate.open()
    with pytest.raises(RunCancelled, match=f"run {run.id} was stopped; 1 finished steps"):
        run.wait()
    run.cancel()
    asked = len(fake.calls)
    result = model.run("one two", recipe="words")
    assert [(s.name, s.status) for s in result.receipt.steps] == [
        ("one/part", "reused"),
        ("two/part", "ran"),
        ("join", "ran"),
    ]
    assert len(fake.calls) - asked == 2
    resumed = model.resume(run.id)
    assert (resumed.run_id, resumed.text) == (run.id, result.text)


@pytest.mark.anyio
async def test_a_run_that_is_cancelled_at_once_is_written_down_as_stopped(
    fake: FakeVendor, tmp_path: Path
) -> None:
    async with fake.model(tmp_path) as made:
        run = await made.start("one two", recipe="words")
        await run.cancel()
        (record,) = await made.engine.journal.runs()
        assert (record.id, record.status) == (run.id, "stopped")


@pytest.mark.anyio
async def test_a_timeout_around_a_run_is_a_timeout_and_stops_it(
    fake: FakeVendor, tmp_path: Path
) -> None:
    gate = Gate(fake, "two")
    async with fake.model(tmp_path) as made:
        working = asyncio.ensure_future(made.run("one two", recipe="words"))
        await asyncio.to_thread(gate.reached.wait, 30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(working, 0.01)
        gate.open()
        (record,) = await made.engine.journal.runs()
        assert record.status == "stopped"


@pytest.mark.anyio
async def test_closing_stops_what_still_runs_and_says_so_in_the_journal(
    fake: FakeVendor, tmp_path: Path
) -> None:
    gate = Gate(fake, "two")
    made = fake.model(tmp_path)
    await made.start("one two", recipe="words")
    await asyncio.to_thread(gate.reached.wait, 30)
    await made.aclose()
    gate.open()
    (record,) = await made.engine.journal.runs()
    assert record.status == "stopped"
    await made.aclose()


# Opening and closing


def test_close_is_idempotent_and_a_closed_model_opens_again(
    fake: FakeVendor, tmp_path: Path
) -> None:
    made = BrandModel(routers=fake.routers(tmp_path / "routers"), home=tmp_path / "home")
    made.close()
    first = made.run("one", recipe="words")
    made.close()
    made.close()
    again = made.run("one", recipe="words")
    assert again.receipt.count("ran") == 0
    assert again.text == first.text
    made.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("journal")]


def test_context_managers_close(fake: FakeVendor, tmp_path: Path) -> None:
    routers = fake.routers(tmp_path / "routers")
    with BrandModel(routers=routers, home=tmp_path / "home") as made:
        assert made.run("one", recipe="words").status == "done"
    assert made._portal is None

    async def work() -> None:
        async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as other:
            assert (await other.run("one", recipe="words")).receipt.count("ran") == 0
        assert other._engine is None

    asyncio.run(work())


def test_it_works_from_many_threads_at_once(fake: FakeVendor, model: BrandModel) -> None:
    texts: list[str] = []
    words = [f"w{chr(97 + n)}" for n in range(6)]
    threads = [
        threading.Thread(target=lambda w=w: texts.append(model.run(w, recipe="words").text.strip()))
        for w in words
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(texts) == sorted(word.upper() for word in words)


@pytest.mark.anyio
async def test_the_sync_face_works_where_a_loop_is_running_already(model: BrandModel) -> None:
    assert model.run("one", recipe="words").text.strip() == "ONE"
    there = await asyncio.to_thread(model.run, "two", recipe="words")
    assert there.text.strip() == "TWO"


def test_in_memory_nothing_is_written_and_nothing_remembered(
    fake: FakeVendor, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"routers": fake.routers(tmp_path / "r"), "home": tmp_path / "home"}
    for _ in range(2):
        with BrandModel(memory=True, **arguments) as made:
            result = made.run("one", recipe="words")
            assert result.receipt.count("ran") == 2
            assert made.run("one", recipe="words").receipt.count("ran") == 0
    assert not list((tmp_path / "home").glob("journal*"))


# What is asked and what is saved


@pytest.mark.parametrize(
    ("prompt", "wishes", "message"),
    [
        (None, {}, "prompt=None"),
        (b"bytes\xff", {}, "prompt="),
        ("\ud800", {}, "character 1"),
        ("x", {"seed": "many"}, "seed='many'"),
        ("x", {"seed": 2**63}, "a seed of 9223372036854775808"),
        ("x", {"size": 512}, r"size=512 is not \(width, height\)"),
        ("x", {"size": (1, 2, 3)}, "is not"),
        ("x", {"size": ("a", "b")}, "width='a'"),
        ("x", {"size": (0, 64)}, "width of 0"),
        ("x", {"tier": "best"}, "no tier 'best'.*workhorse or hero"),
        ("x", {"budget_usd": "1.0"}, "budget_usd='1.0'"),
        ("x", {"budget_usd": float("nan")}, "a budget of nan"),
        ("x", {"budget_usd": -1}, "a budget of -1"),
        ("x", {"overrides": "join"}, "overrides='join'"),
        ("x", {"overrides": {"jion.parts": []}}, "no step is called 'jion'"),
        ("x", {"media_type": "image/gif"}, "does not make image/gif"),
        ("x", {"product": "nowhere.png"}, "product nowhere.png"),
        ("x", {"product": b"no picture"}, "product is not a picture"),
    ],
)
def test_a_wrong_wish_is_named_before_anything_runs(
    fake: FakeVendor, model: BrandModel, prompt: Any, wishes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        model.run(prompt, **{"recipe": "words", **wishes})
    with pytest.raises(InvalidRequestError, match=message):
        model.quote(prompt, **{"recipe": "words", **wishes})
    assert not fake.calls


def test_an_unknown_argument_is_pythons_own_error(model: BrandModel) -> None:
    with pytest.raises(TypeError, match="unknown argument sise"):
        model.run("x", sise=(64, 64))  # type: ignore[call-arg]


def test_a_run_or_brand_that_does_not_exist(model: BrandModel, tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="no run 'nope'"):
        model.resume("nope")
    with pytest.raises(BrandError, match="there is no such brand"):
        BrandModel(brand=tmp_path / "nowhere")


def test_save_writes_the_very_bytes(model: BrandModel, tmp_path: Path) -> None:
    result = model.run("one", recipe="words", media_type="text/markdown")
    saved = result.save(tmp_path / "x.md")
    assert saved.read_bytes() == result.outputs[0].path.read_bytes() == b"ONE"
    assert result.save(str(tmp_path / "x.md"), name="text") == saved
    long = result.save(tmp_path / f"{'x' * 250}.md")
    assert long.exists()


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        ("x.png", None, "x.png: the output is text/plain.*media_type='image/png'"),
        ("x.gif", None, "nothing here makes a .gif"),
        ("x", None, "without a suffix"),
        ("nowhere/x.txt", None, "no folder .*nowhere"),
        ("x.txt", "picture", "no output 'picture'.*there are: text"),
    ],
)
def test_save_refuses_what_does_not_fit_and_leaves_nothing(
    model: BrandModel, tmp_path: Path, name: str, output: str | None, message: str
) -> None:
    result = model.run("one", recipe="words")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InvalidRequestError, match=message):
        result.save(tmp_path / name, name=output)
    assert sorted(tmp_path.iterdir()) == before


def test_save_says_when_it_cannot_write_or_has_nothing_to_write(
    model: BrandModel, tmp_path: Path
) -> None:
    result = model.run("one", recipe="words")
    with pytest.raises(StorageError, match=r"/proc/x.txt"):
        result.save("/proc/x.txt")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.txt" / "mine").write_text("mine")
    with pytest.raises(StorageError, match=r"folder.txt"):
        result.save(tmp_path / "folder.txt")
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []
    result.outputs[0].path.unlink()
    with pytest.raises(StorageError, match="output 'text' is gone"):
        result.save(tmp_path / "x.txt")


def test_text_is_for_text_and_an_output_by_name(model: BrandModel) -> None:
    result = model.run("one", recipe="words")
    assert result.text == "ONE"
    assert str(result.receipt).splitlines()[0].startswith("one/part")


@pytest.mark.parametrize("home", ["argument", "variable", "folder"])
def test_where_the_journal_lies(
    fake: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    routers = fake.routers(tmp_path / "routers")
    expected: dict[str, Callable[[], Path]] = {
        "argument": lambda: tmp_path / "one",
        "variable": lambda: tmp_path / "two",
        "folder": lambda: tmp_path / ".brandmodel",
    }
    if home != "folder":
        monkeypatch.setenv("BRANDMODEL_HOME", str(tmp_path / "two"))
    argument = tmp_path / "one" if home == "argument" else None
    with BrandModel(routers=routers, home=argument) as made:
        made.run("one", recipe="words")
    assert (expected[home]() / "journal.sqlite").is_file()


SCRIPT = """
from brandmodel import BrandModel
studio = BrandModel()
picture = studio.run("A bottle", size=(64, 64), tier="workhorse")
picture.save("bottle.png")
print(picture.status)
"""
INTERRUPTED = """
import os, signal, threading
from brandmodel import BrandModel
studio = BrandModel()
run = studio.start("A mountain lake", size=(1024, 1024))
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    run.wait()
except KeyboardInterrupt:
    print("interrupted")
"""
FORGOTTEN = """
from brandmodel import BrandModel
BrandModel().start("A mountain lake", size=(1024, 1024))
studio = BrandModel()
studio.start("A mountain lake", size=(1024, 1024))
"""


def _script(text: str, folder: Path) -> tuple[int, str, str]:
    (folder / "script.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def _statuses(folder: Path) -> list[str]:
    async def work() -> list[str]:
        async with AsyncBrandModel(home=folder / ".brandmodel") as studio:
            return [run.status for run in await studio.engine.journal.runs()]

    return asyncio.run(work())


def test_a_script_without_a_main_guard_works_and_ends(tmp_path: Path) -> None:
    assert _script(SCRIPT, tmp_path) == (0, "done\n", "")
    assert (tmp_path / "bottle.png").read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_in_a_script_stops_the_run(tmp_path: Path) -> None:
    assert _script(INTERRUPTED, tmp_path) == (0, "interrupted\n", "")
    assert _statuses(tmp_path) == ["stopped"]


def test_a_script_that_ends_before_its_runs_stops_them(tmp_path: Path) -> None:
    assert _script(FORGOTTEN, tmp_path) == (0, "", "")
    assert _statuses(tmp_path) == ["stopped", "stopped"]
