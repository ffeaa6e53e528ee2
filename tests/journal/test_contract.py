"""What every journal does, whichever it is."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brandmodel.errors import StorageError
from brandmodel.journal import (
    CapReached,
    Journal,
    LeaseHeld,
    Reservation,
    Reused,
    RunRecord,
    RunStep,
    StepRecord,
    open_journal,
)

pytestmark = pytest.mark.anyio
KINDS = ("sqlite", "memory")
NOW = 1_000_000.0


def _open(kind: str, folder: Path) -> Journal:
    return open_journal(folder if kind == "sqlite" else None)


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    opened = _open(request.param, tmp_path)
    yield opened
    await opened.aclose()


def _step(key: str = "k1", **changes: object) -> StepRecord:
    record = StepRecord(
        key=key,
        space="project",
        task="Render",
        request='{"text":"x"}',
        result='{"text":"X"}',
        digest="d1",
        target="fake/render",
        usd_nano=5,
        units=1.5,
        seconds=0.25,
        created_at=NOW,
    )
    return record._replace(**changes)


def _run(run_id: str = "abc123", **changes: object) -> RunRecord:
    record = RunRecord(
        id=run_id,
        space="project",
        model="m",
        recipe="picture",
        tier="hero",
        brief="{}",
        seed=0,
        as_of=NOW,
        status="running",
        started_at=NOW,
    )
    return record._replace(**changes)


def _row(name: str, seq: int = 1, **changes: object) -> RunStep:
    row = RunStep(
        run_id="abc123",
        seq=seq,
        name=name,
        key="k1",
        task="Render",
        stage="generate",
        tier="",
        target="fake/render",
        status="ran",
        usd_nano=5,
        units=1.5,
        seconds=0.25,
        digest="d1",
        request="{}",
    )
    return row._replace(**changes)


def _reservation(attempt: str, key: str, high: int, **changes: object) -> Reservation:
    reservation = Reservation(
        attempt=attempt,
        key=key,
        run_id="abc123",
        task="Render",
        target="fake/render",
        high_nano=high,
        holder=f"holder of {attempt}",
        now=NOW,
    )
    return replace(reservation, **changes)  # type: ignore[arg-type]


async def test_a_step_is_kept_once_and_the_first_result_wins(journal: Journal) -> None:
    assert await journal.step("k1") is None
    first = await journal.keep(_step(), None)
    second = await journal.keep(_step(result="other", digest="d2"), _row("b", digest="d2"))
    assert first == second == await journal.step("k1") == _step()
    # The run's row tells of the result that counts, not of the one that came too late.
    assert [row.digest for row in await journal.run_steps("abc123")] == ["d1"]


async def test_a_step_that_is_forgotten_can_be_made_anew(journal: Journal) -> None:
    kept = await journal.keep(_step(), _row("a"))
    await journal.forget(kept)
    assert await journal.step("k1") is None
    anew = _step(digest="d2", created_at=NOW + 1)
    assert await journal.keep(anew, None) == anew
    await journal.forget(kept)
    assert await journal.step("k1") == anew
    assert [row.usd_nano for row in await journal.run_steps("abc123")] == [5]


async def test_it_knows_tasks_by_space_and_how_long_they_take(journal: Journal) -> None:
    assert not await journal.has_task("project", "Render")
    assert await journal.typical_seconds("fake/render", "Render") is None
    await journal.keep(_step(), None)
    assert await journal.has_task("project", "Render")
    assert not await journal.has_task("somebody else's", "Render")
    assert not await journal.has_task("project", "Join")
    assert await journal.typical_seconds("fake/render", "Render") == 0.25
    assert await journal.typical_seconds("fake/other", "Render") is None


async def test_runs_are_found_by_the_beginning_of_their_id(journal: Journal) -> None:
    for number, run_id in enumerate(("abc123", "abd456", "ab")):
        await journal.begin_run(_run(run_id, started_at=NOW + number))
    assert [await journal.run(part) for part in ("abc", "abd4", "ab")] == [
        _run("abc123"),
        _run("abd456", started_at=NOW + 1),
        _run("ab", started_at=NOW + 2),
    ]
    for unknown in ("", "a", "x", "abc1234", "%", "%abc", "_", "ab_", "' OR 1=1 --"):
        assert await journal.run(unknown) is None


async def test_runs_come_newest_first_by_recipe_and_no_more_than_asked(journal: Journal) -> None:
    for number in range(5):
        recipe = "answer" if number % 2 else "picture"
        await journal.begin_run(_run(f"run{number}", recipe=recipe, started_at=NOW + number))
    assert [run.id for run in await journal.runs(limit=3)] == ["run4", "run3", "run2"]
    assert [run.id for run in await journal.runs(recipe="answer")] == ["run3", "run1"]
    assert await journal.runs(recipe="deck") == await journal.runs(recipe="p%") == []


async def test_a_run_ends_with_the_steps_it_had(journal: Journal) -> None:
    await journal.begin_run(_run())
    await journal.begin_run(_run(status="begun twice"))
    await journal.keep(_step(), _row("b", seq=2))
    ended = _run(
        status="done", finished_at=NOW + 9, seconds=9.0, outputs="[1]", overrides="{}", message="m"
    )
    await journal.end_run(ended, [_row("a", seq=1, status="reused"), _row("c", seq=3)])
    assert await journal.run("abc123") == ended
    rows = await journal.run_steps("abc123")
    assert [(row.name, row.status) for row in rows] == [("a", "reused"), ("b", "ran"), ("c", "ran")]
    await journal.end_run(ended, [_row("a", seq=1, status="overridden")])
    assert [row.status for row in await journal.run_steps("abc123")] == ["overridden", "ran", "ran"]
    assert await journal.run_steps("other") == []


async def test_takes_are_remembered_and_the_first_set_wins(journal: Journal) -> None:
    assert await journal.takes("k") is None
    await journal.keep_takes("k", [0, 2])
    await journal.keep_takes("k", [1])
    assert await journal.takes("k") == [0, 2]


async def test_money_is_held_then_settled_to_the_real_price(journal: Journal) -> None:
    reserved = await journal.reserve(_reservation("a1", "k1", 60, caps=(("run:1", 100),)))
    assert isinstance(reserved, int)
    held = await journal.spending("run:1")
    assert (held.held_nano, held.spent_nano) == (60, 0)
    await journal.started("a1", "job", now=NOW)
    (opened,) = await journal.open_attempts("k1")
    assert (opened.id, opened.state, opened.job) == ("a1", "started", "job")
    await journal.settle("a1", reserved, 45, _step(), _row("a"))
    spent = await journal.spending("run:1")
    assert (spent.held_nano, spent.spent_nano, spent.by_task) == (0, 45, {"Render": 45})
    assert await journal.open_attempts("k1") == []
    assert await journal.step("k1") == _step()


async def test_a_cap_refuses_what_would_pass_it_and_holds_nothing(journal: Journal) -> None:
    caps = (("day", 1_000), ("run:1", 100))
    assert isinstance(await journal.reserve(_reservation("a1", "k1", 100, caps=caps)), int)
    refused = await journal.reserve(_reservation("a2", "k2", 1, caps=caps))
    assert refused == CapReached(scope="run:1", limit_nano=100, taken_nano=100)
    assert (await journal.spending("day")).held_nano == 100
    assert await journal.open_attempts("k2") == []
    await journal.release("a1", 1, error="refused")
    assert isinstance(await journal.reserve(_reservation("a2", "k2", 1, caps=caps)), int)


@pytest.mark.parametrize(
    ("ending", "held", "spent"), [("release", 0, 0), ("forfeit", 0, 60), ("unknown", 60, 0)]
)
async def test_how_a_failed_attempt_leaves_its_money(
    journal: Journal, ending: str, held: int, spent: int
) -> None:
    caps = (("run:1", 100),)
    await journal.reserve(_reservation("a1", "k1", 60, caps=caps))
    await getattr(journal, ending)("a1", 1, error="why")
    left = await journal.spending("run:1")
    assert (left.held_nano, left.spent_nano) == (held, spent)
    still_open = [(a.state, a.error) for a in await journal.open_attempts("k1")]
    assert still_open == ([("unknown", "why")] if ending == "unknown" else [])


async def test_an_attempt_ends_once(journal: Journal) -> None:
    caps = (("run:1", 100),)
    fence = await journal.reserve(_reservation("a1", "k1", 60, caps=caps))
    assert isinstance(fence, int)
    await journal.release("a1", 1, error="refused")
    for again in (
        lambda: journal.release("a1", 1, error="again"),
        lambda: journal.forfeit("a1", 1, error="again"),
        lambda: journal.settle("a1", fence, 60, _step(), None),
    ):
        with pytest.raises(StorageError, match="a1 was released already"):
            await again()
    left = await journal.spending("run:1")
    assert (left.held_nano, left.spent_nano) == (0, 0)


async def test_a_finished_step_is_never_reserved_again(journal: Journal) -> None:
    await journal.keep(_step(), None)
    refused = await journal.reserve(_reservation("a1", "k1", 60, caps=(("run:1", 100),)))
    assert isinstance(refused, LeaseHeld)
    assert (await journal.spending("run:1")).held_nano == 0


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(("reserve", "settle", "release", "forfeit", "unknown")),
        st.integers(0, 5),
        st.integers(0, 60),
        st.sets(st.sampled_from(("day", "run")), min_size=1),
    ),
    max_size=25,
)
LIMITS = {"day": 150, "run": 100}


class _Sums:
    """What must stand under each cap, by plain adding up."""

    def __init__(self) -> None:
        self.held = dict.fromkeys(LIMITS, 0)
        self.spent = dict.fromkeys(LIMITS, 0)

    def fits(self, scopes: set[str], amount: int) -> bool:
        return all(self.held[s] + self.spent[s] + amount <= LIMITS[s] for s in scopes)

    def move(self, scopes: set[str], *, held: int, spent: int = 0) -> None:
        for scope in scopes:
            self.held[scope] += held
            self.spent[scope] += spent

    async def agree(self, journal: Journal) -> None:
        for scope, limit in LIMITS.items():
            stands = await journal.spending(scope)
            assert (stands.held_nano, stands.spent_nano) == (self.held[scope], self.spent[scope])
            assert stands.held_nano >= 0
            assert 0 <= stands.held_nano + stands.spent_nano <= limit
            assert sum(stands.by_task.values()) == stands.spent_nano


async def _played(
    kind: str, folder: Path, operations: list[tuple[str, int, int, set[str]]]
) -> None:
    """Play operations against a journal and against plain sums; they agree at every step."""
    journal, sums = _open(kind, folder), _Sums()
    going: dict[int, tuple[str, int, int, set[str]]] = {}
    for number, (what, slot, amount, scopes) in enumerate(operations):
        if what == "reserve" and slot not in going:
            name = f"a{number}"
            caps = tuple((scope, LIMITS[scope]) for scope in sorted(scopes))
            answer = await journal.reserve(_reservation(name, f"k{number}", amount, caps=caps))
            assert isinstance(answer, int) == sums.fits(scopes, amount)
            if isinstance(answer, int):
                going[slot] = (name, answer, amount, scopes)
                sums.move(scopes, held=amount)
        elif what != "reserve" and slot in going:
            name, fence, high, under = going[slot]
            charged = {"settle": min(amount, high), "forfeit": high}.get(what, 0)
            if what == "settle":
                await journal.settle(name, fence, charged, _step(name), None)
            else:
                await getattr(journal, what)(name, fence, error="x")
            if what != "unknown":
                del going[slot]
                sums.move(under, held=-high, spent=charged)
        await sums.agree(journal)
    await journal.aclose()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(operations=OPERATIONS)
def test_caps_add_up_whatever_happens_in_whatever_order(
    kind: str, operations: list[tuple[str, int, int, set[str]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_played(kind, Path(folder), operations))


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Journal]:
    """Only processes that share a file contend for leases."""
    opened = _open("sqlite", tmp_path)
    yield opened
    await opened.aclose()


async def test_a_lease_keeps_others_out_until_it_ends(sqlite: Journal) -> None:
    fence = await sqlite.reserve(_reservation("a1", "k1", 60, lease_s=10.0))
    assert isinstance(fence, int)
    kept_out = await sqlite.reserve(_reservation("a2", "k1", 60, now=NOW + 9.9))
    assert kept_out == LeaseHeld(holder="holder of a1", expires_at=NOW + 10)
    assert await sqlite.renew("k1", "holder of a1", until=NOW + 20)
    assert not await sqlite.renew("k1", "somebody", until=NOW + 99)
    assert isinstance(await sqlite.adopt("a1", "holder of a2", now=NOW + 19, lease_s=10), LeaseHeld)
    adopted = await sqlite.adopt("a1", "holder of a2", now=NOW + 21, lease_s=10)
    assert isinstance(adopted, int)
    assert adopted > fence


async def test_only_the_holder_settles_the_money(sqlite: Journal) -> None:
    caps = (("run:1", 100),)
    stale = await sqlite.reserve(_reservation("a1", "k1", 60, caps=caps, lease_s=10.0))
    assert isinstance(stale, int)
    fresh = await sqlite.adopt("a1", "holder of a2", now=NOW + 11, lease_s=10)
    assert isinstance(fresh, int)
    # Whoever lost its lease may bring the result, but the money is no longer its to settle.
    for ending in (sqlite.release, sqlite.forfeit, sqlite.unknown):
        await ending("a1", stale, error="lost its lease")
    assert (await sqlite.spending("run:1")).held_nano == 60
    assert await sqlite.settle("a1", stale, 10, _step(), None) == _step()
    assert (await sqlite.spending("run:1")).held_nano == 60
    assert await sqlite.settle("a1", fresh, 50, _step(digest="late"), None) == _step()
    stands = await sqlite.spending("run:1")
    assert (stands.held_nano, stands.spent_nano) == (0, 50)


async def test_fencing_numbers_only_grow(sqlite: Journal) -> None:
    fences: list[int] = []
    for number in range(3):
        fence = await sqlite.reserve(_reservation(f"a{number}", "k1", 1))
        assert isinstance(fence, int)
        fences.append(fence)
        await sqlite.release(f"a{number}", fence, error="x")
    assert fences == sorted(set(fences))


async def test_everything_is_there_after_it_was_closed(tmp_path: Path) -> None:
    first = _open("sqlite", tmp_path)
    await first.begin_run(_run())
    await first.keep(_step(), _row("a"))
    await first.keep_takes("t", [0, 1])
    await first.reserve(_reservation("a1", "k2", 60, caps=(("run:1", 100),)))
    await first.aclose()
    again = _open("sqlite", tmp_path)
    assert await again.run("abc") == _run()
    assert await again.step("k1") == _step()
    assert await again.run_steps("abc123") == [_row("a")]
    assert await again.takes("t") == [0, 1]
    assert (await again.spending("run:1")).held_nano == 60
    await again.aclose()


async def test_attempts_are_told_since_a_moment_oldest_first(journal: Journal) -> None:
    for number, name in enumerate(("c", "a", "b")):
        await journal.reserve(_reservation(name, f"key {name}", 5, now=NOW + number))
    assert [a.id for a in await journal.attempts()] == ["c", "a", "b"]
    assert [a.id for a in await journal.attempts(since=NOW + 1)] == ["a", "b"]
    assert await journal.attempts(since=NOW + 3) == []


async def test_an_attempt_is_lost_once_nobody_knows_its_outcome(journal: Journal) -> None:
    fences: dict[str, int] = {}
    for name in ("settled", "released", "forfeited", "unknown"):
        fence = await journal.reserve(_reservation(name, f"key {name}", 5))
        assert isinstance(fence, int)
        fences[name] = fence
    assert await journal.lost_attempts(now=NOW) == []
    await journal.settle("settled", fences["settled"], 4, _step("key settled"), None)
    await journal.release("released", fences["released"], error="")
    await journal.forfeit("forfeited", fences["forfeited"], error="")
    await journal.unknown("unknown", fences["unknown"], error="lost")
    (lost,) = await journal.lost_attempts(now=NOW + 1000)
    assert (lost.id, lost.state, lost.error) == ("unknown", "unknown", "lost")
    # Whoever takes it over runs it, and it is not lost for as long.
    assert isinstance(await journal.adopt("unknown", "me", now=NOW, lease_s=60), int)


@pytest.mark.parametrize(("charged", "counted"), [(None, 5), (0, 0), (3, 3), (9, 9)])
async def test_what_a_lost_attempt_is_charged_replaces_what_was_held(
    journal: Journal, charged: int | None, counted: int
) -> None:
    caps = (("run:r", 10), ("day:m:2026-11-23", 10))
    fence = await journal.reserve(_reservation("a", "k", 5, caps=caps))
    assert isinstance(fence, int)
    await journal.unknown("a", fence, error="lost")
    # Another's fence charges nothing.
    await journal.forfeit("a", fence + 1, error="", charged_nano=7)
    assert (await journal.spending("run:r")).held_nano == 5
    adopted = await journal.adopt("a", "person", now=NOW, lease_s=60)
    assert isinstance(adopted, int)
    await journal.forfeit("a", adopted, error="a person: it ran", charged_nano=charged)
    for scope, _ in caps:
        spending = await journal.spending(scope)
        assert (spending.held_nano, spending.spent_nano) == (0, counted)
    (closed,) = await journal.attempts()
    assert (closed.state, closed.charged_nano) == ("forfeited", counted)
    with pytest.raises(StorageError, match="forfeited already"):
        await journal.forfeit("a", adopted, error="")


async def test_an_attempt_of_a_dead_process_is_lost_when_its_lease_has_ended(
    tmp_path: Path,
) -> None:
    journal = _open("sqlite", tmp_path)
    await journal.reserve(_reservation("a", "k", 5, lease_s=60))
    assert await journal.lost_attempts(now=NOW + 59) == []
    assert [a.state for a in await journal.lost_attempts(now=NOW + 61)] == ["reserved"]
    assert await journal.renew("k", "holder of a", until=NOW + 120)
    assert await journal.lost_attempts(now=NOW + 61) == []
    await journal.aclose()


async def test_paid_steps_that_a_run_reused_are_told(journal: Journal) -> None:
    await journal.begin_run(_run())
    await journal.begin_run(_run("old", started_at=NOW - 100))
    rows = [
        _row("a", status="reused"),
        _row("b", seq=2),
        _row("c", seq=3, status="reused", usd_nano=0),
    ]
    await journal.end_run(_run(), rows)
    await journal.end_run(
        _run("old", started_at=NOW - 100), [_row("a", run_id="old", status="reused", usd_nano=7)]
    )
    new = Reused("abc123", NOW, "Render", "fake/render", 5)
    assert await journal.reused(since=NOW) == [new]


async def test_a_run_keeps_its_key_and_what_it_leaves_out(journal: Journal) -> None:
    await journal.begin_run(_run(api_key="k1", without="fal,google"))
    run = await journal.run("abc123")
    assert run is not None
    assert (run.api_key, run.without) == ("k1", "fal,google")
