"""A published model's table, resolved: from a task and a tier to targets in the order to try."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from brandmodel.errors import (
    BrandModelError,
    InvalidRequestError,
    MissingCredentialError,
    TableError,
)
from brandmodel.routing.limits import keeps, refused
from brandmodel.routing.schema import ModelFile, Policy, TaskRow
from brandmodel.tasks import Request, Target, Tier

LEFT_OUT = "it is left out"
"""Why a target is away that an order does not want."""


class Route(NamedTuple):
    """Where a step goes.

    Attributes:
        targets: as the table lists them; ``policy`` says in which order they are tried. None where
            only a stand-in is within reach.
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

    @property
    def served_by(self) -> tuple[Target, ...]:
        """Its targets, or the stand-ins where there are none."""
        return self.targets or self.stand_ins


@dataclass(frozen=True, slots=True)
class ModelTable:
    """One published model with its targets.

    Attributes:
        file: where the table was read, for messages.
        targets: every known target, by id.
        away: why a target is out of reach, by its id. It is passed over like one that fails: keys,
            grades and tiers stay what the table says, so a run may go on once it is back.
    """

    model: ModelFile
    file: str
    targets: Mapping[str, Target]
    away: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """What callers name."""
        return self.model.model.name

    @property
    def payees(self) -> frozenset[str]:
        """Vendors within reach that have a price."""
        within = (self.targets[i] for i in self.listed() if i not in self.away)
        return frozenset(_vendor(target.id) for target in within if target.paid)

    def listed(self) -> frozenset[str]:
        """Every target that serves a task."""
        return frozenset(i for row in self.model.tasks.values() for i in row.listed())

    def usable(self) -> Mapping[str, Target]:
        """Targets of the vendors that it lists: those that serve, and those that can be asked for."""
        vendors = frozenset(map(_vendor, self.listed()))
        return {i: target for i, target in self.targets.items() if _vendor(i) in vendors}

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
        fit = _fitting(current, request, stand_in=row.stand_in)
        grade = _keeping(fit, request)[0].grade
        near = _keeping([t for t in fit if t.id not in self.away], request)
        own = tuple(t for t in near if t.grade == grade)
        others = tuple(t for t in near if t.grade != grade == "model") if row.stand_in else ()
        if not own and not others:
            raise self._nothing_left(task, fit)
        return Route(
            targets=own,
            grade=grade,
            hero=hero,
            tiered=bool(row.hero),
            stand_ins=others,
            next_on_refusal=row.on_refusal == "next",
            deadline_s=row.deadline_s,
            policy=row.policy,
            weights=row.weights,
        )

    def _pinned(self, target: str, task: str) -> Target:
        found = self.targets.get(target)
        if found is None or task not in found.tasks:
            able = sorted(t.id for t in self.targets.values() if task in t.tasks)
            raise InvalidRequestError(
                f"target {target!r} does not serve {task}",
                hint=f"one of {', '.join(able) or 'none'}",
            )
        if target not in self.usable():
            # Money and documents go to nobody whom the published model does not name.
            raise InvalidRequestError(
                f"model {self.name!r} lists no target of the vendor of {target!r}",
                hint="name a model that does, or add the target to its table",
            )
        if target in self.away:
            raise self._nothing_left(task, [found])
        return found

    def _nothing_left(self, task: str, fit: Collection[Target]) -> BrandModelError:
        """What is said where all that could serve a task is out of reach."""
        lacking = sorted({self.away[t.id] for t in fit} - {LEFT_OUT})
        said = f"nothing is left to serve {task}"
        if not lacking:
            hint = "leave out fewer vendors, or add targets to the table"
            return InvalidRequestError(said, hint=f"{hint}; nothing was started")
        hint = f"one of these is enough; or change the line of {task} in {self.file}"
        return MissingCredentialError(f"{said}: {', '.join(lacking)}", hint=hint)


def _vendor(id_: str) -> str:
    return id_.partition("/")[0]


def _listed(row: TaskRow, tier: Tier) -> list[str]:
    return row.hero if tier == "hero" and row.hero else (row.targets or row.workhorse)


def _fitting(targets: list[Target], request: Request[Any], *, stand_in: bool) -> list[Target]:
    """Targets that can take a request; of another grade than the first only where one may stand in."""
    own = [t for t in targets if stand_in or t.grade == targets[0].grade]
    fit = [t for t in own if not refused(t, request)]
    if not fit:
        raise InvalidRequestError(
            f"{type(request).__name__} asks for more than any target can do",
            hint=refused(own[0], request),
        )
    return fit


def _keeping(targets: list[Target], request: Request[Any]) -> list[Target]:
    """Those that keep to the request's reference, if there are any.

    One that cannot see it would be paid for another picture than the one that was approved.
    """
    return [t for t in targets if keeps(t, request)] or targets


def _is_current(target: Target, today: datetime.date) -> bool:
    since, until = target.settings.get("since"), target.settings.get("until")
    return (since is None or since <= today) and (until is None or today <= until)
