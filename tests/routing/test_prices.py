"""Prices: integer nano-USD, never understated."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from brandmodel.routing import nano, usd
from brandmodel.routing.prices import NANO, cost
from brandmodel.tasks import Usage

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


def test_every_unit_counts_what_it_says() -> None:
    usage = Usage(
        tokens_in=500_000, tokens_out=2_000_000, images=3, pixels=1_500_000, seconds=7.5,
        characters=250,
    )  # fmt: skip
    price = {
        "request": 7,
        "million_tokens_in": 1_000,
        "million_tokens_out": 10_000,
        "image": 100,
        "megapixel": 40,
        "second": 2,
        "thousand_characters": 8,
    }
    assert {unit: cost({unit: each}, usage) for unit, each in price.items()} == {
        "request": 7,
        "million_tokens_in": 500,
        "million_tokens_out": 20_000,
        "image": 300,
        "megapixel": 60,
        "second": 15,
        "thousand_characters": 2,
    }
    assert cost(price, usage) == 7 + 500 + 20_000 + 300 + 60 + 15 + 2
    assert cost({}, usage) == 0


@given(counts, counts, st.integers(0, 10**12))
def test_cost_is_rounded_up_and_grows_with_use(few: int, more: int, each: int) -> None:
    price = {"million_tokens_in": each}
    lower, higher = sorted((few, more))
    exact = each * lower / 1e6
    assert 0 <= cost(price, Usage(tokens_in=lower)) - exact < 1.0 + exact * 1e-9
    assert cost(price, Usage(tokens_in=lower)) <= cost(price, Usage(tokens_in=higher))
