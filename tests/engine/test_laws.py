"""One fake recipe per law: kept, the run is right; broken, there is one clear error."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import pytest

from brandmodel import choice
from brandmodel.errors import (
    JournalMismatchError,
    ProviderError,
    RecipeError,
    RoutingError,
)
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context, Waiting
from tests.engine.fakes import Draft, Join, Render, vendor

pytestmark = pytest.mark.anyio


async def by_ids(ctx: Context, brief: Brief) -> dict[str, str]:
    plan = await ctx.call(Draft(about=brief.prompt), name="draft")
    scopes = [ctx.scope(id_) for id_ in plan.ids]
    parts = await ctx.gather(
        *(s.call(Render(text=t), name="part") for s, t in zip(scopes, plan.lines, strict=True))
    )
    whole = await ctx.call(Join(parts=tuple(p.text for p in parts)), name="join")
    return {"text": whole.text}


async def test_law_1_ids_keep_an_inserted_unit_small(tmp_path: Path) -> None:
    recipe("lines", makes="text/plain")(by_ids)
    async with vendor().model(tmp_path) as model:
        await model.run("one two three", recipe="lines")
        second = await model.run("one new two three", recipe="lines")
    ran = [s.name for s in second.receipt.steps if s.status == "ran"]
    assert ran == ["draft", "line-new/part", "join"]
    assert second.text == "ONE NEW TWO THREE"


@pytest.mark.parametrize("name", ["part-1", "part_02", "3", "part.7"])
async def test_law_1_broken_positions_are_refused(tmp_path: Path, name: str) -> None:
    async def by_position(ctx: Context, brief: Brief) -> dict[str, str]:
        return {"text": (await ctx.call(Render(text=brief.prompt), name=name)).text}

    recipe("positions", makes="text/plain")(by_position)
    async with vendor().model(tmp_path) as model:
        with pytest.raises(RecipeError, match="ends in a position"):
            await model.run("x", recipe="positions")


async def test_law_2_one_name_one_request(tmp_path: Path) -> None:
    async def twice(ctx: Context, brief: Brief) -> dict[str, str]:
        first = await ctx.call(Render(text="a"), name="same")
        again = await ctx.call(Render(text="a"), name="same")
        assert first == again
        await ctx.call(Render(text="b"), name="same")
        return {"text": ""}

    recipe("twice", makes="text/plain")(twice)
    async with vendor().model(tmp_path) as model:
        with pytest.raises(RecipeError, match="'same' was asked for twice with different requests"):
            await model.run("x", recipe="twice")


async def test_law_3_every_branch_finishes_before_one_error(tmp_path: Path) -> None:
    async def wide(ctx: Context, brief: Brief) -> dict[str, str]:
        await ctx.gather(
            ctx.call(Render(text="bad"), name="bad"),
            ctx.call(Render(text="good"), name="good"),
            ctx.scope("then").call(Render(text="later"), name="later"),
        )
        return {"text": ""}

    recipe("wide", makes="text/plain")(wide)
    fake = vendor()
    answer = fake._answers["Render"]

    def refuse_bad(request: Render, take: int) -> object:
        if request.text == "bad":
            raise ProviderError("refused", vendor="fake", started=False)
        return answer(request, take)

    fake._answers["Render"] = refuse_bad  # type: ignore[assignment]
    async with fake.model(tmp_path) as model:
        with pytest.raises(RoutingError) as failed:
            await model.run("x", recipe="wide")
        assert "fake" not in str(failed.value)
        fake._answers["Render"] = answer
        second = await model.run("x", recipe="wide")
    assert {s.name: s.status for s in second.receipt.steps} == {
        "bad": "ran",
        "good": "reused",
        "then/later": "reused",
    }


async def test_law_3_waiting_lets_siblings_finish_and_is_no_exception(tmp_path: Path) -> None:
    async def reviewed(ctx: Context, brief: Brief) -> dict[str, str]:
        async def one(unit: Context) -> str:
            try:
                offered = await unit.takes(Render(text="t"), name="take", count=2)
                return (await unit.review(offered, name="choose")).result.text
            except Exception:  # A recipe that swallows errors must not swallow a wait.
                return "swallowed"

        texts = await ctx.gather(one(ctx.scope("left")), one(ctx.scope("right")))
        return {"text": " ".join(texts)}

    recipe("reviewed", makes="text/plain")(reviewed)
    async with vendor().model(tmp_path) as model:
        first = await model.run("x", recipe="reviewed", review=True)
        assert first.status == "waiting"
        assert set(first.waiting) == {"left/choose", "right/choose"}
        assert issubclass(Waiting, BaseException)
        assert not issubclass(Waiting, Exception)
        done = await model.resume(
            first.run_id, overrides={"left/choose": choice("b"), "right/choose": choice("a")}
        )
    assert done.run_id == first.run_id
    assert done.text == "T' T"
    assert all(s.status != "ran" for s in done.receipt.steps)


async def test_law_4_takes_come_back_as_the_set_that_was_returned(tmp_path: Path) -> None:
    async def some(ctx: Context, brief: Brief) -> dict[str, str]:
        offered = await ctx.takes(Render(text="t"), name="take", count=3)
        return {"text": " ".join(f"{t.id}={t.result.text}" for t in offered)}

    recipe("some", makes="text/plain")(some)
    fake = vendor()
    fake.failures = [ProviderError("refused", vendor="fake", started=False)]
    async with fake.model(tmp_path) as model:
        first = await model.run("x", recipe="some")
        assert len(first.text.split()) == 2
        again = await model.run("x", recipe="some")
    assert again.text == first.text
    assert again.receipt.count("ran") == 0


async def test_law_5_randomness_time_and_rounds_come_from_ctx(tmp_path: Path) -> None:
    async def lawful(ctx: Context, brief: Brief) -> dict[str, str]:
        word = ctx.rng("word").choice(["red", "green", "blue"])
        words: list[str] = []
        for turn in ctx.rounds(3):
            made = await turn.call(Render(text=f"{word} {len(words)}"), name="try")
            words.append(made.text)
            if len(words) == 2:
                break
        return {"text": f"{words} {ctx.clock.year > 2000}"}

    recipe("lawful", makes="text/plain")(lawful)
    async with vendor().model(tmp_path) as model:
        first = await model.run("x", recipe="lawful", seed=4)
        again = await model.run("x", recipe="lawful", seed=4)
        assert again.text == first.text
        assert again.receipt.count("ran") == 0
        assert [s.name for s in first.receipt.steps] == ["round-1/try", "round-2/try"]


@pytest.mark.parametrize("kind", ["random", "time", "endless"])
async def test_law_5_broken(tmp_path: Path, kind: str) -> None:
    async def uses_random(ctx: Context, brief: Brief) -> dict[str, str]:
        return {"text": str(random.random())}

    async def uses_time(ctx: Context, brief: Brief) -> dict[str, str]:
        return {"text": str(datetime.datetime.now(datetime.UTC))}

    async def endless(ctx: Context, brief: Brief) -> dict[str, str]:
        while (await ctx.call(Render(text="x"), name="again")).text == "X":
            pass
        return {"text": ""}

    one = {"random": uses_random, "time": uses_time, "endless": endless}[kind]
    recipe(kind, makes="text/plain")(one)
    said = {"random": "module 'random'", "time": r"datetime|now", "endless": "asked for 1001 times"}
    async with vendor().model(tmp_path) as model:
        with pytest.raises(RecipeError, match=said[kind]):
            await model.run("x", recipe=kind)


async def test_law_5_a_run_that_asks_for_something_else_when_resumed_is_stopped(
    tmp_path: Path,
) -> None:
    said = iter(["first", "second"])

    async def fickle(ctx: Context, brief: Brief) -> dict[str, str]:
        await ctx.call(Render(text=next(said)), name="part")
        return {"text": ""}

    recipe("fickle", makes="text/plain")(fickle)
    async with vendor().model(tmp_path) as model:
        first = await model.run("x", recipe="fickle")
        with pytest.raises(JournalMismatchError, match="step 'part'"):
            await model.resume(first.run_id)


async def test_a_writer_that_never_answers_twice_alike_still_lets_an_edit_stay_small(
    tmp_path: Path,
) -> None:
    recipe("lines", makes="text/plain")(by_ids)
    fake = vendor()
    counter = iter(range(1000))
    render = fake._answers["Render"]
    fake.serves(
        Render, lambda r, take: render(r.model_copy(update={"text": f"{r.text}{next(counter)}"}), 0)
    )
    draft = fake._answers["Draft"]

    def restless(request: Draft, take: int) -> object:
        plan = draft(request, take)
        return plan.model_copy(update={"lines": tuple(f"{x}{next(counter)}" for x in plan.lines)})  # type: ignore[attr-defined]

    fake._answers["Draft"] = restless  # type: ignore[assignment]
    async with fake.model(tmp_path) as model:
        first = await model.run("one two three", recipe="lines")
        edited = await model.run(
            "one two three", recipe="lines", overrides={"line-two/part.text": "changed"}
        )
    assert [s.name for s in edited.receipt.steps if s.status == "ran"] == ["join"] or [
        s.name for s in edited.receipt.steps if s.status == "ran"
    ] == ["line-two/part", "join"]
    before, after = first.text.split(), edited.text.split()
    assert before[0] == after[0]
    assert before[2] == after[2]
    assert after[1].startswith("CHANGED")
