"""Our costs against another calculator: the price table's own, which works in decimals and knows nothing of ours."""

import random
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices import calc_price
from genai_prices.data import providers

from tollhouse.adapters.price_seed import GenaiPrices
from tollhouse.domain.money import PriceLine, Usage, cost_nanousd, usd_from_nano

OPENAI = "https://api.openai.com/v1"
AT = datetime(2026, 11, 20, tzinfo=UTC)
SEED = 20261123
SIZES = (0, 1, 7, 999, 1_000_003, 127_999, 128_000, 128_001, 200_000, 200_001, 271_999, 272_000, 272_001)
"""Token counts around the bounds at which tiers begin, and small and odd ones."""


@cache
def priced() -> tuple[tuple[str, PriceLine], ...]:
    seed, at_ms = GenaiPrices(), int(AT.timestamp() * 1000)
    names = [model.id for provider in providers if provider.id == "openai" for model in provider.models]
    found = ((name, seed.line(OPENAI, name, at_ms)) for name in names)
    return tuple((name, line) for name, line in found if line is not None)


def test_there_are_tiers_cached_and_audio_prices_to_compare() -> None:
    lines = [line for _, line in priced()]

    assert len(lines) > 50
    assert any(line.tiers for line in lines)
    assert any(line.rates.cached_input < line.rates.input for line in lines)


@pytest.mark.parametrize("kind", ["plain", "cached", "reasoning"])
def test_every_model_costs_what_the_tables_own_calculator_says(kind: str) -> None:
    chance = random.Random(f"{SEED} {kind}")
    for name, line in priced():
        for tokens_in in SIZES:
            tokens_out = 0 if name.startswith("text-embedding") else chance.choice(SIZES)
            cached = chance.randint(0, tokens_in) if kind == "cached" else 0
            # Reasoning tokens are a part of the output and cost the same; whoever adds them again is wrong.
            reasoning = {"output_reasoning_tokens": chance.randint(0, tokens_out)} if kind == "reasoning" else {}
            usage = Usage(tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=cached)

            theirs = calc_price(
                TheirUsage(input_tokens=tokens_in, cache_read_tokens=cached, output_tokens=tokens_out, **reasoning),
                model_ref=name,
                provider_id="openai",
                genai_request_timestamp=AT,
            ).total_price

            rounded = theirs.quantize(Decimal("1e-9"), ROUND_HALF_EVEN)
            assert Decimal(usd_from_nano(cost_nanousd(line, usage))) == rounded, (name, usage, theirs)
