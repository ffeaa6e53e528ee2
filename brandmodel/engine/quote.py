"""The quote interpreter: what a run would cost, for free.

The recipe runs twice over sketches, along its cheapest and its dearest continuation. A step that the
journal has costs nothing. After the first sketched step, what later steps will ask is not known, so
any of them could turn out to be in the journal: their least cost is then nothing, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from brandmodel.engine.asks import Obtained
from brandmodel.engine.context import elapsed_s
from brandmodel.engine.keys import canonical_json, step_key
from brandmodel.engine.overrides import edited, edits_result, is_whole
from brandmodel.engine.scene import Cascaded, Res, Scene
from brandmodel.engine.state import RunState
from brandmodel.engine.steps import Steps
from brandmodel.routing import usd
from brandmodel.routing.prices import least, most
from brandmodel.tasks import Asset, Request, Stage, Take, Target, Tier, Value


class StepQuote(Value):
    """What one step may cost.

    Attributes:
        known: the journal has it; it costs nothing.
        seconds: what it usually takes.
    """

    name: str
    task: str
    stage: Stage
    target: str
    known: bool
    low_usd: float
    high_usd: float
    low_units: float
    high_units: float
    seconds: float


class Quote(Value):
    """What a run may cost; the real cost lies within.

    Attributes:
        seconds: until it is finished: the longest chain of steps, as long as they usually take, and
            what a vendor makes wait that allows so many calls a minute and no more.
    """

    low_usd: float
    high_usd: float
    low_units: float
    high_units: float
    seconds: float
    steps: tuple[StepQuote, ...]

    def __str__(self) -> str:
        """One line."""
        money = f"${self.low_usd:.4f} to ${self.high_usd:.4f}"
        units = f"{self.low_units:,.1f} to {self.high_units:,.1f} units"
        return f"{money}, {units}, about {self.seconds:.1f} s, {len(self.steps)} steps"


class Memory:
    """What the journal said, so that it is asked once."""

    def __init__(self, steps: Steps) -> None:
        """Remember nothing yet."""
        self._steps = steps
        self._found: dict[str, Obtained | None] = {}
        self._tasks: dict[tuple[str, str], bool] = {}
        self._seconds: dict[tuple[str, str], float | None] = {}

    async def find(self, key: str, request: Request[Any]) -> Obtained | None:
        """See ``Steps``."""
        if key not in self._found:
            self._found[key] = await self._steps.find(key, request)
        return self._found[key]

    async def has_task(self, space: str, task: str) -> bool:
        """See ``Journal``."""
        asked = space, task
        if asked not in self._tasks:
            self._tasks[asked] = await self._steps.journal.has_task(space, task)
        return self._tasks[asked]

    async def typical_seconds(self, target: str, task: str) -> float | None:
        """See ``Journal``."""
        asked = target, task
        if asked not in self._seconds:
            self._seconds[asked] = await self._steps.journal.typical_seconds(target, task)
        return self._seconds[asked]


class Sketching:
    """Prices steps along one continuation.

    Attributes:
        quotes: what each step may cost, where all of that was asked for.
        least_nano: what it costs at least, in nano-USD, where only that was.
    """

    def __init__(
        self,
        run: RunState,
        scene: Scene,
        steps: Steps,
        *,
        dear: bool,
        timed: bool = True,
        memory: Memory | None = None,
    ) -> None:
        """Price nothing yet.

        Args:
            run: in whose space and table.
            scene: of the recipe.
            steps: which has the journal.
            dear: along the dearest continuation, else the cheapest.
            timed: find out all of it; else only the least that it can cost.
            memory: of the other pass.
        """
        self._run = run
        self._scene = scene
        self._steps = steps
        self._dear = dear
        self._timed = timed
        self._memory = Memory(steps) if memory is None else memory
        self._sketched = False
        self._seen: set[str] = set()
        self.table = run.table
        self.quotes: dict[str, StepQuote] = {}
        self.least_nano: dict[str, int] = {}

    @property
    def asked(self) -> dict[str, None]:
        """Every step's name that the recipe used."""
        return self._scene.asked

    async def perform(self, request: Request[Res], *, name: str, take: int, tier: Tier) -> Res:
        """See ``Interpreter``."""
        override = self._scene.overrides.get(name)
        if override is not None and override.kind == "lock":
            return request.sketch(dear=self._dear)
        if override is not None and is_whole(request.result_type(), override):
            return edited(request.result_type(), override, None, name=name)  # type: ignore[return-value]
        route = self._run.table.route(request, tier, today=self._scene.clock.date())
        key = step_key(
            request,
            space=self._run.space,
            grade=route.grade,
            hero=route.hero,
            take=take,
            body=canonical_json(request),
        )
        self._scene.names.claim(name, key)
        found = await self._memory.find(key, request)
        # Equal sketches need not mean equal requests: only the cheapest continuation may hope so.
        twin = key in self._seen and not (self._dear and self._sketched)
        known = found is not None or twin
        self._seen.add(key)
        if self._timed:
            await self._price(request, name, known, route.served_by)
        elif not self._dear:
            self.least_nano[name] = await self._least(request, known, route.served_by)
        result = found.result if found else self._sketch(request, route.served_by[0])
        self._sketched = self._sketched or found is None
        if edits_result(request, override) and override is not None:
            result = edited(request.result_type(), override, result, name=name)
        return result  # type: ignore[return-value]

    def _sketch(self, request: Request[Res], target: Target) -> Res:
        sketch = request.sketch_of_model if target.grade == "model" else request.sketch
        return sketch(dear=self._dear)

    async def _price(
        self, request: Request[Any], name: str, known: bool, targets: Sequence[Target]
    ) -> None:
        task, target = type(request).__name__, targets[0].id
        low_usage, high_usage = request.bounds()
        low = await self._least(request, known, targets)
        high, seconds = 0, 0.0
        low_units = high_units = 0.0
        if not known:
            high = max((most(t, high_usage) for t in targets), default=0)
            high_units = high_usage.units
            usual = await self._memory.typical_seconds(target, task)
            seconds = usual if usual is not None else targets[0].latency_s
            if not await self._hopeful(task):
                low_units = low_usage.units
        elapsed_s.set(elapsed_s.get() + seconds)
        self.quotes[name] = StepQuote(
            name=name,
            task=task,
            stage=request.stage,
            target=target,
            known=known,
            low_usd=usd(low),
            high_usd=usd(high),
            low_units=round(low_units, 6),
            high_units=round(high_units, 6),
            seconds=seconds,
        )

    async def _least(self, request: Request[Any], known: bool, targets: Sequence[Target]) -> int:
        """Nano-USD that a step costs at least."""
        if known or await self._hopeful(type(request).__name__):
            return 0
        usage = request.bounds()[0]
        return min((least(t, usage) for t in targets), default=0)

    async def _hopeful(self, task: str) -> bool:
        """Whether a step after the first sketched one could turn out to be in the journal."""
        return self._sketched and await self._memory.has_task(self._run.space, task)

    async def stream(
        self, request: Request[Res], *, name: str, tier: Tier
    ) -> AsyncIterator[str | Asset | Res]:
        """See ``Interpreter``."""
        yield await self.perform(request, name=name, take=0, tier=tier)

    async def taken(self, key: str) -> list[int] | None:
        """See ``Interpreter``."""
        return None

    async def keep_takes(self, key: str, takes: Sequence[int]) -> None:
        """See ``Interpreter``."""

    def cost_usd(self, prefix: str) -> float:
        """See ``Interpreter``: nothing, so that the quote holds for every round that may come."""
        return 0.0

    async def chosen(self, offered: Sequence[Take[Any]], *, name: str) -> str | None:
        """See ``Interpreter``."""
        override = self._scene.overrides.get(name)
        return override.choice if override is not None and override.kind == "choice" else None

    def went_on(self, picked: Take[Any], *, prefix: str) -> None:
        """See ``Interpreter``."""

    def cascaded(self, request: Request[Any], cascade: Cascaded) -> None:
        """See ``Interpreter``."""


def combined(cheap: Sketching, dear: Sketching, *, seconds: float) -> Quote:
    """One quote of both continuations."""
    names = list(dict.fromkeys([*dear.quotes, *cheap.quotes]))
    steps: list[StepQuote] = []
    for name in names:
        low, high = cheap.quotes.get(name), dear.quotes.get(name)
        some = high or low
        assert some is not None
        steps.append(
            some.model_copy(
                update={
                    "low_usd": low.low_usd if low else 0.0,
                    "low_units": low.low_units if low else 0.0,
                    "high_usd": max(q.high_usd for q in (low, high) if q),
                    "high_units": max(q.high_units for q in (low, high) if q),
                }
            )
        )
    return Quote(
        low_usd=round(sum(s.low_usd for s in steps), 9),
        high_usd=round(sum(s.high_usd for s in steps), 9),
        low_units=round(sum(s.low_units for s in steps), 6),
        high_units=round(sum(s.high_units for s in steps), 6),
        seconds=round(seconds + _queued_s(steps, dear.table.targets), 2),
        steps=tuple(steps),
    )


def _queued_s(steps: Sequence[StepQuote], targets: Mapping[str, Target]) -> float:
    """How long the vendor with the longest queue makes wait: a minute's calls may go at once."""
    calls = Counter(step.target for step in steps if not step.known)
    rates = {id_: targets[id_].requests_per_minute for id_ in calls if id_ in targets}
    return max((max(0.0, 60 * (calls[id_] / r - 1)) for id_, r in rates.items() if r), default=0.0)
