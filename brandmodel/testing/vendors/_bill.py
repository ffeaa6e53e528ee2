"""The fake vendors' own bill: what each job really made, at the price of its row."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from brandmodel.testing.vendors._rows import Row

NANO = 10**9
_PER = {"million_tokens_in": 10**6, "million_tokens_out": 10**6, "thousand_characters": 1000}

Counted = Mapping[str, int | Fraction]
"""How many units were made: ``tokens_in``, ``tokens_out``, ``characters``, ``image``, ``second``."""
_UNITS = {
    "tokens_in": "million_tokens_in",
    "tokens_out": "million_tokens_out",
    "characters": "thousand_characters",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One job on the bill."""

    job_id: str
    vendor: str
    model: str
    task: str
    usd_nano: int
    state: str = "done"

    def told(self) -> dict[str, Any]:
        """As ``GET /_bill`` tells it; the dollars are exact to the nano."""
        return {
            "vendor": self.vendor,
            "model": self.model,
            "task": self.task,
            "job_id": self.job_id,
            "usd": usd(self.usd_nano),
            "state": self.state,
        }


def usd(nano: int) -> float:
    """Dollars of nano-USD, written with nine digits at most."""
    return float(Decimal(nano) / NANO)


def price_nano(row: Row, counted: Counted) -> int:
    """Nano-USD of what was made; a begun nano counts whole, unit by unit."""
    total = 0
    for unit, dollars in row.price.items():
        each = Fraction(Decimal(dollars)) * NANO / _PER.get(unit, 1)
        amount = 1 if unit == "request" else _amount(counted, unit)
        total += math.ceil(each * amount)
    return total


def _amount(counted: Counted, unit: str) -> int | Fraction:
    return next((n for name, n in counted.items() if _UNITS.get(name, name) == unit), 0)


class Bill:
    """Lines in the order in which the jobs began."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def charge(
        self, row: Row, counted: Counted, *, task: str = "", job_id: str = "", state: str = "done"
    ) -> Line:
        """Put a job on the bill; what costs nothing is on none."""
        job_id = job_id or uuid.uuid4().hex
        nano = price_nano(row, counted)
        line = Line(job_id, row.vendor, row.model, task or row.tasks[0], nano, state)
        if nano:
            self._lines[job_id] = line
        return line

    def ended(self, job_id: str, state: str) -> None:
        """Note how a job ended."""
        if job_id in self._lines:
            self._lines[job_id] = replace(self._lines[job_id], state=state)

    def drop(self, job_id: str) -> None:
        """Take a job off: it failed, or was stopped before it was done."""
        self._lines.pop(job_id, None)

    def told(self) -> dict[str, Any]:
        """The whole bill."""
        total = sum(line.usd_nano for line in self._lines.values())
        return {"jobs": [line.told() for line in self._lines.values()], "total_usd": usd(total)}
