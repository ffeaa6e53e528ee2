"""On a terminal: steps that run are shown live, and the terminal is left as it was."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from pathlib import Path

from tests.cli.program import COMMAND, environment, until, workers_of

SHOW_CURSOR, HIDE_CURSOR = b"\x1b[?25h", b"\x1b[?25l"


def _on_terminal(folder: Path, *arguments: str, stop: bool = False) -> tuple[int, bytes]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(TERM="xterm-256color"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    if stop:
        until(lambda: workers_of(folder), "a worker")
        os.killpg(process.pid, signal.SIGINT)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:
        pass  # This is how a terminal says that its other side has gone.
    os.close(ours)
    return process.wait(60), said


def test_steps_are_shown_live_and_the_cursor_comes_back(tmp_path: Path) -> None:
    code, said = _on_terminal(tmp_path, "run", "What makes a good poster?", "-o", "x.md")
    assert code == 0
    assert "✓".encode() in said
    assert HIDE_CURSOR in said
    assert said.rfind(SHOW_CURSOR) > said.rfind(HIDE_CURSOR)
    written = (tmp_path / "x.md").read_text(encoding="utf-8").splitlines()[0]
    assert written in said.decode().replace("\r\n", " ")


def test_after_ctrl_c_the_cursor_is_there_and_one_message(tmp_path: Path) -> None:
    code, said = _on_terminal(tmp_path, "run", "A mountain lake", "--size", "1024x1024", stop=True)
    assert code == 3
    assert b"finished steps are kept" in said
    assert b"Traceback" not in said
    assert said.rfind(SHOW_CURSOR) > said.rfind(HIDE_CURSOR)
