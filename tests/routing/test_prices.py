"""Prices: integer nano-USD, never understated."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import genai_prices
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brandmodel.errors import TableError
from brandmodel.routing import load_tables, nano, usd
from brandmodel.routing.prices import NANO, cost, least, most
from brandmodel.routing.schema import PriceRow
from brandmodel.routing.tokens import token_cost
from brandmodel.tasks import (
    Asset,
    GenerateImage,
    GenerateVideo,
    Price,
    Target,
    Transcribe,
    Transcript,
    Usage,
    WordTime,
)

dollars = st.decimals(min_value=0, max_value=10_000, places=9).map(float)
counts = st.integers(0, 10_000_000)


@given(dollars)
def test_a_price_with_nine_decimals_is_exact(amount: float) -> None:
    assert nano(amount) == int(Decimal(repr(amount)).quantize(Decimal(10) ** -9) * NANO)
    assert usd(nano(amount)) == amount


@given(st.floats(0, 10_000))
def test_a_price_is_never_understated_nor_more_than_a_nano_above(amount: float) -> None:
    assert -0.001 <= nano(amount) - amount * NANO <= 1.001


def test_tenths_of_cents_do_not_drift() -> None:
    assert [nano(each) for each in (0.1, 0.2, 0.3, 0.07, 1.10, 0.000000001, 0.0)] == [
        100_000_000,
        200_000_000,
        300_000_000,
        70_000_000,
        1_100_000_000,
        1,
        0,
    ]
    assert nano(0.1) + nano(0.2) == nano(0.3)


def target(*price: Price, tokens: str = "", **limits: Any) -> Target:
    return Target(
        id="v/m",
        provider="p",
        model="m",
        tasks=frozenset(),
        price=price,
        tokens=tokens,
        limits=limits,
    )


def test_every_unit_counts_what_it_says() -> None:
    usage = Usage(
        tokens_in=500_000, tokens_out=2_000_000, images=3, sketches=2, pixels=1_500_000, seconds=7.5,
        characters=250,
    )  # fmt: skip
    price = {
        "request": 7,
        "million_tokens_in": 1_000,
        "million_tokens_out": 10_000,
        "image": 100,
        "sketch": 5,
        "megapixel": 40,
        "started_megapixel": 40,
        "second": 2,
        "thousand_characters": 8,
    }
    assert set(price) == set(PriceRow.model_fields) - {"max_lines"}
    assert {unit: cost(target(Price({unit: each})), usage) for unit, each in price.items()} == {
        "request": 7,
        "million_tokens_in": 500,
        "million_tokens_out": 20_000,
        "image": 300,
        "sketch": 10,
        "megapixel": 60,
        "started_megapixel": 80,
        "second": 15,
        "thousand_characters": 2,
    }
    assert cost(target(Price(price)), usage) == 7 + 500 + 20_000 + 300 + 10 + 60 + 80 + 15 + 2
    assert cost(target(), usage) == most(target(), usage) == 0


@given(counts, counts, st.integers(0, 10**12))
def test_cost_is_rounded_up_and_grows_with_use(few: int, more: int, each: int) -> None:
    priced = target(Price({"million_tokens_in": each}))
    lower, higher = sorted((few, more))
    exact = each * lower / 1e6
    assert 0 <= cost(priced, Usage(tokens_in=lower)) - exact < 1.0 + exact * 1e-9
    assert cost(priced, Usage(tokens_in=lower)) <= cost(priced, Usage(tokens_in=higher))


CLIP = target(
    Price({"second": 5}, 480), Price({"second": 12}, 720), Price({"second": 30}, 1080),
    durations_s=[4, 6, 8],
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "seconds", "nano_usd"),
    [
        (360, 4.0, 20),
        (480, 4.0, 20),
        (481, 4.0, 48),
        (1080, 4.0, 120),
        (0, 4.0, 120),  # of a size that nobody told, the dearest
        (480, 3.1, 20),  # what is asked is made, and billed, as the next longer clip
        (480, 4.1, 30),
        (480, 8.0, 40),
    ],
)
def test_a_price_goes_by_size_and_by_the_length_that_is_made(
    lines: int, seconds: float, nano_usd: int
) -> None:
    assert cost(CLIP, Usage(seconds=seconds, lines=lines)) == nano_usd


def test_a_task_tells_the_size_that_its_price_goes_by() -> None:
    wide = GenerateVideo(prompt="x", width=1280, height=720, duration_s=5)
    tall = GenerateVideo(prompt="x", width=720, height=1280, duration_s=5)
    assert {cost(CLIP, ask.bounds()[1]) for ask in (wide, tall)} == {72}
    assert GenerateImage(prompt="x", width=1024, height=768).bounds()[1].lines == 768


def test_tokens_cost_what_the_list_says() -> None:
    luna = target(tokens="openai:gpt-6-luna")
    # 0.1 a million in, 0.01 of them cached, 0.5 out; twice (and 1.5 times) beyond 272,000.
    assert cost(luna, Usage(tokens_in=1_000_000, tokens_out=0)) == 200_000_000
    assert cost(luna, Usage(tokens_in=100_000, tokens_cached=40_000)) == 6_400_000
    assert cost(luna, Usage(tokens_in=10, tokens_out=1_000)) == 501_000
    assert cost(luna, Usage(tokens_in=1)) == 100
    assert cost(luna, Usage()) == 0
    drawn = Usage(tokens_in=10, tokens_out=1_120, image_tokens_out=1_120)
    assert cost(target(tokens="google:gemini-3-pro-image"), drawn) == 134_420_000
    assert cost(target(tokens="openai:whisper-1"), Usage(seconds=3600)) == 360_000_000
    asked = Usage(tokens_in=1_000_000, tokens_out=10)
    # A fee for each request, which the list knows as well.
    assert cost(target(tokens="perplexity:sonar"), asked) == 1_000_010_000 + 12_000_000


LISTED = sorted({row.value.tokens for row in load_tables().targets.values() if row.value.tokens})
amounts = st.integers(0, 2_000_000)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(LISTED), amounts, amounts, amounts, amounts, amounts, amounts, amounts,
    st.integers(0, 900),
)  # fmt: skip
def test_a_call_never_costs_more_than_its_bound_nor_less_than_its_least(
    tokens: str, into: int, cached: int, written: int, shown: int, out: int, drawn: int, said: int,
    seconds: int,
) -> None:  # fmt: skip
    """Whatever a vendor tells, consistent or not: it is priced, and within what was held."""
    told = Usage(
        tokens_in=into, tokens_cached=cached, tokens_cache_written=written, image_tokens_in=shown,
        tokens_out=out, image_tokens_out=drawn, audio_tokens_out=said, seconds=float(seconds),
    )  # fmt: skip
    priced = target(tokens=tokens)
    bound = Usage(tokens_in=into + 7, tokens_out=out + 7, seconds=float(seconds))
    assert 0 <= cost(priced, told) <= most(priced, bound)
    fewest = Usage(tokens_in=into, tokens_out=out, seconds=float(seconds))
    if not (drawn or said or shown or written):
        assert least(priced, fewest) <= cost(priced, told)


@pytest.mark.parametrize("tokens", LISTED)
@settings(deadline=None, max_examples=20)
@given(
    into=st.one_of(counts, st.sampled_from([128_000, 200_000, 200_001, 272_000, 272_001])),
    cached=counts,
    out=counts,
)
def test_the_fast_way_to_price_words_comes_to_what_the_list_calculates(
    tokens: str, into: int, cached: int, out: int
) -> None:
    cached = min(cached, into)
    provider, _, name = tokens.partition(":")
    told = genai_prices.Usage(input_tokens=into, cache_read_tokens=cached, output_tokens=out)
    listed = genai_prices.calc_price(told, name, provider_id=provider).total_price * NANO
    usage = Usage(tokens_in=into, tokens_cached=cached, tokens_out=out)
    assert token_cost(target(tokens=tokens), usage) == math.ceil(listed)


def test_beside_tokens_a_price_bounds_a_call_and_counts_until_they_are_told() -> None:
    picture = target(Price({"image": 300_000_000}), tokens="openai:gpt-image-2")
    asked = GenerateImage(prompt="x").bounds()[1]
    assert cost(picture, asked) == 300_000_000
    assert most(picture, asked) >= 300_000_000
    assert cost(picture, Usage(tokens_in=100, tokens_out=1_000)) == 30_500_000


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ("openai:gpt-99-nova", "gpt-99-nova"),
        ("nobody:gpt-6-luna", "nobody"),
        ("openai:omni-moderation-latest", "it has no price"),
        ("openai:tts-1", "it has no price for tokens"),
    ],
)
def test_tokens_without_a_price_are_an_error_and_never_free(tokens: str, said: str) -> None:
    with pytest.raises(TableError, match=said) as found:
        most(target(tokens=tokens), Usage(tokens_in=100, tokens_out=100))
    assert (found.value.file, found.value.key) == ("targets/v.toml", "m.tokens")
    assert "price" in found.value.hint


def test_what_is_priced_is_paid() -> None:
    free = target(Price({"request": 0}))
    assert not free.paid
    assert not target().paid
    assert most(free, Usage(tokens_in=10**6)) == 0
    per_second = target(Price({"second": 5}))
    assert per_second.paid
    # A length that nobody knows is no reason to call it free.
    assert most(per_second, Usage()) == 1


def test_a_recording_of_unknown_length_has_a_true_upper_price() -> None:
    """Ogg and WebM do not tell their length in their head; 16 kbit/s is 2,000 bytes a second."""
    row = target(Price({"second": 100_000}))
    unknown = Transcribe(audio=Asset(sha256="0" * 64, media_type="audio/ogg", size=120_000))
    known = Transcribe(
        audio=Asset(sha256="0" * 64, media_type="audio/wav", size=120_000, duration_s=60.0)
    )
    assert most(row, known.bounds()[1]) == 6_000_000
    assert most(row, unknown.bounds()[1]) >= 6_000_000
    heard = Transcript(text="a b", words=(WordTime(text="b", start_s=58.0, end_s=59.0),))
    assert cost(row, unknown.usage(heard)) == 5_900_000
    assert cost(row, unknown.usage(Transcript(text="a b"))) == most(row, unknown.bounds()[1])
    assert most(row, unknown.bounds()[0]) <= cost(row, unknown.usage(heard))
