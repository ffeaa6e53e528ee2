"""A picture while it is made: in a recipe's hands, in a run's events, and on the bill."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.engine.receipt import Event
from brandmodel.errors import BudgetExceededError, OutcomeUnknownError
from brandmodel.recipes import recipe
from brandmodel.tasks import Asset, Brief, Context, GenerateImage, Picture
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio


@pytest.fixture
def routers(vendors: Counter, tmp_path: Path) -> Path:
    """The vendors' tables with one picture row, which asks for two sketches."""
    folder = tmp_path / "routers"
    shutil.copytree(vendors.routers, folder)
    rows = folder / "targets" / "openai.toml"
    rows.write_text(rows.read_text().replace("[fake-image]\n", "[fake-image]\nsketches = 2\n"))
    table = folder / "fake-studio.toml"
    listed = re.sub(
        r"(?m)^GenerateImage = .*$", 'GenerateImage = ["openai/fake-image"]', table.read_text()
    )
    table.write_text(listed)
    return folder


@recipe("watched", makes="text/plain")
async def watched(ctx: Context, brief: Brief) -> dict[str, str]:
    """One picture, told of piece by piece."""
    pieces: list[str] = []
    request = GenerateImage(prompt=brief.prompt, width=128, height=128)
    async for piece in ctx.stream(request, name="picture"):
        if isinstance(piece, Asset):
            pieces.append(f"sketch {piece.sha256}")
        elif isinstance(piece, Picture):
            pieces.append(f"picture {piece.image.sha256}")
    return {"text": "\n".join(pieces)}


@recipe("called", makes="text/plain")
async def called(ctx: Context, brief: Brief) -> dict[str, str]:
    """One picture, by a plain call."""
    request = GenerateImage(prompt=brief.prompt, width=128, height=128)
    return {"text": (await ctx.call(request, name="picture")).image.sha256}


async def events_of(
    model: AsyncBrandModel, prompt: str, what: str
) -> tuple[str, list[Event], float]:
    run = await model.start(prompt, recipe=what)
    told = [event async for event in run.events()]
    result = await run.wait()
    return result.text, told, result.receipt.paid_usd


async def test_a_recipe_and_its_listeners_see_a_picture_being_made(
    vendors: Counter, routers: Path, tmp_path: Path
) -> None:
    before = len(vendors.jobs())
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        text, told, paid = await events_of(model, "A pear on a table", "watched")
        sketches = [event.sketch for event in told if event.kind == "step-sketched"]
        assert [event.kind for event in told] == [
            "step-started",
            *["step-sketched"] * 2,
            "step-finished",
            "run-finished",
        ]
        assert {event.name for event in told[:-1]} == {"picture"}
        seen = [f"sketch {one.sha256}" for one in sketches if one is not None]
        assert text.splitlines()[:-1] == seen
        assert len({line.partition(" ")[2] for line in text.splitlines()}) == 3
        for sketch in sketches:
            assert sketch is not None
            assert model.engine.store.has(sketch)
        (job,) = vendors.jobs()[before:]
        assert job["usd"] == paid == 0.022

        again, told, paid = await events_of(model, "A pear on a table", "watched")
        assert again == text.splitlines()[-1], "what is known has no sketches"
        assert "step-sketched" not in [event.kind for event in told]
        assert paid == 0
    assert len(vendors.jobs()) == before + 1


async def test_any_recipe_shows_what_its_pictures_come_out_of(
    vendors: Counter, routers: Path, tmp_path: Path
) -> None:
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        _, told, paid = await events_of(model, "Two pears on a table", "called")
    assert [event.kind for event in told].count("step-sketched") == 2
    assert paid == 0.022


async def test_a_cap_holds_the_price_of_sketches(
    vendors: Counter, routers: Path, tmp_path: Path
) -> None:
    before = len(vendors.jobs())
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        quoted = await model.quote("Three pears", recipe="called")
        assert quoted.high_usd == 0.022
        with pytest.raises(BudgetExceededError):
            await model.run("Three pears", recipe="called", budget_usd=0.021)
    assert len(vendors.jobs()) == before


async def test_a_picture_that_breaks_off_after_a_sketch_is_not_paid_twice(
    vendors: Counter, routers: Path, tmp_path: Path
) -> None:
    before = len(vendors.jobs())
    vendors.fault("broken-stream", "openai")
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        with pytest.raises(OutcomeUnknownError):
            await model.run("Four pears", recipe="called")
        (attempt,) = await model.engine.journal.attempts()
    assert attempt.state == "unknown"
    assert len(vendors.jobs()) == before + 1, "it is not asked for a second time"
