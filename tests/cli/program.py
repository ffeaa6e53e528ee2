"""The command as its users run it: in this process where that is fair, else as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMALL = ("--size", "128x128", "--tier", "workhorse")
COMMAND = (sys.executable, "-m", "brandmodel")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Both streams, for a look at what must not be there."""
        return self.out + self.err

    def counts(self) -> tuple[int, int]:
        """Steps that ran and steps that were reused."""
        statuses = [step["status"] for step in self.json["receipt"]["steps"]]
        return statuses.count("ran"), statuses.count("reused")


Cli = Callable[..., Ran]


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """Ours, without what would lead a test to somebody's own journal."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BRANDMODEL_")}
    return {**kept, **({"BRANDMODEL_HOME": str(home)} if home else {}), **more}


def program(
    *arguments: str, cwd: Path, home: Path | None = None, limit: Callable[[], None] | None = None
) -> Ran:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        preexec_fn=limit,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait for something that another process does; its first true value."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return value


def workers_of(folder: Path) -> list[int]:
    """Worker processes of commands that run in a folder."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if b"brandmodel.local.worker" in words and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found
