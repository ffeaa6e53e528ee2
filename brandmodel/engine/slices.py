"""The money of the text path: slices of the caps are leased from the journal and spent in memory.

A chat call takes a millisecond; three commits on disk would double that. So the journal is asked once
for many calls: it reserves a slice under the caps, calls draw on it, and what they came to is written
in batches. A cap is never passed, since what may be spent is always reserved first; near its limit a
slice shrinks to one call. The slice of a process that died stays held until a person resolves it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal

from brandmodel.engine.asks import Ask, Hold, Obtained
from brandmodel.engine.holders import own_holder
from brandmodel.engine.ledger import LEASE_S, cap_passed, charge
from brandmodel.errors import BrandModelError, StorageError
from brandmodel.journal import Attempt, CapReached, Journal, Reservation, StepRecord
from brandmodel.tasks import Done, Job, Target

CALL = "call"
"""Scope of a cap that each call has to keep by itself; it needs no reservation."""
_CALLS = 64
"""A fresh slice is for so many calls like the one that asks for it."""
_SHARE = 8
"""It takes at most this part of what is left under the tightest cap."""
_WRITE_S = 0.5
_IDLE_S = 5.0
Caps = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Slice:
    """A reservation that calls draw on.

    Attributes:
        left_nano: not yet drawn.
        drawn_nano: by calls that run now, at their high price.
        ended: calls to be written down.
        retired: it was too small for a call: what is left of it goes back.
    """

    attempt: str
    fence: int
    left_nano: int
    drawn_nano: int = 0
    ended: list[Attempt] = field(default_factory=list[Attempt])
    used_at: float = field(default_factory=time.monotonic)
    retired: bool = False


@dataclass(slots=True)
class _Drawn:
    slice: Slice
    ask: Ask
    target: Target
    high: int


class Slices:
    """See ``Books``: what it holds is held in memory, out of a slice that the journal holds."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._slices: dict[Caps, Slice] = {}
        self._retired: list[Slice] = []
        self._running: dict[str, _Drawn] = {}
        self._leasing = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._holder = f"{own_holder()}:{uuid.uuid4().hex[:8]}"
        self._ids = map((uuid.uuid4().hex[:20] + "{:012x}").format, itertools.count())

    async def begun(self, key: str) -> frozenset[str]:
        """See ``Books``: calls of the text path are not gone on with."""
        return frozenset()

    async def hold(self, ask: Ask, target: Target, high: int) -> Hold | Obtained:
        """See ``Books``."""
        caps = _shared(ask, high)
        found = self._slices.get(caps)
        if found is None or found.left_nano < high:
            found = await self._leased(ask, caps, target, high)
        found.left_nano -= high
        found.drawn_nano += high
        found.used_at = time.monotonic()
        attempt = next(self._ids)
        self._running[attempt] = _Drawn(found, ask, target, high)
        return Hold(attempt, found.fence, self._holder)

    def renewed(self, key: str, holder: str) -> contextlib.AbstractAsyncContextManager[None]:
        """See ``Books``: the slice's lease is renewed whenever something is written."""
        return contextlib.nullcontext()

    async def written_down(self, hold: Hold, job: Job) -> None:
        """See ``Books``: a text that is made by a job is not gone on with by another process."""

    async def kept(
        self, ask: Ask, target: Target, done: Done, hold: Hold | None, seconds: float
    ) -> Obtained:
        """See ``Books``: the result is the caller's alone and is not kept."""
        charged = 0
        if hold is not None:
            charged = charge(ask, target, done)
            self._end(hold, "settled", charged, "", " ".join(done.request_ids))
        usage = done.usage or ask.request.usage(done.result)
        record = StepRecord(
            key=ask.key,
            space=ask.space,
            task=type(ask.request).__name__,
            request="",
            result="",
            digest="",
            target=target.id,
            usd_nano=charged,
            units=usage.units,
            seconds=seconds,
            created_at=time.time(),
        )
        return Obtained(record, done.result, ran=True)

    async def release(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """See ``Books``."""
        drawn = self._running.pop(hold.attempt)
        drawn.slice.drawn_nano -= drawn.high
        drawn.slice.left_nano += drawn.high

    async def forfeit(
        self, hold: Hold, *, error: str, charged_nano: int | None = None, ids: str = ""
    ) -> None:
        """See ``Books``."""
        high = self._running[hold.attempt].high
        self._end(hold, "forfeited", high if charged_nano is None else charged_nano, error, ids)

    async def unknown(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """See ``Books``; written at once: a person is told its id."""
        self._end(hold, "unknown", 0, error, ids)
        await self.write()

    async def write(self) -> None:
        """Write down what ended, and give back what is not needed any more."""
        async with self._writing:
            now = time.monotonic()
            for caps, one in list(self._slices.items()):
                if now - one.used_at > _IDLE_S and not one.drawn_nano:
                    one.retired = True
                if one.retired:
                    self._retired.append(self._slices.pop(caps))
            for one in [*self._slices.values(), *self._retired]:
                await self._write(one)
            self._retired = [one for one in self._retired if one.drawn_nano]

    async def aclose(self) -> None:
        """Write everything down and give every slice back."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
            self._writer = None
        await self._give_back()

    def _end(
        self,
        hold: Hold,
        state: Literal["settled", "forfeited", "unknown"],
        charged: int,
        error: str,
        ids: str,
    ) -> None:
        drawn = self._running.pop(hold.attempt)
        drawn.slice.drawn_nano -= drawn.high
        # What it did not cost can be drawn again; a call that cost more than its high price leaves less.
        drawn.slice.left_nano += 0 if state == "unknown" else drawn.high - charged
        drawn.slice.ended.append(
            Attempt(
                id=hold.attempt,
                key=f"text:{hold.attempt}",
                run_id=drawn.ask.run_id,
                task=type(drawn.ask.request).__name__,
                target=drawn.target.id,
                state=state,
                high_nano=drawn.high,
                charged_nano=charged,
                job="",
                fence=hold.fence,
                created_at=time.time(),
                error=error,
                request_ids=ids,
            )
        )

    async def _write(self, one: Slice) -> None:
        ended, one.ended = one.ended, []
        if one.retired:
            one.left_nano = 0
        keep = max(0, one.left_nano) + one.drawn_nano
        until = time.time() + LEASE_S
        writing = asyncio.ensure_future(
            self.journal.draw(one.attempt, one.fence, ended, keep_nano=keep, until=until)
        )
        try:
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                # Whether it was written has to be known: nothing is written twice.
                await writing
                raise
        except BrandModelError:
            one.ended[:0] = ended
            raise

    async def _leased(self, ask: Ask, caps: Caps, target: Target, high: int) -> Slice:
        """A slice with room for a call: the one that another call leased meanwhile, or a fresh one."""
        async with self._leasing:
            old = self._slices.get(caps)
            if old is not None and old.left_nano >= high:
                return old
            if old is not None:
                old.retired = True
                await self.write()
            wanted, attempt = _CALLS * high, uuid.uuid4().hex
            while True:
                held = await self.journal.reserve(
                    Reservation(
                        attempt=attempt,
                        key=f"text:{attempt}",
                        run_id=ask.run_id,
                        task=type(ask.request).__name__,
                        target=target.id,
                        high_nano=wanted,
                        holder=self._holder,
                        now=time.time(),
                        caps=caps,
                        lease_s=LEASE_S,
                    )
                )
                if isinstance(held, int):
                    break
                assert isinstance(held, CapReached)
                left = held.limit_nano - held.taken_nano
                if left < high:
                    raise cap_passed(ask, high, held)
                wanted = max(high, min(wanted - 1, left // _SHARE))
            fresh = self._slices[caps] = Slice(attempt, held, wanted)
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._keep_writing())
            return fresh

    async def _keep_writing(self) -> None:
        try:
            while self._slices or self._retired:
                await asyncio.sleep(_WRITE_S)
                # What cannot be written now, such as on a full disk, is tried again.
                with contextlib.suppress(StorageError):
                    await self.write()
        except asyncio.CancelledError:
            # The loop ends, and with it this process perhaps.
            await self._give_back()
            raise

    async def _give_back(self) -> None:
        for one in self._slices.values():
            one.retired = True
        await self.write()


def _shared(ask: Ask, high: int) -> Caps:
    """The caps that calls share.

    Raises:
        BudgetExceededError: the call passes the cap that it has for itself.
    """
    scope, limit = ask.caps[0]
    if scope != CALL:
        return ask.caps
    if high > limit:
        raise cap_passed(ask, high, CapReached(scope=CALL, limit_nano=limit, taken_nano=0))
    return ask.caps[1:]
