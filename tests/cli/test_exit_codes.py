"""What cannot be done is refused in one message, with its exit code, before anything runs."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

import brandmodel
from brandmodel.routing import load_tables
from tests.cli.program import SMALL, Cli

REFUSED = [
    (("run", ""), "the prompt is empty"),
    (("run", " \n\t "), "the prompt is empty"),
    (("run", "\udcff beach"), "the prompt is not text: character 1"),
    (("run", "a beach", "--recipe", "nope"), "no recipe 'nope'"),
    (("run", "a beach", "--model", "nope"), "no published model 'nope'"),
    (("run", "a beach", "--tier", "nope"), "no tier 'nope'"),
    (("run", "a beach", "--brand", "nowhere"), "nowhere: there is no such brand"),
    (("run", "a beach", "--size", "0x0"), "width of 0 pixels is out of range"),
    (("run", "a beach", "--size", "1x1"), "width of 1 pixels is out of range"),
    (("run", "a beach", "--size", "-64x64"), "'-64x64' is not a size"),
    (("run", "a beach", "--size", "100000x100000"), "width of 100000 pixels is out of range"),
    (("run", "a beach", "--size", "8192x8192"), "8192x8192 is too large"),
    (("run", "a beach", "--size", "abc"), "'abc' is not a size"),
    (("run", "a beach", "--size", "12"), "'12' is not a size"),
    (("run", "a beach", "--size", "1e3x5"), "'1e3x5' is not a size"),
    (("run", "a beach", "--size", "64x64x64"), "'64x64x64' is not a size"),
    (("run", "a beach", "--size", "1_28x128"), "'1_28x128' is not a size"),
    (("run", "a beach", "--size", ""), "'' is not a size"),
    (("run", "a beach", "--budget", "-1"), "a budget of -1.0 is not an amount"),
    (("run", "a beach", "--budget", "nan"), "a budget of nan is not an amount"),
    (("run", "a beach", "--budget", "inf"), "a budget of inf is not an amount"),
    (("run", "a beach", "--budget", "abc"), "'abc' is not an amount"),
    (("run", "a beach", "--seed", "9" * 30), "is too large"),
    (("run", "a beach", "--set", "picture"), "expected STEP.field=value"),
    (("run", "a beach", "--set", "picture.=1"), "expected STEP.field=value"),
    (("run", "a beach", "--set", "pictur.seed=1"), "no step is called 'pictur'"),
    (("run", "a beach", "--set", "picture.sed=1"), "has no field 'sed'"),
    (("run", "a beach", "--set", "picture.seed=abc"), "picture.seed: "),
    (("run", "a beach", "--product", "nowhere.png"), "product nowhere.png: No such file"),
    (("run", "a beach", "--product", "."), "product .: Is a directory"),
    (("run", "a podcast about a beach"), "no recipe here makes a podcast"),
    (("run", "a beach", "-o", "x.gif"), "-o x.gif: nothing here makes a .gif"),
    (("run", "a beach", "-o", "x"), "-o x: nothing here makes a file without a suffix"),
    (("run", "a beach", "-o", "nowhere/x.png"), "-o nowhere/x.png: no folder nowhere"),
    (("run", "a beach", "-o", "."), "-o .: is a folder"),
    (("run", "a beach", "-o", "folder.png"), "-o folder.png: is a folder"),
    (("run", "a beach", "-o", "file/x.png"), "-o file/x.png: no folder file"),
    (("run", "a beach", "-o", "/proc/x.png"), "-o /proc/x.png: cannot be written"),
    (("run", "a beach", "-o", "x" * 300 + ".png"), "File name too long"),
    (("run", "a beach", "-o", "x.md", "--recipe", "picture"), "does not make text/markdown"),
    (("quote", ""), "the prompt is empty"),
    (("show", "nope"), "no run 'nope'"),
    (("show", "%"), "no run '%'"),
    (("explain", ""), "no run ''"),
    (("init", "full"), "full is not empty"),
    (("init", "file"), "file is a file"),
    (("init", "file/below"), "Not a directory"),
]

MISTYPED = [
    (("run",), "Missing argument"),
    (("run", "a beach", "--nope"), "No such option: --nope"),
    (("run", "a", "beach"), "unexpected extra argument"),
    (("run", "a beach", "--seed", "x"), "--seed"),
    (("runs", "--limit", "0"), "--limit"),
    (("nope",), "No such command 'nope'"),
]


@pytest.fixture(autouse=True)
def _around(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")


def _runs(folder: Path) -> int:
    file = folder / ".brandmodel" / "journal.sqlite"
    if not file.exists():
        return 0
    with sqlite3.connect(file) as journal:
        (count,) = journal.execute("SELECT count(*) FROM runs").fetchone()
    journal.close()
    return count


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_the_callers_mistake_is_told_and_nothing_runs(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = sorted(p.name for p in tmp_path.iterdir() if p.name != ".brandmodel")
    ran = cli(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert not ran.out
    assert _runs(tmp_path) == 0
    assert before == sorted(p.name for p in tmp_path.iterdir() if p.name != ".brandmodel")


@pytest.mark.parametrize(("arguments", "message"), REFUSED[::6] + MISTYPED)
def test_with_json_a_failure_is_json_and_nothing_else(
    cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    ran = cli(*arguments, "--json")
    assert ran.code == 2
    assert not ran.err
    error = ran.json["error"]
    assert set(ran.json) == {"error"}
    assert set(error) == {"type", "message", "hint"}
    assert message in error["message"]
    assert hasattr(brandmodel.errors, error["type"])


@pytest.mark.parametrize(("arguments", "message"), MISTYPED)
def test_a_mistyped_command_is_told_on_standard_error(
    cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert not ran.out


def test_a_prompt_may_be_called_like_an_option(cli: Cli) -> None:
    ran = cli("run", "--nope", "--", "--json")
    assert ran.code == 2
    assert "No such option: --nope" in ran.err
    assert not ran.out


def test_version_and_help_are_no_failures(cli: Cli) -> None:
    assert cli("--version").out == f"brandmodel {brandmodel.__version__}\n"
    assert "Make it." in cli("--help").out
    asked = cli("run", "--help")
    assert asked.code == 0
    assert "--budget" in asked.out
    bare = cli()
    assert bare.code == 2
    assert "Commands:" in bare.err


def test_a_fault_of_ours_is_one_message_and_says_where(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    recipe = "from brandmodel.recipes import recipe\n@recipe('broken', makes='text/plain')\n"
    recipe += "async def broken(ctx, brief):\n    return {'x': 1 / 0}\n"
    (tmp_path / "recipes" / "broken.py").write_text(recipe)
    ran = cli("run", "x", "--recipe", "broken")
    assert ran.code == 1
    assert "broken.py:4: ZeroDivisionError" in " ".join(ran.err.split())
    shown = json.loads(cli("runs", "--json").out)
    assert [run["status"] for run in shown] == ["failed"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("x = 1\nimport nowhere", "broken.py, line 2: ModuleNotFoundError"),
        ("x = 1\ndef (", "broken.py, line 2: SyntaxError"),
        ("raise SystemExit(5)", "broken.py, line 1: SystemExit: 5"),
    ],
)
def test_a_recipe_file_that_cannot_be_imported_is_told_with_its_line(
    cli: Cli, tmp_path: Path, written: str, message: str
) -> None:
    (tmp_path / "brand.toml").write_text('name = "A"')
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "broken.py").write_text(written)
    ran = cli("run", "x", "--json")
    assert ran.code == 2
    assert message in ran.json["error"]["message"]


def _writers() -> frozenset[str]:
    return load_tables().targets["local/writer"].value.tasks


def test_a_stopped_run_exits_with_three(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "priced").mkdir()
    (tmp_path / "priced" / "targets").mkdir()
    (tmp_path / "priced" / "targets" / "local.toml").write_text(
        f"[writer]\ntasks = {json.dumps(sorted(_writers()))}\nprice = {{ request = 0.5 }}\n"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BRANDMODEL_ROUTERS", str(tmp_path / "priced"))
        ran = cli("run", "a beach", *SMALL, "--budget", "0.10", "--yes", "--json")
    assert ran.code == 3
    assert ran.json["error"]["type"] == "BudgetExceededError"
    assert "costs at least" in ran.json["error"]["message"]
    assert _runs(tmp_path) == 0


def test_a_current_folder_that_is_gone_is_told(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ran = cli("run", "a beach", "--json")
    assert ran.code == 1
    assert "No such file or directory" in ran.json["error"]["message"]
    assert cli("run", "a beach", "-o", "x.png").code == 2
    monkeypatch.chdir(tmp_path)
