"""Tiers over vendors that speak their wires, draw real pictures and keep their own bill."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image

from brandmodel import AsyncBrandModel, Result
from brandmodel.testing.vendors import serving
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio

POSTER = "A poster for Aurelia, a cold brew tonic: Thursday 7 pm"
_SHOWN = '{ workhorse = ["fal/picture"], hero = ["replicate/picture", "openai/fake-image"] }'


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    routers = tmp_path_factory.mktemp("vendors") / "routers"
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serving(routers=routers)) as made,
    ):
        yield Counter(made.url, dict(made.keys), routers)


def studio(vendors: Counter, folder: Path, draw: str = _SHOWN) -> AsyncBrandModel:
    """The fake vendors, with another line for pictures and a writer of the hero's own."""
    table = (vendors.routers / "fake-studio.toml").read_text().splitlines()
    kept = [line for line in table if not line.startswith(("GenerateImage", "WriteImagePrompt"))]
    written = 'workhorse = ["openai/fake-chat"], hero = ["anthropic/fake-claude"]'
    at = kept.index("[tasks]") + 1
    kept[at:at] = [f"GenerateImage = {draw}", f"WriteImagePrompt = {{ {written} }}"]
    own = folder / "routers"
    own.mkdir()
    (own / "fake-studio.toml").write_text("\n".join(kept))
    for name in ("vendors.toml", "credentials.toml", "targets"):
        (own / name).symlink_to(vendors.routers / name)
    return AsyncBrandModel(routers=own, home=folder / "home")


def seen(result: Result) -> np.ndarray[Any, Any]:
    """The picture, small and grey: what it is composed of."""
    picture = Image.open(io.BytesIO(result.output().path.read_bytes())).convert("L")
    return np.asarray(picture.resize((32, 32)), np.float32)


def alike(one: Result, other: Result) -> float:
    return float(np.corrcoef(seen(one).ravel(), seen(other).ravel())[0, 1])


async def test_a_vendors_final_is_composed_as_its_draft(vendors: Counter, tmp_path: Path) -> None:
    async with studio(vendors, tmp_path) as model:
        draft = await model.run(POSTER, tier="workhorse", size=(256, 256))
        before = len(vendors.jobs())
        final = await model.promote(draft.run_id)
        billed = vendors.jobs()[before:]
        hero = await model.run(POSTER, tier="hero", size=(256, 256))
    drawn = next(s for s in final.receipt.steps if s.task == "GenerateImage")
    # The first of the hero's list takes no picture along, so it is not asked.
    assert (drawn.target, drawn.tier) == ("openai/fake-image", "hero")
    assert final.output().asset.width == 2 * (draft.output().asset.width or 0) == 256
    planned = {s.name: s.status for s in final.receipt.steps if s.stage in ("search", "plan")}
    assert set(planned.values()) == {"reused"}
    assert final.receipt.paid_usd == pytest.approx(sum(job["usd"] for job in billed))
    paid = {step.task for step in final.receipt.steps if step.status == "ran" and step.usd}
    # What is kept is drawn at its full size at once: nothing has to be made larger.
    assert paid == {"GenerateImage", "Judge"}
    # Its own hero's picture would have been another one.
    assert alike(draft, final) > 0.93 > 0.8 > alike(final, hero)


async def test_a_target_that_sees_no_reference_says_so(vendors: Counter, tmp_path: Path) -> None:
    blind = '{ workhorse = ["openai/fake-image"], hero = ["fal/picture"] }'
    async with studio(vendors, tmp_path, blind) as model:
        draft = await model.run(POSTER, tier="workhorse", size=(128, 128))
        final = await model.promote(draft.run_id)
    assert "reference could not be honoured" in final.receipt.notes


@pytest.mark.parametrize(("below", "heros"), [(0.01, 0), (1.0, 2)])
async def test_a_cascade_is_on_the_vendors_bill_as_on_the_receipt(
    vendors: Counter, tmp_path: Path, below: float, heros: int
) -> None:
    lists = 'workhorse = ["openai/fake-image"], hero = ["replicate/picture"]'
    line = f"{{ {lists}, cascade = {{ below = {below} }} }}"
    before = len(vendors.jobs())
    async with studio(vendors, tmp_path, line) as model:
        quote = await model.quote(POSTER, size=(128, 128), options={"rounds": 0})
        made = await model.run(POSTER, size=(128, 128), options={"rounds": 0})
    billed = vendors.jobs()[before:]
    drawn = [job["usd"] for job in billed if job["task"] == "GenerateImage"]
    assert sorted(drawn) == [0.02] * 2 + [0.03] * heros
    assert made.receipt.paid_usd == pytest.approx(sum(job["usd"] for job in billed))
    assert quote.low_usd <= made.receipt.paid_usd <= quote.high_usd
    judged = next(step.usd for step in made.receipt.steps if step.name == "judge")
    saved = -0.04 - judged if heros else 2 * (0.03 - 0.02)
    assert made.receipt.saved_usd == pytest.approx(saved)
