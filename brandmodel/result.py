"""``Result``: what a run made, and how it gets into files."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brandmodel.errors import InvalidRequestError, StorageError

if TYPE_CHECKING:
    from brandmodel.engine.execution import Ended
    from brandmodel.engine.receipt import Output, Receipt, RunStatus


@dataclass(frozen=True, slots=True)
class Result:
    """What a run made.

    Attributes:
        status: ``done``, or ``waiting`` when a person's word is needed.
        outputs: everything it made; the first is the main one.
        receipt: every step: who served it, what it cost, what was reused.
        waiting: names of the reviews that wait.
    """

    run_id: str
    model: str
    recipe: str
    status: RunStatus
    outputs: tuple[Output, ...]
    receipt: Receipt
    waiting: tuple[str, ...] = ()

    @classmethod
    def of(cls, ended: Ended) -> Result:
        """The result of a run that ended."""
        return cls(
            run_id=ended.run_id,
            model=ended.model,
            recipe=ended.recipe,
            status=ended.status,
            outputs=ended.outputs,
            receipt=ended.receipt,
            waiting=ended.waiting,
        )

    @property
    def text(self) -> str:
        """The main output as text.

        Raises:
            InvalidRequestError: it is not text.
        """
        main = self.output()
        if not main.asset.media_type.startswith("text/"):
            raise InvalidRequestError(
                f"the result is {main.asset.media_type}, not text", hint="use save()"
            )
        return main.path.read_text(encoding="utf-8")

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> Path:
        """Write an output to a file; the bytes are never changed.

        Args:
            path: the suffix must fit the output's media type.
            name: which output; the main one by default.

        Raises:
            InvalidRequestError: the suffix does not fit, the folder is missing, or no such output.
        """
        from brandmodel.recipes import media_type_of

        target = Path(path)
        output = self.output(name)
        asked = media_type_of(target.suffix)
        if asked != output.asset.media_type:
            raise InvalidRequestError(
                f"{target.name}: the output is {output.asset.media_type}",
                hint=f"ask for it with run(..., media_type={asked!r})",
            )
        if not target.parent.is_dir():
            raise InvalidRequestError(f"no folder {target.parent}", hint="make it first")
        if not output.path.is_file():
            raise StorageError(
                f"output {output.name!r} is gone from {output.path.parent}",
                hint="run again: what made it is made anew",
            )
        place = target
        try:
            for link, file in output.links.items():
                place = target.parent / "media"
                place.mkdir(exist_ok=True)
                place = place / link
                _copied(file, place)
            place = target
            _copied(output.path, place)
        except OSError as error:
            raise StorageError(
                f"{place}: {error.strerror}", hint="free space, or save elsewhere"
            ) from error
        return target

    def output(self, name: str | None = None) -> Output:
        """An output by name; the main one by default.

        Raises:
            InvalidRequestError: there is none of that name, or none yet.
        """
        if not self.outputs:
            raise InvalidRequestError(f"run {self.run_id} is {self.status} and has no output yet")
        for output in self.outputs:
            if name in (None, output.name):
                return output
        raise InvalidRequestError(
            f"no output {name!r}", hint=f"there are: {', '.join(o.name for o in self.outputs)}"
        )


def _copied(source: Path, target: Path) -> None:
    """A whole copy or none: what stood there before is kept until the copy is complete."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
