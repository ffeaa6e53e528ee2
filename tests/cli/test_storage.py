"""Damaged journals, full disks, closed pipes: one message, and nothing finished is lost."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.program import COMMAND, SMALL, Cli, environment, program

BOTTLE = ("run", "A bottle", *SMALL)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a bottle was made."""
    folder = tmp_path_factory.mktemp("finished")
    assert program(*BOTTLE, cwd=folder).code == 0
    with sqlite3.connect(folder / ".brandmodel" / "journal.sqlite") as journal:
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of its journal and assets, to be damaged."""
    shutil.copytree(finished / ".brandmodel", tmp_path / ".brandmodel")
    return tmp_path / ".brandmodel"


@pytest.mark.parametrize("home", ["file", "file/below", "/dev/null/below"])
def test_a_home_that_cannot_be_a_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("BRANDMODEL_HOME", home)
    for command in (BOTTLE, ("quote", "A bottle"), ("runs",)):
        ran = cli(*command, "--json")
        assert ran.code == 1
        assert home in ran.json["error"]["message"]
        assert ran.json["error"]["hint"]
    checked = cli("doctor", "--json")
    assert checked.code == 1
    bad = [check for check in checked.json["checks"] if check["state"] == "bad"]
    assert [check["subject"] for check in bad] == ["journal"]
    assert (tmp_path / "file").read_text() == "mine"


def _not_a_database(file: Path) -> None:
    file.write_text("hello, I am a journal " * 200)


def _half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _first_bytes(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def _newer(file: Path) -> None:
    with sqlite3.connect(file) as journal:
        journal.execute("PRAGMA user_version=999")
    journal.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_not_a_database, "is not a journal, or is damaged"),
        (_half, "is not a journal, or is damaged"),
        (_first_bytes, "is not a journal, or is damaged"),
        (_newer, "was written by a newer version of brandmodel"),
    ],
)
def test_a_journal_that_cannot_be_used_is_told_and_left_alone(
    cli: Cli, copied: Path, damage: Callable[[Path], None], message: str
) -> None:
    file = copied / "journal.sqlite"
    damage(file)
    before = file.read_bytes()
    for command in (BOTTLE, ("runs",), ("show", "a")):
        ran = cli(*command, "--json")
        assert ran.code == 1
        assert ran.json["error"]["type"] == "StorageError"
        assert f"{file} {message}" in ran.json["error"]["message"]
        assert ran.json["error"]["hint"]
    checked = cli("doctor")
    assert checked.code == 1
    assert message in checked.out
    assert file.read_bytes() == before


def test_pictures_that_are_gone_are_made_again(cli: Cli, copied: Path) -> None:
    shutil.rmtree(copied / "assets")
    assert cli(*BOTTLE, "-o", "x.png").code == 0
    assert cli(*BOTTLE, "--json").counts()[0] == 0


def test_an_outputs_folder_that_cannot_be_made_loses_nothing(cli: Cli, copied: Path) -> None:
    shutil.rmtree(copied / "outputs")
    (copied / "outputs").write_text("in the way")
    ran = cli(*BOTTLE, "--json")
    assert ran.code == 1
    assert "is done, but" in ran.json["error"]["message"]
    assert "another -o" in ran.json["error"]["hint"]
    assert cli(*BOTTLE, "-o", "x.png", "--json").counts()[0] == 0


@pytest.mark.parametrize("size", [0, 1_000, 20_000, 150_000])
def test_a_full_disk_is_told_and_room_is_all_that_is_missing(tmp_path: Path, size: int) -> None:
    """Files that may not grow stand for a full disk: every write beyond the limit fails."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    full = program(*BOTTLE, "-o", "x.png", "--json", cwd=tmp_path, limit=limit)
    assert full.code == 1
    assert full.json["error"]["type"] == "StorageError"
    assert "free space" in full.json["error"]["hint"]
    assert not full.err
    left = [p for p in tmp_path.rglob("*") if p.name.startswith((".new-", ".part"))]
    assert not left
    assert not (tmp_path / "x.png").exists()
    assert program(*BOTTLE, "-o", "x.png", cwd=tmp_path).code == 0


def test_a_full_disk_where_the_output_goes_leaves_no_half_file(
    finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished / ".brandmodel", tmp_path / "home")
    assert program(*BOTTLE, "-o", "x.png", cwd=tmp_path, home=tmp_path / "home").code == 0
    whole = (tmp_path / "x.png").read_bytes()
    full = program(
        *BOTTLE,
        "-o",
        "x.png",
        cwd=tmp_path,
        home=tmp_path / "home",
        limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
    )
    assert full.code == 1
    assert "Traceback" not in full.said
    assert (tmp_path / "x.png").read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "x.png"]


def test_four_programs_on_one_journal_at_once_all_succeed(tmp_path: Path) -> None:
    prompts = ["A bottle", "A bottle", "A mug", "A mug"]
    with ThreadPoolExecutor(4) as threads:
        done = list(
            threads.map(lambda p: program("run", p, *SMALL, "--json", cwd=tmp_path), prompts)
        )
    assert [ran.code for ran in done] == [0, 0, 0, 0]
    digests = [ran.json["outputs"][0]["sha256"] for ran in done]
    assert digests[0] == digests[1] != digests[2] == digests[3]
    listed = program("runs", "--json", cwd=tmp_path).json
    assert [run["status"] for run in listed] == ["done"] * 4
    with sqlite3.connect(tmp_path / ".brandmodel" / "journal.sqlite") as journal:
        (steps,) = journal.execute("SELECT count(*) FROM run_steps").fetchone()
        (dangling,) = journal.execute(
            "SELECT count(*) FROM run_steps r LEFT JOIN steps s ON s.key = r.key WHERE s.key IS NULL"
        ).fetchone()
    journal.close()
    assert steps == sum(len(ran.json["receipt"]["steps"]) for ran in done)
    assert dangling == 0
    assert program("run", "A mug", *SMALL, "--json", cwd=tmp_path).counts()[0] == 0


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("brandmodel", command, 1)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_reader_that_goes_early_is_no_failure(finished: Path) -> None:
    """The reader ends before anything is written, so that the pipe surely is broken."""
    for line in ("brandmodel runs | true", "brandmodel doctor --json | true"):
        done = _shell(line, finished)
        assert (done.returncode, done.stderr) == (0, "")
    watched = _shell(
        f"brandmodel run 'A bottle' {' '.join(SMALL)} -o piped.png 2>&1 | true", finished
    )
    assert watched.returncode == 0
    assert (finished / "piped.png").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_harm_nobody(finished: Path, closed: str) -> None:
    done = _shell(f"brandmodel run 'A bottle' {' '.join(SMALL)} -o closed.png {closed}", finished)
    assert done.returncode == 0
    assert (finished / "closed.png").read_bytes().startswith(b"\x89PNG")
    (finished / "closed.png").unlink()


def test_a_full_disk_behind_standard_output_is_told(finished: Path) -> None:
    done = _shell("brandmodel runs > /dev/full", finished)
    assert done.returncode == 1
    assert "StorageError  standard output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_without_our_signs_still_gets_its_lines(finished: Path) -> None:
    said = subprocess.run(
        [*COMMAND, "doctor"],
        cwd=finished,
        env=environment(PYTHONIOENCODING="ascii"),
        capture_output=True,
        timeout=60,
    )
    assert said.returncode == 0
    assert b"local studio" in said.stdout


def test_a_file_name_that_is_not_utf8_is_written_and_told(finished: Path) -> None:
    name = b"caf\xe9.png"
    done = subprocess.run(
        [*COMMAND, *BOTTLE, "--json", "-o", name],
        cwd=finished,
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stdout.decode().startswith("{")
    path = finished / name.decode(errors="surrogateescape")
    assert path.read_bytes().startswith(b"\x89PNG")
    path.unlink()
