"""``ctx``: one context for live runs and quotes; only the interpreter behind it differs."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from brandmodel.engine.keys import canonical_json
from brandmodel.engine.laws import check_name
from brandmodel.engine.overrides import with_settings
from brandmodel.engine.promotion import HERO_LEG, place_of
from brandmodel.engine.scene import Cascaded, Interpreter, Scene
from brandmodel.errors import InvalidRequestError, ProviderError, RoutingError, TableError
from brandmodel.tasks import (
    Asset,
    Context,
    Judged,
    Judgement,
    Kit,
    Request,
    Take,
    Tier,
    Waiting,
)
from brandmodel.tasks._base import R
from brandmodel.tasks.context import T, V

LETTERS = "abcdefghijklmnopqrstuvwxyz"
elapsed_s: contextvars.ContextVar[float] = contextvars.ContextVar("elapsed_s", default=0.0)
"""Virtual time on the path that led here; a quote adds to it, a gather takes the longest branch."""


class RecipeContext:
    """See ``brandmodel.tasks.Context``, which this implements."""

    def __init__(
        self,
        scene: Scene,
        interpreter: Interpreter,
        prefix: str = "",
        *,
        tier: Tier | None = None,
        heard: list[str] | None = None,
    ) -> None:
        """A context for steps under a prefix.

        Args:
            scene: of the execution.
            interpreter: what it does with a step.
            prefix: of the steps' names.
            tier: where a cascade asks another than the run's.
            heard: is told the name of each step that is asked for here.
        """
        self._scene = scene
        self._interpreter = interpreter
        self._prefix = prefix
        self._tier: Tier = tier or scene.tier
        self._heard = heard

    @property
    def kit(self) -> Kit:
        """The brand."""
        return self._scene.kit

    @property
    def tier(self) -> Tier:
        """The tier of this run."""
        return self._tier

    @property
    def clock(self) -> datetime:
        """The moment this run began."""
        return self._scene.clock

    def finishes(self, task: type[Request[Any]]) -> bool:
        """Whether this run makes a draft's final and the hero makes this task anew for it."""
        return self._scene.draft is not None and task.__name__ in self._scene.tiered

    def options(self, schema: type[V]) -> V:
        """The published model's settings for this recipe and tier, with the caller's before them.

        Raises:
            TableError: a setting of the table is unknown to the recipe or out of range.
            InvalidRequestError: likewise one of the caller's.
        """
        scene = self._scene
        try:
            return schema.model_validate({**scene.options, **scene.wished})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = [str(part) for part in first["loc"]]
            if where and where[0] in scene.wished:
                known = ", ".join(schema.model_fields)
                raise InvalidRequestError(
                    f"option {'.'.join(where)}={scene.wished[where[0]]!r}: {first['msg']}",
                    hint=f"the options of this recipe are {known}",
                ) from error
            raise TableError(
                scene.table_file, ".".join(["recipes", *where]), first["msg"]
            ) from error

    def rng(self, name: str) -> random.Random:
        """Randomness that the run's seed reproduces."""
        text = f"{self._scene.seed}\n{self._prefix}{name}"
        return random.Random(hashlib.sha256(text.encode()).digest())

    def scope(self, name: str) -> RecipeContext:
        """A context whose step names begin with ``name/``."""
        check_name(name)
        return self._under(f"{name}/")

    def rounds(self, most: int, *, limit_usd: float | None = None) -> Iterator[RecipeContext]:
        """At most ``most`` contexts, one per round, until they have cost ``limit_usd``."""
        if most < 1:
            raise InvalidRequestError(f"rounds({most}): expected at least one round")
        spent = 0.0
        for turn in range(most):
            if limit_usd is not None and turn and spent >= limit_usd:
                return
            turned = self._under(f"round-{turn + 1}/")
            yield turned
            spent += self._interpreter.cost_usd(turned._prefix)

    async def call(self, request: Request[R], *, name: str) -> R:
        """Run one step."""
        full = self._named(name)
        asked, tier = self._prepared(request, full)
        return await self._interpreter.perform(asked, name=full, take=0, tier=tier)

    async def stream(self, request: Request[R], *, name: str) -> AsyncIterator[str | Asset | R]:
        """Pieces of the result's text or sketches of its picture, and the whole result last."""
        full = self._named(name)
        asked, tier = self._prepared(request, full)
        async for piece in self._interpreter.stream(asked, name=full, tier=tier):
            yield piece

    async def gather(self, *branches: Awaitable[T]) -> list[T]:
        """Run branches side by side; law 3: each finishes or waits before one error is raised."""
        before = elapsed_s.get()
        tasks = [asyncio.ensure_future(_timed(branch)) for branch in branches]
        try:
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for branch in branches:
                # One that had no turn yet would be warned of as never awaited.
                if isinstance(branch, Coroutine):
                    branch.close()
            raise
        _raise_once([e for e in ended if isinstance(e, BaseException)])
        done = [pair for pair in ended if not isinstance(pair, BaseException)]
        elapsed_s.set(max((end for _, end in done), default=before))
        return [value for value, _ in done]

    async def takes(self, request: Request[R], *, name: str, count: int) -> Sequence[Take[R]]:
        """Several alternatives of one step; law 4: the set that was returned comes back."""
        full = self._named(name)
        if not 1 <= count <= len(LETTERS):
            raise InvalidRequestError(
                f"takes of {name!r}: {count} is not within 1 to {len(LETTERS)}"
            )
        asked, tier = self._prepared(request, full)
        own = self._draft_takes(asked, full)
        wanted = f"{count}" if own is None else "".join(LETTERS[take] for take in own)
        key = hashlib.sha256(
            f"{full}\n{type(asked).__name__}{canonical_json(asked)}{tier}{wanted}".encode()
        ).hexdigest()
        known = await self._interpreter.taken(key)
        ended = await self.gather(
            *(
                self._one_take(asked, full, take=take, tier=tier, needed=known is not None)
                for take in (known if known is not None else own or range(count))
            )
        )
        offered = [take for take in ended if isinstance(take, Take)]
        if not offered:
            raise next(e for e in ended if isinstance(e, Exception))
        if known is None:
            await self._interpreter.keep_takes(key, [LETTERS.index(take.id) for take in offered])
        return offered

    async def _one_take(
        self, request: Request[R], name: str, *, take: int, tier: Tier, needed: bool
    ) -> Take[R] | Exception:
        name = f"{name}.{LETTERS[take]}"
        self._scene.asked[name] = None
        request = self._kept(request, name)
        try:
            result = await self._interpreter.perform(request, name=name, take=take, tier=tier)
        except (ProviderError, RoutingError) as error:
            # One refused take must not lose the others; a set that was returned once is owed whole.
            if needed:
                raise
            return error
        return Take(LETTERS[take], result)

    async def review(self, offered: Sequence[Take[R]], *, name: str, best: int = 0) -> Take[R]:
        """A person's choice; where review is on, wait for it; else the best."""
        full = self._named(name)
        chosen = await self._interpreter.chosen(offered, name=full)
        picked = next((take for take in offered if take.id == chosen), offered[best])
        self._interpreter.went_on(picked, prefix=self._prefix)
        return picked

    async def cascade(
        self,
        request: Request[R],
        *,
        name: str,
        judge: Callable[[Context, Sequence[Take[R]]], Awaitable[Judgement]],
        count: int = 1,
        before: Judged[R] | None = None,
    ) -> Judged[R]:
        """Takes of one step, judged; where the table cascades, the workhorse's before the hero's."""
        below = self._scene.cascades.get(type(request).__name__)
        if below is None:
            seen, _ = await self._seen(self, request, name, judge, count, before)
            return seen
        place = place_of(self._prefix + name)
        if place not in self._scene.climbed:
            heard: list[str] = []
            low = self._under("", tier="workhorse")
            before, made = await low._seen(
                self._under("", heard=heard), request, name, judge, count, before
            )
            sufficed = before.verdict.suffices(below)
            self._interpreter.cascaded(request, Cascaded(made, tuple(heard), sufficed))
            if sufficed:
                return before
            self._scene.climbed.add(place)
        high = self._under(f"{HERO_LEG}/", tier="hero")
        seen, _ = await high._seen(self._under(f"{HERO_LEG}/"), request, name, judge, count, before)
        return seen

    async def _seen(
        self,
        court: RecipeContext,
        request: Request[R],
        name: str,
        judge: Callable[[Context, Sequence[Take[R]]], Awaitable[Judgement]],
        count: int,
        before: Judged[R] | None,
    ) -> tuple[Judged[R], tuple[str, ...]]:
        """Takes made here and judged in a court, beside the best before; and their names."""
        drawn = await self.takes(request, name=name, count=count)
        made = tuple(f"{self._prefix}{name}.{take.id}" for take in drawn)
        if before is None:
            verdict = await judge(court, drawn)
            return Judged(tuple(drawn), verdict.best, verdict), made
        known = len(before.seen)
        letters = LETTERS[known:]
        new = [replace(take, id=id_) for id_, take in zip(letters, drawn, strict=False)]
        verdict = await judge(court, [before.seen[before.best], *new])
        best = known + verdict.best - 1 if verdict.best else before.best
        return Judged((*before.seen, *new), best, verdict), made

    def _named(self, name: str) -> str:
        check_name(name)
        full = self._prefix + name
        self._scene.asked[full] = None
        if self._heard is not None:
            self._heard.append(full)
        return full

    def _under(
        self, prefix: str, *, tier: Tier | None = None, heard: list[str] | None = None
    ) -> RecipeContext:
        return RecipeContext(
            self._scene,
            self._interpreter,
            self._prefix + prefix,
            tier=tier or self._tier,
            heard=self._heard if heard is None else heard,
        )

    def _draft_takes(self, request: Request[Any], name: str) -> Sequence[int] | None:
        draft, tiered = self._scene.draft, type(request).__name__ in self._scene.tiered
        return draft.takes(request, name, tiered=tiered) if draft else None

    def _prepared(self, request: Request[R], name: str) -> tuple[Request[R], Tier]:
        """The request as a person set it, kept to the draft that is promoted; and its tier."""
        scene = self._scene
        asked = with_settings(request, scene.overrides.get(name), name=name)
        tier = scene.draft.tier_of(asked, self._tier) if scene.draft else self._tier
        return self._kept(asked, name), tier

    def _kept(self, request: Request[R], name: str) -> Request[R]:
        draft, tiered = self._scene.draft, type(request).__name__ in self._scene.tiered
        return draft.keeping(request, name, tiered=tiered) if draft else request


async def _timed(branch: Awaitable[T]) -> tuple[T, float]:
    return await branch, elapsed_s.get()


def _raise_once(errors: Sequence[BaseException]) -> None:
    real = [e for e in errors if not isinstance(e, Waiting)]
    if real:
        for other in real[1:]:
            real[0].add_note(f"beside it: {type(other).__name__}: {other}")
        raise real[0]
    if errors:
        raise Waiting(*(name for e in errors if isinstance(e, Waiting) for name in e.names))
