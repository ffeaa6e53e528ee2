"""The engine: opens journal, store, tables and brand, and executes or quotes recipes."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from brandmodel.assets.store import FolderStore
from brandmodel.brand import Brand
from brandmodel.engine import overrides as words
from brandmodel.engine.context import RecipeContext, elapsed_s
from brandmodel.engine.execution import Execution, called
from brandmodel.engine.explain import Explanation, explained
from brandmodel.engine.holders import is_gone, own_holder
from brandmodel.engine.hooks import Hooks
from brandmodel.engine.kit import kit_of
from brandmodel.engine.orders import Order, Plan, may_refuse, nano_or_none, planned, refuse_too_dear
from brandmodel.engine.plugins import load_plugins
from brandmodel.engine.promotion import draft_of, refuse_unpromotable
from brandmodel.engine.providers import Providers
from brandmodel.engine.quote import Memory, Quote, Sketching, combined
from brandmodel.engine.scene import Scene
from brandmodel.engine.spend import Outcome, caps_of, resolve
from brandmodel.engine.state import RunState
from brandmodel.engine.steps import Steps
from brandmodel.engine.text import TextPath
from brandmodel.errors import (
    InvalidRequestError,
    UnknownRunError,
)
from brandmodel.journal import Attempt, RunRecord, open_journal
from brandmodel.routing import LEFT_OUT, ModelTable, Tables, usd
from brandmodel.tasks import Asset, Brief, Kit, Waiting


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
        health, looks = self.steps.health, self.steps.looks
        self.text = TextPath(tables, self.journal, self.store, self.providers.of, health, looks)
        self.hooks = Hooks(tables, self.providers.of, looks)
        self.space = "project"
        self._quoting = asyncio.Lock()
        load_plugins(brand.folder)

    async def start(self, order: Order, *, resume: str | None = None) -> Execution:
        """Begin a run, or go on with one; what can be refused is refused here.

        Raises:
            RequestError: the order cannot be served.
            ConfigError: model, table or brand is wrong.
            BudgetExceededError: the budget is below the least that the run can cost.
        """
        plan = self._planned(order)
        kit = await asyncio.to_thread(self._kit, sign=True)
        told = order.overrides or order.budget_usd is not None or may_refuse(order.brief)
        if told or plan.table.payees or plan.table.away:
            (cheap, dear), _ = await self._sketched(plan, kit, timed=False)
            words.refuse_unknown_steps(order.overrides, {**cheap.asked, **dear.asked}, planned=True)
            refuse_too_dear(plan, sum(cheap.least_nano.values()))
        record, state = await self._begin(plan, resume)
        scene = self._scene(plan, kit, record)
        return Execution(plan, state, scene, record, self.steps, self.store)

    async def quote(self, order: Order) -> Quote:
        """What an order may cost; starts nothing and writes nothing."""
        plan = self._planned(order)
        kit = await asyncio.to_thread(self._kit, sign=False)
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
        order = self._order_of(record)
        order = replace(
            order,
            tier="hero" if record.tier == "hero" else "workhorse",
            budget_usd=None if record.budget_nano is None else usd(record.budget_nano),
            overrides={**order.overrides, **overrides},
            cascades=record.cascades,
        )
        if record.draft:
            draft = await draft_of(self.journal, await self.run_of(record.draft))
            order = replace(order, draft=draft)
        return order, record

    async def promotion_order(
        self, run_id: str, *, budget_usd: float | None = None, media_type: str | None = None
    ) -> Order:
        """The order of a draft's final: its brief at hero tier, with what was said and chosen.

        Args:
            run_id: of the draft.
            budget_usd: cap of the final; the table's when None.
            media_type: of the final's main output; the draft's own when None.

        Raises:
            UnknownRunError: the journal has no such run.
            InvalidRequestError: it is no finished draft.
        """
        record = await self.run_of(run_id)
        refuse_unpromotable(record)
        order = self._order_of(record)
        draft = await draft_of(self.journal, record)
        brief = order.brief
        if media_type is not None:
            brief = brief.model_copy(update={"media_type": media_type})
        return replace(order, brief=brief, tier="hero", budget_usd=budget_usd, draft=draft)

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
        """A run against an earlier one; by default its draft, else the newest earlier of its recipe.

        Raises:
            UnknownRunError: the journal has no such run.
        """
        run = await self.run_of(run_id)
        against = against or run.draft or None
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
        async with contextlib.AsyncExitStack() as stack:
            # Last in, first out; each also where an earlier one fails.
            stack.push_async_callback(self.journal.aclose)
            stack.push_async_callback(self.providers.aclose)
            stack.push_async_callback(self.text.aclose)

    def within_reach(self, table: ModelTable, without: Collection[str] = ()) -> ModelTable:
        """The table, and why each target that cannot be called is away.

        Args:
            table: of a published model.
            without: vendors that are not wanted.
        """
        away = {
            id_: LEFT_OUT if id_.partition("/")[0] in without else self.providers.lacking(target)
            for id_, target in table.usable().items()
        }
        return replace(table, away={id_: why for id_, why in away.items() if why})

    def _planned(self, order: Order) -> Plan:
        plan = planned(order, self.tables)
        if unknown := sorted(order.without - self.tables.vendors.keys()):
            raise InvalidRequestError(
                f"no vendor {unknown[0]!r}", hint="`brandmodel doctor` lists the vendors"
            )
        return replace(plan, table=self.within_reach(plan.table, order.without))

    def _kit(self, *, sign: bool) -> Kit:
        if sign and not self.providers.identity_known():
            self.providers.make_identity()
        return kit_of(self.brand, self.store, self.identity)

    def _scene(self, plan: Plan, kit: Kit, record: RunRecord | None) -> Scene:
        draft = plan.order.draft
        given = record or draft
        as_of = datetime.fromtimestamp(given.as_of, UTC) if given else datetime.now(UTC)
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
            draft=draft,
            tiered=plan.table.tiered,
            cascades=plan.table.cascades if plan.cascades else {},
        )

    @staticmethod
    def _order_of(record: RunRecord) -> Order:
        """What a run was begun with, but for its tier and what it may spend."""
        return Order(
            brief=Brief.model_validate_json(record.brief),
            recipe=record.recipe,
            model=record.model,
            overrides=words.OVERRIDES.validate_json(record.overrides),
            key=record.api_key,
            without=frozenset(filter(None, record.without.split(","))),
        )

    async def _begin(self, plan: Plan, resume: str | None) -> tuple[RunRecord, RunState]:
        now = datetime.now(UTC).timestamp()
        draft = plan.order.draft
        earlier: dict[str, str] = {}
        if resume is not None:
            record = (await self.run_of(resume))._replace(status="running", message="")
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
                as_of=draft.as_of if draft else now,
                status="running",
                started_at=now,
                budget_nano=nano_or_none(plan.order.budget_usd),
                holder=own_holder(),
                api_key=plan.order.key,
                without=",".join(sorted(plan.order.without)),
                draft=draft.run_id if draft else "",
                cascades=plan.cascades,
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

    async def _quoted(self, plan: Plan, kit: Kit) -> tuple[Quote, dict[str, None]]:
        (cheap, dear), longest = await self._sketched(plan, kit, timed=True)
        return combined(cheap, dear, seconds=longest), {**cheap.asked, **dear.asked}

    async def _sketched(
        self, plan: Plan, kit: Kit, *, timed: bool
    ) -> tuple[tuple[Sketching, Sketching], float]:
        """The cheapest and the dearest continuation, and the seconds of the longer one."""
        passes: list[Sketching] = []
        memory, longest = Memory(self.steps), 0.0
        # One quote after the other: of many that begin at once, most are then ready sooner.
        async with self._quoting:
            for dear in (False, True):
                scene = self._scene(plan, kit, None)
                state = RunState(id="quote", space=self.space, table=plan.table, tier=plan.tier)
                sketching = Sketching(
                    state, scene, self.steps, dear=dear, timed=timed, memory=memory
                )
                elapsed_s.set(0.0)
                with contextlib.suppress(Waiting):
                    await called(plan.recipe, RecipeContext(scene, sketching), plan.order.brief)
                longest = max(longest, elapsed_s.get())
                passes.append(sketching)
        return (passes[0], passes[1]), longest


def _as_it_stands(record: RunRecord) -> RunRecord:
    """A run as it is, not as a process that was killed left it."""
    if record.status == "running" and is_gone(record.holder):
        return record._replace(status="stopped", message="its process ended; run it again to go on")
    return record
