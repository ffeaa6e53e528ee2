"""What ``doctor`` looks at: the installation, the journal, and every row of the tables."""

from __future__ import annotations

import datetime
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from brandmodel import __version__
from brandmodel.errors import BrandModelError, MissingExtraError
from brandmodel.model import AsyncBrandModel
from brandmodel.routing import LEFT_OUT, ModelTable, Row, Tables, tables_root
from brandmodel.routing.schema import TaskRow
from brandmodel.tasks import Value

EXPIRES_WITHIN = datetime.timedelta(days=30)
PRICE_AGE = datetime.timedelta(days=60)
_OBLIGATIONS: Mapping[str, tuple[Literal["warning", "bad"], str]] = {
    "show-name": ("bad", "demands that its name is shown, and a published model names no vendor"),
    "attribution": ("warning", "demands a credit where its results appear"),
    "non-commercial": ("warning", "allows no commercial use"),
}
_LOCAL_PARTS = {
    "skia": "pictures and type",
    "cv2": "pictures",
    "c2pa": "signing",
    "cryptography": "signing",
}


class Check(Value):
    """One thing that was looked at."""

    state: Literal["good", "warning", "bad"]
    subject: str
    finding: str
    hint: str = ""


class TableRow(Value):
    """A row of the routing tables and the file it came from."""

    kind: Literal["model", "vendor", "target"]
    name: str
    file: str


class Findings(Value):
    """Everything ``doctor`` found."""

    checks: tuple[Check, ...]
    rows: tuple[TableRow, ...]


async def examined(
    studio: AsyncBrandModel, model: str | None = None, without: Collection[str] = ()
) -> Findings:
    """Look at everything; a failure is a finding, not an error.

    Args:
        studio: whose installation, journal and tables.
        model: the published model whose targets are looked at; the default one when left out.
        without: vendors that are taken for out of reach.
    """
    checks = [_python(), *_parts(), *_programs(), await _journal(studio)]
    rows: list[TableRow] = []
    try:
        rows = _rows(studio)
        checks += _tables(studio, model, without)
    except BrandModelError as error:
        checks.append(Check(state="bad", subject="tables", finding=error.message, hint=error.hint))
    return Findings(checks=tuple(checks), rows=tuple(rows))


def _python() -> Check:
    found = f"brandmodel {__version__}, Python {platform.python_version()} on {sys.platform}"
    return Check(state="good", subject="installation", finding=found)


def _parts() -> list[Check]:
    missing = [name for name in _LOCAL_PARTS if importlib.util.find_spec(name) is None]
    if not missing:
        return [Check(state="good", subject="local studio", finding="all parts are installed")]
    for_what = sorted({_LOCAL_PARTS[name] for name in missing})
    return [
        Check(
            state="bad",
            subject="local studio",
            finding=f"missing {', '.join(missing)}: no {' and '.join(for_what)}",
            hint="pip install 'brandmodel[local]'",
        )
    ]


def _programs() -> list[Check]:
    """Programs that films and voice-overs need: one that speaks, one that encodes."""
    return [_voice(), _encoder()]


def _voice() -> Check:
    speaks = shutil.which("flite")
    if speaks is not None:
        return Check(state="good", subject="voice", finding=f"flite: {speaks}")
    return Check(
        state="warning",
        subject="voice",
        finding="flite is not installed: films have captions and no voice, voice-overs a robotic one",
        hint="apt-get install flite",
    )


def _encoder() -> Check:
    from brandmodel.local.motion.pipe import ffmpeg

    try:
        program = ffmpeg()
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    except (MissingExtraError, subprocess.SubprocessError) as error:
        why = error.message if isinstance(error, MissingExtraError) else str(error)
        return Check(
            state="bad",
            subject="ffmpeg",
            finding=f"{why}; without it no films, and no compressed sound",
            hint="pip install 'brandmodel[local]'",
        )
    version = said.stdout.split(maxsplit=3)[2]
    return Check(state="good", subject="ffmpeg", finding=f"{version}: {program}")


async def _journal(studio: AsyncBrandModel) -> Check:
    home = studio.engine.home
    try:
        if _is_new(home):
            finding = f"{home}: none yet, made by the first run"
            return Check(state="good", subject="journal", finding=finding)
        runs = await studio.engine.runs(limit=100_000)
    except BrandModelError as error:
        return Check(state="bad", subject="journal", finding=error.message, hint=error.hint)
    except OSError as error:
        return Check(
            state="bad",
            subject="journal",
            finding=f"{home}: cannot be written: {error.strerror}",
            hint="choose a folder that can be with BRANDMODEL_HOME",
        )
    return Check(state="good", subject="journal", finding=f"{home}: {len(runs)} runs")


def _is_new(home: Path) -> bool:
    """Whether there is no journal yet; OSError where the first run could not make one."""
    if os.path.lexists(home / "journal.sqlite"):
        return False
    nearest = home
    while not nearest.exists():
        nearest = nearest.parent
    with tempfile.TemporaryFile(dir=nearest):
        return True


def _rows(studio: AsyncBrandModel) -> list[TableRow]:
    tables = studio.engine.tables
    return [
        *(
            TableRow(kind="model", name=name, file=row.file)
            for name, row in sorted(tables.models.items())
        ),
        *(
            TableRow(kind="vendor", name=name, file=row.file)
            for name, row in sorted(tables.vendors.items())
        ),
        *(
            TableRow(kind="target", name=name, file=row.file)
            for name, row in sorted(tables.targets.items())
        ),
    ]


def _tables(studio: AsyncBrandModel, model: str | None, without: Collection[str]) -> list[Check]:
    tables = studio.engine.tables
    checks: list[Check] = []
    for name in sorted(tables.models):
        table = tables.model(name)
        default = ", the default" if name == tables.default_model else ""
        found = f"serves {len(table.model.tasks)} tasks{default}"
        checks.append(Check(state="good", subject=f"model {name}", finding=found))
        checks += _obligations(tables, table)
    table = tables.model(model)
    checks += _cascades(table)
    own = {id_ for id_, row in tables.targets.items() if not _is_bundled(row)}
    listed = {id_ for row in table.model.tasks.values() for id_ in row.listed()}
    checks += _ages({id_: tables.targets[id_] for id_ in sorted(own | listed)})
    for vendor in sorted(set(without) - tables.vendors.keys()):
        checks.append(Check(state="bad", subject=f"vendor {vendor}", finding="there is none"))
    return checks + _usable(studio.engine.within_reach(table, without))


def _is_bundled(row: Row) -> bool:
    return Path(row.file).is_relative_to(str(tables_root()))


def _obligations(tables: Tables, table: ModelTable) -> list[Check]:
    """Licences against what a published model does: it names no vendor, and it is a company's."""
    checks: list[Check] = []
    for id_ in sorted({id_ for row in table.model.tasks.values() for id_ in row.listed()}):
        row = tables.targets[id_]
        for obligation in row.written.obligations:
            state, finding = _OBLIGATIONS[obligation]
            checks.append(
                Check(
                    state=state,
                    subject=id_,
                    finding=f"{row.written.licence or 'its licence'} {finding}",
                    hint=f"take it out of {table.file}",
                )
            )
    return checks


def _cascades(table: ModelTable) -> list[Check]:
    """Tasks whose hero is asked only after the judge's word."""
    return [
        Check(
            state="good",
            subject=f"cascade {task}",
            finding=f"the hero is asked where the judge gives the workhorse below {below:g}",
        )
        for task, below in table.cascades.items()
    ]


def _ages(rows: Mapping[str, Row]) -> list[Check]:
    """Targets that end soon, one by one; prices that are old, by file."""
    today = datetime.datetime.now(datetime.UTC).date()
    checks: list[Check] = []
    old: dict[str, list[datetime.date]] = {}
    for name, row in rows.items():
        until, checked = row.written.until, row.written.price_checked
        if until is not None and until - today <= EXPIRES_WITHIN:
            finding = "is past its date" if until < today else f"ends on {until}"
            hint = f"edit the row in {row.file}"
            checks.append(Check(state="warning", subject=name, finding=finding, hint=hint))
        if checked is not None and today - checked > PRICE_AGE:
            old.setdefault(row.file, []).append(checked)
    for file, dates in old.items():
        finding = f"last checked on {min(dates)}: {len(dates)} in {Path(file).name}"
        hint = f"compare them with the vendor's page: {file}"
        checks.append(Check(state="warning", subject="prices", finding=finding, hint=hint))
    return checks


def _usable(table: ModelTable) -> list[Check]:
    """What a model can use now: keys by vendor, and tasks for which there is nothing."""
    away = {i.partition("/")[0]: table.away[i] for i in sorted(table.listed() & table.away.keys())}
    checks = [
        Check(state="warning", subject=f"vendor {vendor}", finding=f"cannot be used: {problem}")
        for vendor, problem in away.items()
    ]
    for task, row in table.model.tasks.items():
        checks += _served(task, row, table)
    return checks


def _served(task: str, row: TaskRow, table: ModelTable) -> list[Check]:
    lists = {"": row.targets, " at workhorse tier": row.workhorse, " at hero tier": row.hero}
    checks: list[Check] = []
    for tier, ids in lists.items():
        usable = [table.targets[id_] for id_ in ids if id_ not in table.away]
        if not ids or any(target.grade == table.targets[ids[0]].grade for target in usable):
            continue
        if usable and row.stand_in:
            finding = f"{usable[0].id} stands in{tier}: no vendor can be used"
            checks.append(Check(state="warning", subject=f"task {task}", finding=finding))
        else:
            finding = f"nothing serves it{tier}: no vendor can be used"
            keyless = {i.partition("/")[0] for i in ids if table.away.get(i, LEFT_OUT) != LEFT_OUT}
            hint = f"set the key of one of {', '.join(sorted(keyless))}"
            hint = hint if keyless else "leave out fewer vendors"
            checks.append(Check(state="bad", subject=f"task {task}", finding=finding, hint=hint))
    return checks
