"""``BrandModel`` and ``AsyncBrandModel``: the facade and nothing else."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import importlib
import os
import threading
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from brandmodel.brand import Brand
from brandmodel.result import Result
from brandmodel.wishes import PathLike, Wishes, brief_of, brought, refuse_unusable

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from brandmodel.engine.engine import Engine
    from brandmodel.engine.execution import Execution
    from brandmodel.engine.orders import Order
    from brandmodel.engine.quote import Quote
    from brandmodel.engine.receipt import Answer, Event
    from brandmodel.tasks import Request, Tier, Voice
    from brandmodel.tasks._base import R

T = TypeVar("T")


class AsyncRun:
    """A run that was started.

    Attributes:
        id: finds it again in the journal.
    """

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.id = execution.state.id

    def events(self) -> AsyncIterator[Event]:
        """Events from now on, until the run ends."""
        return self._execution.events()

    async def wait(self) -> Result:
        """The result, when there is one. Whoever is cancelled here stops the run.

        Raises:
            BrandModelError: the run failed, or was stopped.
        """
        try:
            return Result.of(await asyncio.shield(self._execution.task))
        except asyncio.CancelledError:
            await self.cancel()
            raise

    async def cancel(self) -> None:
        """Stop the run and return when it has ended; finished steps are kept."""
        # A task that is cancelled before it began could not write down that it was stopped.
        await asyncio.sleep(0)
        task = self._execution.task
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Seen: whoever waits for the run is told, nobody else needs to be.


class AsyncBrandModel:
    """One model under the brand's own name, for ``async`` code.

    Attributes:
        brand: the kit in use.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        brand: Brand | PathLike | None = None,
        home: PathLike | None = None,
        routers: PathLike | None = None,
        memory: bool = False,
    ) -> None:
        """Open nothing yet; the first call does.

        Args:
            model: published model; the default one of the tables when None.
            brand: a kit, or the folder of a brand project; the neutral default when None.
            home: folder of the journal and the assets. By default ``BRANDMODEL_HOME``, then
                ``.brandmodel`` in the brand project, then ``.brandmodel`` in the current folder.
            routers: folder of routing tables that goes before all others.
            memory: keep the journal in memory: lean, but nothing is remembered afterwards.

        Raises:
            BrandError: the kit is wrong; names file and key.
        """
        self.brand = (
            brand if isinstance(brand, Brand) else Brand.load(Path(brand)) if brand else Brand()
        )
        self._model = model
        self._home = home
        self._routers = routers
        self._memory = memory
        self._engine: Engine | None = None
        self._going: set[AsyncRun] = set()

    async def run(self, prompt: str, **wishes: Unpack[Wishes]) -> Result:
        """Make it, from a brief to the finished thing.

        Args:
            prompt: the brief, in your own words.
            **wishes: see ``Wishes``.

        Raises:
            RequestError: it cannot be done as asked.
            ConfigError: model, table or brand is wrong.
            RunError: it was stopped, or would have passed the budget.
        """
        return await (await self.start(prompt, **wishes)).wait()

    async def start(self, prompt: str, **wishes: Unpack[Wishes]) -> AsyncRun:
        """Begin a run and return at once; arguments and errors as of ``run``."""
        return await self.begin(await self._order(prompt, wishes))

    async def quote(self, prompt: str, **wishes: Unpack[Wishes]) -> Quote:
        """What a run would cost, for free; arguments as of ``run``."""
        return await self.engine.quote(await self._order(prompt, wishes))

    async def call(self, request: Request[R], *, tier: Tier | None = None) -> Answer[R]:
        """One call of a language model, without a run around it: nothing is kept, nothing reused.

        Args:
            request: ``Chat``, ``Embed`` or ``Moderate``.
            tier: None takes the model's default.

        Raises:
            RequestError: it cannot be done as asked.
            RoutingError: every target failed.
            BudgetExceededError: a cap would be passed.
        """
        return await self.engine.text.call(request, model=self._model, tier=tier)

    def stream(
        self, request: Request[R], *, tier: Tier | None = None
    ) -> AsyncGenerator[str | Answer[R]]:
        """Pieces of an answer's text as they come, and the whole answer last; see ``call``.

        Whoever wants no more of it closes it (``aclose``, or ``contextlib.aclosing`` around the loop):
        the call ends then, and is charged at its high price.

        Raises:
            StreamBrokenError: it broke off after its first piece; what had come is in its ``text``.
        """
        return self.engine.text.stream(request, model=self._model, tier=tier)

    async def voices(self, target: str) -> Sequence[Voice]:
        """The voices of a target, with what ``Speak`` and ``--option voice=...`` ask for them by.

        Args:
            target: by id, such as ``elevenlabs/eleven-v4``.

        Raises:
            InvalidRequestError: there is no such target, or it does not speak.
            ProviderError: its list cannot be had now.
        """
        from brandmodel.engine.voices import voices_of

        return await voices_of(target, self.engine.tables, self.engine.providers.of)

    async def webhook(self, vendor: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Take what a vendor sent to the ``webhook`` of its row: a job has ended.

        The run that waits for the job looks at once. What the webhook says is not believed: the job's
        state is still asked for, so that one that is forged, lost or sent twice does no harm.

        Args:
            vendor: its name in ``vendors.toml``; put it into the address.
            headers: as they came.
            body: the bytes as they came.

        Returns:
            Whether a run of this process was waiting; False as well for one that came before.

        Raises:
            InvalidRequestError: it is not the vendor's, too old, or of a vendor that shall send none.
            ProviderError: what the vendor signs with cannot be had now; let it try again.
        """
        return await self.engine.hooks.take(vendor, headers, body, now=time.time())

    async def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> Result:
        """Go on with a run that waits or was stopped, with a person's words added.

        Raises:
            UnknownRunError: the journal has no such run.
        """
        from brandmodel.engine.overrides import parsed

        order, record = await self.engine.resume_order(run_id, parsed(overrides))
        return await self._begun(await self.engine.start(order, resume=record.id)).wait()

    async def promote(
        self, run_id: str, *, budget_usd: float | None = None, media_type: str | None = None
    ) -> Result:
        """Make the final of a draft: what was planned and said is kept, what is made is hero's.

        Every picture keeps to the draft's, which goes along as its ``reference``. Only what the tiers
        tell apart is made, and paid, anew.

        Args:
            run_id: a finished run that was not at hero tier.
            budget_usd: nothing is started that could pass it; the table's cap when None.
            media_type: of the main output; the draft's own when None.

        Raises:
            UnknownRunError: the journal has no such run.
            InvalidRequestError: it is no finished draft.
        """
        order = await self.engine.promotion_order(
            run_id, budget_usd=budget_usd, media_type=media_type
        )
        return await (await self.begin(order)).wait()

    async def begin(self, order: Order) -> AsyncRun:
        """Begin what an order of the engine says and return at once; for operators."""
        return self._begun(await self.engine.start(order))

    @property
    def engine(self) -> Engine:
        """The engine behind it, for operators: journal, store, tables."""
        if self._engine is None:
            self._engine = open_engine(
                self.brand, home=self._home, routers=self._routers, memory=self._memory
            )
        return self._engine

    async def aclose(self) -> None:
        """Stop what still runs, end worker processes and close the journal."""
        for run in tuple(self._going):
            await run.cancel()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.aclose()

    async def __aenter__(self) -> AsyncBrandModel:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _order(self, prompt: str, wishes: Wishes) -> Order:
        from brandmodel.engine.inputs import with_inputs
        from brandmodel.engine.orders import Order
        from brandmodel.engine.overrides import parsed

        if unknown := set(wishes) - Wishes.__annotations__.keys():
            raise TypeError(f"unknown argument {', '.join(sorted(unknown))}")
        refuse_unusable(wishes)
        brief = await with_inputs(self.engine, brief_of(prompt, wishes), brought(wishes))
        review = wishes.get("review", False)
        if isinstance(review, str):
            review = (review,)
        return Order(
            brief=brief,
            recipe=wishes.get("recipe"),
            model=self._model,
            tier=wishes.get("tier"),
            budget_usd=wishes.get("budget_usd"),
            overrides=parsed(wishes.get("overrides")),
            review=review if isinstance(review, bool) else frozenset(review),
            without=frozenset(wishes.get("without", ())),
        )

    def _begun(self, execution: Execution) -> AsyncRun:
        run = AsyncRun(execution)
        self._going.add(run)
        execution.task.add_done_callback(lambda _: self._going.discard(run))
        return run


class Run:
    """A run that was started, for code that is not ``async``; see ``AsyncRun``."""

    def __init__(self, run: AsyncRun, portal: BlockingPortal) -> None:
        self._run = run
        self._portal = portal
        self.id = run.id

    def events(self) -> Iterator[Event]:
        """Events from now on, until the run ends."""
        return _handed_on(self._portal, self._run.events())

    def wait(self) -> Result:
        """The result, when there is one.

        Raises:
            BrandModelError: the run failed, or was stopped.
        """
        try:
            return self._portal.call(self._run.wait)
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Stop the run and return when it has ended; finished steps are kept."""
        self._portal.call(self._run.cancel)


class BrandModel:
    """One model under the brand's own name.

    A thin face over ``AsyncBrandModel``: an event loop on a thread of its own, so that it works in
    scripts and notebooks alike. One that is still open when the program ends is closed then.

    Attributes:
        brand: the kit in use.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        brand: Brand | PathLike | None = None,
        home: PathLike | None = None,
        routers: PathLike | None = None,
        memory: bool = False,
    ) -> None:
        """See ``AsyncBrandModel``."""
        self._asynchronous = AsyncBrandModel(
            model, brand=brand, home=home, routers=routers, memory=memory
        )
        self.brand = self._asynchronous.brand
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal | None = None
        self._opening = threading.Lock()

    def run(self, prompt: str, **wishes: Unpack[Wishes]) -> Result:
        """Make it, from a brief to the finished thing; see ``AsyncBrandModel.run``."""
        return self.start(prompt, **wishes).wait()

    def start(self, prompt: str, **wishes: Unpack[Wishes]) -> Run:
        """Begin a run and return at once; arguments and errors as of ``run``."""
        return Run(self._call(lambda: self._asynchronous.start(prompt, **wishes)), self._open())

    def quote(self, prompt: str, **wishes: Unpack[Wishes]) -> Quote:
        """What a run would cost, for free; arguments as of ``run``."""
        return self._call(lambda: self._asynchronous.quote(prompt, **wishes))

    def call(self, request: Request[R], *, tier: Tier | None = None) -> Answer[R]:
        """One call of a language model; see ``AsyncBrandModel.call``."""
        return self._call(lambda: self._asynchronous.call(request, tier=tier))

    def stream(
        self, request: Request[R], *, tier: Tier | None = None
    ) -> Generator[str | Answer[R]]:
        """Pieces of an answer's text as they come; see ``AsyncBrandModel.stream``."""
        portal = self._open()
        # The engine is opened over there, as for every other call, so that there is but one.
        pieces = portal.call(lambda: self._asynchronous.stream(request, tier=tier))
        return _handed_on(portal, pieces)

    def voices(self, target: str) -> Sequence[Voice]:
        """The voices of a target; see ``AsyncBrandModel.voices``."""
        return self._call(lambda: self._asynchronous.voices(target))

    def webhook(self, vendor: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Take what a vendor sent to the ``webhook`` of its row; see ``AsyncBrandModel.webhook``."""
        return self._call(lambda: self._asynchronous.webhook(vendor, headers, body))

    def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> Result:
        """Go on with a run that waits or was stopped; see ``AsyncBrandModel.resume``."""
        return self._call(lambda: self._asynchronous.resume(run_id, overrides=overrides))

    def promote(
        self, run_id: str, *, budget_usd: float | None = None, media_type: str | None = None
    ) -> Result:
        """Make the final of a draft; see ``AsyncBrandModel.promote``."""
        return self._call(
            lambda: self._asynchronous.promote(run_id, budget_usd=budget_usd, media_type=media_type)
        )

    def close(self) -> None:
        """Stop what still runs, end worker processes and close the journal."""
        with self._opening:
            portal, self._portal = self._portal, None
            _OPEN.discard(self)
            if portal is not None:
                portal.call(self._asynchronous.aclose)
                self._stack.close()

    def __enter__(self) -> BrandModel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return _waited(self._open(), work)

    def _open(self) -> BlockingPortal:
        with self._opening:
            if self._portal is None:
                from anyio.from_thread import start_blocking_portal

                self._portal = self._stack.enter_context(start_blocking_portal("asyncio"))
                _close_at_exit()
                _OPEN.add(self)
            return self._portal


_OPEN: set[BrandModel] = set()


@functools.cache
def _close_at_exit() -> None:
    """Have models that are open when the program ends closed while threads can still be used.

    Functions of ``atexit`` come too late for that: thread pools have been shut down by then. The
    pools' own hook goes first if it is registered last, so it is registered before.
    """
    importlib.import_module("concurrent.futures.thread")
    getattr(threading, "_register_atexit", atexit.register)(_close_all)


def _close_all() -> None:
    for model in tuple(_OPEN):
        model.close()


def home_of(brand: Brand, home: PathLike | None = None) -> Path:
    """The folder of the journal and the assets."""
    chosen = home or os.environ.get("BRANDMODEL_HOME")
    if chosen:
        return Path(chosen).absolute()
    return (brand.folder or Path.cwd()).absolute() / ".brandmodel"


def open_engine(
    brand: Brand,
    *,
    home: PathLike | None = None,
    routers: PathLike | None = None,
    memory: bool = False,
) -> Engine:
    """The engine of a project.

    Raises:
        ConfigError: a folder of tables is missing, or a recipe file cannot be imported.
    """
    from brandmodel.engine.engine import Engine
    from brandmodel.routing import load_tables

    layers: list[tuple[str, Path]] = []
    if routers is not None:
        layers.append(("argument", Path(routers)))
    if from_environment := os.environ.get("BRANDMODEL_ROUTERS"):
        layers.append(("BRANDMODEL_ROUTERS", Path(from_environment)))
    if brand.folder is not None and (brand.folder / "routers").is_dir():
        layers.append(("brand project", brand.folder / "routers"))
    return Engine(home=home_of(brand, home), brand=brand, tables=load_tables(layers), memory=memory)


def _waited(portal: BlockingPortal, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What comes of work on the other thread; Ctrl-C here ends it there."""
    going = portal.start_task_soon(work)
    try:
        return going.result()
    except KeyboardInterrupt:
        going.cancel()
        raise


def _handed_on(portal: BlockingPortal, items: AsyncIterator[T]) -> Generator[T]:
    async def next_or_none() -> T | None:
        return await anext(items, None)

    try:
        while (item := _waited(portal, next_or_none)) is not None:
            yield item
    finally:
        # A portal that has stopped took everything with it.
        if isinstance(items, AsyncGenerator):
            with contextlib.suppress(RuntimeError):
                portal.call(items.aclose)


__all__ = ["AsyncBrandModel", "AsyncRun", "BrandModel", "Run"]
