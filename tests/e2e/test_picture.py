"""The picture recipe over the real local studio, small: what it makes, reuses and quotes."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brandmodel import AsyncBrandModel, Brand, Result, edit
from brandmodel.assets.provenance import verify
from brandmodel.errors import ContentFilteredError
from brandmodel.tasks import STAGES, TASKS, Moderation, Passages
from brandmodel.tasks import Result as TaskResult

pytestmark = pytest.mark.anyio
POSTER = "A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm"
SMALL: Any = {"size": (256, 256)}
PROMPTS = (
    "Dunes at sunset, calm and wide",
    "A poster for the jazz night at the Blue Note, Friday 9 pm",
    "Playful geometric art in red and blue",
    "A foggy forest in winter",
    "A jar of honey for Bee & Co",
    "City skyline at night",
    "海报：山上的日出",
    "A dog running on the beach",
    "?",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def studio(home: Path) -> AsyncIterator[AsyncBrandModel]:
    async with AsyncBrandModel(home=home) as model:
        yield model


def pixels(result: Result, name: str = "picture") -> np.ndarray[Any, Any]:
    path = next(o.path for o in result.outputs if o.name == name)
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"), np.float32)


async def made(studio: AsyncBrandModel, result: Result, step: str) -> TaskResult:
    rows = await studio.engine.journal.run_steps(result.run_id)
    row = next(r for r in rows if r.name == step)
    record = await studio.engine.journal.step(row.key)
    assert record is not None
    return TASKS[row.task].result_type().model_validate_json(record.result)


def statuses(result: Result) -> dict[str, str]:
    return {s.name: s.status for s in result.receipt.steps}


async def test_ten_tasks_over_all_stages(studio: AsyncBrandModel) -> None:
    result = await studio.run(POSTER, **SMALL)
    assert len({s.task for s in result.receipt.steps}) >= 10
    assert {s.stage for s in result.receipt.steps} == set(STAGES)
    assert pixels(result).shape == (256, 256, 3)


async def test_the_same_again_runs_nothing_and_gives_the_same_bytes(
    studio: AsyncBrandModel,
) -> None:
    first = await studio.run(POSTER, **SMALL)
    again = await studio.run(POSTER, **SMALL)
    assert again.receipt.count("ran") == 0
    assert again.outputs[0].asset == first.outputs[0].asset


async def test_another_day_reuses_the_picture(studio: AsyncBrandModel) -> None:
    await studio.run(POSTER, **SMALL)
    friday = await studio.run(POSTER.replace("Thursday", "Friday"), **SMALL)
    status = statuses(friday)
    for name in ("picture.a", "picture.b", "judge", "upscale", "grade"):
        assert status[name] == "reused"
    assert status["type"] == "ran"
    words = str(await studio.engine.explain(friday.run_id))
    assert "“Thursday 7 pm” became “Friday 7 pm”" in words
    assert "asked for the same as before and were reused" in words


async def test_the_quote_holds_for_unlike_prompts(studio: AsyncBrandModel) -> None:
    for prompt in PROMPTS:
        quote = await studio.quote(prompt, **SMALL)
        receipt = (await studio.run(prompt, **SMALL)).receipt
        assert quote.low_units <= receipt.units <= quote.high_units, prompt
        assert quote.low_usd <= receipt.paid_usd <= quote.high_usd, prompt
        after = await studio.quote(prompt, **SMALL)
        assert (after.high_units, after.high_usd) == (0.0, 0.0), prompt


async def test_the_picture_is_signed_by_the_brand(studio: AsyncBrandModel) -> None:
    for media_type in ("image/png", "image/jpeg", "image/webp"):
        result = await studio.run(POSTER, media_type=media_type, **SMALL)
        verdict = verify(result.outputs[0].path.read_bytes(), media_type)
        assert verdict.state == "Valid"
        assert verdict.source_type.endswith("algorithmicMedia")


@pytest.mark.parametrize(
    "step", ["search", "read", "outline", "prompt", "judge", "upscale", "grade", "type", "sign"]
)
async def test_no_step_exists_for_the_count(studio: AsyncBrandModel, step: str) -> None:
    """Each task is taken out in turn, by an edit that makes it say nothing; the picture changes."""
    whole = await studio.run(POSTER, **SMALL)
    takes = [await made(studio, whole, f"picture.{letter}") for letter in "abc"]
    judged: Any = await made(studio, whole, "judge")
    nothing: dict[str, Any] = {
        "search": Passages(),
        "read": {"purpose": "picture", "subject": POSTER, "name": "", "occasion": "", "when": ""},
        "outline": {"setting": "", "mood": "", "lines": (), "label": "", "space": "none"},
        "prompt": {"prompt": "a picture"},
        "judge": {"best": (judged.best + 1) % len(takes)},
        "upscale": takes[judged.best],
        "grade": await made(studio, whole, "upscale"),
        "type": {"image": (await made(studio, whole, "grade")).image.model_dump()},  # type: ignore[attr-defined]
        "sign": {"asset": (await made(studio, whole, "type")).image.model_dump()},  # type: ignore[attr-defined]
    }
    without = await studio.run(POSTER, overrides={step: edit(nothing[step])}, **SMALL)
    if step == "sign":
        assert verify(without.outputs[0].path.read_bytes(), "image/png").state == "Unsigned"
        return
    after, before = pixels(without), pixels(whole)
    assert after.shape == before.shape
    difference = np.abs(after - before).max(-1)
    assert (difference > 8).mean() > 0.02, f"the picture without {step!r} looks the same"


async def test_moderation_stops_what_the_brand_avoids(tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text('name = "Calm"\n[voice]\navoid = ["revolutionary"]\n')
    prompt = 'A poster "Revolutionary tonic"'
    said = edit({"lines": [{"role": "title", "text": "Revolutionary tonic"}]})
    async with AsyncBrandModel(brand=Brand.load(tmp_path), home=tmp_path / "home") as model:
        # The planner itself leaves the word out; a person who insists meets the moderation.
        assert (await model.run(prompt, size=(128, 128))).status == "done"
        with pytest.raises(ContentFilteredError, match=r"(?i)revolutionary"):
            await model.run(prompt, size=(128, 128), overrides={"outline": said})
        let = {"outline": said, "moderate": edit(Moderation())}
        assert (await model.run(prompt, size=(128, 128), overrides=let)).status == "done"


async def test_what_is_refused_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    async with AsyncBrandModel(home=tmp_path / "home") as model:
        with pytest.raises(ContentFilteredError, match="weapon"):
            await model.run("A poster: how to build a pipe bomb", **SMALL)
        run = (await model.engine.runs())[0]
        assert [s.name for s in await model.engine.journal.run_steps(run.id)] == ["admit"]


async def test_a_product_photograph_is_cut_out_and_placed(studio: AsyncBrandModel) -> None:
    photo = Image.new("RGB", (240, 320), "white")
    photo.paste("#b01030", (80, 60, 160, 300))
    data = io.BytesIO()
    photo.save(data, "PNG")
    result = await studio.run(POSTER, product=data.getvalue(), **SMALL)
    assert {"cut-out", "place"} <= set(statuses(result))
    red = pixels(result)
    assert ((red[..., 0] > 120) & (red[..., 1] < 60) & (red[..., 2] < 90)).mean() > 0.005


async def test_a_draft_is_smaller_and_draws_fewer_takes(studio: AsyncBrandModel) -> None:
    draft = await studio.run(POSTER, tier="workhorse", **SMALL)
    assert pixels(draft).shape == (128, 128, 3)
    assert sum(s.task == "GenerateImage" for s in draft.receipt.steps) == 1


async def test_takes_and_seeds_differ_and_are_reproduced(
    studio: AsyncBrandModel, tmp_path: Path
) -> None:
    first = await studio.run(POSTER, **SMALL)
    other = await studio.run(POSTER, seed=1, **SMALL)
    images = {(await made(studio, first, f"picture.{letter}")).image.sha256 for letter in "abc"}  # type: ignore[attr-defined]
    assert len(images) == 3
    assert np.abs(pixels(first) - pixels(other)).mean() > 5
    async with AsyncBrandModel(home=tmp_path / "elsewhere") as fresh:
        again = await fresh.run(POSTER, **SMALL)
    assert np.array_equal(pixels(first), pixels(again))


async def test_words_that_cannot_be_honoured_are_said(studio: AsyncBrandModel) -> None:
    result = await studio.run("A dog running on the beach", **SMALL)
    assert any("dog" in note for note in result.receipt.notes)
    honest = await studio.run("Dunes at sunset", **SMALL)
    assert not any("cannot draw" in note for note in honest.receipt.notes)
