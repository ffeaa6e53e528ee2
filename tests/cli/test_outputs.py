"""What a run leaves behind: files, JSON, and nothing made twice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.program import SMALL, Cli, Ran, program

POSTER = "A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """One poster, made by a program of its own; tests look at it and reuse its steps."""
    folder = tmp_path_factory.mktemp("made")
    return folder, program("run", POSTER, *SMALL, "-o", "poster.png", "--json", cwd=folder)


@pytest.fixture
def again(cli: Cli, made: tuple[Path, Ran], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command over the poster's journal."""
    monkeypatch.setenv("BRANDMODEL_HOME", str(made[0] / ".brandmodel"))
    return cli


def test_json_holds_what_was_promised_and_stands_alone(made: tuple[Path, Ran]) -> None:
    folder, ran = made
    assert (ran.code, ran.err) == (0, "")
    told = ran.json
    assert {"run_id", "model", "recipe", "status", "outputs", "receipt"} <= set(told)
    assert (told["model"], told["recipe"], told["status"]) == ("studio", "picture", "done")
    (output,) = told["outputs"]
    data = (folder / "poster.png").read_bytes()
    assert output == {
        "name": "picture",
        "path": "poster.png",
        "media_type": "image/png",
        "size": len(data),
        "width": 64,
        "height": 64,
        "duration_s": None,
        "sha256": hashlib.sha256(data).hexdigest(),
        "links": [],
    }
    receipt = told["receipt"]
    assert {"paid_usd", "reused_usd", "units", "seconds", "steps"} <= set(receipt)
    assert receipt["paid_usd"] == receipt["reused_usd"] == 0.0
    assert receipt["units"] > 0
    fields = {"name", "task", "stage", "tier", "target", "status", "usd", "units", "seconds"}
    for step in receipt["steps"]:
        assert fields <= set(step)
        assert step["status"] == "ran"
        assert step["stage"] in ("search", "plan", "generate", "refine")
        assert step["tier"] in (None, "workhorse", "hero")
        assert "/" in step["target"]
    assert {"read", "outline", "picture.a", "type", "sign"} <= {s["name"] for s in receipt["steps"]}


def test_progress_is_a_line_a_step_on_standard_error(again: Cli) -> None:
    ran = again("run", POSTER, *SMALL)
    assert ran.code == 0
    lines = ran.err.splitlines()
    assert {"read", "sign"} <= {line.split()[1] for line in lines}
    assert {line.split()[0] for line in lines} == {"reused"}


def test_the_same_again_runs_nothing_gives_the_same_bytes_and_says_what_to_try(
    again: Cli, made: tuple[Path, Ran], tmp_path: Path
) -> None:
    ran = again("run", POSTER, *SMALL, "-o", "again.png")
    assert ran.code == 0
    assert (tmp_path / "again.png").read_bytes() == (made[0] / "poster.png").read_bytes()
    assert "0 steps ran" in ran.out
    assert "Nothing had to be made again. For another one: --seed 1" in ran.out


def test_another_seed_is_another_picture(again: Cli, made: tuple[Path, Ran]) -> None:
    other = again("run", POSTER, *SMALL, "--seed", "1", "--json")
    ran, reused = other.counts()
    assert ran > 0
    assert reused > 0
    assert other.json["outputs"][0]["sha256"] != made[1].json["outputs"][0]["sha256"]


def test_one_word_changed_keeps_what_did_not_depend_on_it(again: Cli) -> None:
    friday = again("run", POSTER.replace("Thursday", "Friday"), *SMALL, "--json")
    statuses = {s["name"]: s["status"] for s in friday.json["receipt"]["steps"]}
    assert statuses["picture.a"] == "reused"
    assert statuses["type"] == "ran"


def test_a_field_that_is_set_changes_its_step_and_what_follows(
    again: Cli, made: tuple[Path, Ran]
) -> None:
    ran = again("run", POSTER, *SMALL, "--set", "grade.strength=0.9", "--json")
    statuses = {s["name"]: s["status"] for s in ran.json["receipt"]["steps"]}
    assert (statuses["picture.a"], statuses["grade"], statuses["sign"]) == ("reused", "ran", "ran")
    assert ran.json["outputs"][0]["sha256"] != made[1].json["outputs"][0]["sha256"]


@pytest.mark.parametrize(
    ("name", "kind"), [("x.jpg", "JPEG"), ("x.JPEG", "JPEG"), ("x.webp", "WEBP"), ("x.png", "PNG")]
)
def test_the_suffix_decides_the_medium(again: Cli, tmp_path: Path, name: str, kind: str) -> None:
    assert again("run", POSTER, *SMALL, "-o", name).code == 0
    with Image.open(tmp_path / name) as picture:
        picture.load()
        assert (picture.format, picture.size) == (kind, (64, 64))
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_markdown_file_asks_for_an_answer(cli: Cli, tmp_path: Path) -> None:
    ran = cli("run", "What makes a good poster", "-o", "x.md", "--json")
    assert ran.json["recipe"] == "answer"
    assert ran.json["outputs"][0]["media_type"] == "text/markdown"
    assert (tmp_path / "x.md").read_text(encoding="utf-8").strip()
    again = cli("run", "What makes a good poster", "-o", "x.txt")
    assert "Nothing had to be made again." in again.out
    assert "--seed" not in again.out
    assert (tmp_path / "x.txt").read_bytes() == (tmp_path / "x.md").read_bytes()


def test_a_file_that_was_there_is_replaced(again: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("an old one")
    assert again("run", POSTER, *SMALL, "-o", "x.png").code == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_the_hero_is_larger_than_the_draft(cli: Cli) -> None:
    draft = cli("run", "A bottle", "--size", "192x128", "--tier", "workhorse", "--json").json
    hero = cli("run", "A bottle", "--size", "192x128", "--tier", "hero", "--json").json
    sizes = [(t["outputs"][0]["width"], t["outputs"][0]["height"]) for t in (draft, hero)]
    assert sizes == [(96, 64), (192, 128)]
    assert hero["receipt"]["units"] > draft["receipt"]["units"]
    drawn = [s["name"] for s in hero["receipt"]["steps"] if s["task"] == "GenerateImage"]
    assert len(drawn) == 3


def test_a_quote_is_free_writes_no_run_and_knows_what_is_known(again: Cli) -> None:
    before = again("runs", "--json").json
    told = again("quote", POSTER, *SMALL, "--json").json
    keys = {"low_usd", "high_usd", "low_units", "high_units", "seconds", "steps"}
    assert keys <= set(told)
    assert all(step["known"] for step in told["steps"])
    assert told["high_units"] == told["seconds"] == 0.0
    fresh = again("quote", "A mug on a table", *SMALL, "--json").json
    assert 0 < fresh["low_units"] <= fresh["high_units"]
    assert again("runs", "--json").json == before


def test_runs_show_and_explain_tell_of_it(again: Cli, made: tuple[Path, Ran]) -> None:
    run_id = made[1].json["run_id"]
    assert run_id in again("runs").out
    shown = again("show", run_id[:6], "--json").json
    assert shown["run_id"] == run_id
    assert [s["name"] for s in shown["steps"]] == [
        s["name"] for s in made[1].json["receipt"]["steps"]
    ]
    assert shown["prompt"] == POSTER
    explained = again("explain", run_id, "--json").json
    assert explained["run_id"] == run_id
    assert "is the first of recipe" in explained["summary"]


def test_a_project_is_written_and_its_own_model_is_used(cli: Cli, tmp_path: Path) -> None:
    told = cli("init", "aurelia", "--json").json
    assert {Path(file).name for file in told["files"]} >= {"brand.toml", "README.md", "logo.svg"}
    ran = cli("run", "A poster", *SMALL, "--brand", "aurelia", "-o", "x.png", "--json")
    assert ran.json["model"] == "aurelia-1"
    assert (tmp_path / "aurelia" / ".brandmodel" / "journal.sqlite").exists()
    assert not (tmp_path / ".brandmodel").exists()


def test_doctor_finds_everything_in_order(cli: Cli) -> None:
    found = cli("doctor", "--json")
    assert found.code == 0
    assert {check["state"] for check in found.json["checks"]} == {"good"}
    assert {"studio", "local", "local/picture"} <= {row["name"] for row in found.json["rows"]}


def test_brackets_in_a_prompt_are_no_markup(cli: Cli) -> None:
    assert cli("run", "A bottle [/red] [bold]", *SMALL).code == 0
    assert "A bottle [/red] [bold]" in cli("runs").out
    assert json.loads(cli("runs", "--json").out)[0]["prompt"] == "A bottle [/red] [bold]"
