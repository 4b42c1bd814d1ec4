"""Money is exact, and refuses what it cannot hold exactly."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.money import (
    PriceLine,
    Rates,
    Usage,
    bound_nanousd,
    cost_nanousd,
    femto_per_token,
    nano_from_usd,
    usd_from_nano,
)

tokens = st.integers(0, 10**7)
rates = st.integers(0, 10**12)


@given(nano=st.integers(-(10**18), 10**18))
def test_nano_usd_survives_being_written_as_a_decimal_string(nano: int) -> None:
    text = usd_from_nano(nano)

    assert Decimal(text) * 10**9 == nano
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "1e400",
        "nan",
        "inf",
        "0.0000000001",
        "1,5",
        "",
        "1000000001",
        "0." + "1" * 30,
        "1.0000000010000000000000000000000001",
        "1e-999999",
    ],
)
def test_an_amount_that_is_not_exact_or_not_sane_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        nano_from_usd(text)


@given(uncached=tokens, cached=tokens, out=tokens, r_in=rates, r_cached=rates, r_out=rates)
def test_a_cost_is_the_exact_product_rounded_once_half_to_even(
    uncached: int, cached: int, out: int, r_in: int, r_cached: int, r_out: int
) -> None:
    line = PriceLine("test", Rates(r_in, r_cached, r_out))

    cost = cost_nanousd(line, Usage(uncached + cached, out, cached))

    exact = Fraction(uncached * r_in + cached * r_cached + out * r_out, 10**6)
    rounded = Decimal(exact.numerator * 10**6 // exact.denominator) / 10**6
    assert abs(cost - exact) <= Fraction(1, 2)
    if abs(cost - exact) == Fraction(1, 2):
        assert cost % 2 == 0
    assert cost == int(rounded.quantize(Decimal(1), ROUND_HALF_EVEN))


@given(t_in=tokens, out=tokens, cached=tokens, r=st.tuples(rates, rates, rates), t=st.tuples(rates, rates, rates))
def test_no_answer_within_its_bound_costs_more_than_the_bound(
    t_in: int, out: int, cached: int, r: tuple[int, int, int], t: tuple[int, int, int]
) -> None:
    line = PriceLine("test", Rates(*r), tiers=((200_000, Rates(*t)),))

    cost = cost_nanousd(line, Usage(t_in, out, min(cached, t_in)))

    assert cost <= bound_nanousd(line, t_in, out)


def test_a_tier_prices_the_whole_answer_once_the_input_exceeds_its_bound() -> None:
    line = PriceLine("test", Rates(1000, 1000, 0), tiers=((100, Rates(2000, 2000, 0)),))

    below, above = cost_nanousd(line, Usage(100, 0)), cost_nanousd(line, Usage(1000, 0))

    assert (below, above) == (0, 2)


def test_what_the_provider_wrote_to_its_cache_costs_its_own_rate_and_is_bounded() -> None:
    line = PriceLine("test", Rates(10**6, 10**5, 10**6, cache_write=1_250_000))

    cost = cost_nanousd(line, Usage(1000, 0, tokens_cached=100, cache_writes=400))

    assert cost == 500 * 1 + 10 + 500
    assert bound_nanousd(line, 1000, 0) == 1250


def test_a_price_of_a_quarter_dollar_per_million_is_a_whole_number_of_femto_usd() -> None:
    assert femto_per_token("0.25") == 250_000_000
    assert (
        cost_nanousd(PriceLine("p", Rates(250_000_000, 25_000_000, 2_000_000_000)), Usage(1_000_000, 0)) == 250_000_000
    )
