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
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from brandmodel.engine.asks import Ask, Hold, Obtained
from brandmodel.engine.holders import own_holder
from brandmodel.engine.ledger import LEASE_S, cap_passed, charge
from brandmodel.errors import RunCancelled, StorageError
from brandmodel.journal import Attempt, CapReached, Journal, Reservation, StepRecord
from brandmodel.tasks import Done, Job, Target

CALL = "call"
"""Scope of a cap that each call has to keep by itself; it needs no reservation."""
SLICE = "slice:"
"""How the key of a slice begins in the journal."""
_CALLS, _MOST_CALLS = 64, 2048
"""A fresh slice is for so many calls like the one that asks for it; twice as many, and so on up to the
most, where the last one was used up within ``_BUSY_S``."""
_BUSY_S = 1.0
_SHARE = 8
"""It takes at most this part of what is left under the tightest cap."""
_WRITE_S = 0.5
_IDLE_S = 5.0
_FIRST_FENCE = 1
_SPREAD = 0x9E3779B1
"""An odd number, so that it is a long way round (golden ratio; Knuth, 6.4)."""
Caps = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Slice:
    """A reservation that calls draw on. Times are by the clock on the wall, as those of leases.

    Attributes:
        until: when the lease ends that it is held under; nothing is drawn after that.
        left_nano: not yet drawn.
        calls: for how many it was leased.
        since: when that was.
        drawn_nano: by calls that run now, at their high price.
        ended: calls to be written down.
        retired: no call draws on it any more: what is left of it goes back.
        closed: nothing of it is left to be written.
    """

    attempt: str
    fence: int
    until: float
    left_nano: int
    calls: int = _CALLS
    since: float = field(default_factory=time.time)
    drawn_nano: int = 0
    ended: list[Attempt] = field(default_factory=list[Attempt])
    used_at: float = field(default_factory=time.time)
    retired: bool = False
    closed: bool = False

    def due(self, now: float) -> bool:
        """Whether there is something to write: calls, money to give back, or a lease to prolong."""
        goes_back = self.retired and (self.left_nano or not self.drawn_nano)
        return bool(self.ended or goes_back) or self.until - now < LEASE_S * 2 / 3


@dataclass(slots=True)
class _Drawn:
    slice: Slice
    ask: Ask
    target: Target
    high: int
    began: float


class Slices:
    """See ``Books``: what it holds is held in memory, out of a slice that the journal holds."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._slices: dict[Caps, Slice] = {}
        self._retired: list[Slice] = []
        self._running: dict[str, _Drawn] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leasing = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self._holder = f"{own_holder()}:{uuid.uuid4().hex[:8]}"
        self._ids = _ids()

    async def begun(self, key: str) -> frozenset[str]:
        """See ``Books``: calls of the text path are not gone on with."""
        return frozenset()

    async def hold(self, ask: Ask, target: Target, high: int) -> Hold | Obtained:
        """See ``Books``."""
        caps, now = _shared(ask, high), time.time()
        found = self._slices.get(caps)
        if found is None or found.left_nano < high or found.until <= now:
            found = await self._leased(ask, caps, target, high)
        found.left_nano -= high
        found.drawn_nano += high
        found.used_at = now
        attempt = next(self._ids)
        self._running[attempt] = _Drawn(found, ask, target, high, now)
        return Hold(attempt, found.fence, self._holder)

    def renewed(self, key: str, holder: str) -> contextlib.AbstractAsyncContextManager[None]:
        """See ``Books``: the slice's lease is renewed by whoever writes."""
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
        if drawn := self._running.pop(hold.attempt, None):
            drawn.slice.drawn_nano -= drawn.high
            drawn.slice.left_nano += drawn.high

    async def forfeit(
        self, hold: Hold, *, error: str, charged_nano: int | None = None, ids: str = ""
    ) -> None:
        """See ``Books``."""
        self._end(hold, "forfeited", charged_nano, error, ids)

    async def unknown(self, hold: Hold, *, error: str, ids: str = "") -> None:
        """See ``Books``; written at once: a person is told its id."""
        self._end(hold, "unknown", 0, error, ids)
        await self.write()

    async def left(self, key: str, hold: Hold, *, sent: bool) -> None:
        """See ``Books``: nobody goes on with a call, so what was sent is charged at its high price."""
        if sent:
            await self.forfeit(hold, error="left")
        else:
            await self.release(hold, error="left")

    async def write(self) -> None:
        """Write down what ended, and give back what is not needed any more."""
        self._at_home()
        async with self._writing:
            now = time.time()
            for caps, one in list(self._slices.items()):
                if now - one.used_at > _IDLE_S and not one.drawn_nano:
                    one.retired = True
                if one.retired:
                    self._retired.append(self._slices.pop(caps))
            due = [one for one in (*self._slices.values(), *self._retired) if one.due(now)]
            # At once, so that they share a commit; what fails or is cancelled is written next time.
            told = await asyncio.gather(*map(self._write, due), return_exceptions=True)
            self._retired = [one for one in self._retired if not one.closed]
            for error in told:
                if error is not None:
                    raise error

    async def aclose(self) -> None:
        """Write everything down and give every slice back; calls that still run are charged."""
        self._closed = True
        self._at_home()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        # After whoever is leasing just now.
        async with self._leasing:
            await self._give_back()

    def _end(
        self,
        hold: Hold,
        state: Literal["settled", "forfeited", "unknown"],
        charged: int | None,
        error: str,
        ids: str,
    ) -> None:
        drawn = self._running.pop(hold.attempt, None)
        if drawn is None:
            # It was charged when the model was closed under it.
            return
        charged = drawn.high if charged is None else charged
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
                created_at=drawn.began,
                error=error,
                request_ids=ids,
            )
        )

    async def _write(self, one: Slice) -> None:
        if one.retired:
            one.left_nano = 0
        ended, keep = tuple(one.ended), max(0, one.left_nano) + one.drawn_nano
        until = time.time() + LEASE_S
        ours = await self.journal.draw(one.attempt, one.fence, ended, keep_nano=keep, until=until)
        del one.ended[: len(ended)]
        one.until = until
        if not ours or not keep:
            # Spent, or its lease ran out and a person has had their word on it.
            one.retired, one.left_nano = True, 0
            one.closed = not one.drawn_nano and not one.ended

    async def _leased(self, ask: Ask, caps: Caps, target: Target, high: int) -> Slice:
        """A slice with room for a call: the one that another call leased meanwhile, or a fresh one."""
        self._at_home()
        async with self._leasing:
            if self._closed:
                raise RunCancelled("the model was closed")
            old = self._slices.get(caps)
            if old is not None and old.until <= time.time():
                # This process was suspended, or could not write: is the slice still ours?
                await self.write()
                old = self._slices.get(caps)
            if old is not None and old.left_nano >= high:
                return old
            calls = _CALLS
            if old is not None:
                if time.time() - old.since < _BUSY_S:
                    calls = min(2 * old.calls, _MOST_CALLS)
                old.retired = True
                await self.write()
            fresh = self._slices[caps] = await self._reserved(ask, caps, target, high, calls)
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._keep_writing())
            return fresh

    async def _reserved(self, ask: Ask, caps: Caps, target: Target, high: int, calls: int) -> Slice:
        while True:
            left = [limit - await self.journal.taken(scope) for scope, limit in caps]
            wanted = max(high, min([calls * high, *(each // _SHARE for each in left)]))
            attempt, now = uuid.uuid4().hex, time.time()
            asked = Reservation(
                attempt=attempt,
                key=f"{SLICE}{attempt}",
                run_id=ask.run_id,
                task=type(ask.request).__name__,
                target=target.id,
                high_nano=wanted,
                holder=self._holder,
                now=now,
                caps=caps,
                lease_s=LEASE_S,
            )
            try:
                held = await self.journal.reserve(asked)
            except asyncio.CancelledError:
                # It may have been reserved all the same.
                self._retired.append(Slice(attempt, _FIRST_FENCE, now, 0, retired=True))
                with contextlib.suppress(StorageError):
                    await asyncio.shield(self.write())
                raise
            if isinstance(held, int):
                return Slice(attempt, held, now + LEASE_S, wanted, calls)
            assert isinstance(held, CapReached)
            # Another process was first, or calls under other caps have what is left of this one.
            if held.limit_nano - held.taken_nano < high and not self._retire(held.scope):
                raise cap_passed(ask, high, held)
            await self.write()

    def _retire(self, scope: str) -> bool:
        """Have what no call needs under a cap given back; whether there is anything to write."""
        idle = [
            one
            for caps, one in self._slices.items()
            if one.left_nano > 0 and any(scope == each for each, _ in caps)
        ]
        for one in idle:
            one.retired = True
        return bool(idle) or any(one.due(time.time()) for one in self._retired)

    def _at_home(self) -> None:
        """Forget the locks and the writer of an event loop that has ended."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._writer = loop, None
            self._leasing, self._writing = asyncio.Lock(), asyncio.Lock()

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
        for attempt, drawn in list(self._running.items()):
            hold = Hold(attempt, drawn.slice.fence, self._holder)
            self._end(hold, "forfeited", None, "left", "")
        for one in self._slices.values():
            one.retired = True
        await self.write()


def _ids() -> Iterator[str]:
    """Ids of calls, cheaply made; a person tells them apart by their first eight letters."""
    base = uuid.uuid4().hex[:24]
    for number in itertools.count(int(base[:8], 16), _SPREAD):
        yield f"{number % 2**32:08x}{base}"


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
