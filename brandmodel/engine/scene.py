"""What every context of one execution shares, and what an interpreter has to do for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from brandmodel.engine.laws import Names
from brandmodel.engine.overrides import Overrides
from brandmodel.engine.promotion import Draft
from brandmodel.tasks import Asset, Kit, Request, Result, Take, Tier

Res = TypeVar("Res", bound=Result)


@dataclass(slots=True)
class Scene:
    """What all contexts of one execution share.

    Attributes:
        options: the published model's settings for this recipe and tier.
        wished: the caller's settings, which go before the table's.
        review: whether reviews wait for a person; True for all, or their names.
        asked: every name that a recipe used; a person's words are held against it.
        draft: what the run promotes.
        tiered: tasks for which the table tells the tiers apart.
        cascades: by task, the score below which the hero is asked.
        climbed: places in the recipe where the hero was needed; it stays so in later rounds.
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
    draft: Draft | None = None
    tiered: frozenset[str] = frozenset()
    cascades: Mapping[str, float] = field(default_factory=dict[str, float])
    climbed: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True)
class Cascaded:
    """What the workhorse did in a cascade.

    Attributes:
        made: names of its takes.
        judged: names of the steps that judged them.
        sufficed: whether that was good enough.
    """

    made: tuple[str, ...]
    judged: tuple[str, ...]
    sufficed: bool


class Interpreter(Protocol):
    """What a context does with a step: run it, or price it."""

    async def perform(self, request: Request[Res], *, name: str, take: int, tier: Tier) -> Res:
        """The result of one step."""
        ...

    def stream(
        self, request: Request[Res], *, name: str, tier: Tier
    ) -> AsyncIterator[str | Asset | Res]:
        """Pieces of text or sketches of a picture, and the result last."""
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

    def went_on(self, picked: Take[Any], *, prefix: str) -> None:
        """Remember which of the takes under a prefix the run went on with."""
        ...

    def cascaded(self, request: Request[Any], cascade: Cascaded) -> None:
        """Remember what a cascade saved, or spent in vain."""
        ...

    def cost_usd(self, prefix: str) -> float:
        """What the steps under a prefix cost when they were made; 0 where that is not known yet."""
        ...
