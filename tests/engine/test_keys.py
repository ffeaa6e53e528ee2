"""Keys: what names a step, and what does not."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brandmodel.brand import Palette
from brandmodel.engine.keys import canonical_json, step_key
from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import (
    TASKS,
    Answer,
    Asset,
    Beat,
    Card,
    FilmOutline,
    FilmReading,
    GenerateImage,
    GradeImage,
    Message,
    Reading,
    Request,
    Script,
    SearchDocuments,
    ShotOnFilm,
    Speech,
    Track,
    UpscaleImage,
    Usage,
    video_units,
)

GOLDEN = Path(__file__).parent / "golden_keys.json"
ASSET = Asset(sha256="ab" * 32, media_type="image/png", size=3, width=8, height=8)
READ = FilmReading(reading=Reading(subject="dunes"))
BEATS = FilmOutline(beats=(Beat(id="beat-a", role="hook", duration_s=15.0),))
SHOT = ShotOnFilm(id="shot-a", clip=ASSET, start_s=0.0, duration_s=5.0)
LEAST: dict[str, dict[str, Any]] = {
    "GenerateImage": {"prompt": "dunes"},
    "UpscaleImage": {"image": ASSET, "width": 64, "height": 64},
    "FitImage": {"image": ASSET, "width": 64, "height": 64},
    "CutOut": {"image": ASSET},
    "PlaceProduct": {"scene": ASSET, "product": ASSET},
    "GradeImage": {"image": ASSET, "palette": Palette()},
    "Judge": {"images": (ASSET,)},
    "Moderate": {"texts": ("dunes",)},
    "SearchDocuments": {"query": "dunes"},
    "ReadBrief": {"prompt": "dunes"},
    "OutlinePicture": {"reading": Reading(subject="dunes")},
    "WriteImagePrompt": {"subject": "dunes"},
    "PlanAnswer": {"question": "dunes?"},
    "WriteAnswer": {"question": "dunes?"},
    "CheckSources": {"answer": Answer(text="dunes")},
    "Typeset": {"image": ASSET, "lines": ()},
    "Sign": {"asset": ASSET},
    "ReadFilmBrief": {"prompt": "a film of dunes"},
    "Rerank": {"query": "dunes"},
    "OutlineFilm": {"film": READ},
    "WriteScript": {"film": READ, "outline": BEATS},
    "CritiqueScript": {"film": READ, "outline": BEATS, "script": Script()},
    "Storyboard": {"film": READ, "outline": BEATS, "script": Script()},
    "WriteVoiceover": {"prompt": "Say hello."},
    "AnimateImage": {"image": ASSET, "width": 640, "height": 360, "duration_s": 4.0},
    "InterpolateFrames": {"clip": ASSET},
    "Speak": {"text": "dunes"},
    "AlignWords": {"audio": ASSET, "text": "dunes"},
    "ComposeMusic": {"duration_s": 15.0},
    "FitMusic": {"audio": ASSET, "duration_s": 15.0},
    "JudgeSpeech": {"takes": (Speech(audio=ASSET),), "text": "dunes"},
    "DrawStoryboard": {"cards": (Card(id="shot-x", duration_s=3.0),)},
    "MakeSound": {"description": "wind", "duration_s": 2.0},
    "Chat": {"messages": (Message(role="user", text="dunes?"),)},
    "Embed": {"texts": ("dunes",)},
    "SearchWeb": {"query": "dunes"},
    "EditImage": {"images": (ASSET,), "prompt": "dunes"},
    "GenerateVideo": {"prompt": "dunes"},
    "Transcribe": {"audio": ASSET},
    "TrainImageStyle": {"images": (ASSET,) * 4, "trigger": "dune"},
    "MixSound": {"tracks": (Track(audio=ASSET, kind="music"),), "duration_s": 15.0},
    "Assemble": {"shots": (SHOT,), "duration_s": 5.0, "width": 640, "height": 360},
}


def key(request: Request[Any], **changes: Any) -> str:
    of = {"space": "project", "grade": "model", "hero": False, "take": 0, **changes}
    return step_key(request, **of)


def own_tasks() -> dict[str, type[Request[Any]]]:
    return {n: t for n, t in TASKS.items() if t.__module__.startswith("brandmodel.tasks")}


def test_golden_keys() -> None:
    """A changed key forgets everybody's finished work: raise the task's version on purpose only."""
    made = {name: key(task(**LEAST[name])) for name, task in sorted(own_tasks().items())}
    assert made == json.loads(GOLDEN.read_text())


def test_a_default_is_left_out_so_that_a_new_field_changes_no_key() -> None:
    assert key(GenerateImage(prompt="x", width=1024)) == key(GenerateImage(prompt="x"))
    assert json.loads(canonical_json(GenerateImage(prompt="x"))) == {"prompt": "x"}


def test_an_asset_counts_by_its_digest_alone() -> None:
    same = ASSET.model_copy(update={"media_type": "image/webp", "size": 9})
    other = ASSET.model_copy(update={"sha256": "cd" * 32})
    request = UpscaleImage(image=ASSET, width=64, height=64)
    assert key(request) == key(request.model_copy(update={"image": same}))
    assert key(request) != key(request.model_copy(update={"image": other}))


def test_equal_values_are_equal_keys() -> None:
    grade = GradeImage(image=ASSET, palette=Palette(), strength=0.0)
    assert key(grade) == key(grade.model_copy(update={"strength": -0.0}))
    assert key(SearchDocuments(query="caf\u00e9")) == key(SearchDocuments(query="cafe\u0301"))


@pytest.mark.parametrize(
    "change", [{"space": "other"}, {"grade": "local/1"}, {"hero": True}, {"take": 1}]
)
def test_what_names_a_step_beside_its_request(change: dict[str, Any]) -> None:
    assert key(GenerateImage(prompt="x"), **change) != key(GenerateImage(prompt="x"))


def test_numbers_that_are_not_finite_are_refused() -> None:
    for value in (math.nan, math.inf):
        with pytest.raises(InvalidRequestError, match="finite"):
            canonical_json({"x": value})


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans(), st.none())))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any]) -> None:
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))


def test_the_ladder_of_compute_units() -> None:
    assert Usage(tokens_in=200).units == 1
    assert Usage(images=1, pixels=1024 * 1024).units == 100
    assert Usage(video_units=video_units(5, 1920, 1080)).units == pytest.approx(10_000)
    assert Usage(video_units=video_units(5, 3840, 2160)).units == pytest.approx(100_000)
    assert Usage(video_units=video_units(10, 1920, 1080)).units == pytest.approx(20_000)


@pytest.mark.parametrize("name", sorted(LEAST))
def test_every_task_can_be_quoted(name: str) -> None:
    request = TASKS[name](**LEAST[name])
    for dear in (False, True):
        assert isinstance(request.sketch(dear=dear), TASKS[name].result_type())
    low, high = request.bounds()
    assert 0 <= low.units <= high.units
