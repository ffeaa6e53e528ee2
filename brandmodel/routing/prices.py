"""Prices in integer nano-USD: what a call costs at most, and what it did cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from brandmodel.routing.tokens import ceiling, token_cost, token_most
from brandmodel.tasks import Price, Target, Usage

NANO = 1_000_000_000


def nano(dollars: float) -> int:
    """Nano-USD of dollars, rounded up: a price is never understated."""
    # As it is written, but for the dust of sums of floats.
    return ceiling(Decimal(repr(dollars)).quantize(Decimal("1e-12")))


def usd(nano_usd: int) -> float:
    """Dollars, for showing."""
    return nano_usd / NANO


def cost(target: Target, usage: Usage) -> int:
    """Nano-USD of what was consumed; fractions are rounded up.

    A row with both counts by its tokens once they are known, and by its price until then.

    Raises:
        TableError: the row's ``tokens`` are in no list of prices.
    """
    if target.tokens and (usage.tokens_out or not target.price):
        return token_cost(target, usage)
    return _units(target, usage)


def most(target: Target, usage: Usage) -> int:
    """Nano-USD that a call can cost at most, from the most that it can consume.

    What the target may think comes on top of an answer, and the sketches that it shows on top of a
    picture. Never below ``cost`` of any call within that
    usage; 0 only where the target costs nothing.

    Raises:
        TableError: the row's ``tokens`` are in no list of prices.
    """
    if usage.tokens_out and target.thought_tokens:
        usage = usage._replace(tokens_out=usage.tokens_out + target.thought_tokens)
    if usage.images and target.sketches:
        usage = usage._replace(sketches=target.sketches)
    total = _units(target, usage)
    if target.tokens:
        total += token_most(target, usage)
    return max(total, int(target.paid))


def least(target: Target, usage: Usage) -> int:
    """Nano-USD that a call costs at least, from the least that it can consume: all of it cached."""
    if target.tokens:
        return token_cost(target, usage._replace(tokens_cached=usage.tokens_in))
    return _units(target, usage)


def price_for(prices: Sequence[Price], lines: int) -> Price | None:
    """The price of a size: the first that reaches it; of an unknown size, the one for the largest."""
    if not lines:
        return prices[-1] if prices else None
    return next((p for p in prices if p.max_lines is None or lines <= p.max_lines), None)


def _units(target: Target, usage: Usage) -> int:
    price = price_for(target.price, usage.lines) or price_for(target.price, 0)
    if price is None:
        return 0
    total = 0
    for unit, each in price.units.items():
        if unit == "second":
            amount, of = _seconds(_billed_s(target.limits.get("durations_s"), usage.seconds))
        else:
            amount, of = _AMOUNTS[unit](usage)
        total -= -each * amount // of
    return total


def _seconds(seconds: float) -> tuple[int, int]:
    return Fraction(seconds).limit_denominator(10**6).as_integer_ratio()


_AMOUNTS: Mapping[str, Callable[[Usage], tuple[int, int]]] = {
    "request": lambda usage: (1, 1),
    "million_tokens_in": lambda usage: (usage.tokens_in, 10**6),
    "million_tokens_out": lambda usage: (usage.tokens_out, 10**6),
    "image": lambda usage: (usage.images, 1),
    "sketch": lambda usage: (usage.sketches, 1),
    "megapixel": lambda usage: (usage.pixels, 10**6),
    "started_megapixel": lambda usage: (-(-usage.pixels // 2**20), 1),
    "thousand_characters": lambda usage: (usage.characters, 1000),
}
"""As (amount, of how many): the noise of floats must not become a nano-dollar, and fractions cost time."""


def _billed_s(durations_s: Sequence[float] | None, seconds: float) -> float:
    """A vendor that makes clips of certain lengths makes, and bills, the next longer one."""
    return min((d for d in durations_s or () if d >= seconds), default=seconds)
