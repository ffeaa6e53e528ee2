"""The rows of the journal, and what every journal can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class StepRecord(NamedTuple):
    """A finished step: its content key and what came of it.

    Attributes:
        key: see ``engine.keys.step_key``.
        request: canonical JSON.
        result: JSON of the result.
        digest: of the result's canonical form.
        target: who served it; for operators.
        usd_nano: what was paid, in nano-USD.
        units: compute units.
        seconds: wall time of the successful attempt.
    """

    key: str
    space: str
    task: str
    request: str
    result: str
    digest: str
    target: str
    usd_nano: int
    units: float
    seconds: float
    created_at: float


class RunRecord(NamedTuple):
    """One execution of a recipe.

    Attributes:
        brief: JSON of the brief.
        status: running, done, waiting, failed or stopped.
        outputs: JSON of the outputs, once there are any.
        overrides: JSON of a person's words on this run.
        seconds: wall time.
        message: the error of a failed run.
        budget_nano: the run's own cap, which a resumed run keeps.
        api_key: id of the caller's API key, whose cap counts it; '' for none.
        without: vendors that must not be used, by name, with commas between.
        holder: ``host:process`` that executes it, or did.
        draft: id of the run that it promotes; '' for none.
        cascades: nobody asked for its tier, so the table's cascades hold.
    """

    id: str
    space: str
    model: str
    recipe: str
    tier: str
    brief: str
    seed: int
    as_of: float
    status: str
    started_at: float
    finished_at: float | None = None
    seconds: float = 0.0
    outputs: str = "[]"
    overrides: str = "{}"
    message: str = ""
    budget_nano: int | None = None
    holder: str = ""
    api_key: str = ""
    without: str = ""
    draft: str = ""
    cascades: bool = False


class RunStep(NamedTuple):
    """How one run came by one step.

    Attributes:
        name: unique in the run.
        status: ran, reused or overridden.
        digest: of the result.
        notes: JSON list of what a person should know.
        request: canonical JSON; kept here too since an override has no step record.
        chosen: of several takes, the one that the run went on with.
        saved_nano: what a cascade saved by it, in nano-USD; below 0 for what it made in vain.
    """

    run_id: str
    seq: int
    name: str
    key: str
    task: str
    stage: str
    tier: str
    target: str
    status: str
    usd_nano: int
    units: float
    seconds: float
    digest: str
    request: str
    notes: str = "[]"
    chosen: bool = False
    saved_nano: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is to be written down before a paid attempt begins.

    Attributes:
        high_nano: the most it can cost; held under every cap until settled.
        caps: (scope, limit in nano-USD) of each cap that applies.
        holder: who runs the step; only the holder of the lease settles it.
        lease_s: how long the lease lasts without renewal.
    """

    attempt: str
    key: str
    run_id: str
    task: str
    target: str
    high_nano: int
    holder: str
    now: float
    caps: tuple[tuple[str, int], ...] = ()
    lease_s: float = 60.0


class Attempt(NamedTuple):
    """A paid attempt as the journal has it.

    Attributes:
        state: reserved, started, settled, forfeited, released or unknown.
        job: JSON of the vendor's handle, or an empty string.
        error: what became of it where it brought nothing, in the vendor's words; for operators.
        request_ids: by which the vendor knows the call, with blanks between.
    """

    id: str
    key: str
    run_id: str
    task: str
    target: str
    state: str
    high_nano: int
    charged_nano: int
    job: str
    fence: int
    created_at: float
    error: str = ""
    request_ids: str = ""


OPEN = frozenset(("reserved", "started", "unknown"))
"""States of an attempt whose price is still held."""


@dataclass(frozen=True, slots=True)
class Reused:
    """A paid step that a run did not have to pay for again.

    Attributes:
        at: when the run began.
        usd_nano: what it cost when it was made.
    """

    run_id: str
    at: float
    task: str
    target: str
    usd_nano: int


@dataclass(frozen=True, slots=True)
class LeaseHeld:
    """Somebody else runs this step right now, or has just finished it: look again."""

    holder: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class CapReached:
    """A cap would be passed; nothing was reserved."""

    scope: str
    limit_nano: int
    taken_nano: int


@dataclass(slots=True)
class Spending:
    """What one run, or everything, has cost so far, in nano-USD."""

    held_nano: int = 0
    spent_nano: int = 0
    by_task: dict[str, int] = field(default_factory=dict[str, int])


def drawn(calls: Iterable[Attempt]) -> tuple[int, int]:
    """(still held, charged) of calls that ended, in nano-USD."""
    held = charged = 0
    for call in calls:
        held += call.high_nano if call.state == "unknown" else 0
        charged += call.charged_nano
    return held, charged


class Journal(Protocol):
    """What the engine needs of a journal. Every method commits before it returns."""

    async def step(self, key: str) -> StepRecord | None:
        """The finished step of that key."""
        ...

    async def has_task(self, space: str, task: str) -> bool:
        """Whether any step of that task was ever finished in that space."""
        ...

    async def typical_seconds(self, target: str, task: str) -> float | None:
        """Median time of the newest steps of a target and task, or None."""
        ...

    async def begin_run(self, run: RunRecord) -> None:
        """Write a run down before its first step."""
        ...

    async def end_run(self, run: RunRecord, steps: Sequence[RunStep]) -> None:
        """Write down how a run ended, with the steps not yet written."""
        ...

    async def keep(self, record: StepRecord, step: RunStep | None) -> StepRecord:
        """Keep a free step; the first result of a key wins and is returned."""
        ...

    async def forget(self, record: StepRecord) -> None:
        """Drop a step whose result cannot be used any more; what it cost stays in its run."""
        ...

    async def reserve(self, reservation: Reservation) -> int | LeaseHeld | CapReached:
        """Take the lease and hold the price, both or neither; the fencing number on success.

        A step that was finished since the caller looked is never reserved.
        """
        ...

    async def started(self, attempt: str, job: str, *, now: float) -> None:
        """Write down that the vendor has it, and its handle, before waiting."""
        ...

    async def renew(self, key: str, holder: str, *, until: float) -> bool:
        """Prolong a lease; False when it was lost."""
        ...

    async def adopt(
        self, attempt: str, holder: str, *, now: float, lease_s: float
    ) -> int | LeaseHeld:
        """Take over an open attempt whose holder's lease has ended; the new fencing number."""
        ...

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
        """Keep the result, and turn the held price into the real one if the attempt still is ours."""
        ...

    async def release(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """Nothing was started: let the price and the lease go, if the attempt still is ours."""
        ...

    async def unknown(self, attempt: str, fence: int, *, error: str, request_ids: str = "") -> None:
        """Something may have been started: let the lease go, keep the price held."""
        ...

    async def forfeit(
        self,
        attempt: str,
        fence: int,
        *,
        error: str,
        charged_nano: int | None = None,
        request_ids: str = "",
    ) -> None:
        """Charge for something that may have been started and brought nothing; by default its high price."""
        ...

    async def draw(
        self, slice_: str, fence: int, calls: Sequence[Attempt], *, keep_nano: int, until: float
    ) -> bool:
        """Write calls that ended and were paid out of a slice: a reservation that many calls share.

        Nothing is written twice: whoever does not know whether it was may ask for it again.

        Args:
            slice_: the attempt that reserved it; where there is none, nothing is written.
            fence: of its lease; where another holds it by now, the calls are written all the same.
            calls: settled, forfeited or unknown; the last keep their high price held.
            keep_nano: what stays reserved for calls to come or that still run; 0 closes the slice.
            until: when the lease ends that it is kept under.

        Returns:
            Whether the slice was still open, and ours.
        """
        ...

    async def attempts(self, *, since: float = 0.0) -> list[Attempt]:
        """Every paid attempt begun since then, oldest first."""
        ...

    async def lost_attempts(self, *, now: float) -> list[Attempt]:
        """Attempts that nobody knows the outcome of and nobody runs any more, oldest first."""
        ...

    async def reused(self, *, since: float = 0.0) -> list[Reused]:
        """Paid steps that runs begun since then had for nothing."""
        ...

    async def open_attempts(self, key: str) -> list[Attempt]:
        """Attempts of a step that were neither settled nor released."""
        ...

    async def takes(self, key: str) -> list[int] | None:
        """The set of takes that was returned for this key."""
        ...

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """Remember a set of takes; the first one wins."""
        ...

    async def run(self, run_id: str) -> RunRecord | None:
        """A run by id; an unambiguous beginning of the id is enough."""
        ...

    async def runs(self, *, limit: int = 50, recipe: str | None = None) -> list[RunRecord]:
        """Runs, newest first."""
        ...

    async def run_steps(self, run_id: str) -> list[RunStep]:
        """The steps of a run in the order in which they finished."""
        ...

    async def taken(self, scope: str) -> int:
        """Nano-USD that are held or spent under a cap, by one look-up."""
        ...

    async def spending(self, scope: str) -> Spending:
        """What stands under a cap."""
        ...

    async def aclose(self) -> None:
        """Close files and threads."""
        ...
