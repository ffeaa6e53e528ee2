"""What is asked of the engine for one step, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError
from pydantic_core import from_json

from brandmodel.engine.keys import digest_of
from brandmodel.engine.receipt import AttemptReceipt
from brandmodel.errors import BrandModelError
from brandmodel.journal import RunStep, StepRecord
from brandmodel.routing import Route
from brandmodel.tasks import Asset, Blobs, Done, Job, Request, Result, Target, Tier, Usage


class Store(Blobs, Protocol):
    """An asset store that can say what it has."""

    def has(self, asset: Asset) -> bool:
        """Whether the bytes are there."""
        ...


class Ask(NamedTuple):
    """A step to be obtained.

    Attributes:
        body: canonical JSON of the request.
        caps: (scope, limit in nano-USD) that apply.
        seat: makes the row that says how this run came by the step; written in the same commit.
        sketched: is told each unfinished state of a picture while it is made.
    """

    key: str
    request: Request[Any]
    body: str
    route: Route
    space: str
    tier: Tier
    run_id: str
    take: int = 0
    caps: tuple[tuple[str, int], ...] = ()
    seat: Callable[[StepRecord, tuple[str, ...]], RunStep | None] = lambda record, notes: None
    sketched: Callable[[Asset], None] | None = None


class Obtained(NamedTuple):
    """A step's record and its typed result.

    Attributes:
        ran: False when nothing had to be made.
        attempts: every try at a target, in order.
    """

    record: StepRecord
    result: Result
    ran: bool
    notes: tuple[str, ...] = ()
    attempts: tuple[AttemptReceipt, ...] = ()

    def after(self, trail: Trail) -> Obtained:
        """The same with every try that led to it."""
        return self._replace(attempts=(*trail.attempts,))


@dataclass(slots=True)
class Trail:
    """What was tried for one step, and until when it may be.

    Attributes:
        sent: the vendor may have the attempt that runs now.
        sent_at: when the last attempt that was sent was.
        lost_nano: charged for it although it brought nothing.
    """

    deadline: float | None = None
    attempts: list[AttemptReceipt] = field(default_factory=list[AttemptReceipt])
    failures: list[BrandModelError] = field(default_factory=list[BrandModelError])
    lost_nano: int = 0
    sent: bool = False
    sent_at: float = 0.0

    @classmethod
    def of(cls, route: Route) -> Trail:
        """A fresh one, with the route's deadline."""
        return cls(None if route.deadline_s is None else time.monotonic() + route.deadline_s)

    def left_s(self) -> float | None:
        """Seconds until the deadline; None where there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


class Hold(NamedTuple):
    """A paid attempt that is ours: its lease, and its money.

    Attributes:
        begun: what an earlier process had begun, to go on with.
    """

    attempt: str
    fence: int
    holder: str
    begun: Job | Done | None = None


def read(request: Request[Any], record: StepRecord) -> Result | None:
    """The typed result of a stored step; None where it does not validate any more."""
    return read_result(type(request), record)


def read_result(task: type[Request[Any]], record: StepRecord) -> Result | None:
    """The same, by the task."""
    try:
        return task.result_type().model_validate(from_json(record.result))
    except (ValidationError, ValueError):
        return None


def record_of(ask: Ask, target: Target, done: Done, charged: int, seconds: float) -> StepRecord:
    """A finished step as the journal keeps it."""
    used: Usage = done.usage or ask.request.usage(done.result)
    return StepRecord(
        key=ask.key,
        space=ask.space,
        task=type(ask.request).__name__,
        request=ask.body,
        result=done.result.model_dump_json(exclude_defaults=True),
        digest=digest_of(done.result),
        target=target.id,
        usd_nano=charged,
        units=used.units,
        seconds=seconds,
        created_at=time.time(),
    )


def obtained(ask: Ask, kept: StepRecord, done: Done, record: StepRecord) -> Obtained:
    """The step that the journal kept, which may be another process's."""
    if kept is record or kept.digest == record.digest:
        return Obtained(kept, done.result, ran=True)
    # Another process was first: its result is the step's result.
    return Obtained(kept, read(ask.request, kept) or done.result, ran=True)
