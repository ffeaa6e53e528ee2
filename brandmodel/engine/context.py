"""``ctx``: one context for live runs and quotes; only the interpreter behind it differs."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from brandmodel.engine.keys import canonical_json
from brandmodel.engine.laws import Names, check_name
from brandmodel.engine.overrides import Overrides, with_settings
from brandmodel.errors import InvalidRequestError, ProviderError, RoutingError, TableError
from brandmodel.tasks import Kit, Request, Result, Take, Tier, Waiting
from brandmodel.tasks._base import R
from brandmodel.tasks.context import T, V

LETTERS = "abcdefghijklmnopqrstuvwxyz"
elapsed_s: contextvars.ContextVar[float] = contextvars.ContextVar("elapsed_s", default=0.0)
"""Virtual time on the path that led here; a quote adds to it, a gather takes the longest branch."""

Res = TypeVar("Res", bound=Result)


@dataclass(slots=True)
class Scene:
    """What all contexts of one execution share.

    Attributes:
        options: the published model's settings for this recipe and tier.
        wished: the caller's settings, which go before the table's.
        review: whether reviews wait for a person; True for all, or their names.
        asked: every name that a recipe used; a person's words are held against it.
    """

    kit: Kit
    tier: Tier
    clock: datetime
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    wished: Mapping[str, Any] = field(default_factory=dict[str, Any])
    overrides: Overrides = field(default_factory=dict[str, Any])
    review: bool | frozenset[str] = False
    names: Names = field(default_factory=Names)
    asked: dict[str, None] = field(default_factory=dict[str, None])
    table_file: str = ""


class Interpreter(Protocol):
    """What a context does with a step: run it, or price it."""

    async def perform(self, request: Request[Res], *, name: str, take: int) -> Res:
        """The result of one step."""
        ...

    def stream(self, request: Request[Res], *, name: str) -> AsyncIterator[str | Res]:
        """Pieces of text, and the result last."""
        ...

    async def taken(self, key: str) -> list[int] | None:
        """The takes that were returned for this key before."""
        ...

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """Remember which takes were returned."""
        ...

    async def chosen(self, offered: Sequence[Take[Any]], *, name: str) -> str | None:
        """The take a person chose, or None."""
        ...

    def cost_usd(self, prefix: str) -> float:
        """What the steps under a prefix cost when they were made; 0 where that is not known yet."""
        ...


class RecipeContext:
    """See ``brandmodel.tasks.Context``, which this implements."""

    def __init__(self, scene: Scene, interpreter: Interpreter, prefix: str = "") -> None:
        self._scene = scene
        self._interpreter = interpreter
        self._prefix = prefix

    @property
    def kit(self) -> Kit:
        """The brand."""
        return self._scene.kit

    @property
    def tier(self) -> Tier:
        """The tier of this run."""
        return self._scene.tier

    @property
    def clock(self) -> datetime:
        """The moment this run began."""
        return self._scene.clock

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
        return RecipeContext(self._scene, self._interpreter, f"{self._prefix}{name}/")

    def rounds(self, most: int, *, limit_usd: float | None = None) -> Iterator[RecipeContext]:
        """At most ``most`` contexts, one per round, until they have cost ``limit_usd``."""
        if most < 1:
            raise InvalidRequestError(f"rounds({most}): expected at least one round")
        spent = 0.0
        for turn in range(most):
            if limit_usd is not None and turn and spent >= limit_usd:
                return
            prefix = f"{self._prefix}round-{turn + 1}/"
            yield RecipeContext(self._scene, self._interpreter, prefix)
            spent += self._interpreter.cost_usd(prefix)

    async def call(self, request: Request[R], *, name: str) -> R:
        """Run one step."""
        full = self._named(name)
        return await self._interpreter.perform(self._set(request, full), name=full, take=0)

    async def stream(self, request: Request[R], *, name: str) -> AsyncIterator[str | R]:
        """Pieces of the result's text, and the whole result last."""
        full = self._named(name)
        async for piece in self._interpreter.stream(self._set(request, full), name=full):
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
        request = self._set(request, full)
        key = hashlib.sha256(
            f"{full}\n{type(request).__name__}{canonical_json(request)}{self.tier}{count}".encode()
        ).hexdigest()
        known = await self._interpreter.taken(key)
        ended = await self.gather(
            *(
                self._one_take(
                    request, name=f"{full}.{LETTERS[take]}", take=take, needed=known is not None
                )
                for take in (known if known is not None else range(count))
            )
        )
        offered = [take for take in ended if isinstance(take, Take)]
        if not offered:
            raise next(e for e in ended if isinstance(e, Exception))
        if known is None:
            await self._interpreter.keep_takes(key, [LETTERS.index(take.id) for take in offered])
        return offered

    async def _one_take(
        self, request: Request[R], *, name: str, take: int, needed: bool
    ) -> Take[R] | Exception:
        self._scene.asked[name] = None
        try:
            result = await self._interpreter.perform(request, name=name, take=take)
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
        return next((take for take in offered if take.id == chosen), offered[best])

    def _named(self, name: str) -> str:
        check_name(name)
        full = self._prefix + name
        self._scene.asked[full] = None
        return full

    def _set(self, request: Request[R], name: str) -> Request[R]:
        return with_settings(request, self._scene.overrides.get(name), name=name)


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
