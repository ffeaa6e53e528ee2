"""Making a step: target after target, each attempt written down, paid once, never sent twice blindly.

After a failure that surely started nothing, the next target is tried, or the same one again. After one
that may have started something, the vendor is asked for it where it can be; a little call is sent once
more and both are charged; a dear one stops the run with its money held, for an operator's word.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from brandmodel import telemetry
from brandmodel.engine.asks import Ask, Hold, Obtained, Store, Trail, record_of
from brandmodel.engine.ledger import (
    Books,
    LookUp,
    Lost,
    close_broken,
    close_failed,
    ended,
    worth_once_more,
)
from brandmodel.engine.looks import Looks
from brandmodel.engine.receipt import AttemptReceipt
from brandmodel.errors import (
    BrandModelError,
    ConfigError,
    ContentFilteredError,
    ContextLengthError,
    JobFailedError,
    MissingCredentialError,
    ProviderError,
    ProviderTimeoutError,
    RequestError,
    RoutingError,
    StreamBrokenError,
    UnavailableError,
    may_retry,
)
from brandmodel.routing import Health, usd
from brandmodel.routing.policies import arranged
from brandmodel.routing.prices import most
from brandmodel.tasks import (
    Call,
    Done,
    FindingProvider,
    Job,
    LongProvider,
    Provider,
    StreamingProvider,
    Target,
)

T = TypeVar("T")
TRIES = 3
_MOST_LOOKS_FAILED = 20
_LONGEST_PAUSE_S = 60.0
LONGEST_JOB_S = 3600.0
"""A paid call that the table sets no deadline for is given up after an hour: some jobs never end."""
_PASSED_ON = (ProviderError, MissingCredentialError, ContextLengthError)
"""Errors of one target that let the next one try."""


class Attempts:
    """Makes steps for every run of this process."""

    def __init__(
        self,
        store: Store,
        provider_of: Callable[[Target], Provider],
        health: Health,
        books: Callable[[LookUp], Books],
    ) -> None:
        """Hold what all attempts need.

        Args:
            store: where results go.
            provider_of: who speaks to a target.
            health: of the targets.
            books: where their money is held, given how to ask a vendor for a call that got lost.
        """
        self.store = store
        self.provider_of = provider_of
        self.health = health
        self.looks = Looks()
        self.books = books(self._asked_after)

    async def make(self, ask: Ask) -> Obtained:
        """The step, from the first target that can serve it.

        Raises:
            RoutingError: every target failed.
            RequestError: every target refused it, or one did and the table stops there.
            BudgetExceededError: a cap would be passed.
            OutcomeUnknownError: a paid call may have started and cannot be looked up.
        """
        trail = Trail.of(ask.route)
        targets = await self._in_turn(ask)
        for number, target in enumerate(targets):
            last = number + 1 == len(targets)
            try:
                made = await self._tried(ask, target, trail, persist=last)
            except _PASSED_ON as error:
                trail.failures.append(error)
            except ContentFilteredError as error:
                if not ask.route.next_on_refusal:
                    raise
                trail.failures.append(error)
            else:
                return made.after(trail)
        return await self._at_last(ask, trail)

    async def _at_last(self, ask: Ask, trail: Trail) -> Obtained:
        """The step from a target of another grade, where the table lets one stand in."""
        for target in ask.route.stand_ins:
            try:
                made = await self._stand_in(ask, target)
            except ProviderError as error:
                trail.failures.append(error)
            else:
                return made.after(trail)
        raise _all_failed(ask, trail)

    async def stream(self, ask: Ask) -> AsyncGenerator[str | Obtained]:
        """Pieces of the text as they come, and the step last; falls over only before the first piece.

        Raises:
            StreamBrokenError: it broke off after its first piece.
            BrandModelError: as of ``make``.
        """
        trail, tries = Trail.of(ask.route), TRIES
        turns = deque(self._by_policy(ask))
        while turns:
            target, said = turns.popleft(), list[str]()
            await self._rested(target, trail, persist=not turns)
            try:
                async with contextlib.aclosing(self._streamed(ask, target, trail)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, str):
                            said.append(piece)
                            yield piece
                        else:
                            yield piece.after(trail)
                return
            except (*_PASSED_ON, ContentFilteredError) as error:
                _refuse_to_go_on(ask, trail, error, said)
                trail.failures.append(error)
                tries -= not turns
                # What may have begun and is little was charged, and is sent once more, as in ``make``.
                lost = tries == TRIES - 1 and trail.attempts[-1].usd and not ended(error)
                if not turns and tries and (lost or _again(error, target)):
                    await asyncio.sleep(_pause(error))
                    turns.append(target)
        made = await self._at_last(ask, trail)
        yield _text_of(made)
        yield made

    async def _streamed(
        self, ask: Ask, target: Target, trail: Trail
    ) -> AsyncGenerator[str | Obtained]:
        """One target's stream, paid for as any other attempt."""
        provider = self.provider_of(target)
        if not isinstance(provider, StreamingProvider):
            obtained = await self._once(ask, target, trail)
            yield _text_of(obtained)
            yield obtained
            return
        high, began = most(target, ask.request.bounds()[1]), time.perf_counter()
        async with self.health.slot(target):
            trail.sent_at = time.perf_counter()
            # Held only now: whoever leaves while waiting for a turn has spent nothing.
            hold = await self.books.hold(ask, target, high) if high else None
            if isinstance(hold, Obtained):
                yield _text_of(hold)
                yield hold
                return
            call = self._call(ask, target, hold.attempt if hold else uuid.uuid4().hex)
            done, said = None, False
            try:
                async with _closing(provider.stream(call)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, str):
                            said = True
                            yield piece
                        else:
                            done = piece
                if done is None:
                    raise UnavailableError("the stream ended without its result")
            except (ProviderError, RequestError, ConfigError) as error:
                if hold is not None:
                    close = close_broken if said else close_failed
                    trail.lost_nano = await close(self.books, hold, target, error, high)
                self._note(trail, target, error, began)
                raise
            except BaseException:
                # Whoever listened went away; what was said until then is on the vendor's bill.
                if hold is not None:
                    await self.books.left(ask.key, hold, sent=True)
                raise
        self._served(trail, target, time.perf_counter() - began)
        yield await self.books.kept(ask, target, done, hold, time.perf_counter() - began)

    async def _tried(self, ask: Ask, target: Target, trail: Trail, *, persist: bool) -> Obtained:
        """One target; the last one is tried again where that can help."""
        await self._rested(target, trail, persist=persist)
        try:
            return await self._once(ask, target, trail)
        except ProviderError as error:
            if not persist or not _again(error, target):
                raise
        # tenacity costs 16-32 us a call, so it is entered only once a first try has failed.
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(TRIES - 1),
            wait=lambda state: _pause(state.outcome.exception() if state.outcome else None),
            retry=retry_if_exception(lambda error: _again(error, target)),
            reraise=True,
        ):
            with attempt:
                return await self._once(ask, target, trail)
        raise AssertionError("tenacity re-raises the last failure")

    async def _rested(self, target: Target, trail: Trail, *, persist: bool) -> None:
        """Wait for a target that asked to be left alone, if it is the last that can serve."""
        rest = self.health.asked_rest_s(target) if persist else 0.0
        left = trail.left_s()
        if rest and (left is None or rest < left):
            await asyncio.sleep(min(rest, _LONGEST_PAUSE_S))

    async def _once(self, ask: Ask, target: Target, trail: Trail) -> Obtained:
        high = most(target, ask.request.bounds()[1])
        task = type(ask.request).__name__
        names = {
            telemetry.CAPABILITY: task,
            telemetry.PROVIDER_NAME: target.provider,
            telemetry.REQUEST_MODEL: target.id,
            telemetry.KIND: "TOOL" if target.grade.startswith("local/") else "LLM",
        }
        began = time.perf_counter()
        with telemetry.span(
            telemetry.ATTEMPT_SPAN.format(task=task, target=target.id), names
        ) as span:
            try:
                if high == 0:
                    obtained = await self._free(ask, target, trail)
                else:
                    obtained = await self._paid(ask, target, high, trail)
            except BrandModelError as error:
                self._note(trail, target, error, began)
                raise
            seconds = time.perf_counter() - began
            if obtained.ran:
                self._served(trail, target, seconds)
            span.set_attribute(telemetry.COST_USD, usd(obtained.record.usd_nano))
            span.set_attribute(telemetry.UNITS, obtained.record.units)
            return obtained

    def _served(self, trail: Trail, target: Target, seconds: float) -> None:
        self.health.succeeded(target, seconds)
        trail.attempts.append(
            AttemptReceipt(target=target.id, outcome="served", seconds=round(seconds, 4))
        )

    def _note(self, trail: Trail, target: Target, error: BrandModelError, began: float) -> None:
        if isinstance(error, ProviderError):
            # What it waited for its turn says nothing of the target.
            self.health.failed(target, error, time.perf_counter() - max(began, trail.sent_at))
        trail.attempts.append(
            AttemptReceipt(
                target=target.id,
                outcome=type(error).__name__,
                seconds=round(time.perf_counter() - began, 4),
                code=getattr(error, "code", ""),
                usd=usd(trail.lost_nano),
            )
        )
        trail.lost_nano = 0

    async def _free(self, ask: Ask, target: Target, trail: Trail) -> Obtained:
        began = time.perf_counter()
        call = self._call(ask, target, uuid.uuid4().hex)
        done = await self._finish(call, trail, None)
        return await self.books.kept(ask, target, done, None, time.perf_counter() - began)

    async def _stand_in(self, ask: Ask, target: Target) -> Obtained:
        began = time.perf_counter()
        call = self._call(ask, target, uuid.uuid4().hex)
        done = await self._finish(call, Trail(), None)
        record = record_of(ask, target, done, 0, time.perf_counter() - began)
        note = "drawn by the local studio in place of the model, and not kept"
        return Obtained(record, done.result, ran=True, notes=(note,))

    async def _paid(
        self, ask: Ask, target: Target, high: int, trail: Trail, *, resent: bool = False
    ) -> Obtained:
        hold = await self.books.hold(ask, target, high)
        if isinstance(hold, Obtained):
            return hold
        began, trail.sent = time.perf_counter(), hold.begun is not None
        call = self._call(ask, target, hold.attempt)
        try:
            async with self.books.renewed(ask.key, hold.holder):
                try:
                    done = await self._finish(call, trail, hold)
                except ProviderError as error:
                    found = await self._looked_up(ask, call, error, hold)
                    done = await self._finish(call, trail, found)
        except (ProviderError, RequestError, ConfigError) as error:
            trail.lost_nano += await close_failed(self.books, hold, target, error, high)
            if trail.lost_nano and not resent and worth_once_more(error, high):
                self._note(trail, target, error, began)
                return await self._paid(ask, target, high, trail, resent=True)
            raise
        except BaseException:
            await self.books.left(ask.key, hold, sent=trail.sent)
            raise
        return await self.books.kept(ask, target, done, hold, time.perf_counter() - began)

    async def _looked_up(self, ask: Ask, call: Call, error: ProviderError, hold: Hold) -> Hold:
        """The hold with what a call came to whose reply was lost, where the vendor can be asked.

        Raises:
            ProviderError: the same error; ``started`` is False once the vendor knows of no such call.
        """
        if not error.started or isinstance(error, JobFailedError):
            raise error
        found = await self._asked_after(ask, call.target, call.attempt, call.began)
        if found == "unknown":
            raise error
        if found is None:
            error.started = False
            raise error
        return replace(hold, begun=found)

    async def _asked_after(self, ask: Ask, target: Target, attempt: str, began: float) -> Lost:
        """What the vendor knows of an attempt."""
        provider = self.provider_of(target)
        if not isinstance(provider, FindingProvider):
            return "unknown"
        try:
            return await provider.find(replace(self._call(ask, target, attempt), began=began))
        except ProviderError:
            return "unknown"

    def _by_policy(self, ask: Ask) -> list[Target]:
        return self.health.in_turn(
            arranged(
                ask.route.targets,
                ask.route.policy,
                most_usage=ask.request.bounds()[1],
                key=ask.key,
                weights=ask.route.weights,
                price=most,
                seconds=self.health.seconds,
            )
        )

    async def _in_turn(self, ask: Ask) -> list[Target]:
        """The targets in the order to try them; one that may have begun before goes on first."""
        if len(ask.route.targets) <= 1:
            return list(ask.route.targets)
        targets = self._by_policy(ask)
        begun = await self.books.begun(ask.key)
        return sorted(targets, key=lambda target: target.id not in begun)

    def _call(self, ask: Ask, target: Target, attempt: str) -> Call:
        return Call(
            request=ask.request,
            target=target,
            blobs=self.store,
            take=ask.take,
            tier=ask.tier,
            attempt=attempt,
            began=time.time(),
        )

    async def _finish(self, call: Call, trail: Trail, hold: Hold | None) -> Done:
        """Start a call, or go on with one that was begun, until it is done or the time is up."""
        provider = self.provider_of(call.target)
        begun = hold.begun if hold else None
        left_s = trail.left_s()
        try:
            if begun is None:
                begun = await self._started(provider, call, left_s, trail)
                if isinstance(begun, Job) and hold is not None:
                    await self.books.written_down(hold, begun)
            if not isinstance(begun, Job):
                return begun
            left_s = trail.left_s()
            if left_s is None and hold is not None:
                left_s = LONGEST_JOB_S
            async with asyncio.timeout(left_s):
                return await self._followed(provider, begun, call, hold)
        except TimeoutError:
            if isinstance(begun, Job) and isinstance(provider, LongProvider):
                with contextlib.suppress(BrandModelError):
                    await provider.cancel(begun, call)
            raise ProviderTimeoutError("it was not finished in time") from None

    async def _started(
        self, provider: Provider, call: Call, left_s: float | None, trail: Trail
    ) -> Done | Job:
        """The answer, or the job that it begins; every wire ends by itself what never answers."""
        if left_s is not None:
            async with asyncio.timeout(left_s):
                return await self._started(provider, call, None, trail)
        async with self.health.slot(call.target):
            trail.sent, trail.sent_at = True, time.perf_counter()
            return await provider.start(call)

    async def _followed(
        self, provider: Provider, begun: Job, call: Call, hold: Hold | None
    ) -> Done:
        """Look at a job until it is done. That a look failed says nothing about the job."""
        answer: Done | Job = begun
        if not isinstance(provider, LongProvider):
            raise UnavailableError("a job was started that nothing here can follow")
        wish_s, failed = 0.0, 0
        with self.looks.at_one() as waiting:
            while isinstance(answer, Job):
                await asyncio.sleep(max(wish_s, waiting.pause_s()))
                try:
                    looked = await provider.check(answer, call)
                except JobFailedError:
                    raise
                except ProviderError as error:
                    failed += 1
                    if failed >= _MOST_LOOKS_FAILED:
                        raise
                    wish_s = _pause(error)
                    continue
                wish_s, failed = 0.0, 0
                if isinstance(looked, Job) and looked != answer and hold is not None:
                    await self.books.written_down(hold, looked)
                answer = looked
            return answer


def _refuse_to_go_on(ask: Ask, trail: Trail, error: BrandModelError, said: Sequence[str]) -> None:
    """Where no other target may go on with a stream, say so.

    Raises:
        ContentFilteredError: it was refused, and the table stops there.
        StreamBrokenError: it had begun.
    """
    if isinstance(error, ContentFilteredError) and (said or not ask.route.next_on_refusal):
        raise error
    if said:
        raise StreamBrokenError(
            "the answer broke off",
            text="".join(said),
            usd=sum(attempt.usd for attempt in trail.attempts),
            hint="ask again; what had come until then is kept in `text`",
        ) from error


def _text_of(obtained: Obtained) -> str:
    return str(getattr(obtained.result, "text", ""))


@contextlib.asynccontextmanager
async def _closing(pieces: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T]]:
    """A stream that ends, with its connection, when the block does."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _again(error: BaseException, target: Target) -> bool:
    """Whether the same target may be asked again by itself."""
    sure = not target.paid or not getattr(error, "started", True)
    return may_retry(error) and sure


def _all_failed(ask: Ask, trail: Trail) -> BrandModelError:
    """What is said when no target served: the one reason, or that all failed."""
    task = type(ask.request).__name__
    failures = trail.failures
    tried = tuple(f for f in failures if isinstance(f, ProviderError))
    if failures and not tried:
        return failures[-1]
    last = tried[-1] if tried else None
    hint = f"`brandmodel show {ask.run_id}` tells what each target said" if ask.run_id else ""
    error = RoutingError(
        f"{task} could not be served: {last.message if last else 'it has no target'}",
        attempts=tried,
        hint=(last.hint if last else "") or hint,
    )
    error.__cause__ = last
    return error


def _pause(error: BaseException | None) -> float:
    """Seconds until the next try: the target's own wish, else a short random pause."""
    wish = getattr(error, "retry_after_s", None)
    return min(float(wish), _LONGEST_PAUSE_S) if wish is not None else random.uniform(0.05, 0.5)
