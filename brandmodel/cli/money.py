"""The commands about money: what was spent, a vendor's bill against ours, and calls that got lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from brandmodel.cli.asked import BrandFolder
from brandmodel.cli.printing import console, form_of, print_json, safe, table
from brandmodel.cli.shell import EXIT, Show, go
from brandmodel.cli.views import attempt_json, part_of
from brandmodel.engine.spend import By, Outcome, Spent, spent, summed
from brandmodel.errors import InvalidRequestError
from brandmodel.journal import Attempt
from brandmodel.model import AsyncBrandModel
from brandmodel.routing import usd

if TYPE_CHECKING:
    from brandmodel.engine.reconcile import Entry, Reconciliation

Yes = Annotated[bool, typer.Option("--yes", help="Agree to what the first live run may cost.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Open = Callable[[Path | None, str | None], AsyncBrandModel]
"""The model of a brand project, as every command opens it."""

_PARTS = {
    "settled": ("green", "█"),
    "forfeited": ("yellow", "▓"),
    "held": ("cyan", "▒"),
    "unknown": ("red", "░"),
}
"""What money can be: in a colour, and in a sign that tells it apart without one."""
_BAR = 28


def add_commands(app: typer.Typer, opened: Open) -> None:  # noqa: C901 - a list of commands
    """Add the commands about money to the program."""

    @app.command("spend")
    def _spend(
        *,
        by: Annotated[str, typer.Option(help="day, task, target or run.")] = "day",
        days: Annotated[int, typer.Option(min=1, max=36500, help="Up to today, in UTC.")] = 30,
        plot: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Draw it as well: .svg or .png.")
        ] = None,
        brand: BrandFolder = None,
        as_json: Json = False,
    ) -> None:
        """Show what was spent, and what is still held."""

        async def work() -> Show:
            async with opened(brand, None) as studio:
                grouping = _by(by)
                rows = await spent(studio.engine.journal, by=grouping, days=days)
            if plot is not None:
                from brandmodel.cli.plot import write_plot

                write_plot(plot, rows, by=grouping, title=f"Spent by {by}, {_last(days)}")
            return lambda: _show_spent(rows, by, days, plot, as_json=as_json)

        go(work, form=form_of(as_json=as_json))

    @app.command("unknown")
    def _unknown(*, brand: BrandFolder = None, as_json: Json = False) -> None:
        """List paid calls whose outcome nobody knows; their money is held."""

        async def work() -> Show:
            async with opened(brand, None) as studio:
                lost = await studio.engine.journal.lost_attempts(now=time.time())
            return lambda: _show_lost(lost, as_json=as_json)

        go(work, form=form_of(as_json=as_json))

    @app.command("resolve")
    def _resolve(
        attempt: Annotated[str, typer.Argument(metavar="ATTEMPT", help="As `unknown` lists it.")],
        outcome: Annotated[
            str, typer.Argument(metavar="ran|did-not|give-up", help="What became of it.")
        ],
        *,
        charged: Annotated[
            float | None,
            typer.Option("--usd", help="What was charged; the highest price when left out."),
        ] = None,
        brand: BrandFolder = None,
        as_json: Json = False,
    ) -> None:
        """Say what became of a paid call: ran, did-not or give-up. Then run the same again."""

        async def work() -> Show:
            async with opened(brand, None) as studio:
                said = cast("Outcome", outcome)
                closed = await studio.engine.resolve(attempt, said, charged_usd=charged)
            return lambda: _show_closed(closed, as_json=as_json)

        go(work, form=form_of(as_json=as_json))

    @app.command("reconcile")
    def _reconcile(
        vendor: Annotated[str, typer.Argument(help="As vendors.toml names it.")],
        file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Its usage export.")],
        *,
        brand: BrandFolder = None,
        as_json: Json = False,
    ) -> None:
        """Compare a vendor's usage export with our receipts; exit 1 where they differ."""

        async def work() -> Show:
            from brandmodel.engine.reconcile import read_export, reconciled

            export = read_export(_text(file))
            async with opened(brand, None) as studio:
                targets = studio.engine.tables.targets
                models = {id_: str(row.value.model) for id_, row in targets.items()}
                _refuse_unknown_vendor(vendor, studio)
                attempts = await studio.engine.journal.attempts()
            mine = [a for a in attempts if a.target.partition("/")[0] == vendor]
            found = reconciled(export, mine, models)
            return lambda: _shown(found)

        def _shown(found: Reconciliation) -> None:
            _show_reconciliation(found, vendor, as_json=as_json)
            if not found.agrees:
                raise typer.Exit(EXIT["ours"])

        go(work, form=form_of(as_json=as_json))

    # The program keeps them; nothing here calls them by name.
    _ = (_spend, _unknown, _resolve, _reconcile)


def _by(text: str) -> By:
    for known in get_args(By):
        if text == known:
            return known
    raise InvalidRequestError(f"--by {text!r}", hint=f"use {', '.join(get_args(By))}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidRequestError(
            f"{file}: {error.strerror}", hint="give the path of a CSV file"
        ) from error
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{file} is not text", hint="export it as CSV in UTF-8") from None


def _refuse_unknown_vendor(vendor: str, studio: AsyncBrandModel) -> None:
    known = sorted(studio.engine.tables.vendors)
    if vendor not in known:
        raise InvalidRequestError(f"no vendor {vendor!r}", hint=f"there are: {', '.join(known)}")


def _show_spent(
    rows: Sequence[Spent], by: str, days: int, plot: Path | None, *, as_json: bool
) -> None:
    total = summed(rows)
    if as_json:
        said = {"by": by, "days": days, "rows": [_spent_json(r) for r in rows]}
        print_json({**said, "total": _spent_json(total), "plot": str(plot) if plot else None})
        return
    out = console()
    if not rows:
        out.print(f"Nothing was spent in the {_last(days)}.")
        return
    parts = [part for part in _PARTS if part == "settled" or getattr(total, part)]
    names = [by, "calls", *parts, "USD", *(["reused"] if total.reused else [])]
    cells = [[row.label, *_cells(row, parts, total)] for row in (*rows, total)]
    if out.width < _width(names, cells):
        names, cells = names[: len(parts) + 3], [line[: len(parts) + 3] for line in cells]
    length = max(0, min(_BAR, out.width - _width(names, cells)))
    grid = table(*names, "")
    grid.padding = (0, 1, 0, 0)
    for column in grid.columns[1:-1]:
        column.justify = "right"
    most = max(row.total for row in rows)
    for row, line in zip(rows, cells, strict=False):
        grid.add_row(*map(safe, line), _bar(row, most, length))
    grid.add_section()
    grid.add_row(*cells[-1], "", style="bold")
    out.print(grid)
    legend = "  ".join(_filled(part, 1) + f" {part}" for part in parts)
    out.print(f"{legend}   [dim]{_last(days)}, days in UTC[/]")
    if total.unknown:
        out.print("[red]unknown[/]  nobody knows what became of it: brandmodel unknown")
    if plot is not None:
        out.print(f"[green]plot[/]  {safe(str(plot))}", soft_wrap=True)


def _cells(row: Spent, parts: Sequence[str], total: Spent) -> list[str]:
    amounts = [_dollars(getattr(row, part)) if getattr(row, part) else "" for part in parts]
    reused = [_dollars(row.reused) if row.reused else ""] if total.reused else []
    return [f"{row.calls:,}", *amounts, _dollars(row.total), *reused]


def _width(names: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Columns of the terminal that a table takes, two between any and the next, and its edges."""
    return sum(max(map(len, column)) + 2 for column in zip(names, *cells, strict=True)) + 4


def _bar(row: Spent, most: int, length: int) -> str:
    """A bar of one colour and sign a part; together they are as long as the row's share of the dearest."""
    drawn, end, at = "", 0, 0
    for part in _PARTS:
        end += getattr(row, part)
        until = round(end * length / most) if most else 0
        until = max(until, at + 1) if getattr(row, part) else until
        drawn += _filled(part, until - at) if until > at else ""
        at = max(at, until)
    return drawn


def _filled(part: str, length: int) -> str:
    colour, sign = _PARTS[part]
    return f"[{colour}]{sign * length}[/]"


def _spent_json(row: Spent) -> dict[str, Any]:
    return {
        "label": row.label,
        "calls": row.calls,
        "settled_usd": usd(row.settled),
        "forfeited_usd": usd(row.forfeited),
        "held_usd": usd(row.held),
        "unknown_usd": usd(row.unknown),
        "total_usd": usd(row.total),
        "reused_usd": usd(row.reused),
    }


def _show_lost(lost: Sequence[Attempt], *, as_json: bool) -> None:
    if as_json:
        print_json([attempt_json(attempt) for attempt in lost])
        return
    out = console()
    if not lost:
        out.print("The outcome of every paid call is known.")
        return
    grid = table("attempt", "run", "task", "target", "USD", "when", "job at the vendor's")
    for attempt in lost:
        grid.add_row(
            attempt.id[:8],
            attempt.run_id or part_of(attempt),
            attempt.task,
            safe(attempt.target),
            _dollars(attempt.high_nano),
            f"{datetime.fromtimestamp(attempt.created_at):%Y-%m-%d %H:%M}",
            safe(_job(attempt)) or "[dim]none was told[/]",
        )
    out.print(grid)
    out.print(f"{_dollars(sum(a.high_nano for a in lost))} is held. Look each up, then:", end=" ")
    out.print("brandmodel resolve ATTEMPT ran|did-not|give-up", markup=False)
    if any(part_of(attempt) == "slice" for attempt in lost):
        out.print(
            "[dim]slice[/]  held for calls by a process that died; say what they came to: ran --usd"
        )


def _show_closed(closed: Attempt, *, as_json: bool) -> None:
    if as_json:
        print_json(attempt_json(closed))
        return
    what = "was let go" if closed.state == "released" else "was charged"
    amount = closed.high_nano if closed.state == "released" else closed.charged_nano
    more = " Run the same again to go on." if closed.run_id else ""
    console().print(
        f"[green]✓[/] {_dollars(amount)} of attempt [cyan]{closed.id[:8]}[/] {what}.{more}"
    )


def _job(attempt: Attempt) -> str:
    import json

    return json.dumps(json.loads(attempt.job)["handle"]) if attempt.job else ""


def _show_reconciliation(found: Reconciliation, vendor: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"vendor": vendor, "agrees": found.agrees, **found.model_dump(mode="json")})
        return
    out = console()
    groups = {
        "amounts differ": found.differ,
        "only in our receipts": found.ours,
        "only in their file": found.theirs,
    }
    rows = [(what, entry) for what, entries in groups.items() for entry in entries]
    if rows:
        grid = table("what", "day", "model", "id", "attempt", "state", "ours", "theirs")
        for what, entry in rows:
            grid.add_row(what, *(safe(cell) for cell in _entry_cells(entry)))
        out.print(grid)
    sign = "[green]✓[/]" if found.agrees else "[red]✗[/]"
    counts = ", ".join(f"{len(entries)} {what}" for what, entries in groups.items())
    out.print(f"{sign} {found.matched} matched, {_exact(found.matched_nano)}; {counts}")


def _entry_cells(entry: Entry) -> list[str]:
    ours = "held" if entry.state and entry.ours_nano is None else _exact(entry.ours_nano)
    theirs = _exact(entry.theirs_nano)
    return [entry.day, entry.model, entry.id, entry.attempt[:8], entry.state, ours, theirs]


def _exact(nano_usd: int | None) -> str:
    """To the last digit, at least to the cent."""
    if nano_usd is None:
        return ""
    whole, rest = divmod(abs(nano_usd), 1_000_000_000)
    decimals = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nano_usd < 0 else ''}${whole:,}.{decimals}"


def _dollars(nano_usd: int) -> str:
    return f"${usd(nano_usd):,.4f}"


def _last(days: int) -> str:
    return "last day" if days == 1 else f"last {days} days"
