"""What goes wrong while a film is made is said clearly, leaves nothing behind, and ends there."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brandmodel.local.frames import packed, read_frame
from brandmodel.local.motion.pipe import ffmpeg
from brandmodel.tasks import Assemble
from tests.local.cutting import HEIGHT, WIDTH, Studio, flat, shot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a script in place of ffmpeg")

REAL = """#!/bin/sh
mode=$(cat "$MODE_FILE" 2>/dev/null)
case "$mode $*" in
  *no-av1*-encoders*) "$REAL_FFMPEG" "$@" | grep -v av1; exit 0 ;;
  dies*rawvideo*pipe:0*)
    head -c 1000000 >/dev/null
    echo "[libx264 @ 0x5581] malloc of size 77 failed in $TMPDIR/film/out.mp4" >&2
    exit 187 ;;
  full*rawvideo*pipe:0*)
    head -c 1000000 >/dev/null
    echo "[out#0/mp4 @ 0x5581] Error writing trailer: No space left on device" >&2
    exit 228 ;;
  killed*rawvideo*pipe:0*) head -c 1000000 >/dev/null; kill -9 $$ ;;
esac
exec "$REAL_FFMPEG" "$@"
"""
OLD = """#!/bin/sh
echo asked >> "$MODE_FILE"
echo "ffmpeg version 3.4.8-0ubuntu0.2 Copyright (c) 2000-2020 the FFmpeg developers"
echo "configuration: --enable-libx264"
"""


class Worker:
    """A worker process with an ffmpeg of its own and an empty folder for temporary files."""

    def __init__(self, folder: Path, script: str, *, limit: int | None = None) -> None:
        for name in ("bin", "tmp", "store"):
            (folder / name).mkdir()
        program = folder / "bin" / "ffmpeg"
        program.write_text(script)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.temporary, self._store, self._mode = folder / "tmp", folder / "store", folder / "mode"
        environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "IMAGEIO_FFMPEG_EXE": str(program),
            "REAL_FFMPEG": ffmpeg(),
            "MODE_FILE": str(self._mode),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        }

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        self.process = subprocess.Popen(
            [sys.executable, "-m", "brandmodel.local.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            preexec_fn=limited,
        )

    def mode(self, name: str) -> None:
        """What its ffmpeg does from now on."""
        self._mode.write_text(name)

    @property
    def asked(self) -> int:
        """How often an old ffmpeg was asked for its version."""
        return len(self._mode.read_text().splitlines())

    def film(self, studio: Studio, request: Assemble) -> dict[str, Any]:
        """The answer to a request: its result or its error."""
        for digest, data in studio.files.items():
            place = self._store / digest[:2] / digest[2:]
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(data)
        question = {
            "task": "Assemble",
            "request": request.model_dump_json(),
            "take": 0,
            "store": str(self._store),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for piece in packed(json.dumps(question).encode()):
            self.process.stdin.write(piece)
        self.process.stdin.flush()
        answer = read_frame(self.process.stdout)  # pyright: ignore[reportArgumentType]
        assert answer is not None, "the worker ended"
        assert not list(self.temporary.iterdir()), "something was left behind"
        return json.loads(answer[0])

    def error(self, studio: Studio, request: Assemble) -> dict[str, str]:
        """What it says when it fails; no place of a file is told."""
        said = self.film(studio, request)["error"]
        assert "/" not in said["message"]
        return said


Start = Callable[..., Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    workers: list[Worker] = []

    def started(script: str, **more: Any) -> Worker:
        workers.append(Worker(tmp_path, script, **more))
        return workers[-1]

    yield started
    for worker in workers:
        worker.process.kill()
        worker.process.communicate()


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


def request(studio: Studio, *, frames: int = 12, **fields: Any) -> Assemble:
    clip = studio.clip(flat((90, 140, 60)), frames)
    return Assemble(
        shots=(shot("a", clip, 0, frames / 24),),
        duration_s=frames / 24,
        width=WIDTH,
        height=HEIGHT,
        **fields,
    )


def test_an_old_ffmpeg_is_named_once_with_what_to_do(studio: Studio, start: Start):
    worker = start(OLD)
    said = worker.error(studio, request(studio))
    assert said["class"] == "MissingExtraError"
    assert "ffmpeg 5 or newer" in said["message"]
    assert "3.4.8" in said["message"]
    assert "pip install 'brandmodel[local]'" in said["hint"]
    asked = worker.asked
    assert worker.error(studio, request(studio)) == said
    assert worker.asked == asked


def test_an_encoder_that_ends_is_told_and_the_worker_goes_on(studio: Studio, start: Start):
    worker = start(REAL)
    one = request(studio)
    worker.mode("dies")
    said = worker.error(studio, one)
    assert said["class"] == "BadResponseError"
    assert said["message"].endswith("malloc of size 77 failed in the file")
    worker.mode("killed")
    said = worker.error(studio, one)
    assert said["class"] == "UnavailableError"
    assert "SIGKILL" in said["message"]
    worker.mode("full")
    assert worker.error(studio, one)["class"] == "StorageError"
    worker.mode("works")
    assert "result" in worker.film(studio, one)


def test_a_codec_that_ffmpeg_cannot_write_is_named(studio: Studio, start: Start):
    worker = start(REAL)
    worker.mode("no-av1")
    said = worker.error(studio, request(studio, codec="av1"))
    assert said["class"] == "MissingExtraError"
    assert "AV1" in said["message"]
    assert "result" in worker.film(studio, request(studio, codec="vp9"))


def test_a_full_disk_is_told_and_the_worker_goes_on(studio: Studio, start: Start):
    """A limit on the size of files stands for the disk: the film passes it, then its sound does."""
    worker = start(REAL, limit=40_000)
    large = request(studio, frames=120)
    for full in (large, request(studio, sound=studio.tone(1))):
        said = worker.error(studio, full)
        assert said["class"] == "StorageError"
        assert "TMPDIR" in said["hint"]
    assert "result" in worker.film(studio, request(studio, frames=4))
