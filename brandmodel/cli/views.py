"""How outcomes look: tables on a terminal, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brandmodel.errors import BrandModelError
from brandmodel.routing import usd

if TYPE_CHECKING:
    from rich.table import Table

    from brandmodel.cli.checks import Findings
    from brandmodel.engine.explain import Explanation
    from brandmodel.engine.quote import Quote
    from brandmodel.journal import RunRecord, RunStep
    from brandmodel.model import Result

_STATUS = {"ran": "green", "reused": "dim", "overridden": "magenta"}
_RUN = {"done": "green", "failed": "red", "stopped": "yellow", "waiting": "cyan", "running": "cyan"}
_CHECK = {"good": "[green]✓[/]", "warning": "[yellow]![/]", "bad": "[red]✗[/]"}


def show_result(result: Result, paths: Mapping[str, Path], *, seed: int, as_json: bool) -> None:
    """What a run made, its receipt, and what to do next."""
    if as_json:
        _print_json(_result_json(result, paths))
        return
    console = _console()
    receipt = result.receipt
    for note in receipt.notes:
        console.print(f"[yellow]note[/]  {_safe(note)}")
    ran, reused = receipt.count("ran"), receipt.count("reused")
    console.print(
        f"[bold]{result.recipe}[/] by [bold]{result.model}[/] · run [cyan]{result.run_id}[/]\n"
        f"{ran} steps ran, {reused} reused · {receipt.units:,.1f} units · {receipt.seconds:.1f} s · "
        f"${receipt.paid_usd:.4f}"
    )
    for name, path in paths.items():
        console.print(f"[green]{name}[/]  {_safe(str(path))}", soft_wrap=True)
    if result.status == "waiting":
        console.print(f"[cyan]waiting for a person's word on {', '.join(result.waiting)}[/]")
    is_text = bool(result.outputs) and result.outputs[0].asset.media_type.startswith("text/")
    if not ran and reused and result.status == "done":
        another = "" if is_text else f" For another one: --seed {seed + 1}"
        console.print(f"Nothing had to be made again.{another}")
    if is_text and sys.stdout.isatty():
        console.print()
        console.print(result.text, markup=False)


def _result_json(result: Result, paths: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "model": result.model,
        "recipe": result.recipe,
        "status": result.status,
        "outputs": [
            {
                "name": one.name,
                "path": str(paths.get(one.name, one.path)),
                "media_type": one.asset.media_type,
                "width": one.asset.width,
                "height": one.asset.height,
                "duration_s": one.asset.duration_s,
                "sha256": one.asset.sha256,
            }
            for one in result.outputs
        ],
        "receipt": result.receipt.model_dump(mode="json"),
        "waiting": list(result.waiting),
    }


def show_quote(quote: Quote, *, as_json: bool) -> None:
    """What a run would cost, a line a step."""
    if as_json:
        _print_json(quote.model_dump(mode="json"))
        return
    table = _table("step", "task", "by", "units", "USD", "s")
    for step in quote.steps:
        table.add_row(
            step.name,
            step.task,
            step.target,
            "known" if step.known else _range(step.low_units, step.high_units, 1),
            "known" if step.known else _range(step.low_usd, step.high_usd, 4),
            f"{step.seconds:.1f}",
            style="dim" if step.known else "",
        )
    console = _console()
    console.print(table)
    console.print(f"[bold]{quote}[/]")


def _range(low: float, high: float, digits: int) -> str:
    if low == high:
        return f"{low:,.{digits}f}"
    return f"{low:,.{digits}f} – {high:,.{digits}f}"


def show_runs(runs: Sequence[RunRecord], *, as_json: bool) -> None:
    """The runs, newest first."""
    if as_json:
        _print_json([_run_json(run) for run in runs])
        return
    console = _console()
    if not runs:
        console.print('No runs yet. Make one: brandmodel run "A poster for ..."', markup=False)
        return
    table = _table("run", "when", "recipe", "model", "tier", "status", "s", "prompt")
    for run in runs:
        table.add_row(
            run.id,
            f"{datetime.fromtimestamp(run.started_at):%Y-%m-%d %H:%M}",
            run.recipe,
            run.model,
            run.tier,
            f"[{_RUN.get(run.status, 'white')}]{run.status}[/]",
            f"{run.seconds:.1f}",
            _safe(_short(json.loads(run.brief)["prompt"], 60)),
        )
    console.print(table)


def _run_json(run: RunRecord) -> dict[str, Any]:
    brief = json.loads(run.brief)
    return {
        "run_id": run.id,
        "model": run.model,
        "recipe": run.recipe,
        "tier": run.tier,
        "status": run.status,
        "prompt": brief["prompt"],
        "seed": run.seed,
        "started_at": run.started_at,
        "seconds": run.seconds,
        "message": run.message,
    }


def show_run(run: RunRecord, steps: Sequence[RunStep], *, as_json: bool) -> None:
    """One run and its steps."""
    outputs = json.loads(run.outputs)
    if as_json:
        rows = [
            {
                "name": s.name,
                "task": s.task,
                "stage": s.stage,
                "tier": s.tier or None,
                "target": s.target,
                "status": s.status,
                "usd": usd(s.usd_nano),
                "units": s.units,
                "seconds": s.seconds,
                "key": s.key,
                "notes": json.loads(s.notes),
            }
            for s in steps
        ]
        _print_json({**_run_json(run), "outputs": outputs, "steps": rows})
        return
    console = _console()
    prompt = _short(json.loads(run.brief)["prompt"], 200)
    colour = _RUN.get(run.status, "white")
    console.print(f"[bold]run {run.id}[/]  [{colour}]{run.status}[/]  {run.recipe} by {run.model}")
    console.print(f"[dim]{_safe(prompt)}[/]")
    table = _table("step", "task", "stage", "by", "how", "units", "s", "USD")
    for s in steps:
        table.add_row(
            s.name,
            s.task,
            s.stage,
            s.target,
            f"[{_STATUS.get(s.status, 'white')}]{s.status}[/]",
            f"{s.units:,.1f}",
            f"{s.seconds:.2f}",
            f"{usd(s.usd_nano):.4f}",
        )
    console.print(table)
    for note in dict.fromkeys(note for s in steps for note in json.loads(s.notes)):
        console.print(f"[yellow]note[/]  {_safe(note)}")
    for output in outputs:
        medium = f"[dim]{output['asset']['media_type']}[/]"
        console.print(
            f"[green]{output['name']}[/]  {medium}  {_safe(output['path'])}", soft_wrap=True
        )
    if run.message:
        console.print(f"[red]{_safe(run.message)}[/]")


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """Why each step ran or was reused."""
    if as_json:
        _print_json(explanation.model_dump(mode="json"))
        return
    console = _console()
    console.print(f"[bold]{_safe(explanation.summary)}[/]")
    table = _table("step", "how", "why")
    for step in explanation.steps:
        table.add_row(
            step.name,
            f"[{_STATUS.get(step.status, 'white')}]{step.status}[/]",
            _safe(step.words),
            style="dim" if step.verdict == "same" else "",
        )
    console.print(table)
    for name in explanation.gone:
        console.print(f"[dim]{name} is no longer a step[/]")


def show_project(folder: Path, files: Sequence[Path], *, as_json: bool) -> None:
    """What ``init`` wrote, and what to try first."""
    if as_json:
        _print_json({"folder": str(folder), "files": [str(file) for file in files]})
        return
    console = _console()
    for file in files:
        console.print(f"[green]+[/] {_safe(str(file))}", soft_wrap=True)
    console.print("\nTry it:", style="bold")
    console.print(
        f'  cd {folder}\n  brandmodel run "A poster for our spring launch" -o poster.png',
        markup=False,
    )


def show_checks(findings: Findings, *, as_json: bool) -> None:
    """What ``doctor`` found."""
    if as_json:
        _print_json(findings.model_dump(mode="json"))
        return
    console = _console()
    for check in findings.checks:
        hint = f"  [dim]{_safe(check.hint)}[/]" if check.hint else ""
        console.print(
            f"{_CHECK[check.state]} [bold]{check.subject}[/]  {_safe(check.finding)}{hint}"
        )
    table = _table("row", "name", "from file")
    for row in findings.rows:
        table.add_row(row.kind, row.name, _safe(row.file))
    console.print(table)


def show_error(error: BrandModelError, *, as_json: bool) -> None:
    """One error: what, where, and what to do."""
    if as_json:
        said = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
        _print_json({"error": said})
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    console.print(f"[red]{type(error).__name__}[/]  {_safe(error.message)}", soft_wrap=True)
    if error.hint:
        console.print(f"[dim]→ {_safe(error.hint)}[/]", soft_wrap=True)


def _print_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # Escaped it stays JSON, whatever the terminal can show.
        text = json.dumps(value, indent=2)
    print(text)


def _console() -> Any:
    from rich.console import Console

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program by itself, with a failure

    # Piped output is read by programs and logs: their lines are not ours to break.
    console = Pipe(highlight=False)
    return console if console.is_terminal else Pipe(highlight=False, width=160)


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    numbers = {"units", "s", "USD"}
    for column in columns:
        right = "right" if column in numbers else "left"
        table.add_column(column, justify=right, overflow="fold", no_wrap=column in ("step", "task"))
    return table


def _safe(text: str) -> str:
    """Text from outside, so that its brackets are not taken for markup."""
    return text.replace("[", r"\[")


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
