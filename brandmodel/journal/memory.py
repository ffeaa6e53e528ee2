"""A journal that lives as long as its process: for the text path, quotes of strangers, and tests."""

from __future__ import annotations

from collections.abc import Sequence

from brandmodel.errors import StorageError
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


class MemoryJournal:
    """Dictionaries with the journal's rules. One event loop, so no locks."""

    def __init__(self) -> None:
        self._steps: dict[str, StepRecord] = {}
        self._runs: dict[str, RunRecord] = {}
        self._run_steps: dict[str, dict[str, RunStep]] = {}
        self._attempts: dict[str, tuple[Attempt, tuple[str, ...]]] = {}
        self._caps: dict[str, list[int]] = {}
        self._takes: dict[str, list[int]] = {}

    async def step(self, key: str) -> StepRecord | None:
        """See ``Journal``."""
        return self._steps.get(key)

    async def has_task(self, space: str, task: str) -> bool:
        """See ``Journal``."""
        return any(s.task == task and s.space == space for s in self._steps.values())

    async def typical_seconds(self, target: str, task: str) -> float | None:
        """See ``Journal``."""
        for step in reversed(self._steps.values()):
            if step.target == target and step.task == task:
                return step.seconds
        return None

    async def begin_run(self, run: RunRecord) -> None:
        """See ``Journal``."""
        self._runs.setdefault(run.id, run)

    async def end_run(self, run: RunRecord, steps: Sequence[RunStep]) -> None:
        """See ``Journal``."""
        self._runs[run.id] = run
        for step in steps:
            self._run_steps.setdefault(run.id, {})[step.name] = step

    async def keep(self, record: StepRecord, step: RunStep | None) -> StepRecord:
        """See ``Journal``."""
        kept = self._steps.setdefault(record.key, record)
        if step is not None:
            seated = step._replace(digest=kept.digest)
            self._run_steps.setdefault(step.run_id, {})[step.name] = seated
        return kept

    async def forget(self, record: StepRecord) -> None:
        """See ``Journal``."""
        if self._steps.get(record.key) is record:
            del self._steps[record.key]

    async def reserve(self, reservation: Reservation) -> int | LeaseHeld | CapReached:
        """See ``Journal``; one process shares its running steps, so no lease is ever held."""
        r = reservation
        if r.key in self._steps:
            return LeaseHeld(holder="", expires_at=0.0)
        for scope, limit in r.caps:
            cap = self._caps.setdefault(scope, [limit, 0, 0])
            cap[0] = limit
            if cap[1] + cap[2] + r.high_nano > limit:
                return CapReached(scope=scope, limit_nano=limit, taken_nano=cap[1] + cap[2])
        for scope, _ in r.caps:
            self._caps[scope][1] += r.high_nano
        attempt = Attempt(
            r.attempt, r.key, r.run_id, r.task, r.target, "reserved", r.high_nano, 0, "", 1, r.now
        )
        self._attempts[r.attempt] = (attempt, tuple(scope for scope, _ in r.caps))
        return 1

    async def started(self, attempt: str, job: str, *, now: float) -> None:
        """See ``Journal``."""
        row, scopes = self._attempts[attempt]
        self._attempts[attempt] = (row._replace(state="started", job=job), scopes)

    async def renew(self, key: str, holder: str, *, until: float) -> bool:
        """See ``Journal``."""
        return True

    async def adopt(
        self, attempt: str, holder: str, *, now: float, lease_s: float
    ) -> int | LeaseHeld:
        """See ``Journal``."""
        row, _ = self._attempts[attempt]
        return row.fence if row.state in OPEN else LeaseHeld(holder="", expires_at=0.0)

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
        self._end(attempt, "settled", charged_nano, "", request_ids)
        return await self.keep(record, step)

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
        row, _ = self._attempts[attempt]
        if row.fence == fence:
            charged = row.high_nano if charged_nano is None else charged_nano
            self._end(attempt, "forfeited", charged, error, request_ids)

    async def draw(
        self, slice_: str, fence: int, calls: Sequence[Attempt], *, keep_nano: int, until: float
    ) -> bool:
        """See ``Journal``."""
        if slice_ not in self._attempts:
            return False
        row, scopes = self._attempts[slice_]
        new = [call for call in calls if call.id not in self._attempts]
        self._attempts.update((call.id, (call, scopes)) for call in new)
        held, charged = drawn(new)
        ours = row.fence == fence and row.state in OPEN
        if ours:
            held -= row.high_nano - keep_nano
            state = row.state if keep_nano else "released"
            self._attempts[slice_] = (row._replace(high_nano=keep_nano, state=state), scopes)
        for scope in scopes:
            self._caps[scope][1] += held
            self._caps[scope][2] += charged
        return ours

    async def attempts(self, *, since: float = 0.0) -> list[Attempt]:
        """See ``Journal``."""
        found = [a for a, _ in self._attempts.values() if a.created_at >= since]
        return sorted(found, key=lambda a: (a.created_at, a.id))

    async def lost_attempts(self, *, now: float) -> list[Attempt]:
        """See ``Journal``; whoever holds one lives in this process, so none is left behind."""
        return [a for a in await self.attempts() if a.state == "unknown"]

    async def reused(self, *, since: float = 0.0) -> list[Reused]:
        """See ``Journal``."""
        runs = sorted(self._runs.values(), key=lambda r: r.started_at)
        return [
            Reused(run.id, run.started_at, s.task, s.target, s.usd_nano)
            for run in runs
            if run.started_at >= since
            for s in self._run_steps.get(run.id, {}).values()
            if s.status == "reused" and s.usd_nano > 0
        ]

    async def release(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""
        if self._attempts[attempt][0].fence == fence:
            self._end(attempt, "released", 0, error, request_ids)

    async def unknown(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """See ``Journal``."""
        row, scopes = self._attempts[attempt]
        if row.fence == fence:
            named = request_ids or row.request_ids
            row = row._replace(state="unknown", error=error, request_ids=named)
            self._attempts[attempt] = (row, scopes)

    def _end(
        self, attempt: str, state: str, charged_nano: int, error: str, request_ids: str
    ) -> None:
        row, scopes = self._attempts[attempt]
        if row.state not in OPEN:
            raise StorageError(f"attempt {attempt} was {row.state} already")
        self._attempts[attempt] = (
            row._replace(
                state=state,
                charged_nano=charged_nano,
                error=error,
                request_ids=request_ids or row.request_ids,
            ),
            scopes,
        )
        for scope in scopes:
            self._caps[scope][1] -= row.high_nano
            self._caps[scope][2] += charged_nano

    async def open_attempts(self, key: str) -> list[Attempt]:
        """See ``Journal``."""
        return [a for a, _ in self._attempts.values() if a.key == key and a.state in OPEN]

    async def takes(self, key: str) -> list[int] | None:
        """See ``Journal``."""
        return self._takes.get(key)

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """See ``Journal``."""
        self._takes.setdefault(key, list(takes))

    async def run(self, run_id: str) -> RunRecord | None:
        """See ``Journal``."""
        found = [r for r in self._runs.values() if run_id and r.id.startswith(run_id)]
        return self._runs.get(run_id) or (found[0] if len(found) == 1 else None)

    async def runs(self, *, limit: int = 50, recipe: str | None = None) -> list[RunRecord]:
        """See ``Journal``."""
        newest = sorted(self._runs.values(), key=lambda r: r.started_at, reverse=True)
        return [r for r in newest if recipe in (None, r.recipe)][:limit]

    async def run_steps(self, run_id: str) -> list[RunStep]:
        """See ``Journal``."""
        return sorted(self._run_steps.get(run_id, {}).values(), key=lambda s: s.seq)

    async def taken(self, scope: str) -> int:
        """See ``Journal``."""
        _, held, spent = self._caps.get(scope, [0, 0, 0])
        return held + spent

    async def spending(self, scope: str) -> Spending:
        """See ``Journal``."""
        _, held, spent = self._caps.get(scope, [0, 0, 0])
        spending = Spending(held_nano=held, spent_nano=spent)
        for attempt, scopes in self._attempts.values():
            if scope in scopes:
                by_task = spending.by_task
                by_task[attempt.task] = by_task.get(attempt.task, 0) + attempt.charged_nano
        return spending

    async def aclose(self) -> None:
        """See ``Journal``."""
