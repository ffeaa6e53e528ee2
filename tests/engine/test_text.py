"""The text path as its callers see it, over real wires: answers, receipts, streams, caps, faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel, BrandModel
from brandmodel.engine import slices
from brandmodel.engine.looks import Looks
from brandmodel.engine.receipt import Answer
from brandmodel.engine.text import TextPath
from brandmodel.errors import (
    BrandModelError,
    BudgetExceededError,
    InvalidRequestError,
    OutcomeUnknownError,
    RoutingError,
    RunCancelled,
    StreamBrokenError,
)
from brandmodel.journal.sqlite import SqliteJournal
from brandmodel.routing import Health
from brandmodel.tasks import Chat, Embed, GenerateImage, Moderate
from brandmodel.testing import FakeVendor
from tests.engine.spoken import FIRST, SECOND, Place, paid, saying, today, told, until, vendors

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with vendors(tmp_path) as opened:
        yield opened


def outcomes(answer: Answer[Any]) -> list[tuple[str, str]]:
    return [(one.target, one.outcome) for one in answer.receipt.attempts]


async def exhausted(
    call: Callable[[], Awaitable[Answer[Any]]],
) -> tuple[list[Answer[Any]], BudgetExceededError]:
    """Call after call until a cap is reached."""
    answers: list[Answer[Any]] = []
    while True:
        try:
            answers.append(await call())
        except BudgetExceededError as reached:
            return answers, reached


# ---- answers


async def test_an_answer_comes_with_its_receipt(place: Place) -> None:
    async with place.model() as model:
        answer = await model.call(saying("Good morning"))
        receipt = answer.receipt
    assert answer.result.text == "You said: Good morning"
    assert (receipt.task, receipt.target, receipt.tier) == ("Chat", FIRST, None)
    assert outcomes(answer) == [(FIRST, "served")]
    assert receipt.units > 0
    assert receipt.seconds > 0
    assert place.billed == [paid([answer])]
    # Nothing is kept: the same words are another call.
    async with place.model() as model:
        assert await told(model) == {
            "calls": 1, "settled": place.billed[0], "forfeited": 0, "held": 0
        }  # fmt: skip
        await model.call(saying("Good morning"))
    assert len(place.billed) == 2


async def test_the_tier_chooses_the_list(place: Place) -> None:
    place.tables(chat=f'Chat = {{ workhorse = ["{FIRST}"], hero = ["{SECOND}"] }}')
    async with place.model() as model:
        usual = await model.call(saying("Hi"))
        cheap = await model.call(saying("Hi"), tier="workhorse")
        async for piece in model.stream(saying("Hi"), tier="workhorse"):
            last = piece
    assert isinstance(last, Answer)
    assert [each.receipt.target for each in (usual, cheap, last)] == [SECOND, FIRST, FIRST]
    assert [each.receipt.tier for each in (usual, cheap, last)] == [
        "hero",
        "workhorse",
        "workhorse",
    ]


async def test_texts_are_embedded_and_checked(place: Place) -> None:
    async with place.model() as model:
        vectors = await model.call(Embed(texts=("cold brew", "tax form")))
        checked = await model.call(Moderate(texts=("A quiet picture",)))
    assert len(vectors.result.vectors) == 2
    assert len(vectors.result.vectors[0]) == 256
    assert checked.result.allowed
    assert (vectors.receipt.task, checked.receipt.task) == ("Embed", "Moderate")
    assert place.billed == [paid([vectors])]
    assert checked.receipt.usd == 0


async def test_what_takes_a_run_is_refused(place: Place) -> None:
    async with place.model() as model:
        picture: Any = GenerateImage(prompt="Dunes", width=64, height=64)
        with pytest.raises(InvalidRequestError, match="GenerateImage is not answered by one call"):
            await model.call(picture)
        with pytest.raises(InvalidRequestError, match="Chat, Embed, Moderate"):
            await anext(model.stream(picture))
    assert place.billed == []


# ---- falling over


async def test_it_falls_over_and_every_attempt_is_on_the_receipt(place: Place) -> None:
    place.fault("rate-limit", "openai")
    async with place.model() as model:
        answer = await model.call(saying("Hi"))
    assert outcomes(answer) == [(FIRST, "RateLimitError"), (SECOND, "served")]
    assert place.billed == [paid([answer])]


@pytest.mark.parametrize("fault", ["server-error", "rate-limit", "lost-reply"])
async def test_a_stream_falls_over_before_its_first_word(place: Place, fault: str) -> None:
    place.fault(fault, "openai")
    async with place.model() as model:
        pieces = [piece async for piece in model.stream(saying("Good morning"))]
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert "".join(map(str, pieces[:-1])) == answer.result.text == "You said: Good morning"
    assert [target for target, _ in outcomes(answer)] == [FIRST, SECOND]
    async with place.model() as model:
        kept = await told(model)
    # What may have begun is charged at its high price, and shown; what was refused costs nothing.
    lost = round(answer.receipt.attempts[0].usd * 1e9)
    assert (lost > 0) == (fault != "rate-limit")
    assert (kept["forfeited"], kept["held"]) == (lost, 0)
    assert kept["settled"] == place.billed[-1]
    assert paid([answer]) == kept["settled"] + lost


@pytest.mark.parametrize("fault", ["rate-limit", "lost-reply"])
async def test_a_stream_of_one_target_asks_it_again_as_a_call_does(
    place: Place, fault: str
) -> None:
    place.tables(chat=f'Chat = ["{FIRST}"]')
    for streamed in (False, True):
        async with place.model() as model:
            place.fault(fault, "openai")
            if streamed:
                answer = [piece async for piece in model.stream(saying("Hi"))][-1]
            else:
                answer = await model.call(saying("Hi"))
        assert isinstance(answer, Answer)
        assert [target for target, _ in outcomes(answer)] == [FIRST, FIRST]
        assert (answer.receipt.attempts[0].usd > 0) == (fault == "lost-reply")


async def test_a_target_that_is_away_is_asked_three_times_and_costs_nothing(place: Place) -> None:
    place.tables(chat=f'Chat = ["{FIRST}"]')
    vendors_file = place.routers / "vendors.toml"
    away = vendors_file.read_text().replace(place.house.places["openai"], "http://127.0.0.1:9")
    vendors_file.write_text(away)
    async with place.model() as model:
        with pytest.raises(RoutingError) as failed:
            await anext(model.stream(saying("Hi")))
    assert len(failed.value.attempts) == 3
    async with place.model() as model:
        assert await told(model) == {"calls": 0, "settled": 0, "forfeited": 0, "held": 0}


async def test_a_dear_call_that_may_have_begun_goes_to_nobody_else(place: Place) -> None:
    place.tables(caps="day_usd = 1")
    dear = saying("Hi", most_tokens=20_000)
    async with place.model() as model:
        place.fault("lost-reply", "openai", count=2)
        with pytest.raises(OutcomeUnknownError, match="may have started") as stopped:
            await model.call(dear)
        with pytest.raises(OutcomeUnknownError):
            await anext(model.stream(dear))
        assert len(place.billed) == 2
        lost = await model.engine.journal.lost_attempts(now=2e10)
        assert [each.state for each in lost if each.task == "Chat"].count("unknown") == 2
        closed = await model.engine.resolve(stopped.value.hint.split()[-1], "ran", charged_usd=0.01)
        assert closed.charged_nano == 10_000_000
    async with place.model() as model:
        kept = await told(model)
        assert kept["forfeited"] == 10_000_000
        assert kept["held"] > 40_000_000
        assert await model.engine.journal.taken(today()) == kept["held"] + kept["forfeited"]


async def test_a_stream_that_breaks_says_what_had_come_and_what_it_costs(place: Place) -> None:
    place.fault("broken-stream", "openai")
    said: list[str] = []

    async def listen(model: AsyncBrandModel) -> None:
        async for piece in model.stream(saying("word " * 50)):
            assert isinstance(piece, str)
            said.append(piece)

    async with place.model() as model:
        with pytest.raises(StreamBrokenError) as broken:
            await listen(model)
    assert broken.value.text == "".join(said)
    assert 0 < len(broken.value.text) < 250
    async with place.model() as model:
        kept = await told(model)
    assert kept["forfeited"] == round(broken.value.usd * 1e9) >= place.billed[0]
    assert (kept["calls"], kept["settled"], kept["held"]) == (1, 0, 0)


# ---- leaving early


async def test_whoever_stops_listening_has_paid_at_once_and_holds_nothing(place: Place) -> None:
    place.tables(caps="day_usd = 1")
    async with place.model() as model:
        async with contextlib.aclosing(model.stream(saying("word " * 50))) as pieces:
            async for _ in pieces:
                break
        # At once: the connection is free again, and what closes the model now writes it down.
        assert model.engine.steps.health.of(model.engine.tables.targets[FIRST].value).busy == 0
        await model.aclose()
        kept = await told(model)
        assert (kept["calls"], kept["settled"], kept["held"]) == (1, 0, 0)
        assert kept["forfeited"] >= place.billed[0]
        assert await model.engine.journal.taken(today()) == kept["forfeited"]


async def test_a_stream_that_nobody_closed_is_charged_when_the_model_closes(place: Place) -> None:
    async with place.model() as model:
        forgotten = model.stream(saying("word " * 50))
        await anext(forgotten)
    async with place.model() as model:
        kept = await told(model)
        assert (kept["calls"], kept["held"]) == (1, 0)
        assert kept["forfeited"] >= place.billed[0]
    await forgotten.aclose()


async def test_a_call_that_is_cancelled_is_charged_and_holds_nothing(place: Place) -> None:
    place.tables(caps="day_usd = 1")
    async with place.model() as model:
        place.house.latency_s = 1.0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await model.call(saying("Hi"))
        await until(lambda: place.billed)
        place.house.latency_s = 0.0
        answer = await model.call(saying("Hi"))
        async with asyncio.timeout(20):
            # Not only when the model closes.
            while not (await told(model))["forfeited"]:  # noqa: ASYNC110 - a row to wait for
                await asyncio.sleep(0.02)
    async with place.model() as model:
        kept = await told(model)
        assert (kept["calls"], kept["settled"], kept["held"]) == (2, paid([answer]), 0)
        assert kept["forfeited"] >= place.billed[0]


async def test_whoever_leaves_while_waiting_for_a_turn_pays_nothing(place: Place) -> None:
    place.tables(
        chat=f'Chat = ["{FIRST}"]', row="settings = { most_at_once = 1 }", caps="day_usd = 1"
    )
    place.house.latency_s = 0.3
    async with place.model() as model:
        first = asyncio.create_task(model.call(saying("Hi")))
        await until(lambda: place.billed)
        waiting = [
            asyncio.create_task(model.call(saying("me too"))),
            asyncio.ensure_future(anext(model.stream(saying("me too")))),
        ]
        await asyncio.sleep(0)
        last = asyncio.create_task(model.call(saying("and me")))
        await asyncio.sleep(0.05)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        answers = [await first, await last]
    async with place.model() as model:
        kept = await told(model)
    assert kept == {"calls": 2, "settled": paid(answers), "forfeited": 0, "held": 0}
    assert sum(place.billed) == paid(answers)


async def test_a_closed_model_begins_no_more_calls(place: Place) -> None:
    async with place.model() as model:
        text = model.engine.text
        await model.call(saying("Hi"))
    with pytest.raises(RunCancelled, match="closed"):
        await text.call(saying("Hi"), model=None)
    assert len(place.billed) == 1


# ---- money


async def test_calls_that_race_for_a_day_never_pass_it_and_the_last_that_fits_is_served(
    place: Place,
) -> None:
    """Bill, journal and receipts agree to the nano; then single calls go on until none fits."""
    cap = 1_000_000
    place.tables(caps=f"day_usd = {cap / 1e9}")
    async with place.model() as model:

        async def one(number: int) -> Answer[Any]:
            asked = saying(f"call {number}", most_tokens=20)
            if number % 3:
                return await model.call(asked)
            pieces = [piece async for piece in model.stream(asked)]
            assert isinstance(pieces[-1], Answer)
            return pieces[-1]

        raced = await asyncio.gather(*map(one, range(120)), return_exceptions=True)
        answers = [each for each in raced if isinstance(each, Answer)]
        refused = [each for each in raced if not isinstance(each, Answer)]
        assert all(isinstance(each, BudgetExceededError) for each in refused)
        assert len(answers) > 5
        more, last = await exhausted(lambda: model.call(saying("one more", most_tokens=20)))
        assert "(day) is taken" in last.message
        high = float(last.message.split("$")[1].split(";")[0])
        answers += more
        kept = await told(model)
        taken = await model.engine.journal.taken(today())
    assert refused
    assert sum(place.billed) == paid(answers) <= cap
    assert taken == kept["settled"] + kept["held"]
    # Nothing that would have fitted was refused.
    assert cap - paid(answers) < (high + 0.0001) * 1e9
    async with place.model() as model:
        assert (await told(model))["settled"] == sum(place.billed)
        assert await model.engine.journal.taken(today()) == sum(place.billed)


async def test_keys_have_caps_of_their_own_and_share_the_day(place: Place) -> None:
    place.tables(caps="day_usd = 0.001\nkey_usd_per_day = 0.0005")
    async with place.model() as model:
        text = model.engine.text

        async def spends(key: str) -> int:
            answers, last = await exhausted(lambda: text.call(saying("Hi"), model=None, key=key))
            caps.append(last.message.split("(")[1].split(")")[0])
            return paid(answers)

        caps: list[str] = []
        total = [await spends(key) for key in ("k1", "k1", "k2", "k3")]
    # What the slice of one key has not spent does not keep another from the rest of the day.
    assert caps == ["key", "key", "key", "day"] or caps == ["key", "key", "day", "day"]
    assert total[0] <= 500_000
    assert total[1] == 0
    assert 700_000 < sum(total) == sum(place.billed) <= 1_000_000


async def test_a_call_has_the_cap_of_a_run_for_itself(place: Place) -> None:
    async with place.model() as model:
        huge = saying("Hi", most_tokens=1_000_000)
        await model.call(huge)
        (place.routers / "fake-studio.toml").write_text(
            (place.routers / "fake-studio.toml").read_text().replace("run_usd = 20", "run_usd = 1")
        )
    async with place.model() as model:
        with pytest.raises(BudgetExceededError, match=r"\(call\)") as refused:
            await model.call(huge)
    assert "run_usd" in refused.value.hint


class Counted(SqliteJournal):
    """Counts what it is asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []
        self.written = 0

    async def taken(self, scope: str) -> int:
        self.asked.append("taken")
        return await super().taken(scope)

    async def reserve(self, reservation: Any) -> Any:
        self.asked.append("reserve")
        return await super().reserve(reservation)

    async def draw(self, slice_: str, fence: int, calls: Any, **more: Any) -> bool:
        self.asked.append("draw")
        self.written += len(calls)
        return await super().draw(slice_, fence, calls, **more)


async def test_a_warm_call_asks_no_journal(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "_WRITE_S", 3600.0)
    place.tables(caps="day_usd = 1")
    async with place.model() as model:
        engine, journal = model.engine, Counted(tmp_path / "counted.sqlite")
        text = TextPath(
            engine.tables, journal, engine.store, engine.providers.of, Health(), Looks()
        )
        await text.call(saying("cold"), model=None)
        assert journal.asked == ["taken", "reserve"]
        journal.asked.clear()
        for number in range(50):
            await text.call(saying(f"warm {number}"), model=None)
        assert journal.asked == []
        await text.aclose()
        assert (journal.asked, journal.written) == (["draw"], 51)
        assert await journal.taken(today()) == sum(place.billed)
        await journal.aclose()


# ---- the other face


async def test_without_async_it_is_the_same(place: Place) -> None:
    def use() -> tuple[list[Answer[Any]], float, BrandModelError]:
        with BrandModel(routers=place.routers, home=place.folder / "home") as model:
            answers: list[Answer[Any]] = [model.call(saying("Hi"))]
            *words, answer = model.stream(saying("Good morning"))
            assert isinstance(answer, Answer)
            assert "".join(map(str, words)) == answer.result.text == "You said: Good morning"
            answers.append(answer)
            for _ in model.stream(saying("word " * 50)):
                break
            engine = model._asynchronous.engine  # pyright: ignore[reportPrivateUsage]
            assert engine.steps.health.of(engine.tables.targets[FIRST].value).busy == 0
            place.fault("broken-stream", "openai")
            with pytest.raises(StreamBrokenError) as broken:
                list(model.stream(saying("word " * 50)))
            with pytest.raises(InvalidRequestError) as refused:
                model.call(GenerateImage(prompt="x", width=64, height=64))
            forgotten = model.stream(saying("word " * 50))
            next(forgotten)
        # The model is closed by now, and the stream with it.
        forgotten.close()
        return answers, broken.value.usd, refused.value

    answers, lost_usd, refused = await asyncio.to_thread(use)
    assert "one call" in refused.message
    async with place.model() as model:
        kept = await told(model)
    assert (kept["calls"], kept["settled"], kept["held"]) == (5, paid(answers), 0)
    assert kept["forfeited"] == 3 * round(lost_usd * 1e9)
    assert len(place.billed) == 5


async def test_a_vendor_that_does_not_stream_answers_in_one_piece(tmp_path: Path) -> None:
    fake = FakeVendor().serves(
        Chat, lambda request, take: Chat.result_type()(text="Yes."), usd_per_call=0.001
    )
    async with fake.model(tmp_path) as model:
        words, answer = [piece async for piece in model.stream(saying("Well?"))]
    assert words == "Yes."
    assert isinstance(answer, Answer)
    assert (answer.receipt.usd, len(answer.receipt.attempts)) == (0.001, 1)
    assert fake.billed_usd_nano == 1_000_000
