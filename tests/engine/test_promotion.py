"""Promotion: a draft's final keeps what the draft decided, and pays only for what the tiers differ in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brandmodel import Result, choice, edit
from brandmodel.errors import InvalidRequestError, UnavailableError, UnknownRunError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from tests.engine.tiers import DEAR_USD, DrawSketch, House

pytestmark = pytest.mark.anyio
DRAFT: Any = {"tier": "workhorse", "recipe": "sketches"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def statuses(result: Result) -> dict[str, str]:
    return {step.name: step.status for step in result.receipt.steps}


async def test_only_what_is_tiered_is_made_anew_and_it_keeps_to_the_draft(house: House) -> None:
    async with house.model() as model:
        draft = await model.run("sea sand", **DRAFT)
        paid = house.billed_usd
        order = await model.engine.promotion_order(draft.run_id)
        quote = await model.engine.quote(order)
        final = await model.promote(draft.run_id)
        record = await model.engine.run_of(final.run_id)
        explained = await model.engine.explain(final.run_id)
    assert draft.text == "<sea>w0 <sand>w0"
    assert final.text == "<sea>h0=<sea>w0 <sand>h0=<sand>w0"
    assert statuses(final) == {
        "sea/plan": "reused",
        "sea/drawing.a": "ran",
        "sea/judge": "ran",
        "sand/plan": "reused",
        "sand/drawing.a": "ran",
        "sand/judge": "ran",
    }
    # One take each: what went on is not chosen again.
    assert len(house.dear.calls) == 2
    assert final.receipt.paid_usd == pytest.approx(house.billed_usd - paid)
    assert final.receipt.paid_usd == pytest.approx(2 * DEAR_USD + 2 * 0.001)
    assert quote.low_usd <= final.receipt.paid_usd <= quote.high_usd
    assert (record.tier, record.draft) == ("hero", draft.run_id)
    assert (explained.promotes, explained.against) == (True, draft.run_id)
    assert f"is the final of draft {draft.run_id}" in explained.summary
    words = {step.name: step.words for step in explained.steps}
    assert words["sea/plan"] == "same request as before"
    assert "tier: workhorse became hero; it keeps to the draft's" in words["sea/drawing.a"]


async def test_the_day_of_a_draft_is_its_finals(house: House) -> None:
    async with house.model() as model:
        draft = await model.run("sea", **DRAFT)
        final = await model.promote(draft.run_id)
        days = [(await model.engine.run_of(r.run_id)).as_of for r in (draft, final)]
    assert days[0] == days[1]


async def test_a_persons_words_go_along_and_a_choices_result_is_kept_to(house: House) -> None:
    said = {"sea/plan": edit({"text": "[wave]"}), "sand/drawing": {"lines": 7}}
    async with house.model() as model:
        waiting = await model.run("sea sand", review=["sea/choose"], overrides=said, **DRAFT)
        draft = await model.resume(waiting.run_id, overrides={"sea/choose": choice("b")})
        final = await model.promote(draft.run_id)
    assert draft.text == "[wave]w1 <sand>w0"
    assert final.text == "[wave]h1=[wave]w1 <sand>h0=<sand>w0"
    assert statuses(final)["sea/plan"] == "overridden"
    assert "sea/drawing.a" not in statuses(final)
    assert {r.text: r.lines for r, _ in house.dear.calls}["<sand>"] == 7  # type: ignore[attr-defined]


async def test_what_no_tier_tells_apart_is_the_drafts_own_step(house: House) -> None:
    house.write(draw='["cheap/DrawSketch"]')
    async with house.model() as model:
        draft = await model.run("sea", **DRAFT, overrides={"sea/drawing": {"lines": 2}})
        paid = house.billed_usd
        final = await model.promote(draft.run_id)
        # Another size has to be made in any case: then it keeps to the draft as well.
        other = await model.promote((await model.run("sand", **DRAFT)).run_id)
    assert set(statuses(final).values()) == {"reused"}
    assert (final.receipt.paid_usd, house.billed_usd > paid) == (0, True)
    assert final.text == "<sea>w0"
    assert other.text == "<sand>w0=<sand>w0"


async def test_a_round_that_the_final_needs_keeps_to_the_draft_too(house: House) -> None:
    house.verdicts.bad = {"<sea>h0=<sea>w0"}
    async with house.model() as model:
        draft = await model.run("sea", **DRAFT)
        house.verdicts.scores = {"<sea>h0=<sea>w0": 0.1}
        final = await model.promote(draft.run_id)
    assert final.text == "<sea>1h0=<sea>w0"


async def test_takes_among_which_nobody_chose_keep_to_the_drafts_one_by_one(house: House) -> None:
    async def every(ctx: Context, brief: Brief) -> dict[str, str]:
        takes = await ctx.takes(DrawSketch(text=brief.prompt), name="drawing", count=2)
        return {"text": " ".join(take.result.text for take in takes)}

    recipe("every", makes="text/plain")(every)
    async with house.model() as model:
        draft = await model.run("sea", recipe="every", tier="workhorse")
        final = await model.promote(draft.run_id)
    assert final.text == "seah0=seaw0 seah1=seaw1"


async def test_what_a_cascade_left_to_the_workhorse_can_be_promoted(house: House) -> None:
    house.verdicts.scores = {"<sand>w0": 0.2, "<sand>w1": 0.2}
    async with house.model() as model:
        mixed = await model.run("sea sand", recipe="sketches")
        final = await model.promote(mixed.run_id)
    assert mixed.text == "<sea>w0 <sand>h0"
    assert final.text == "<sea>h0=<sea>w0 <sand>h0=<sand>h0"


async def test_a_promotion_that_was_stopped_goes_on_as_one(house: House) -> None:
    async with house.model() as model:
        draft = await model.run("sea sand", **DRAFT)
        house.dear.failures = [UnavailableError("away", started=False) for _ in range(20)]
        with pytest.raises(Exception, match="could not be served"):
            await model.promote(draft.run_id)
        house.dear.failures = []
        stopped = (await model.engine.runs())[0]
        final = await model.resume(stopped.id)
    assert final.text == "<sea>h0=<sea>w0 <sand>h0=<sand>w0"
    assert len(house.dear.bill) == 2


async def test_what_is_no_finished_draft_is_refused(house: House) -> None:
    async with house.model() as model:
        hero = await model.run("sea", recipe="sketches", tier="hero")
        waiting = await model.run("sea", review=True, **DRAFT)
        final = await model.promote((await model.run("sea", **DRAFT)).run_id)
        for run_id, said in (
            (hero.run_id, "at hero tier already"),
            (final.run_id, "at hero tier already"),
            (waiting.run_id, "is waiting; only a finished draft"),
        ):
            with pytest.raises(InvalidRequestError, match=said):
                await model.promote(run_id)
        with pytest.raises(UnknownRunError):
            await model.promote("nothing")
