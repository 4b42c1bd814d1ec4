"""The price book."""

from dataclasses import replace

import pytest
import yaml

from accounting_desk import LINE, LOCAL, OPENAI, OneLine
from tollhouse.accounting.prices import DAY_MS, MAX_LINES, PriceBook, not_priced
from tollhouse.domain.governance import Deployment
from tollhouse.domain.money import PriceLine, Rates, Usage, cost_nanousd
from tollhouse.testing.clock import FakeClock

OWN = PriceLine("config:models.fast", Rates(1, 1, 1))


def test_the_operators_own_line_wins_over_the_seed() -> None:
    book = PriceBook(OneLine(), {}, FakeClock())

    assert book.line(OPENAI) == LINE
    assert book.line(replace(OPENAI, price=OWN)) == OWN


def test_the_inhouse_engine_is_free_unless_it_has_a_price() -> None:
    book = PriceBook(OneLine(), {}, FakeClock())
    free = book.line(LOCAL)

    assert free is not None
    assert cost_nanousd(free, Usage(1_000_000, 1_000_000)) == 0
    assert book.line(replace(LOCAL, price=OWN)) == OWN


def test_a_model_that_nobody_prices_has_no_line() -> None:
    assert PriceBook(OneLine(), {}, FakeClock()).line(Deployment("openai", "gpt-99", "openai")) is None


def test_a_fine_tuned_model_is_priced_by_its_own_line_only() -> None:
    seed = OneLine()
    tuned = Deployment("openai", "ft:gpt-5-mini:acme::1", "openai")
    book = PriceBook(seed, {}, FakeClock())

    assert book.line(tuned) is None
    assert seed.asked == []
    assert book.line(replace(tuned, price=OWN)) == OWN


def test_the_seed_is_asked_once_a_day() -> None:
    seed, clock = OneLine(), FakeClock()
    book = PriceBook(seed, {}, clock)

    book.line(OPENAI)
    book.line(OPENAI)
    clock.advance(DAY_MS)
    book.line(OPENAI)

    assert seed.asked == ["gpt-5-mini"] * 2


def test_the_cache_of_lines_has_an_end() -> None:
    seed = OneLine()
    book = PriceBook(seed, {}, FakeClock())

    for number in range(MAX_LINES + 1):
        book.line(Deployment("openai", f"model-{number}", "openai"))
    book.line(Deployment("openai", "model-0", "openai"))

    assert seed.asked.count("model-0") == 2


@pytest.mark.parametrize("model", ["gpt-99", "ft:gpt-5-mini:acme::1", "no: 'quotes'", "4o"])
def test_the_error_prints_lines_that_only_lack_the_amounts(model: str) -> None:
    message = not_priced(Deployment("openai", model, "openai")).message

    lines = [line for line in message.splitlines() if line.startswith("      ")]
    assert yaml.safe_load("\n".join(lines)) == [
        {"provider": "openai", "model": model, "price": {"input_per_million": "<USD>", "output_per_million": "<USD>"}}
    ]
