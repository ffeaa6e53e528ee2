"""The commands: each reads its options, calls the model, and hands the outcome to a view."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brandmodel import __version__
from brandmodel.cli import views
from brandmodel.cli.asked import Asked, BrandFolder, Model, Without, taking
from brandmodel.cli.money import Yes, add_commands
from brandmodel.cli.printing import Form, form_of
from brandmodel.cli.shell import EXIT, Show, go, main
from brandmodel.cli.speaking import add_command
from brandmodel.errors import BrandModelError, InvalidRequestError
from brandmodel.model import AsyncBrandModel, AsyncRun
from brandmodel.result import Result
from brandmodel.routing import usd

if TYPE_CHECKING:
    from brandmodel.cli.checks import Findings
    from brandmodel.cli.forecast import Forecast
    from brandmodel.cli.progress import Expect

QUOTE_S = 1.0
"""A quote takes milliseconds; one that takes longer is not worth the wait."""

app = typer.Typer(
    name="brandmodel",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the beginning of it.")]
Budget = Annotated[str | None, typer.Option(metavar="USD", help="Never spend more.")]
OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to; the suffix decides the medium.")
]
Events = Annotated[
    bool, typer.Option("--events", help="Every event as a line of JSON; the result is the last.")
]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")]


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
@taking
def run(
    asked: Asked,
    *,
    budget: Budget = None,
    output: OutputFile = None,
    yes: Yes = False,
    as_json: Json = False,
    events: Events = False,
) -> None:
    """Make it."""
    from brandmodel.cli.agreement import agree
    from brandmodel.cli.saving import medium_of

    form = form_of(as_json=as_json, events=events)

    async def work() -> Show:
        wishes = asked.wishes()
        if budget is not None:
            wishes["budget_usd"] = _amount(budget)
        if output is not None:
            wishes["media_type"] = medium_of(output)
        async with _model(asked.brand, asked.model) as studio:
            await agree(
                studio,
                asked.model,
                lambda: studio.quote(asked.prompt, **wishes),
                without=wishes.get("without", ()),
                budget_usd=wishes.get("budget_usd"),
                yes=yes,
            )
            started = await studio.start(asked.prompt, **wishes)
            expect = functools.partial(_expected, studio, started.id, wishes.get("overrides"))
            return await _carried_out(studio, started, expect, output, seed=asked.seed, form=form)

    go(work, form=form)


@app.command()
def promote(
    run: RunId,
    *,
    quote: Annotated[bool, typer.Option("--quote", help="Only say what it would cost.")] = False,
    budget: Budget = None,
    output: OutputFile = None,
    yes: Yes = False,
    brand: BrandFolder = None,
    as_json: Json = False,
    events: Events = False,
) -> None:
    """Make the final of a draft: the same, by the hero."""
    from brandmodel.cli.agreement import agree
    from brandmodel.cli.outcome import show_quote
    from brandmodel.cli.saving import medium_of

    form = form_of(as_json=as_json, events=events)

    async def work() -> Show:
        async with _model(brand, None) as studio:
            order = await studio.engine.promotion_order(
                run,
                budget_usd=None if budget is None else _amount(budget),
                media_type=None if output is None else medium_of(output),
            )
            if quote:
                priced = await studio.engine.quote(order)
                return lambda: show_quote(priced, as_json=as_json)
            await agree(
                studio,
                order.model,
                lambda: studio.engine.quote(order),
                without=order.without,
                budget_usd=order.budget_usd,
                yes=yes,
            )
            started = await studio.begin(order)
            expect = functools.partial(_expected, studio, started.id, None)
            seed = order.brief.seed
            return await _carried_out(studio, started, expect, output, seed=seed, form=form)

    go(work, form=form)


@app.command()
@taking
def quote(asked: Asked, *, as_json: Json = False) -> None:
    """Say what it would cost, for free."""
    from brandmodel.cli.outcome import show_quote

    async def work() -> Show:
        async with _model(asked.brand, asked.model) as studio:
            priced = await studio.quote(asked.prompt, **asked.wishes())
        return lambda: show_quote(priced, as_json=as_json)

    go(work, form=form_of(as_json=as_json))


@app.command()
def runs(*, brand: BrandFolder = None, limit: Limit = 20, as_json: Json = False) -> None:
    """List the runs, newest first."""

    async def work() -> Show:
        async with _model(brand, None) as studio:
            records = await studio.engine.runs(limit=limit)
        return lambda: views.show_runs(records, as_json=as_json)

    go(work, form=form_of(as_json=as_json))


@app.command()
def show(run: RunId, *, brand: BrandFolder = None, as_json: Json = False) -> None:
    """Show one run: its steps, what they cost, what it made."""

    async def work() -> Show:
        async with _model(brand, None) as studio:
            record = await studio.engine.run_of(run)
            steps = await studio.engine.journal.run_steps(record.id)
            made = await studio.engine.journal.attempts(since=record.started_at)
        attempts = [attempt for attempt in made if attempt.run_id == record.id]
        return lambda: views.show_run(record, steps, attempts, as_json=as_json)

    go(work, form=form_of(as_json=as_json))


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

    go(work, form=form_of(as_json=as_json))


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

    go(work, form=form_of(as_json=as_json))


@app.command()
def doctor(
    *,
    brand: BrandFolder = None,
    model: Model = None,
    without: Without = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Show the file of each row of the tables.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation and what a model can use now."""
    from brandmodel.cli.checks import examined

    async def work() -> Show:
        async with _model(brand, None) as studio:
            found = await examined(studio, model, without or ())
        return lambda: _shown(found)

    def _shown(found: Findings) -> None:
        views.show_checks(found, rows=rows, as_json=as_json)
        if any(check.state == "bad" for check in found.checks):
            raise typer.Exit(EXIT["ours"])

    go(work, form=form_of(as_json=as_json))


async def _carried_out(
    studio: AsyncBrandModel,
    started: AsyncRun,
    expect: Expect,
    output: Path | None,
    *,
    seed: int,
    form: Form,
) -> Show:
    """A run that was begun: watched, its outputs written, and what is to be shown of it."""
    from brandmodel.cli.outcome import show_result
    from brandmodel.cli.saving import save_all

    result = await _watched(started, expect, form)
    paths = save_all(result, output, home=studio.engine.home)

    def shown() -> None:
        show_result(result, paths, seed=seed, form=form)
        if result.status == "waiting":
            raise typer.Exit(EXIT["stopped"])

    return shown


async def _watched(started: AsyncRun, expect: Expect, form: Form) -> Result:
    from brandmodel.cli.progress import follow

    following = asyncio.create_task(follow(started.events(), expect, form=form))
    try:
        return await started.wait()
    except asyncio.CancelledError:
        # Says how far it came; or gives the result, when that was ready first.
        await started.cancel()
        return await started.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _expected(
    studio: AsyncBrandModel, run_id: str, overrides: Mapping[str, Any] | None
) -> Forecast | None:
    """What a quote says of a run that has just begun; None where it takes long, or fails.

    The run's own order is priced, so that what was brought along need not be read again.
    """
    from brandmodel.cli.forecast import Forecast
    from brandmodel.engine.overrides import parsed

    try:
        order, _ = await studio.engine.resume_order(run_id, parsed(overrides))
        quote = await asyncio.wait_for(studio.engine.quote(order), QUOTE_S)
    except (BrandModelError, TimeoutError):
        return None
    steps = await studio.engine.journal.run_steps(run_id)
    return Forecast(quote, paid_usd=usd(sum(s.usd_nano for s in steps if s.status == "ran")))


def _model(brand: Path | None, model: str | None) -> AsyncBrandModel:
    if brand is None and Path("brand.toml").is_file():
        brand = Path()
    return AsyncBrandModel(model, brand=brand)


def _amount(text: str) -> float:
    try:
        return float(text.removeprefix("$"))
    except ValueError:
        raise InvalidRequestError(
            f"--budget {text!r} is not an amount", hint="write dollars, as in --budget 0.50"
        ) from None


add_commands(app, _model)
add_command(app, _model)

__all__ = ["app", "main"]
