"""The film recipe over the real local studio: a small draft, looked into with PyAV."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from brandmodel import AsyncBrandModel, Result
from brandmodel.assets.provenance import verify
from brandmodel.errors import InvalidRequestError

pytestmark = pytest.mark.anyio
FILM = "A 6-second launch film for Aurelia, a cold brew tonic"
DRAFT: Any = {"tier": "workhorse", "size": (320, 180)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def studio(home: Path) -> AsyncIterator[AsyncBrandModel]:
    async with AsyncBrandModel(home=home) as model:
        yield model


def output(result: Result, name: str) -> bytes:
    return next(o.path for o in result.outputs if o.name == name).read_bytes()


def statuses(result: Result) -> dict[str, str]:
    return {s.name: s.status for s in result.receipt.steps}


async def test_fourteen_tasks_and_a_film_that_is_what_was_asked_for(
    studio: AsyncBrandModel,
) -> None:
    result = await studio.run(FILM, **DRAFT)
    assert result.recipe == "film"
    assert len({s.task for s in result.receipt.steps}) >= 14
    assert [o.name for o in result.outputs] == ["film", "poster", "captions", "script", "timeline"]
    with av.open(io.BytesIO(output(result, "film"))) as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        assert (picture.width, picture.height) == (320, 180)
        assert picture.average_rate == 24
        assert picture.codec_context.pix_fmt == "yuv420p"
        frames = [f.to_ndarray(format="gray") for f in film.decode(picture)]
    assert abs(len(frames) - 6 * 24) <= 1
    assert sound.rate == 48_000
    assert min(f.mean() for f in frames) > 4, "a black frame"
    moved = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, frames[24:], strict=False)]
    assert min(moved) > 0, "a frozen second"


async def test_the_quote_holds(tmp_path: Path) -> None:
    brief = "A 5-second film of winter mountains, music only"
    async with AsyncBrandModel(home=tmp_path / "fresh") as fresh:
        quote = await fresh.quote(brief, **DRAFT)
        receipt = (await fresh.run(brief, **DRAFT)).receipt
        assert quote.low_units <= receipt.units <= quote.high_units
        assert (await fresh.quote(brief, **DRAFT)).high_units == 0.0


async def test_the_film_is_signed_by_the_brand(studio: AsyncBrandModel) -> None:
    result = await studio.run(FILM, **DRAFT)
    for name, media_type in (("film", "video/mp4"), ("poster", "image/png")):
        assert verify(output(result, name), media_type).state == "Valid"


async def test_the_same_again_runs_nothing(studio: AsyncBrandModel) -> None:
    first = await studio.run(FILM, **DRAFT)
    again = await studio.run(FILM, **DRAFT)
    assert again.receipt.count("ran") == 0
    assert [o.asset for o in again.outputs] == [o.asset for o in first.outputs]


async def test_an_edited_line_makes_only_its_own_speech_and_the_cut_again(
    studio: AsyncBrandModel,
) -> None:
    first = await studio.run(FILM, **DRAFT)
    spoken = [s.name for s in first.receipt.steps if s.task == "Speak"]
    assert len(spoken) >= 2
    edited = await studio.run(FILM, overrides={f"{spoken[1]}.text": "Now for you."}, **DRAFT)
    ran = {name for name, status in statuses(edited).items() if status == "ran"}
    assert ran == {spoken[1], "mix", "assemble", "sign"}
    assert "Now for you." in output(edited, "captions").decode()


async def test_another_shape_keeps_script_music_and_speech(studio: AsyncBrandModel) -> None:
    await studio.run(FILM, **DRAFT)
    tall = await studio.run(FILM, tier="workhorse", size=(180, 320))
    by_task = {s.task: s.status for s in tall.receipt.steps}
    for task in ("WriteScript", "CritiqueScript", "Storyboard", "ComposeMusic", "Speak"):
        assert by_task[task] == "reused", task


@pytest.mark.parametrize("length", ["0-second", "0.5-second", "3600-second", "one-hour"])
async def test_a_length_that_is_no_films_is_refused_before_anything_is_made(
    studio: AsyncBrandModel, length: str
) -> None:
    with pytest.raises(InvalidRequestError, match="a film of .* seconds"):
        await studio.run(f"A {length} film for Aurelia", **DRAFT)


async def test_a_film_has_no_voice_rather_than_a_bad_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without = [p for p in ("/usr/bin", "/bin") if not (Path(p) / "flite").exists()]
    monkeypatch.setenv("PATH", ":".join(without) or str(tmp_path))
    assert shutil.which("flite") is None
    async with AsyncBrandModel(home=tmp_path / "home") as model:
        result = await model.run("A 5-second film of dunes for Aurelia", **DRAFT)
    assert any("robotic" in note for note in result.receipt.notes)
    assert "-->" in output(result, "captions").decode()
