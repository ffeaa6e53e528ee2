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
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Protocol

from brandmodel.engine.asks import Ask, Hold, Obtained, obtained, record_of
from brandmodel.engine.holders import is_gone, own_holder
from brandmodel.errors import (
    BadResultError,
    BrandModelError,
    BudgetExceededError,
    JobFailedError,
    OutcomeUnknownError,
    ProviderError,
    RequestError,
)
from brandmodel.journal import Attempt, CapReached, Journal, LeaseHeld, Reservation
from brandmodel.routing import usd
from brandmodel.routing.prices import cost
from brandmodel.tasks import Done, Job, Request, Target, Usage

LEASE_S = 60.0
RESEND_BELOW_NANO = 20_000_000
"""A lost synchronous call under this price ($0.02) is sent once more; both are charged."""

_MOST_WORDS = 500

Lost = Job | Done | Literal["unknown"] | None
"""What a vendor says of a call whose reply was lost; None: it knows of no such call."""
LookUp = Callable[[Ask, Target, str, float], Awaitable[Lost]]
"""Of an attempt by its id and when it began."""


class Books(Protocol):
    """Where the price of a call is held while it runs, and what it came to is written.

    ``Ledger`` writes all of it down before it goes on; ``Slices`` does so for many small calls at once.
    """

    async def begun(self, key: str) -> frozenset[str]:
        """Targets at which an earlier process may have begun the step."""
        ...

    async def hold(self, ask: Ask, target: Target, high: int) -> Hold | Obtained:
        """The money for a call; or its result, if another process comes first.

        Raises:
            BudgetExceededError: a cap would be passed.
        """
        ...

    def renewed(self, key: str, holder: str) -> AbstractAsyncContextManager[None]:
        """Keep what is held for as long as the block runs."""
        ...

    async def written_down(self, hold: Hold, job: Job) -> None:
        """The vendor has it: its handle is kept before anybody waits."""
        ...

    async def kept(
        self, ask: Ask, target: Target, done: Done, hold: Hold | None, seconds: float
    ) -> Obtained:
        """The finished step, its money settled to the vendor's figure."""
        ...

    async def release(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """Nothing was started: let the money go.

        Args:
            hold: what was held.
            error: its kind and the vendor's words, for operators.
            ids: by which the vendor knows the call.
        """
        ...

    async def forfeit(
        self, hold: Hold, *, error: str, charged_nano: int | None = None, ids: str = ""
    ) -> None:
        """Charge for what brought nothing; by default its high price."""
        ...

    async def unknown(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """Something may have been started: the money stays held."""
        ...

    async def left(self, key: str, hold: Hold, *, sent: bool) -> None:
        """Whoever asked for a call went away, or a defect ended it.

        Args:
            key: of the step.
            hold: what was held.
            sent: whether the vendor may have it; else nothing was started.
        """
        ...


async def close_failed(
    books: Books, hold: Hold, target: Target, error: BrandModelError, high: int
) -> int:
    """Close a failed attempt; what is lost with it, in nano-USD.

    Nothing where nothing was started. Where it ended without a result but is billed, the vendor's
    figure if it told one, else its high price; that, too, where nobody can tell and it is little.

    Raises:
        OutcomeUnknownError: it may have started something, and is too dear to ask for again.
    """
    if not getattr(error, "started", False) or ended(error) or high <= RESEND_BELOW_NANO:
        return await close_broken(books, hold, target, error, high)
    await books.unknown(hold, error=_words(error), ids=_ids(error))
    raise OutcomeUnknownError(
        f"a call that costs up to ${usd(high):.4f} broke off and may have started; "
        "the money stays held",
        hint=f"look it up at the vendor, then: brandmodel resolve {hold.attempt[:8]}",
    ) from error


async def close_broken(
    books: Books, hold: Hold, target: Target, error: BrandModelError, high: int
) -> int:
    """Close what is not waited for any more, such as a text that broke off; what is lost, in nano-USD.

    Nothing where nothing was started, else the vendor's figure if it told one, else the high price.
    """
    told, ids = _words(error), _ids(error)
    if not getattr(error, "started", False):
        await books.release(hold, error=told, ids=ids)
        return 0
    lost = _charged(target, error, high)
    await books.forfeit(hold, error=told, charged_nano=lost, ids=ids)
    return lost


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
                raise cap_passed(ask, high, held)
            if isinstance(held, Hold):
                return held
            if isinstance(held, int):
                return Hold(attempt, held, holder)
            if is_gone(held.holder):
                await self.journal.renew(ask.key, held.holder, until=0.0)
                continue
            # Another process runs this very step: wait for its result, or for its lease to end.
            if found := await self._find(ask.key, ask.request):
                return found
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
        charged = charge(ask, target, done) if hold is not None else 0
        record = record_of(ask, target, done, charged, seconds)
        seat = ask.seat(record, done.result.notes)
        if hold is None:
            kept = await self.journal.keep(record, seat)
        else:
            ids = " ".join(done.request_ids)
            kept = await self.journal.settle(
                hold.attempt, hold.fence, charged, record, seat, request_ids=ids
            )
        return obtained(ask, kept, done, record)

    async def begun(self, key: str) -> frozenset[str]:
        """See ``Books``."""
        return frozenset(attempt.target for attempt in await self.journal.open_attempts(key))

    async def release(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """See ``Books``."""
        await self.journal.release(hold.attempt, hold.fence, error=error, request_ids=ids)

    async def forfeit(
        self, hold: Hold, *, error: str, charged_nano: int | None = None, ids: str = ""
    ) -> None:
        """See ``Books``."""
        await self.journal.forfeit(
            hold.attempt, hold.fence, error=error, charged_nano=charged_nano, request_ids=ids
        )

    async def unknown(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """See ``Books``."""
        await self.journal.unknown(hold.attempt, hold.fence, error=error, request_ids=ids)

    async def written_down(self, hold: Hold, job: Job) -> None:
        """The vendor has it: its handle is kept before anybody waits."""
        handle = {"target": job.target, "task": job.task, "handle": dict(job.handle)}
        # A run that is stopped just now must not forget what the vendor has begun.
        await asyncio.shield(
            self.journal.started(hold.attempt, json.dumps(handle), now=time.time())
        )

    @asynccontextmanager
    async def renewed(self, key: str, holder: str) -> AsyncGenerator[None]:
        """Keep the lease for as long as the block runs; most end before there is need to renew it."""
        loop, renewing = asyncio.get_running_loop(), list[asyncio.Task[bool]]()

        def renew() -> None:
            until = time.time() + LEASE_S
            renewing[:] = [loop.create_task(self.journal.renew(key, holder, until=until))]
            timers[:] = [loop.call_later(LEASE_S / 3, renew)]

        timers = [loop.call_later(LEASE_S / 3, renew)]
        try:
            yield
        finally:
            timers[0].cancel()

    async def left(self, key: str, hold: Hold, *, sent: bool) -> None:
        """See ``Books``: the lease is given up at once, for whoever goes on with the step."""
        if sent:
            await asyncio.shield(self.journal.renew(key, hold.holder, until=0.0))
        else:
            await asyncio.shield(self.release(hold, error="stopped before it was sent"))


def charge(ask: Ask, target: Target, done: Done) -> int:
    """What a call came to, in nano-USD: the vendor's figure, else what it consumed at the row's price."""
    if done.usd_nano is not None:
        return done.usd_nano
    return cost(target, done.usage or ask.request.usage(done.result))


def cap_passed(ask: Ask, high: int, reached: CapReached) -> BudgetExceededError:
    """Says which cap a call would pass, and what helps."""
    cap = reached.scope.partition(":")[0]
    return BudgetExceededError(
        f"{type(ask.request).__name__} may cost ${usd(high):.4f}; "
        f"${usd(reached.taken_nano):.4f} of the cap of ${usd(reached.limit_nano):.4f} "
        f"({cap}) is taken",
        hint=_RAISED.get(cap, "raise the budget") + _KEPT * bool(ask.run_id),
    )


_KEPT = ", and run again; what is finished is kept"
_RAISED = {
    "day": "raise day_usd of the model, or wait until midnight UTC",
    "key": "raise key_usd_per_day of the model, or wait until midnight UTC",
    "call": "ask for a shorter answer, or raise run_usd of the model",
}
"""What helps against a cap that is reached."""


def ended(error: BrandModelError) -> bool:
    """Whether it is known that nothing more will come of a call: a job that failed, a refusal."""
    return isinstance(error, JobFailedError | RequestError)


def worth_once_more(error: BrandModelError, high: int) -> bool:
    """Whether a call that was charged for nothing is sent once more to the same target.

    One that got lost is; one that ended is not, but for a little answer that may come out well next time.
    """
    if not ended(error):
        return True
    again = isinstance(error, BadResultError) and error.code != "length"
    return again and high <= RESEND_BELOW_NANO


def _charged(target: Target, error: BrandModelError, high: int) -> int:
    """What an attempt is charged that brought nothing."""
    if not isinstance(error, BadResultError):
        return high
    if error.usd_nano is not None:
        return error.usd_nano
    return cost(target, error.usage) if isinstance(error.usage, Usage) else high


def _words(error: BrandModelError) -> str:
    """What the journal keeps of a failure, for operators: its kind, and the vendor's own words."""
    name = type(error).__name__
    if not isinstance(error, ProviderError):
        return name
    told = [str(error.status or ""), error.code, error.detail]
    return " ".join([name, *filter(None, told)])[:_MOST_WORDS]


def _ids(error: BrandModelError) -> str:
    return " ".join(getattr(error, "request_ids", ()))


def _job(attempt: Attempt) -> Job:
    data = json.loads(attempt.job)
    return Job(target=data["target"], task=data["task"], handle=data["handle"])
