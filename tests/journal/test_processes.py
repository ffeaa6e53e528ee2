"""Many processes on one journal: caps hold, and it is set up once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from brandmodel.journal import sql

RACER = """
import asyncio, json, random, sys, time, uuid
from pathlib import Path
from brandmodel.journal import Reservation, StepRecord, open_journal

async def main(home, limit):
    journal = open_journal(Path(home))
    draw = random.Random(sys.argv[2])
    spent = 0
    while True:
        attempt = uuid.uuid4().hex
        high = draw.randint(1, 9)
        held = await journal.reserve(Reservation(
            attempt=attempt, key=attempt, run_id="r", task="T", target="t", high_nano=high,
            holder=attempt, now=time.time(), caps=(("day", limit),)))
        if not isinstance(held, int):
            break
        charged = draw.randint(0, high)
        spent += charged
        await journal.settle(attempt, held, charged, StepRecord(
            attempt, "s", "T", "{}", "{}", "d", "t", charged, 0.0, 0.0, 0.0), None)
    await journal.aclose()
    print(json.dumps(spent))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main(sys.argv[1], int(sys.argv[3])))
"""

OPENER = """
import asyncio, sys
from pathlib import Path
from brandmodel.journal import open_journal, sql

sql.MIGRATIONS = (*sql.MIGRATIONS, ("CREATE TABLE marks (n INTEGER)", "INSERT INTO marks VALUES (1)"))

async def main(home):
    journal = open_journal(Path(home))
    await journal.runs()
    await journal.aclose()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main(sys.argv[1]))
"""


def _at_once(script: str, count: int, *arguments: str) -> list[str]:
    """Start processes, let them go at the same moment; what each printed in the end."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, arguments[0], str(number), *arguments[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said: list[str] = []
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        said.append(out)
    return said


def test_eight_processes_that_race_for_one_cap_never_pass_it(tmp_path: Path) -> None:
    spent = [json.loads(out) for out in _at_once(RACER, 8, str(tmp_path), "400")]
    with sqlite3.connect(tmp_path / "journal.sqlite") as journal:
        cap = journal.execute("SELECT limit_nano, held_nano, spent_nano FROM caps").fetchall()
        steps = journal.execute("SELECT count(*), sum(usd_nano) FROM steps").fetchone()
        settled = journal.execute(
            "SELECT count(*), sum(charged_nano) FROM attempts WHERE state = 'settled'"
        ).fetchone()
    journal.close()
    assert cap == [(400, 0, sum(spent))]
    assert 390 < sum(spent) <= 400
    assert steps == settled
    assert sum(each > 0 for each in spent) > 1


def test_migrations_run_once_however_many_open_at_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert _at_once(OPENER, 4, str(tmp_path)) == [""] * 4
    with sqlite3.connect(tmp_path / "journal.sqlite") as journal:
        (version,) = journal.execute("PRAGMA user_version").fetchone()
        (marks,) = journal.execute("SELECT count(*) FROM marks").fetchone()
        (mode,) = journal.execute("PRAGMA journal_mode").fetchone()
    journal.close()
    assert (version, marks, mode) == (len(sql.MIGRATIONS) + 1, 1, "wal")


def test_an_older_journal_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.sqlite") as journal:
        for statement in sql.MIGRATIONS[0]:
            journal.execute(statement)
        journal.execute("INSERT INTO takes VALUES ('kept', '[3]')")
        journal.execute("PRAGMA user_version=1")
    journal.close()
    assert _at_once(OPENER, 1, str(tmp_path)) == [""]
    with sqlite3.connect(tmp_path / "journal.sqlite") as journal:
        assert journal.execute("SELECT * FROM takes").fetchall() == [("kept", "[3]")]
        assert journal.execute("SELECT * FROM marks").fetchall() == [(1,)]
    journal.close()
