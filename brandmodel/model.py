"""``BrandModel`` and ``AsyncBrandModel``: the facade and nothing else."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import importlib
import os
import secrets
import shutil
import threading
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Unpack, get_args

from pydantic import ValidationError

from brandmodel.brand import Brand
from brandmodel.errors import InvalidRequestError, StorageError
from brandmodel.tasks import Asset, Tier

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from brandmodel.engine.engine import Ended, Engine, Execution, Order
    from brandmodel.engine.quote import Quote
    from brandmodel.engine.receipt import Event, Output, Receipt, RunStatus
    from brandmodel.tasks import Brief

T = TypeVar("T")
PathLike = str | os.PathLike[str]
Given: TypeAlias = "PathLike | bytes | Asset | Output | Result"
"""Something brought along: a path, a file's bytes, an asset of the store, or an earlier result."""


class Wishes(TypedDict, total=False):
    """How a brief shall be served; every key is optional.

    Attributes:
        recipe: by name; picked from the brief when left out.
        tier: ``workhorse`` for a draft, ``hero`` for the final; else the model's default.
        seed: reproduces the result; 0 when left out.
        size: (width, height) in pixels.
        media_type: of the main output, such as ``image/jpeg``.
        product: photographs of the product to be shown; one, or several.
        picture: finished pictures to be shown as they are, such as an earlier result.
        logo: stands in for the brand's own.
        music: stands in for composed music.
        script: your own words to be said, a line of it each: the words themselves, or a path to them.
        options: settings of the recipe, such as ``{"fps": 30}``; they go before the model's own.
        budget_usd: nothing is started that could pass it.
        overrides: a person's words by step name: ``edit(...)``, ``lock(...)``, ``choice(...)``, or
            request fields as ``{"picture.seed": 7}``.
        review: wait for a person at reviews: all of them, or those named.
        without: vendors that must not be used, by name.
    """

    recipe: str | None
    tier: Tier | None
    seed: int
    size: tuple[int, int] | None
    media_type: str | None
    product: Given | Sequence[Given] | None
    picture: Given | Sequence[Given] | None
    logo: Given | None
    music: Given | None
    script: Given | None
    options: Mapping[str, Any] | None
    budget_usd: float | None
    overrides: Mapping[str, Any] | None
    review: bool | Iterable[str]
    without: Iterable[str]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run made.

    Attributes:
        status: ``done``, or ``waiting`` when a person's word is needed.
        outputs: everything it made; the first is the main one.
        receipt: every step: who served it, what it cost, what was reused.
        waiting: names of the reviews that wait.
    """

    run_id: str
    model: str
    recipe: str
    status: RunStatus
    outputs: tuple[Output, ...]
    receipt: Receipt
    waiting: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The main output as text.

        Raises:
            InvalidRequestError: it is not text.
        """
        main = self.output()
        if not main.asset.media_type.startswith("text/"):
            raise InvalidRequestError(
                f"the result is {main.asset.media_type}, not text", hint="use save()"
            )
        return main.path.read_text(encoding="utf-8")

    def save(self, path: PathLike, *, name: str | None = None) -> Path:
        """Write an output to a file; the bytes are never changed.

        Args:
            path: the suffix must fit the output's media type.
            name: which output; the main one by default.

        Raises:
            InvalidRequestError: the suffix does not fit, the folder is missing, or no such output.
        """
        from brandmodel.recipes import media_type_of

        target = Path(path)
        output = self.output(name)
        asked = media_type_of(target.suffix)
        if asked != output.asset.media_type:
            raise InvalidRequestError(
                f"{target.name}: the output is {output.asset.media_type}",
                hint=f"ask for it with run(..., media_type={asked!r})",
            )
        if not target.parent.is_dir():
            raise InvalidRequestError(f"no folder {target.parent}", hint="make it first")
        if not output.path.is_file():
            raise StorageError(
                f"output {output.name!r} is gone from {output.path.parent}",
                hint="run again: what made it is made anew",
            )
        place = target
        try:
            for link, file in output.links.items():
                place = target.parent / "media"
                place.mkdir(exist_ok=True)
                place = place / link
                _copied(file, place)
            place = target
            _copied(output.path, place)
        except OSError as error:
            raise StorageError(
                f"{place}: {error.strerror}", hint="free space, or save elsewhere"
            ) from error
        return target

    def output(self, name: str | None = None) -> Output:
        """An output by name; the main one by default.

        Raises:
            InvalidRequestError: there is none of that name, or none yet.
        """
        if not self.outputs:
            raise InvalidRequestError(f"run {self.run_id} is {self.status} and has no output yet")
        for output in self.outputs:
            if name in (None, output.name):
                return output
        raise InvalidRequestError(
            f"no output {name!r}", hint=f"there are: {', '.join(o.name for o in self.outputs)}"
        )


def _copied(source: Path, target: Path) -> None:
    """A whole copy or none: what stood there before is kept until the copy is complete."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


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
            return _result(await asyncio.shield(self._execution.task))
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
        return self._begun(await self.engine.start(await self._order(prompt, wishes)))

    async def quote(self, prompt: str, **wishes: Unpack[Wishes]) -> Quote:
        """What a run would cost, for free; arguments as of ``run``."""
        return await self.engine.quote(await self._order(prompt, wishes))

    async def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> Result:
        """Go on with a run that waits or was stopped, with a person's words added.

        Raises:
            UnknownRunError: the journal has no such run.
        """
        from brandmodel.engine.overrides import parsed

        order, record = await self.engine.resume_order(run_id, parsed(overrides))
        return await self._begun(await self.engine.start(order, resume=record.id)).wait()

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
        if self._engine is not None:
            await self._engine.aclose()
            self._engine = None

    async def __aenter__(self) -> AsyncBrandModel:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _order(self, prompt: str, wishes: Wishes) -> Order:
        from brandmodel.engine.engine import Order
        from brandmodel.engine.inputs import with_inputs
        from brandmodel.engine.overrides import parsed

        if unknown := set(wishes) - Wishes.__annotations__.keys():
            raise TypeError(f"unknown argument {', '.join(sorted(unknown))}")
        _refuse_unusable(wishes)
        brief = await with_inputs(self.engine, _brief(prompt, wishes), _brought(wishes))
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
        events = self._run.events()
        while (event := self._portal.call(_next_or_none, events)) is not None:
            yield event

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

    def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> Result:
        """Go on with a run that waits or was stopped; see ``AsyncBrandModel.resume``."""
        return self._call(lambda: self._asynchronous.resume(run_id, overrides=overrides))

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
        return self._open().call(work)

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


def _refuse_unusable(wishes: Wishes) -> None:
    """Say which wish is none, before anything is begun."""
    tier, budget, overrides = (wishes.get(k) for k in ("tier", "budget_usd", "overrides"))
    if tier not in (None, *get_args(Tier)):
        raise InvalidRequestError(f"no tier {tier!r}", hint=f"use {' or '.join(get_args(Tier))}")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float)):
        raise InvalidRequestError(
            f"budget_usd={budget!r} is not an amount", hint="give dollars, as in 0.50"
        )
    if overrides is not None and not isinstance(overrides, Mapping):
        raise InvalidRequestError(
            f"overrides={overrides!r} is not a mapping", hint='as in {"picture.seed": 7}'
        )


def _brief(prompt: str, wishes: Wishes) -> Brief:
    from brandmodel.tasks import Brief

    size, seed = wishes.get("size"), wishes.get("seed", 0)
    width, height = (None, None) if size is None else _pair(size)
    try:
        brief = Brief(
            prompt=prompt,
            width=width,
            height=height,
            seed=seed,
            media_type=wishes.get("media_type"),
            options=dict(wishes.get("options") or {}),
        )
        brief.prompt.encode()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"{field}={first['input']!r}: {first['msg']}") from error
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"the prompt is not text: character {error.start + 1} is none", hint="write it in UTF-8"
        ) from None
    if not -(2**63) <= brief.seed < 2**63:
        raise InvalidRequestError(f"a seed of {seed} is too large", hint="it has at most 64 bits")
    return brief


def _brought(wishes: Wishes) -> dict[str, Any]:
    """What was brought along; of an earlier result its main output."""

    def main(given: Any) -> Any:
        if isinstance(given, Result):
            return given.output()
        if isinstance(given, list | tuple):
            return [main(one) for one in given]  # pyright: ignore[reportUnknownVariableType]
        return given

    return {k: main(wishes.get(k)) for k in ("product", "picture", "logo", "music", "script")}


def _pair(size: Any) -> tuple[Any, Any]:
    try:
        width, height = size
    except (TypeError, ValueError):
        raise InvalidRequestError(
            f"size={size!r} is not (width, height)", hint="as in size=(1024, 768)"
        ) from None
    return width, height


def _result(ended: Ended) -> Result:
    return Result(
        run_id=ended.run_id,
        model=ended.model,
        recipe=ended.recipe,
        status=ended.status,
        outputs=ended.outputs,
        receipt=ended.receipt,
        waiting=ended.waiting,
    )


async def _next_or_none(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


__all__ = ["AsyncBrandModel", "AsyncRun", "BrandModel", "Result", "Run", "Wishes"]
