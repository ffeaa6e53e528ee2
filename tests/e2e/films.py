"""What tests of films share: a small brief, one journal for all, and looks into what was made."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from brandmodel import AsyncBrandModel, Result
from brandmodel.tasks import TASKS
from brandmodel.tasks import Result as TaskResult

FILM = "A 6-second launch film for Aurelia, a cold brew tonic"
DRAFT: Any = {"tier": "workhorse", "size": (320, 180)}
LENGTH_S = 6

Frames = NDArray[np.uint8]


def shared_home(folders: pytest.TempPathFactory) -> Path:
    """One journal for every film of a test run, over modules and processes: equal steps run once."""
    base = folders.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "films"


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """No other process of this test run is in such a block: what one makes, the next one finds."""
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def output(result: Result, name: str) -> bytes:
    return result.output(name).path.read_bytes()


def statuses(result: Result) -> dict[str, str]:
    return {step.name: step.status for step in result.receipt.steps}


def ran(result: Result) -> set[str]:
    return {name for name, status in statuses(result).items() if status == "ran"}


def tasks(result: Result) -> set[str]:
    return {step.task for step in result.receipt.steps}


def named(result: Result, task: str) -> list[str]:
    return [step.name for step in result.receipt.steps if step.task == task]


async def step(
    studio: AsyncBrandModel, result: Result, name: str
) -> tuple[dict[str, Any], TaskResult]:
    """Request and result of a step, as the journal has them."""
    rows = await studio.engine.journal.run_steps(result.run_id)
    row = next(row for row in rows if row.name == name)
    record = await studio.engine.journal.step(row.key)
    assert record is not None
    made = TASKS[row.task].result_type().model_validate_json(record.result)
    return json.loads(record.request), made


def copy_of(home: Path, to: Path) -> Path:
    """A home with the same steps, for tests whose own steps must not meet those of others."""
    to.mkdir()
    if (home / "journal.sqlite").exists():
        with (
            contextlib.closing(sqlite3.connect(home / "journal.sqlite")) as source,
            contextlib.closing(sqlite3.connect(to / "journal.sqlite")) as target,
        ):
            source.backup(target)
        for folder in ("identity", "assets"):
            shutil.copytree(home / folder, to / folder, copy_function=os.link)
    return to


def frames(film: bytes, form: str = "gray") -> Frames:
    """Every frame, (N, H, W) or (N, H, W, 3)."""
    with av.open(io.BytesIO(film)) as file:
        return np.stack([f.to_ndarray(format=form) for f in file.decode(video=0)])


def sound(film: bytes) -> NDArray[np.float32]:
    """What a player plays, (N, 2) at 48 kHz."""
    with av.open(io.BytesIO(film)) as file:
        pieces = [f.to_ndarray() for f in file.decode(audio=0)]
    return np.concatenate(pieces, axis=1).T.astype(np.float32)


def word_times(captions: str) -> Iterator[tuple[str, float]]:
    """Every word of a WebVTT file and the second from which it is heard; the first comes with its cue."""
    for block in captions.split("\n\n")[1:]:
        _, times, *lines = block.splitlines()
        at = _seconds(times.split(" --> ")[0])
        for stamp, word in re.findall(r"(?:<([\d:.]+)>)?(\S+)", " ".join(lines).replace("> ", ">")):
            yield word, _seconds(stamp) if stamp else at


def cue_times(captions: str) -> list[tuple[float, float]]:
    """Beginning and end of every cue of a WebVTT or SubRip file."""
    found = re.findall(r"([\d:.,]+) --> ([\d:.,]+)", captions)
    return [(_seconds(start), _seconds(end)) for start, end in found]


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
