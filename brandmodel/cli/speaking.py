"""The command that lists voices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from brandmodel.cli.asked import BrandFolder
from brandmodel.cli.money import Json, Open
from brandmodel.cli.printing import console, form_of, print_json, safe, table
from brandmodel.cli.shell import Show, go
from brandmodel.tasks import Voice


def add_command(app: typer.Typer, opened: Open) -> None:
    """Add it to the program."""

    @app.command("voices")
    def _voices(
        target: Annotated[str, typer.Argument(metavar="TARGET", help="As in local/voice.")],
        *,
        brand: BrandFolder = None,
        as_json: Json = False,
    ) -> None:
        """List the voices of a target, by what to ask for them."""

        async def work() -> Show:
            async with opened(brand, None) as studio:
                found = await studio.voices(target)
            return lambda: _show(found, as_json=as_json)

        go(work, form=form_of(as_json=as_json))


def _show(found: Sequence[Voice], *, as_json: bool) -> None:
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        print("its row names no voices: it takes the vendor's own names")
        return
    shown = table("voice", "name", "language", "labels")
    for one in found:
        shown.add_row(*map(safe, (one.id, one.name, one.language, ", ".join(one.labels))))
    console().print(shown)
