"""A timeline is saved with the media that it refers to, whole or with a word on what went wrong."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.cli.program import Cli, Ran, program

LINKED = """
from brandmodel.recipes import media_name, recipe
from brandmodel.tasks import GenerateImage, Text


@recipe("linked", makes="application/vnd.opentimelineio+json")
async def linked(ctx, brief):
    drawn = await ctx.call(
        GenerateImage(prompt=brief.prompt, width=512, height=512, seed=brief.seed), name="picture"
    )
    words = f"media/{media_name(drawn.image)}"
    return {
        "timeline": Text(
            text=words, media_type="application/vnd.opentimelineio+json", links=(drawn.image,)
        )
    }
"""
RUN = ("run", "A mountain lake", "--recipe", "linked", "-o", "cut.otio")


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Path]:
    """A project with a cut that was made and saved: its folder, and the one file of media."""
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "linked.py").write_text(LINKED)
    assert program(*RUN, cwd=tmp_path).code == 0
    return tmp_path, tmp_path / (tmp_path / "cut.otio").read_text()


def _again(folder: Path, most_bytes: int) -> Ran:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return program(*RUN, "--json", cwd=folder, limit=limit)


def test_media_lie_beside_the_cut_and_are_written_anew(cli: Cli, saved: tuple[Path, Path]) -> None:
    folder, media = saved
    whole = media.read_bytes()
    assert whole.startswith(b"\x89PNG")
    media.write_bytes(b"damaged")
    again = cli(*RUN)
    assert again.code == 0
    assert "1 file in media/" in again.out
    assert media.read_bytes() == whole
    assert [p.name for p in (folder / "media").iterdir()] == [media.name]


def test_a_full_disk_at_the_media_is_told_and_keeps_what_was_there(
    saved: tuple[Path, Path],
) -> None:
    folder, media = saved
    whole = media.read_bytes()
    room = len(whole) - 1  # for the journal and the cut, and not for the picture
    full = _again(folder, room)
    assert full.code == 1
    error = full.json["error"]
    assert error["type"] == "StorageError"
    assert f"is done, but media/{media.name}: File too large" in error["message"]
    assert "another -o" in error["hint"]
    assert media.read_bytes() == whole
    assert [p.name for p in (folder / "media").iterdir()] == [media.name]


def test_a_file_in_the_way_of_the_media_is_named(cli: Cli, saved: tuple[Path, Path]) -> None:
    folder, media = saved
    media.unlink()
    (folder / "media").rmdir()
    (folder / "media").write_text("mine")
    refused = cli(*RUN, "--json")
    assert refused.code == 1
    assert "is done, but media: File exists" in refused.json["error"]["message"]
    assert (folder / "media").read_text() == "mine"
