"""A run, executed: the recipe is called, what it made is let out, and how it ended is written down."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from brandmodel import telemetry
from brandmodel.assets.store import FolderStore
from brandmodel.engine import overrides as words
from brandmodel.engine.context import RecipeContext
from brandmodel.engine.live import Live
from brandmodel.engine.orders import Plan
from brandmodel.engine.receipt import Event, Output, Receipt, RunStatus
from brandmodel.engine.scene import Scene
from brandmodel.engine.state import RunState
from brandmodel.engine.steps import Steps
from brandmodel.errors import (
    BrandModelError,
    BudgetExceededError,
    InvalidRequestError,
    OutcomeUnknownError,
    RecipeError,
    RunCancelled,
)
from brandmodel.journal import RunRecord
from brandmodel.recipes import Made, Recipe, media_name
from brandmodel.routing import usd
from brandmodel.tasks import Asset, Brief, Text, Waiting


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

    plan: Plan
    state: RunState
    scene: Scene
    record: RunRecord
    steps: Steps
    store: FolderStore
    task: asyncio.Task[Ended] = field(init=False)

    def __post_init__(self) -> None:
        self.task = asyncio.create_task(self._execute())

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

    async def _execute(self) -> Ended:
        plan, state, scene = self.plan, self.state, self.scene
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
                made = await called(plan.recipe, RecipeContext(scene, live), plan.order.brief)
                words.refuse_unknown_steps(scene.overrides, scene.asked, planned=False)
                outputs = await self._outputs(made)
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
                await asyncio.shield(self._end(status, outputs, message))
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

    async def _end(self, status: str, outputs: tuple[Output, ...], message: str) -> None:
        ended = self.record._replace(
            status=status,
            finished_at=datetime.now(UTC).timestamp(),
            seconds=self.state.seconds,
            outputs=json.dumps([output.model_dump(mode="json") for output in outputs]),
            overrides=words.OVERRIDES.dump_json(self.scene.overrides).decode(),
            message=message,
        )
        await self.steps.journal.end_run(ended, tuple(self.state.unwritten.values()))

    async def _let_out(self, asset: Asset) -> None:
        from brandmodel.assets import egress

        egress.check(await self.store.read(asset), asset.media_type, signer=self.scene.kit.signer)

    async def _outputs(self, made: Made) -> tuple[Output, ...]:
        outputs: list[Output] = []
        for name, value in made.items():
            if isinstance(value, str):
                kind = self.plan.order.brief.media_type or self.plan.recipe.makes[0]
                value = Text(text=value, media_type=kind)
            links: dict[str, Path] = {}
            if isinstance(value, Text):
                asset = await self.store.put(value.text.encode(), name=name)
                asset = asset.model_copy(update={"media_type": value.media_type})
                for link in value.links:
                    await self._let_out(link)
                    links[media_name(link)] = self.store.path(link)
            else:
                asset = value
                await self._let_out(asset)
            outputs.append(Output(name=name, asset=asset, path=self.store.path(asset), links=links))
        return tuple(outputs)


async def called(recipe: Recipe, ctx: RecipeContext, brief: Brief) -> Made:
    """Call a recipe; what goes wrong in its own code is said with its place, not as a traceback.

    Raises:
        BrandModelError: the recipe's own, as it is.
        RecipeError: anything else that it raised.
    """
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
