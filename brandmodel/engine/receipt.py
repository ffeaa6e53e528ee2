"""What a run tells about itself: events while it goes on, a receipt and outputs at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal

from brandmodel.tasks import Asset, Stage, Tier, Value
from brandmodel.tasks._base import R

StepStatus = Literal["ran", "reused", "overridden"]
RunStatus = Literal["running", "done", "waiting", "failed", "stopped"]


class AttemptReceipt(Value):
    """One try at one target; for operators.

    Attributes:
        outcome: ``served``, or the name of the error.
        code: the vendor's own code, where it gave one.
        usd: what it cost although it did not serve: a call that got lost is charged at its high price.
    """

    target: str
    outcome: str
    seconds: float
    code: str = ""
    usd: float = 0.0


class StepReceipt(Value):
    """One step: who served it and what it cost.

    Attributes:
        tier: None when the table has no tiers for the task.
        target: ``vendor/model``; for operators.
        usd: paid in this run, calls that got lost included; for a reused step, what it cost when made.
        units: compute units of what was made.
        seconds: wall time in this run.
        notes: what a person should know, such as words that could not be honoured.
        attempts: every try at a target, in order; empty for a reused step.
        saved_usd: what a cascade saved by it: the hero's price less its own; below 0 for what was
            made, or judged, in vain.
    """

    name: str
    task: str
    stage: Stage
    tier: Tier | None
    target: str
    status: StepStatus
    usd: float
    units: float
    seconds: float
    notes: tuple[str, ...] = ()
    attempts: tuple[AttemptReceipt, ...] = ()
    saved_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one call of the text path brought, and what it cost."""

    result: R
    receipt: StepReceipt


class Receipt(Value):
    """What a run cost.

    Attributes:
        paid_usd: paid in this run.
        reused_usd: what the reused steps cost when they were made.
        units: compute units of the steps that ran.
        seconds: wall time.
        saved_usd: by cascades, in this run: what the hero would have cost at its price where the
            workhorse served, less what the workhorse cost; and less what the workhorse and its judge
            cost where the hero was needed after all. Below 0 where that was more.
    """

    paid_usd: float = 0.0
    reused_usd: float = 0.0
    units: float = 0.0
    seconds: float = 0.0
    saved_usd: float = 0.0
    steps: tuple[StepReceipt, ...] = ()

    @classmethod
    def of(cls, steps: Iterable[StepReceipt], *, seconds: float) -> Receipt:
        """The sum of steps."""
        kept = tuple(steps)
        return cls(
            paid_usd=round(sum(s.usd for s in kept if s.status == "ran"), 9),
            reused_usd=round(sum(s.usd for s in kept if s.status == "reused"), 9),
            units=round(sum(s.units for s in kept if s.status == "ran"), 6),
            seconds=seconds,
            saved_usd=round(sum(s.saved_usd for s in kept), 9),
            steps=kept,
        )

    def count(self, status: StepStatus) -> int:
        """How many steps came about that way."""
        return sum(step.status == status for step in self.steps)

    @property
    def notes(self) -> tuple[str, ...]:
        """Every note of every step, once."""
        return tuple(dict.fromkeys(note for step in self.steps for note in step.notes))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of its money beside the sums."""
        tries = (one for step in self.steps for one in step.attempts)
        # Of a result that is of no use, the vendor's figure is what it is charged at.
        charged = [one.usd for one in tries if one.usd and one.outcome != "BadResultError"]
        said = [lost(len(charged), sum(charged))] if charged else []
        return (*said, *([saving(self.saved_usd)] if self.saved_usd else []))

    def __str__(self) -> str:
        """A plain table, one line a step."""
        wide = max((len(step.name) for step in self.steps), default=4)
        lines = [
            f"{s.name:<{wide}}  {s.task:<17} {s.stage:<9} {s.target:<22} {s.status:<10} "
            f"{s.units:>9.1f} units {s.seconds:>7.2f} s  ${s.usd:.4f}"
            for s in self.steps
        ]
        total = f"{self.units:,.1f} units, {self.seconds:.2f} s, ${self.paid_usd:.4f} paid"
        lines.append(f"{total}, ${self.reused_usd:.4f} reused")
        lines += self.remarks
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)


def lost(calls: int, usd: float) -> str:
    """What calls that brought nothing are charged at, in words."""
    are = "1 call that got lost is" if calls == 1 else f"{calls} calls that got lost are"
    their = "its" if calls == 1 else "their"
    return f"{are} charged at {their} upper price, up to ${usd:.4f} more than billed"


def saving(usd: float) -> str:
    """What cascades saved, in words."""
    if usd < 0:
        return f"${-usd:.4f} more than without cascades"
    return f"${usd:.4f} saved by cascades"


class Output(Value):
    """One thing that a run made.

    Attributes:
        path: where its bytes lie; they must not be changed.
        links: files that it refers to as ``media/<name>``, by that name; saved beside it.
    """

    name: str
    asset: Asset
    path: Path
    links: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run.

    Attributes:
        kind: ``step-started``, ``step-sketched``, ``step-finished``, or ``run-finished``.
        step: on ``step-finished``, its receipt.
        name: of the step.
        task: of the step.
        paid_usd: paid so far in this run.
        seconds: since the run began.
        sketch: on ``step-sketched``, the picture as far as it is; a reused step has none.
    """

    kind: Literal["step-started", "step-sketched", "step-finished", "run-finished"]
    run_id: str
    name: str = ""
    task: str = ""
    step: StepReceipt | None = None
    paid_usd: float = 0.0
    seconds: float = 0.0
    status: RunStatus = "running"
    sketch: Asset | None = None
