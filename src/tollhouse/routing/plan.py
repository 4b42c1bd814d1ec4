"""
The order of one call's attempts.

A route's deployments in their order (`balance.py`), then its fallbacks' in theirs. What an attempt's error allows
decides the next step: the same deployment again (`retries`), with another key, the next one, or none. A deployment
that has no seat is passed over; where nothing else is left and its provider named a wait that a retry would keep, the
call keeps it too.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

from tollhouse.domain.errors import Blame, InhouseCannot, NoRoom, TollhouseError, UpstreamError
from tollhouse.domain.governance import Deployment, Route

from .backoff import backoff_ms
from .capacity import QUOTA_MAX_S, UNKNOWN_S
from .upstream import Passed, Why

DEFAULT_WAIT_S = 1.0
"""What a caller is told to wait where nobody knows when there will be room."""

Order = Callable[[Route], Sequence[Deployment]]

_SAID = {
    Why.OPEN: "left alone after failures",
    Why.FULL: "full",
    Why.RETRY_BUDGET: "asked often enough",
    Why.SHED: "full",
}


class Step(NamedTuple):
    """
    One attempt to make, after a wait.

    Args:
        is_retry: the same deployment as before, as its provider allows.
        but_keys: its provider's keys that were tried already.
    """

    route: Route
    deployment: Deployment
    wait_ms: int = 0
    is_retry: bool = False
    but_keys: tuple[int, ...] = ()


class Plan:
    """
    One call's way through its routes.

    Args:
        jitter: draws from [0, 1).
        order: in which order a route's deployments are asked.
    """

    __slots__ = (
        "_at",
        "_errors",
        "_is_diverted",
        "_is_last",
        "_jitter",
        "_keys_tried",
        "_last_chance",
        "_order",
        "_passed",
        "_retried",
        "_stops",
        "_visited",
        "_window",
    )

    def __init__(
        self, routes: Sequence[Route], jitter: Callable[[], float], order: Order = lambda route: route.deployments
    ) -> None:
        self._order = order
        self._stops = [(route, deployment) for route in routes for deployment in order(route)]
        self._at = 0
        self._retried = 0
        self._is_diverted = False
        self._is_last = False
        self._jitter = jitter
        self._errors: list[UpstreamError] = []
        self._passed: list[tuple[str, Passed]] = []
        self._last_chance: tuple[float, Step] | None = None
        self._visited: tuple[str, ...] = ()
        self._keys_tried: tuple[int, ...] = ()
        self._window: int | None = None

    def first(self) -> Step:
        return Step(*self._stops[0])

    def after(self, error: UpstreamError, *, key: int = 0, keys: int = 1) -> Step | None:
        """
        Return the step that follows a failed attempt, or None if the call has failed (then see `verdict`).

        Args:
            key: the provider's key it was made with, of so many `keys`.
        """
        self._errors.append(_bare(error))
        wait_ms = self._wait_ms(error)
        if wait_ms is not None:
            self._retried += 1
            return Step(*self._stops[self._at], wait_ms, is_retry=True, but_keys=self._keys_tried)
        if not error.fallback:
            return None
        if error.blame in (Blame.KEY, Blame.QUOTA) and len(self._keys_tried) + 1 < keys:
            self._keys_tried = (*self._keys_tried, key)
            return Step(*self._stops[self._at], but_keys=self._keys_tried)
        if error.blame is Blame.CONTEXT:
            self._window = self._stops[self._at][1].context_tokens or self._window
        return self._move(self._at + 1)

    def skip(self) -> Step | None:
        """Return the step after a deployment that could not be tried at all (no budget, no price)."""
        return self._move(self._at + 1)

    def pass_over(self, passed: Passed) -> Step | None:
        """Return the step after a deployment that had no seat."""
        route, deployment = self._stops[self._at]
        self._passed.append((deployment.name, passed))
        if passed.is_told and not self._is_last and route.retries and passed.wait_s * 1000 <= route.retry_wait_max_ms:
            step = Step(route, deployment, ceil(passed.wait_s * 1000), is_retry=True)
            if self._last_chance is None or passed.wait_s < self._last_chance[0]:
                self._last_chance = passed.wait_s, step
        return self._move(self._at + 1)

    def divert(self, route: Route | None) -> Step | None:
        """Leave everything for one route, once: the budgets for the others are used up. Return None if there is no such way."""
        if route is None or self._is_diverted:
            return None
        self._is_diverted = True
        self._stops = [(route, deployment) for deployment in self._order(route)]
        return self._move(0)

    # --- what was done ----------------------------------------------------------------------------------------------

    def visited(self, provider: str) -> bool:
        """Was a request of this call sent to this provider before?"""
        return provider in self._visited

    def visit(self, provider: str) -> None:
        self._visited += (provider,)

    def has_sibling(self) -> bool:
        """Does another deployment of the same route follow?"""
        after = self._at + 1
        return after < len(self._stops) and self._stops[after][0] is self._stops[self._at][0]

    @property
    def failed(self) -> bool:
        """Has any attempt failed yet, or was any deployment passed over?"""
        return bool(self._errors or self._passed)

    def verdict(self) -> TollhouseError:
        """
        Return the error the caller gets: the last one that a provider said; else that there was no room, which passes;
        and only if nothing else was in the way, that the in-house engine cannot.

        To be asked once, at the end: what is raised must not be held by the frames that it is raised through.
        """
        errors, self._errors = self._errors, []
        told = [error for error in errors if not isinstance(error, InhouseCannot)]
        if told:
            return told[-1]
        return self._no_room() if self._passed else errors[-1]

    def _no_room(self) -> NoRoom:
        wait_s = min(passed.wait_s for _, passed in self._passed)
        if wait_s >= UNKNOWN_S:
            wait_s = DEFAULT_WAIT_S
        said = "; ".join(f"{name} is {_SAID[passed.why]}" for name, passed in self._passed)
        return NoRoom(
            f"No deployment can take this call just now: {said}.",
            retry_after_ms=max(1, ceil(min(wait_s, QUOTA_MAX_S) * 1000)),
        )

    # --- where to go ------------------------------------------------------------------------------------------------

    def _wait_ms(self, error: UpstreamError) -> int | None:
        """Return how long to wait for the same deployment, or None to leave it."""
        route, _ = self._stops[self._at]
        if not error.same_deployment or self._retried >= route.retries:
            return None
        if error.retry_after_ms is None:
            return backoff_ms(self._retried, route.retry_wait_max_ms, self._jitter())
        return error.retry_after_ms if error.retry_after_ms <= route.retry_wait_max_ms else None

    def _move(self, at: int) -> Step | None:
        """Go to the next stop that may be tried: once a request was too long, none that is known to be no larger."""
        while at < len(self._stops) and not self._may_be_larger(self._stops[at][1]):
            at += 1
        self._at, self._retried, self._keys_tried = at, 0, ()
        return Step(*self._stops[at]) if at < len(self._stops) else self._last()

    def _last(self) -> Step | None:
        """Nothing is left but the deployment that has room soonest, as its provider said: at most once."""
        if self._last_chance is None:
            return None
        (_, step), self._last_chance, self._is_last = self._last_chance, None, True
        self._stops = [(step.route, step.deployment)]
        self._at = 0
        return step

    def _may_be_larger(self, deployment: Deployment) -> bool:
        return self._window is None or deployment.context_tokens is None or deployment.context_tokens > self._window


def _bare(error: UpstreamError) -> UpstreamError:
    """Forget where it was raised: those frames hold all that the attempt had received, and the next one needs the room."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error
