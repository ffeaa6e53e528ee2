"""Recipes, tasks and providers from the user's project and from installed packages."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path

from brandmodel.errors import BrandModelError, ConfigError

_loaded: set[Path] = set()


def load_plugins(project: Path | None) -> None:
    """Import ``recipes/*.py`` of a project, and what packages announce as ``brandmodel.recipes``.

    Raises:
        ConfigError: a file cannot be imported; names the file, the line and the error.
    """
    for found in entry_points(group="brandmodel.recipes"):
        found.load()
    if project is None:
        return
    for file in sorted((project / "recipes").glob("*.py")):
        if file.resolve() not in _loaded:
            _load(file.resolve())


def _load(file: Path) -> None:
    name = f"brandmodel_project.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BrandModelError:
        raise
    except (Exception, SystemExit) as error:
        line = (
            error.lineno
            if isinstance(error, SyntaxError)
            else traceback.extract_tb(error.__traceback__)[-1].lineno
        )
        raise ConfigError(
            f"{file}, line {line}: {type(error).__name__}: {error}", hint="mend the recipe file"
        ) from error
    _loaded.add(file)
