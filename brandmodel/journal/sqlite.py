"""The journal in one SQLite file: what each call reads and writes. How it is committed: ``commits``."""

from __future__ import annotations

import json
import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from brandmodel.errors import StorageError
from brandmodel.journal import sql
from brandmodel.journal.commits import Commits
from brandmodel.journal.records import (
    OPEN,
    Attempt,
    CapReached,
    LeaseHeld,
    Reservation,
    Reused,
    RunRecord,
    RunStep,
    Spending,
    StepRecord,
    drawn,
)


class SqliteJournal:
    """Rows in tables; whatever is written is durable when the call returns."""

    def __init__(self, path: Path) -> None:
        """Open the file lazily: nothing is read or made before the first call.

        Args:
            path: of the database file; its folder is made when needed.
        """
        self._file = Commits(path)

    async def step(self, key: str) -> StepRecord | None:
        """See ``Journal``."""
        row = await self._file.read(lambda c: c.execute(sql.STEP, (key,)).fetchone())
        return StepRecord(*row) if row else None

    async def has_task(self, space: str, task: str) -> bool:
        """See ``Journal``."""
        return bool(
            await self._file.read(lambda c: c.execute(sql.HAS_TASK, (task, space)).fetchone())
        )

    async def typical_seconds(self, target: str, task: str) -> float | None:
        """See ``Journal``."""
        rows = await self._file.scan(
            lambda c: c.execute(sql.NEWEST_SECONDS, (task, target)).fetchall()
        )
        return statistics.median(row[0] for row in rows) if rows else None

    async def begin_run(self, run: RunRecord) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            c.execute(sql.KEEP_RUN, run)

        await self._file.write(work)

    async def end_run(self, run: RunRecord, steps: Sequence[RunStep]) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            c.execute(
                sql.END_RUN,
                (
                    run.status,
                    run.finished_at,
                    run.seconds,
                    run.outputs,
                    run.overrides,
                    run.message,
                    run.id,
                ),
            )
            c.executemany(sql.KEEP_RUN_STEP, steps)

        await self._file.write(work)

    async def keep(self, record: StepRecord, step: RunStep | None) -> StepRecord:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> StepRecord:
            return _keep(c, record, step)

        return await self._file.write(work)

    async def forget(self, record: StepRecord) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            c.execute(sql.FORGET_STEP, (record.key, record.created_at))

        await self._file.write(work)

    async def reserve(self, reservation: Reservation) -> int | LeaseHeld | CapReached:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> int | LeaseHeld | CapReached:
            return _reserve(c, reservation)

        return await self._file.write(work)

    async def started(self, attempt: str, job: str, *, now: float) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            c.execute(sql.STARTED, (job, attempt))

        await self._file.write(work)

    async def renew(self, key: str, holder: str, *, until: float) -> bool:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> bool:
            return c.execute(sql.RENEW_LEASE, (until, key, holder)).rowcount == 1

        return await self._file.write(work)

    async def adopt(
        self, attempt: str, holder: str, *, now: float, lease_s: float
    ) -> int | LeaseHeld:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> int | LeaseHeld:
            row = _attempt(c, attempt)
            lease = c.execute(sql.LEASE, (row.key,)).fetchone()
            if row.state not in OPEN or (lease and lease[2] > now and lease[0] != holder):
                return LeaseHeld(holder=lease[0], expires_at=lease[2])
            fence = (lease[1] if lease else row.fence) + 1
            c.execute(sql.TAKE_LEASE, (row.key, holder, fence, now + lease_s))
            c.execute(sql.ADOPT, (fence, attempt))
            return fence

        return await self._file.write(work)

    async def settle(
        self,
        attempt: str,
        fence: int,
        charged_nano: int,
        record: StepRecord,
        step: RunStep | None,
        *,
        request_ids: str = "",
    ) -> StepRecord:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> StepRecord:
            row = _attempt(c, attempt)
            if row.fence == fence:
                _end_attempt(c, attempt, _End("settled", charged_nano, "", request_ids))
                c.execute(sql.END_LEASE, (row.key, fence))
            return _keep(c, record, step)

        return await self._file.write(work)

    async def release(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            if _attempt(c, attempt).fence == fence:
                row = _end_attempt(c, attempt, _End("released", 0, error, request_ids))
                c.execute(sql.END_LEASE, (row.key, fence))

        await self._file.write(work)

    async def unknown(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            row = _attempt(c, attempt)
            if row.fence == fence:
                end = _End("unknown", 0, error, request_ids)
                c.execute(sql.END_ATTEMPT, (*end, attempt))
                c.execute(sql.END_LEASE, (row.key, fence))

        await self._file.write(work)

    async def forfeit(
        self,
        attempt: str,
        fence: int,
        *,
        error: str,
        charged_nano: int | None = None,
        request_ids: str = "",
    ) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            row = _attempt(c, attempt)
            if row.fence == fence:
                charged = row.high_nano if charged_nano is None else charged_nano
                _end_attempt(c, attempt, _End("forfeited", charged, error, request_ids))
                c.execute(sql.END_LEASE, (row.key, fence))

        await self._file.write(work)

    async def draw(
        self, slice_: str, fence: int, calls: Sequence[Attempt], *, keep_nano: int, until: float
    ) -> bool:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> bool:
            found = c.execute(sql.ATTEMPT, (slice_,)).fetchone()
            if found is None:
                return False
            row = Attempt(*found)
            scopes: list[str] = [scope for (scope,) in c.execute(sql.ATTEMPT_CAPS, (slice_,))]
            new = [x for x in calls if c.execute(sql.ADD_CALL, x).rowcount == 1]
            both = [(call.id, scope) for call in new for scope in scopes]
            c.executemany(sql.ADD_ATTEMPT_CAP, both)
            held, charged = drawn(new)
            ours = row.fence == fence and row.state in OPEN
            if ours:
                held -= row.high_nano - keep_nano
                state = row.state if keep_nano else "released"
                c.execute(sql.SHRINK, (keep_nano, state, slice_))
                c.execute(sql.KEEP_LEASE, (until if keep_nano else 0.0, row.key, fence))
            c.execute(sql.SETTLE_CAPS, (-held, charged, slice_))
            return ours

        return await self._file.write(work)

    async def attempts(self, *, since: float = 0.0) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._file.scan(lambda c: c.execute(sql.ATTEMPTS, (since,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def lost_attempts(self, *, now: float) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._file.scan(lambda c: c.execute(sql.LOST_ATTEMPTS, (now,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def reused(self, *, since: float = 0.0) -> list[Reused]:
        """See ``Journal``."""
        rows = await self._file.scan(lambda c: c.execute(sql.REUSED, (since,)).fetchall())
        return [Reused(*row) for row in rows]

    async def open_attempts(self, key: str) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._file.read(lambda c: c.execute(sql.OPEN_ATTEMPTS, (key,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def takes(self, key: str) -> list[int] | None:
        """See ``Journal``."""
        row = await self._file.read(lambda c: c.execute(sql.TAKES, (key,)).fetchone())
        return json.loads(row[0]) if row else None

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            c.execute(sql.KEEP_TAKES, (key, json.dumps(list(takes))))

        await self._file.write(work)

    async def run(self, run_id: str) -> RunRecord | None:
        """See ``Journal``."""
        rows = await self._file.scan(lambda c: c.execute(sql.RUN, (run_id, run_id)).fetchall())
        # The id itself sorts before every longer one that begins with it.
        found = rows[:1] if rows and rows[0][0] == run_id else rows
        return RunRecord(*found[0]) if run_id and len(found) == 1 else None

    async def runs(self, *, limit: int = 50, recipe: str | None = None) -> list[RunRecord]:
        """See ``Journal``."""
        rows = await self._file.scan(
            lambda c: c.execute(sql.RUNS, (recipe or "", limit)).fetchall()
        )
        return [RunRecord(*row) for row in rows]

    async def run_steps(self, run_id: str) -> list[RunStep]:
        """See ``Journal``."""
        rows = await self._file.scan(lambda c: c.execute(sql.RUN_STEPS, (run_id,)).fetchall())
        return [RunStep(*row) for row in rows]

    async def taken(self, scope: str) -> int:
        """See ``Journal``."""
        row = await self._file.read(lambda c: c.execute(sql.CAP, (scope,)).fetchone())
        return row[1] + row[2] if row else 0

    async def spending(self, scope: str) -> Spending:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> Spending:
            row = c.execute(sql.CAP, (scope,)).fetchone()
            spending = Spending(held_nano=row[1], spent_nano=row[2]) if row else Spending()
            for task, charged in c.execute(sql.HELD_BY_TASK, (scope,)):
                spending.by_task[task] = spending.by_task.get(task, 0) + charged
            return spending

        return await self._file.scan(work)

    async def aclose(self) -> None:
        """See ``Journal``."""
        await self._file.aclose()


def _keep(c: sqlite3.Connection, record: StepRecord, step: RunStep | None) -> StepRecord:
    new = c.execute(sql.KEEP_STEP, record).rowcount == 1
    kept = record if new else StepRecord(*c.execute(sql.STEP, (record.key,)).fetchone())
    if step is not None:
        c.execute(sql.KEEP_RUN_STEP, step._replace(digest=kept.digest))
    return kept


def _reserve(c: sqlite3.Connection, r: Reservation) -> int | LeaseHeld | CapReached:
    finished, holder, fence, expires_at = c.execute(sql.CLAIM, (r.key,)).fetchone()
    if fence and expires_at > r.now and holder != r.holder:
        return LeaseHeld(holder=holder, expires_at=expires_at)
    if finished:
        return LeaseHeld(holder="", expires_at=0.0)
    for number, (scope, limit) in enumerate(r.caps):
        fits = r.high_nano <= limit
        if not fits or c.execute(sql.HOLD, (scope, limit, r.high_nano)).rowcount == 0:
            for earlier, _ in r.caps[:number]:
                c.execute(sql.LET_GO, (r.high_nano, earlier))
            _, held_nano, spent_nano = c.execute(sql.CAP, (scope,)).fetchone() or (0, 0, 0)
            return CapReached(scope=scope, limit_nano=limit, taken_nano=held_nano + spent_nano)
    fence = (fence or 0) + 1
    c.execute(sql.TAKE_LEASE, (r.key, r.holder, fence, r.now + r.lease_s))
    attempt = Attempt(
        r.attempt, r.key, r.run_id, r.task, r.target, "reserved", r.high_nano, 0, "", fence, r.now
    )
    c.execute(sql.ADD_ATTEMPT, attempt)
    c.executemany(sql.ADD_ATTEMPT_CAP, [(r.attempt, scope) for scope, _ in r.caps])
    return fence


def _attempt(c: sqlite3.Connection, attempt: str) -> Attempt:
    return Attempt(*c.execute(sql.ATTEMPT, (attempt,)).fetchone())


class _End(NamedTuple):
    """What an attempt ends as."""

    state: str
    charged_nano: int
    error: str
    request_ids: str


def _end_attempt(c: sqlite3.Connection, attempt: str, end: _End) -> Attempt:
    row = _attempt(c, attempt)
    if row.state not in OPEN:
        raise StorageError(f"attempt {attempt} was {row.state} already")
    c.execute(sql.END_ATTEMPT, (*end, attempt))
    c.execute(sql.SETTLE_CAPS, (row.high_nano, end.charged_nano, attempt))
    return row
