"""What is built is what is installed: the wheel from the source archive, in an environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.program import environment

CHECKOUT = Path(__file__).parents[2]
EXTRA = ("skia", "cv2", "opencv", "c2pa", "cryptography")
"""Beginnings of what the extra ``local`` brings."""


def _ran(*command: str | Path, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def _built(kind: str, source: Path, into: Path) -> Path:
    done = _ran(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", into, cwd=source)
    assert done.returncode == 0, done.stderr
    (made,) = into.glob("*.tar.gz" if kind == "sdist" else "*.whl")
    return made


def _environment(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """A virtual environment that shares the installed packages, but not this project; its Python."""
    made = _ran(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    assert made.returncode == 0, made.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    ours = ("brandmodel", "_brandmodel", "__editable__", "_virtualenv", *without)
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.lower().startswith(ours):
            (site / package.name).symlink_to(package)
    return folder / "bin" / "python"


def _install(python: Path, *what: str | Path) -> None:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv, "the development environment brings uv: make test"
    done = _ran(
        uv, "pip", "install", "-q", "--offline", "--no-deps", "--no-build-isolation",
        "--python", python, *what, cwd=python.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    return _built("wheel", source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which the wheel was installed."""
    python = _environment(tmp_path_factory.mktemp("installed") / "env")
    _install(python, wheel)
    return python


def _files_of_rows(command: tuple[str | Path, ...], cwd: Path) -> dict[str, str]:
    found = _ran(*command, "doctor", "--json", cwd=cwd)
    assert found.returncode == 0, found.stdout + found.stderr
    return {row["name"]: row["file"] for row in json.loads(found.stdout)["rows"]}


WANTED = {
    "LICENSE",
    "NOTICE",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
    "pyproject.toml",
    "routers/studio.toml",
    "routers/vendors.toml",
    "routers/targets/local.toml",
    "brandmodel/py.typed",
    "brandmodel/starter/brand.toml",
    "brandmodel/starter/logo.svg",
    "brandmodel/starter/documents/art-direction.md",
    "brandmodel/starter/recipes/five_steps.py",
    "brandmodel/starter/routers/aurelia-1.toml",
    "brandmodel/local/words/lexicon.toml",
    "brandmodel/local/type/fonts/Inter-Regular.ttf",
    "brandmodel/local/type/fonts/OFL-Inter.txt",
    "tests/conftest.py",
}


def test_the_source_archive_holds_everything_that_is_needed(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= WANTED
    fonts = CHECKOUT / "brandmodel" / "local" / "type" / "fonts"
    assert names >= {f"brandmodel/local/type/fonts/{font.name}" for font in fonts.iterdir()}
    assert not [n for n in names if n.startswith((".", "dist/")) and n not in (".gitignore",)]
    assert not [n for n in names if n.endswith((".pyc", ".sqlite", ".pem"))]


def test_the_wheel_holds_the_tables_inside_the_package_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in WANTED if name.startswith("brandmodel/")}
    assert names >= inside | {"brandmodel/routers/studio.toml", "brandmodel/routers/vendors.toml"}
    assert {name.split("/")[0].split("-")[0] for name in names} == {"brandmodel"}
    assert [n for n in names if n.endswith("licenses/LICENSE")]


def test_an_installed_wheel_has_its_tables_and_makes_a_picture(
    installed: Path, tmp_path: Path
) -> None:
    rows = _files_of_rows((installed.parent / "brandmodel",), tmp_path)
    (site,) = installed.parents[1].glob("lib/python*/site-packages")
    assert {"studio", "local", "house/sign"} <= set(rows)
    assert all(file.startswith(f"{site}/brandmodel/routers/") for file in rows.values())
    done = _ran(
        installed.parent / "brandmodel", "run", "A bottle", "--size", "128x128",
        "--tier", "workhorse", "-o", "x.png", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_an_installed_wheel_writes_a_project_that_works(installed: Path, tmp_path: Path) -> None:
    command = installed.parent / "brandmodel"
    assert _ran(command, "init", "mine", cwd=tmp_path).returncode == 0
    told = _ran(command, "quote", "A poster", "--brand", "mine", "--json", cwd=tmp_path)
    assert json.loads(told.stdout)["high_units"] > 0


def test_an_editable_install_reads_the_tables_of_the_checkout(tmp_path: Path) -> None:
    """What ``pip install -e`` leaves in an environment is this one line."""
    python = _environment(tmp_path / "env")
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "_brandmodel.pth").write_text(f"{CHECKOUT}\n")
    rows = _files_of_rows((python, "-m", "brandmodel"), tmp_path)
    assert {"studio", "local", "house/sign"} <= set(rows)
    assert all(file.startswith(f"{CHECKOUT}/routers/") for file in rows.values())


def test_without_the_extra_the_command_that_brings_it_is_told(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    python = _environment(tmp_path_factory.mktemp("bare") / "env", without=EXTRA)
    _install(python, wheel)
    command = python.parent / "brandmodel"
    made = _ran(command, "run", "A bottle", "--json", cwd=tmp_path)
    assert made.returncode == 2
    error = json.loads(made.stdout)["error"]
    assert error["type"] == "MissingExtraError"
    assert error["hint"] == "pip install 'brandmodel[local]'"
    assert not made.stderr
    checked = _ran(command, "doctor", cwd=tmp_path)
    assert checked.returncode == 1
    assert "pip install 'brandmodel[local]'" in checked.stdout
    # What needs no pixels goes on working.
    answered = _ran(command, "run", "What makes a good poster?", "-o", "x.md", cwd=tmp_path)
    assert answered.returncode == 0, answered.stderr
    assert _ran(command, "quote", "A bottle", cwd=tmp_path).returncode == 0
