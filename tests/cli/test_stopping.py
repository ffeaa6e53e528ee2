"""Ctrl-C, SIGTERM, kill -9 and workers that die: what is finished is kept, nothing is left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import COMMAND, PATIENCE_S, environment, program, until, workers_of

LAKE = ("run", "A mountain lake at dawn", "--size", "1024x1024")
SMALL_LAKE = ("run", "A mountain lake at dawn", "--size", "256x256")


class _Going:
    """A run in a process group of its own, read up to the moment in which its workers draw."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.split()[1] == "prompt":
                break
        self.workers = until(lambda: workers_of(folder), "a worker")

    def end(self) -> tuple[int, str]:
        """Exit code and what was said after the point that we had read to."""
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


def _alone(folder: Path) -> None:
    until(lambda: not workers_of(folder), "the workers to end")


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (signal.SIGINT, False),
        (signal.SIGINT, True),
        (signal.SIGTERM, False),
        (signal.SIGTERM, True),
    ],
)
def test_a_stopped_run_says_so_and_goes_on_where_it_was(
    tmp_path: Path, number: signal.Signals, group: bool
) -> None:
    going = _Going(tmp_path, *LAKE, "-o", "x.png")
    if group:
        os.killpg(going.process.pid, number)
    else:
        going.process.send_signal(number)
    code, said = going.end()
    assert code == 3
    assert "was stopped;" in said
    assert "finished steps are kept" in said
    assert "run the same again to go on" in said
    assert "Traceback" not in said
    _alone(tmp_path)
    assert not (tmp_path / "x.png").exists()
    listed = program("runs", "--json", cwd=tmp_path).json
    assert [run["status"] for run in listed] == ["stopped"]
    reused = program("quote", *LAKE[1:], "--json", cwd=tmp_path).json["steps"]
    known = {step["name"] for step in reused if step["known"]}
    assert {"read", "search", "outline", "prompt"} <= known


def test_with_json_a_stop_is_json_too(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, *LAKE, "--json"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: workers_of(tmp_path), "a worker")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert '"type": "RunCancelled"' in out
    assert not err


def test_kill_9_loses_no_finished_step_and_leaves_no_worker(tmp_path: Path) -> None:
    going = _Going(tmp_path, *SMALL_LAKE, "-o", "x.png")
    going.process.kill()
    code, _ = going.end()
    assert code == -signal.SIGKILL
    _alone(tmp_path)
    again = program(*SMALL_LAKE, "-o", "x.png", "--json", cwd=tmp_path)
    assert again.code == 0
    statuses = {s["name"]: s["status"] for s in again.json["receipt"]["steps"]}
    assert {statuses[name] for name in ("read", "search", "outline", "prompt")} == {"reused"}
    assert (tmp_path / "x.png").exists()


def test_a_worker_that_dies_is_replaced_and_the_run_goes_on(tmp_path: Path) -> None:
    going = _Going(tmp_path, *SMALL_LAKE, "-o", "x.png")
    os.kill(going.workers[0], signal.SIGKILL)
    code, said = going.end()
    assert code == 0
    assert "Traceback" not in said
    assert (tmp_path / "x.png").exists()
    _alone(tmp_path)


def test_workers_that_always_die_are_one_clear_error(tmp_path: Path) -> None:
    going = _Going(tmp_path, *LAKE)

    def killed_all() -> bool:
        for worker in workers_of(tmp_path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        return going.process.poll() is not None

    until(killed_all, "the run to give up")
    code, said = going.end()
    assert code == 1
    assert "GenerateImage could not be served: a worker of the local studio ended" in said
    assert "run again; what is finished is kept" in said
    assert "Traceback" not in said
    listed = program("runs", "--json", cwd=tmp_path).json
    assert [run["status"] for run in listed] == ["failed"]
