"""A run while it goes on: its steps so far, what they cost, and who listens."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from brandmodel.engine.receipt import Event, Receipt, StepReceipt
from brandmodel.journal import RunStep
from brandmodel.routing import ModelTable, usd
from brandmodel.tasks import Tier


@dataclass(slots=True)
class RunState:
    """A run while it goes on.

    Attributes:
        caps: (scope, limit in nano-USD) that apply to it.
        earlier: key by step name of an earlier execution of this same run; law 5 is held by it.
        unwritten: rows by name that are written when the run ends: of reused steps, and of those that
            later steps decided about.
        told: every event so far, for whoever listens later.
    """

    id: str
    space: str
    table: ModelTable
    tier: Tier
    caps: tuple[tuple[str, int], ...] = ()
    earlier: dict[str, str] = field(default_factory=dict[str, str])
    began: float = field(default_factory=time.perf_counter)
    rows: dict[str, RunStep] = field(default_factory=dict[str, RunStep])
    unwritten: dict[str, RunStep] = field(default_factory=dict[str, RunStep])
    receipts: dict[str, StepReceipt] = field(default_factory=dict[str, StepReceipt])
    listeners: list[asyncio.Queue[Event]] = field(default_factory=list[asyncio.Queue[Event]])
    told: list[Event] = field(default_factory=list[Event])
    paid_nano: int = 0

    def tell(self, event: Event) -> None:
        """Hand an event to everyone who listens, now or later."""
        self.told.append(event)
        for listener in self.listeners:
            listener.put_nowait(event)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.perf_counter() - self.began

    def mark(self, name: str, *, chosen: bool = False, saved_nano: int = 0) -> None:
        """Add to a finished step what only later steps decided."""
        row = self.rows[name]
        row = row._replace(chosen=row.chosen or chosen, saved_nano=row.saved_nano + saved_nano)
        self.rows[name] = self.unwritten[name] = row
        receipt = self.receipts[name]
        self.receipts[name] = receipt.model_copy(update={"saved_usd": usd(row.saved_nano)})

    def receipt(self) -> Receipt:
        """The receipt so far, steps in the order in which they finished."""
        return Receipt.of(self.receipts.values(), seconds=self.seconds)
