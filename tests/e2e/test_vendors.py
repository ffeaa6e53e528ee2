"""The product end to end over vendors: real wires, a real server, and a bill that is not ours."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brandmodel.errors import BudgetExceededError
from tests.cli.program import COMMAND, environment, until
from tests.e2e.films import frames, sound
from tests.e2e.vendors import (
    DRAFT,
    FILM,
    LOOK_UP,
    POSTER,
    SMALL,
    books,
    capped,
    command,
    exact,
    handles,
    kept_books,
    nano,
    studio,
    without,
)
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio
SEEDS = itertools.count(1)
"""Every test asks for something that none before it had: nothing is reused by the fake studio."""


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def of(steps: list[dict[str, Any]]) -> set[str]:
    """The vendors that served steps, those on this machine left out."""
    return {step["target"].partition("/")[0] for step in steps} - {"local", "house"}


# ---- a whole run, and its money


def test_a_picture_costs_what_its_vendors_bill(vendors: Counter, tmp_path: Path) -> None:
    before, home, made = len(vendors.jobs()), tmp_path / "home", tmp_path / "poster.png"
    asked = ("run", POSTER, "--size", "768x512", "--yes", "-o", str(made))
    told = command(vendors, home, *asked, "--json").json["receipt"]
    billed = sum(map(nano, vendors.jobs()[before:]))
    assert {"openai", "anthropic", "google", "fal", "replicate"} <= of(told["steps"])
    assert exact(told["paid_usd"]) == billed > 50_000_000
    assert exact(command(vendors, home, "spend", "--json").json["total"]["total_usd"]) == billed
    assert size_of(made) == (768, 512)
    # The same again is on no bill, and says so.
    assert "$0.0000" in command(vendors, home, *asked).out
    assert sum(map(nano, vendors.jobs()[before:])) == billed


async def test_a_film_is_fitted_out_of_what_vendors_give(vendors: Counter, tmp_path: Path) -> None:
    """They give 1344 x 768, 24 frames a second, 5 s, and other lengths of sound than were asked for."""
    async with studio(vendors, tmp_path / "home") as model:
        before = len(vendors.jobs())
        quote = await model.quote(FILM, **DRAFT)
        result = await model.run(FILM, **DRAFT)
        kept = await books(model, vendors, before)
        rows = {row.name: row for row in await model.engine.journal.run_steps(result.run_id)}
        found = await model.engine.journal.step(rows["assemble"].key)
        music = await model.engine.journal.step(rows["fit-music"].key)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    assert quote.low_usd <= result.receipt.paid_usd <= quote.high_usd
    assert len({step.target.partition("/")[0] for step in result.receipt.steps}) >= 5 + 2

    film = result.output("film")
    assert (film.asset.width, film.asset.height, film.asset.duration_s) == (320, 180, 6.0)
    shown = frames(film.path.read_bytes())
    assert shown.shape == (6 * 24, 180, 320)
    rims = (shown[:, :3], shown[:, -3:], shown[:, :, :3], shown[:, :, -3:])
    assert all(rim[:100].mean((1, 2)).min() > 20 for rim in rims), "black bars"
    assert found is not None
    assert music is not None
    beats = json.loads(music.result)["beats_s"]
    cuts = [shot["start_s"] for shot in json.loads(found.request)["shots"]][1:]
    assert cuts
    assert all(min(abs(cut - beat) for beat in beats) < 1e-3 for cut in cuts), (cuts, beats)
    heard = sound(film.path.read_bytes())
    assert abs(len(heard) / 48_000 - 6.0) < 0.05
    seconds = np.sqrt(np.square(heard[: 5 * 48_000]).reshape(5, -1).mean(1))
    assert seconds.min() > 0.003, "a silent second"


# ---- vendors that fail


@pytest.mark.parametrize(
    "off",
    [
        "openai",
        "fal",
        *(pytest.param(v, marks=pytest.mark.vendors) for v in ("anthropic", "google")),
    ],
)
async def test_a_picture_without_one_vendor(vendors: Counter, tmp_path: Path, off: str) -> None:
    before = len(vendors.jobs())
    with without(vendors, off):
        async with studio(vendors, tmp_path / "home") as model:
            result = await model.run(POSTER, **SMALL)
            kept = await books(model, vendors, before)
    assert kept.even, kept
    picture = result.output("picture").asset
    assert (picture.width, picture.height) == (160, 96)
    assert exact(result.receipt.paid_usd) == kept.billed > 0
    assert off not in {line["vendor"] for line in vendors.jobs()[before:]}


async def test_a_vendor_that_goes_away_in_the_middle(vendors: Counter, tmp_path: Path) -> None:
    before = len(vendors.jobs())
    vendors.send("_faults", {"kind": "slow-job", "vendor": "fal", "count": 1})
    async with studio(vendors, tmp_path / "home") as model:
        run = await model.start(POSTER, **{**SMALL, "seed": next(SEEDS)})
        async for event in run.events():
            if event.name == "prompt" and event.kind == "step-finished":
                # The next words are wanted from it; its picture is being made elsewhere.
                vendors.send("_vendors/anthropic", {"on": False})
        result = await run.wait()
        kept = await books(model, vendors, before)
    vendors.send("_vendors/anthropic", {"on": True})
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    judge = next(step for step in result.receipt.steps if step.name == "judge")
    assert [a.outcome for a in judge.attempts] == ["UnavailableError", "served"]


async def test_a_lost_job_is_found_again_and_paid_once(vendors: Counter, tmp_path: Path) -> None:
    before = len(vendors.jobs())
    vendors.fault("lost-reply", "replicate", at="job")
    with without(vendors, "fal"):
        async with studio(vendors, tmp_path / "home") as model:
            result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
            kept = await books(model, vendors, before)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed


@pytest.mark.parametrize(
    ("outcome", "pictures"),
    [("ran", 3), pytest.param("did-not", 2, marks=pytest.mark.vendors)],
)
def test_a_lost_job_that_nobody_can_find_waits_for_a_persons_word(
    vendors: Counter, tmp_path: Path, outcome: str, pictures: int
) -> None:
    """A queue that cannot be searched: the reply got lost, or the server failed before it began."""
    before, home = len(vendors.jobs()), tmp_path / "home"
    vendors.fault("lost-reply" if outcome == "ran" else "server-error", "fal", at="job")
    asked = ("run", POSTER, "--size", "160x96", "--seed", str(next(SEEDS)), "--yes", "--json")
    stopped = command(vendors, home, *asked, "-o", str(tmp_path / "p.png"))
    assert (stopped.code, stopped.json["error"]["type"]) == (3, "OutcomeUnknownError")
    (lost,) = command(vendors, home, "unknown", "--json").json
    total = command(vendors, home, "spend", "--json").json["total"]
    assert total["unknown_usd"] == 0.025
    command(vendors, home, "resolve", lost["attempt"][:8], outcome)
    again = command(vendors, home, *asked, "-o", str(tmp_path / "p.png"))
    assert again.code == 0, again.said
    assert command(vendors, home, "unknown", "--json").json == []
    lines = vendors.jobs()[before:]
    assert len([line for line in lines if line["task"] == "GenerateImage"]) == pictures
    total = command(vendors, home, "spend", "--json").json["total"]
    assert exact(total["total_usd"]) == sum(map(nano, lines))


async def test_a_file_that_expired_is_paid_and_made_elsewhere(
    vendors: Counter, tmp_path: Path
) -> None:
    before = len(vendors.jobs())
    vendors.fault("expired", "fal", at="job")
    async with studio(vendors, tmp_path / "home") as model:
        result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
        kept = await books(model, vendors, before)
    assert kept.billed == kept.paid == exact(result.receipt.paid_usd)
    assert kept.lost == ("fal/picture forfeited at 25000000, billed 25000000",)


# ---- caps

RACER = """
import asyncio, sys
from pathlib import Path
from brandmodel import AsyncBrandModel
from brandmodel.errors import BudgetExceededError
import tests.e2e.vendors

async def main(routers, home, who):
    async with AsyncBrandModel(routers=Path(routers), home=Path(home)) as model:
        print("ready", flush=True)
        sys.stdin.readline()
        runs = [model.run(f"{who} {n}", recipe="look-up") for n in range(5)]
        ended = await asyncio.gather(*runs, return_exceptions=True)
    assert all(isinstance(e, BudgetExceededError) for e in ended if isinstance(e, BaseException))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_twenty_runs_that_race_for_a_cap(vendors: Counter, tmp_path: Path) -> None:
    before, tight = len(vendors.jobs()), capped(vendors, tmp_path, "day_usd = 0.10")
    async with studio(tight, tmp_path / "home") as model:
        runs = [model.run(f"tonic {n}", recipe=LOOK_UP) for n in range(20)]
        ended = await asyncio.gather(*runs, return_exceptions=True)
        kept = await books(model, vendors, before)
    assert kept.even, kept
    assert kept.billed == 96_000_000
    assert all(isinstance(e, BudgetExceededError) for e in ended if isinstance(e, BaseException))


@pytest.mark.vendors
def test_processes_that_race_for_a_cap(vendors: Counter, tmp_path: Path) -> None:
    before, tight = len(vendors.jobs()), capped(vendors, tmp_path, "day_usd = 0.10")
    path = os.pathsep.join(entry for entry in sys.path if entry)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tight.routers), str(tmp_path / "home"), str(who)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(PYTHONPATH=path),
            text=True,
        )
        for who in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.close()
    for racer in racers:
        racer.wait(timeout=60)
        assert racer.stdout is not None
        racer.stdout.close()
    assert [racer.returncode for racer in racers] == [0] * 4
    kept = kept_books(tight, tmp_path / "home", before)
    assert kept.even, kept
    assert kept.billed == 96_000_000


# ---- a process that is killed


def test_kill_9_while_jobs_are_in_flight(vendors: Counter, tmp_path: Path) -> None:
    before, home, made = len(vendors.jobs()), tmp_path / "home", tmp_path / "p.png"
    asked = [
        "run",
        POSTER,
        "--size",
        "160x96",
        "--seed",
        str(next(SEEDS)),
        "--yes",
        "-o",
        str(made),
    ]
    vendors.send("_faults", {"kind": "slow-job", "vendor": "fal", "count": 2})
    with subprocess.Popen(
        [*COMMAND, *asked],
        cwd=tmp_path,
        env=environment(home, BRANDMODEL_ROUTERS=str(vendors.routers)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as first:
        until(lambda: handles(home) == 2, "two jobs")
        os.killpg(first.pid, signal.SIGKILL)
    # Nobody waits for a process that is gone, however long its leases last.
    with contextlib.closing(sqlite3.connect(home / "journal.sqlite")) as journal, journal:
        changed = journal.execute("UPDATE leases SET expires_at = expires_at + 86400")
        assert changed.rowcount
    again = command(vendors, home, *asked, "--json")
    assert again.code == 0, again.said
    assert size_of(made) == (160, 96)
    statuses = {step["name"]: step["status"] for step in again.json["receipt"]["steps"]}
    assert statuses["outline"] == "reused"
    kept = kept_books(vendors, home, before)
    assert kept.even, kept
    drawn = [line for line in vendors.jobs()[before:] if line["task"] == "GenerateImage"]
    assert len(drawn) == 2


# ---- a vendor that is left out


def test_run_quote_and_doctor_leave_a_vendor_out(vendors: Counter, tmp_path: Path) -> None:
    before, home = len(vendors.jobs()), tmp_path / "home"
    asked = (POSTER, "--size", "160x96", "--seed", str(next(SEEDS)), "--without", "fal")
    quoted = command(vendors, home, "quote", *asked, "--json").json
    assert "fal" not in {step["target"].partition("/")[0] for step in quoted["steps"]}
    ran = command(vendors, home, "run", *asked, "--yes", "--json", "-o", str(tmp_path / "p.png"))
    assert "fal" not in of(ran.json["receipt"]["steps"])
    lines = vendors.jobs()[before:]
    assert lines
    assert "fal" not in {line["vendor"] for line in lines}
    assert quoted["low_usd"] <= sum(map(nano, lines)) / 10**9 <= quoted["high_usd"]
    lacking = command(vendors, home, "doctor", "--without", "fal", "--without", "replicate")
    assert "UpscaleImage" in lacking.said
