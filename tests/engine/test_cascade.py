"""A cascade: the workhorse first, the hero only where that is not good enough; and what it saves."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from brandmodel import choice
from brandmodel.cli.checks import examined
from brandmodel.errors import MissingCredentialError, TableError
from brandmodel.routing import load_tables
from tests.engine.tiers import CHEAP_USD, DEAR_USD, JUDGE_USD, House

pytestmark = pytest.mark.anyio
MORE_USD = DEAR_USD - CHEAP_USD


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_workhorse_that_suffices_saves_the_heros_price(house: House) -> None:
    async with house.model() as model:
        quote = await model.quote("sea", recipe="sketches")
        made = await model.run("sea", recipe="sketches")
        again = await model.run("sea", recipe="sketches")
        explained = await model.engine.explain(made.run_id)
        shown = {s.name: s for s in await model.engine.journal.run_steps(made.run_id)}
    assert made.text == "<sea>w0"
    assert not house.dear.calls
    assert made.receipt.paid_usd == pytest.approx(house.billed_usd) == 0.01 + 0.04 + 0.001
    assert made.receipt.paid_usd == quote.low_usd < quote.high_usd
    assert made.receipt.saved_usd == pytest.approx(2 * MORE_USD)
    assert {s.name: s.tier for s in made.receipt.steps}["sea/drawing.b"] == "workhorse"
    assert "$0.4600 saved by cascades" in str(made.receipt)
    assert explained.saved_usd == pytest.approx(2 * MORE_USD)
    assert "$0.4600 saved by cascades." in str(explained)
    assert shown["sea/drawing.a"].chosen
    assert not shown["sea/drawing.b"].chosen
    # What is reused was saved once.
    assert (again.receipt.paid_usd, again.receipt.saved_usd) == (0, 0)


async def test_a_hero_that_is_needed_is_paid_and_the_better_is_kept(house: House) -> None:
    house.verdicts.scores = {"<sea>w0": 0.6, "<sea>w1": 0.69, "<sea>h0": 0.5, "<sea>h1": 0.9}
    async with house.model() as model:
        quote = await model.quote("sea", recipe="sketches")
        made = await model.run("sea", recipe="sketches")
        explained = await model.engine.explain(made.run_id)
    assert made.text == "<sea>h1"
    names = [s.name.removeprefix("sea/") for s in made.receipt.steps]
    assert names[1:] == [
        "drawing.a",
        "drawing.b",
        "judge",
        "hero/drawing.a",
        "hero/drawing.b",
        "hero/judge",
    ]
    seen = house.judge.calls[-1][0].texts  # type: ignore[attr-defined]
    assert seen == ("<sea>w1", "<sea>h0", "<sea>h1")
    assert made.receipt.paid_usd == pytest.approx(house.billed_usd)
    assert quote.low_usd <= made.receipt.paid_usd <= quote.high_usd
    assert made.receipt.saved_usd == pytest.approx(-2 * CHEAP_USD - JUDGE_USD)
    assert "$0.0410 more than without cascades" in str(made.receipt)
    assert "$0.0200 more than without the cascade" in str(explained)


async def test_what_the_judge_rejects_does_not_suffice_whatever_its_score(house: House) -> None:
    house.verdicts.bad = {"<sea>w0"}
    house.verdicts.scores = {"<sea>w0": 0.9, "<sea>w1": 0.1}
    async with house.model() as model:
        await model.run("sea", recipe="sketches")
    assert len(house.dear.calls) == 2


async def test_a_workhorse_that_the_hero_does_not_beat_is_kept(house: House) -> None:
    house.verdicts.scores = {"<sea>w0": 0.6, "<sea>w1": 0.5, "<sea>h0": 0.4, "<sea>h1": 0.3}
    async with house.model() as model:
        assert (await model.run("sea", recipe="sketches")).text == "<sea>w0"


@pytest.mark.parametrize(("tier", "sign"), [("hero", "h"), ("workhorse", "w")])
async def test_a_tier_that_is_asked_for_is_meant(house: House, tier: str, sign: str) -> None:
    house.verdicts.scores = {"<sea>w0": 0.1, "<sea>w1": 0.1}
    async with house.model() as model:
        quote = await model.quote("sea", recipe="sketches", tier=tier)  # type: ignore[arg-type]
        made = await model.run("sea", recipe="sketches", tier=tier)  # type: ignore[arg-type]
    assert made.text == f"<sea>{sign}0"
    assert not (house.cheap if tier == "hero" else house.dear).calls
    assert made.receipt.saved_usd == 0
    assert quote.low_usd <= made.receipt.paid_usd <= quote.high_usd


async def test_without_the_switch_the_tables_tier_draws(tmp_path: Path) -> None:
    house = House(tmp_path, below=None)
    async with house.model() as model:
        assert (await model.run("sea", recipe="sketches")).text == "<sea>h0"
    assert not house.cheap.calls


async def test_what_a_cascade_made_is_what_a_tier_makes(house: House) -> None:
    """The tier of a step is part of its key; how a run came to it is not."""
    house.verdicts.scores = {"<sea>w0": 0.6, "<sea>w1": 0.6}
    async with house.model() as model:
        await model.run("sea", recipe="sketches")
        hero = await model.run("sea", recipe="sketches", tier="hero")
    drawings = {s.name: s.status for s in hero.receipt.steps if s.task == "DrawSketch"}
    assert drawings == {"sea/drawing.a": "reused", "sea/drawing.b": "reused"}


async def test_a_cascade_that_once_needed_the_hero_stays_with_it(house: House) -> None:
    house.verdicts.bad = {
        f"<sea>{n}{sign}{take}" for n in ("", "1") for sign in "wh" for take in "01"
    }
    house.verdicts.scores = {bad: 0.5 for bad in house.verdicts.bad}
    async with house.model() as model:
        made = await model.run("sea", recipe="sketches")
    assert made.text == "<sea>2h0"
    assert len(house.cheap.calls) == 2
    assert len(house.dear.calls) == 6


async def test_the_quote_holds_whatever_the_judge_says(house: House) -> None:
    """Also where it rejects what it gives a good score, and where some steps are known already."""
    lots = random.Random(7)
    async with house.model() as model:
        for turn in range(25):
            words = " ".join(f"{word}{turn % 20}x" for word in ("sea", "sand"))
            for sign in "wh":
                for text in (
                    f"<{w}>{n}{sign}{t}" for w in words.split() for n in ("", 1, 2) for t in "01"
                ):
                    house.verdicts.scores[text] = round(lots.random(), 2)
                    if lots.random() < 0.4:
                        house.verdicts.bad.add(text)
            before = house.billed_usd
            quote = await model.quote(words, recipe="sketches")
            made = await model.run(words, recipe="sketches")
            assert made.receipt.paid_usd == pytest.approx(house.billed_usd - before)
            assert quote.low_usd - 1e-9 <= made.receipt.paid_usd <= quote.high_usd + 1e-9


async def test_a_waiting_run_goes_on_as_the_cascade_that_it_is(house: House) -> None:
    house.verdicts.scores = {"<sea>w0": 0.6, "<sea>w1": 0.6}
    async with house.model() as model:
        waiting = await model.run("sea", recipe="sketches", review=True)
        paid = house.billed_usd
        done = await model.resume(waiting.run_id, overrides={"sea/choose": choice("b")})
        # A person may prefer what the judge did not.
        assert done.text == "<sea>w1"
        shown = {s.name for s in await model.engine.journal.run_steps(done.run_id) if s.chosen}
    assert house.billed_usd == paid
    assert shown == {"sea/drawing.b"}


async def test_a_cascade_needs_both_lists(house: House) -> None:
    house.write(draw='{ workhorse = ["cheap/DrawSketch"], cascade = { below = 0.7 } }')
    with pytest.raises(TableError, match=r"tasks.DrawSketch.cascade: expected a list for `work"):
        load_tables([("mine", house.routers)]).model("tiers-1")
    house.write(below=1.5)
    with pytest.raises(TableError, match=r"tasks.DrawSketch.cascade.below"):
        load_tables([("mine", house.routers)]).model("tiers-1")


async def test_the_doctor_tells_of_cascades(house: House) -> None:
    async with house.model() as model:
        found = {c.subject: c for c in (await examined(model)).checks}
        assert "below 0.7" in found["cascade DrawSketch"].finding
        house.write(draw='{ workhorse = ["cheap/DrawSketch"], cascade = { below = 0.7 } }')
    async with house.model() as model:
        bad = [c for c in (await examined(model)).checks if c.state == "bad"]
    assert any("tasks.DrawSketch.cascade" in check.finding for check in bad)


async def test_the_saving_is_printed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    from brandmodel.cli.outcome import show_result
    from brandmodel.cli.views import show_run

    async with house.model() as model:
        made = await model.run("sea", recipe="sketches")
        record = await model.engine.run_of(made.run_id)
        steps = await model.engine.journal.run_steps(made.run_id)
    show_result(made, {}, seed=0, form="words")
    show_run(record, steps, [], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("$0.4600 saved by cascades") == 2
    show_result(made, {}, seed=0, form="json")
    assert json.loads(capsys.readouterr().out)["receipt"]["saved_usd"] == pytest.approx(0.46)


async def test_nothing_is_saved_where_no_hero_is_to_be_had(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendors = house.routers / "vendors.toml"
    rows = vendors.read_text()
    assert '["dear"]\n' in rows
    vendors.write_text(rows.replace('["dear"]\n', '["dear"]\nkey_env = "DEAR_KEY"\n'))
    monkeypatch.delenv("DEAR_KEY", raising=False)
    async with house.model() as model:
        without_cascade = await model.run("salt", recipe="sketches", tier="workhorse")
        # The dearest continuation wants the hero, so nothing starts without one.
        with pytest.raises(MissingCredentialError, match="DrawSketch: DEAR_KEY is not set"):
            await model.run("sea", recipe="sketches")
        monkeypatch.setenv("DEAR_KEY", "k")
        made = await model.run("sea", recipe="sketches")
    assert without_cascade.receipt.saved_usd == 0
    assert made.receipt.saved_usd == pytest.approx(2 * MORE_USD)
