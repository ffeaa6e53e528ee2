"""A person's word: edit, lock, choice, and request fields of single steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brandmodel import choice, edit, lock
from brandmodel.engine.overrides import parse_assignment
from brandmodel.errors import InvalidRequestError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from brandmodel.testing import FakeVendor
from tests.engine.fakes import Draft, Join, Render, Text, vendor

pytestmark = pytest.mark.anyio


async def chain(ctx: Context, brief: Brief) -> dict[str, str]:
    plan = await ctx.call(Draft(about=brief.prompt), name="draft")
    offered = await ctx.takes(Render(text=" ".join(plan.lines)), name="take", count=3)
    best = (await ctx.review(offered, name="choose")).result
    whole = await ctx.call(Join(parts=(best.text, "end")), name="join")
    return {"text": whole.text}


def chained(**prices: float) -> FakeVendor:
    recipe("chain", makes="text/plain")(chain)
    return vendor(**prices)


def statuses(result: Any) -> dict[str, str]:
    return {s.name: s.status for s in result.receipt.steps}


async def test_an_edit_replaces_a_result_and_only_what_depends_on_it_runs(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        first = await model.run("a b", recipe="chain")
        second = await model.run("a b", recipe="chain", overrides={"take.a": Text(text="MINE")})
    assert second.text == "MINE end"
    assert statuses(second) == {
        "draft": "reused",
        "take.a": "overridden",
        "take.b": "reused",
        "take.c": "reused",
        "join": "ran",
    }
    assert first.text == "A B end"


async def test_an_edit_of_some_fields_keeps_the_others(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        result = await model.run(
            "a b", recipe="chain", overrides={"draft": edit({"lines": ("x", "y")})}
        )
    assert result.text == "X Y end"


async def test_a_choice_is_kept_and_dropped_when_the_takes_are_others(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        chosen = await model.run("a", recipe="chain", overrides={"choose": choice("c")})
        assert chosen.text == "A'' end"
        again = await model.resume(chosen.run_id)
        assert again.text == "A'' end"
        other = await model.resume(chosen.run_id, overrides={"take.text": "other"})
        assert other.text == "OTHER end"


async def test_a_lock_keeps_a_result_whatever_changes_upstream(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        first = await model.run("a", recipe="chain")
        second = await model.run("z", recipe="chain", overrides={"join": lock(first.run_id)})
        assert second.text == first.text
        third = await model.resume(second.run_id, overrides={"draft": edit({"lines": ("q",)})})
    assert third.text == first.text
    assert any("made for an earlier version" in note for note in third.receipt.notes)


async def test_request_fields_of_one_step_can_be_set(tmp_path: Path) -> None:
    fake = chained()
    async with fake.model(tmp_path) as model:
        await model.run(
            "a", recipe="chain", overrides={"take.strength": 0.9, "take": {"text": "b"}}
        )
    rendered = [request for request, _ in fake.calls if isinstance(request, Render)]
    assert {(r.text, r.strength) for r in rendered} == {("b", 0.9)}


async def test_a_pin_of_a_target_is_part_of_the_request(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        await model.run("a", recipe="chain")
        pinned = await model.run("a", recipe="chain", overrides={"join.target": "fake/Join"})
        assert statuses(pinned)["join"] == "ran"
        with pytest.raises(InvalidRequestError, match="does not serve Join") as refused:
            await model.run("a", recipe="chain", overrides={"join.target": "fake/Nothing"})
    assert "fake/Join" in refused.value.hint


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"joyn.parts": ["x"]}, "no step is called 'joyn'"),
        ({"join.colour": "red"}, "has no field 'colour'"),
        ({"take.strength": "very"}, r"take\.strength"),
        ({"draft": 7}, "override of 'draft'"),
    ],
)
async def test_a_wrong_override_is_refused_before_anything_runs(
    tmp_path: Path, overrides: dict[str, Any], said: str
) -> None:
    fake = chained()
    async with fake.model(tmp_path) as model:
        with pytest.raises(InvalidRequestError, match=said):
            await model.run("a", recipe="chain", overrides=overrides)
    assert not fake.calls


async def test_review_waits_in_the_journal_and_goes_on_in_another_process(tmp_path: Path) -> None:
    async with chained().model(tmp_path) as model:
        waiting = await model.run("a", recipe="chain", review=["choose"])
    assert (waiting.status, waiting.waiting) == ("waiting", ("choose",))
    async with chained().model(tmp_path) as model:
        done = await model.resume(waiting.run_id, overrides={"choose": choice("b")})
        assert (await model.engine.run_of(waiting.run_id)).status == "done"
    assert done.text == "A' end"


def test_assignments_are_read_as_json_where_they_are_json() -> None:
    assert parse_assignment("picture.seed=7") == ("picture.seed", 7)
    assert parse_assignment("a/b.text=a = b") == ("a/b.text", "a = b")
    assert parse_assignment('x.lines=["p"]') == ("x.lines", ["p"])
    for wrong in ("picture", "seed=7", "=", ".="):
        with pytest.raises(InvalidRequestError, match="expected STEP.field=value"):
            parse_assignment(wrong)
