"""
The order of one call's attempts.

A route's deployments in order, then its fallbacks' in theirs. What an attempt's error allows decides the next step:
the same deployment again (`retries`), the next one, or none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tollhouse.domain.errors import Blame, InhouseCannot, UpstreamError
from tollhouse.domain.governance import Deployment, Route

from .backoff import backoff_ms


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt to make, after a wait."""

    route: Route
    deployment: Deployment
    wait_ms: int = 0


class Plan:
    """One call's way through its routes. `jitter` draws from [0, 1)."""

    __slots__ = ("_at", "_errors", "_is_diverted", "_jitter", "_retried", "_stops")

    def __init__(self, routes: Sequence[Route], jitter: Callable[[], float]) -> None:
        self._stops = [(route, deployment) for route in routes for deployment in route.deployments]
        self._at = 0
        self._retried = 0
        self._is_diverted = False
        self._errors: list[UpstreamError] = []
        self._jitter = jitter

    def first(self) -> Step:
        return Step(*self._stops[0])

    def after(self, error: UpstreamError) -> Step | None:
        """Return the step that follows a failed attempt, or None if the call has failed (then see `verdict`)."""
        self._errors.append(error)
        wait_ms = self._wait_ms(error)
        if wait_ms is not None:
            self._retried += 1
            return Step(*self._stops[self._at], wait_ms)
        if not error.fallback:
            return None
        return self._next(error)

    def skip(self) -> Step | None:
        """Return the step after a deployment that could not be tried at all (no budget, no price)."""
        return self._move(self._at + 1)

    def divert(self, route: Route | None) -> Step | None:
        """Leave everything for one route, once: the budgets for the others are used up. Return None if there is no such way."""
        if route is None or self._is_diverted:
            return None
        self._is_diverted = True
        self._stops = [(route, deployment) for deployment in route.deployments]
        return self._move(0)

    @property
    def failed(self) -> bool:
        """Has any attempt failed yet?"""
        return bool(self._errors)

    def verdict(self) -> UpstreamError:
        """
        Return the error the caller gets: the last one; but never `inhouse_cannot` or another follow-up's refusal in
        place of what a provider said first.
        """
        told = [error for error in self._errors if not isinstance(error, InhouseCannot)]
        return told[-1] if told else self._errors[-1]

    def _wait_ms(self, error: UpstreamError) -> int | None:
        """Return how long to wait for the same deployment, or None to leave it."""
        route, _ = self._stops[self._at]
        if not error.same_deployment or self._retried >= route.retries:
            return None
        if error.retry_after_ms is None:
            return backoff_ms(self._retried, route.retry_wait_max_ms, self._jitter())
        return error.retry_after_ms if error.retry_after_ms <= route.retry_wait_max_ms else None

    def _next(self, error: UpstreamError) -> Step | None:
        at = self._at + 1
        if error.blame is Blame.CONTEXT:
            window = self._stops[self._at][1].context_tokens
            while at < len(self._stops) and not _may_be_larger(self._stops[at][1], window):
                at += 1
        return self._move(at)

    def _move(self, at: int) -> Step | None:
        self._at, self._retried = at, 0
        return Step(*self._stops[at]) if at < len(self._stops) else None


def _may_be_larger(deployment: Deployment, window: int | None) -> bool:
    """A fallback whose declared context is known to be no larger would only fail again."""
    return window is None or deployment.context_tokens is None or deployment.context_tokens > window
