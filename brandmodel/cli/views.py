"""How outcomes look: tables on a terminal, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from brandmodel.cli.printing import STATUS_STYLE, Form, console, print_json, safe, short, table
from brandmodel.engine.receipt import saving
from brandmodel.engine.slices import SLICE
from brandmodel.errors import BrandModelError
from brandmodel.routing import usd

if TYPE_CHECKING:
    from brandmodel.cli.checks import Findings
    from brandmodel.engine.explain import Explanation
    from brandmodel.journal import Attempt, RunRecord, RunStep

_RUN = {"done": "green", "failed": "red", "stopped": "yellow", "waiting": "cyan", "running": "cyan"}
_CHECK = {"good": "[green]✓[/]", "warning": "[yellow]![/]", "bad": "[red]✗[/]"}


def show_runs(runs: Sequence[RunRecord], *, as_json: bool) -> None:
    """The runs, newest first."""
    if as_json:
        print_json([_run_json(run) for run in runs])
        return
    out = console()
    if not runs:
        out.print('No runs yet. Make one: brandmodel run "A poster for ..."', markup=False)
        return
    rows = table("run", "when", "recipe", "model", "tier", "status", "s", "prompt")
    for run in runs:
        rows.add_row(
            run.id,
            f"{datetime.fromtimestamp(run.started_at):%Y-%m-%d %H:%M}",
            run.recipe,
            run.model,
            run.tier,
            f"[{_RUN.get(run.status, 'white')}]{run.status}[/]",
            f"{run.seconds:.1f}",
            safe(short(json.loads(run.brief)["prompt"], 60)),
        )
    out.print(rows)


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
        "draft": run.draft or None,
    }


def show_run(
    run: RunRecord, steps: Sequence[RunStep], attempts: Sequence[Attempt], *, as_json: bool
) -> None:
    """One run, its steps, and the paid calls that it made: for operators."""
    outputs = json.loads(run.outputs)
    if as_json:
        told = [
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
                "chosen": bool(s.chosen),
                "saved_usd": usd(s.saved_nano),
                "notes": json.loads(s.notes),
            }
            for s in steps
        ]
        paid = [attempt_json(attempt) for attempt in attempts]
        print_json({**_run_json(run), "outputs": outputs, "steps": told, "attempts": paid})
        return
    out = console()
    prompt = short(json.loads(run.brief)["prompt"], 200)
    colour = _RUN.get(run.status, "white")
    out.print(f"[bold]run {run.id}[/]  [{colour}]{run.status}[/]  {run.recipe} by {run.model}")
    if run.draft:
        out.print(f"the final of draft [cyan]{run.draft}[/]")
    out.print(f"[dim]{safe(prompt)}[/]")
    rows = table("step", "task", "stage", "by", "how", "units", "s", "USD")
    for s in steps:
        rows.add_row(
            s.name,
            s.task,
            s.stage,
            s.target,
            f"[{STATUS_STYLE.get(s.status, 'white')}]{s.status}[/]",
            f"{s.units:,.1f}",
            f"{s.seconds:.2f}",
            f"{usd(s.usd_nano):.4f}",
        )
    out.print(rows)
    if saved := sum(s.saved_nano for s in steps):
        out.print(saving(usd(saved)))
    for note in dict.fromkeys(note for s in steps for note in json.loads(s.notes)):
        out.print(f"[yellow]note[/]  {safe(note)}")
    for output in outputs:
        medium = f"[dim]{output['asset']['media_type']}[/]"
        out.print(f"[green]{output['name']}[/]  {medium}  {safe(output['path'])}", soft_wrap=True)
    if run.message:
        out.print(f"[red]{safe(run.message)}[/]")
    _show_failed([attempt for attempt in attempts if attempt.error])


def _show_failed(attempts: Sequence[Attempt]) -> None:
    """Calls that did not serve, in their vendors' words."""
    if not attempts:
        return
    rows = table("attempt", "task", "target", "how", "USD", "what the vendor said")
    for one in attempts:
        called = f" ({one.request_ids})" if one.request_ids else ""
        held = one.high_nano if one.state == "unknown" else one.charged_nano
        said = safe(one.error + called)
        rows.add_row(one.id[:8], one.task, safe(one.target), one.state, f"{usd(held):.4f}", said)
    console().print(rows)


def part_of(attempt: Attempt) -> Literal["step", "call", "slice"]:
    """What an attempt is of: a run's step, a call without a run, or money for many of these."""
    if attempt.run_id:
        return "step"
    return "slice" if attempt.key.startswith(SLICE) else "call"


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """One paid call, for programs."""
    return {
        "attempt": attempt.id,
        "of": part_of(attempt),
        "run_id": attempt.run_id,
        "task": attempt.task,
        "target": attempt.target,
        "state": attempt.state,
        "high_usd": usd(attempt.high_nano),
        "charged_usd": usd(attempt.charged_nano),
        "created_at": attempt.created_at,
        "job": json.loads(attempt.job)["handle"] if attempt.job else None,
        "error": attempt.error,
        "request_ids": attempt.request_ids.split(),
    }


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """Why each step ran or was reused."""
    if as_json:
        print_json(explanation.model_dump(mode="json"))
        return
    out = console()
    out.print(f"[bold]{safe(explanation.summary)}[/]")
    rows = table("step", "how", "why")
    for step in explanation.steps:
        rows.add_row(
            step.name,
            f"[{STATUS_STYLE.get(step.status, 'white')}]{step.status}[/]",
            safe(step.words),
            style="dim" if step.verdict == "same" else "",
        )
    out.print(rows)
    for name in explanation.gone:
        out.print(f"[dim]{name} is no longer a step[/]")


def show_project(folder: Path, files: Sequence[Path], *, as_json: bool) -> None:
    """What ``init`` wrote, and what to try first."""
    if as_json:
        print_json({"folder": str(folder), "files": [str(file) for file in files]})
        return
    out = console()
    for file in files:
        out.print(f"[green]+[/] {safe(str(file))}", soft_wrap=True)
    out.print("\nTry it:", style="bold")
    out.print(
        f'  cd {folder}\n  brandmodel run "A poster for our spring launch" -o poster.png',
        markup=False,
    )


def show_checks(findings: Findings, *, rows: bool = False, as_json: bool) -> None:
    """What ``doctor`` found; on request the file of each row."""
    if as_json:
        print_json(findings.model_dump(mode="json"))
        return
    out = console()
    for check in findings.checks:
        hint = f"  [dim]{safe(check.hint)}[/]" if check.hint else ""
        out.print(f"{_CHECK[check.state]} [bold]{check.subject}[/]  {safe(check.finding)}{hint}")
    if not rows:
        out.print(f"[dim]{len(findings.rows)} rows of tables; --rows shows the file of each[/]")
        return
    grid = table("row", "name", "from file")
    for row in findings.rows:
        grid.add_row(row.kind, row.name, safe(row.file))
    out.print(grid)


def show_error(error: BrandModelError, *, form: Form) -> None:
    """One error: what, where, and what to do."""
    said = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    if form == "json":
        print_json({"error": said})
        return
    if form == "lines":
        print_json({"kind": "error", "error": said}, line=True)
        return
    from rich.console import Console

    out = Console(stderr=True, highlight=False)
    out.print(f"[red]{type(error).__name__}[/]  {safe(error.message)}", soft_wrap=True)
    if error.hint:
        out.print(f"[dim]→ {safe(error.hint)}[/]", soft_wrap=True)
