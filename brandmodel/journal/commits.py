"""Group commit: callers that wait at the same moment share one transaction and one wait for the disk.

Statements run on the event loop: they touch pages in memory, at some 10 us each, where handing them to
a thread costs ten times that, and more while the loop is busy, since a thread gives the interpreter
back and waits for it around every statement. What waits for the disk is the commit, and it alone has a
thread. A caller goes on only once the commit that holds its rows is durable.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from brandmodel.journal.file import BUSY_TIMEOUT_S, busy, opened, storage_error

T = TypeVar("T")
_LOOK_AGAIN_S = 0.001
"""Until the lock of another process is asked for again; SQLite's own waits grow to 100 ms."""


@dataclass(slots=True)
class _Writing:
    """A caller's statements, and what came of them."""

    work: Callable[[sqlite3.Connection], Any]
    told: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Commits:
    """The connections to one file; of one event loop at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file lazily: nothing is read or made before the first call.

        Args:
            path: of the database file; its folder is made when needed.
        """
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._scanner: sqlite3.Connection | None = None
        self._opening: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[_Writing] = []
        self._going = False
        self._ready = False

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What a look-up by key finds; it sees what is committed."""
        reader = self._reader or (await self._open())[1]
        loop = asyncio.get_running_loop()
        until = loop.time() + BUSY_TIMEOUT_S
        while True:
            try:
                return work(reader)
            except sqlite3.Error as error:
                if not busy(error) or loop.time() > until:
                    raise storage_error(self._path, error) from error
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def scan(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What a look-up finds that reads many rows; the event loop does not wait for it."""
        await self._open()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._scan, work)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Statements that happen all or none; what they gave, once it is durable.

        Raises:
            StorageError: nothing of it was written.
        """
        loop = asyncio.get_running_loop()
        if not self._ready or self._loop is not loop:
            await self._open()
        writing = _Writing(work, loop.create_future())
        self._waiting.append(writing)
        if not self._going:
            self._going = True
            self._begin(loop, loop.time() + BUSY_TIMEOUT_S)
        return await writing.told

    async def aclose(self) -> None:
        """Let what waits be written, and close the file."""
        if self._going:
            await self.write(lambda _: None)
        connections = [c for c in (self._scanner, self._reader, self._writer) if c is not None]
        self._scanner = self._reader = self._writer = None
        self._ready = False
        if connections:
            # The last one to close copies the log into the file: that waits for the disk.
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, _close, connections)
        self._thread.shutdown(wait=False)

    async def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """(writer, reader); whoever comes while they are being opened waits for them."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._opening, self._ready = loop, None, False
        while not self._ready or self._writer is None or self._reader is None:
            if self._opening is not None:
                await asyncio.wait([self._opening])
                continue
            self._opening = loop.create_future()
            try:
                await loop.run_in_executor(self._thread, self._connect)
                # An earlier loop that ended may have left writers that nobody waits for.
                self._waiting, self._going, self._ready = [], False, True
            finally:
                self._opening.set_result(None)
                self._opening = None
        return self._writer, self._reader

    def _connect(self) -> None:
        """Open what is not open; it waits behind the last commit, and the event loop for neither."""
        if self._writer is None or self._reader is None:
            self._writer, self._reader = _both(self._path)

    def _scan(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._scanner is None:
            self._scanner = opened(self._path)
        try:
            return work(self._scanner)
        except sqlite3.Error as error:
            raise storage_error(self._path, error) from error

    def _begin(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """Start a transaction with everything that waits, unless another process has the lock."""
        group = [one for one in self._waiting if not one.told.cancelled()]
        writer = self._writer
        if not group or writer is None:
            self._waiting, self._going = [], False
            return
        try:
            # The lock first, so that count-then-claim cannot break between two processes.
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if busy(error) and loop.time() < until:
                loop.call_later(_LOOK_AGAIN_S, self._begin, loop, until)
                return
            self._waiting = []
            self._ended(loop, group, error)
            return
        self._waiting = []
        if _performed(writer, group):
            self._thread.submit(self._commit, writer, loop, group)
            return
        # Failures are rare, so the others are done again without its cause; that is cheaper than a
        # savepoint around each.
        self._waiting = [one for one in group if one.error is None]
        self._ended(loop, [one for one in group if one.error is not None], None)

    def _commit(
        self, writer: sqlite3.Connection, loop: asyncio.AbstractEventLoop, group: list[_Writing]
    ) -> None:
        failed: sqlite3.Error | None = None
        try:
            writer.execute("COMMIT")
        except sqlite3.Error as error:
            failed = error
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        try:
            loop.call_soon_threadsafe(self._ended, loop, group, failed)
        except RuntimeError:
            # The loop was closed, and whoever waited is gone with it.
            self._going = False

    def _ended(
        self,
        loop: asyncio.AbstractEventLoop,
        group: Sequence[_Writing],
        failed: sqlite3.Error | None,
    ) -> None:
        for one in group:
            if one.told.done():
                continue
            error = failed or one.error
            if isinstance(error, sqlite3.Error):
                said = storage_error(self._path, error)
                said.__cause__ = error
                one.told.set_exception(said)
            elif error is not None:
                one.told.set_exception(error)
            else:
                one.told.set_result(one.result)
        # After those who were just told: what they write next comes along.
        loop.call_soon(self._begin, loop, loop.time() + BUSY_TIMEOUT_S)


def _performed(writer: sqlite3.Connection, group: Sequence[_Writing]) -> bool:
    """Perform each caller's statements; False where one failed, and nothing is left of any."""
    for one in group:
        try:
            one.result = one.work(writer)
        except Exception as error:  # Whatever it is, it is its caller's and nobody else's.
            one.error = error
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            return False
    return True


def _both(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """(writer, reader), which do not wait for locks: the event loop must not."""
    writer, reader = opened(path), opened(path)
    for one in (writer, reader):
        one.execute("PRAGMA busy_timeout=0")
    reader.execute("PRAGMA query_only=1")
    return writer, reader


def _close(connections: Sequence[sqlite3.Connection]) -> None:
    for one in connections:
        one.close()
