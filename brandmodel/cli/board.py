"""What a terminal shows while a run goes on: a row a step, a shot or a line; takes stand together.

Rows stay where they are and change in place. Where a film has more of them than the terminal has
lines, the oldest finished ones move up into what scrolls.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brandmodel.cli.forecast import Forecast
from brandmodel.cli.names import place_of
from brandmodel.engine.receipt import Event, StepReceipt

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

MOST_COLUMNS = 104
_NAME, _TIME, _COST = 16, 8, 13
_FIXED = 1 + _NAME + _TIME + _COST + 4
_SETTLED_S = 0.7
"""A shot between two of its steps is not finished: it is, when nothing came for so long."""
BELOW = 4
"""Lines of a terminal that are kept free for the total."""


@dataclass(slots=True)
class Row:
    """A step with its takes, or everything of one shot or line.

    Attributes:
        began: seconds since the run began.
        ended: when its last step finished.
        parts: how often each of its steps was asked for, in the order of asking.
        task: of a row that is one step.
    """

    name: str
    is_unit: bool
    began: float
    ended: float = 0.0
    task: str = ""
    parts: dict[str, int] = field(default_factory=dict[str, int])
    running: dict[str, str] = field(default_factory=dict[str, str])
    receipts: list[StepReceipt] = field(default_factory=list[StepReceipt])

    @property
    def status(self) -> str:
        """``running``, or how its steps came about."""
        if self.running:
            return "running"
        found = {receipt.status for receipt in self.receipts}
        return next((s for s in ("ran", "overridden") if s in found), "reused")

    def detail(self, room: int) -> str:
        """The task of a step; of a shot what was done so far, with what is being done in bold.

        Args:
            room: columns; where they are too few, the first words are left out.
        """
        if not self.is_unit:
            takes = max(self.parts.values(), default=1)
            return f"[dim]{self.task}{f' ×{takes}' if takes > 1 else ''}[/]"
        words = [f"{word} ×{n}" if n > 1 else word for word, n in self.parts.items()]
        going = set(self.running.values())
        styles = ["bold" if word in going else "dim" for word in self.parts]
        first = 0
        while first < len(words) - 1 and len("  ".join(words[first:])) + 3 * (first > 0) > room:
            first += 1
        shown = [f"[{style}]{word}[/]" for style, word in zip(styles, words, strict=True)]
        return "  ".join([*(["[dim]…[/]"] if first else []), *shown[first:]])

    def cost(self) -> str:
        """What was made, in compute units; and paid for, where it costs anything."""
        ran = [receipt for receipt in self.receipts if receipt.status == "ran"]
        paid = sum(receipt.usd for receipt in ran)
        return f"${paid:.4f}" if paid else f"{sum(r.units for r in ran):,.1f} units"


class Board:
    """Takes the events of a run; drawn anew at every refresh.

    Attributes:
        forecast: how long it will still take, once a quote has said what to expect.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.forecast: Forecast | None = None
        self._began = time.perf_counter()
        self._paid_usd = 0.0
        self._told: list[Event] = []
        self._spinner: Any = None

    @property
    def now(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._began

    def expect(self, forecast: Forecast) -> None:
        """Say from here on how long it will take."""
        for event in self._told:
            forecast.take(event)
        self.forecast = forecast

    def take(self, event: Event) -> None:
        """Learn from an event."""
        # Events may be told late; the run's own clock is the one that counts.
        self._began = min(self._began, time.perf_counter() - event.seconds)
        self._told.append(event)
        if self.forecast is not None:
            self.forecast.take(event)
        if event.kind == "step-started":
            self._started(event)
        elif event.step is not None:
            self._finished(event, event.step)

    def settled(self, most: int) -> Iterator[Row]:
        """Takes finished rows off, the oldest first, until at most so many are left."""
        for name, row in list(self.rows.items()):
            if len(self.rows) <= most:
                return
            if not row.running and self.now - row.ended > _SETTLED_S:
                yield self.rows.pop(name)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As many rows as there is room for, and the total below."""
        from rich.spinner import Spinner

        self._spinner = self._spinner or Spinner("dots", style="cyan")
        room = max(1, console.size.height - BELOW)
        rows = list(self.rows.values())
        hidden = len(rows) - room if len(rows) > room else 0
        grid = _grid(console.width)
        for row in rows[: len(rows) - hidden]:
            self._add(grid, row)
        if hidden:
            grid.add_row("", f"[dim]… {hidden} more[/]")
        yield grid
        yield from self._total()

    def _add(self, grid: Table, row: Row) -> None:
        if not row.running:
            _add_finished(grid, row)
            return
        gone = f"[cyan]{self.now - row.began:.1f} s[/]"
        detail = row.detail((grid.width or MOST_COLUMNS) - _FIXED)
        grid.add_row(self._spinner, f"[bold]{row.name}[/]", detail, gone, "")

    def _total(self) -> Iterator[Any]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        now = self.now
        said = [f"{now:.1f} s"]
        left_s = self.forecast.left_s(now) if self.forecast is not None else None
        if left_s is not None:
            said.append(f"[cyan]{words_for(left_s)}[/]")
        most_usd = self.forecast.most_usd if self.forecast is not None else 0.0
        if most_usd or self._paid_usd:
            so_far = f"${self._paid_usd:.4f}"
            said.append(f"{so_far} of at most ${most_usd:.4f}" if most_usd else so_far)
        line = Table.grid(padding=(0, 2))
        cells: list[Any] = [" · ".join(said)]
        if left_s is not None:
            whole = max(now + left_s, 0.1)
            cells.insert(
                0,
                ProgressBar(
                    total=whole,
                    completed=now,
                    width=_NAME + 1,
                    complete_style="cyan",
                    finished_style="cyan",
                ),
            )
        line.add_row(*cells)
        yield ""
        yield line

    def _started(self, event: Event) -> None:
        place = place_of(event.name)
        name = place.unit or place.part
        row = self.rows.get(name)
        if row is None:
            row = self.rows[name] = Row(name, bool(place.unit), event.seconds, task=event.task)
        if event.name not in row.running:
            row.parts[place.word] = row.parts.get(place.word, 0) + 1
            row.running[event.name] = place.word

    def _finished(self, event: Event, receipt: StepReceipt) -> None:
        place = place_of(event.name)
        row = self.rows.get(place.unit or place.part)
        self._paid_usd = event.paid_usd
        if row is not None:
            row.running.pop(event.name, None)
            row.receipts.append(receipt)
            row.ended = event.seconds


def finished(rows: Iterable[Row], columns: int) -> Table:
    """Rows that will not change any more, for a terminal of so many columns."""
    grid = _grid(columns)
    for row in rows:
        _add_finished(grid, row)
    return grid


def _grid(columns: int) -> Table:
    """As wide everywhere, so that what scrolls stays in line."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.width = min(columns, MOST_COLUMNS)
    grid.add_column(width=1)
    grid.add_column(width=_NAME, no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(width=_TIME, no_wrap=True, justify="right")
    grid.add_column(width=_COST, no_wrap=True, justify="right")
    return grid


def _add_finished(grid: Table, row: Row) -> None:
    status = row.status
    detail = row.detail((grid.width or MOST_COLUMNS) - _FIXED)
    if status == "running":
        grid.add_row("[dim]·[/]", row.name, detail, "[dim]not done[/]", "")
    elif status == "reused":
        grid.add_row("[dim]↺[/]", f"[dim]{row.name}[/]", detail, "[dim]reused[/]", "")
    elif status == "overridden":
        grid.add_row("[magenta]✎[/]", row.name, detail, "", "[magenta]your word[/]")
    else:
        gone = f"{row.ended - row.began:.2f} s"
        grid.add_row("[green]✓[/]", row.name, detail, gone, f"[dim]{row.cost()}[/]")


def words_for(left_s: float) -> str:
    """Time left, no more exactly than it can be known."""
    if left_s < 1:
        return "almost done"
    if left_s < 10:
        return f"about {left_s:.0f} s left"
    if left_s < 90:
        return f"about {5 * round(left_s / 5)} s left"
    return f"about {left_s / 60:.0f} min left"
