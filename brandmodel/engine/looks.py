"""When to look at a job again: soon at first, then by how long it has gone on, and never all at once.

A look after a twelfth more of the time adds a twenty-fourth on average to what a job takes, however long
that is; the vendors' own clients look ten times (fal-client 1.0.3) or twice (replicate 1.0.7) a second.
Many jobs side by side share a number of looks a second: each costs this machine work.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

SOONEST_S, LATEST_S = 0.025, 5.0
SHARE = 12
MOST_A_SECOND = 1000


@dataclass(slots=True)
class Looks:
    """The jobs that this process follows."""

    following: int = 0

    @contextmanager
    def at_one(self) -> Generator[Waiting]:
        """A job that is followed inside the block."""
        self.following += 1
        try:
            yield Waiting(self)
        finally:
            self.following -= 1


@dataclass(slots=True)
class Waiting:
    """One job, from when it began to be followed."""

    looks: Looks
    began: float = field(default_factory=time.monotonic)

    def pause_s(self) -> float:
        """Seconds until the next look."""
        share = (time.monotonic() - self.began) / SHARE
        return min(LATEST_S, max(SOONEST_S, share, self.looks.following / MOST_A_SECOND))
