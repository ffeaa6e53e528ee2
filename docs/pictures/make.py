"""Makes the pictures of README and docs anew, all of them by real runs.

    python docs/pictures/make.py

`aurelia.jpg` and `sheet.jpg` are what the local studio made; `run.svg` and `explain.svg` are what the
command line wrote on a terminal.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from PIL import Image
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from brandmodel import BrandModel

HERE = Path(__file__).parent
COLUMNS = 106
BRIEF = "A poster for Aurelia, a cold brew tonic: autumn launch, {day} 7 pm"
PROMPTS = (
    "An island in a calm sea at dawn",
    "A poster for Jazz Night, live music at the harbour: Friday 9 pm",
    "Dunes at sunset",
    "A jar of honey with citrus and leaves, warm light",
    "Bauhaus geometry, red, navy and cream",
    "Mountains at night under northern lights",
    "A poster for Yuzu, a can of lemon soda: summer launch, 12 June",
    "A city skyline at dusk",
)
_ESCAPE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


def main() -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        thursday, friday = BRIEF.format(day="Thursday"), BRIEF.format(day="Friday")
        seen = on_terminal(["run", thursday, "-o", "aurelia.png"], folder)
        save_terminal(seen, "run.svg")
        on_terminal(["run", friday, "-o", "friday.png"], folder)
        newest = json.loads(_output(["runs", "--limit", "1", "--json"], folder))[0]["run_id"]
        save_terminal(on_terminal(["explain", newest], folder), "explain.svg")
        poster = Image.open(folder / "aurelia.png").convert("RGB")
        poster.save(HERE / "aurelia.jpg", quality=90, optimize=True)
        sheet(folder).save(HERE / "sheet.jpg", quality=86, optimize=True)


def sheet(folder: Path, *, side: int = 480, gap: int = 12, columns: int = 4) -> Image.Image:
    """Every prompt's picture, in rows."""
    rows = -(-len(PROMPTS) // columns)
    step = side + gap
    page = Image.new("RGB", (columns * step - gap, rows * step - gap), "white")
    with BrandModel(home=folder / "sheet") as studio:
        for number, prompt in enumerate(PROMPTS):
            made = studio.run(prompt, size=(side, side))
            with Image.open(made.save(folder / f"{number}.png")) as picture:
                page.paste(picture, (number % columns * step, number // columns * step))
    return page


def on_terminal(arguments: list[str], folder: Path) -> list[str]:
    """The lines that a command leaves on a terminal, with their colours; the command stands first."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "brandmodel", *arguments],
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    written = b""
    try:
        while piece := os.read(master, 65536):
            written += piece
    except OSError:  # Linux says EIO when the other side is closed
        pass
    os.close(master)
    if process.wait():
        raise SystemExit(written.decode(errors="replace"))
    typed = " ".join(f'"{each}"' if " " in each else each for each in arguments)
    return [f"\x1b[2m$\x1b[0m brandmodel {typed}", *left_over(written.decode())]


def left_over(written: str) -> list[str]:
    """What is left on the screen: lines that were drawn over or wiped are gone."""
    rows, row, at = [""], 0, 0
    while at < len(written):
        escape = _ESCAPE.match(written, at)
        if escape is not None:
            number, what = escape.groups()
            if what == "A":
                row -= int(number or 1)
            elif what == "K":
                rows[row] = ""
            elif what == "m":
                rows[row] += escape[0]
            at = escape.end()
            continue
        if written[at] == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif written[at] != "\r":
            rows[row] += written[at]
        at += 1
    while rows and not _ESCAPE.sub("", rows[-1]).strip():
        rows.pop()
    return rows


def save_terminal(lines: list[str], name: str) -> None:
    """Lines as an SVG in the look of a terminal; fonts come from the reader's machine."""
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        for line in lines:
            console.print(Text.from_ansi(line), soft_wrap=False)
    template = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    template = template.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    svg = console.export_svg(title="brandmodel", code_format=template, unique_id="terminal")
    (HERE / name).write_text(svg, encoding="utf-8")


def _output(arguments: list[str], folder: Path) -> str:
    command = [sys.executable, "-m", "brandmodel", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
