"""The text path: one call of a language model, token by token, with nothing on disk in its way.

It goes the way of every step - route, price, cap, attempt, fall-over - but is no run: nothing is looked
up, and its result is the caller's alone. Its money is held in ``slices``.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime
from typing import Any, cast

from brandmodel.engine.asks import Ask, Obtained, Store
from brandmodel.engine.attempts import Attempts
from brandmodel.engine.looks import Looks
from brandmodel.engine.receipt import Answer, StepReceipt
from brandmodel.engine.slices import CALL, Caps, Slices
from brandmodel.engine.spend import call_caps
from brandmodel.errors import InvalidRequestError
from brandmodel.journal import Journal
from brandmodel.routing import Health, ModelTable, Route, Tables, usd
from brandmodel.tasks import Chat, Embed, Moderate, Provider, Request, Target, Tier
from brandmodel.tasks._base import R

TASKS = (Chat, Embed, Moderate)
"""What is answered at once, costs little, and makes no file."""


class TextPath:
    """Calls of one process, one at a time or many at once."""

    def __init__(
        self,
        tables: Tables,
        journal: Journal,
        store: Store,
        provider_of: Callable[[Target], Provider],
        health: Health,
        looks: Looks,
    ) -> None:
        self._tables = tables
        self._models: dict[str | None, ModelTable] = {}
        self._caps: dict[tuple[str, str], tuple[date, Caps]] = {}
        self._slices = Slices(journal)
        self._attempts = Attempts(store, provider_of, health, looks, lambda look_up: self._slices)
        self._ids = uuid.uuid4().hex[:16]
        self._count = 0

    async def call(
        self, request: Request[R], *, model: str | None, tier: Tier | None = None, key: str = ""
    ) -> Answer[R]:
        """The whole answer.

        Args:
            request: a conversation, texts to embed or to check.
            model: published model; the default one when None.
            tier: None takes the model's default.
            key: id of the caller's API key, under whose cap it runs; '' for none.

        Raises:
            InvalidRequestError: the task is none of the text path.
            RoutingError: every target failed.
            BudgetExceededError: a cap would be passed.
        """
        began = time.perf_counter()
        ask = self._ask(request, model, tier, key)
        return _answer(ask, await self._attempts.make(ask), time.perf_counter() - began)

    async def stream(
        self, request: Request[R], *, model: str | None, tier: Tier | None = None, key: str = ""
    ) -> AsyncGenerator[str | Answer[R]]:
        """Pieces of the text as they come, and the answer last; arguments and errors as of ``call``.

        Whoever leaves early pays the high price of the call, and closes it: the connection stays open
        until then.

        Raises:
            StreamBrokenError: it broke off after its first piece, which falls over to nobody.
        """
        began = time.perf_counter()
        ask = self._ask(request, model, tier, key)
        async with aclosing(self._attempts.stream(ask)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    yield piece
                else:
                    yield _answer(ask, piece, time.perf_counter() - began)

    async def aclose(self) -> None:
        """Write down what was spent, and give back what was not."""
        await self._slices.aclose()

    def _ask(self, request: Request[Any], model: str | None, tier: Tier | None, key: str) -> Ask:
        if not isinstance(request, TASKS):
            raise InvalidRequestError(
                f"{type(request).__name__} is not answered by one call",
                hint=f"run a recipe; calls are for {', '.join(task.__name__ for task in TASKS)}",
            )
        table = self._models.get(model)
        if table is None:
            table = self._models[model] = self._tables.model(model)
        tier = tier or table.model.model.default_tier
        now = datetime.now(UTC)
        self._count += 1
        return Ask(
            key=f"{self._ids}{self._count:x}",
            request=request,
            body="",
            route=table.route(request, tier, today=now.date()),
            space="",
            tier=tier,
            run_id="",
            caps=self._caps_of(table, key, now),
        )

    def _caps_of(self, table: ModelTable, key: str, now: datetime) -> Caps:
        known = self._caps.get((table.name, key))
        if known is None or known[0] != now.date():
            known = (now.date(), call_caps(table, key, scope=CALL, now=now))
            self._caps[table.name, key] = known
        return known[1]


def _answer(ask: Ask, obtained: Obtained, seconds: float) -> Answer[Any]:
    record, route = obtained.record, ask.route
    lost = sum(attempt.usd for attempt in obtained.attempts)
    receipt = StepReceipt(
        name="call",
        task=record.task,
        stage=ask.request.stage,
        tier=_tier_of(ask, route),
        target=record.target,
        status="ran",
        usd=usd(record.usd_nano) + lost,
        units=record.units,
        seconds=seconds,
        notes=(*obtained.notes, *obtained.result.notes),
        attempts=obtained.attempts,
    )
    return Answer(cast("Any", obtained.result), receipt)


def _tier_of(ask: Ask, route: Route) -> Tier | None:
    return ask.tier if route.tiered else None
