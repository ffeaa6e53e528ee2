"""One step, obtained: found in the journal, shared with an equal one that is running, or made."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from pydantic import ValidationError
from pydantic_core import from_json

from brandmodel import telemetry
from brandmodel.engine.keys import digest_of
from brandmodel.errors import (
    BudgetExceededError,
    ConfigError,
    OutcomeUnknownError,
    ProviderError,
    RequestError,
    RoutingError,
    UnavailableError,
    may_retry,
)
from brandmodel.journal import (
    Attempt,
    CapReached,
    Journal,
    LeaseHeld,
    Reservation,
    RunStep,
    StepRecord,
)
from brandmodel.routing import Route, usd
from brandmodel.routing.prices import cost
from brandmodel.tasks import (
    Asset,
    Blobs,
    Call,
    Done,
    Job,
    LongProvider,
    Provider,
    Request,
    Result,
    Target,
    Tier,
    Usage,
)

LEASE_S = 60.0
TRIES = 3
RESEND_BELOW_NANO = 20_000_000
"""A lost synchronous call under this price ($0.02) is sent once more; both are charged."""


class Store(Blobs, Protocol):
    """An asset store that can say what it has."""

    def has(self, asset: Asset) -> bool:
        """Whether the bytes are there."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A step to be obtained.

    Attributes:
        body: canonical JSON of the request.
        caps: (scope, limit in nano-USD) that apply.
        seat: makes the row that says how this run came by the step; written in the same commit.
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


@dataclass(frozen=True, slots=True)
class Obtained:
    """A step's record and its typed result.

    Attributes:
        ran: False when nothing had to be made.
    """

    record: StepRecord
    result: Result
    ran: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hold:
    attempt: str
    fence: int
    holder: str
    job: Job | None = None


class Steps:
    """Obtains steps for every run of this process."""

    def __init__(
        self, journal: Journal, store: Store, provider_of: Callable[[Target], Provider]
    ) -> None:
        self.journal = journal
        self.store = store
        self.provider_of = provider_of
        self._running: dict[str, asyncio.Future[Obtained]] = {}
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    async def find(self, key: str, request: Request[Any]) -> Obtained | None:
        """The finished step, or None when there is none or it cannot be used any more."""
        record = await self.journal.step(key)
        usable = self._usable(request, record) if record is not None else None
        return usable if isinstance(usable, Obtained) else None

    def _usable(self, request: Request[Any], record: StepRecord) -> Obtained | str:
        """The step with its typed result, or why it cannot be used any more."""
        result = _read(request, record)
        if result is None:
            return "its earlier result is no longer valid"
        if not all(self.store.has(asset) for asset in assets_in(result)):
            return "a file of its earlier result is gone"
        return Obtained(record, result, ran=False)

    async def obtain(self, ask: Ask) -> Obtained:
        """The step: found, shared or made.

        Raises:
            RoutingError: every target failed.
            BudgetExceededError: a cap would be passed.
            OutcomeUnknownError: a paid call may have started and cannot be looked up.
        """
        notes: tuple[str, ...] = ()
        while True:
            record = await self.journal.step(ask.key)
            if record is not None:
                usable = self._usable(ask.request, record)
                if isinstance(usable, Obtained):
                    return usable
                notes = (f"{record.task} was made again: {usable}",)
                await self.journal.forget(record)
            running = self._running.get(ask.key)
            if running is None:
                obtained = await self._lead(ask)
                return replace(obtained, notes=(*notes, *obtained.notes)) if notes else obtained
            try:
                return replace(await asyncio.shield(running), ran=False)
            except asyncio.CancelledError:
                # The run that led was cancelled, not this one: take over.
                if not running.cancelled():
                    raise

    async def keep_streamed(self, ask: Ask, target: Target, done: Done, seconds: float) -> Obtained:
        """Keep a step whose result came as a stream."""
        record = _record(ask, target, done, 0, seconds)
        kept = await self.journal.keep(record, ask.seat(record, done.result.notes))
        return _obtained(ask, kept, done, record)

    async def _lead(self, ask: Ask) -> Obtained:
        future: asyncio.Future[Obtained] = asyncio.get_running_loop().create_future()
        self._running[ask.key] = future
        try:
            obtained = await self._make(ask)
            future.set_result(obtained)
            return obtained
        except asyncio.CancelledError:
            future.cancel()
            raise
        except Exception as error:
            future.set_exception(error)
            future.exception()  # Marked as seen: there may be nobody beside us.
            raise
        finally:
            del self._running[ask.key]

    async def _make(self, ask: Ask) -> Obtained:
        failures: list[ProviderError] = []
        for target in ask.route.targets:
            try:
                return await self._persistently(ask, target)
            except ProviderError as error:
                failures.append(error)
        for target in ask.route.stand_ins:
            try:
                return await self._stand_in(ask, target)
            except ProviderError as error:
                failures.append(error)
        task = type(ask.request).__name__
        detail = failures[-1].message if failures else "it has no target"
        raise RoutingError(
            f"{task} could not be served: {detail}",
            attempts=tuple(failures),
            hint=failures[-1].hint if failures else "",
        ) from (failures[-1] if failures else None)

    async def _persistently(self, ask: Ask, target: Target) -> Obtained:
        def again(error: BaseException) -> bool:
            sure = not target.price or not getattr(error, "started", True)
            return may_retry(error) and sure

        try:
            return await self._once(ask, target)
        except ProviderError as error:
            if not again(error):
                raise
        # tenacity costs 16-32 us a call, so it is entered only once a first try has failed.
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(TRIES - 1),
            wait=lambda state: _pause(state.outcome.exception() if state.outcome else None),
            retry=retry_if_exception(again),
            reraise=True,
        ):
            with attempt:
                return await self._once(ask, target)
        raise AssertionError("tenacity re-raises the last failure")

    async def _once(self, ask: Ask, target: Target) -> Obtained:
        high = cost(target.price, ask.request.bounds()[1]) if target.price else 0
        task = type(ask.request).__name__
        names = {
            telemetry.CAPABILITY: task,
            telemetry.PROVIDER_NAME: target.provider,
            telemetry.REQUEST_MODEL: target.id,
            telemetry.KIND: "TOOL" if target.grade.startswith("local/") else "LLM",
        }
        with telemetry.span(
            telemetry.ATTEMPT_SPAN.format(task=task, target=target.id), names
        ) as span:
            if high == 0:
                obtained = await self._free(ask, target)
            else:
                obtained = await self._paid(ask, target, high)
            span.set_attribute(telemetry.COST_USD, usd(obtained.record.usd_nano))
            span.set_attribute(telemetry.UNITS, obtained.record.units)
            return obtained

    async def _free(self, ask: Ask, target: Target) -> Obtained:
        began = time.perf_counter()
        done = await self._finish(ask, target, self._call(ask, target, uuid.uuid4().hex), None)
        record = _record(ask, target, done, 0, time.perf_counter() - began)
        kept = await self.journal.keep(record, ask.seat(record, done.result.notes))
        return _obtained(ask, kept, done, record)

    async def _stand_in(self, ask: Ask, target: Target) -> Obtained:
        began = time.perf_counter()
        done = await self._finish(ask, target, self._call(ask, target, uuid.uuid4().hex), None)
        record = _record(ask, target, done, 0, time.perf_counter() - began)
        note = "drawn by the local studio in place of the model, and not kept"
        return Obtained(record, done.result, ran=True, notes=(note,))

    async def _paid(self, ask: Ask, target: Target, high: int, *, resent: bool = False) -> Obtained:
        hold = await self._hold(ask, target, high)
        if isinstance(hold, Obtained):
            return hold
        began = time.perf_counter()
        call = self._call(ask, target, hold.attempt)
        try:
            async with self._renewed(ask.key, hold.holder):
                done = await self._finish(ask, target, call, hold.attempt, hold.job)
        except (ProviderError, RequestError, ConfigError) as error:
            if await self._forfeited(hold, error, high) and not resent:
                return await self._paid(ask, target, high, resent=True)
            raise
        used = done.usage or ask.request.usage(done.result)
        charged = done.usd_nano if done.usd_nano is not None else cost(target.price, used)
        record = _record(ask, target, done, charged, time.perf_counter() - began)
        kept = await self.journal.settle(
            hold.attempt, hold.fence, charged, record, ask.seat(record, done.result.notes)
        )
        return _obtained(ask, kept, done, record)

    async def _hold(self, ask: Ask, target: Target, high: int) -> _Hold | Obtained:
        """The lease and the money for a step; or its result, if another process comes first."""
        attempt = uuid.uuid4().hex
        holder = f"{self._holder}:{attempt[:8]}"
        while True:
            if found := await self.find(ask.key, ask.request):
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
                    f"${usd(held.taken_nano):.4f} of the cap of ${usd(held.limit_nano):.4f} is taken",
                    hint="raise the budget and run again; what is finished is kept",
                )
            if isinstance(held, _Hold):
                return held
            if isinstance(held, int):
                return _Hold(attempt, held, holder)
            # Another process runs this very step: wait for its result, or for its lease to end.
            await asyncio.sleep(0.1)

    async def _adopt(self, ask: Ask, target: Target, holder: str) -> _Hold | LeaseHeld | None:
        """Pick up an attempt that a dead process left behind; None when there is none."""
        for attempt in await self.journal.open_attempts(ask.key):
            fence = await self.journal.adopt(attempt.id, holder, now=time.time(), lease_s=LEASE_S)
            if isinstance(fence, LeaseHeld):
                return fence
            if attempt.job and attempt.target == target.id:
                return _Hold(attempt.id, fence, holder, job=_job(attempt))
            if attempt.high_nano > RESEND_BELOW_NANO:
                await self.journal.unknown(attempt.id, fence, error="lost")
                raise OutcomeUnknownError(
                    f"an earlier {attempt.task} of run {attempt.run_id} may have started; its "
                    f"${usd(attempt.high_nano):.2f} stays held",
                    hint=f"look it up at the vendor, then say what happened to attempt {attempt.id}",
                )
            await self.journal.forfeit(attempt.id, fence, error="lost; sent once more")
        return None

    async def _forfeited(self, hold: _Hold, error: Exception, high: int) -> bool:
        """Close a failed attempt; True when its price is lost, and small enough to ask once more.

        Raises:
            OutcomeUnknownError: it may have started something that is too dear to ask for again.
        """
        started = isinstance(error, ProviderError) and error.started
        if not started:
            await self.journal.release(hold.attempt, hold.fence, error=type(error).__name__)
            return False
        if high <= RESEND_BELOW_NANO:
            await self.journal.forfeit(hold.attempt, hold.fence, error=type(error).__name__)
            return True
        await self.journal.unknown(hold.attempt, hold.fence, error=type(error).__name__)
        raise OutcomeUnknownError(
            f"a call that costs up to ${usd(high):.2f} broke off and may have started; "
            "the money stays held",
            hint=f"look it up at the vendor, then say what happened to attempt {hold.attempt}",
        ) from error

    def _call(self, ask: Ask, target: Target, attempt: str) -> Call:
        return Call(
            request=ask.request,
            target=target,
            blobs=self.store,
            take=ask.take,
            tier=ask.tier,
            attempt=attempt,
        )

    async def _finish(
        self, ask: Ask, target: Target, call: Call, attempt: str | None, job: Job | None = None
    ) -> Done:
        provider = self.provider_of(target)
        answer: Done | Job = job or await provider.start(call)
        pause = 0.05
        while isinstance(answer, Job):
            if not isinstance(provider, LongProvider):
                raise UnavailableError("a job was started that nothing here can follow")
            if attempt is not None and answer is not job:
                handle = json.dumps(
                    {"target": answer.target, "task": answer.task, "handle": dict(answer.handle)}
                )
                await self.journal.started(attempt, handle, now=time.time())
                job = answer
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 5.0)
            answer = await provider.check(answer, call)
        return answer

    @asynccontextmanager
    async def _renewed(self, key: str, holder: str) -> AsyncGenerator[None]:
        async def renewing() -> None:
            while True:
                await asyncio.sleep(LEASE_S / 3)
                await self.journal.renew(key, holder, until=time.time() + LEASE_S)

        task = asyncio.create_task(renewing())
        try:
            yield
        finally:
            task.cancel()


def _pause(error: BaseException | None) -> float:
    """Seconds until the next try: the target's own wish, else a short random pause."""
    wish = getattr(error, "retry_after_s", None)
    return min(float(wish), 60.0) if wish is not None else random.uniform(0.05, 0.5)


def assets_in(value: Any) -> list[Asset]:
    """Every asset that a value holds, at any depth."""
    if isinstance(value, Asset):
        return [value]
    if isinstance(value, tuple | list):
        members = cast("Sequence[Any]", value)
        return [asset for member in members for asset in assets_in(member)]
    if hasattr(value, "__pydantic_fields__"):
        return [asset for member in value.__dict__.values() for asset in assets_in(member)]
    return []


def _read(request: Request[Any], record: StepRecord) -> Result | None:
    try:
        return type(request).result_type().model_validate(from_json(record.result))
    except (ValidationError, ValueError):
        return None


def _record(ask: Ask, target: Target, done: Done, charged: int, seconds: float) -> StepRecord:
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


def _obtained(ask: Ask, kept: StepRecord, done: Done, record: StepRecord) -> Obtained:
    if kept is record or kept.digest == record.digest:
        return Obtained(kept, done.result, ran=True)
    # Another process was first: its result is the step's result.
    return Obtained(kept, _read(ask.request, kept) or done.result, ran=True)


def _job(attempt: Attempt) -> Job:
    data = json.loads(attempt.job)
    return Job(target=data["target"], task=data["task"], handle=data["handle"])
