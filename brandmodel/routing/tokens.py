"""Prices of tokens from the list that the package ``genai-prices`` brings along.

It knows tiers, prices that depend on the day or the hour, and what a cached, drawn or spoken token
costs. It is loaded with the first call that needs it; nothing is fetched.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from brandmodel.errors import TableError
from brandmodel.tasks import Target, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_PER = {"mtok": 10**6, "mchars": 10**6, "hours": 3600, "kcount": 1000}
"""How many of a unit a price of the list is for, by the end of its name."""


def token_cost(target: Target, usage: Usage) -> Decimal:
    """Dollars of a usage at the price that holds now.

    Raises:
        TableError: the list has no such model.
    """
    from genai_prices import calc_price

    priced_model(target)
    provider, _, name = target.tokens.partition(":")
    return calc_price(_counted(usage), name, provider_id=provider).total_price


def token_most(target: Target, usage: Usage) -> Decimal:
    """Dollars of a usage at the dearest rate that can apply within a day: tier, hour, kind of token.

    Raises:
        TableError: the list has no such model, or prices nothing of what is consumed.
    """
    priced_model(target)
    hour = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
    total = max(_dearest(price, usage) for price in _prices_of_a_day(target.tokens, hour))
    if not total and (usage.tokens_in or usage.tokens_out):
        raise _unpriced(target, "it has no price for tokens")
    return total


def priced_model(target: Target) -> ModelInfo:
    """The model of the list that a row's ``tokens`` name.

    Raises:
        TableError: there is none, or it has no price.
    """
    try:
        return _model(target.tokens)
    except (LookupError, UserWarning) as error:
        raise _unpriced(target, str(error)) from error


@lru_cache(maxsize=256)
def _model(tokens: str) -> ModelInfo:
    from genai_prices import calc_price

    provider, _, name = tokens.partition(":")
    every = Usage(
        tokens_in=9, tokens_cached=1, tokens_cache_written=1, image_tokens_in=1, tokens_out=9,
        image_tokens_out=1, audio_tokens_out=1, characters=1, seconds=1.0,
    )  # fmt: skip
    with warnings.catch_warnings():
        # A word that the list does not know is counted as nothing, with a warning and no more.
        warnings.simplefilter("error")
        found = calc_price(_counted(every), name, provider_id=provider)
    if not found.total_price:
        raise LookupError("it has no price")
    return found.model


@lru_cache(maxsize=256)
def _prices_of_a_day(tokens: str, hour: datetime.datetime) -> tuple[ModelPrice, ...]:
    """Every price of the day from that hour on: a call that starts now may be billed at any."""
    model, step = _model(tokens), datetime.timedelta(minutes=30)
    found = [model.get_prices(hour + n * step) for n in range(49)]
    return tuple(price for n, price in enumerate(found) if price not in found[:n])


def _dearest(price: ModelPrice, usage: Usage) -> Decimal:
    amounts = {
        "input": usage.tokens_in,
        "output": usage.tokens_out,
        "mchars": usage.characters,
        "hours": usage.seconds,
        "requests": 1,
    }
    rates = dict.fromkeys(amounts, Decimal(0))
    for kind, rate in _rates(price, usage.tokens_in):
        rates[kind] = max(rates[kind], rate)
    return sum((Decimal(str(n)) * rates[kind] for kind, n in amounts.items()), Decimal(0))


def _rates(price: ModelPrice, tokens_in: int) -> Iterator[tuple[str, Decimal]]:
    """(kind, dollars for one), in every tier that so many tokens can reach."""
    for name, value in vars(price).items():
        end = name.rpartition("_")[2]
        # An hour's cache and a vendor's own tools are never asked for.
        if value is None or "_1h_" in name or "_tool_" in name or end not in _PER:
            continue
        if end == "kcount" and name != "requests_kcount":
            continue
        tiers = [tier.price for tier in getattr(value, "tiers", ()) if tokens_in > tier.start]
        for each in (getattr(value, "base", value), *tiers):
            yield _kind(name, end), each / _PER[end]


def _kind(name: str, end: str) -> str:
    if end == "mtok":
        return "output" if name.startswith("output") else "input"
    return "requests" if end == "kcount" else end


def _counted(usage: Usage) -> Any:
    """A usage in the words of the list. Parts are cut to what is left of the whole they belong to."""
    from genai_prices import Usage as Counted

    shown = min(usage.image_tokens_in, usage.tokens_in)
    cached = min(usage.tokens_cached, usage.tokens_in - shown)
    drawn = min(usage.image_tokens_out, usage.tokens_out)
    counts = {
        "input_tokens": usage.tokens_in,
        "input_image_tokens": shown,
        "cache_read_tokens": cached,
        "cache_write_tokens": min(usage.tokens_cache_written, usage.tokens_in - shown - cached),
        "output_tokens": usage.tokens_out,
        "output_image_tokens": drawn,
        "output_audio_tokens": min(usage.audio_tokens_out, usage.tokens_out - drawn),
        "input_characters": usage.characters,
        "audio_seconds": usage.seconds,
        "input_audio_seconds": usage.seconds,
    }
    told = {name: count for name, count in counts.items() if count}
    # Where two parts may overlap, the list wants to be told that they do not.
    return Counted(**told, cache_image_read_tokens=0, cache_image_write_tokens=0)


def _unpriced(target: Target, why: str) -> TableError:
    vendor, _, name = target.id.partition("/")
    return TableError(
        f"targets/{vendor}.toml",
        f"{name}.tokens",
        f"no price is known for {target.tokens!r}: {why}",
        hint="name another provider:model of genai-prices, or write a price into the row",
    )
