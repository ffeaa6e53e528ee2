"""One step, obtained: found in the journal, shared with an equal one that is running, or made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from brandmodel.engine.asks import Ask, Obtained, Store, read
from brandmodel.engine.attempts import Attempts
from brandmodel.engine.ledger import Ledger
from brandmodel.engine.looks import Looks
from brandmodel.journal import Journal, StepRecord
from brandmodel.routing import Health
from brandmodel.tasks import Provider, Request, Target, assets_in


class Steps:
    """Obtains steps for every run of this process."""

    def __init__(
        self, journal: Journal, store: Store, provider_of: Callable[[Target], Provider]
    ) -> None:
        self.journal = journal
        self.store = store
        self.health = Health()
        self.looks = Looks()
        self.attempts = Attempts(
            store,
            provider_of,
            self.health,
            self.looks,
            lambda look_up: Ledger(journal, self.find, look_up),
        )
        self._running: dict[str, asyncio.Future[Obtained]] = {}

    async def find(self, key: str, request: Request[Any]) -> Obtained | None:
        """The finished step, or None when there is none or it cannot be used any more."""
        record = await self.journal.step(key)
        usable = self._usable(request, record) if record is not None else None
        return usable if isinstance(usable, Obtained) else None

    def _usable(self, request: Request[Any], record: StepRecord) -> Obtained | str:
        """The step with its typed result, or why it cannot be used any more."""
        result = read(request, record)
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
                return obtained._replace(notes=(*notes, *obtained.notes)) if notes else obtained
            try:
                return (await asyncio.shield(running))._replace(ran=False)
            except asyncio.CancelledError:
                # The run that led was cancelled, not this one: take over.
                if not running.cancelled():
                    raise

    async def stream(self, ask: Ask) -> AsyncIterator[str | Obtained]:
        """Pieces of a step's text as they come, and the step last; one that is known comes at once.

        Raises:
            StreamBrokenError: it broke off after its first piece.
            BrandModelError: as of ``obtain``.
        """
        known = await self.find(ask.key, ask.request)
        if known is not None:
            yield str(getattr(known.result, "text", ""))
            yield known
            return
        async for piece in self.attempts.stream(ask):
            yield piece

    async def _lead(self, ask: Ask) -> Obtained:
        future: asyncio.Future[Obtained] = asyncio.get_running_loop().create_future()
        self._running[ask.key] = future
        try:
            obtained = await self.attempts.make(ask)
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
