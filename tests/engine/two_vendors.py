"""A studio of two vendors, each a real server on this machine: the first misbehaves, the second serves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from brandmodel import AsyncBrandModel, Result
from brandmodel.errors import BrandModelError, RoutingError
from brandmodel.journal import Attempt
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Chat, Context, GenerateImage, Message
from tests.providers.media import png64
from tests.providers.raw import Raw, reply_of, saying, serving

FIRST, SECOND = "zorbex", "quillon"
PICTURE = {"created": 1, "data": [{"b64_json": png64(64, 64)}]}
WORDS = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
PRICE_USD = 0.25
_VENDOR = '[{name}]\nprovider = "openai"\nbase_url = "{url}"\nkey_env = "{name}_KEY"\n'
_ROWS = """\
[picture]
tasks = ["GenerateImage"]
price = { request = 0.25 }
[words]
tasks = ["Chat"]
price = { WORDS }
"""
_MODEL = """\
[model]
name = "acme-1"
default = true
default_tier = "workhorse"
[tasks]
GenerateImage = { targets = ["zorbex/picture", "quillon/picture"]MORE }
Chat = { targets = ["zorbex/words", "quillon/words"]MORE }
"""


async def drawn(ctx: Context, brief: Brief) -> dict[str, str]:
    """One picture; told of, so that nothing has to be signed."""
    made = await ctx.call(GenerateImage(prompt=brief.prompt, width=64, height=64), name="picture")
    return {"text": f"{made.image.width} x {made.image.height}"}


async def said(ctx: Context, brief: Brief) -> dict[str, str]:
    """One answer."""
    asked = Chat(messages=(Message(role="user", text=brief.prompt),))
    return {"text": (await ctx.call(asked, name="words")).text or "nothing"}


@dataclass
class Outcome:
    """How a run ended, and what the journal has of it."""

    result: Result | None
    error: BrandModelError | None
    attempts: Sequence[Attempt]
    held_nano: int
    spent_nano: int

    @property
    def states(self) -> list[tuple[str, str]]:
        """(vendor, state) of every paid call, in order."""
        return [(one.target.partition("/")[0], one.state) for one in self.attempts]


@dataclass
class Studio:
    """The two vendors, and a model over them."""

    folder: Path
    first: Raw = field(default_factory=Raw)
    second: Raw = field(default_factory=Raw)
    words_price: str = "request = 0.001"

    def write(self, more: str = "") -> Path:
        """The tables; ``more`` goes into the lines of the tasks."""
        routers = self.folder / "routers"
        (routers / "targets").mkdir(parents=True, exist_ok=True)
        places = {FIRST: self.first.url, SECOND: self.second.url}
        rows = [_VENDOR.format(name=name, url=url) for name, url in places.items()]
        (routers / "vendors.toml").write_text("".join(rows))
        for name in places:
            (routers / "targets" / f"{name}.toml").write_text(
                _ROWS.replace("WORDS", self.words_price)
            )
        (routers / "acme-1.toml").write_text(_MODEL.replace("MORE", more))
        return routers

    async def runs(self, what: str = "drawn", *, more: str = "") -> Outcome:
        """One run, to its end."""
        recipe("drawn", makes=("text/plain",))(drawn)
        recipe("said", makes=("text/plain",))(said)
        result, error = None, None
        routers, home = self.write(more), self.folder / "home"
        async with AsyncBrandModel(routers=routers, home=home) as model:
            try:
                result = await model.run("A bottle", recipe=what)
            except BrandModelError as failed:
                error = failed
            journal = model.engine.journal
            attempts = await journal.attempts()
            spending = await journal.spending(f"run:{attempts[-1].run_id}")
        return Outcome(result, error, attempts, spending.held_nano, spending.spent_nano)


@asynccontextmanager
async def two_vendors(folder: Path) -> AsyncGenerator[Studio]:
    """The studio, while it is open; its second vendor serves whatever it is asked for."""
    studio = Studio(folder)
    async with serving(studio.first), serving(studio.second):
        studio.second.usual = saying(reply_of({**PICTURE, **WORDS}))
        yield studio


def nobody_is_named(error: BaseException) -> None:
    """What a caller is shown of an error names no vendor, no model and no address of one."""
    shown = [f"{error} {error!r} {getattr(error, 'hint', '')}"]
    if isinstance(error, RoutingError):
        assert [one.vendor for one in error.attempts if one.vendor], "operators see who it was"
        shown += [f"{one} {one!r}" for one in error.attempts]
    for text in shown:
        for name in (FIRST, SECOND, "openai", "127.0.0.1", "localhost"):
            assert name not in text.casefold(), text
