"""The price book's seed: public prices that ship with the program."""

from typing import Protocol

from tollhouse.domain.money import PriceLine


class PriceSeed(Protocol):
    def line(self, base_url: str | None, model: str, at_ms: int) -> PriceLine | None:
        """Return the public price of a model at the provider with this base URL, or None. Never guesses for `ft:` models."""
        ...
