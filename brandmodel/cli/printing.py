"""What all views are made of: JSON, the console, tables, and text that is safe to show."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.table import Table

Form = Literal["words", "json", "lines"]
"""How an outcome is told: to people, as one JSON value, or as the last of many JSON lines."""

STATUS_STYLE = {"ran": "green", "reused": "dim", "overridden": "magenta"}
_NUMBERS = {"units", "s", "USD", "steps", "reused"}


def form_of(*, as_json: bool, events: bool = False) -> Form:
    """The form that the options of a command ask for."""
    return "lines" if events else "json" if as_json else "words"


def print_json(value: object, *, line: bool = False) -> None:
    """One JSON value on standard output; on a line of its own, and at once, where asked for."""
    indent = None if line else 2
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # Escaped it stays JSON, whatever the terminal can show.
        text = json.dumps(value, indent=indent)
    print(text, flush=line)


def console() -> Any:
    """Standard output for people; lines that are piped on are not broken."""
    from rich.console import Console

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program by itself, with a failure

    # Piped output is read by programs and logs: their lines are not ours to break.
    made = Pipe(highlight=False)
    return made if made.is_terminal else Pipe(highlight=False, width=160)


def table(*columns: str) -> Table:
    """An empty table; columns of numbers stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        right = "right" if column in _NUMBERS else "left"
        made.add_column(column, justify=right, overflow="fold", no_wrap=column in ("step", "task"))
    return made


def safe(text: str) -> str:
    """Text from outside, so that its brackets are not taken for markup."""
    return text.replace("[", r"\[")


def short(text: str, most: int) -> str:
    """At most so many characters of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
