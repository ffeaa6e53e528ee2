"""A model whose words come from fake vendors on this machine, over their real wires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from brandmodel import AsyncBrandModel
from brandmodel.engine.receipt import Answer
from brandmodel.engine.spend import spent, summed
from brandmodel.tasks import Chat, Message
from brandmodel.testing.vendors import serving
from brandmodel.testing.vendors._house import House

FIRST, SECOND = "openai/fake-chat", "anthropic/fake-claude"
_LINE = (
    'Chat = ["openai/fake-chat", "anthropic/fake-claude", "google/fake-gemini", '
    '"openrouter/fake-router"]'
)
_CAPS = "run_usd = 20"


def saying(words: str, **more: Any) -> Chat:
    return Chat(messages=(Message(role="user", text=words),), **{"most_tokens": 100, **more})


@dataclass
class Place:
    """The vendors, and the folder with tables and journal of who asks them."""

    house: House
    folder: Path

    @property
    def routers(self) -> Path:
        return self.folder / "routers"

    def tables(self, *, chat: str = "", caps: str = "", row: str = "") -> None:
        """Change the line of the task, the caps, and the row of the first target."""
        file = self.routers / "fake-studio.toml"
        written = file.read_text()
        assert _LINE in written
        written = written.replace(_LINE, chat or _LINE).replace(_CAPS, f"{_CAPS}\n{caps}")
        file.write_text(written)
        target = self.routers / "targets" / "openai.toml"
        target.write_text(target.read_text().replace("[fake-chat]", f"[fake-chat]\n{row}"))

    def model(self) -> AsyncBrandModel:
        return AsyncBrandModel(routers=self.routers, home=self.folder / "home")

    def fault(self, kind: str, vendor: str, *, count: int = 1) -> None:
        self.house.faults.order({"kind": kind, "vendor": vendor, "count": count})

    @property
    def billed(self) -> list[int]:
        """What the vendors have on their bill, in nano-USD."""
        return [round(job["usd"] * 1e9) for job in self.house.bill.told()["jobs"]]


@asynccontextmanager
async def vendors(folder: Path) -> AsyncGenerator[Place]:
    async with serving(routers=folder / "routers") as house:
        yield Place(house, folder)


async def told(model: AsyncBrandModel) -> dict[str, int]:
    """What the journal says, in nano-USD: by what became of the money, and how many calls."""
    row = summed(await spent(model.engine.journal, by="day", days=1))
    return {
        "calls": row.calls,
        "settled": row.settled,
        "forfeited": row.forfeited,
        "held": row.held + row.unknown,
    }


def today(table: str = "fake-studio") -> str:
    return f"day:{table}:{datetime.now(UTC):%Y-%m-%d}"


def paid(answers: list[Answer[Any]]) -> int:
    """What receipts say, in nano-USD."""
    return sum(round(answer.receipt.usd * 1e9) for answer in answers)


async def until(true: Callable[[], Any]) -> None:
    """Wait for something that happens on the other side."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
