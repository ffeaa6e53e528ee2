"""One call at one vendor, from its start until it is done: at once, or by a job that is followed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable

from brandmodel.engine.asks import Hold, Trail
from brandmodel.engine.ledger import (
    Books,
)
from brandmodel.engine.looks import Looks
from brandmodel.errors import (
    BrandModelError,
    JobFailedError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
)
from brandmodel.routing import Health
from brandmodel.tasks import (
    Call,
    Done,
    Job,
    LongProvider,
    Provider,
    ReportingProvider,
    Target,
)

_MOST_LOOKS_FAILED = 20
LONGEST_PAUSE_S = 60.0
LONGEST_JOB_S = 3600.0
"""A paid call that the table sets no deadline for is given up after an hour: some jobs never end."""


class Jobs:
    """The calls of this process that are under way."""

    def __init__(
        self, provider_of: Callable[[Target], Provider], health: Health, looks: Looks
    ) -> None:
        """Hold what all calls need.

        Args:
            provider_of: who speaks to a target.
            health: of the targets.
            looks: at the jobs of this process.
        """
        self.provider_of = provider_of
        self._health = health
        self._looks = looks

    async def finish(self, call: Call, trail: Trail, hold: Hold | None, books: Books) -> Done:
        """Start a call, or go on with one that was begun, until it is done or the time is up."""
        provider = self.provider_of(call.target)
        begun = hold.begun if hold else None
        left_s = trail.left_s()
        try:
            if begun is None:
                begun = await self._started(provider, call, left_s, trail)
                if isinstance(begun, Job) and hold is not None:
                    await books.written_down(hold, begun)
            if not isinstance(begun, Job):
                return begun
            left_s = trail.left_s()
            if left_s is None and hold is not None:
                left_s = LONGEST_JOB_S
            async with asyncio.timeout(left_s):
                return await self._followed(provider, begun, call, hold, books)
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
        async with self._health.slot(call.target):
            trail.sent, trail.sent_at = True, time.perf_counter()
            return await provider.start(call)

    async def _followed(
        self, provider: Provider, begun: Job, call: Call, hold: Hold | None, books: Books
    ) -> Done:
        """Look at a job until it is done. That a look failed says nothing about the job."""
        answer: Done | Job = begun
        if not isinstance(provider, LongProvider):
            raise UnavailableError("a job was started that nothing here can follow")
        wish_s, failed = 0.0, 0
        reported = bool(call.target.webhook) and isinstance(provider, ReportingProvider)
        with self._looks.at_one(call.target.vendor, reported=reported) as waiting:
            while isinstance(answer, Job):
                await waiting.pause(answer.handle, wish_s)
                try:
                    looked = await provider.check(answer, call)
                except JobFailedError:
                    raise
                except ProviderError as error:
                    failed += 1
                    if failed >= _MOST_LOOKS_FAILED:
                        raise
                    wish_s = pause(error)
                    continue
                wish_s, failed = 0.0, 0
                if isinstance(looked, Job) and looked != answer and hold is not None:
                    await books.written_down(hold, looked)
                answer = looked
            return answer


def pause(error: BaseException | None) -> float:
    """Seconds until the next try: the target's own wish, else a short random pause."""
    wish = getattr(error, "retry_after_s", None)
    return min(float(wish), LONGEST_PAUSE_S) if wish is not None else random.uniform(0.05, 0.5)
