"""The pages of README and docs as programs: their code blocks, in order, and how each is run.

A block is run by its language. A comment on the lines right above it may say more:

    <!-- not run: WHY -->     it cannot be run here, and why
    <!-- exit: 2 -->          the shell block ends with this code (0 when nothing is said)
    <!-- raises: NAME -->     the Python block ends with this error
    <!-- file: PATH -->       the block is the content of this file; a table or a brand is loaded
    <!-- output -->           every line of it was printed by the block before; numbers may differ
    <!-- shape: PATH -->      a JSON block with the same keys as this file
    <!-- at home: PATH -->    the shell and files are in this folder from here on

    python -m tests.docs.pages PAGE FOLDER      runs a page in a folder
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\s*$")
_MARK = re.compile(r"^<!-- ([a-z ]+?)(?:: (.*?))? -->$")
_MARKS = {"not run", "exit", "raises", "file", "output", "shape", "at home"}
_NUMBERS = re.compile(r"\b[0-9a-f]{10}\b|[0-9][0-9.,]*")


class Broken(Exception):
    """A block does not do what its page says; the message begins with page and line."""


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    place: str
    line: int
    marks: dict[str, str]


@dataclass
class Bench:
    """Where a page's blocks run: folders, one Python namespace, and what was printed last."""

    page: Path
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    printed: str = ""


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str, page: str) -> Iterator[Block]:
    marks: dict[str, str] = {}
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        if mark := _MARK.match(line):
            marks[mark[1]] = mark[2] or ""
            if mark[1] not in _MARKS:
                raise Broken(f"{page}:{number}: no mark is called {mark[1]!r}")
        elif fence := _FENCE.match(line):
            inside: list[str] = []
            for _, each in lines:
                if each.rstrip() == "```":
                    break
                inside.append(each)
            else:
                raise Broken(f"{page}:{number}: the block has no end")
            yield Block(fence[1], "\n".join(inside) + "\n", f"{page}:{number}", number, marks)
            marks = {}
        else:
            marks = {}


def run_page(text: str, page: str, folder: Path) -> None:
    bench = Bench(folder, folder)
    for block in blocks(text, page):
        if home := block.marks.get("at home"):
            bench.folder = folder / home
        run_block(block, bench)


def run_block(block: Block, bench: Bench) -> None:
    if block.marks.get("not run"):
        return
    if "output" in block.marks:
        _compare(block, bench.printed)
    elif "file" in block.marks:
        _write(block, bench.page)
    elif block.language == "python":
        _python(block, bench)
    elif block.language == "sh":
        _shell(block, bench)
    elif block.language == "json" and "shape" in block.marks:
        real = json.loads((bench.folder / block.marks["shape"]).read_text())
        if _shape(json.loads(block.text)) != _shape(real):
            raise Broken(f"{block.place}: {block.marks['shape']} has other keys: {_shape(real)}")
    else:
        raise Broken(f"{block.place}: nothing runs a {block.language or 'nameless'} block; mark it")


def _python(block: Block, bench: Bench) -> None:
    out = io.StringIO()
    padded = "\n" * block.line + block.text
    expected = block.marks.get("raises")
    with contextlib.redirect_stdout(out), contextlib.chdir(bench.folder):
        try:
            exec(compile(padded, block.place.rpartition(":")[0], "exec"), bench.names)
        except Exception as error:
            if type(error).__name__ != expected:
                raise
            print(error)
        else:
            if expected:
                raise Broken(f"{block.place}: expected {expected}, nothing was raised")
    bench.printed = out.getvalue()


def _shell(block: Block, bench: Bench) -> None:
    (bench.folder / ".bin").mkdir(exist_ok=True)
    command = bench.folder / ".bin" / "brandmodel"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m brandmodel "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", block.text],
        cwd=bench.folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    bench.printed = done.stdout + done.stderr
    expected = int(block.marks.get("exit", "0"))
    if done.returncode != expected:
        said = f"exit {done.returncode}, the page says {expected}\n{bench.printed}"
        raise Broken(f"{block.place}: {said}")


def _write(block: Block, folder: Path) -> None:
    from brandmodel import Brand
    from brandmodel.routing import load_tables

    path = folder / block.marks["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)
    if path.name == "brand.toml":
        Brand.load(path)
    elif path.suffix == ".toml":
        routers = path.parent.parent if path.parent.name == "targets" else path.parent
        tables = load_tables([("docs", routers)])
        assert tables.vendors
        if path.parent.name != "targets" and path.name != "vendors.toml":
            tables.model(path.stem)
        elif path.name != "vendors.toml":
            assert tables.targets
    elif path.suffix == ".py":
        compile(block.text, str(path), "exec")


def _compare(block: Block, printed: str) -> None:
    known = {_bare(line) for line in printed.splitlines()}
    for line in block.text.splitlines():
        if line.strip() not in ("", "...") and _bare(line) not in known:
            raise Broken(f"{block.place}: was not printed: {line}\nbut this was:\n{printed}")


def _bare(line: str) -> str:
    return " ".join(_NUMBERS.sub("0", line).split())


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_shape(each) for each in cast("list[Any]", value)[:1]]
    return ""


if __name__ == "__main__":
    page = Path(sys.argv[1])
    run_page(page.read_text(encoding="utf-8"), str(page), Path(sys.argv[2]))
