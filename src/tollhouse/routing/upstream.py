"""
One deployment as it stands in this process now: whether it may be asked, with which key, and what came of it.

    take    a seat for one attempt, or why there is none
    Seat    whoever has it sends the attempt inside `with seat`; what is raised there says what became of it
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from tollhouse.domain.errors import Blame, UpstreamError, UpstreamStatus
from tollhouse.domain.governance import Deployment
from tollhouse.domain.rates import ProviderQuota, Standing
from tollhouse.ports.clock import Clock

from .balance import keys_in_order
from .breaker import Breaker, BreakerState
from .capacity import UNKNOWN_S, Allowance, Capacity
from .keys import KeyRing
from .retry_budget import RetryBudget

if TYPE_CHECKING:
    from .line import Line

PACE_PART = 0.2
"""How much the newest attempt moves what is known of how long one takes."""


class Why(StrEnum):
    """Why a deployment was passed over."""

    OPEN = "open"
    """Its breaker is open, or none of its provider's keys may be used."""
    FULL = "full"
    """Its limits, or what its provider says is left, leave no room."""
    RETRY_BUDGET = "retry_budget"
    """The call has asked this provider before, and the provider's retry budget is used up."""
    SHED = "shed"
    """It waited for room and made way for a call that cannot wait."""


@dataclass(frozen=True, slots=True)
class Passed:
    """
    No seat.

    Args:
        wait_s: when there may be one; `UNKNOWN_S` if nobody knows.
        is_told: nothing is in the way but what the provider said of its own room.
    """

    why: Why
    wait_s: float = UNKNOWN_S
    is_told: bool = False


class Wish(NamedTuple):
    """
    What an attempt needs.

    Args:
        tokens: the most that it will likely use.
        conversation: what a sticky route goes by; None: nothing.
        is_retry: the provider said that it may come again, so what it said is left does not hold it up.
        but_keys: keys that were tried for this call and are of no use to it.
    """

    tokens: int = 0
    conversation: bytes | None = None
    is_retry: bool = False
    but_keys: Sequence[int] = ()


class Upstream:
    """
    Args:
        keys: its provider's.
        budget: its provider's retry budget; None for the in-house engine, which nothing overloads.
        standing: this process's place among those that serve, as of now.
    """

    __slots__ = (
        "allowances",
        "breakers",
        "budget",
        "capacity",
        "clock",
        "deployment",
        "keys",
        "line",
        "pace_s",
        "running",
        "standing",
    )

    def __init__(
        self,
        deployment: Deployment,
        keys: KeyRing,
        budget: RetryBudget | None,
        clock: Clock,
        standing: Callable[[], Standing],
    ) -> None:
        self.deployment = deployment
        self.keys = keys
        self.budget = budget
        self.clock = clock
        self.standing = standing
        policy, limits = deployment.breaker, deployment.limits
        self.breakers = [] if policy is None else [Breaker(policy) for _ in range(keys.count)]
        self.allowances = [Allowance() for _ in range(keys.count)]
        self.capacity = Capacity(limits, standing(), clock.monotonic()) if limits.is_set else None
        self.line: Line | None = None
        self.running = 0
        self.pace_s = 0.0

    def take(self, wish: Wish, now: float) -> "Seat | Passed":
        """Take a seat for an attempt. Whoever waits goes first, but for a retry of a call that was in already."""
        if self.line is not None and self.line.waiters and not wish.is_retry:
            return Passed(Why.FULL, self.wait_s(wish, now))
        return self.take_now(wish, now)

    def take_now(self, wish: Wish, now: float) -> "Seat | Passed":
        """Take a seat without regard to who waits."""
        if self.capacity is not None:
            self.capacity.stand(self.standing(), now)
            wait_s = self.capacity.wait_s(wish.tokens, now)
            if wait_s > 0:
                return Passed(Why.FULL, wait_s)
        if self.keys.count == 1:
            return self._seat(0, wish, now)
        return self._seat_with_some_key(wish, now)

    def wait_s(self, wish: Wish, now: float, *, ahead: int = 0, tokens_ahead: int = 0) -> float:
        """Return how long until there is room behind so many others, as far as anybody can say."""
        tokens, requests = wish.tokens + tokens_ahead, ahead + 1
        waits = [0.0]
        if self.capacity is not None:
            waits.append(self.capacity.wait_s(tokens, now, requests=requests))
        if self.keys.count == 1:
            waits.append(self.allowances[0].wait_s(tokens, now, requests=requests))
        return max(waits)

    def state(self, key: int, now: float) -> BreakerState:
        return self.breakers[key].state(now) if self.breakers else BreakerState.CLOSED

    def is_idle(self, now: float) -> bool:
        """Is there nothing about it that would have to be remembered?"""
        return not (
            self.running
            or (self.line is not None and self.line.waiters)
            or any(breaker.state(now) is not BreakerState.CLOSED for breaker in self.breakers)
        )

    def _seat_with_some_key(self, wish: Wish, now: float) -> "Seat | Passed":
        """Try the provider's keys in their order. If none will do, say of the one that will first."""
        passed = Passed(Why.OPEN)
        for key in keys_in_order(self.keys.count, self.keys.last + 1, wish.conversation):
            if key in wish.but_keys or not self.keys.is_usable(self.deployment.name, key, now):
                continue
            found = self._seat(key, wish, now)
            if isinstance(found, Seat):
                self.keys.last = key
                return found
            if found.wait_s <= passed.wait_s:
                passed = found
        return passed

    def _seat(self, key: int, wish: Wish, now: float) -> "Seat | Passed":
        allowance = self.allowances[key]
        if allowance.is_told and not wish.is_retry:
            wait_s = allowance.wait_s(wish.tokens, now)
            if wait_s > 0:
                return Passed(Why.FULL, wait_s, is_told=True)
        term = 0
        if self.breakers:
            term = self.breakers[key].enter(now)
            if not term:
                return Passed(Why.OPEN, self.breakers[key].wait_s(now) or UNKNOWN_S)
        if self.capacity is not None:
            self.capacity.take(wish.tokens)
        self.running += 1
        return Seat(self, key, term, wish.tokens, allowance.sent(wish.tokens), now)


class Seat:
    """
    One attempt's place at a deployment, free again when its `with` ends.

    Args:
        term: what its breaker let it in under; 0 without a breaker.
        mark: where it stands among what was sent with its key.
    """

    __slots__ = ("_mark", "_since", "_term", "_tokens", "_upstream", "key", "tokens_used")

    def __init__(
        self, upstream: Upstream, key: int, term: int, tokens: int, mark: tuple[int, int], since: float
    ) -> None:
        self.key = key
        self.tokens_used: int | None = None
        """What it cost in the end, once that is known."""
        self._upstream = upstream
        self._term = term
        self._tokens = tokens
        self._mark = mark
        self._since = since

    @property
    def keys(self) -> int:
        """How many keys its provider has."""
        return self._upstream.keys.count

    def heard(self, quota: ProviderQuota) -> None:
        """The provider's answer says what is left there for us."""
        self._upstream.allowances[self.key].heard(quota, self._mark, self._upstream.clock.monotonic())

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(error)

    def close(self, error: BaseException | None) -> None:
        """The attempt has ended: well, or with this. What is no provider's error says nothing about the deployment."""
        upstream = self._upstream
        now = upstream.clock.monotonic()
        upstream.running -= 1
        self._report(error, now)
        if upstream.capacity is not None:
            took_s = now - self._since
            upstream.pace_s += (took_s - upstream.pace_s) * (PACE_PART if upstream.pace_s else 1)
            upstream.capacity.leave(0 if self.tokens_used is None else self._tokens - self.tokens_used)
        if upstream.line is not None:
            upstream.line.pump()

    def _report(self, error: BaseException | None, now: float) -> None:
        """Tell the breaker, the key ring and the allowance what the attempt says about them."""
        upstream, term = self._upstream, self._term
        if error is None:
            if term:
                upstream.breakers[self.key].succeeded(term, now)
            return
        blame = error.blame if isinstance(error, UpstreamError) else Blame.REQUEST
        if blame is Blame.KEY:
            upstream.keys.refused(upstream.deployment.name, self.key, now, everywhere=_is_wrong_key(error))
        elif blame is Blame.RATE and isinstance(error, UpstreamError) and error.retry_after_ms:
            upstream.allowances[self.key].closed(error.retry_after_ms / 1000, now)
        if not term:
            return
        breaker = upstream.breakers[self.key]
        if blame is Blame.DEPLOYMENT:
            breaker.failed(term, now)
        elif blame is Blame.QUOTA:
            breaker.tripped(term, now)
        else:
            breaker.left(term)


def _is_wrong_key(error: BaseException) -> bool:
    """401: nobody may come with this key. 403: it may not do this, which another model there may not mind."""
    return isinstance(error, UpstreamStatus) and error.upstream_status == 401
