"""What a recipe is given: ``ctx``. It can ask for tasks and knows no vendor."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from brandmodel.tasks._base import R, Request, Tier, Value
from brandmodel.tasks.judging import Judgement
from brandmodel.tasks.values import Asset, Kit

T = TypeVar("T")
V = TypeVar("V", bound=Value)


@dataclass(frozen=True, slots=True)
class Take(Generic[R]):
    """One of several alternatives of a step: ``a``, ``b``, ``c``, ..."""

    id: str
    result: R


@dataclass(frozen=True, slots=True)
class Judged(Generic[R]):
    """Takes that were made and judged.

    Attributes:
        seen: every take so far, by the letters in which they came.
        best: index of the best of them.
        verdict: the judge's last word.
    """

    seen: tuple[Take[R], ...]
    best: int
    verdict: Judgement


class Waiting(BaseException):
    """A person's word is needed: the run stops here until it is given.

    Not an ``Exception``, so that no recipe swallows it.

    Attributes:
        names: the reviews that wait.
    """

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Context(Protocol):
    """The engine as a recipe sees it. Live, it runs steps; in a quote, it prices them."""

    @property
    def kit(self) -> Kit:
        """The brand; requests take slices of it."""
        ...

    @property
    def tier(self) -> Tier:
        """The tier of this run."""
        ...

    @property
    def clock(self) -> datetime:
        """The moment this run began: the only time there is."""
        ...

    def finishes(self, task: type[Request[Any]]) -> bool:
        """Whether this run makes a draft's final and the hero makes this task anew for it.

        There is one take then, and it is kept: it is worth its full size at once.
        """
        ...

    def options(self, schema: type[V]) -> V:
        """The published model's settings for this recipe and tier."""
        ...

    async def call(self, request: Request[R], *, name: str) -> R:
        """Run one step. ``name`` is unique in the run and carries ids, never positions."""
        ...

    async def gather(self, *branches: Awaitable[T]) -> list[T]:
        """Run branches side by side; each finishes or waits before the first error is raised."""
        ...

    def scope(self, name: str) -> Context:
        """A context whose step names begin with ``name/``: one unit of the plan."""
        ...

    def rounds(self, most: int, *, limit_usd: float | None = None) -> Iterator[Context]:
        """The only loop: at most ``most`` contexts, one per round; break when content.

        Args:
            most: rounds, one at least.
            limit_usd: no further round once the earlier ones cost this much.
        """
        ...

    async def takes(self, request: Request[R], *, name: str, count: int) -> Sequence[Take[R]]:
        """Several alternatives of one step; called again, the same set comes back."""
        ...

    async def cascade(
        self,
        request: Request[R],
        *,
        name: str,
        judge: Callable[[Context, Sequence[Take[R]]], Awaitable[Judgement]],
        count: int = 1,
        before: Judged[R] | None = None,
    ) -> Judged[R]:
        """Takes of one step, judged; where the table cascades, the workhorse's before the hero's.

        The hero is only asked where the judge rejects the workhorse's best, or gives it less than the
        table's threshold; the better of both is kept. Everywhere else the run's tier is asked at once.

        Args:
            request: what is made.
            name: of the step.
            judge: names the best of some takes, by calls of the context that it is given.
            count: takes of each tier.
            before: what was seen before, for another round: its best is judged beside the new takes.
        """
        ...

    async def review(self, offered: Sequence[Take[R]], *, name: str, best: int = 0) -> Take[R]:
        """A person's choice if there is one; where review is on, wait for it; else the best."""
        ...

    def rng(self, name: str) -> random.Random:
        """The only randomness: reproducible from the run's seed."""
        ...

    def stream(self, request: Request[R], *, name: str) -> AsyncIterator[str | Asset | R]:
        """Pieces of the result's text as they are written, and the whole result last.

        Of a picture, its sketches: unfinished states, as far as its target shows any.
        """
        ...
