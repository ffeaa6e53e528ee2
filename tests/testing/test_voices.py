"""Who can speak: asked of the vendor, of the row, or of this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import elevenlabs
import pytest

from brandmodel import AsyncBrandModel, BrandModel
from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Voice
from tests.cli.conftest import cli
from tests.cli.program import Cli
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio
__all__ = ["cli"]


@pytest.fixture
def routers(vendors: Counter, tmp_path: Path) -> Path:
    """The vendors' tables with names of our own for two voices."""
    folder = tmp_path / "routers"
    shutil.copytree(vendors.routers, folder)
    for name, row, voices in (
        (
            "elevenlabs",
            "fake_speech",
            '{ anna = "FakeVoiceNumberTwo00", gone = "NotThereAnyMore00000" }',
        ),
        ("openai", "fake-speech", '["alloy", "nova"]'),
    ):
        file = folder / "targets" / f"{name}.toml"
        text = file.read_text().replace(f"[{row}]\n", f"[{row}]\nsettings.voices = {voices}\n")
        file.write_text(text)
    return folder


async def test_an_account_tells_its_voices_by_our_names(routers: Path, tmp_path: Path) -> None:
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        told = await model.voices("elevenlabs/fake_speech")
        assert told == [
            Voice(id="anna", name="Anna", language="de", labels=("conversation", "premade")),
            Voice(id="gone", name="NotThereAnyMore00000"),
            Voice(
                id="JBFqnCBsd6RMkjVDRZzb",
                name="George",
                language="en",
                labels=("british", "narration", "premade"),
            ),
        ]
        named = await model.voices("openai/fake-speech")
        assert [one.id for one in named] == ["alloy", "nova"]
        assert "robotic" in [one.id for one in await model.voices("local/voice")]
        with pytest.raises(InvalidRequestError, match="no target 'fal/picture' that speaks"):
            await model.voices("fal/picture")


def test_the_official_client_reads_the_same_pages(vendors: Counter) -> None:
    client = elevenlabs.ElevenLabs(
        base_url=f"{vendors.url}/elevenlabs", api_key=vendors.keys["elevenlabs"]
    )
    first = client.voices.search(page_size=1)
    assert (first.has_more, first.total_count) == (True, 2)
    second = client.voices.search(page_size=1, next_page_token=first.next_page_token)
    assert [one.name for one in (*first.voices, *second.voices)] == ["George", "Anna"]
    assert not second.has_more


def test_the_command_prints_them(
    cli: Cli, routers: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BRANDMODEL_ROUTERS", str(routers))
    told = cli("voices", "elevenlabs/fake_speech", "--json")
    assert [one["id"] for one in told.json][:2] == ["anna", "gone"]
    assert json.loads(told.out)[0]["labels"] == ["conversation", "premade"]
    shown = cli("voices", "elevenlabs/fake_speech")
    assert shown.code == 0
    for word in ("anna", "George", "british, narration, premade", "de"):
        assert word in shown.out
    assert "names no voices" in cli("voices", "google/fake-voice").out
    wrong = cli("voices", "elevenlabs/eleven-v9")
    assert wrong.code == 2
    assert "local/voice" in wrong.said


def test_without_async_it_is_the_same(routers: Path, tmp_path: Path) -> None:
    with BrandModel(routers=routers, home=tmp_path / "home") as model:
        assert [one.id for one in model.voices("openai/fake-speech")] == ["alloy", "nova"]
