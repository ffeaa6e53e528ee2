"""What goes wrong, when, and how often: ordered one by one, or drawn with a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_REPLY = frozenset(("call", "stream", "job"))
_BYTES = frozenset(("call", "fetch"))
KINDS: Mapping[str, frozenset[str]] = {
    "rate-limit": _REPLY,
    "server-error": _REPLY,
    "html": _REPLY,
    "truncated": _REPLY,
    "lost-reply": _REPLY,
    "broken-stream": frozenset(("stream",)),
    "expired": frozenset(("fetch", "job")),
    "slow-job": frozenset(("job",)),
    "never-finishes": frozenset(("job",)),
    "refusal": _REPLY,
    "retired-model": _REPLY,
    "no-credit": _REPLY,
    "wrong-key": _REPLY,
    "wrong-type": _BYTES,
    "page-as-image": _BYTES,
    "endless": _BYTES,
    "huge": _BYTES,
    "redirect-inside": _BYTES,
}
"""Each kind, and where it can happen: at a call, a streamed one, the start of a job, a result's file."""
REFUSALS = frozenset(
    ("rate-limit", "server-error", "refusal", "retired-model", "no-credit", "wrong-key")
)
"""Answered in place of the work: nothing is made, and nothing is billed."""
_DRAWN = ("rate-limit", "server-error", "html", "truncated", "lost-reply")
_DRAWN_AT = {"stream": ("broken-stream",), "job": ("expired", "slow-job")}


@dataclass(slots=True)
class Order:
    """A fault for the next so many calls, of one vendor or of any; ``at`` narrows where."""

    kind: str
    count: int
    vendor: str = ""
    at: str = ""

    def fits(self, vendor: str, place: str) -> bool:
        """Whether it happens here."""
        there = place in KINDS[self.kind] and self.at in ("", place)
        return self.count > 0 and there and self.vendor in ("", vendor)


class Faults:
    """Orders first; then ``rate`` of all calls, by a draw that the seed settles."""

    def __init__(self, rate: float = 0.0, seed: int = 0) -> None:
        self.rate = rate
        self.orders: list[Order] = []
        self.happened: dict[str, int] = {}
        self._random = random.Random(seed)

    def order(self, told: Mapping[str, Any]) -> Order:
        """Take an order.

        Raises:
            ValueError: it is none.
        """
        kind, count = str(told.get("kind", "")), told.get("count", 1)
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are: {', '.join(KINDS)}")
        if not isinstance(count, int) or count < 1:
            raise ValueError("count is a number from 1 on")
        order = Order(kind, count, str(told.get("vendor", "")), str(told.get("at", "")))
        if order.at and order.at not in KINDS[kind]:
            raise ValueError(f"{kind} happens at {', '.join(sorted(KINDS[kind]))}")
        self.orders.append(order)
        return order

    def next(self, vendor: str, place: str) -> str:
        """The fault of this call, or ''."""
        kind = self._ordered(vendor, place) or self._drawn(place)
        if kind:
            self.happened[kind] = self.happened.get(kind, 0) + 1
        return kind

    def told(self) -> dict[str, Any]:
        """What is ordered, what can be, and what happened."""
        left = [
            {"kind": o.kind, "count": o.count, "vendor": o.vendor, "at": o.at}
            for o in self.orders
            if o.count
        ]
        return {
            "rate": self.rate,
            "orders": left,
            "happened": self.happened,
            "kinds": {kind: sorted(places) for kind, places in KINDS.items()},
        }

    def _ordered(self, vendor: str, place: str) -> str:
        for order in self.orders:
            if order.fits(vendor, place):
                order.count -= 1
                return order.kind
        return ""

    def _drawn(self, place: str) -> str:
        if place == "fetch" or self._random.random() >= self.rate:
            return ""
        return self._random.choice(_DRAWN + _DRAWN_AT.get(place, ()))
