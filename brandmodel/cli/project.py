"""Writes a brand project: the starter that comes with the package, copied out."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from brandmodel.errors import InvalidRequestError, StorageError


def write_project(folder: Path) -> list[Path]:
    """Copy the starter into a new or empty folder; the files written.

    Raises:
        InvalidRequestError: the folder has something in it already, or is a file.
        StorageError: the disk is full.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            what = "is not empty" if folder.is_dir() else "is a file"
            raise InvalidRequestError(f"{folder} {what}", hint="choose a new folder")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequestError(
            f"{folder}: {error.strerror}", hint="choose another folder"
        ) from error
    try:
        with as_file(files("brandmodel") / "starter") as starter:
            shutil.copytree(
                starter, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
    except OSError as error:
        for path in folder.iterdir():  # It was empty: a half project helps nobody.
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise StorageError(
            f"{folder}: {error.strerror or 'cannot be written'}",
            hint="free space, or choose another folder",
        ) from error
    return sorted(path for path in folder.rglob("*") if path.is_file())
