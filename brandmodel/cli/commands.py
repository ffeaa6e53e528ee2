"""The commands: each reads its options, calls the model, and hands the outcome to a view."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from brandmodel.cli import views
from brandmodel.errors import BrandModelError, InvalidRequestError, RunCancelled
from brandmodel.model import AsyncBrandModel, AsyncRun, Result, Wishes

EXIT = {"ours": 1, "caller": 2, "stopped": 3}

app = typer.Typer(
    name="brandmodel",
    help="One model under your own name: a sentence in, the finished thing out.",
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
    as_json: Json = False,
) -> None:
    """Make it."""

    async def work() -> None:
        wishes = _wishes(recipe, tier, seed, size, sets, product)
        if budget is not None:
            wishes["budget_usd"] = _amount(budget)
        if output is not None:
            wishes["media_type"] = _medium(output)
        async with _model(brand, model) as studio:
            started = await studio.start(prompt, **wishes)
            result = await _watched(started, quiet=as_json)
            paths = _saved(result, output, studio)
            views.show_result(result, paths, prompt=prompt, seed=seed, as_json=as_json)
        if result.status == "waiting":
            raise typer.Exit(EXIT["stopped"])

    _go(work, as_json=as_json)


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
    as_json: Json = False,
) -> None:
    """Say what it would cost, for free."""

    async def work() -> None:
        async with _model(brand, model) as studio:
            wishes = _wishes(recipe, tier, seed, size, sets, product)
            views.show_quote(await studio.quote(prompt, **wishes), as_json=as_json)

    _go(work, as_json=as_json)


@app.command()
def runs(*, brand: BrandFolder = None, limit: int = 20, as_json: Json = False) -> None:
    """List the runs, newest first."""

    async def work() -> None:
        async with _model(brand, None) as studio:
            views.show_runs(await studio.engine.journal.runs(limit=limit), as_json=as_json)

    _go(work, as_json=as_json)


@app.command()
def show(run: RunId, *, brand: BrandFolder = None, as_json: Json = False) -> None:
    """Show one run: its steps, what they cost, what it made."""

    async def work() -> None:
        async with _model(brand, None) as studio:
            record = await studio.engine.run_of(run)
            steps = await studio.engine.journal.run_steps(record.id)
            views.show_run(record, steps, as_json=as_json)

    _go(work, as_json=as_json)


@app.command()
def explain(
    run: RunId,
    *,
    against: Annotated[str | None, typer.Option(metavar="RUN", help="An earlier run.")] = None,
    brand: BrandFolder = None,
    as_json: Json = False,
) -> None:
    """Say in words why each step ran or was reused."""

    async def work() -> None:
        async with _model(brand, None) as studio:
            views.show_explanation(await studio.engine.explain(run, against), as_json=as_json)

    _go(work, as_json=as_json)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    *,
    as_json: Json = False,
) -> None:
    """Write a brand project: kit, documents, a recipe and a published model of your own."""
    from brandmodel.cli.project import write_project

    async def work() -> None:
        views.show_project(folder, write_project(folder), as_json=as_json)

    _go(work, as_json=as_json)


@app.command()
def doctor(*, brand: BrandFolder = None, as_json: Json = False) -> None:
    """Check the installation; show which file each row of the routing tables came from."""
    from brandmodel.cli.checks import examined

    async def work() -> None:
        async with _model(brand, None) as studio:
            found = await examined(studio)
            views.show_checks(found, as_json=as_json)
            if any(check.state == "bad" for check in found.checks):
                raise typer.Exit(1)

    _go(work, as_json=as_json)


def main() -> None:
    """Entry point of the command."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _go(work: Callable[[], Awaitable[None]], *, as_json: bool) -> None:
    """Run a command's work; every error becomes one message and an exit code."""
    try:
        asyncio.run(_guarded(work))
    except BrandModelError as error:
        views.show_error(error, as_json=as_json)
        raise typer.Exit(EXIT[error.fault]) from None
    except KeyboardInterrupt:
        views.show_error(RunCancelled("stopped"), as_json=as_json)
        raise typer.Exit(EXIT["stopped"]) from None


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    """Let Ctrl-C and SIGTERM cancel the work, so that what is finished is written down."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        raise RunCancelled(
            "stopped; finished steps are kept", hint="run the same again to go on"
        ) from None


async def _watched(started: AsyncRun, *, quiet: bool) -> Result:
    from brandmodel.cli.progress import follow

    following = asyncio.create_task(follow(started.events(), quiet=quiet))
    try:
        return await started.wait()
    except asyncio.CancelledError:
        await started.cancel()
        raise
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
    width, _, height = text.lower().replace("×", "x").partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise InvalidRequestError(
            f"--size {text!r} is not a size", hint="write WxH in pixels, as in 1024x1024"
        ) from None


def _amount(text: str) -> float:
    try:
        return float(text.removeprefix("$"))
    except ValueError:
        raise InvalidRequestError(
            f"--budget {text!r} is not an amount", hint="write dollars, as in --budget 0.50"
        ) from None


def _medium(output: Path) -> str:
    """The medium of an output path; everything that would fail later is refused now."""
    from brandmodel.recipes import media_type_of

    media_type = media_type_of(output.suffix)
    folder = output.parent
    if not folder.is_dir():
        raise InvalidRequestError(f"-o {output}: no folder {folder}", hint="make it first")
    if output.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidRequestError(f"-o {output}: cannot be written", hint="choose another path")
    return media_type


def _saved(result: Result, output: Path | None, studio: AsyncBrandModel) -> dict[str, Path]:
    from brandmodel.recipes import suffix_of

    paths: dict[str, Path] = {}
    for number, one in enumerate(result.outputs):
        if output is not None and number == 0:
            target = output
        else:
            folder = output.parent if output else studio.engine.home / "outputs" / result.run_id
            folder.mkdir(parents=True, exist_ok=True)
            stem = f"{output.stem}-{one.name}" if output else one.name
            target = folder / f"{stem}{suffix_of(one.asset.media_type)}"
        paths[one.name] = result.save(target, name=one.name)
    return paths
