"""Prices in integer nano-USD: what a call costs at most, and what it did cost."""

from __future__ import annotations

import math
from collections.abc import Mapping

from brandmodel.tasks import Usage

NANO = 1_000_000_000


def nano(dollars: float) -> int:
    """Nano-USD of dollars, rounded up: a price is never understated."""
    return math.ceil(round(dollars * NANO, 3))


def usd(nano_usd: int) -> float:
    """Dollars, for showing."""
    return nano_usd / NANO


def cost(price: Mapping[str, int], usage: Usage) -> int:
    """Nano-USD of a usage under a price row; fractions are rounded up."""
    amount = {
        "request": 1.0,
        "million_tokens_in": usage.tokens_in / 1e6,
        "million_tokens_out": usage.tokens_out / 1e6,
        "image": float(usage.images),
        "megapixel": usage.pixels / 1e6,
        "second": usage.seconds,
        "thousand_characters": usage.characters / 1e3,
    }
    return sum(math.ceil(each * amount[unit]) for unit, each in price.items())
