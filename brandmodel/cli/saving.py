"""Where outputs go: checked before anything runs, written when it is done."""

from __future__ import annotations

import tempfile
from pathlib import Path

from brandmodel.errors import InvalidRequestError, StorageError
from brandmodel.recipes import media_type_of, suffix_of
from brandmodel.result import Result


def medium_of(output: Path) -> str:
    """The medium that an output path asks for.

    Raises:
        InvalidRequestError: nothing here makes such a file, or it could not be written there.
    """
    try:
        _refuse_folder(output)
    except OSError as error:
        raise InvalidRequestError(
            f"-o {output}: {error.strerror}", hint="choose another path"
        ) from error
    try:
        media_type = media_type_of(output.suffix)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"-o {output}: {error.message}", hint=error.hint) from None
    try:
        # Only writing tells whether writing is possible: permissions say little to root.
        with tempfile.TemporaryFile(dir=output.parent):
            return media_type
    except OSError as error:
        raise InvalidRequestError(
            f"-o {output}: cannot be written: {error.strerror}", hint="choose another path"
        ) from error


def save_all(result: Result, output: Path | None, *, home: Path) -> dict[str, Path]:
    """Write every output of a run; where each went, by its name.

    Args:
        result: of the run.
        output: where the main output goes, the others beside it; None puts all into ``home``.
        home: the project's folder.

    Raises:
        StorageError: one could not be written; the run itself is kept.
    """
    folder = output.parent if output else home / "outputs" / result.run_id
    paths: dict[str, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(result.outputs):
            stem = f"{output.stem}-{one.name}" if output else one.name
            target = folder / f"{stem}{suffix_of(one.asset.media_type)}"
            chosen = output if output is not None and number == 0 else target
            paths[one.name] = result.save(chosen, name=one.name)
    except (OSError, StorageError) as error:
        said = (
            f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error.args[0]
        )
        raise StorageError(
            f"run {result.run_id} is done, but {said}",
            hint="the same command with another -o makes nothing again",
        ) from error
    return paths


def _refuse_folder(output: Path) -> None:
    if output.is_dir():
        raise InvalidRequestError(
            f"-o {output}: is a folder", hint=f"name a file, as in -o {output / 'poster.png'}"
        )
    if not output.parent.is_dir():
        raise InvalidRequestError(f"-o {output}: no folder {output.parent}", hint="make it first")
