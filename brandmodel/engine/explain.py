"""Why a run did what it did, in words: its steps held against those of an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from brandmodel.engine.receipt import saving
from brandmodel.journal import RunRecord, RunStep
from brandmodel.routing import usd
from brandmodel.tasks import Value

Verdict = Literal["same", "equal", "changed", "new", "overridden"]
_SHOWN = 48
_MOST_SAID = 3


class StepChange(Value):
    """What became of one step.

    Attributes:
        verdict: ``same`` request as before; asked anew but with an ``equal`` result; ``changed``;
            ``new`` in this run; or ``overridden`` by a person.
        because: fields of the request that differ, with their old and new values.
        words: the same as a sentence.
        saved_usd: what a cascade saved by it; below 0 for what was made, or judged, in vain.
    """

    name: str
    task: str
    status: str
    verdict: Verdict
    because: tuple[str, ...] = ()
    words: str
    saved_usd: float = 0.0


class Explanation(Value):
    """A run against an earlier one.

    Attributes:
        promotes: whether the earlier one is its draft.
        saved_usd: what cascades saved in the run.
    """

    run_id: str
    against: str | None
    promotes: bool = False
    saved_usd: float = 0.0
    summary: str
    steps: tuple[StepChange, ...]
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The summary, then a line a step."""
        wide = max((len(step.name) for step in self.steps), default=0)
        lines = [f"  {step.name:<{wide}}  {step.words}" for step in self.steps]
        return "\n".join([self.summary, *lines])


def explained(
    run: RunRecord,
    steps: Sequence[RunStep],
    against: RunRecord | None,
    before: Sequence[RunStep],
) -> Explanation:
    """Hold a run's steps against an earlier run's."""
    earlier = {step.name: step for step in before}
    changes = tuple(_change(step, earlier.get(step.name), against) for step in steps)
    now = {step.name for step in steps}
    return Explanation(
        run_id=run.id,
        against=against.id if against else None,
        promotes=bool(against and run.draft == against.id),
        saved_usd=usd(sum(step.saved_nano for step in steps)),
        summary=_summary(run, against, changes),
        steps=changes,
        gone=tuple(name for name in earlier if name not in now),
    )


def _summary(run: RunRecord, against: RunRecord | None, changes: Sequence[StepChange]) -> str:
    words = _what_came(run, against, changes)
    if saved := round(sum(c.saved_usd for c in changes), 9):
        words += f" {saving(saved).capitalize()}."
    return words


def _what_came(run: RunRecord, against: RunRecord | None, changes: Sequence[StepChange]) -> str:
    ran = [c.name for c in changes if c.status == "ran"]
    reused = sum(c.status == "reused" for c in changes)
    if against is None:
        first = f"Run {run.id} is the first of recipe {run.recipe!r}"
        return f"{first}: {len(ran)} steps ran, {reused} were reused."
    if not ran:
        return f"Run {run.id} against {against.id}: nothing ran, all {reused} steps were reused."
    kept = [c.name for c in changes if c.status == "reused"]
    if run.draft == against.id:
        words = f"Run {run.id} is the final of draft {against.id}: {_listed(ran)} ran."
        return f"{words} Kept from the draft: {_listed(kept)}." if kept else words
    words = f"Run {run.id} against {against.id}: {_listed(ran)} ran."
    if kept:
        words += f" {_listed(kept).capitalize()} asked for the same as before and were reused."
    cut = [c.name for c in changes if c.verdict == "equal" and c.status == "ran"]
    if cut:
        words += (
            f" {_listed(cut).capitalize()} came out equal, so nothing was made again because of it."
        )
    return words


def _change(step: RunStep, before: RunStep | None, against: RunRecord | None) -> StepChange:
    verdict, because, words = _judged(step, before, against)
    return StepChange(
        name=step.name,
        task=step.task,
        status=step.status,
        verdict=verdict,
        because=because,
        words=words + _weighed(step),
        saved_usd=usd(step.saved_nano),
    )


def _weighed(step: RunStep) -> str:
    """What a cascade made of it."""
    if step.saved_nano < 0:
        return f"; ${usd(-step.saved_nano):.4f} more than without the cascade"
    return f"; ${usd(step.saved_nano):.4f} saved by the cascade" if step.saved_nano else ""


def _judged(
    step: RunStep, before: RunStep | None, against: RunRecord | None
) -> tuple[Verdict, tuple[str, ...], str]:
    if step.status == "overridden":
        return "overridden", (), "a person's word was taken instead"
    if before is None:
        known = "known from another run" if step.status != "ran" else "made for the first time"
        return "new", (), f"{known}; not a step of {against.id}" if against else known
    if step.key == before.key:
        return (
            "same",
            (),
            "same request as before" if step.status != "ran" else "made again: its result was gone",
        )
    because = tuple(_reasons(before, step))
    why = f"asked anew because {_first(because) or 'the task or its maker changed'}"
    how = "" if step.status == "ran" else "known from another run; "
    if step.digest == before.digest:
        return "equal", because, f"{how}{why}; the result came out equal"
    return "changed", because, f"{how}{why}"


def _reasons(before: RunStep, step: RunStep) -> Iterator[str]:
    """What differs in what was asked: the tier, what it keeps to, and each field."""
    old, new = json.loads(before.request), json.loads(step.request)
    if before.tier != step.tier and step.tier:
        yield f"tier: {before.tier or 'none'} became {step.tier}"
    if "reference" in new and "reference" not in old:
        yield "it keeps to the draft's"
        new = {name: value for name, value in new.items() if name not in ("reference", "scene")}
    yield from differences(old, new)


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Where two canonical requests differ, each as ``path: old -> new``."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        old, new = cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after)
        if set(old) == {"asset"} == set(new):
            yield f"{path} is another file"
            return
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        one, other = cast("list[Any]", before), cast("list[Any]", after)
        if len(one) != len(other):
            yield f"{path}: {len(one)} entries became {len(other)}"
        for index, (old_entry, new_entry) in enumerate(zip(one, other, strict=False)):
            yield from differences(old_entry, new_entry, f"{path}[{index}]")
    else:
        yield f"{path}: {_shown(before, after)} became {_shown(after, before)}"


def _shown(value: Any, other: Any) -> str:
    """The part of a value that differs, short enough for a line."""
    if not isinstance(value, str):
        text = "unset" if value is None else json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    start = 0
    if isinstance(other, str):
        while start < min(len(value), len(other)) and value[start] == other[start]:
            start += 1
        start = max(0, value.rfind(" ", 0, start) + 1)
    piece = value[start : start + _SHOWN]
    lead = "…" if start else ""
    tail = "…" if start + _SHOWN < len(value) else ""
    return f"“{lead}{piece}{tail}”"


def _first(because: Sequence[str]) -> str:
    """The first reasons, as many as a reader wants to know."""
    more = len(because) - _MOST_SAID
    said = "; ".join(because[:_MOST_SAID])
    return f"{said}; and {more} more" if more > 0 else said


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
