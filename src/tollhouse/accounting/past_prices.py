"""What a deployment's tokens cost at a past moment, for bills that state tokens and no amounts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tollhouse.domain.governance import Deployment, Route
from tollhouse.domain.money import PriceLine
from tollhouse.ports.price_seed import PriceSeed

from .prices import PriceBook

PATTERN = "*"


class PastPrices:
    """
    The operator's own line of today if there is one, else the public price of that moment.

    Args:
        routes: where a deployment's own price stands. One that no route has any more has its public price only.
    """

    def __init__(self, routes: Iterable[Route], seed: PriceSeed, base_urls: Mapping[str, str | None]) -> None:
        every = [deployment for route in routes for deployment in route.deployments]
        self._deployments = {deployment.name: deployment for deployment in reversed(every)}
        self._then = _Then()
        self._book = PriceBook(seed, base_urls, self._then)

    def line(self, deployment: str, at_ms: int) -> PriceLine | None:
        self._then.at_ms = at_ms
        return self._book.line(self._deployment(deployment))

    def _deployment(self, name: str) -> Deployment:
        provider, _, model = name.partition("/")
        found = self._deployments.get(name) or self._deployments.get(f"{provider}/{PATTERN}")
        return replace(found, model=model) if found is not None else Deployment(provider, model, dialect="")


class _Then:
    """A clock that stands."""

    at_ms = 0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return self.at_ms / 1000
