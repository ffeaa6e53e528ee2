"""What may be spent, what was, and a person's word on what nobody knows.

Caps are scopes with a limit; the journal reserves under all that apply or under none. A day is a day
in UTC; a run counts on the day on which it was begun, or gone on with.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from brandmodel.engine.ledger import LEASE_S
from brandmodel.errors import InvalidRequestError
from brandmodel.journal import Attempt, Journal, LeaseHeld, Reused, RunRecord
from brandmodel.routing import ModelTable, nano

By = Literal["day", "task", "target", "run"]
Outcome = Literal["ran", "did-not", "give-up"]


def caps_of(table: ModelTable, run: RunRecord, *, now: datetime) -> tuple[tuple[str, int], ...]:
    """Every cap that applies to a run: (scope, limit in nano-USD)."""
    own = (f"run:{run.id}", run_limit(table, run.budget_nano))
    return (own, *_daily(table, run.api_key, now))


def call_caps(
    table: ModelTable, key: str, *, scope: str, now: datetime
) -> tuple[tuple[str, int], ...]:
    """Every cap that applies to one call of the text path: its own, which is a run's, first."""
    return ((scope, run_limit(table, None)), *_daily(table, key, now))


def _daily(table: ModelTable, key: str, now: datetime) -> Iterator[tuple[str, int]]:
    row, day = table.model.caps, f"{now:%Y-%m-%d}"
    if row.day_usd is not None:
        yield f"day:{table.name}:{day}", nano(row.day_usd)
    if key and row.key_usd_per_day is not None:
        yield f"key:{key}:{day}", nano(row.key_usd_per_day)


def run_limit(table: ModelTable, budget_nano: int | None) -> int:
    """What one run may spend, in nano-USD: its own budget, else the table's limit."""
    return nano(table.model.caps.run_usd) if budget_nano is None else budget_nano


async def resolve(
    journal: Journal, attempt: str, outcome: Outcome, *, charged_usd: float | None = None
) -> Attempt:
    """Close an attempt whose outcome nobody knows by a person's word on it.

    Args:
        journal: which has it.
        attempt: its id, or an unambiguous beginning of it.
        outcome: ``ran``: it is charged. ``did-not``: its money is let go. ``give-up``: it is charged
            at its high price, and not looked for any longer.
        charged_usd: what the vendor charged for one that ran; its high price when left out.

    Raises:
        InvalidRequestError: there is no such attempt, it is closed already, or runs right now.
    """
    if outcome not in get_args(Outcome):
        raise InvalidRequestError(
            f"no outcome {outcome!r}", hint=f"say {', '.join(get_args(Outcome))}"
        )
    charged = _charged_nano(outcome, charged_usd)
    found = await _lost(journal, attempt)
    holder = f"person:{uuid.uuid4().hex}"
    fence = await journal.adopt(found.id, holder, now=time.time(), lease_s=LEASE_S)
    if isinstance(fence, LeaseHeld):
        raise _not_open(found.id[:8], "runs right now, or was closed just now")
    if outcome == "did-not":
        await journal.release(found.id, fence, error="a person: it did not run")
    else:
        said = "it ran" if outcome == "ran" else "given up"
        await journal.forfeit(found.id, fence, error=f"a person: {said}", charged_nano=charged)
    return next(a for a in await journal.attempts(since=found.created_at) if a.id == found.id)


def _charged_nano(outcome: Outcome, charged_usd: float | None) -> int | None:
    if charged_usd is None:
        return None
    if outcome != "ran":
        raise InvalidRequestError(
            f"an amount says nothing about {outcome!r}", hint="give it with ran"
        )
    if not 0 <= charged_usd < 1e9:
        raise InvalidRequestError(
            f"{charged_usd} is not an amount", hint="give dollars, as in 0.50"
        )
    return nano(charged_usd)


async def _lost(journal: Journal, attempt: str) -> Attempt:
    lost = await journal.lost_attempts(now=time.time())
    found = [a for a in lost if attempt and a.id.startswith(attempt)]
    if len(found) == 1:
        return found[0]
    if found:
        raise _not_open(attempt, f"may be one of {len(found)} attempts; give more of its id")
    others = [a for a in await journal.attempts() if attempt and a.id.startswith(attempt)]
    if not others:
        raise _not_open(attempt, "is none that was made here")
    raise _not_open(attempt, f"is not unknown, but {others[0].state}")


def _not_open(attempt: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"attempt {attempt!r} {why}",
        hint="`brandmodel unknown` lists those that wait for a person's word",
    )


@dataclass(slots=True)
class Spent:
    """Money of one day, task, target or run, in nano-USD.

    Attributes:
        label: which one.
        calls: paid calls, without those that surely started nothing.
        settled: the vendors' figures of calls that answered.
        forfeited: charged for calls that brought nothing.
        held: reserved for calls that go on right now.
        unknown: held for calls that nobody knows the outcome of.
        reused: what reused steps cost when they were made; not part of the total.
    """

    label: str
    calls: int = 0
    settled: int = 0
    forfeited: int = 0
    held: int = 0
    unknown: int = 0
    reused: int = 0

    @property
    def total(self) -> int:
        """Spent or held."""
        return self.settled + self.forfeited + self.held + self.unknown


async def spent(journal: Journal, *, by: By, days: int) -> list[Spent]:
    """What was spent in the last days, today among them; days in order, else the dearest first."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (today - timedelta(days=days - 1)).timestamp()
    lost = {attempt.id for attempt in await journal.lost_attempts(now=time.time())}
    rows = grouped(
        await journal.attempts(since=since), await journal.reused(since=since), lost, by=by
    )
    return _every_day(rows) if by == "day" and rows else rows


def grouped(
    attempts: Iterable[Attempt], reused: Iterable[Reused], lost: Collection[str], *, by: By
) -> list[Spent]:
    """Attempts and reused steps as money by day, task, target or run."""
    label = _LABELS[by]
    rows: dict[str, Spent] = {}
    for attempt in attempts:
        if attempt.state == "released":
            continue
        row = rows.setdefault(label(attempt), Spent(label(attempt)))
        row.calls += 1
        _add(row, attempt, lost=attempt.id in lost)
    for step in reused:
        rows.setdefault(label(step), Spent(label(step))).reused += step.usd_nano
    if by == "day":
        return sorted(rows.values(), key=lambda row: row.label)
    return sorted(rows.values(), key=lambda row: (-row.total, row.label))


def _every_day(rows: Sequence[Spent]) -> list[Spent]:
    """With the days between them on which nothing was spent."""
    known = {row.label: row for row in rows}
    first, last = date.fromisoformat(rows[0].label), date.fromisoformat(rows[-1].label)
    days = (f"{first + timedelta(days=n)}" for n in range((last - first).days + 1))
    return [known.get(day) or Spent(day) for day in days]


def summed(rows: Sequence[Spent]) -> Spent:
    """All rows in one."""
    return Spent(
        "total",
        calls=sum(row.calls for row in rows),
        settled=sum(row.settled for row in rows),
        forfeited=sum(row.forfeited for row in rows),
        held=sum(row.held for row in rows),
        unknown=sum(row.unknown for row in rows),
        reused=sum(row.reused for row in rows),
    )


def _add(row: Spent, attempt: Attempt, *, lost: bool) -> None:
    if attempt.state == "settled":
        row.settled += attempt.charged_nano
    elif attempt.state == "forfeited":
        row.forfeited += attempt.charged_nano
    elif lost:
        row.unknown += attempt.high_nano
    else:
        row.held += attempt.high_nano


def day_of(at: float) -> str:
    """The day of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


_LABELS: dict[By, Callable[[Attempt | Reused], str]] = {
    "day": lambda each: day_of(each.created_at if isinstance(each, Attempt) else each.at),
    "task": lambda each: each.task,
    "target": lambda each: each.target,
    "run": lambda each: each.run_id or "calls",
}
