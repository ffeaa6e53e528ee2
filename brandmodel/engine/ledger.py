"""The money side of a step: its price is held before it begins, and ends as what it came to.

Reserved, settled, released, or unknown: after an outcome that may have started something the price
stays held, unless it is so little that the call is simply sent once more and both are charged.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

from brandmodel.engine.asks import Ask, Hold, Obtained, obtained, record_of
from brandmodel.engine.holders import is_gone, own_holder
from brandmodel.errors import (
    BrandModelError,
    BudgetExceededError,
    JobFailedError,
    OutcomeUnknownError,
    RequestError,
)
from brandmodel.journal import Attempt, CapReached, Journal, LeaseHeld, Reservation
from brandmodel.routing import usd
from brandmodel.routing.prices import cost
from brandmodel.tasks import Done, Job, Request, Target

LEASE_S = 60.0
RESEND_BELOW_NANO = 20_000_000
"""A lost synchronous call under this price ($0.02) is sent once more; both are charged."""

Lost = Job | Done | Literal["unknown"] | None
"""What a vendor says of a call whose reply was lost; None: it knows of no such call."""
LookUp = Callable[[Ask, Target, str, float], Awaitable[Lost]]
"""Of an attempt by its id and when it began."""


class Ledger:
    """Holds, settles and lets go of the price of every paid attempt of this process."""

    def __init__(
        self,
        journal: Journal,
        find: Callable[[str, Request[Any]], Awaitable[Obtained | None]],
        look_up: LookUp,
    ) -> None:
        """Hold nothing yet.

        Args:
            journal: where it is written down.
            find: looks for a finished step.
            look_up: asks the vendor for an attempt that got lost.
        """
        self.journal = journal
        self._find = find
        self._look_up = look_up
        self._holder = f"{own_holder()}:{uuid.uuid4().hex[:8]}"

    async def hold(self, ask: Ask, target: Target, high: int) -> Hold | Obtained:
        """The lease and the money for a step; or its result, if another process comes first."""
        attempt = uuid.uuid4().hex
        holder = f"{self._holder}:{attempt[:8]}"
        while True:
            if found := await self._find(ask.key, ask.request):
                return found
            held = await self._adopt(ask, target, holder)
            if held is None:
                held = await self.journal.reserve(
                    Reservation(
                        attempt=attempt,
                        key=ask.key,
                        run_id=ask.run_id,
                        task=type(ask.request).__name__,
                        target=target.id,
                        high_nano=high,
                        holder=holder,
                        now=time.time(),
                        caps=ask.caps,
                        lease_s=LEASE_S,
                    )
                )
            if isinstance(held, CapReached):
                raise BudgetExceededError(
                    f"{type(ask.request).__name__} may cost ${usd(high):.4f}; "
                    f"${usd(held.taken_nano):.4f} of the cap of ${usd(held.limit_nano):.4f} "
                    f"({held.scope.partition(':')[0]}) is taken",
                    hint=f"{_raised(held.scope)} and run again; what is finished is kept",
                )
            if isinstance(held, Hold):
                return held
            if isinstance(held, int):
                return Hold(attempt, held, holder)
            if is_gone(held.holder):
                await self.journal.renew(ask.key, held.holder, until=0.0)
                continue
            # Another process runs this very step: wait for its result, or for its lease to end.
            await asyncio.sleep(0.1)

    async def _adopt(self, ask: Ask, target: Target, holder: str) -> Hold | LeaseHeld | None:
        """Pick up an attempt that a dead process left behind; None when there is none."""
        for attempt in await self.journal.open_attempts(ask.key):
            fence = await self.journal.adopt(attempt.id, holder, now=time.time(), lease_s=LEASE_S)
            if isinstance(fence, LeaseHeld):
                return fence
            if attempt.target == target.id:
                found = (
                    _job(attempt)
                    if attempt.job
                    else await self._look_up(ask, target, attempt.id, attempt.created_at)
                )
                if found is None:
                    await self.journal.release(attempt.id, fence, error="the vendor knows of none")
                    continue
                if found != "unknown":
                    return Hold(attempt.id, fence, holder, begun=found)
            if attempt.high_nano > RESEND_BELOW_NANO:
                await self.journal.unknown(attempt.id, fence, error="lost")
                raise OutcomeUnknownError(
                    f"an earlier {attempt.task} of run {attempt.run_id} may have started; its "
                    f"${usd(attempt.high_nano):.4f} stays held",
                    hint=f"look it up at the vendor, then: brandmodel resolve {attempt.id[:8]}",
                )
            await self.journal.forfeit(attempt.id, fence, error="lost; sent once more")
        return None

    async def kept(
        self, ask: Ask, target: Target, done: Done, hold: Hold | None, seconds: float
    ) -> Obtained:
        """The finished step in the journal, its money settled to the vendor's figure."""
        charged = 0
        if hold is not None:
            used = done.usage or ask.request.usage(done.result)
            charged = done.usd_nano if done.usd_nano is not None else cost(target, used)
        record = record_of(ask, target, done, charged, seconds)
        seat = ask.seat(record, done.result.notes)
        if hold is None:
            kept = await self.journal.keep(record, seat)
        else:
            kept = await self.journal.settle(hold.attempt, hold.fence, charged, record, seat)
        return obtained(ask, kept, done, record)

    async def close_failed(self, hold: Hold, error: BrandModelError, high: int) -> int:
        """Close a failed attempt; what is lost with it, in nano-USD.

        Nothing where nothing was started. Its high price where it ended without a result but may be
        billed, or where nobody can tell and it is little.

        Raises:
            OutcomeUnknownError: it may have started something, and is too dear to ask for again.
        """
        if not getattr(error, "started", False):
            await self.journal.release(hold.attempt, hold.fence, error=type(error).__name__)
            return 0
        if ended(error) or high <= RESEND_BELOW_NANO:
            await self.journal.forfeit(hold.attempt, hold.fence, error=type(error).__name__)
            return high
        await self.journal.unknown(hold.attempt, hold.fence, error=type(error).__name__)
        raise OutcomeUnknownError(
            f"a call that costs up to ${usd(high):.4f} broke off and may have started; "
            "the money stays held",
            hint=f"look it up at the vendor, then: brandmodel resolve {hold.attempt[:8]}",
        ) from error

    async def close_broken(self, hold: Hold, error: BrandModelError) -> None:
        """A text that broke off is charged at its high price: nobody can tell how much was billed."""
        started = getattr(error, "started", False)
        close = self.journal.forfeit if started else self.journal.release
        await close(hold.attempt, hold.fence, error=type(error).__name__)

    async def written_down(self, hold: Hold, job: Job) -> None:
        """The vendor has it: its handle is kept before anybody waits."""
        handle = {"target": job.target, "task": job.task, "handle": dict(job.handle)}
        await self.journal.started(hold.attempt, json.dumps(handle), now=time.time())

    @asynccontextmanager
    async def renewed(self, key: str, holder: str) -> AsyncGenerator[None]:
        """Keep the lease for as long as the block runs; whoever is cancelled gives it up at once."""

        async def renewing() -> None:
            while True:
                await asyncio.sleep(LEASE_S / 3)
                await self.journal.renew(key, holder, until=time.time() + LEASE_S)

        task = asyncio.create_task(renewing())
        try:
            yield
        except asyncio.CancelledError:
            await asyncio.shield(self.journal.renew(key, holder, until=0.0))
            raise
        finally:
            task.cancel()


def _raised(scope: str) -> str:
    """What helps against a cap that is reached."""
    cap = scope.partition(":")[0]
    row = {"day": "day_usd", "key": "key_usd_per_day"}.get(cap)
    return f"raise {row} of the model, or wait until midnight UTC," if row else "raise the budget"


def ended(error: BrandModelError) -> bool:
    """Whether it is known that nothing more will come of a call: a job that failed, a refusal."""
    return isinstance(error, JobFailedError | RequestError)


def _job(attempt: Attempt) -> Job:
    data = json.loads(attempt.job)
    return Job(target=data["target"], task=data["task"], handle=data["handle"])
