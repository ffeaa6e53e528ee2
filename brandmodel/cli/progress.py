"""What a person sees on standard error while a run goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from brandmodel.engine.receipt import Event, StepReceipt


async def follow(events: AsyncIterator[Event], *, quiet: bool) -> None:
    """Show steps as they run: live on a terminal, a line a step elsewhere, nothing when quiet."""
    try:
        if sys.stderr.isatty() and not quiet:
            await _live(events)
            return
        async for event in events:
            if event.step is not None and not quiet:
                print(_plain(event.step), file=sys.stderr, flush=True)
    except OSError:
        # Nobody watches any more; that is no reason to stop what is being made.
        return


def _plain(step: StepReceipt) -> str:
    return (
        f"{step.status:<10} {step.name:<14} {step.task:<17} {step.seconds:6.2f} s  ${step.usd:.4f}"
    )


async def _live(events: AsyncIterator[Event]) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False)
    board = _Board(time.perf_counter())
    with Live(board, console=console, refresh_per_second=12, transient=True) as live:
        async for event in events:
            if event.kind == "step-started":
                board.running.setdefault(event.name, (event.task, time.perf_counter()))
            elif event.step is not None:
                board.running.pop(event.name, None)
                board.paid_usd = event.paid_usd
                live.console.print(_line(event.step))


class _Board:
    """The steps that run now, each with its time; drawn anew at every refresh."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.running: dict[str, tuple[str, float]] = {}
        self.paid_usd = 0.0

    def __rich__(self) -> Any:
        from rich.spinner import Spinner
        from rich.table import Table

        now = time.perf_counter()
        grid = Table.grid(padding=(0, 1))
        for name, (task, since) in self.running.items():
            spinner = Spinner("dots", style="cyan")
            grid.add_row(
                spinner, f"[bold]{name}[/]", f"[dim]{task}[/]", f"[cyan]{now - since:.1f} s[/]"
            )
        total = f"[dim]{now - self.began:.1f} s · ${self.paid_usd:.4f}[/]"
        grid.add_row("", total)
        return grid


def _line(step: StepReceipt) -> str:
    if step.status == "reused":
        return f"[dim]↺ {step.name:<14} {step.task:<17} reused[/]"
    if step.status == "overridden":
        return f"[magenta]✎[/] {step.name:<14} [dim]{step.task:<17}[/] a person's word"
    cost = f" · ${step.usd:.4f}" if step.usd else ""
    return (
        f"[green]✓[/] {step.name:<14} [dim]{step.task:<17}[/] "
        f"{step.seconds:5.2f} s · {step.units:,.1f} units{cost}"
    )
