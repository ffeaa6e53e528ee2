"""Making a step, or a stream: target after target, until one of them serves.

After a failure that surely started nothing, the next target is tried, or the same one again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from brandmodel.engine.asks import Ask, Obtained, Trail
from brandmodel.engine.attempts import Attempts, text_of
from brandmodel.engine.jobs import LONGEST_PAUSE_S, pause
from brandmodel.engine.ledger import (
    ended,
)
from brandmodel.errors import (
    BrandModelError,
    ContentFilteredError,
    ContextLengthError,
    MissingCredentialError,
    ProviderError,
    RoutingError,
    StreamBrokenError,
    may_retry,
)
from brandmodel.routing import Health
from brandmodel.routing.policies import arranged
from brandmodel.routing.prices import most
from brandmodel.tasks import (
    Target,
)

TRIES = 3
_PASSED_ON = (ProviderError, MissingCredentialError, ContextLengthError)
"""Errors of one target that let the next one try."""


class FallOver:
    """Goes from target to target for every run of this process."""

    def __init__(self, attempts: Attempts, health: Health) -> None:
        """Hold what every step needs.

        Args:
            attempts: at single targets.
            health: of the targets.
        """
        self._attempts = attempts
        self._health = health

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
                async with contextlib.aclosing(
                    self._attempts.streamed(ask, target, trail)
                ) as pieces:
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
                    await asyncio.sleep(pause(error))
                    turns.append(target)
        made = await self._at_last(ask, trail)
        yield text_of(made)
        yield made

    async def _at_last(self, ask: Ask, trail: Trail) -> Obtained:
        """The step from a target of another grade, where the table lets one stand in."""
        for target in ask.route.stand_ins:
            try:
                made = await self._attempts.stand_in(ask, target)
            except ProviderError as error:
                trail.failures.append(error)
            else:
                return made.after(trail)
        raise _all_failed(ask, trail)

    async def _tried(self, ask: Ask, target: Target, trail: Trail, *, persist: bool) -> Obtained:
        """One target; the last one is tried again where that can help."""
        await self._rested(target, trail, persist=persist)
        try:
            return await self._attempts.once(ask, target, trail)
        except ProviderError as error:
            if not persist or not _again(error, target):
                raise
        # tenacity costs 16-32 us a call, so it is entered only once a first try has failed.
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(TRIES - 1),
            wait=lambda state: pause(state.outcome.exception() if state.outcome else None),
            retry=retry_if_exception(lambda error: _again(error, target)),
            reraise=True,
        ):
            with attempt:
                return await self._attempts.once(ask, target, trail)
        raise AssertionError("tenacity re-raises the last failure")

    async def _rested(self, target: Target, trail: Trail, *, persist: bool) -> None:
        """Wait for a target that asked to be left alone, if it is the last that can serve."""
        rest = self._health.asked_rest_s(target) if persist else 0.0
        left = trail.left_s()
        if rest and (left is None or rest < left):
            await asyncio.sleep(min(rest, LONGEST_PAUSE_S))

    def _by_policy(self, ask: Ask) -> list[Target]:
        return self._health.in_turn(
            arranged(
                ask.route.targets,
                ask.route.policy,
                most_usage=ask.request.bounds()[1],
                key=ask.key,
                weights=ask.route.weights,
                price=most,
                seconds=self._health.seconds,
            )
        )

    async def _in_turn(self, ask: Ask) -> list[Target]:
        """The targets in the order to try them; one that may have begun before goes on first."""
        if len(ask.route.targets) <= 1:
            return list(ask.route.targets)
        targets = self._by_policy(ask)
        begun = await self._attempts.books.begun(ask.key)
        return sorted(targets, key=lambda target: target.id not in begun)


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
