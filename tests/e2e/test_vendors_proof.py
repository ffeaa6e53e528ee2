"""The long proof over the fake vendors: each fails in turn, faults of every kind, and drawn ones."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from brandmodel.errors import (
    BrandModelError,
    BudgetExceededError,
    ContentFilteredError,
    OutcomeUnknownError,
)
from tests.cli.program import COMMAND, environment, until
from tests.e2e.vendors import (
    DRAFT,
    FILM,
    POSTER,
    SMALL,
    VENDORS,
    books,
    capped,
    command,
    exact,
    handles,
    kept_books,
    program,
    studio,
    tables,
    without,
)
from tests.testing.counter import Counter

pytestmark = [pytest.mark.anyio, pytest.mark.vendors]
SEEDS = itertools.count(1)
CHATS = ("openai", "openrouter", "anthropic", "google")


# ---- one vendor after the other


@pytest.mark.parametrize("off", VENDORS)
async def test_a_film_without_one_vendor(vendors: Counter, tmp_path: Path, off: str) -> None:
    before = len(vendors.jobs())
    with without(vendors, off):
        async with studio(vendors, tmp_path / "home") as model:
            result = await model.run(FILM, **DRAFT)
            kept = await books(model, vendors, before)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    assert off not in {line["vendor"] for line in vendors.jobs()[before:]}
    film = result.output("film").asset
    assert (film.width, film.height, film.duration_s) == (320, 180, 6.0)


@pytest.mark.parametrize(("off", "after"), [("replicate", "storyboard"), ("elevenlabs", "music")])
async def test_a_film_that_loses_a_vendor_in_the_middle(
    vendors: Counter, tmp_path: Path, off: str, after: str
) -> None:
    before = len(vendors.jobs())
    async with studio(vendors, tmp_path / "home") as model:
        run = await model.start(FILM, **DRAFT)
        async for event in run.events():
            if (event.kind, event.name) == ("step-finished", after):
                vendors.send(f"_vendors/{off}", {"on": False})
        try:
            result = await run.wait()
        finally:
            vendors.send(f"_vendors/{off}", {"on": True})
        kept = await books(model, vendors, before)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    assert result.output("film").asset.duration_s == 6.0


# ---- faults of every kind


@pytest.mark.parametrize("name", ["fal", *CHATS])
async def test_a_storm_of_429_costs_nothing(vendors: Counter, tmp_path: Path, name: str) -> None:
    before = len(vendors.jobs())
    vendors.fault("rate-limit", name, 40)
    async with studio(vendors, tmp_path / "home") as model:
        result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
        kept = await books(model, vendors, before)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    _forget(vendors, name)


async def test_everybody_storms_and_the_run_waits_as_it_was_asked(
    vendors: Counter, tmp_path: Path
) -> None:
    before = len(vendors.jobs())
    for name in CHATS:
        vendors.fault("rate-limit", name, 1)
    async with studio(vendors, tmp_path / "home") as model:
        result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
        kept = await books(model, vendors, before)
    assert kept.even, kept
    assert exact(result.receipt.paid_usd) == kept.billed
    for name in CHATS:
        _forget(vendors, name)


@pytest.mark.parametrize("kind", ["lost-reply", "server-error", "html", "truncated"])
@pytest.mark.parametrize("name", ["anthropic", "google"])
async def test_a_little_call_that_is_lost_is_sent_once_more_and_both_are_charged(
    vendors: Counter, tmp_path: Path, name: str, kind: str
) -> None:
    before = len(vendors.jobs())
    vendors.fault(kind, name)
    async with studio(vendors, tmp_path / "home") as model:
        result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
        kept = await books(model, vendors, before)
    assert not kept.wrong
    assert not kept.held
    assert len(kept.lost) == 1
    # Charged at its high price: never less than what is billed.
    assert kept.billed <= kept.paid == exact(result.receipt.paid_usd)


@pytest.mark.parametrize("kind", ["html", "truncated"])
async def test_a_dear_call_whose_answer_is_none_is_held(
    vendors: Counter, tmp_path: Path, kind: str
) -> None:
    before = len(vendors.jobs())
    vendors.fault(kind, "fal", at="job")
    async with studio(vendors, tmp_path / "home") as model:
        with pytest.raises(OutcomeUnknownError):
            await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
        kept = await books(model, vendors, before)
    assert not kept.wrong
    assert kept.billed == kept.paid + kept.held


@pytest.mark.parametrize("lookup", ["on", "off"])
async def test_a_lost_job_with_and_without_a_list_to_look_in(tmp_path: Path, lookup: str) -> None:
    with program(tmp_path, "--lookup", lookup) as vendors, without(vendors, "fal"):
        vendors.fault("lost-reply", "replicate", at="job")
        async with studio(vendors, tmp_path / "home") as model:
            try:
                await model.run(POSTER, **SMALL)
            except OutcomeUnknownError:
                assert lookup == "off"
            else:
                assert lookup == "on"
            kept = await books(model, vendors)
    assert not kept.wrong
    assert kept.held == (30_000_000 if lookup == "off" else 0)
    assert kept.billed == kept.paid + kept.held


async def test_a_refusal_goes_to_the_next_one_where_the_table_says_so(
    vendors: Counter, tmp_path: Path
) -> None:
    listed = '["fal/picture", "replicate/picture", "openai/fake-image", "google/fake-picture"'
    row = f'{{ targets = {listed}, "comfyui/fake-workflow"], on_refusal = "next" }}'
    kind = f'GenerateImage = {listed}, "comfyui/fake-workflow"]'
    lenient = tables(vendors, tmp_path, kind, f"GenerateImage = {row}")
    for told, allowed in ((vendors, False), (lenient, True)):
        before = len(vendors.jobs())
        vendors.fault("refusal", "fal", 2)
        async with studio(told, tmp_path / f"home-{allowed}") as model:
            try:
                result = await model.run(POSTER, **{**SMALL, "seed": next(SEEDS)})
            except ContentFilteredError:
                assert not allowed
            else:
                assert allowed
                assert {"replicate"} < {s.target.split("/")[0] for s in result.receipt.steps}
            kept = await books(model, vendors, before)
        assert kept.even, kept


def _forget(vendors: Counter, name: str) -> None:
    """Use up what is left of an order: nobody else shall meet it."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    from brandmodel.routing.load import load_tables

    base = load_tables([("test", vendors.routers)]).vendors[name].value.base_url
    bearer = {"authorization": f"Bearer {vendors.keys[name]}"}
    paths = {
        "openai": ("/chat/completions", bearer),
        "openrouter": ("/chat/completions", bearer),
        "anthropic": ("/v1/messages", {"x-api-key": vendors.keys["anthropic"]}),
        "google": (
            "beta/models/fake-gemini:generateContent",
            {"x-goog-api-key": vendors.keys["google"]},
        ),
        "fal": ("/fake/picture", {"authorization": f"Key {vendors.keys['fal']}"}),
    }
    path, headers = paths[name]
    while any(order["vendor"] == name for order in vendors.told("_faults")["orders"]):
        with pytest.raises(HTTPError) as refused:
            urlopen(
                Request(f"{base}{path}", b"{}", {**headers, "content-type": "application/json"})
            )
        refused.value.close()


# ---- faults that are drawn


@pytest.mark.parametrize(("lookup", "draw"), [("on", "3"), ("off", "11")])
async def test_every_fifth_call_goes_wrong(tmp_path: Path, lookup: str, draw: str) -> None:
    """Twenty pictures: each is done or ends with a clear error, and no line is without its attempt."""
    options = ("--lookup", lookup, "--fault", "0.2", "--seed", draw, "--latency", "0.05")
    with program(tmp_path, *options) as vendors:
        async with studio(vendors, tmp_path / "home") as model:
            ends: list[str] = []
            for seed in range(20):
                wishes = {**SMALL, "seed": seed, "tier": ("hero", "workhorse")[seed % 2]}
                try:
                    ends.append((await asyncio.wait_for(model.run(POSTER, **wishes), 120)).status)
                except BrandModelError as error:
                    ends.append(type(error).__name__)
            kept = await books(model, vendors)
            attempts = await model.engine.journal.attempts()
        happened = vendors.told("_faults")["happened"]
    print(f"\n{ends}\n{happened}\n{kept.billed=} {kept.paid=} {kept.held=}")
    print("\n".join(kept.lost))
    assert set(ends) <= {"done", "OutcomeUnknownError", "RoutingError"}
    assert ends.count("done") >= 15
    assert not kept.wrong
    assert kept.billed <= kept.paid + kept.held
    # What we count beyond the bill are lost calls, each at the high price of its own row.
    gone = [one for one in attempts if one.state in ("forfeited", "unknown")]
    settled = sum(one.charged_nano for one in attempts if one.state == "settled")
    assert kept.paid + kept.held == settled + sum(one.high_nano for one in gone)


# ---- caps, over runs that draw


async def test_twenty_pictures_that_race_for_a_cap(vendors: Counter, tmp_path: Path) -> None:
    before, tight = len(vendors.jobs()), capped(vendors, tmp_path, "day_usd = 0.20")
    async with studio(tight, tmp_path / "home") as model:
        wishes: Any = {"size": (64, 64), "tier": "workhorse"}
        runs = [model.run(f"{POSTER} {n}", **wishes, seed=n) for n in range(20)]
        ended = await asyncio.gather(*runs, return_exceptions=True)
        kept = await books(model, vendors, before)
    assert kept.even, kept
    assert 150_000_000 < kept.billed <= 200_000_000
    assert all(isinstance(e, BudgetExceededError) for e in ended if isinstance(e, BaseException))


# ---- a film that is killed


def test_a_film_is_killed_while_its_shots_move(tmp_path: Path) -> None:
    with program(tmp_path, "--latency", "1.0") as vendors:
        home = tmp_path / "home"
        asked = ["run", FILM, "--size", "320x180", "--tier", "workhorse", "--yes"]
        asked += ["-o", str(tmp_path / "film.mp4")]
        with subprocess.Popen(
            [*COMMAND, *asked],
            cwd=tmp_path,
            env=environment(home, BRANDMODEL_ROUTERS=str(vendors.routers)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as first:
            until(lambda: _moving(vendors)[1:] and handles(home) >= 2, "clips")
            os.killpg(first.pid, signal.SIGKILL)
        again = command(vendors, home, *asked, "--json")
        assert again.code == 0, again.said
        kept = kept_books(vendors, home, 0)
        assert len(_moving(vendors)) == 2
    assert not kept.wrong
    assert not kept.held
    # Sounds are made in one call: those that were under way are lost, asked for again, and charged.
    assert kept.billed <= kept.paid
    assert all(one.startswith("elevenlabs/fake_sound") for one in kept.lost)


def _moving(vendors: Counter) -> list[dict[str, Any]]:
    return [line for line in vendors.jobs() if line["task"] == "AnimateImage"]
