"""What doctor says of tables: licences, dates, prices, keys, and what a model can use now."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.cli.checks import Check, examined

pytestmark = pytest.mark.anyio
TODAY = datetime.datetime.now(datetime.UTC).date()
VENDORS = """
[far]
provider = "openai"
key_env = "FAR_KEY"
[near]
provider = "openai"
base_url = "http://${NEAR_HOST}/v1"
"""
MODEL = """
[model]
name = "m"
default = true
[tasks]
Chat = ["far/a"]
Embed = ["near/b"]
Speak = { workhorse = ["local/voice"], hero = ["far/s", "local/voice"], stand_in = true }
"""
PRICED = 'price = { request = 1 }\nprice_source = "their page"\n'


async def found(tmp_path: Path, a: str = "", model: str | None = None, **more: str) -> list[Check]:
    """What doctor finds in these tables that is not good; ``a`` are lines of the row far/a."""
    files = {
        "vendors": VENDORS,
        "m": MODEL,
        "targets/far": f'[a]\ntasks = ["Chat"]\n{a}\n[s]\ntasks = ["Speak"]\n',
        "targets/near": '[b]\ntasks = ["Embed"]\n',
        **more,
    }
    for name, text in files.items():
        path = tmp_path / "routers" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    async with AsyncBrandModel(routers=tmp_path / "routers", home=tmp_path / "home") as studio:
        checks = (await examined(studio, model)).checks
    local = {"installation", "local studio", "voice", "ffmpeg", "journal"}
    return [c for c in checks if c.state != "good" and c.subject not in local]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAR_KEY", "a-secret-key")
    monkeypatch.setenv("NEAR_HOST", "127.0.0.1:9")


@pytest.mark.usefixtures("keys")
async def test_with_all_keys_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert await found(tmp_path, PRICED + f"price_checked = {TODAY}") == []


async def test_a_missing_key_is_named_by_its_variable_with_what_it_stops(tmp_path: Path) -> None:
    checks = {check.subject: check for check in await found(tmp_path)}
    assert checks["vendor far"].finding == "cannot be used: FAR_KEY is not set"
    assert checks["vendor near"].finding == "cannot be used: NEAR_HOST is not set"
    assert {s: c.state for s, c in checks.items() if s.startswith("task")} == {
        "task Chat": "bad",
        "task Embed": "bad",
        "task Speak": "warning",
    }
    assert checks["task Speak"].finding.startswith("local/voice stands in at hero tier")
    assert checks["task Chat"].hint == "set the key of one of far"


async def test_a_key_beside_the_tables_counts_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEAR_HOST", "127.0.0.1:9")
    checks = await found(tmp_path, credentials='far = "a-secret-key"\n')
    assert checks == []
    assert "a-secret-key" not in str(checks)


async def test_a_model_that_needs_no_vendor_asks_for_no_key(tmp_path: Path) -> None:
    assert await found(tmp_path, model="studio") == []


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("obligation", "state", "said"),
    [
        ("show-name", "bad", "Some Licence demands that its name is shown"),
        ("attribution", "warning", "Some Licence demands a credit"),
        ("non-commercial", "warning", "Some Licence allows no commercial use"),
    ],
)
async def test_a_licence_that_a_published_model_cannot_keep_is_found(
    tmp_path: Path, obligation: str, state: str, said: str
) -> None:
    lines = f'licence = "Some Licence"\nobligations = ["{obligation}"]'
    # Of every published model, whichever is looked at.
    (check,) = await found(tmp_path, lines, model="studio")
    assert (check.subject, check.state) == ("far/a", state)
    assert check.finding.startswith(said)
    assert check.hint.endswith("m.toml")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("lines", "subject", "said"),
    [
        (f"until = {TODAY - datetime.timedelta(1)}", "far/a", "is past its date"),
        (f"until = {TODAY + datetime.timedelta(30)}", "far/a", "ends on"),
        (f"{PRICED}price_checked = {TODAY - datetime.timedelta(61)}", "prices", "last checked on "),
    ],
)
async def test_what_grows_old_is_a_warning(
    tmp_path: Path, lines: str, subject: str, said: str
) -> None:
    (check,) = await found(tmp_path, lines)
    assert (check.subject, check.state) == (subject, "warning")
    assert check.finding.startswith(said)
    assert "far.toml" in check.hint


@pytest.mark.usefixtures("keys")
async def test_what_is_young_enough_is_not(tmp_path: Path) -> None:
    lines = f"{PRICED}price_checked = {TODAY - datetime.timedelta(60)}"
    assert await found(tmp_path, f"{lines}\nuntil = {TODAY + datetime.timedelta(31)}") == []


async def test_studio_plus_tells_which_keys_it_waits_for(tmp_path: Path) -> None:
    async with AsyncBrandModel(home=tmp_path) as studio:
        checks = {c.subject: c for c in (await examined(studio, "studio-plus")).checks}
        assert checks["vendor openai"].finding == "cannot be used: OPENAI_API_KEY is not set"
        assert checks["task GenerateVideo"].state == "bad"
        assert checks["task GenerateImage"].state == "warning"
        assert "task GradeImage" not in checks
