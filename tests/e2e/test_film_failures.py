"""Films that fail late: killed, out of room, without a program. What is finished is kept and used."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel, BrandModel
from brandmodel.errors import MissingExtraError
from tests.cli.program import COMMAND, PATIENCE_S, Ran, environment, until
from tests.e2e.films import DRAFT, FILM, alone, copy_of, ran, shared_home, tasks

BURNT: Any = {**DRAFT, "options": {"burn": True, "fps": 24, "codec": "vp9"}}
"""Of a film that was made before, all that is left to do is the cut."""
COMMAND_LINE = [*COMMAND, "run", FILM, "--tier", "workhorse", "--size", "320x180", "-o", "film.mp4"]
LEFT = {"assemble", "sign", "sign-poster"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A journal with the film in it, but not as it is wished here; and the run that made it."""
    home = shared_home(tmp_path_factory)
    with alone(home), BrandModel(home=home) as model:
        run = model.run(FILM, **DRAFT).run_id
    return copy_of(home, tmp_path_factory.mktemp("made") / "home"), run


@pytest.fixture
def folder(made: tuple[Path, str], tmp_path: Path) -> Path:
    """A folder of one's own to run the command in, with that journal and room for what is passing."""
    own = tmp_path / "own"
    own.mkdir()
    copy_of(made[0], own / "home")
    (own / "passing").mkdir()
    return own


def test_a_film_that_is_killed_while_it_is_encoded_goes_on_from_there(folder: Path) -> None:
    command = [*COMMAND_LINE, "--option", "burn=true", "--option", "codec=vp9"]
    process = subprocess.Popen(
        [*command, "--events"],
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if (event.get("kind"), event.get("name")) == ("step-started", "assemble"):
            break
    until(lambda: [p for p, line in _processes(folder).items() if "libvpx" in line], "the encoder")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL
    until(lambda: not _processes(folder), "every process to end")
    assert _left_behind(folder) == []
    assert not (folder / "film.mp4").exists()

    again = _ended(command, folder)
    assert again.code == 0
    statuses = {s["name"]: s["status"] for s in again.json["receipt"]["steps"]}
    assert {name for name, status in statuses.items() if status == "ran"} <= LEFT
    assert statuses["assemble"] == "ran"
    assert list(statuses.values()).count("reused") >= 25
    assert (folder / "film.mp4").read_bytes()[4:8] == b"ftyp"
    assert _processes(folder) == {}
    assert _left_behind(folder) == []


def test_a_disk_that_is_full_while_the_film_is_encoded_is_told_and_loses_nothing(
    made: tuple[Path, str], folder: Path
) -> None:
    """A small disk of its own for what is passing.

    It holds the sound that the encoder has begun to read, but not the largest clip beside it.
    """
    sound, clip = (
        _largest(*made, "MixSound", "audio"),
        _largest(*made, "AnimateImage", "video"),
    )
    room = sound + clip - 20_000
    small = ["unshare", "-rm", "sh", "-c"]
    small += [f'mount -t tmpfs -o size={room} none passing && exec "$@"', "sh"]
    if subprocess.run([*small, "true"], cwd=folder, capture_output=True, check=False).returncode:
        assert not os.environ.get("CI"), "this machine lets nobody mount a small disk"
        pytest.skip("this machine lets nobody mount a small disk")
    command = [*COMMAND_LINE, "--set", "assemble.name=Room"]
    full = _ended([*small, *command], folder)
    assert full.code == 1, full.said
    assert full.json["error"]["type"] == "StorageError"
    assert "no room is left for the film" in full.json["error"]["message"]
    assert "TMPDIR" in full.json["error"]["hint"]
    assert not (folder / "film.mp4").exists()
    assert _left_behind(folder) == []

    again = _ended(command, folder)
    assert again.code == 0
    steps = again.json["receipt"]["steps"]
    assert {step["name"] for step in steps if step["status"] == "ran"} <= LEFT


@pytest.mark.anyio
@pytest.mark.parametrize("old", [None, "4.2.7"], ids=["missing", "too old"])
async def test_without_an_ffmpeg_that_can_be_used_no_frame_is_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, old: str | None
) -> None:
    programs = folder / "programs"
    programs.mkdir()
    if old:
        said = f"ffmpeg version {old} Copyright\nconfiguration: --enable-libx264"
        (programs / "ffmpeg").write_text(f"#!/bin/sh\necho '{said}'\n")
        (programs / "ffmpeg").chmod(0o755)
    with monkeypatch.context() as without:
        without.setenv("PATH", f"{programs}:{_without_ffmpeg(folder)}")
        without.setenv("IMAGEIO_FFMPEG_EXE", str(folder / "nowhere"))
        async with AsyncBrandModel(home=folder / "home") as model:
            with pytest.raises(MissingExtraError, match="ffmpeg 5 or newer") as refused:
                await model.run(FILM, **BURNT)
            assert "brandmodel[local]" in refused.value.hint
            assert (f"found: version {old}" if old else "one that does not run") in str(
                refused.value
            )
            stopped = (await model.engine.runs())[0]
            assert stopped.status == "failed"
    async with AsyncBrandModel(home=folder / "home") as model:
        result = await model.run(FILM, **BURNT)
    assert "Assemble" in tasks(result)
    assert ran(result) <= LEFT


def _environment(folder: Path) -> dict[str, str]:
    return environment(folder / "home", TMPDIR=str(folder / "passing"))


def _ended(command: list[str], folder: Path) -> Ran:
    done = subprocess.run(
        [*command, "--json"],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _processes(folder: Path) -> dict[int, str]:
    """Command lines of what runs in a folder, by process."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if line:  # A process that has ended, and is not yet reaped, has none.
                    found[int(entry.name)] = line
    return found


def _left_behind(folder: Path) -> list[str]:
    """Files that only passing work needs."""
    passing = [p for p in (folder / "passing").iterdir()]
    halves = [p for p in folder.rglob("*") if p.name.startswith((".new-", ".")) and p.is_file()]
    return [p.name for p in (*passing, *halves)]


def _largest(home: Path, run: str, task: str, asset: str) -> int:
    """Bytes of the largest asset that any step of a task made for a run."""
    asked = "SELECT s.result FROM run_steps r JOIN steps s USING (key) WHERE run_id=? AND s.task=?"
    with contextlib.closing(sqlite3.connect(home / "journal.sqlite")) as journal:
        rows = journal.execute(asked, (run, task)).fetchall()
    return max(json.loads(result)[asset]["size"] for (result,) in rows)


def _without_ffmpeg(folder: Path) -> Path:
    """A folder with the programs that a film needs, but ffmpeg."""
    kept = folder / "kept"
    kept.mkdir()
    for name in ("sh", "flite"):
        found = shutil.which(name)
        if found:
            (kept / name).symlink_to(found)
    return kept
