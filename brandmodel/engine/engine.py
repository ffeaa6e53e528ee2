"""The engine: opens journal, store, tables and brand, and executes or quotes recipes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from brandmodel import telemetry
from brandmodel.assets.store import FolderStore
from brandmodel.brand import Brand
from brandmodel.engine import overrides as words
from brandmodel.engine.context import RecipeContext, Scene, elapsed_s
from brandmodel.engine.explain import Explanation, explained
from brandmodel.engine.holders import is_gone, own_holder
from brandmodel.engine.kit import kit_of
from brandmodel.engine.laws import check_recipe
from brandmodel.engine.live import Live, RunState
from brandmodel.engine.plugins import load_plugins
from brandmodel.engine.providers import Providers
from brandmodel.engine.quote import Quote, Sketching, combined
from brandmodel.engine.receipt import Event, Output, Receipt, RunStatus
from brandmodel.engine.spend import Outcome, caps_of, resolve, run_limit
from brandmodel.engine.steps import Steps
from brandmodel.errors import (
    BrandModelError,
    BudgetExceededError,
    InvalidRequestError,
    OutcomeUnknownError,
    RecipeError,
    RunCancelled,
    UnknownRunError,
)
from brandmodel.journal import Attempt, RunRecord, open_journal
from brandmodel.recipes import Made, Recipe, find, media_name, pick, refuse_unmade_media
from brandmodel.routing import ModelTable, Tables, nano, usd
from brandmodel.tasks import Asset, Brief, Kit, Text, Tier, Waiting

LONGEST_PROMPT = 200_000


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants: a brief and how to serve it.

    Attributes:
        recipe: by name; None picks one from the brief.
        tier: None takes the table's default.
        budget_usd: cap of this run; None takes the table's.
        review: whether reviews wait for a person; True for all, or their names.
        key: id of the caller's API key, under whose cap it runs; '' for none.
        without: vendors that must not be used.
    """

    brief: Brief
    recipe: str | None = None
    model: str | None = None
    tier: Tier | None = None
    budget_usd: float | None = None
    overrides: words.Overrides = field(default_factory=dict[str, words.Override])
    review: bool | frozenset[str] = False
    key: str = ""
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        waiting: names of the reviews that wait for a person.
    """

    run_id: str
    model: str
    recipe: str
    status: RunStatus
    outputs: tuple[Output, ...]
    receipt: Receipt
    waiting: tuple[str, ...] = ()


@dataclass(slots=True)
class Execution:
    """A run that was begun: its task, and what it tells."""

    state: RunState
    recipe: str
    task: asyncio.Task[Ended]

    async def events(self) -> AsyncIterator[Event]:
        """Every event of the run, those that were told already first, until the run ends."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        for event in self.state.told:
            queue.put_nowait(event)
        self.state.listeners.append(queue)
        try:
            while not (self.task.done() and queue.empty()):
                event = await queue.get()
                yield event
                if event.kind == "run-finished":
                    return
        finally:
            self.state.listeners.remove(queue)


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order, resolved against tables and recipes."""

    order: Order
    recipe: Recipe
    table: ModelTable
    tier: Tier


class Engine:
    """One per process and project; everything is opened when it is first needed."""

    def __init__(self, *, home: Path, brand: Brand, tables: Tables, memory: bool = False) -> None:
        """Open nothing yet.

        Args:
            home: folder of journal, assets and identity.
            brand: the kit.
            tables: the routing tables.
            memory: keep the journal in memory: lean, but nothing is remembered.
        """
        self.home = home
        self.brand = brand
        self.tables = tables
        self.journal = open_journal(None if memory else home)
        self.store = FolderStore(home / "assets")
        self.identity = home / "identity"
        self.providers = Providers(
            identity_folder=self.identity,
            brand_name=brand.name,
            credentials=lambda: tables.credentials,
        )
        self.steps = Steps(self.journal, self.store, self.providers.of)
        self.space = "project"
        load_plugins(brand.folder)

    async def start(self, order: Order, *, resume: str | None = None) -> Execution:
        """Begin a run, or go on with one; what can be refused is refused here.

        Raises:
            RequestError: the order cannot be served.
            ConfigError: model, table or brand is wrong.
            BudgetExceededError: the budget is below the least that the run can cost.
        """
        plan = self._plan(order)
        kit = await asyncio.to_thread(self._kit, sign=True)
        plan = await self._narrowed(plan, kit)
        told = order.overrides or order.budget_usd is not None or _may_refuse(order.brief)
        if told or plan.table.paid:
            quote, asked = await self._quoted(plan, kit)
            words.refuse_unknown_steps(order.overrides, asked, planned=True)
            _refuse_too_dear(plan, quote)
        record, state = await self._begin(plan, resume)
        scene = self._scene(plan, kit, record)
        task = asyncio.create_task(self._execute(plan, state, scene, record))
        return Execution(state=state, recipe=plan.recipe.name, task=task)

    async def quote(self, order: Order) -> Quote:
        """What an order may cost; starts nothing and writes nothing."""
        kit = await asyncio.to_thread(self._kit, sign=False)
        plan = await self._narrowed(self._plan(order), kit)
        quote, asked = await self._quoted(plan, kit)
        words.refuse_unknown_steps(order.overrides, asked, planned=True)
        return quote

    async def resume_order(
        self, run_id: str, overrides: words.Overrides
    ) -> tuple[Order, RunRecord]:
        """The order of an earlier run, with a person's words added.

        Raises:
            UnknownRunError: the journal has no such run.
        """
        record = await self.run_of(run_id)
        kept = words.OVERRIDES.validate_json(record.overrides)
        order = Order(
            brief=Brief.model_validate_json(record.brief),
            recipe=record.recipe,
            model=record.model,
            tier="hero" if record.tier == "hero" else "workhorse",
            budget_usd=None if record.budget_nano is None else usd(record.budget_nano),
            overrides={**kept, **overrides},
            key=record.api_key,
            without=frozenset(filter(None, record.without.split(","))),
        )
        return order, record

    async def run_of(self, run_id: str) -> RunRecord:
        """A run by id, or an unambiguous beginning of it.

        Raises:
            UnknownRunError: there is none.
        """
        record = await self.journal.run(run_id)
        if record is None:
            raise UnknownRunError(f"no run {run_id!r}", hint="`brandmodel runs` lists them")
        return _as_it_stands(record)

    async def runs(self, *, limit: int = 50, recipe: str | None = None) -> list[RunRecord]:
        """Runs, newest first; one whose process has died is told as stopped."""
        return [_as_it_stands(r) for r in await self.journal.runs(limit=limit, recipe=recipe)]

    async def explain(self, run_id: str, against: str | None = None) -> Explanation:
        """A run against an earlier one; by default the newest earlier run of its recipe.

        Raises:
            UnknownRunError: the journal has no such run.
        """
        run = await self.run_of(run_id)
        if against is not None:
            other: RunRecord | None = await self.run_of(against)
        else:
            others = await self.journal.runs(limit=1000, recipe=run.recipe)
            other = next(
                (r for r in others if r.started_at < run.started_at and r.id != run.id), None
            )
        before = await self.journal.run_steps(other.id) if other else []
        return explained(run, await self.journal.run_steps(run.id), other, before)

    async def resolve(
        self, attempt: str, outcome: Outcome, *, charged_usd: float | None = None
    ) -> Attempt:
        """Close an attempt whose outcome nobody knows, by a person's word: see ``spend.resolve``.

        Raises:
            InvalidRequestError: there is no such attempt, it is closed already, or runs right now.
        """
        return await resolve(self.journal, attempt, outcome, charged_usd=charged_usd)

    async def put_picture(self, data: bytes, *, name: str) -> Asset:
        """A picture from outside, checked and normalised, as an asset.

        Raises:
            InvalidRequestError: it is not a picture, is damaged or too large.
        """
        from brandmodel.assets.probe import normalised

        return await self.store.put(await asyncio.to_thread(normalised, data, name=name), name=name)

    async def put_sound(self, data: bytes, *, name: str) -> Asset:
        """Sound from outside, checked, as stereo WAV at 48 kHz.

        Raises:
            InvalidRequestError: it is not sound, is damaged, silent or too long.
            MissingExtraError: it is compressed, and there is no ffmpeg to decode it.
        """
        from brandmodel.local.sound.intake import normalised

        return await self.store.put(await asyncio.to_thread(normalised, data, name=name), name=name)

    async def aclose(self) -> None:
        """Close processes, files and threads."""
        await self.providers.aclose()
        await self.journal.aclose()

    def _plan(self, order: Order) -> _Plan:
        _check_brief(order.brief)
        if order.budget_usd is not None and not 0 <= order.budget_usd < 1e9:
            raise InvalidRequestError(
                f"a budget of {order.budget_usd} is not an amount",
                hint="give dollars, as in --budget 0.50",
            )
        table = self.tables.model(order.model)
        if order.recipe is None:
            refuse_unmade_media(order.brief.prompt)
        recipe = find(order.recipe) if order.recipe else pick(order.brief)
        if order.brief.media_type not in (None, *recipe.makes):
            raise InvalidRequestError(
                f"recipe {recipe.name!r} does not make {order.brief.media_type}",
                hint=f"it makes {', '.join(recipe.makes)}",
            )
        check_recipe(recipe.function)
        tier = order.tier or table.model.model.default_tier
        return _Plan(order, recipe, table, tier)

    async def _narrowed(self, plan: _Plan, kit: Kit) -> _Plan:
        """The plan without the vendors that its order leaves out.

        Raises:
            InvalidRequestError: there is no such vendor, or a task of the run is left without any.
        """
        vendors = plan.order.without
        if unknown := sorted(vendors - self.tables.vendors.keys()):
            raise InvalidRequestError(
                f"no vendor {unknown[0]!r}", hint="`brandmodel doctor` lists the vendors"
            )
        lost = plan.table.lost(vendors, plan.tier) if vendors else frozenset[str]()
        if lost:
            quote, _ = await self._quoted(plan, kit)
            lost &= {step.task for step in quote.steps}
        if lost:
            raise InvalidRequestError(
                f"nothing is left to serve {', '.join(sorted(lost))}",
                hint="leave out fewer vendors, or add targets to the table; nothing was started",
            )
        return replace(plan, table=plan.table.without(vendors)) if vendors else plan

    def _kit(self, *, sign: bool) -> Kit:
        if sign and not self.providers.identity_known():
            self.providers.make_identity()
        return kit_of(self.brand, self.store, self.identity)

    def _scene(self, plan: _Plan, kit: Kit, record: RunRecord | None) -> Scene:
        as_of = datetime.fromtimestamp(record.as_of, UTC) if record else datetime.now(UTC)
        return Scene(
            kit=kit,
            tier=plan.tier,
            clock=as_of,
            seed=plan.order.brief.seed,
            options=plan.table.options(plan.recipe.name, plan.tier),
            wished=plan.order.brief.options,
            overrides=dict(plan.order.overrides),
            review=plan.order.review,
            table_file=plan.table.file,
        )

    async def _begin(self, plan: _Plan, resume: str | None) -> tuple[RunRecord, RunState]:
        now = datetime.now(UTC).timestamp()
        earlier: dict[str, str] = {}
        if resume is not None:
            record = replace(await self.run_of(resume), status="running", message="")
            if record.overrides == words.OVERRIDES.dump_json(plan.order.overrides).decode():
                earlier = {row.name: row.key for row in await self.journal.run_steps(record.id)}
        else:
            record = RunRecord(
                id=secrets.token_hex(5),
                space=self.space,
                model=plan.table.name,
                recipe=plan.recipe.name,
                tier=plan.tier,
                brief=plan.order.brief.model_dump_json(),
                seed=plan.order.brief.seed,
                as_of=now,
                status="running",
                started_at=now,
                budget_nano=_nano_or_none(plan.order.budget_usd),
                holder=own_holder(),
                api_key=plan.order.key,
                without=",".join(sorted(plan.order.without)),
            )
            await self.journal.begin_run(record)
        state = RunState(
            id=record.id,
            space=self.space,
            table=plan.table,
            tier=plan.tier,
            caps=caps_of(plan.table, record, now=datetime.now(UTC)),
            earlier=earlier,
        )
        return record, state

    async def _quoted(self, plan: _Plan, kit: Kit) -> tuple[Quote, dict[str, None]]:
        asked: dict[str, None] = {}
        passes: list[Sketching] = []
        longest = 0.0
        for dear in (False, True):
            scene = self._scene(plan, kit, None)
            state = RunState(id="quote", space=self.space, table=plan.table, tier=plan.tier)
            sketching = Sketching(state, scene, self.steps, dear=dear)
            elapsed_s.set(0.0)
            with contextlib.suppress(Waiting):
                await _called(plan.recipe, RecipeContext(scene, sketching), plan.order.brief)
            longest = max(longest, elapsed_s.get())
            asked |= scene.asked
            passes.append(sketching)
        return combined(*passes, seconds=longest), asked

    async def _execute(
        self, plan: _Plan, state: RunState, scene: Scene, record: RunRecord
    ) -> Ended:
        live = Live(state, scene, self.steps)
        status: RunStatus = "failed"
        message = ""
        waiting: tuple[str, ...] = ()
        outputs: tuple[Output, ...] = ()
        attributes = {
            telemetry.RUN_ID: state.id,
            telemetry.MODEL_NAME: plan.table.name,
            telemetry.AGENT_NAME: plan.table.name,
            telemetry.RECIPE: plan.recipe.name,
            telemetry.OPERATION: "invoke_workflow",
            telemetry.KIND: "AGENT",
        }
        try:
            with telemetry.span(
                telemetry.RUN_SPAN.format(model=plan.table.name), attributes
            ) as span:
                made = await _called(plan.recipe, RecipeContext(scene, live), plan.order.brief)
                words.refuse_unknown_steps(scene.overrides, scene.asked, planned=False)
                outputs = await self._outputs(made, plan, scene.kit)
                status = "done"
                span.set_attribute(telemetry.STATUS, status)
        except Waiting as asked:
            status, waiting = "waiting", asked.names
        except asyncio.CancelledError:
            status, message = "stopped", "stopped by the caller"
            raise RunCancelled(
                f"run {state.id} was stopped; {len(state.receipts)} finished steps are kept",
                hint="run the same again to go on",
            ) from None
        except (BudgetExceededError, OutcomeUnknownError) as error:
            status, message = "stopped", error.message
            raise
        except BrandModelError as error:
            message = error.message
            raise
        finally:
            try:
                await asyncio.shield(self._end(record, state, scene, status, outputs, message))
            finally:
                paid = usd(state.paid_nano)
                state.tell(
                    Event(
                        "run-finished",
                        state.id,
                        paid_usd=paid,
                        seconds=state.seconds,
                        status=status,
                    )
                )
        return Ended(
            run_id=state.id,
            model=plan.table.name,
            recipe=plan.recipe.name,
            status=status,
            outputs=outputs,
            receipt=state.receipt(),
            waiting=waiting,
        )

    async def _end(
        self,
        record: RunRecord,
        state: RunState,
        scene: Scene,
        status: str,
        outputs: tuple[Output, ...],
        message: str,
    ) -> None:
        ended = replace(
            record,
            status=status,
            finished_at=datetime.now(UTC).timestamp(),
            seconds=state.seconds,
            outputs=json.dumps([output.model_dump(mode="json") for output in outputs]),
            overrides=words.OVERRIDES.dump_json(scene.overrides).decode(),
            message=message,
        )
        await self.journal.end_run(ended, state.unwritten)

    async def _let_out(self, asset: Asset, kit: Kit) -> None:
        from brandmodel.assets import egress

        egress.check(await self.store.read(asset), asset.media_type, signer=kit.signer)

    async def _outputs(self, made: Made, plan: _Plan, kit: Kit) -> tuple[Output, ...]:
        outputs: list[Output] = []
        for name, value in made.items():
            if isinstance(value, str):
                kind = plan.order.brief.media_type or plan.recipe.makes[0]
                value = Text(text=value, media_type=kind)
            links: dict[str, Path] = {}
            if isinstance(value, Text):
                asset = await self.store.put(value.text.encode(), name=name)
                asset = asset.model_copy(update={"media_type": value.media_type})
                for link in value.links:
                    await self._let_out(link, kit)
                    links[media_name(link)] = self.store.path(link)
            else:
                asset = value
                await self._let_out(asset, kit)
            outputs.append(Output(name=name, asset=asset, path=self.store.path(asset), links=links))
        return tuple(outputs)


def _as_it_stands(record: RunRecord) -> RunRecord:
    """A run as it is, not as a process that was killed left it."""
    if record.status == "running" and is_gone(record.holder):
        return replace(record, status="stopped", message="its process ended; run it again to go on")
    return record


def _refuse_too_dear(plan: _Plan, quote: Quote) -> None:
    budget = _nano_or_none(plan.order.budget_usd)
    limit = run_limit(plan.table, budget)
    if nano(quote.low_usd) <= limit:
        return
    what, raised = "the budget is", "raise the budget"
    if budget is None:
        what, raised = "the cap of a run is", "give it a budget, or raise run_usd of the model"
    raise BudgetExceededError(
        f"the run costs at least ${quote.low_usd:.4f}, {what} ${usd(limit):.4f}",
        hint=f"{raised}; nothing was started",
    )


def _may_refuse(brief: Brief) -> bool:
    """Whether the recipe may refuse what came with the brief, which is to be said before it begins."""
    return bool(brief.options or brief.script or brief.pictures)


def _nano_or_none(amount: float | None) -> int | None:
    return None if amount is None else nano(amount)


async def _called(recipe: Recipe, ctx: RecipeContext, brief: Brief) -> Made:
    """Call a recipe; what goes wrong in its own code is said with its place, not as a traceback."""
    try:
        return await recipe.function(ctx, brief)
    except BrandModelError:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field_ = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"{error.title}.{field_}: {first['msg']}") from error
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise RecipeError(
            f"recipe {recipe.name!r} failed at {frame.filename}:{frame.lineno}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _check_brief(brief: Brief) -> None:
    if not brief.prompt.strip():
        raise InvalidRequestError("the prompt is empty", hint="say what you want to see or know")
    if len(brief.prompt) > LONGEST_PROMPT:
        raise InvalidRequestError(
            f"the prompt has {len(brief.prompt):,} characters", hint=f"at most {LONGEST_PROMPT:,}"
        )
    if not 0 <= brief.seed < 2**63:
        raise InvalidRequestError(f"seed {brief.seed} is out of range", hint="use 0 to 2^63 - 1")
    for name, side in (("width", brief.width), ("height", brief.height)):
        if side is not None and not 64 <= side <= 8192:
            raise InvalidRequestError(
                f"{name} of {side} pixels is out of range",
                hint="each side is from 64 to 8192 pixels",
            )
    if (brief.width or 1) * (brief.height or 1) > 34_000_000:
        raise InvalidRequestError(
            f"{brief.width}x{brief.height} is too large",
            hint="at most 34 megapixels, as in 5760x5760",
        )
