"""The live interpreter: a recipe's calls become steps of a run."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

from brandmodel import telemetry
from brandmodel.engine.asks import Ask, Obtained
from brandmodel.engine.keys import canonical_json, digest_of, step_key
from brandmodel.engine.overrides import Override, edited, edits_result, is_whole
from brandmodel.engine.receipt import Event, StepReceipt, StepStatus
from brandmodel.engine.scene import Cascaded, Res, Scene
from brandmodel.engine.state import RunState
from brandmodel.engine.steps import Steps
from brandmodel.errors import InvalidRequestError, JournalMismatchError, MissingCredentialError
from brandmodel.journal import RunStep, StepRecord
from brandmodel.routing import Route, nano, usd
from brandmodel.routing.prices import cost
from brandmodel.tasks import Asset, Request, Take, Tier, Waiting


class Live:
    """Runs steps. One per run; ``Steps`` is shared by all."""

    def __init__(self, run: RunState, scene: Scene, steps: Steps) -> None:
        self._run = run
        self._scene = scene
        self._steps = steps

    async def perform(self, request: Request[Res], *, name: str, take: int, tier: Tier) -> Res:
        """See ``Interpreter``."""
        return await self._performed(request, name, take, tier)

    async def _performed(
        self,
        request: Request[Res],
        name: str,
        take: int,
        tier: Tier,
        heard: Callable[[Asset], None] | None = None,
    ) -> Res:
        """One step; ``heard`` is told what the run's listeners are, too: each sketch of it."""
        ask = self._ask(request, name, take, tier)
        run, task = self._run, type(request).__name__
        override = self._scene.overrides.get(name)
        run.tell(
            Event(
                "step-started", run.id, name, task, paid_usd=usd(run.paid_nano), seconds=run.seconds
            )
        )
        attributes = {
            telemetry.STEP_NAME: name,
            telemetry.CAPABILITY: task,
            telemetry.KIND: "CHAIN",
        }
        with telemetry.span(telemetry.STEP_SPAN.format(name=name), attributes) as span:
            began = time.perf_counter()
            if override is not None and (
                override.kind == "lock" or edits_result(request, override)
            ):
                result = await self._overridden(ask, name, override)
                span.set_attribute(telemetry.STEP_STATUS, "overridden")
                return result

            def seat(record: StepRecord, notes: tuple[str, ...]) -> RunStep:
                return self._seat(ask, name, record, "ran", notes)

            if run.listeners:
                # Whoever stops a run on this event stops it before the step.
                await asyncio.sleep(0)

            def sketched(sketch: Asset) -> None:
                self._sketched(name, task, sketch)
                if heard is not None:
                    heard(sketch)

            obtained = await self._steps.obtain(ask._replace(seat=seat, sketched=sketched))
            if not obtained.ran:
                # A recipe whose steps are all known shall not keep the others waiting.
                await asyncio.sleep(0)
            status = "ran" if obtained.ran else "reused"
            self._finished(ask, name, obtained, status, time.perf_counter() - began)
            span.set_attribute(telemetry.STEP_STATUS, status)
        return obtained.result  # type: ignore[return-value]

    async def stream(
        self, request: Request[Res], *, name: str, tier: Tier
    ) -> AsyncIterator[str | Asset | Res]:
        """See ``Interpreter``."""
        if "text" not in request.result_type().model_fields:
            async for shown in self._seen(request, name, tier):
                yield shown
            return
        ask = self._ask(request, name, 0, tier)

        def seat(record: StepRecord, notes: tuple[str, ...]) -> RunStep:
            return self._seat(ask, name, record, "ran", notes)

        began = time.perf_counter()
        async for piece in self._steps.stream(ask._replace(seat=seat)):
            if isinstance(piece, str):
                yield piece
                continue
            status = "ran" if piece.ran else "reused"
            self._finished(ask, name, piece, status, time.perf_counter() - began)
            yield piece.result  # type: ignore[misc]

    async def _seen(
        self, request: Request[Res], name: str, tier: Tier
    ) -> AsyncIterator[Asset | Res]:
        """A step made as any other, with its sketches as they come and its result last."""
        sketches = asyncio.Queue[Asset | None]()
        making = asyncio.ensure_future(
            self._performed(request, name, 0, tier, heard=sketches.put_nowait)
        )
        making.add_done_callback(lambda _: sketches.put_nowait(None))
        try:
            while (sketch := await sketches.get()) is not None:
                yield sketch
            yield await making
        finally:
            if making.cancel():
                await asyncio.wait([making])

    async def taken(self, key: str) -> list[int] | None:
        """See ``Interpreter``."""
        return await self._steps.journal.takes(self._in_space(key))

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """See ``Interpreter``."""
        await self._steps.journal.keep_takes(self._in_space(key), takes)

    async def chosen(self, offered: Sequence[Take[Any]], *, name: str) -> str | None:
        """See ``Interpreter``; a choice made on other takes is dropped, and asked again."""
        shown = digest_of([[take.id, take.result] for take in offered])
        override = self._scene.overrides.get(name)
        ids = [take.id for take in offered]
        if override is not None and override.kind == "choice":
            if not override.made_on or override.made_on == shown:
                if override.choice not in ids:
                    raise InvalidRequestError(
                        f"{name}: there is no take {override.choice!r}",
                        hint=f"choose of {', '.join(ids)}",
                    )
                self._scene.overrides[name] = override.model_copy(update={"made_on": shown})
                self._note_choice(name, shown, override.choice)
                return override.choice
        review = self._scene.review
        if review is True or (review and name in review):
            raise Waiting(name)
        return None

    def cost_usd(self, prefix: str) -> float:
        """See ``Interpreter``; a reused step counts as it did when it was made."""
        receipts = self._run.receipts.items()
        return sum(receipt.usd for name, receipt in receipts if name.startswith(prefix))

    def went_on(self, picked: Take[Any], *, prefix: str) -> None:
        """See ``Interpreter``."""
        digest = digest_of(picked.result)
        made = (n for n, r in self._run.rows.items() if n.startswith(prefix) and r.digest == digest)
        if (name := next(made, None)) is not None:
            self._run.mark(name, chosen=True)

    def cascaded(self, request: Request[Any], cascade: Cascaded) -> None:
        """See ``Interpreter``."""
        run = self._run
        paid = {n: nano(r.usd) for n, r in run.receipts.items() if r.status == "ran"}
        if not cascade.sufficed:
            for name in (*cascade.made, *cascade.judged):
                run.mark(name, saved_nano=-paid.get(name, 0))
            return
        hero = self._hero_nano(request)
        own = {target.id for target in self._route(request, "workhorse").targets}
        for name in cascade.made:
            # What a stand-in drew was no cascade's doing, and where no hero is, none was saved.
            if hero is not None and name in paid and run.receipts[name].target in own:
                run.mark(name, saved_nano=hero - paid[name])

    def _hero_nano(self, request: Request[Any]) -> int | None:
        """What the hero would have cost by its price; None where there is none to be had."""
        try:
            route = self._route(request, "hero")
        except (InvalidRequestError, MissingCredentialError):
            return None
        usage = request.usage(request.sketch(dear=False))
        prices = [cost(target, usage) for target in route.targets]
        return min(prices[:1] if route.policy == "ordered" else prices, default=None)

    def _route(self, request: Request[Any], tier: Tier) -> Route:
        return self._run.table.route(request, tier, today=self._scene.clock.date())

    def _sketched(self, name: str, task: str, sketch: Asset) -> None:
        run = self._run
        told = Event("step-sketched", run.id, name, task, sketch=sketch)
        run.tell(replace(told, paid_usd=usd(run.paid_nano), seconds=run.seconds))

    def _in_space(self, key: str) -> str:
        return hashlib.sha256(f"{self._run.space}\n{key}".encode()).hexdigest()

    def _ask(self, request: Request[Any], name: str, take: int, tier: Tier) -> Ask:
        run = self._run
        route = self._route(request, tier)
        body = canonical_json(request)
        key = step_key(
            request, space=run.space, grade=route.grade, hero=route.hero, take=take, body=body
        )
        self._scene.names.claim(name, key)
        if run.earlier.get(name, key) != key:
            raise JournalMismatchError(
                f"run {run.id} asked for something else at step {name!r} the second time",
                hint="a recipe must ask for the same things again: ctx.rng and ctx.clock are the only "
                "randomness and time; if the recipe was changed, start a new run",
            )
        return Ask(
            key=key,
            request=request,
            body=body,
            route=route,
            space=run.space,
            tier=tier,
            run_id=run.id,
            take=take,
            caps=run.caps,
        )

    async def _overridden(self, ask: Ask, name: str, override: Override) -> Any:
        request, notes = ask.request, ()
        if override.kind == "lock":
            result = await self._locked(ask, name, override)
        else:
            made = None
            if not is_whole(request.result_type(), override):
                made = (await self._steps.obtain(ask)).result
            result = edited(request.result_type(), override, made, name=name)
        if override.made_on and override.made_on != ask.key:
            notes = (f"{name}: a person's word, made for an earlier version of this step",)
        self._scene.overrides[name] = override.model_copy(
            update={"made_on": override.made_on or ask.key}
        )
        record = StepRecord(
            key=ask.key,
            space=ask.space,
            task=type(request).__name__,
            request=ask.body,
            result=result.model_dump_json(exclude_defaults=True),
            digest=digest_of(result),
            target="person",
            usd_nano=0,
            units=0.0,
            seconds=0.0,
            created_at=time.time(),
        )
        self._finished(
            ask, name, Obtained(record, result, ran=False, notes=notes), "overridden", 0.0
        )
        return result

    async def _locked(self, ask: Ask, name: str, override: Override) -> Any:
        journal = self._steps.journal
        run = await journal.run(override.lock)
        rows = await journal.run_steps(run.id) if run else []
        row = next((r for r in rows if r.name == name), None)
        record = await journal.step(row.key) if row else None
        if record is None:
            raise InvalidRequestError(
                f"{name}: run {override.lock!r} has no result of this step to keep",
                hint="`brandmodel show RUN` lists the steps of a run",
            )
        return ask.request.result_type().model_validate_json(record.result)

    def _finished(
        self, ask: Ask, name: str, obtained: Obtained, status: StepStatus, seconds: float
    ) -> None:
        run, record = self._run, obtained.record
        if name in run.receipts:
            return
        notes = (*obtained.notes, *obtained.result.notes)
        row = self._seat(ask, name, record, status, notes)
        lost = sum(nano(attempt.usd) for attempt in obtained.attempts)
        run.rows[name] = row
        if status != "ran":
            run.unwritten[name] = row
        else:
            run.paid_nano += record.usd_nano + lost
        receipt = StepReceipt(
            name=name,
            task=record.task,
            stage=ask.request.stage,
            tier=_tier_of(ask),
            target=record.target,
            status=status,
            usd=usd(record.usd_nano + lost),
            units=record.units,
            seconds=round(seconds, 4),
            notes=notes,
            attempts=obtained.attempts,
        )
        run.receipts[name] = receipt
        run.tell(
            Event(
                "step-finished",
                run.id,
                name,
                record.task,
                receipt,
                paid_usd=usd(run.paid_nano),
                seconds=run.seconds,
            )
        )

    def _seat(
        self, ask: Ask, name: str, record: StepRecord, status: str, notes: tuple[str, ...]
    ) -> RunStep:
        run = self._run
        known = run.rows.get(name)
        return RunStep(
            run_id=run.id,
            seq=known.seq if known else len(run.rows) + 1,
            name=name,
            key=ask.key,
            task=record.task,
            stage=ask.request.stage,
            tier=_tier_of(ask) or "",
            target=record.target,
            status=status,
            usd_nano=record.usd_nano,
            units=record.units,
            seconds=record.seconds if status == "ran" else 0.0,
            digest=record.digest,
            request=ask.body,
            notes=json.dumps(notes, ensure_ascii=False),
        )

    def _note_choice(self, name: str, shown: str, take: str) -> None:
        run = self._run
        row = RunStep(
            run_id=run.id,
            seq=len(run.rows) + 1,
            name=name,
            key=shown,
            task="Review",
            stage="refine",
            tier="",
            target="person",
            status="overridden",
            usd_nano=0,
            units=0.0,
            seconds=0.0,
            digest=take,
            request=json.dumps({"choice": take}),
        )
        run.rows[name] = row
        run.unwritten[name] = row
        run.receipts[name] = StepReceipt(
            name=name,
            task="Review",
            stage="refine",
            tier=None,
            target="person",
            status="overridden",
            usd=0.0,
            units=0.0,
            seconds=0.0,
            notes=(f"{name}: a person chose take {take}",),
        )


def _tier_of(ask: Ask) -> Tier | None:
    """The tier of a step, where the table tells the tiers apart."""
    return ask.tier if ask.route.tiered else None
