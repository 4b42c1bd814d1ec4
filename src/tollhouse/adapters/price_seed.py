"""
Port `PriceSeed` on genai-prices: public prices that ship in a wheel, read as exact decimals.

Money is booked from these lines, so they are read more strictly than the library does:

- The provider is the one whose address pattern fits the base URL up to the end of the host name.
- The model must be named in the table, letter for letter (case aside). The library also matches by prefix, by what a
  name contains, and by date patterns; those could give a new snapshot, or a fine-tuned model, another model's price.
  An unknown snapshot (`gpt-5-mini-2031-01-01`) therefore has no public price: the operator pastes a line for it.
- Fine-tuned models never have one. Nor have models on Azure: a name there is a deployment's, chosen by its owner, and
  tells nothing about the model behind it.
- A model with a price in a unit that an answer's usage does not count (a request, a page, an image token) has none.

What stays outside: fees for tools (web search, storage), cache writes, and dearer service tiers.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING

from tollhouse.domain.money import PriceLine, Rates, femto_per_token

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, Provider, Tier

PACKAGE = "genai-prices"

MAX_NAME_CHARS = 256
"""Longer than any model name in the table."""

COUNTED = frozenset(
    {"input_mtok", "cache_read_mtok", "output_mtok", "input_audio_mtok", "output_audio_mtok", "cache_write_mtok"}
)
"""Units that an answer's usage counts."""

OUTSIDE = frozenset({"cache_write_1h_mtok", "web_searches_kcount", "storage_searches_kcount"})
"""Units beside the tokens of an answer; a line without them is still that model's price per token."""

SAME_AS = {"cache_audio_read_mtok": "cache_read_mtok", "output_reasoning_mtok": "output_mtok"}
"""Units that usage does not tell apart: a model has a line only if both cost the same."""

NAMELESS = frozenset({"azure"})
"""Providers where the name in a request is not the model's."""

FREE = {
    "openai": frozenset(
        {
            "omni-moderation-latest",
            "omni-moderation-2024-09-26",
            "text-moderation-latest",
            "text-moderation-stable",
            "text-moderation-007",
        }
    )
}
"""OpenAI's moderation models cost nothing. Source: OpenAI's moderation guide; the table knows them by pattern only."""


class GenaiPrices:
    """Looks up public prices. The table loads at the first question (about 0.6 s) and is indexed a provider at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, Mapping[str, ModelInfo]] = {}

    def line(self, base_url: str | None, model: str, at_ms: int) -> PriceLine | None:
        """Return the public price of a model at the provider with this base URL, or None. Never guesses for `ft:` models."""
        name = model.lower()
        if base_url is None or len(name) > MAX_NAME_CHARS or _is_fine_tuned(name):
            return None
        provider = _provider(base_url)
        if provider is None or provider.id in NAMELESS:
            return None
        if name in FREE.get(provider.id, ()):
            return PriceLine(f"seed:{provider.id}/{name}@{version(PACKAGE)}", Rates(input=0, cached_input=0, output=0))
        known = self._named(provider).get(name)
        return None if known is None else _line(provider.id, known, datetime.fromtimestamp(at_ms / 1000, UTC))

    def _named(self, provider: "Provider") -> Mapping[str, "ModelInfo"]:
        with self._lock:
            if provider.id not in self._models:
                self._models[provider.id] = {
                    name: model for model in reversed(provider.models) for name in _names(model)
                }
            return self._models[provider.id]


def _is_fine_tuned(name: str) -> bool:
    return name.startswith("ft:") or ".ft-" in name or ":ft-" in name


def _provider(base_url: str) -> "Provider | None":
    from genai_prices.data import providers

    for provider in providers:
        found = re.match(provider.api_pattern, base_url)
        if found and _ends_a_host(base_url, found.end()):
            return provider
    return None


def _ends_a_host(base_url: str, end: int) -> bool:
    """Without this, `https://api.openai.com.example.org` would pass for OpenAI."""
    return end == len(base_url) or base_url[end] in "/:?" or base_url[end - 1] in "/."


def _names(model: "ModelInfo") -> Iterator[str]:
    yield model.id.lower()
    yield from _equal_names(model.match)


def _equal_names(clause: "MatchLogic") -> Iterator[str]:
    from genai_prices.types import ClauseEquals, ClauseOr

    if isinstance(clause, ClauseEquals):
        yield clause.equals.lower()
    elif isinstance(clause, ClauseOr):
        for part in clause.or_:
            yield from _equal_names(part)


def _line(provider_id: str, model: "ModelInfo", at: datetime) -> PriceLine | None:
    prices, since = _prices_at(model, at)
    table = {unit: value for unit, value in vars(prices).items() if value is not None and not unit.startswith("_")}
    if "input_mtok" not in table or not _is_countable(table):
        return None
    starts = sorted({tier.start for value in table.values() for tier in _tiers(value)})
    try:
        tiers = tuple((start, _rates(table, start)) for start in starts)
        return PriceLine(f"seed:{provider_id}/{model.id}@{version(PACKAGE)}{since}", _rates(table, -1), tiers)
    except ValueError:  # more decimal places than a price can have: the table holds a float's remains
        return None


def _prices_at(model: "ModelInfo", at: datetime) -> tuple["ModelPrice", str]:
    """Return the prices in force and, for the line's id, since when (`+2026-07-30`), if the table holds several."""
    from genai_prices.types import ModelPrice, StartDateConstraint

    prices = model.get_prices(at)
    if isinstance(model.prices, ModelPrice):
        return prices, ""
    constraint = next((entry.constraint for entry in model.prices if entry.prices is prices), None)
    if constraint is None:
        return prices, ""
    since = constraint.start_date if isinstance(constraint, StartDateConstraint) else constraint.start_time
    return prices, f"+{since.isoformat()}"


def _is_countable(table: Mapping[str, object]) -> bool:
    rest = table.keys() - COUNTED - OUTSIDE
    return all(unit in SAME_AS and table[unit] == table.get(SAME_AS[unit]) for unit in rest)


def _rates(table: Mapping[str, object], tokens_in: int) -> Rates:
    """Return the rates above `tokens_in` input tokens (-1: from the first on)."""

    def rate(unit: str) -> int | None:
        price = _price(table[unit], tokens_in) if unit in table else None
        return None if price is None else femto_per_token(str(price))

    text_in = rate("input_mtok")
    assert text_in is not None
    cached, out = rate("cache_read_mtok"), rate("output_mtok")
    return Rates(
        input=text_in,
        cached_input=text_in if cached is None else cached,
        # Only models that write nothing (embeddings) have no output price; should one write, it is not free.
        output=text_in if out is None else out,
        audio_input=rate("input_audio_mtok"),
        audio_output=rate("output_audio_mtok"),
        cache_write=rate("cache_write_mtok"),
    )


def _price(value: object, tokens_in: int) -> Decimal:
    from genai_prices.types import TieredPrices

    if isinstance(value, TieredPrices):
        reached = [tier.price for tier in value.tiers if tier.start <= tokens_in]
        return reached[-1] if reached else value.base
    assert isinstance(value, Decimal)
    return value


def _tiers(value: object) -> list["Tier"]:
    from genai_prices.types import TieredPrices

    return list(value.tiers) if isinstance(value, TieredPrices) else []
