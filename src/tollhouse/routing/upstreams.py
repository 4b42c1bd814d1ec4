"""Every deployment as it stands in this process, and what the deployments of one provider share."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from tollhouse.domain.governance import BreakerPolicy, Deployment, Rate
from tollhouse.domain.rates import Standing
from tollhouse.ports.clock import Clock

from .breaker import BreakerState
from .keys import KeyRing
from .line import Line
from .queue import Queues
from .retry_budget import RetryBudget
from .upstream import Upstream, Why

MAX_UPSTREAMS = 1_000
"""Deployments remembered: with a pattern's route, callers choose the names of models."""
MAX_KNOWN = 5_000
"""Descriptions of deployments whose standing is at hand without looking for it."""
INHOUSE = "inhouse"

_ALONE = Standing()

Identity = tuple[str, Rate, BreakerPolicy | None]
"""A deployment that stands in two routes under the same rules is one; under other rules each counts for itself."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """
    One deployment with one of its provider's keys, for people.

    Args:
        key: its place in the configuration, from 0.
        left: what the provider said is left for us, by `requests` and `tokens`.
    """

    provider: str
    deployment: str
    key: int
    breaker: BreakerState
    left: Mapping[str, int]


class Upstreams:
    """
    Args:
        key_counts: how many keys each provider has.
        standing: says where this process stands among those that serve.
    """

    def __init__(
        self, clock: Clock, key_counts: Mapping[str, int], standing: Callable[[], Standing] = lambda: _ALONE
    ) -> None:
        self.queues = Queues()
        self.passed: dict[tuple[str, Why], int] = {}
        self._clock = clock
        self._key_counts = key_counts
        self._standing = standing
        self._known: dict[int, tuple[Deployment, Upstream]] = {}
        self._upstreams: dict[Identity, Upstream] = {}
        self._budgets: dict[str, RetryBudget] = {}
        self._rings: dict[str, KeyRing] = {}

    def renewed(self, key_counts: Mapping[str, int], gone: Collection[str]) -> "Upstreams":
        """
        Return how things stand when these providers are gone, or are reached with another address or other keys.

        Of all others everything is remembered, queues and counts too; both may be used beside each other.
        """
        after = Upstreams(self._clock, key_counts, self._standing)
        after.queues, after.passed = self.queues, self.passed
        after._upstreams = {
            identity: each for identity, each in self._upstreams.items() if each.deployment.provider not in gone
        }
        after._budgets = {name: each for name, each in self._budgets.items() if name not in gone}
        after._rings = {name: each for name, each in self._rings.items() if name not in gone}
        return after

    def of(self, deployment: Deployment) -> Upstream:
        """Return how a deployment stands. The same description is found at once."""
        known = self._known.get(id(deployment))
        if known is not None:
            return known[1]
        upstream = self._find(deployment)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[id(deployment)] = deployment, upstream  # it is kept, so its id is nobody else's
        return upstream

    def line(self, upstream: Upstream) -> Line:
        if upstream.line is None:
            upstream.line = Line(upstream)
        return upstream.line

    def budget(self, provider: str) -> RetryBudget:
        found = self._budgets.get(provider)
        if found is None:
            found = self._budgets[provider] = RetryBudget(self._clock.monotonic())
        return found

    def ring(self, provider: str) -> KeyRing:
        found = self._rings.get(provider)
        if found is None:
            found = self._rings[provider] = KeyRing(self._key_counts.get(provider, 1))
        return found

    # --- for people -------------------------------------------------------------------------------------------------

    def states(self) -> Iterator[KeyState]:
        """
        Yield every deployment that was asked, with each key; not the in-house engine, which has no bad days.

        Under other rules in another route it is another one, and is shown once more.
        """
        now = self._clock.monotonic()
        for upstream in self._upstreams.values():
            for key, allowance in enumerate(upstream.allowances if upstream.budget is not None else ()):
                provider, name = upstream.deployment.provider, upstream.deployment.name
                yield KeyState(provider, name, key, upstream.state(key, now), allowance.left(now))

    def quarantined(self) -> dict[str, int]:
        """Return how many keys rest, by provider; only providers that were asked."""
        now = self._clock.monotonic()
        return {provider: ring.quarantined(now) for provider, ring in self._rings.items()}

    def pass_over(self, deployment: str, why: Why) -> None:
        """Count it, for metrics."""
        self.passed[deployment, why] = self.passed.get((deployment, why), 0) + 1

    # --- making -----------------------------------------------------------------------------------------------------

    def _find(self, deployment: Deployment) -> Upstream:
        identity = (deployment.name, deployment.limits, deployment.breaker)
        found = self._upstreams.get(identity)
        if found is None:
            self._make_room()
            found = self._upstreams[identity] = self._made(deployment)
        return found

    def _made(self, deployment: Deployment) -> Upstream:
        provider = deployment.provider
        budget = None if deployment.dialect == INHOUSE else self.budget(provider)
        return Upstream(deployment, self.ring(provider), budget, self._clock, self._standing)

    def _make_room(self) -> None:
        """Forget the oldest deployments about which there is nothing to remember."""
        if len(self._upstreams) < MAX_UPSTREAMS:
            return
        now = self._clock.monotonic()
        idle = [identity for identity, upstream in self._upstreams.items() if upstream.is_idle(now)]
        for identity in idle[: MAX_UPSTREAMS // 2]:
            del self._upstreams[identity]
        self._known.clear()
        live = {name for name, _, _ in self._upstreams}
        self.passed = {who: count for who, count in self.passed.items() if who[0] in live}
