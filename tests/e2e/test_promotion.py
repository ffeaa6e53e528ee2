"""Promotion over the real local studio: a draft's picture and film, made again as finals."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brandmodel import AsyncBrandModel
from tests.e2e.films import DRAFT, FILM, alone, output, shared_home, statuses, step

pytestmark = pytest.mark.anyio
POSTER = "A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm"


@pytest.fixture(scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncBrandModel]:
    home = shared_home(tmp_path_factory)
    async with AsyncBrandModel(home=home) as model:
        with alone(home):
            await model.run(FILM, **DRAFT)
        yield model


def grey(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L").resize((48, 48)), np.float32)


async def test_a_posters_final_is_its_draft_at_full_size(studio: AsyncBrandModel) -> None:
    draft = await studio.run(POSTER, tier="workhorse", size=(256, 256))
    final = await studio.promote(draft.run_id, media_type="image/jpeg")
    small, large = draft.output().asset, final.output().asset
    assert (small.width, large.width, large.media_type) == (128, 256, "image/jpeg")
    seen = [grey(output(result, "picture")).ravel() for result in (draft, final)]
    assert np.corrcoef(*seen)[0, 1] > 0.95
    assert {n for n, how in statuses(final).items() if n.startswith("picture")} == {"picture.a"}
    planned = {s.status for s in final.receipt.steps if s.stage in ("search", "plan")}
    assert planned == {"reused"}


async def test_a_films_final_has_the_drafts_words_and_shots(studio: AsyncBrandModel) -> None:
    draft = await studio.run(FILM, **DRAFT)
    final = await studio.promote(draft.run_id)
    assert output(final, "script") == output(draft, "script")
    planned = {s.status for s in final.receipt.steps if s.stage in ("search", "plan")}
    assert planned == {"reused"}
    drawn = sorted(name for name in statuses(final) if "/picture" in name)
    assert drawn == sorted(name for name in statuses(draft) if "/picture" in name)
    for name in drawn:
        asked, shown = await step(studio, final, name)
        _, before = await step(studio, draft, name)
        # Drawn at another size, and the very same scene.
        assert asked["reference"] == {"asset": before.image.sha256}
        assert shown.image.width != before.image.width
        assert shown.scene == before.scene
    posters = [grey(output(result, "poster")).ravel() for result in (draft, final)]
    assert np.corrcoef(*posters)[0, 1] > 0.95
