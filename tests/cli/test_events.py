"""``--events``: a run as lines of JSON, told while it goes on."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import COMMAND, PATIENCE_S, Cli, environment, program

ASKED = ("run", "What makes a good poster?")
GATED = """
from pathlib import Path

import anyio

from brandmodel.recipes import recipe
from brandmodel.tasks import ReadBrief, WriteImagePrompt


@recipe("gated", makes="text/plain")
async def gated(ctx, brief):
    await ctx.call(ReadBrief(prompt=brief.prompt), name="read")
    await anyio.to_thread.run_sync(Path("gate").read_text)
    written = await ctx.call(WriteImagePrompt(subject=brief.prompt), name="write")
    return {"words": written.prompt}
"""


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that waits behind its first step until somebody writes to ``gate``."""
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "gated.py").write_text(GATED)
    os.mkfifo(tmp_path / "gate")
    with subprocess.Popen(
        [*COMMAND, "run", "a beach", "--recipe", "gated", "--events", "-o", "x.txt"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def _first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
    assert ready, "nothing was told while the run goes on"
    return json.loads(process.stdout.readline())


def test_a_step_is_told_while_the_run_goes_on(gated: subprocess.Popen[str], tmp_path: Path) -> None:
    first = _first_line(gated)
    assert (first["kind"], first["name"], first["task"]) == ("step-started", "read", "ReadBrief")
    (tmp_path / "gate").write_text("go on")
    out, err = gated.communicate(timeout=PATIENCE_S)
    assert (gated.returncode, err) == (0, "")
    told = _lines(out)
    assert [(one["kind"], one.get("name")) for one in told] == [
        ("step-finished", "read"),
        ("step-started", "write"),
        ("step-finished", "write"),
        ("run-finished", None),
        ("result", None),
    ]
    assert {one["run_id"] for one in told} == {first["run_id"]}
    assert told[-1]["outputs"][0]["path"] == "x.txt"


def test_a_reader_that_goes_away_does_not_stop_the_run(
    gated: subprocess.Popen[str], tmp_path: Path
) -> None:
    _first_line(gated)
    assert gated.stdout is not None
    assert gated.stderr is not None
    gated.stdout.close()
    (tmp_path / "gate").write_text("go on")
    assert gated.wait(PATIENCE_S) == 0
    assert gated.stderr.read() == ""
    assert (tmp_path / "x.txt").read_text()
    assert [run["status"] for run in program("runs", "--json", cwd=tmp_path).json] == ["done"]


def test_the_last_line_is_what_json_gives_and_each_step_brings_its_receipt(cli: Cli) -> None:
    streamed = cli(*ASKED, "--events")
    assert (streamed.code, streamed.err) == (0, "")
    *events, last = _lines(streamed.out)
    plain = cli(*ASKED, "--json").json
    assert last.pop("kind") == "result"
    assert last.keys() == plain.keys()
    assert last["outputs"][0]["sha256"] == plain["outputs"][0]["sha256"]
    receipts = [one["step"] for one in events if one["kind"] == "step-finished"]
    assert receipts == last["receipt"]["steps"]
    finished = events[-1]
    assert (finished["kind"], finished["status"]) == ("run-finished", "done")
    assert finished["paid_usd"] == last["receipt"]["paid_usd"]
    seconds = [one["seconds"] for one in events]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(
    "arguments", [("run", ""), ("run", "a beach", "--nope"), ("run", "x", "--option", "fps")]
)
def test_what_is_refused_is_one_line(cli: Cli, arguments: tuple[str, ...]) -> None:
    refused = cli(*arguments, "--events")
    assert (refused.code, refused.err) == (2, "")
    (told,) = _lines(refused.out)
    assert told["kind"] == "error"
    assert told["error"] == cli(*arguments, "--json").json["error"]


def test_a_run_that_fails_ends_with_its_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    broken = GATED.replace('"gated"', '"broken"').replace(
        'Path("gate").read_text)', "int, 'no number')"
    )
    (tmp_path / "recipes" / "broken.py").write_text(broken)
    failed = cli("run", "a beach", "--recipe", "broken", "--events")
    assert failed.code == 1
    told = _lines(failed.out)
    assert [one["kind"] for one in told] == [
        "step-started",
        "step-finished",
        "run-finished",
        "error",
    ]
    assert told[-2]["status"] == "failed"
    assert "ValueError" in told[-1]["error"]["message"]
