"""Promotion: what a draft decided, for the run that makes its final.

A final asks for what its draft asked for, at hero tier. What was searched and planned stays at the
draft's tier, so it is the same steps, reused; what is made is made anew and kept to the draft's result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, TypeVar

from brandmodel.engine.asks import read_result
from brandmodel.engine.keys import canonical_json
from brandmodel.errors import InvalidRequestError
from brandmodel.journal import Journal, RunRecord, RunStep
from brandmodel.tasks import TASKS, Request, Result, Tier

Res = TypeVar("Res", bound=Result)
HERO_LEG = "hero"
"""Scope of what a cascade's hero makes."""
_LEGS = re.compile(rf"(?:round-\d+|{HERO_LEG})/")
_TAKE = re.compile(r"\.([a-z])$")
_PLANNED = ("search", "plan")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a draft went on with in one place.

    Attributes:
        take: which of several takes; None where there was but one step.
        result: where the task can keep to it.
    """

    take: int | None
    result: Result | None


@dataclass(frozen=True, slots=True)
class Made:
    """What a draft asked for by one name.

    Attributes:
        request: canonical JSON.
        takes: that it had of it; empty where it was one step.
    """

    request: str
    takes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the run that promotes it sees it.

    Attributes:
        tier: of the draft; what was planned stays at it.
        kept: by place in the recipe, whatever round or tier it came from; by take as well where nobody
            chose among several.
        made: by name, without the take's letter.
    """

    run_id: str
    tier: Tier
    as_of: float
    kept: Mapping[str, Kept]
    made: Mapping[str, Made]

    def tier_of(self, request: Request[Any], tier: Tier) -> Tier:
        """The tier of a step in a run of some tier: what was planned is not planned again."""
        return self.tier if request.stage in _PLANNED else tier

    def takes(self, request: Request[Any], name: str, *, tiered: bool) -> Sequence[int] | None:
        """Which takes there are in the final; None leaves it to the recipe.

        The draft's own, where they are the same steps; else the one that it went on with, since that
        is not chosen again.
        """
        if self._own(request, name, tiered=tiered):
            return self.made[name].takes
        kept = self.kept.get(place_of(name))
        return None if kept is None or kept.take is None else (kept.take,)

    def keeping(self, request: Request[Res], name: str, *, tiered: bool) -> Request[Res]:
        """The request with the draft's result as its reference, but for what is the draft's own step."""
        kept = self.kept.get(_LEGS.sub("", name)) or self.kept.get(place_of(name))
        if kept is None or kept.result is None or self._own(request, name, tiered=tiered):
            return request
        if getattr(request, "reference", None) is not None:
            return request
        return request.keeping_to(kept.result)  # type: ignore[arg-type]

    def _own(self, request: Request[Any], name: str, *, tiered: bool) -> bool:
        """Whether no tier tells a step apart and it is asked for as in the draft."""
        made = self.made.get(_TAKE.sub("", name))
        return made is not None and not tiered and canonical_json(request) == made.request


def place_of(name: str) -> str:
    """Where in the recipe a step belongs, whichever round, tier or take it is of."""
    return _TAKE.sub("", _LEGS.sub("", name))


def refuse_unpromotable(run: RunRecord) -> None:
    """Refuse what is no finished draft.

    Raises:
        InvalidRequestError: it is not finished, or at hero tier in every step already.
    """
    if run.status != "done":
        raise InvalidRequestError(
            f"run {run.id} is {run.status}; only a finished draft is promoted",
            hint="run the same again to finish it",
        )
    if run.tier == "hero" and not run.cascades:
        raise InvalidRequestError(
            f"run {run.id} is at hero tier already",
            hint="promote a draft: one that was run with the tier workhorse",
        )


async def draft_of(journal: Journal, run: RunRecord) -> Draft:
    """What a finished run decided.

    Raises:
        InvalidRequestError: a result that the final has to keep to was not kept.
    """
    places: dict[str, list[RunStep]] = {}
    made: dict[str, Made] = {}
    for row in await journal.run_steps(run.id):
        places.setdefault(place_of(row.name), []).append(row)
        name, take = _TAKE.sub("", row.name), _take_of(row)
        before = made[name].takes if name in made else ()
        made[name] = Made(row.request, before if take is None else tuple(sorted({*before, take})))
    kept: dict[str, Kept] = {}
    for place, rows in places.items():
        for row in _decided(rows):
            alone = row.chosen or _take_of(row) is None
            kept[place if alone else _LEGS.sub("", row.name)] = await _kept(journal, run, row)
    tier: Tier = "hero" if run.tier == "hero" else "workhorse"
    return Draft(run.id, tier, run.as_of, kept, made)


def _decided(rows: Sequence[RunStep]) -> Sequence[RunStep]:
    """Of the steps in one place, the one that the draft went on with; all takes if none was chosen."""
    chosen = [row for row in rows if row.chosen]
    takes = [row for row in rows if _take_of(row) is not None]
    return chosen[-1:] or takes or rows[-1:]


def _take_of(row: RunStep) -> int | None:
    letter = _TAKE.search(row.name)
    return ascii_lowercase.index(letter[1]) if letter else None


async def _kept(journal: Journal, run: RunRecord, row: RunStep) -> Kept:
    take, task = _take_of(row), TASKS.get(row.task)
    if task is None or not task.keeps() or row.status == "overridden":
        return Kept(take, None)
    record = await journal.step(row.key)
    result = read_result(task, record) if record else None
    if result is None:
        raise InvalidRequestError(
            f"run {run.id} cannot be promoted: what {row.name!r} made was not kept",
            hint="run the draft again with vendors within reach; a stand-in's results are not kept",
        )
    return Kept(take, result)
