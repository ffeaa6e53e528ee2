"""How targets are doing, as this process has seen it: who rests, who may be tried, and how many at once.

A circuit breaker per target (closed, open, half-open), a cool-down that honours what a target asks
for, and a limit on calls at once that falls by half when a target says "too many" and grows by one
call a round of successes (additive increase, multiplicative decrease; Chiu and Jain, 1989).

What calls say that ran side by side is one piece of news: a call that was sent before the circuit opened,
or the limit fell, opens or halves nothing again. After a rest one call tries the target out.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    CreditError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.tasks import Target

_POORLY = (UnavailableError, ProviderTimeoutError, BadResponseError, BadResultError)
_SHUT = (AuthenticationError, CreditError, UnknownTargetError)
FAILURES = 3
"""Failures in a row that open the circuit."""
REST_S, LONGEST_REST_S = 10.0, 300.0
_SHUT_S = 300.0
"""How long a target without credit, key or model is left alone."""
_COOL_S = 1.0
_MOST_AT_ONCE = 64
_SMOOTH = 0.3


@dataclass(slots=True)
class Vitals:
    """What is known of one target.

    Attributes:
        rests_until: no call before, by the clock; 0 when it is well.
        opened_at: since when it rests.
        probe: ends with the one call that tries it out after its rest: whether it was answered.
        asked_until: no call before, because the target itself asked for it.
        halved_at: when the limit last fell.
        failures: in a row.
        seconds: smoothed time of its calls; None when there was none.
        limit: calls at once that it is given.
        busy: calls that run now.
    """

    rests_until: float = 0.0
    opened_at: float = -math.inf
    probe: asyncio.Future[bool] | None = None
    asked_until: float = 0.0
    halved_at: float = -math.inf
    failures: int = 0
    seconds: float | None = None
    limit: float = _MOST_AT_ONCE
    busy: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    def has_room(self) -> bool:
        """Whether one more call may run now."""
        return self.busy < max(1, int(self.limit))

    def let_in(self) -> None:
        """Give the calls that wait longest their turn, as many as there is room for."""
        while self.waiting and self.has_room():
            turn = self.waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)

    async def turn(self) -> None:
        """Wait until there is room, behind those that wait longer."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        self.let_in()
        try:
            await turn
        except BaseException:
            # Whoever goes away with its turn gives it back; before its turn it has none.
            if not turn.cancelled():
                self.busy -= 1
            self.let_in()
            raise


@dataclass(slots=True)
class Slot:
    """``async with``: a call that runs now."""

    vitals: Vitals
    clock: Callable[[], float]
    probe: asyncio.Future[bool] | None = None

    async def __aenter__(self) -> None:
        """Wait for a turn.

        Raises:
            UnavailableError: the target was tried out meanwhile, and it is as poorly as it was.
        """
        vitals = self.vitals
        if vitals.waiting or not vitals.has_room():
            await vitals.turn()
        else:
            vitals.busy += 1
        if vitals.rests_until:
            try:
                await self._try_out()
            except BaseException:
                self._leave()
                raise

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Give the turn to who waits longest."""
        if self.probe is not None:
            self.probe.set_result(not isinstance(error, _POORLY + _SHUT))
            self._forget(self.probe)
        self._leave()

    async def _try_out(self) -> None:
        """After a rest: be the call that tries the target out, or wait for what comes of it."""
        vitals = self.vitals
        if vitals.probe is not None:
            # One that goes on for long has nothing bad to tell.
            await asyncio.wait([probe := vitals.probe], timeout=REST_S)
            self._forget(probe)
            if probe.done() and not probe.result():
                raise UnavailableError("it was tried out, and is not well", started=False)
        elif self.clock() >= vitals.rests_until:
            self.probe = vitals.probe = asyncio.get_running_loop().create_future()

    def _forget(self, probe: asyncio.Future[bool]) -> None:
        if self.vitals.probe is probe:
            self.vitals.probe = None

    def _leave(self) -> None:
        self.vitals.busy -= 1
        self.vitals.let_in()


class Health:
    """The health of every target, in memory. It orders and delays calls; it never changes a key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._vitals: dict[str, Vitals] = {}

    def of(self, target: Target) -> Vitals:
        """What is known of a target."""
        found = self._vitals.get(target.id)
        if found is None:
            most = target.settings.get("most_at_once") or _MOST_AT_ONCE
            found = self._vitals[target.id] = Vitals(limit=float(most))
        return found

    def rest_s(self, target: Target) -> float:
        """Seconds until a target may be called; 0 when it may be now."""
        vitals = self.of(target)
        return max(0.0, vitals.rests_until - self._clock(), self.asked_rest_s(target))

    def asked_rest_s(self, target: Target) -> float:
        """Seconds for which the target itself asked to be left alone."""
        return max(0.0, self.of(target).asked_until - self._clock())

    def in_turn(self, targets: Iterable[Target]) -> list[Target]:
        """Those that may be called first, each in the order given; then those that rest, soonest first."""
        well, resting = list[Target](), list[Target]()
        for target in targets:
            (resting if self.rest_s(target) else well).append(target)
        order = well + sorted(resting, key=self.rest_s)
        if len(order) > 1:
            self._lend(order[0])
        return order

    def _lend(self, target: Target) -> None:
        """A target that has rested is one caller's to try; to others it rests until that has ended."""
        vitals, now = self.of(target), self._clock()
        if 0 < vitals.rests_until <= now:
            vitals.rests_until = now + max(REST_S, self.seconds(target))

    def seconds(self, target: Target) -> float:
        """What a call to a target takes: as seen, else as its row says."""
        seen = self.of(target).seconds
        return target.latency_s if seen is None else seen

    def slot(self, target: Target) -> Slot:
        """One of the target's calls at once; waits for one when all are taken."""
        return Slot(self.of(target), self._clock)

    def succeeded(self, target: Target, seconds: float) -> None:
        """A call was answered."""
        vitals = self.of(target)
        vitals.failures, vitals.rests_until = 0, 0.0
        old = vitals.seconds
        vitals.seconds = seconds if old is None else old + _SMOOTH * (seconds - old)
        most = target.settings.get("most_at_once") or _MOST_AT_ONCE
        vitals.limit = min(float(most), vitals.limit + 1 / vitals.limit)

    def failed(self, target: Target, error: ProviderError, seconds: float = 0.0) -> None:
        """A call was not answered as it should be.

        Args:
            target: that was called.
            error: what came of it.
            seconds: since the call was sent.
        """
        vitals, now = self.of(target), self._clock()
        sent = now - seconds
        if isinstance(error, RateLimitError):
            if sent >= vitals.halved_at:
                vitals.limit, vitals.halved_at = max(1.0, vitals.limit / 2), now
            # A wish of years is a clock that is wrong, or harm.
            wish = _COOL_S if error.retry_after_s is None else error.retry_after_s
            vitals.asked_until = max(vitals.asked_until, now + min(wish, LONGEST_REST_S))
        elif isinstance(error, _SHUT):
            vitals.rests_until = now + _SHUT_S
        elif isinstance(error, _POORLY) and sent >= vitals.opened_at:
            vitals.failures += 1
            if vitals.failures >= FAILURES:
                # Half-open after the rest: the next call is the probe, and one more failure opens again.
                rest = min(REST_S * 2 ** (vitals.failures - FAILURES), LONGEST_REST_S)
                vitals.rests_until, vitals.opened_at = now + rest, now
