"""The import stays light, and what is public is what is promised."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import brandmodel

HEAVY = ("numpy", "PIL", "sqlite3", "opentelemetry.sdk", "httpx", "skia", "cv2", "c2pa", "rich")


def _loaded(code: str) -> set[str]:
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "from brandmodel import BrandModel",
        "from brandmodel import AsyncBrandModel, Brand\nAsyncBrandModel(memory=True)",
        "from brandmodel import BrandModel\nBrandModel().close()",
    ],
)
def test_the_import_brings_nothing_heavy(code: str) -> None:
    assert not _loaded(code) & set(HEAVY)


def test_the_package_itself_brings_nothing_but_itself() -> None:
    loaded = _loaded("import brandmodel")
    assert {name for name in loaded if name.startswith("brandmodel")} == {"brandmodel"}
    assert not loaded & {*HEAVY, "pydantic", "asyncio"}


def test_every_public_name_resolves_and_has_a_docstring() -> None:
    assert brandmodel.__all__ == sorted(brandmodel.__all__)
    for name in brandmodel.__all__:
        assert inspect.getdoc(getattr(brandmodel, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = brandmodel.nope


def test_all_is_what_is_public() -> None:
    assert set(brandmodel.__all__) == set(brandmodel._HOMES)
    assert set(brandmodel.__all__) <= set(dir(brandmodel))
    source = Path(inspect.getsourcefile(brandmodel) or "").read_text()
    imported = source.partition("if TYPE_CHECKING:\n")[2].partition("\n\n")[0]
    names = {
        name.strip()
        for line in imported.splitlines()
        for name in line.split("import")[1].split(",")
    }
    assert names == set(brandmodel.__all__)


@pytest.mark.parametrize(
    "room",
    ["brand", "cli", "engine.overrides", "errors", "journal", "model", "recipes", "routing",
     "tasks", "testing"],
)  # fmt: skip
def test_what_a_room_lists_is_there(room: str) -> None:
    module = importlib.import_module(f"brandmodel.{room}")
    for name in getattr(module, "__all__", []):
        assert hasattr(module, name), name
