"""Public prices: exact, and never another model's."""

from importlib.metadata import version

import pytest
from genai_prices.data import providers
from genai_prices.types import ModelPrice, TieredPrices

from tollhouse.adapters.price_seed import GenaiPrices
from tollhouse.domain.money import Rates, Usage, cost_nanousd, femto_per_token

OPENAI = "https://api.openai.com/v1"
NOVEMBER_2026 = 1_795_000_000_000
JULY_2026 = 1_783_000_000_000


@pytest.fixture(scope="module")
def seed() -> GenaiPrices:
    return GenaiPrices()


def test_a_listed_model_has_its_exact_price(seed: GenaiPrices) -> None:
    line = seed.line(OPENAI, "gpt-5-mini", NOVEMBER_2026)

    assert line is not None
    assert line.id == f"seed:openai/gpt-5-mini@{version('genai-prices')}"
    assert line.rates == Rates(
        input=femto_per_token("0.25"), cached_input=femto_per_token("0.025"), output=femto_per_token("2.00")
    )
    assert cost_nanousd(line, Usage(tokens_in=1000, tokens_out=10, tokens_cached=400)) == 180_000


def test_a_listed_snapshot_has_a_price_and_an_unknown_one_has_none(seed: GenaiPrices) -> None:
    assert seed.line(OPENAI, "gpt-5-mini-2025-08-07", NOVEMBER_2026) is not None
    assert seed.line(OPENAI, "gpt-4o-2024-05-13", NOVEMBER_2026) != seed.line(OPENAI, "gpt-4o", NOVEMBER_2026)
    assert seed.line(OPENAI, "gpt-5-mini-2031-01-01", NOVEMBER_2026) is None
    assert seed.line(OPENAI, "gpt-5-nano-2031-01-01", NOVEMBER_2026) is None


@pytest.mark.parametrize(
    "model",
    [
        "ft:gpt-4o-2024-08-06:acme::abc",
        "FT:gpt-4o-mini-2024-07-18:acme",
        "ft:gpt-4o",
        "ft:gpt-4-0613:acme",
        "gpt-4o-mini-2024-07-18.ft-abc",
        "gpt-4o-and-more",
        "my-gpt-4o",
        "gpt",
        "",
        "x" * 10_000,
    ],
)
def test_a_name_that_only_looks_like_a_model_has_no_price(seed: GenaiPrices, model: str) -> None:
    assert seed.line(OPENAI, model, NOVEMBER_2026) is None


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "",
        "http://127.0.0.1:9/v1",
        "https://api.openai.com.example.org/v1",
        "https://proxy.example.org/?to=https://api.openai.com",
        "https://acme.openai.azure.com/openai/v1",
    ],
)
def test_an_unknown_provider_has_no_prices(seed: GenaiPrices, base_url: str | None) -> None:
    assert seed.line(base_url, "gpt-4o", NOVEMBER_2026) is None
    assert seed.line(base_url, "o1", NOVEMBER_2026) is None


def test_a_missing_cached_price_is_the_input_price(seed: GenaiPrices) -> None:
    line = seed.line(OPENAI, "gpt-4", NOVEMBER_2026)

    assert line is not None
    assert line.rates.cached_input == line.rates.input == femto_per_token("30")


def test_audio_tokens_have_rates_of_their_own(seed: GenaiPrices) -> None:
    line = seed.line(OPENAI, "gpt-audio", NOVEMBER_2026)

    assert line is not None
    assert (line.rates.audio_input, line.rates.audio_output) == (femto_per_token("32"), femto_per_token("64"))


def test_tiers_price_the_whole_answer_above_their_bound(seed: GenaiPrices) -> None:
    line = seed.line(OPENAI, "gpt-6.1-sol", NOVEMBER_2026)

    assert line is not None
    assert line.rates_for(272_000).input == femto_per_token("2")
    assert line.rates_for(272_001).input == femto_per_token("4")


def test_a_price_change_belongs_to_its_day(seed: GenaiPrices) -> None:
    before = seed.line(OPENAI, "gpt-5.6-luna", JULY_2026)
    after = seed.line(OPENAI, "gpt-5.6-luna", NOVEMBER_2026)

    assert before is not None
    assert after is not None
    assert before.rates.input == femto_per_token("1")
    assert after.rates.input == femto_per_token("0.2")
    assert before.id != after.id


def test_models_priced_by_units_we_do_not_count_have_no_line(seed: GenaiPrices) -> None:
    for model in ("gpt-image-1", "whisper-1", "tts-1", "gpt-realtime"):
        assert seed.line(OPENAI, model, NOVEMBER_2026) is None


def test_embeddings_have_a_price_and_moderations_are_free(seed: GenaiPrices) -> None:
    embedding = seed.line(OPENAI, "text-embedding-3-small", NOVEMBER_2026)
    moderation = seed.line(OPENAI, "omni-moderation-latest", NOVEMBER_2026)

    assert embedding is not None
    assert moderation is not None
    assert embedding.rates.input == femto_per_token("0.02")
    assert moderation.rates == Rates(input=0, cached_input=0, output=0)


def test_every_plain_openai_price_is_the_tables(seed: GenaiPrices) -> None:
    openai = next(provider for provider in providers if provider.id == "openai")
    seen = 0

    for model in openai.models:
        line = seed.line(OPENAI, model.id, NOVEMBER_2026)
        if line is None or not isinstance(model.prices, ModelPrice):
            continue
        price = model.prices.input_mtok
        base = price.base if isinstance(price, TieredPrices) else price
        assert line.rates.input == femto_per_token(str(base)), model.id
        seen += 1

    assert seen > 50
