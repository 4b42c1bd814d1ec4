"""The price book: which line prices a deployment. The operator's own line wins over the public seed."""

import json
import re
from collections.abc import Mapping

from tollhouse.domain.errors import ModelNotPriced
from tollhouse.domain.governance import Deployment
from tollhouse.domain.money import PriceLine, Rates
from tollhouse.ports.clock import Clock
from tollhouse.ports.price_seed import PriceSeed

INHOUSE = "inhouse"
FREE = PriceLine("inhouse", Rates(input=0, cached_input=0, output=0))
"""Our own engine runs on the operator's own machine and costs nothing, unless the operator gives it a price."""

DAY_MS = 86_400_000
"""Seed prices carry dates of validity, so a line is looked up again every (UTC) day."""

MAX_LINES = 4_096
"""Lines kept in memory. Routes with a pattern let callers choose model names, so the cache needs an end."""

FINE_TUNED = "ft:"
"""Fine-tuned models cost more than the model they stand on; a guess would be too low."""


class PriceBook:
    """Resolves a deployment's line once a day and keeps it. `base_urls` maps a provider's name to its base URL."""

    def __init__(self, seed: PriceSeed, base_urls: Mapping[str, str | None], clock: Clock) -> None:
        self._seed = seed
        self._base_urls = base_urls
        self._clock = clock
        self._day = -1
        self._lines: dict[tuple[str, str], PriceLine | None] = {}

    def put_in_force(self, base_urls: Mapping[str, str | None]) -> None:
        """
        From now on the providers have these addresses, which say whose prices the seed means.

        One that is gone keeps its address, for calls under way.
        """
        self._base_urls = {**self._base_urls, **base_urls}
        self._lines.clear()

    def line(self, deployment: Deployment) -> PriceLine | None:
        """Return the line that prices this deployment now, or None if nobody knows its price."""
        if deployment.price is not None:
            return deployment.price
        if deployment.dialect == INHOUSE:
            return FREE
        return self._from_seed(deployment)

    def _from_seed(self, deployment: Deployment) -> PriceLine | None:
        if deployment.model.startswith(FINE_TUNED):
            return None
        now_ms = self._clock.now_ms()
        day = now_ms // DAY_MS
        if day != self._day or len(self._lines) >= MAX_LINES:
            self._day = day
            self._lines.clear()
        key = (deployment.provider, deployment.model)
        if key not in self._lines:
            self._lines[key] = self._seed.line(self._base_urls.get(key[0]), key[1], now_ms)
        return self._lines[key]


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
"""YAML scalars that need no quotes inside braces."""


def not_priced(deployment: Deployment) -> ModelNotPriced:
    """Return the error for a model without a line. Its message holds the lines to paste, amounts left to fill in."""
    return ModelNotPriced(
        f"The price book has no line for {deployment.name}, so its cost cannot be bounded. Paste its price, in USD per "
        "million tokens, into the deployment in tollhouse.yaml:\n"
        f"      - provider: {_scalar(deployment.provider)}\n"
        f"        model: {_scalar(deployment.model)}\n"
        '        price: {input_per_million: "<USD>", output_per_million: "<USD>"}\n'
        "or set `unpriced: allow` on the use case: its calls are then booked at 0 and flagged.",
        param="model",
    )


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
