"""Vendors whose key is not set: what they list is not quoted, not tried, and not waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import MissingCredentialError
from brandmodel.recipes import recipe
from brandmodel.routing import load_tables
from tests.engine.two_vendors import FIRST, PRICE_USD, SECOND, Studio, drawn, two_vendors

pytestmark = pytest.mark.anyio
KEY = "Zm9vYmFyMTIz"


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with two_vendors(tmp_path) as made:
        recipe("drawn", makes=("text/plain",))(drawn)
        yield made


def opened(studio: Studio, *, with_local: bool = False) -> AsyncBrandModel:
    routers = studio.write(", stand_in = true" if with_local else "")
    if with_local:
        table = routers / "acme-1.toml"
        table.write_text(
            table.read_text()
            .replace('y"]', 'y", "local/picture"]')
            .replace('quillon/picture"]', 'quillon/picture", "local/picture"]')
            .replace('quillon/words"], stand_in = true', 'quillon/words"]')
        )
    return AsyncBrandModel(routers=routers, home=studio.folder / "home")


async def test_a_vendor_without_its_key_is_neither_quoted_nor_tried(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{SECOND}_KEY", KEY)
    dearer = studio.write() / "targets" / f"{FIRST}.toml"
    async with opened(studio) as model:
        dearer.write_text(dearer.read_text().replace("0.25", "4"))
        quote = await model.quote("A bottle", recipe="drawn")
        made = await model.run("A bottle", recipe="drawn")
        # Its reach is looked at anew for each run.
        monkeypatch.setenv(f"{FIRST}_KEY", KEY)
        assert (await model.quote("A jar", recipe="drawn")).high_usd == 4
    assert quote.low_usd == quote.high_usd == made.receipt.paid_usd == PRICE_USD
    assert [step.target for step in quote.steps] == [f"{SECOND}/picture"]
    (step,) = made.receipt.steps
    assert [(one.target, one.outcome) for one in step.attempts] == [(f"{SECOND}/picture", "served")]


async def test_where_nobody_is_left_the_variables_are_named_and_nothing_starts(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(studio) as model:
        for ask in (model.quote, model.run):
            with pytest.raises(MissingCredentialError, match="GenerateImage") as refused:
                await ask("A bottle", recipe="drawn")
            assert f"{SECOND}_KEY is not set, {FIRST}_KEY is not set" in str(refused.value)
        monkeypatch.setenv(f"{SECOND}_KEY", KEY)
        # A pin of one that has no key is no wish for another.
        pinned = {"picture.target": f"{FIRST}/picture"}
        with pytest.raises(MissingCredentialError, match=f"{FIRST}_KEY"):
            await model.run("A bottle", recipe="drawn", overrides=pinned)
        assert await model.engine.runs() == []


async def test_a_stand_in_serves_what_has_no_key_and_takes_nobodys_place(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(studio, with_local=True) as model:
        quote = await model.quote("A bottle", recipe="drawn")
        first = await model.run("A bottle", recipe="drawn")
        (step,) = first.receipt.steps
        assert (step.target, step.usd, step.attempts) == ("local/picture", 0, ())
        assert "in place of the model" in " ".join(step.notes)
        assert (quote.low_usd, quote.high_usd) == (0, 0)
        assert quote.steps[0].target == "local/picture"
        monkeypatch.setenv(f"{FIRST}_KEY", KEY)
        studio.first.usual = studio.second.usual
        # The step is the same step: the run goes on as itself, and what stood in was not kept.
        resumed = await model.resume(first.run_id)
        (again,) = resumed.receipt.steps
        keys = {row.key for row in await model.engine.journal.run_steps(first.run_id)}
    assert (again.target, again.usd) == (f"{FIRST}/picture", PRICE_USD)
    assert len(keys) == 1


async def test_a_vendor_that_is_left_out_leaves_the_step_what_it_is(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (FIRST, SECOND):
        monkeypatch.setenv(f"{name}_KEY", KEY)
    studio.first.usual = studio.second.usual
    async with opened(studio, with_local=True) as model:
        drawn_here = await model.run("A bottle", recipe="drawn", without=[FIRST, SECOND])
        (step,) = drawn_here.receipt.steps
        assert (step.target, step.attempts) == ("local/picture", ())
        made = await model.run("A bottle", recipe="drawn")
        assert made.receipt.paid_usd == PRICE_USD
        # What is known needs nobody.
        known = await model.run("A bottle", recipe="drawn", without=[FIRST, SECOND])
    assert [step.status for step in known.receipt.steps] == ["reused"]


async def test_studio_plus_without_any_key_costs_what_it_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in load_tables().vendors.values():
        if row.value.key_env:
            monkeypatch.delenv(row.value.key_env, raising=False)
    async with AsyncBrandModel("studio-plus", home=tmp_path / "home") as model:
        quote = await model.quote("Dunes at sunset", size=(128, 128))
        made = await model.run("Dunes at sunset", size=(128, 128))
    receipt = made.receipt
    assert quote.low_usd == receipt.paid_usd == quote.high_usd == 0
    assert {s.target.partition("/")[0] for s in (*quote.steps, *receipt.steps)} == {
        "local",
        "house",
    }
    assert {one.outcome for step in receipt.steps for one in step.attempts} <= {"served"}
    # The local studio is no workhorse, and there was no hero whose price could be saved.
    assert receipt.saved_usd == 0
    assert any("in place of the model" in note for note in receipt.notes)
