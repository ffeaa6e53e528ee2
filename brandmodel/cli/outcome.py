"""How a run's result and a quote look."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brandmodel.cli.printing import Form, console, print_json, safe, table
from brandmodel.tasks import STAGES

if TYPE_CHECKING:
    from rich.table import Table

    from brandmodel.engine.quote import Quote
    from brandmodel.engine.receipt import Output, Receipt
    from brandmodel.result import Result


def show_result(result: Result, paths: Mapping[str, Path], *, seed: int, form: Form) -> None:
    """What a run made, its receipt, and what to do next."""
    if form == "json":
        print_json(_result_json(result, paths))
    elif form == "lines":
        print_json({"kind": "result", **_result_json(result, paths)}, line=True)
    else:
        _show_in_words(result, paths, seed=seed)


def _show_in_words(result: Result, paths: Mapping[str, Path], *, seed: int) -> None:
    out = console()
    receipt = result.receipt
    if out.is_terminal:
        out.print()
    out.print(f"[bold]{result.recipe}[/] by [bold]{result.model}[/] · run [cyan]{result.run_id}[/]")
    if len(result.outputs) > 1:
        out.print("", _by_stage(receipt), "", sep="\n")
    ran, reused = receipt.count("ran"), receipt.count("reused")
    out.print(
        f"{ran} steps ran, {reused} reused · {receipt.units:,.1f} units · {receipt.seconds:.1f} s · "
        f"${receipt.paid_usd:.4f}"
    )
    _show_files(out, result, paths)
    for remark in receipt.remarks:
        out.print(remark)
    for note in receipt.notes:
        out.print(f"[yellow]note[/]  {safe(note)}")
    if result.status == "waiting":
        out.print(f"[cyan]waiting for a person's word on {', '.join(result.waiting)}[/]")
    is_text = bool(result.outputs) and result.outputs[0].asset.media_type.startswith("text/")
    if not ran and reused and result.status == "done":
        another = "" if is_text else f" For another one: --seed {seed + 1}"
        out.print(f"Nothing had to be made again.{another}")
    if is_text and sys.stdout.isatty():
        out.print()
        out.print(result.text, markup=False)


def _show_files(out: Any, result: Result, paths: Mapping[str, Path]) -> None:
    """A line a file; its path stands last, since it may be long."""
    facts = {one.name: _facts(one) for one in result.outputs if one.name in paths}
    names = max((len(name) for name in facts), default=0)
    wide = max((len(fact) for fact in facts.values()), default=0)
    for name, fact in facts.items():
        where = safe(str(paths[name]))
        out.print(f"[green]{name:<{names}}[/]  [dim]{fact:<{wide}}[/]  {where}", soft_wrap=True)


def _facts(output: Output) -> str:
    """How large and how long an output is, and what was saved with it."""
    asset = output.asset
    facts = [f"{asset.width} × {asset.height}"] if asset.width and asset.height else []
    if asset.duration_s:
        facts.append(f"{asset.duration_s:.1f} s")
    facts.append(_bytes(asset.size))
    if output.links:
        count = len(output.links)
        facts.append(f"{count} file{'s' if count > 1 else ''} in media/")
    return " · ".join(facts)


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _by_stage(receipt: Receipt) -> Table:
    """The steps of each stage, and what they made and cost in this run."""
    from rich.table import Table

    rows = Table.grid(padding=(0, 2))
    for column in ("left", "right", "right", "right", "right"):
        rows.add_column(justify=column)
    for stage in STAGES:
        steps = [step for step in receipt.steps if step.stage == stage]
        ran = [step for step in steps if step.status == "ran"]
        reused, paid = len(steps) - len(ran), sum(step.usd for step in ran)
        if steps:
            rows.add_row(
                stage,
                f"{len(steps)} steps",
                f"[dim]{reused} reused[/]" if reused else "",
                f"[dim]{sum(step.units for step in ran):,.1f} units[/]" if ran else "",
                f"${paid:.4f}" if paid else "",
            )
    return rows


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
                "size": one.asset.size,
                "width": one.asset.width,
                "height": one.asset.height,
                "duration_s": one.asset.duration_s,
                "sha256": one.asset.sha256,
                "links": list(one.links),
            }
            for one in result.outputs
        ],
        "receipt": result.receipt.model_dump(mode="json"),
        "waiting": list(result.waiting),
    }


def show_quote(quote: Quote, *, as_json: bool) -> None:
    """What a run would cost, a line a step."""
    if as_json:
        print_json(quote.model_dump(mode="json"))
        return
    rows = table("step", "task", "by", "units", "USD", "s")
    for step in quote.steps:
        rows.add_row(
            step.name,
            step.task,
            step.target,
            "known" if step.known else _range(step.low_units, step.high_units, 1),
            "known" if step.known else _range(step.low_usd, step.high_usd, 4),
            f"{step.seconds:.1f}",
            style="dim" if step.known else "",
        )
    out = console()
    out.print(rows)
    out.print(f"[bold]{quote}[/]")


def _range(low: float, high: float, digits: int) -> str:
    if low == high:
        return f"{low:,.{digits}f}"
    return f"{low:,.{digits}f} – {high:,.{digits}f}"
