"""The journal in one SQLite file.

Source of the settings: https://www.sqlite.org/wal.html and /pragma.html. WAL lets readers go on
while one writes; synchronous=FULL makes a commit survive a power cut; BEGIN IMMEDIATE takes the
write lock first, so that count-then-claim cannot break between two processes.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from brandmodel.errors import StorageError
from brandmodel.journal import sql
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
)

T = TypeVar("T")
_BUSY_TIMEOUT_S = 30.0


class SqliteJournal:
    """One connection on one thread of its own; the event loop never waits for the disk."""

    def __init__(self, path: Path) -> None:
        """Open the file lazily: nothing is read or made before the first call.

        Args:
            path: of the database file; its folder is made when needed.
        """
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._connection: sqlite3.Connection | None = None

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._on_thread, work)

    def _on_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = _connected(self._path)
            return work(self._connection)
        except sqlite3.Error as error:
            raise _storage_error(self._path, error) from error
        except OSError as error:
            raise StorageError(
                f"{self._path.parent}: {error.strerror}",
                hint="choose a folder that can be written with BRANDMODEL_HOME",
            ) from error

    async def step(self, key: str) -> StepRecord | None:
        """See ``Journal``."""
        row = await self._do(lambda c: c.execute(sql.STEP, (key,)).fetchone())
        return StepRecord(*row) if row else None

    async def has_task(self, space: str, task: str) -> bool:
        """See ``Journal``."""
        return bool(await self._do(lambda c: c.execute(sql.HAS_TASK, (task, space)).fetchone()))

    async def typical_seconds(self, target: str, task: str) -> float | None:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.NEWEST_SECONDS, (task, target)).fetchall())
        return statistics.median(row[0] for row in rows) if rows else None

    async def begin_run(self, run: RunRecord) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                c.execute(sql.KEEP_RUN, astuple(run))

        await self._do(work)

    async def end_run(self, run: RunRecord, steps: Sequence[RunStep]) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
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
                c.executemany(sql.KEEP_RUN_STEP, [astuple(step) for step in steps])

        await self._do(work)

    async def keep(self, record: StepRecord, step: RunStep | None) -> StepRecord:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> StepRecord:
            with _transaction(c):
                return _keep(c, record, step)

        return await self._do(work)

    async def forget(self, record: StepRecord) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                c.execute(sql.FORGET_STEP, (record.key, record.created_at))

        await self._do(work)

    async def reserve(self, reservation: Reservation) -> int | LeaseHeld | CapReached:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> int | LeaseHeld | CapReached:
            with _transaction(c):
                return _reserve(c, reservation)

        return await self._do(work)

    async def started(self, attempt: str, job: str, *, now: float) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                c.execute(sql.STARTED, (job, attempt))

        await self._do(work)

    async def renew(self, key: str, holder: str, *, until: float) -> bool:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> bool:
            with _transaction(c):
                return c.execute(sql.RENEW_LEASE, (until, key, holder)).rowcount == 1

        return await self._do(work)

    async def adopt(
        self, attempt: str, holder: str, *, now: float, lease_s: float
    ) -> int | LeaseHeld:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> int | LeaseHeld:
            with _transaction(c):
                row = _attempt(c, attempt)
                lease = c.execute(sql.LEASE, (row.key,)).fetchone()
                if row.state not in OPEN or (lease and lease[2] > now and lease[0] != holder):
                    return LeaseHeld(holder=lease[0], expires_at=lease[2])
                fence = (lease[1] if lease else row.fence) + 1
                c.execute(sql.TAKE_LEASE, (row.key, holder, fence, now + lease_s))
                c.execute(sql.ADOPT, (fence, attempt))
                return fence

        return await self._do(work)

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
            with _transaction(c):
                row = _attempt(c, attempt)
                if row.fence == fence:
                    _end_attempt(c, attempt, _End("settled", charged_nano, "", request_ids))
                    c.execute(sql.END_LEASE, (row.key, fence))
                return _keep(c, record, step)

        return await self._do(work)

    async def release(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                if _attempt(c, attempt).fence == fence:
                    row = _end_attempt(c, attempt, _End("released", 0, error, request_ids))
                    c.execute(sql.END_LEASE, (row.key, fence))

        await self._do(work)

    async def unknown(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                row = _attempt(c, attempt)
                if row.fence == fence:
                    end = _End("unknown", 0, error, request_ids)
                    c.execute(sql.END_ATTEMPT, (*end, attempt))
                    c.execute(sql.END_LEASE, (row.key, fence))

        await self._do(work)

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
            with _transaction(c):
                row = _attempt(c, attempt)
                if row.fence == fence:
                    charged = row.high_nano if charged_nano is None else charged_nano
                    _end_attempt(c, attempt, _End("forfeited", charged, error, request_ids))
                    c.execute(sql.END_LEASE, (row.key, fence))

        await self._do(work)

    async def attempts(self, *, since: float = 0.0) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.ATTEMPTS, (since,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def lost_attempts(self, *, now: float) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.LOST_ATTEMPTS, (now,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def reused(self, *, since: float = 0.0) -> list[Reused]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.REUSED, (since,)).fetchall())
        return [Reused(*row) for row in rows]

    async def open_attempts(self, key: str) -> list[Attempt]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.OPEN_ATTEMPTS, (key,)).fetchall())
        return [Attempt(*row) for row in rows]

    async def takes(self, key: str) -> list[int] | None:
        """See ``Journal``."""
        row = await self._do(lambda c: c.execute(sql.TAKES, (key,)).fetchone())
        return json.loads(row[0]) if row else None

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> None:
            with _transaction(c):
                c.execute(sql.KEEP_TAKES, (key, json.dumps(list(takes))))

        await self._do(work)

    async def run(self, run_id: str) -> RunRecord | None:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.RUN, (run_id, run_id)).fetchall())
        # The id itself sorts before every longer one that begins with it.
        found = rows[:1] if rows and rows[0][0] == run_id else rows
        return RunRecord(*found[0]) if run_id and len(found) == 1 else None

    async def runs(self, *, limit: int = 50, recipe: str | None = None) -> list[RunRecord]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.RUNS, (recipe or "", limit)).fetchall())
        return [RunRecord(*row) for row in rows]

    async def run_steps(self, run_id: str) -> list[RunStep]:
        """See ``Journal``."""
        rows = await self._do(lambda c: c.execute(sql.RUN_STEPS, (run_id,)).fetchall())
        return [RunStep(*row) for row in rows]

    async def spending(self, scope: str) -> Spending:
        """See ``Journal``."""

        def work(c: sqlite3.Connection) -> Spending:
            row = c.execute(sql.CAP, (scope,)).fetchone()
            spending = Spending(held_nano=row[1], spent_nano=row[2]) if row else Spending()
            for task, charged in c.execute(sql.HELD_BY_TASK, (scope,)):
                spending.by_task[task] = spending.by_task.get(task, 0) + charged
            return spending

        return await self._do(work)

    async def aclose(self) -> None:
        """See ``Journal``."""
        if self._connection is not None:
            await self._do(lambda c: c.close())
            self._connection = None
        self._thread.shutdown(wait=False)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _keep(c: sqlite3.Connection, record: StepRecord, step: RunStep | None) -> StepRecord:
    new = c.execute(sql.KEEP_STEP, astuple(record)).rowcount == 1
    kept = record if new else StepRecord(*c.execute(sql.STEP, (record.key,)).fetchone())
    if step is not None:
        c.execute(sql.KEEP_RUN_STEP, astuple(replace(step, digest=kept.digest)))
    return kept


def _reserve(c: sqlite3.Connection, r: Reservation) -> int | LeaseHeld | CapReached:
    lease = c.execute(sql.LEASE, (r.key,)).fetchone()
    if lease and lease[2] > r.now and lease[0] != r.holder:
        return LeaseHeld(holder=lease[0], expires_at=lease[2])
    if c.execute(sql.STEP, (r.key,)).fetchone():
        return LeaseHeld(holder="", expires_at=0.0)
    held: list[str] = []
    for scope, limit in r.caps:
        c.execute(sql.ADD_CAP, (scope, limit))
        if c.execute(sql.HOLD, (r.high_nano, scope, r.high_nano)).rowcount == 0:
            for earlier in held:
                c.execute(sql.LET_GO, (r.high_nano, earlier))
            _, held_nano, spent_nano = c.execute(sql.CAP, (scope,)).fetchone()
            return CapReached(scope=scope, limit_nano=limit, taken_nano=held_nano + spent_nano)
        held.append(scope)
    fence = (lease[1] if lease else 0) + 1
    c.execute(sql.TAKE_LEASE, (r.key, r.holder, fence, r.now + r.lease_s))
    attempt = Attempt(
        r.attempt, r.key, r.run_id, r.task, r.target, "reserved", r.high_nano, 0, "", fence, r.now
    )
    c.execute(sql.ADD_ATTEMPT, astuple(attempt))
    c.executemany(sql.ADD_ATTEMPT_CAP, [(r.attempt, scope) for scope in held])
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


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(sql.MIGRATIONS):
            raise StorageError(
                f"{path} was written by a newer version of brandmodel",
                hint="upgrade brandmodel, or choose another folder with BRANDMODEL_HOME",
            )
        _to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        if version < len(sql.MIGRATIONS):
            _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. The busy timeout does not cover that switch, so wait here."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _migrate(connection: sqlite3.Connection) -> None:
    with _transaction(connection):
        # Read again under the lock: another process may have been first.
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for statements in sql.MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(sql.MIGRATIONS)}")


def _storage_error(path: Path, error: sqlite3.Error) -> StorageError:
    code: Any = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_NOTADB") or code.startswith("SQLITE_CORRUPT"):
        return StorageError(
            f"{path} is not a journal, or is damaged",
            hint="move it away and run again; pictures in the assets folder stay",
        )
    if code.startswith("SQLITE_FULL") or code.startswith("SQLITE_IOERR"):
        return StorageError(f"{path}: the disk is full or failing", hint="free space and run again")
    if code.startswith("SQLITE_READONLY") or code.startswith("SQLITE_CANTOPEN"):
        return StorageError(
            f"{path} cannot be written", hint="choose a folder that can be with BRANDMODEL_HOME"
        )
    if code.startswith("SQLITE_BUSY"):
        return StorageError(f"{path} is locked by another program", hint="end it and run again")
    return StorageError(f"{path}: {error}")
