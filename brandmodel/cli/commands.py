"""The commands: each reads its options, calls the model, and hands the outcome to a view."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brandmodel import __version__
from brandmodel.cli import views
from brandmodel.cli.money import Without, Yes, add_commands
from brandmodel.cli.shell import EXIT, Show, go, main
from brandmodel.errors import InvalidRequestError
from brandmodel.model import AsyncBrandModel, AsyncRun, Result, Wishes

if TYPE_CHECKING:
    from brandmodel.cli.checks import Findings

app = typer.Typer(
    name="brandmodel",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Prompt = Annotated[
    str, typer.Argument(help="What you want, in your own words.", show_default=False)
]
Recipe = Annotated[str | None, typer.Option(help="By name; picked from the prompt when left out.")]
BrandFolder = Annotated[Path | None, typer.Option("--brand", help="Folder of a brand project.")]
Model = Annotated[str | None, typer.Option(help="Published model.")]
Tier = Annotated[str | None, typer.Option(help="workhorse (a draft) or hero (the final).")]
Seed = Annotated[int, typer.Option(help="Another seed, another picture.")]
Size = Annotated[str | None, typer.Option(metavar="WxH", help="In pixels, as in 1024x1024.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="STEP.field=value", help="Set a field of one step; may be repeated."
    ),
]
Product = Annotated[Path | None, typer.Option(help="A photograph of the product to be shown.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the beginning of it.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")]

_SIZE = re.compile(r"([0-9]{1,6})[x×]([0-9]{1,6})", re.IGNORECASE)


def _say_version(asked: bool) -> None:
    if asked:
        print(f"brandmodel {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say which this is."),
    ] = False,
) -> None:
    """One model under your own name: a sentence in, the finished thing out."""


@app.command()
def run(  # noqa: PLR0913 - one option of the command each
    prompt: Prompt,
    *,
    recipe: Recipe = None,
    brand: BrandFolder = None,
    model: Model = None,
    tier: Tier = None,
    budget: Annotated[str | None, typer.Option(metavar="USD", help="Never spend more.")] = None,
    seed: Seed = 0,
    size: Size = None,
    sets: Sets = None,
    product: Product = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; the suffix decides the medium.")
    ] = None,
    without: Without = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make it."""
    from brandmodel.cli.agreement import agree
    from brandmodel.cli.saving import medium_of, save_all

    async def work() -> Show:
        wishes = _wishes(recipe, tier, seed, size, sets, product)
        if budget is not None:
            wishes["budget_usd"] = _amount(budget)
        if output is not None:
            wishes["media_type"] = medium_of(output)
        wishes["without"] = without or ()
        async with _model(brand, model) as studio:
            await agree(studio, model, prompt, wishes, yes=yes)
            started = await studio.start(prompt, **wishes)
            result = await _watched(started, quiet=as_json)
            paths = save_all(result, output, home=studio.engine.home)
        return lambda: _shown(result, paths)

    def _shown(result: Result, paths: dict[str, Path]) -> None:
        views.show_result(result, paths, seed=seed, as_json=as_json)
        if result.status == "waiting":
            raise typer.Exit(EXIT["stopped"])

    go(work, as_json=as_json)


@app.command()
def quote(  # noqa: PLR0913 - one option of the command each
    prompt: Prompt,
    *,
    recipe: Recipe = None,
    brand: BrandFolder = None,
    model: Model = None,
    tier: Tier = None,
    seed: Seed = 0,
    size: Size = None,
    sets: Sets = None,
    product: Product = None,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """Say what it would cost, for free."""

    async def work() -> Show:
        async with _model(brand, model) as studio:
            wishes = _wishes(recipe, tier, seed, size, sets, product)
            wishes["without"] = without or ()
            priced = await studio.quote(prompt, **wishes)
        return lambda: views.show_quote(priced, as_json=as_json)

    go(work, as_json=as_json)


@app.command()
def runs(*, brand: BrandFolder = None, limit: Limit = 20, as_json: Json = False) -> None:
    """List the runs, newest first."""

    async def work() -> Show:
        async with _model(brand, None) as studio:
            records = await studio.engine.runs(limit=limit)
        return lambda: views.show_runs(records, as_json=as_json)

    go(work, as_json=as_json)


@app.command()
def show(run: RunId, *, brand: BrandFolder = None, as_json: Json = False) -> None:
    """Show one run: its steps, what they cost, what it made."""

    async def work() -> Show:
        async with _model(brand, None) as studio:
            record = await studio.engine.run_of(run)
            steps = await studio.engine.journal.run_steps(record.id)
        return lambda: views.show_run(record, steps, as_json=as_json)

    go(work, as_json=as_json)


@app.command()
def explain(
    run: RunId,
    *,
    against: Annotated[str | None, typer.Option(metavar="RUN", help="An earlier run.")] = None,
    brand: BrandFolder = None,
    as_json: Json = False,
) -> None:
    """Say in words why each step ran or was reused."""

    async def work() -> Show:
        async with _model(brand, None) as studio:
            explanation = await studio.engine.explain(run, against)
        return lambda: views.show_explanation(explanation, as_json=as_json)

    go(work, as_json=as_json)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    *,
    as_json: Json = False,
) -> None:
    """Write a brand project of your own into a folder."""
    from brandmodel.cli.project import write_project

    async def work() -> Show:
        written = write_project(folder)
        return lambda: views.show_project(folder, written, as_json=as_json)

    go(work, as_json=as_json)


@app.command()
def doctor(
    *,
    brand: BrandFolder = None,
    model: Model = None,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """Check the installation and what a model can use now; show where each table row is from."""
    from brandmodel.cli.checks import examined

    async def work() -> Show:
        async with _model(brand, None) as studio:
            found = await examined(studio, model, without or ())
        return lambda: _shown(found)

    def _shown(found: Findings) -> None:
        views.show_checks(found, as_json=as_json)
        if any(check.state == "bad" for check in found.checks):
            raise typer.Exit(EXIT["ours"])

    go(work, as_json=as_json)


async def _watched(started: AsyncRun, *, quiet: bool) -> Result:
    from brandmodel.cli.progress import follow

    following = asyncio.create_task(follow(started.events(), quiet=quiet))
    try:
        return await started.wait()
    except asyncio.CancelledError:
        # Says how far it came; or gives the result, when that was ready first.
        await started.cancel()
        return await started.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await following


def _model(brand: Path | None, model: str | None) -> AsyncBrandModel:
    if brand is None and Path("brand.toml").is_file():
        brand = Path()
    return AsyncBrandModel(model, brand=brand)


def _wishes(
    recipe: str | None,
    tier: str | None,
    seed: int,
    size: str | None,
    sets: list[str] | None,
    product: Path | None,
) -> Wishes:
    from brandmodel.engine.overrides import parse_assignment

    wishes: Wishes = {"recipe": recipe, "seed": seed, "size": _size(size), "product": product}
    if tier == "workhorse" or tier == "hero":
        wishes["tier"] = tier
    elif tier is not None:
        raise InvalidRequestError(f"no tier {tier!r}", hint="use workhorse or hero")
    if sets:
        wishes["overrides"] = dict(parse_assignment(text) for text in sets)
    return wishes


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    size = _SIZE.fullmatch(text.strip())
    if size is None:
        raise InvalidRequestError(
            f"--size {text!r} is not a size", hint="write WxH in pixels, as in 1024x1024"
        )
    return int(size[1]), int(size[2])


def _amount(text: str) -> float:
    try:
        return float(text.removeprefix("$"))
    except ValueError:
        raise InvalidRequestError(
            f"--budget {text!r} is not an amount", hint="write dollars, as in --budget 0.50"
        ) from None


add_commands(app, _model)

__all__ = ["app", "main"]
