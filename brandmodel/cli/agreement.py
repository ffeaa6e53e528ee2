"""Before the first live run of a project: which vendors, at what price, and whether to go on."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from brandmodel.errors import InvalidRequestError, RunCancelled
from brandmodel.model import AsyncBrandModel

if TYPE_CHECKING:
    from brandmodel.engine.quote import Quote

_FILE = "agreed.json"


async def agree(
    studio: AsyncBrandModel,
    model: str | None,
    quoted: Callable[[], Awaitable[Quote]],
    *,
    without: Iterable[str] = (),
    budget_usd: float | None = None,
    yes: bool = False,
) -> None:
    """Have a person agree before money is spent: once for a model and its vendors in a project.

    Args:
        studio: the project's.
        model: that is to be used.
        quoted: asks what the run would cost, where that is needed.
        without: vendors that are not used.
        budget_usd: what the run may cost at most; None for the table's cap.
        yes: it was agreed to on the command line.

    Raises:
        InvalidRequestError: nobody is there to be asked.
        RunCancelled: the answer was no.
    """
    table = studio.engine.tables.model(model)
    vendors = sorted(studio.engine.within_reach(table, frozenset(without)).payees)
    if not (table.model.caps.confirm and vendors):
        return
    file = studio.engine.home / _FILE
    if _agreed(file, table.name, vendors):
        return
    quote = await quoted()
    if not quote.high_usd:
        return
    if not yes:
        limit = table.model.caps.run_usd if budget_usd is None else budget_usd
        await _ask(
            f"{table.name} has not spent money in this project before",
            {
                "it may use": ", ".join(vendors),
                "this run": f"${quote.low_usd:.4f} to ${quote.high_usd:.4f}",
                "at most": f"${limit:.4f}, where it would be stopped",
            },
        )
    _remember(file, table.name, vendors)


async def _ask(why: str, terms: Mapping[str, str]) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidRequestError(
            f"{why}, and nobody is there to be asked: "
            + "; ".join(f"{what} {term}" for what, term in terms.items()),
            hint="add --yes to agree to that; nothing was started",
        )
    lines = "".join(f"  {what:<12} {term}\n" for what, term in terms.items())
    print(f"{why}.\n{lines}Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if (await _line()).strip().lower() not in ("y", "yes"):
        raise RunCancelled("not started; nothing was spent")


async def _line() -> str:
    """A line from the terminal, waited for in such a way that Ctrl-C still ends the program."""
    ready = asyncio.Event()
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()
    try:
        loop.add_reader(stdin, ready.set)
    except NotImplementedError:  # On Windows a loop cannot watch the terminal.
        return sys.stdin.readline()
    try:
        await ready.wait()
    finally:
        loop.remove_reader(stdin)
    return sys.stdin.readline()


def _agreed(file: Path, model: str, vendors: Iterable[str]) -> bool:
    return any(set(vendors) <= set(each) for each in _read(file).get(model, []))


def _remember(file: Path, model: str, vendors: list[str]) -> None:
    agreed = _read(file)
    agreed.setdefault(model, []).append(vendors)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{secrets.token_hex(8)}.part")
    temporary.write_text(json.dumps(agreed, indent=2), encoding="utf-8")
    os.replace(temporary, file)


def _read(file: Path) -> dict[str, list[list[str]]]:
    """Vendors that were agreed to, by model; a file that cannot be read has nobody's word in it."""
    try:
        kept: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    sets = cast("dict[str, Any]", kept)
    return {model: _sets(said) for model, said in sets.items()}


def _sets(said: Any) -> list[list[str]]:
    sets = cast("list[Any]", said) if isinstance(said, list) else []
    return [[str(v) for v in cast("list[Any]", each)] for each in sets if isinstance(each, list)]
