"""The film recipe over the real local studio: what it gives, reuses, draws again and refuses."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import opentimelineio as otio
import pytest

import brandmodel
from brandmodel import AsyncBrandModel, Result
from brandmodel.assets.provenance import verify
from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Judge, Judgement, Score
from brandmodel.testing import FakeVendor
from tests.e2e.films import (
    DRAFT,
    FILM,
    LENGTH_S,
    alone,
    copy_of,
    named,
    output,
    ran,
    shared_home,
    statuses,
    step,
    tasks,
)

pytestmark = pytest.mark.anyio
OUTPUTS = ["film", "poster", "captions", "subtitles", "script", "storyboard", "timeline"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_home(tmp_path_factory)


@pytest.fixture(scope="module")
async def studio(home: Path) -> AsyncIterator[AsyncBrandModel]:
    """One model for all, so that its workers start once."""
    async with AsyncBrandModel(home=home) as model:
        with alone(home):
            await model.run(FILM, **DRAFT)
        yield model


async def test_a_sentence_gives_seven_things_from_fourteen_tasks(studio: AsyncBrandModel) -> None:
    result = await studio.run(FILM, **DRAFT)
    assert result.recipe == "film"
    assert len(tasks(result)) >= 14
    assert [o.name for o in result.outputs] == OUTPUTS
    assert len({o.asset.sha256 for o in result.outputs}) == len(OUTPUTS)
    for made in result.outputs:
        assert await studio.engine.store.read(made.asset) == made.path.read_bytes()


async def test_everything_that_is_seen_is_signed_by_the_brand(studio: AsyncBrandModel) -> None:
    result = await studio.run(FILM, **DRAFT)
    for name in ("film", "poster", "storyboard"):
        made = result.output(name)
        verdict = verify(output(result, name), made.asset.media_type)
        assert (name, verdict.state) == (name, "Valid")
        assert verdict.source_type.endswith("lgorithmicMedia")


async def test_an_editing_program_opens_the_cut_with_its_media(
    studio: AsyncBrandModel, tmp_path: Path
) -> None:
    result = await studio.run(FILM, **DRAFT)
    saved = result.save(tmp_path / "cut.otio", name="timeline")
    timeline: Any = otio.adapters.read_from_file(str(saved))
    assert timeline.duration().to_seconds() == LENGTH_S
    clips = list(timeline.find_clips())
    assert {clip.name for clip in clips} == {*_shots(result), "sound"}
    for clip in clips:
        media = tmp_path / clip.media_reference.target_url
        with av.open(str(media)) as file:
            assert file.duration is not None
            there_s = file.duration / 1e6
        shown = clip.source_range
        assert shown.end_time_exclusive().to_seconds() <= there_s + 1 / 24, clip.name
    said = [marker.name for track in timeline.tracks for marker in track.markers]
    assert said == _said(result)


async def test_the_quote_holds(tmp_path: Path) -> None:
    brief = "A 5-second film of winter mountains, music only"
    async with AsyncBrandModel(home=tmp_path / "fresh") as fresh:
        quote = await fresh.quote(brief, **DRAFT)
        receipt = (await fresh.run(brief, **DRAFT)).receipt
        assert quote.low_units <= receipt.units <= quote.high_units
        assert (await fresh.quote(brief, **DRAFT)).high_units == 0.0


async def test_the_same_again_runs_nothing(studio: AsyncBrandModel) -> None:
    first = await studio.run(FILM, **DRAFT)
    again = await studio.run(FILM, **DRAFT)
    assert ran(again) == set()
    assert [o.asset for o in again.outputs] == [o.asset for o in first.outputs]


async def test_an_edited_line_makes_only_its_own_speech_and_the_cut_again(
    studio: AsyncBrandModel,
) -> None:
    first = await studio.run(FILM, **DRAFT)
    second = named(first, "Speak")[1]
    edited = await studio.run(FILM, overrides={f"{second}.text": "Now for you."}, **DRAFT)
    assert ran(edited) == {second, "mix", "sign-sound", "assemble", "sign"}
    assert _said(edited) == [_said(first)[0], "Now for you."]


async def test_another_shape_keeps_script_music_and_speech(studio: AsyncBrandModel) -> None:
    tall = await studio.run(
        FILM, tier="workhorse", options={"aspect": "9:16", "lines": 180, "fps": 25}
    )
    film = tall.output("film").asset
    assert (film.width, film.height) == (180, 320)
    made = {s.task for s in tall.receipt.steps if s.status == "ran"}
    assert {"GenerateImage", "AnimateImage", "Assemble"} <= made
    assert not made & {"OutlineFilm", "WriteScript", "CritiqueScript", "ComposeMusic", "Speak"}
    with av.open(str(tall.output("film").path)) as file:
        assert file.streams.video[0].average_rate == 25


@pytest.mark.parametrize("length", ["0-second", "0.5-second", "3600-second", "one-hour"])
async def test_a_length_that_is_no_films_is_refused_before_anything_is_made(
    studio: AsyncBrandModel, length: str
) -> None:
    with pytest.raises(InvalidRequestError, match="a film of .* seconds"):
        await studio.run(f"A {length} film for Aurelia", **DRAFT)


async def test_a_film_has_no_voice_rather_than_a_bad_one(
    studio: AsyncBrandModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = named(await studio.run(FILM, **DRAFT), "Speak")
    without = [p for p in ("/usr/bin", "/bin") if not (Path(p) / "flite").exists()]
    monkeypatch.setenv("PATH", ":".join(without) or str(tmp_path))
    assert shutil.which("flite") is None
    words = {f"{line}.text": f"Nobody said {line} aloud." for line in lines}
    # Another model, since workers that know flite already keep it.
    async with AsyncBrandModel(home=studio.engine.home) as model:
        result = await model.run(FILM, overrides=words, **DRAFT)
        mix, _ = await step(model, result, "mix")
    assert any("robotic" in note for note in result.receipt.notes)
    assert _said(result) == list(words.values())
    assert {track["kind"] for track in mix["tracks"]} <= {"music", "effect"}


class TestAShotThatTheJudgeRejects:
    """The judge is told what to say; everything else is the local studio."""

    async def test_is_drawn_again_in_a_round_from_what_was_missed(
        self, home: Path, tmp_path: Path
    ) -> None:
        vendor = _judge(
            lambda request: (
                Judgement(scores=(Score(total=0.2),), good=False, why="it is too dark")
                if len(request.images) == 1
                else Judgement(scores=(Score(total=0.2), Score(total=0.9)), best=1)
            )
        )
        async with _judged_by(vendor, tmp_path, home) as model:
            result = await model.run(FILM, options={"rounds": 2}, **DRAFT)
            for shot in _shots(result):
                _, again = await step(model, result, f"{shot}/round-1/picture.a")
                words, _ = await step(model, result, f"{shot}/round-1/prompt")
                moved, _ = await step(model, result, f"{shot}/animate")
                assert _shown(moved) == again.image.sha256
                assert words["wanting"] == "it is too dark"
        assert not [name for name in statuses(result) if "round-2" in name]

    async def test_is_never_worse_for_it(self, home: Path, tmp_path: Path) -> None:
        vendor = _judge(lambda request: Judgement(best=0, good=False))
        async with _judged_by(vendor, tmp_path, home) as model:
            result = await model.run(FILM, options={"rounds": 2}, **DRAFT)
            for shot in _shots(result):
                _, first = await step(model, result, f"{shot}/picture.a")
                _, second = await step(model, result, f"{shot}/round-2/picture.a")
                moved, _ = await step(model, result, f"{shot}/animate")
                assert _shown(moved) == first.image.sha256 != second.image.sha256

    async def test_is_drawn_again_only_while_there_is_money(
        self, home: Path, tmp_path: Path
    ) -> None:
        vendor = _judge(lambda request: Judgement(good=False), usd_per_call=0.25)
        async with _judged_by(vendor, tmp_path, home) as model:
            wishes: Any = {"options": {"rounds": 5, "redraw_usd": 0.2}, **DRAFT}
            quote = await model.quote(FILM, **wishes)
            result = await model.run(FILM, **wishes)
        # One look at a shot's first picture, and one round: after it, more than 0.20 is spent.
        assert len(vendor.bill) == len(_shots(result)) * (1 + 1)
        assert result.receipt.paid_usd == vendor.billed_usd_nano / 1e9 <= quote.high_usd


def _judge(answer: Any, *, usd_per_call: float = 0.0) -> FakeVendor:
    return FakeVendor("juror").serves(
        Judge, lambda request, take: answer(request), usd_per_call=usd_per_call
    )


def _judged_by(vendor: FakeVendor, folder: Path, home: Path) -> AsyncBrandModel:
    """The local studio with another judge: one line of its table names the vendor."""
    tables = vendor.routers(folder / "routers", model="judged")
    root = Path(brandmodel.__file__).parents[1] / "routers"
    table = (root / "studio.toml").read_text()
    own = table.replace('"studio"', '"judged"').replace('"local/judge"', '"juror/Judge"')
    assert own.count("juror/Judge") == 1
    (tables / "judged.toml").write_text(own)
    return AsyncBrandModel(routers=tables, home=copy_of(home, folder / "home"))


def _shown(animated: dict[str, Any]) -> str:
    return animated["image"]["asset"]


def _shots(result: Result) -> list[str]:
    return [name.partition("/")[0] for name in named(result, "AnimateImage")]


def _said(result: Result) -> list[str]:
    blocks = output(result, "subtitles").decode().strip().split("\n\n")
    return [" ".join(block.splitlines()[2:]) for block in blocks]
