"""What the tests of routing share: deployments, errors, and a clock that a test moves."""

import asyncio

from tollhouse.domain.errors import Blame, UpstreamStatus
from tollhouse.domain.governance import BreakerPolicy, Deployment, Rate
from tollhouse.routing.upstream import Passed, Seat, Upstream, Why, Wish
from tollhouse.routing.upstreams import Upstreams
from tollhouse.testing.clock import FakeClock


def a_deployment(
    model: str = "m", *, limits: Rate | None = None, breaker: BreakerPolicy | None = None, provider: str = "p"
) -> Deployment:
    return Deployment(provider, model, "openai", limits=limits or Rate(), breaker=breaker)


def an_upstream(
    clock: FakeClock, *, keys: int = 1, limits: Rate | None = None, breaker: BreakerPolicy | None = None
) -> Upstream:
    return Upstreams(clock, {"p": keys}).of(a_deployment(limits=limits, breaker=breaker))


def status(upstream: int, blame: Blame, retry_after_ms: int | None = None) -> UpstreamStatus:
    return UpstreamStatus("said", upstream_status=upstream, blame=blame, retry_after_ms=retry_after_ms)


def takes(upstream: Upstream, clock: FakeClock, wish: Wish | None = None) -> Seat:
    found = upstream.take(wish or Wish(), clock.monotonic())
    assert isinstance(found, Seat), found
    return found


def passes(upstream: Upstream, clock: FakeClock, wish: Wish | None = None) -> Passed:
    found = upstream.take(wish or Wish(), clock.monotonic())
    assert isinstance(found, Passed)
    return found


async def settled() -> None:
    """Let every task that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


__all__ = ["Why", "a_deployment", "an_upstream", "passes", "settled", "status", "takes"]
