"""What is told while a run goes on: to people on standard error, to programs as JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from brandmodel.cli.printing import Form, print_json
from brandmodel.engine.receipt import Event, StepReceipt

if TYPE_CHECKING:
    from rich.live import Live

    from brandmodel.cli.board import Board
    from brandmodel.cli.forecast import Forecast

Expect: TypeAlias = "Callable[[], Awaitable[Forecast | None]]"
REFRESH_S = 0.125


async def follow(events: AsyncIterator[Event], expect: Expect, *, form: Form) -> None:
    """Show steps as they run: live on a terminal, a line a step elsewhere, JSON for programs.

    Args:
        events: of the run.
        expect: asks a quote how long it will take; only called where that is shown.
        form: how the outcome will be told.
    """
    try:
        if form == "words" and sys.stderr.isatty():
            await _live(events, expect)
            return
        async for event in events:
            if form == "lines":
                # Whoever reads slowly holds up only this telling, not the run.
                await asyncio.to_thread(print_json, _told(event), line=True)
            elif form == "words" and event.step is not None:
                print(_plain(event.step), file=sys.stderr, flush=True)
    except OSError:
        # Nobody watches any more; that is no reason to stop what is being made.
        return


def _told(event: Event) -> dict[str, Any]:
    """An event as JSON, with the fields that its kind has."""
    told: dict[str, Any] = {"kind": event.kind, "run_id": event.run_id}
    if event.kind == "run-finished":
        told["status"] = event.status
    else:
        told |= {"name": event.name, "task": event.task}
    if event.step is not None:
        told["step"] = event.step.model_dump(mode="json")
    if event.sketch is not None:
        told["sketch"] = event.sketch.model_dump(mode="json")
    return {**told, "paid_usd": event.paid_usd, "seconds": round(event.seconds, 4)}


def _plain(step: StepReceipt) -> str:
    return (
        f"{step.status:<10} {step.name:<20} {step.task:<17} {step.seconds:6.2f} s  ${step.usd:.4f}"
    )


async def _live(events: AsyncIterator[Event], expect: Expect) -> None:
    from rich.console import Console
    from rich.live import Live

    from brandmodel.cli.board import Board, finished

    console = Console(stderr=True, highlight=False)
    board = Board()
    try:
        with Live(board, console=console, auto_refresh=False, transient=True) as live:
            beside = [
                asyncio.create_task(_drawn(board, live)),
                asyncio.create_task(_expected(board, expect)),
            ]
            try:
                async for event in events:
                    board.take(event)
            finally:
                await _ended(beside)
    finally:
        if board.rows:
            console.print(finished(board.rows.values(), console.width))


async def _drawn(board: Board, live: Live) -> None:
    """Draw the board again and again; in the thread of the loop, since the events change it there."""
    from brandmodel.cli.board import BELOW, finished

    console = live.console
    while True:
        settled = list(board.settled(most=console.size.height - BELOW))
        if settled:
            console.print(finished(settled, console.width))
        live.refresh()
        await asyncio.sleep(REFRESH_S)


async def _expected(board: Board, expect: Expect) -> None:
    forecast = await expect()
    if forecast is not None:
        board.expect(forecast)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await task
