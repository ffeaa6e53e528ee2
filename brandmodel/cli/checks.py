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
from pathlib import Path
from typing import Literal

from brandmodel import __version__
from brandmodel.errors import BrandModelError, MissingExtraError
from brandmodel.model import AsyncBrandModel
from brandmodel.tasks import Value

EXPIRES_WITHIN = datetime.timedelta(days=30)
PRICE_AGE = datetime.timedelta(days=60)
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


async def examined(studio: AsyncBrandModel) -> Findings:
    """Look at everything; a failure is a finding, not an error."""
    checks = [_python(), *_parts(), *_programs(), await _journal(studio)]
    rows: list[TableRow] = []
    try:
        rows = _rows(studio)
        checks += _tables(studio)
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


def _tables(studio: AsyncBrandModel) -> list[Check]:
    tables = studio.engine.tables
    checks: list[Check] = []
    for name in tables.models:
        table = tables.model(name)
        served = f"{len(table.model.tasks)} tasks"
        default = ", the default" if name == tables.default_model else ""
        checks.append(
            Check(state="good", subject=f"model {name}", finding=f"serves {served}{default}")
        )
    today = datetime.datetime.now(datetime.UTC).date()
    for name, row in tables.targets.items():
        until = row.value.settings.get("until")
        if until is not None and until - today < EXPIRES_WITHIN:
            finding = "is past its date" if until < today else f"ends on {until}"
            checks.append(
                Check(
                    state="warning",
                    subject=name,
                    finding=finding,
                    hint=f"edit the row in {row.file}",
                )
            )
        checked = row.value.settings.get("price_checked")
        if checked is not None and today - checked > PRICE_AGE:
            finding = f"its price was last checked on {checked}"
            checks.append(
                Check(state="warning", subject=name, finding=finding, hint=f"see {row.file}")
            )
    return checks
