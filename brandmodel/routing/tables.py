"""A published model's table, resolved: from a task and a tier to targets in the order to try."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brandmodel.errors import InvalidRequestError, TableError
from brandmodel.routing.prices import cost
from brandmodel.routing.schema import ModelFile
from brandmodel.tasks import Request, Target, Tier


@dataclass(frozen=True, slots=True)
class Route:
    """Where a step goes.

    Attributes:
        targets: in the order in which they are tried.
        grade: part of the step's key.
        hero: whether the hero tier enters the step's key.
        tiered: whether the table tells the tiers apart for this task.
        stand_ins: local targets that may serve when all others fail.
    """

    targets: tuple[Target, ...]
    grade: str
    hero: bool
    tiered: bool = False
    stand_ins: tuple[Target, ...] = ()


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

    def options(self, recipe: str, tier: Tier) -> Mapping[str, Any]:
        """The table's settings for a recipe at a tier."""
        return self.model.recipes.get(recipe, {}).get(tier, {})

    def route(self, request: Request[Any], tier: Tier, *, today: datetime.date) -> Route:
        """Targets for a request.

        Raises:
            TableError: the table has no target for this task.
            InvalidRequestError: the request pins a target that is unknown or serves something else.
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
        ids = row.hero if hero else (row.targets or row.workhorse)
        current = [t for t in (self.targets[i] for i in ids) if _is_current(t, today)]
        if not current:
            raise TableError(
                self.file, f"tasks.{task}", f"all of its targets are past their date: {ids}"
            )
        grade = current[0].grade
        own = [t for t in current if t.grade == grade]
        if row.policy == "cheapest":
            own.sort(key=lambda t: cost(t.price, request.bounds()[1]))
        others = tuple(t for t in current if t.grade != grade) if row.stand_in else ()
        return Route(
            targets=tuple(own), grade=grade, hero=hero, tiered=bool(row.hero), stand_ins=others
        )

    def _pinned(self, target: str, task: str) -> Target:
        found = self.targets.get(target)
        if found is None or task not in found.tasks:
            able = sorted(t.id for t in self.targets.values() if task in t.tasks)
            raise InvalidRequestError(
                f"target {target!r} does not serve {task}",
                hint=f"one of {', '.join(able) or 'none'}",
            )
        return found


def _is_current(target: Target, today: datetime.date) -> bool:
    since, until = target.settings.get("since"), target.settings.get("until")
    return (since is None or since <= today) and (until is None or today <= until)
