"""One attempt at one target: written down before it begins, paid once, never sent twice blindly.

After one that may have started something, the vendor is asked for it where it can be; a little call is
sent once more and both are charged; a dear one stops the run with its money held, for an operator's word.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeVar

from brandmodel import telemetry
from brandmodel.engine.asks import Ask, Hold, Obtained, Store, Trail, record_of
from brandmodel.engine.jobs import Jobs
from brandmodel.engine.ledger import (
    Books,
    LookUp,
    Lost,
    close_broken,
    close_failed,
    worth_once_more,
)
from brandmodel.engine.receipt import AttemptReceipt
from brandmodel.errors import (
    BrandModelError,
    ConfigError,
    JobFailedError,
    ProviderError,
    RequestError,
    UnavailableError,
)
from brandmodel.routing import Health, usd
from brandmodel.routing.prices import most
from brandmodel.tasks import (
    Call,
    FindingProvider,
    StreamingProvider,
    Target,
)

T = TypeVar("T")


class Attempts:
    """Attempts of every run of this process."""

    def __init__(
        self, store: Store, jobs: Jobs, health: Health, books: Callable[[LookUp], Books]
    ) -> None:
        """Hold what all attempts need.

        Args:
            store: where results go.
            jobs: which are under way.
            health: of the targets.
            books: where their money is held, given how to ask a vendor for a call that got lost.
        """
        self._store = store
        self._jobs = jobs
        self._health = health
        self.books = books(self._asked_after)

    async def once(self, ask: Ask, target: Target, trail: Trail) -> Obtained:
        """The step from this target; what was tried is added to the trail.

        Raises:
            BrandModelError: it did not serve.
            OutcomeUnknownError: it may have begun, and is too dear to be asked for again.
        """
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

    async def streamed(
        self, ask: Ask, target: Target, trail: Trail
    ) -> AsyncGenerator[str | Obtained]:
        """One target's stream, paid for as any other attempt."""
        provider = self._jobs.provider_of(target)
        if not isinstance(provider, StreamingProvider):
            obtained = await self.once(ask, target, trail)
            yield text_of(obtained)
            yield obtained
            return
        high, began = most(target, ask.request.bounds()[1]), time.perf_counter()
        async with self._health.slot(target):
            trail.sent_at = time.perf_counter()
            # Held only now: whoever leaves while waiting for a turn has spent nothing.
            hold = await self.books.hold(ask, target, high) if high else None
            if isinstance(hold, Obtained):
                yield text_of(hold)
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

    async def stand_in(self, ask: Ask, target: Target) -> Obtained:
        """The step from a local target in place of the model: for this run alone.

        Raises:
            ProviderError: it did not serve.
        """
        began = time.perf_counter()
        call = self._call(ask, target, uuid.uuid4().hex)
        done = await self._jobs.finish(call, Trail(), None, self.books)
        record = record_of(ask, target, done, 0, time.perf_counter() - began)
        note = "drawn by the local studio in place of the model, and not kept"
        return Obtained(record, done.result, ran=True, notes=(note,))

    def _served(self, trail: Trail, target: Target, seconds: float) -> None:
        self._health.succeeded(target, seconds)
        trail.attempts.append(
            AttemptReceipt(target=target.id, outcome="served", seconds=round(seconds, 4))
        )

    def _note(self, trail: Trail, target: Target, error: BrandModelError, began: float) -> None:
        if isinstance(error, ProviderError):
            # What it waited for its turn says nothing of the target.
            self._health.failed(target, error, time.perf_counter() - max(began, trail.sent_at))
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
        done = await self._jobs.finish(call, trail, None, self.books)
        return await self.books.kept(ask, target, done, None, time.perf_counter() - began)

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
                    done = await self._jobs.finish(call, trail, hold, self.books)
                except ProviderError as error:
                    found = await self._looked_up(ask, call, error, hold)
                    done = await self._jobs.finish(call, trail, found, self.books)
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
        return hold._replace(begun=found)

    async def _asked_after(self, ask: Ask, target: Target, attempt: str, began: float) -> Lost:
        """What the vendor knows of an attempt."""
        provider = self._jobs.provider_of(target)
        if not isinstance(provider, FindingProvider):
            return "unknown"
        try:
            return await provider.find(self._call(ask, target, attempt)._replace(began=began))
        except ProviderError:
            return "unknown"

    def _call(self, ask: Ask, target: Target, attempt: str) -> Call:
        return Call(
            request=ask.request,
            target=target,
            blobs=self._store,
            take=ask.take,
            tier=ask.tier,
            attempt=attempt,
            began=time.time(),
            sketched=ask.sketched,
        )


def text_of(obtained: Obtained) -> str:
    """The words of a result that came whole."""
    return str(getattr(obtained.result, "text", ""))


@contextlib.asynccontextmanager
async def _closing(pieces: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T]]:
    """A stream that ends, with its connection, when the block does."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
