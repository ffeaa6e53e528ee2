"""On a terminal: steps that run are shown live, and the terminal is left as it was."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

from tests.cli.program import COMMAND, environment, until, workers_of

SHOW_CURSOR, HIDE_CURSOR = b"\x1b[?25h", b"\x1b[?25l"
SHOTS = """
from brandmodel.recipes import recipe
from brandmodel.tasks import GenerateImage, ReadBrief


@recipe("shots", makes="text/plain")
async def shots(ctx, brief):
    await ctx.call(ReadBrief(prompt=brief.prompt), name="read")

    async def shot(unit, seed):
        drawing = GenerateImage(prompt=brief.prompt, width=400, height=400, seed=seed)
        await unit.takes(drawing, name="picture", count=2)

    await ctx.gather(*(shot(ctx.scope(f"shot-{letter}"), ord(letter)) for letter in "abc"))
    return {"words": "done"}
"""


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


def test_a_shot_is_one_line_and_the_time_left_is_told(tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "shots.py").write_text(SHOTS)
    code, said = _on_terminal(tmp_path, "run", "A bottle", "--recipe", "shots", "-o", "x.txt")
    assert code == 0
    assert re.search(r"about \d+ s left|almost done", said.decode())
    stays = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", said[said.rfind(SHOW_CURSOR) :].decode())
    rows = [line.split() for line in stays.splitlines() if line.startswith("✓")]
    assert [row[1:3] for row in rows] == [
        ["read", "ReadBrief"],
        *(["shot-" + letter, "picture"] for letter in "abc"),
    ]
    assert all(row[3] == "×2" for row in rows[1:])
