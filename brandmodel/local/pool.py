"""Worker processes of the local studio, and who waits for one.

A worker takes what it has done before first: a library that one of them has loaded, such as the one
for sound, is then seldom loaded by another, which saves a second of processor time and its memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar


class Hand(Protocol):
    """A worker.

    Attributes:
        rooms: of the studio that it has worked in.
    """

    rooms: set[str]

    async def end(self) -> None:
        """End its process."""
        ...


H = TypeVar("H", bound=Hand)


class Pool(Generic[H]):
    """At most so many workers at once, hired when they are first needed."""

    def __init__(self, hire: Callable[[], Awaitable[H]], *, most: int) -> None:
        """Hire nobody yet."""
        self._hire = hire
        self._places = most
        self._all: set[H] = set()
        self._free: list[H] = []
        self._waiting: list[tuple[str, asyncio.Future[H | None]]] = []

    @asynccontextmanager
    async def worker(self, room: str) -> AsyncGenerator[H]:
        """A worker for as long as the block runs; one whose block fails is ended.

        Args:
            room: of the studio that the work belongs to.
        """
        worker = await self._taken(room)
        try:
            if worker is None:
                worker = await self._hire()
                self._all.add(worker)
            yield worker
        except BaseException:
            # Cancelled or crashed in the middle: what it would say next belongs to nobody.
            self._give(None)
            if worker is not None:
                self._all.discard(worker)
                await asyncio.shield(worker.end())
            raise
        worker.rooms.add(room)
        self._give(worker)

    async def aclose(self) -> None:
        """End every worker."""
        for worker in list(self._all):
            await worker.end()
        self._all.clear()
        self._free.clear()

    async def _taken(self, room: str) -> H | None:
        """A free worker, or None for a free place in which one may be hired."""
        if self._free:
            known = [worker for worker in self._free if room in worker.rooms]
            worker = (known or self._free)[-1]
            self._free.remove(worker)
            return worker
        if self._places:
            self._places -= 1
            return None
        turn: asyncio.Future[H | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((room, turn))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(turn.result())
            raise

    def _give(self, worker: H | None) -> None:
        """Hand a worker, or its place, to whoever has waited longest for just this one, or longest."""
        waiting = [(room, turn) for room, turn in self._waiting if not turn.done()]
        if not waiting:
            self._waiting = []
            if worker is None:
                self._places += 1
            else:
                self._free.append(worker)
            return
        known = [one for one in waiting if worker is not None and one[0] in worker.rooms]
        chosen = (known or waiting)[0]
        self._waiting = [one for one in waiting if one is not chosen]
        chosen[1].set_result(worker)
