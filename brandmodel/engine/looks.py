"""When to look at a job again: soon at first, then by how long it has gone on, and never all at once.

A look after a twelfth more of the time adds a twenty-fourth on average to what a job takes, however long
that is; the vendors' own clients look ten times (fal-client 1.0.3) or twice (replicate 1.0.7) a second.
Many jobs side by side share a number of looks a second: each costs this machine work. A job whose vendor
reports its end is looked at then, and seldom before: only for the case that the report gets lost.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

SOONEST_S, LATEST_S = 0.025, 5.0
SHARE = 12
MOST_A_SECOND = 1000
SELDOM_S, SELDOM_SHARE, SELDOM_LATEST_S = 10.0, 4, 60.0
"""The same for a job whose end is reported."""
_MOST_EARLY = 1000


@dataclass(slots=True)
class Looks:
    """The jobs that this process follows."""

    _waiting: set[Waiting] = field(default_factory=set["Waiting"])
    _early: OrderedDict[tuple[str, str], None] = field(
        default_factory=OrderedDict[tuple[str, str], None]
    )

    @property
    def following(self) -> int:
        """How many there are."""
        return len(self._waiting)

    @contextmanager
    def at_one(self, vendor: str, *, reported: bool = False) -> Generator[Waiting]:
        """A job of a vendor that is followed inside the block.

        Args:
            vendor: whose job it is.
            reported: the vendor was asked to report its end.
        """
        waiting = Waiting(self, vendor, reported)
        self._waiting.add(waiting)
        try:
            yield waiting
        finally:
            self._waiting.discard(waiting)

    def wake(self, vendor: str, job: str) -> bool:
        """Look at a job now; False where nobody follows it, or not yet."""
        found = [one for one in self._waiting if one.vendor == vendor and job in one.ids]
        for one in found:
            one.told.set()
        if not found:
            # A short job may be reported before its start has been written down.
            self._early[vendor, job] = None
            if len(self._early) > _MOST_EARLY:
                self._early.popitem(last=False)
        return bool(found)

    def heard(self, vendor: str, ids: frozenset[str]) -> bool:
        """Whether a job's end was reported before anybody followed it."""
        return any([self._early.pop((vendor, id_), self) is not self for id_ in ids])


@dataclass(slots=True, eq=False)
class Waiting:
    """One job, from when it began to be followed.

    Attributes:
        ids: by which the vendor may call it.
        told: set when its end is reported.
    """

    looks: Looks
    vendor: str
    reported: bool
    ids: frozenset[str] = frozenset()
    began: float = field(default_factory=time.monotonic)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, handle: Mapping[str, Any], wish_s: float) -> None:
        """Wait until the next look: for a while, or until the job's end is reported.

        Args:
            handle: of the job as it is now.
            wish_s: for how long the vendor wants to be left alone.
        """
        seconds = max(wish_s, self.pause_s())
        if not self.reported:
            await asyncio.sleep(seconds)
            return
        self.ids = frozenset(one for one in handle.values() if isinstance(one, str))
        if not self.looks.heard(self.vendor, self.ids):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.told.wait()
        self.told.clear()

    def pause_s(self) -> float:
        """Seconds until the next look."""
        gone_on = time.monotonic() - self.began
        if self.reported:
            return min(SELDOM_LATEST_S, max(SELDOM_S, gone_on / SELDOM_SHARE))
        share = gone_on / SHARE
        return min(LATEST_S, max(SOONEST_S, share, self.looks.following / MOST_A_SECOND))
