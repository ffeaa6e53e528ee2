"""A published model's table, resolved: from a task and a tier to targets in the order to try."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from brandmodel.errors import InvalidRequestError, TableError
from brandmodel.routing.limits import keeps, refused
from brandmodel.routing.schema import ModelFile, Policy, TaskRow
from brandmodel.tasks import Request, Target, Tier


class Route(NamedTuple):
    """Where a step goes.

    Attributes:
        targets: as the table lists them; ``policy`` says in which order they are tried.
        weights: by target id, for the policy ``weighted``.
        grade: part of the step's key.
        hero: whether the hero tier enters the step's key.
        tiered: whether the table tells the tiers apart for this task.
        stand_ins: local targets that may serve when all others fail.
        next_on_refusal: a refusal of one target lets the next one try.
        deadline_s: for the whole step, over all its targets; None sets none.
    """

    targets: tuple[Target, ...]
    grade: str
    hero: bool
    tiered: bool = False
    stand_ins: tuple[Target, ...] = ()
    next_on_refusal: bool = False
    deadline_s: float | None = None
    policy: Policy = "ordered"
    weights: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class ModelTable:
    """One published model with its targets.

    Attributes:
        file: where the table was read, for messages.
        targets: every known target, by id.
    """

    model: ModelFile
    file: str
    targets: Mapping[str, Target]

    @property
    def name(self) -> str:
        """What callers name."""
        return self.model.model.name

    @property
    def paid(self) -> bool:
        """Whether any of its targets has a price."""
        listed = (i for row in self.model.tasks.values() for i in row.listed())
        return any(self.targets[i].paid for i in listed)

    def options(self, recipe: str, tier: Tier) -> Mapping[str, Any]:
        """The table's settings for a recipe at a tier."""
        return self.model.recipes.get(recipe, {}).get(tier, {})

    @property
    def cascades(self) -> Mapping[str, float]:
        """The score below which the hero is asked, for each task that cascades."""
        return {
            task: row.cascade.below
            for task, row in self.model.tasks.items()
            if row.cascade is not None and row.workhorse and row.hero
        }

    @property
    def tiered(self) -> frozenset[str]:
        """Tasks for which the tiers differ."""
        return frozenset(task for task, row in self.model.tasks.items() if row.hero)

    def route(self, request: Request[Any], tier: Tier, *, today: datetime.date) -> Route:
        """Targets for a request.

        Raises:
            TableError: the table has no target for this task.
            InvalidRequestError: the request pins a target that is unknown or serves something else,
                or no target can take it.
        """
        task = type(request).__name__
        if request.target is not None:
            pinned = self._pinned(request.target, task)
            return Route(targets=(pinned,), grade=pinned.grade, hero=False)
        row = self.model.tasks.get(task)
        if row is None:
            raise TableError(
                self.file, f"tasks.{task}", "no target serves this task; add a line for it"
            )
        hero = tier == "hero" and bool(row.hero)
        ids = _listed(row, tier)
        current = [t for t in (self.targets[i] for i in ids) if _is_current(t, today)]
        if not current:
            raise TableError(
                self.file, f"tasks.{task}", f"all of its targets are past their date: {ids}"
            )
        able = _able(current, request, stand_in=row.stand_in)
        grade = able[0].grade
        own = [t for t in able if t.grade == grade]
        others = tuple(t for t in able if t.grade != grade) if row.stand_in else ()
        return Route(
            targets=tuple(own),
            grade=grade,
            hero=hero,
            tiered=bool(row.hero),
            stand_ins=others,
            next_on_refusal=row.on_refusal == "next",
            deadline_s=row.deadline_s,
            policy=row.policy,
            weights=row.weights,
        )

    def without(self, vendors: Collection[str]) -> ModelTable:
        """The same without the targets of some vendors; a task may be left with none."""
        left = {i: t for i, t in self.targets.items() if i.partition("/")[0] not in vendors}
        tasks = {
            task: row.model_copy(
                update={
                    "targets": [i for i in row.targets if i in left],
                    "workhorse": [i for i in row.workhorse if i in left],
                    "hero": [i for i in row.hero if i in left],
                }
            )
            for task, row in self.model.tasks.items()
        }
        return replace(self, model=self.model.model_copy(update={"tasks": tasks}), targets=left)

    def lost(self, vendors: Collection[str], tier: Tier) -> frozenset[str]:
        """Tasks that nothing serves without some vendors; a target of another grade may only stand in."""
        left = self.without(vendors).targets
        lost: set[str] = set()
        for task, row in self.model.tasks.items():
            ids = _listed(row, tier)
            grade = self.targets[ids[0]].grade
            if not any(i in left and (row.stand_in or left[i].grade == grade) for i in ids):
                lost.add(task)
        return frozenset(lost)

    def _pinned(self, target: str, task: str) -> Target:
        found = self.targets.get(target)
        if found is None or task not in found.tasks:
            able = sorted(t.id for t in self.targets.values() if task in t.tasks)
            raise InvalidRequestError(
                f"target {target!r} does not serve {task}",
                hint=f"one of {', '.join(able) or 'none'}",
            )
        if target.partition("/")[0] not in self._vendors():
            # Money and documents go to nobody whom the published model does not name.
            raise InvalidRequestError(
                f"model {self.name!r} lists no target of the vendor of {target!r}",
                hint="name a model that does, or add the target to its table",
            )
        return found

    def _vendors(self) -> frozenset[str]:
        """Vendors of every target that the model lists."""
        ids = (id_ for row in self.model.tasks.values() for id_ in row.listed())
        return frozenset(id_.partition("/")[0] for id_ in ids)


def _listed(row: TaskRow, tier: Tier) -> list[str]:
    return row.hero if tier == "hero" and row.hero else (row.targets or row.workhorse)


def _able(targets: list[Target], request: Request[Any], *, stand_in: bool) -> list[Target]:
    """Targets that can take a request; of another grade than the first only where one may stand in."""
    own = [t for t in targets if stand_in or t.grade == targets[0].grade]
    able = [t for t in own if not refused(t, request)]
    if not able:
        raise InvalidRequestError(
            f"{type(request).__name__} asks for more than any target can do",
            hint=refused(own[0], request),
        )
    # One that cannot see the reference would be paid for another picture than the one that was approved.
    return [t for t in able if keeps(t, request)] or able


def _is_current(target: Target, today: datetime.date) -> bool:
    since, until = target.settings.get("since"), target.settings.get("until")
    return (since is None or since <= today) and (until is None or today <= until)
