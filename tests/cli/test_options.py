"""What is brought along and set on the command line reaches the recipe."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.program import SMALL, Cli

TOLD = """
import json

from brandmodel.recipes import recipe
from brandmodel.tasks import Value


class Options(Value):
    fps: int = 24
    codec: str = "h264"
    burn: bool = False
    aspect: str = ""


@recipe("told", makes="text/plain")
async def told(ctx, brief):
    return {"brief": json.dumps(
        {
            "products": [p.width for p in brief.products],
            "pictures": [p.width for p in brief.pictures],
            "logo": brief.logo.width if brief.logo else None,
            "music": round(brief.music.duration_s or 0, 1) if brief.music else None,
            "script": brief.script,
            "options": ctx.options(Options).model_dump(),
        }
    )}
"""


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """A project whose recipe tells its brief, and files to bring along."""
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "told.py").write_text(TOLD)
    for name, width in (("a.png", 70), ("b.jpg", 80), ("c.png", 90), ("d.png", 100)):
        Image.new("RGB", (width, 60), "teal").save(tmp_path / name)
    beats = np.sin(np.arange(48_000) * 0.06) * 12_000
    with wave.open(str(tmp_path / "tune.wav"), "wb") as tune:
        tune.setnchannels(1)
        tune.setsampwidth(2)
        tune.setframerate(24_000)
        tune.writeframes(beats.astype("<i2").tobytes())
    (tmp_path / "words.txt").write_text("First line.\nSecond line.\n", encoding="utf-8")
    return tmp_path


def _brief(cli: Cli, *arguments: str) -> Any:
    ran = cli("run", "a beach", "--recipe", "told", "-o", "brief.txt", *arguments, "--json")
    assert ran.code == 0, ran.out
    return json.loads(Path("brief.txt").read_text())


def test_everything_that_is_brought_along_reaches_the_recipe(cli: Cli, brought: Path) -> None:
    pictures = ("--product", "a.png", "--product", "b.jpg", "--picture", "c.png", "--logo", "d.png")
    told = _brief(cli, *pictures, "--music", "tune.wav", "--script", "words.txt")
    assert told["products"] == [70, 80]
    assert told["pictures"] == [90]
    assert (told["logo"], told["music"]) == (100, 2.0)
    assert told["script"] == "First line.\nSecond line.\n"
    nothing = _brief(cli)
    assert (nothing["products"], nothing["logo"], nothing["script"]) == ([], None, "")


def test_options_are_json_where_they_are_json_else_text(cli: Cli, brought: Path) -> None:
    given = ("fps=30", "codec=vp9", "burn=true", "aspect=9:16")
    told = _brief(cli, *(word for each in given for word in ("--option", each)))
    assert told["options"] == {"fps": 30, "codec": "vp9", "burn": True, "aspect": "9:16"}


def test_an_option_changes_what_is_made_and_what_it_is_quoted_at(cli: Cli) -> None:
    one = ("A bottle", "--size", "128x128", "--option", "takes=1")
    quoted = cli("quote", *one, "--json").json["steps"]
    made = cli("run", *one, "--json").json["receipt"]["steps"]
    for steps in (quoted, made):
        first = [s for s in steps if s["task"] == "GenerateImage" and "/" not in s["name"]]
        assert len(first) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--option", "fps"), "--option 'fps': expected NAME=VALUE"),
        (("--option", "=30"), "--option '=30': expected NAME=VALUE"),
        (("--option", "fsp=30"), "option fsp=30: Extra inputs are not permitted"),
        (("--option", "takes=NaN"), "option takes='NaN'"),
        (("--picture", "words.txt"), "words.txt is not a picture"),
        (("--logo", "nowhere.png"), "logo nowhere.png: No such file"),
        (("--music", "words.txt"), "words.txt is not a sound file"),
        (("--script", "a.png"), "script a.png: not text"),
        (("--script", "empty.txt"), "the script is empty"),
    ],
)
def test_what_cannot_be_used_is_told(
    cli: Cli, brought: Path, arguments: tuple[str, ...], message: str
) -> None:
    (brought / "empty.txt").write_text(" \n")
    refused = cli("quote", "A bottle", "--recipe", "picture", *SMALL, *arguments)
    assert refused.code == 2
    assert message in " ".join(refused.err.split())
