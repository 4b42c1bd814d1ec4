"""How this process sees the deployments: for `/metrics` and `/readyz`. It never makes a process unready."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from tollhouse.routing.breaker import BreakerState
from tollhouse.routing.upstreams import KeyState, Upstreams

from .health import Check

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MAX_SERIES = 1_000
"""Label sets of one metric; there are no more deployments than this, but each may have several keys."""
MAX_TOLD = 5
"""Deployments that a check names; it is for people."""


def families(upstreams: Upstreams, worker: str) -> "Iterator[Metric]":
    """Yield what a scrape shows. A key is told by its number in the configuration, from 1."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    breakers = GaugeMetricFamily(
        "tollhouse_breaker_state", "0 closed, 1 half open, 2 open.", labels=["worker", "deployment", "key_number"]
    )
    remaining = GaugeMetricFamily(
        "tollhouse_provider_remaining",
        "What the provider said is left, less what was sent since.",
        labels=["worker", "deployment", "key_number", "what"],
    )
    for state in islice(_worst(upstreams).values(), MAX_SERIES):
        labels = [worker, state.deployment, str(state.key + 1)]
        breakers.add_metric(labels, state.breaker)
        for what, left in state.left.items():
            remaining.add_metric([*labels, what], left)
    yield breakers
    yield remaining
    resting = GaugeMetricFamily(
        "tollhouse_keys_resting", "Keys that the provider refused.", labels=["worker", "provider"]
    )
    for provider, count in upstreams.quarantined().items():
        resting.add_metric([worker, provider], count)
    yield resting
    passed = CounterMetricFamily(
        "tollhouse_passed_over_total", "Deployments that calls passed over.", labels=["worker", "deployment", "why"]
    )
    for (deployment, why), count in islice(upstreams.passed.items(), MAX_SERIES):
        passed.add_metric([worker, deployment, why.value], count)
    yield passed
    yield from _queues(upstreams, worker)


def _worst(upstreams: Upstreams) -> dict[tuple[str, int], KeyState]:
    """One state a deployment and key: where it stands under several rules, the one with which it is worst."""
    found: dict[tuple[str, int], KeyState] = {}
    for state in upstreams.states():
        known = found.get((state.deployment, state.key))
        if known is None or state.breaker > known.breaker:
            found[state.deployment, state.key] = state
    return found


def _queues(upstreams: Upstreams, worker: str) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    waiting = GaugeMetricFamily("tollhouse_waiting_calls", "Calls that wait for room.", labels=["worker"])
    waiting.add_metric([worker], upstreams.queues.waiting)
    yield waiting
    shed = CounterMetricFamily("tollhouse_shed_calls_total", "Calls that lost their place.", labels=["worker"])
    shed.add_metric([worker], upstreams.queues.shed)
    yield shed


def checks(upstreams: Upstreams) -> list[Check]:
    """Return one check a provider that was asked since the start."""
    by_provider: dict[str, list[KeyState]] = {}
    for state in upstreams.states():
        by_provider.setdefault(state.provider, []).append(state)
    return [_check(provider, states) for provider, states in sorted(by_provider.items())]


def _check(provider: str, states: list[KeyState]) -> Check:
    shut = sorted({state.deployment for state in states if state.breaker is not BreakerState.CLOSED})
    more = f" and {len(shut) - MAX_TOLD} more" if len(shut) > MAX_TOLD else ""
    detail = f"left alone after failures: {', '.join(shut[:MAX_TOLD])}{more}" if shut else ""
    return Check(f"provider {provider}", ok=not shut, detail=detail, needed=False)
