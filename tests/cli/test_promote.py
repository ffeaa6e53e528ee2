"""``promote`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.program import SMALL, Cli


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRANDMODEL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_a_draft_becomes_its_final(cli: Cli, tmp_path: Path) -> None:
    draft = cli("run", "Dunes at sunset", *SMALL, "--json").json["run_id"]
    quote = cli("promote", draft, "--quote", "--json").json
    assert {s["name"] for s in quote["steps"] if s["known"]} >= {"outline", "prompt", "picture.a"}
    assert len(cli("runs", "--json").json) == 1
    made = cli("promote", draft, "-o", "final.jpg", "--json")
    assert made.code == 0, made.said
    final = made.json["run_id"]
    with Image.open(tmp_path / "final.jpg") as picture:
        assert (picture.size, picture.format) == ((128, 128), "JPEG")
    assert cli("runs", "--json").json[0]["draft"] == draft
    assert f"the final of draft {draft}" in cli("show", final).out
    explained = cli("explain", final, "--json").json
    assert (explained["against"], explained["promotes"]) == (draft, True)
    again = cli("promote", draft, "--events").out.splitlines()
    assert '"kind": "result"' in again[-1]
    for run, said in ((final, "at hero tier already"), ("0000", "no run '0000'")):
        refused = cli("promote", run)
        assert (refused.code, said in refused.err) == (2, True)


def test_a_place_that_cannot_be_written_is_said_first(cli: Cli) -> None:
    draft = cli("run", "Dunes at sunset", *SMALL, "--json").json["run_id"]
    refused = cli("promote", draft, "-o", "nowhere/final.png")
    assert (refused.code, "no folder nowhere" in refused.err) == (2, True)
    assert len(cli("runs", "--json").json) == 1
