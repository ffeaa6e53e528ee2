"""Prices of tokens from the list that the package ``genai-prices`` brings along.

It knows tiers, prices that depend on the day or the hour, and what a cached, drawn or spoken token
costs. It is loaded with the first call that needs it; nothing is fetched.
"""

from __future__ import annotations

import datetime
import math
import time
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from brandmodel.errors import TableError
from brandmodel.tasks import Target, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_PERIOD_S = 1800
"""Prices that go by the hour change on its half at the earliest."""
_ATTO, _ATTO_A_NANO = 10**18, 10**9
_PER = {"mtok": 10**6, "mchars": 10**6, "hours": 3600, "kcount": 1000}
"""How many of a unit a price of the list is for, by the end of its name."""


def token_cost(target: Target, usage: Usage) -> int:
    """Nano-USD of a usage at the price that holds now, rounded up.

    Raises:
        TableError: the list has no such model.
    """
    priced_model(target)
    rates = None
    if _is_plain(usage):
        period, tier = int(time.time()) // _PERIOD_S, _tier(target.tokens, usage.tokens_in)
        rates = _rates_of(target.tokens, period, tier)
    if rates is None:
        return ceiling(_calculated(target.tokens, usage))
    call, asked, cached, said = rates
    read = min(usage.tokens_cached, usage.tokens_in)
    total = call + asked * (usage.tokens_in - read) + cached * read + said * usage.tokens_out
    return -(-total // _ATTO_A_NANO)


def token_most(target: Target, usage: Usage) -> int:
    """Nano-USD of a usage at the dearest rate that can apply within a day: tier, hour, kind of token.

    Raises:
        TableError: the list has no such model, or prices nothing of what is consumed.
    """
    priced_model(target)
    hour = int(time.time()) // 3600
    seconds, of = Fraction(usage.seconds).limit_denominator(10**6).as_integer_ratio()
    total = 0
    for asked, said, heard, lasting, each in _dearest_of(
        target.tokens, hour, _tier(target.tokens, usage.tokens_in)
    ):
        words = asked * usage.tokens_in + said * usage.tokens_out + heard * usage.characters
        total = max(total, words + -(-lasting * seconds // of) + each)
    if not total and (usage.tokens_in or usage.tokens_out):
        raise _unpriced(target, "it has no price for tokens")
    return -(-total // _ATTO_A_NANO)


def ceiling(dollars: Decimal) -> int:
    """Nano-USD, rounded up."""
    return int((dollars * 10**9).to_integral_value(rounding=ROUND_CEILING))


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


def _is_plain(usage: Usage) -> bool:
    """Whether there is nothing to pay for but words."""
    return not (
        usage.tokens_cache_written
        or usage.image_tokens_in
        or usage.image_tokens_out
        or usage.audio_tokens_out
        or usage.seconds
        or usage.characters
    )


def _calculated(tokens: str, usage: Usage, moment: datetime.datetime | None = None) -> Decimal:
    """Dollars, by the list's own calculation, which takes 80 us."""
    from genai_prices import calc_price

    provider, _, name = tokens.partition(":")
    counted = _counted(usage)
    found = calc_price(counted, name, provider_id=provider, genai_request_timestamp=moment)
    return found.total_price


@lru_cache(maxsize=1024)
def _rates_of(tokens: str, period: int, tier: int) -> tuple[int, int, int, int] | None:
    """Atto-USD of a call, and of a token asked, read from the cache, said: a tier is linear.

    None where a rate is no whole number of them.
    """
    starts = _starts(tokens)
    n = starts[tier - 1] + 1 if tier else (starts or (10**6,))[0]
    moment = datetime.datetime.fromtimestamp(period * _PERIOD_S, datetime.UTC)
    call = _calculated(tokens, Usage(), moment)
    asked = _calculated(tokens, Usage(tokens_in=n), moment) - call
    read = _calculated(tokens, Usage(tokens_in=n, tokens_cached=n), moment) - call
    said = _calculated(tokens, Usage(tokens_in=n, tokens_out=n), moment) - call - asked
    rates = (_ATTO * call, _ATTO * asked / n, _ATTO * read / n, _ATTO * said / n)
    a, b, c, d = map(int, rates)
    return (a, b, c, d) if (a, b, c, d) == rates else None


def _tier(tokens: str, tokens_in: int) -> int:
    return bisect_left(_starts(tokens), tokens_in)


@lru_cache(maxsize=256)
def _starts(tokens: str) -> tuple[int, ...]:
    """Above how many tokens in a dearer tier begins, in order."""
    now = int(time.time()) // 3600
    tiered = (vars(price).values() for price in _prices_of_a_day(tokens, now))
    tiers = (getattr(value, "tiers", ()) for values in tiered for value in values)
    return tuple(sorted({tier.start for some in tiers for tier in some}))


@lru_cache(maxsize=256)
def _prices_of_a_day(tokens: str, hour: int) -> tuple[ModelPrice, ...]:
    """Every price of the day from that hour on: a call that starts now may be billed at any."""
    model, step = _model(tokens), datetime.timedelta(seconds=_PERIOD_S)
    begin = datetime.datetime.fromtimestamp(hour * 3600, datetime.UTC)
    found = [model.get_prices(begin + n * step) for n in range(49)]
    return tuple(price for n, price in enumerate(found) if price not in found[:n])


@lru_cache(maxsize=1024)
def _dearest_of(tokens: str, hour: int, tier: int) -> tuple[tuple[int, ...], ...]:
    """For each price of a day, atto-USD of one of each kind, at the dearest tier that can be reached."""
    return tuple(_dearest(price, tokens, tier) for price in _prices_of_a_day(tokens, hour))


def _dearest(price: ModelPrice, tokens: str, tier: int) -> tuple[int, ...]:
    kinds = ("input", "output", "mchars", "hours", "requests")
    rates = {kind: Decimal(0) for kind in kinds}
    reached = _starts(tokens)[tier - 1] + 1 if tier else 0
    for kind, rate in _rates(price, reached):
        rates[kind] = max(rates[kind], rate)
    return tuple(math.ceil(_ATTO * rate) for rate in rates.values())


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
