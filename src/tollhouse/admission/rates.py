"""Limiters of teams, use cases, keys and sessions: requests and tokens per minute, and how many calls at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from tollhouse.domain.errors import RateLimited
from tollhouse.domain.governance import BudgetScope, Rate
from tollhouse.domain.rates import RateState, Standing

from .buckets import Bucket

WINDOW_S = 60.0
UNLIMITED = 2**62
"""Places for calls where there is no limit."""
CONCURRENCY_WAIT_MS = 1_000
"""Nobody knows when a running call ends; a second is what clients wait anyway."""
SESSION_OVER_S = 1_200.0
"""A session lives for at most 15 minutes: 20 after its first call it is over."""

SAID = {"team": "Team", "use_case": "Use case", "key": "Key"}


class Short(NamedTuple):
    """What a call lacks: in which limiter, and of which of its limits."""

    limiter: "Limiter"
    what: str


class Limiter:
    """
    One scope's limits in this process.

    Args:
        places: how many calls may run here at once; `UNLIMITED` without `concurrency`.
        on_low: told when a chunk of what is shared runs low; None while nothing is shared.
    """

    __slots__ = (
        "calls",
        "concurrency",
        "made_s",
        "on_low",
        "places",
        "places_elsewhere",
        "rate",
        "requests",
        "running",
        "scope",
        "tokens",
        "waiting",
    )

    def __init__(self, scope: BudgetScope, rate: Rate, standing: Standing, window_s: float, now: float) -> None:
        self.scope = scope
        self.calls = 0
        self.running = 0
        self.waiting = 0
        self.places_elsewhere = 0
        self.made_s = now
        self.on_low: Callable[[Limiter], None] | None = None
        self.requests: Bucket | None = None
        self.tokens: Bucket | None = None
        self.change(rate, standing, window_s, now)

    # --- a call -----------------------------------------------------------------------------------------------------

    def lacks(self, tokens: int, now: float) -> str | None:
        """Return which limit has no room for this call, or None."""
        if self.running >= self.places:
            return "concurrency"
        requests = self.requests
        if requests is not None and not requests.fits(1, now):
            return "requests"
        bucket = self.tokens
        if bucket is not None and not bucket.fits(tokens, now):
            return "tokens"
        return None

    def take(self, tokens: int) -> None:
        self.running += 1
        self.calls += 1
        requests, bucket = self.requests, self.tokens
        if requests is not None:
            requests.take(1)
        if bucket is not None:
            bucket.take(tokens)
        if self.on_low is not None and self._is_low():
            self.on_low(self)

    def leave(self, tokens_unused: int) -> None:
        self.running -= 1
        if self.tokens is not None:
            self.tokens.give_back(tokens_unused)

    def refusal(self, what: str, tokens: int, now: float) -> tuple[str, int]:
        """Return what to tell a caller, and how many milliseconds to wait."""
        who = f"{SAID[self.scope.kind]} {self.scope.name}" if self.scope.kind in SAID else f"This {self.scope.kind}"
        if what == "concurrency":
            here = "" if self.places >= (self.concurrency or 0) else f" ({self.places} of them through this process)"
            return f"{who} may have {self.concurrency} calls at once{here}, and has them.", CONCURRENCY_WAIT_MS
        bucket = self.requests if what == "requests" else self.tokens
        assert bucket is not None, "only a limit that is set can refuse"
        wait_ms = max(1, bucket.wait_ms(1 if what == "requests" else tokens, now))
        here = "" if bucket.cap == bucket.limit else f" ({bucket.cap} of them through this process)"
        return f"{who} may use {bucket.limit} {what} per minute{here}; wait {wait_ms} ms.", wait_ms

    # --- changes ----------------------------------------------------------------------------------------------------

    def change(self, rate: Rate, standing: Standing, window_s: float, now: float) -> None:
        """Go on with this rate. What runs goes on running, and of a limit that did not change the level stays."""
        self.rate = rate
        self.requests = self._changed(self.requests, rate.requests_per_minute, standing, window_s, now)
        self.tokens = self._changed(self.tokens, rate.tokens_per_minute, standing, window_s, now)
        self.concurrency = rate.concurrency
        if rate.concurrency is None:
            self.places = UNLIMITED
        elif self.on_low is None:
            self.places = standing.share(rate.concurrency)
        else:
            self.places = self.running  # more are asked for with the next call

    def stand(self, standing: Standing, now: float) -> None:
        """Take another share. Only while nothing is shared."""
        for _, bucket in self.buckets():
            bucket.resize(bucket.limit, standing.share(bucket.limit), now)
        if self.concurrency is not None:
            self.places = standing.share(self.concurrency)

    def join(self, on_low: "Callable[[Limiter], None]", now: float) -> None:
        """From now on limits are shared: chunks and places are asked for."""
        for _, bucket in self.buckets():
            bucket.join(now)
        self.on_low = on_low
        if self.concurrency is not None:
            self.places = self.running

    def part(self, standing: Standing, now: float) -> None:
        """From now on this process has its share, and nobody to ask."""
        self.on_low = None
        for _, bucket in self.buckets():
            bucket.part(standing.share(bucket.limit), now)
        if self.concurrency is not None:
            self.places = standing.share(self.concurrency)

    def was_used(self, now: float) -> bool:
        """While nothing is shared: is anything of it in use?"""
        return self.running > 0 or any(not bucket.is_full(now) for _, bucket in self.buckets())

    def has_elsewhere(self, what: str, tokens: int, now: float) -> bool:
        """While limits are shared: was enough of what a call lacks there when last seen?"""
        if what == "concurrency":
            return self.places_elsewhere > 0
        bucket = self.requests if what == "requests" else self.tokens
        return bucket is not None and bucket.held + bucket.elsewhere(now) >= (1 if what == "requests" else tokens)

    def is_held(self) -> bool:
        """While limits are shared: is anything of this one here?"""
        return (
            self.running > 0
            or self.places not in (0, UNLIMITED)
            or any(b.held >= 1 or b.held < 0 for _, b in self.buckets())
        )

    def buckets(self) -> Iterator[tuple[str, Bucket]]:
        if self.requests is not None:
            yield "requests", self.requests
        if self.tokens is not None:
            yield "tokens", self.tokens

    def _changed(
        self, bucket: Bucket | None, limit: int | None, standing: Standing, window_s: float, now: float
    ) -> Bucket | None:
        if limit is None:
            return None
        cap = limit if self.on_low is not None else standing.share(limit)
        if bucket is None:
            bucket = Bucket(limit, standing.share(limit), window_s, now)
            if self.on_low is not None:
                bucket.join(now)
        elif bucket.limit != limit:
            bucket.resize(limit, cap, now)
        return bucket

    def _is_low(self) -> bool:
        if self.running >= self.places:
            return True
        requests, bucket = self.requests, self.tokens
        if requests is not None and requests.held < requests.low:
            return True
        return bucket is not None and bucket.held < bucket.low


RatePath = tuple[Limiter, ...]
"""The limiters on a call's path in their one order: team, use case, key, session."""


class Ticket:
    """A call's place under the limits of its path. `close` frees it once, and gives unused tokens back."""

    __slots__ = ("_is_open", "_path", "_tokens")

    def __init__(self, path: RatePath, tokens: int) -> None:
        self._path = path
        self._tokens = tokens
        self._is_open = True

    def close(self, tokens_used: int) -> None:
        if self._is_open:
            self._is_open = False
            unused = self._tokens - tokens_used
            for limiter in self._path:
                limiter.leave(unused)


class Rates:
    """
    Every limiter of this process. It knows no other process: `sharing.py` tells it its standing, and what is shared.

    Args:
        window_s: the "minute" of every limit.
    """

    def __init__(self, *, window_s: float = WINDOW_S) -> None:
        self.standing = Standing()
        self._window_s = window_s
        self._on_low: Callable[[Limiter], None] | None = None
        self._limiters: dict[BudgetScope, Limiter] = {}

    @property
    def is_shared(self) -> bool:
        return self._on_low is not None

    def put_in_force(self, rates: Mapping[BudgetScope, Rate], now: float) -> None:
        """From now on these hold, beside those of sessions. A limiter whose rate went stays until its calls have ended."""
        for scope, rate in rates.items():
            self.limiter(scope, rate, now)
        for scope, limiter in list(self._limiters.items()):
            if scope in rates or scope.kind == "session":
                continue
            if limiter.running:
                limiter.change(Rate(), self.standing, self._window_s, now)
            else:
                del self._limiters[scope]

    def limiter(self, scope: BudgetScope, rate: Rate, now: float) -> Limiter:
        """Return the scope's limiter, made at its first use, with this rate from now on."""
        known = self._limiters.get(scope)
        if known is None:
            known = self._limiters[scope] = Limiter(scope, rate, self.standing, self._window_s, now)
            if self._on_low is not None:
                known.join(self._on_low, now)
        elif known.rate != rate:
            known.change(rate, self.standing, self._window_s, now)
        return known

    def forget_sessions(self, now: float) -> None:
        """Forget the limiters of sessions that are over."""
        for scope, limiter in list(self._limiters.items()):
            if scope.kind == "session" and not limiter.running and now - limiter.made_s >= SESSION_OVER_S:
                del self._limiters[scope]

    def all(self) -> Iterable[Limiter]:
        return self._limiters.values()

    # --- other processes --------------------------------------------------------------------------------------------

    def stand(self, standing: Standing, now: float) -> None:
        """Take this place among those who serve."""
        if standing == self.standing:
            return
        self.standing = standing
        if not self.is_shared:
            for limiter in self.all():
                limiter.stand(standing, now)

    def join(self, on_low: Callable[[Limiter], None], now: float) -> list[Limiter]:
        """Share from now on, and return the limiters of which something was in use."""
        used = [limiter for limiter in self.all() if limiter.was_used(now)]
        self._on_low = on_low
        for limiter in self.all():
            limiter.join(on_low, now)
        return used

    def part(self, now: float) -> None:
        """Go on alone, with this process's share."""
        self._on_low = None
        for limiter in self.all():
            limiter.part(self.standing, now)


def enter_at_once(path: RatePath, tokens: int, now: float) -> Ticket | Short:
    """Take a place under all limits, or say what the first that has no room lacks; then nothing is taken."""
    for limiter in path:
        what = limiter.lacks(tokens, now)
        if what is not None:
            return Short(limiter, what)
    for limiter in path:
        limiter.take(tokens)
    return Ticket(path, tokens)


def refusal(short: Short, path: RatePath, tokens: int, now: float) -> RateLimited:
    """Return the error that says which limit of which scope, and how long to wait."""
    message, wait_ms = short.limiter.refusal(short.what, tokens, now)
    return RateLimited(message, retry_after_ms=wait_ms, states=tightest(path, now), lacks=short.what)


def tightest(path: RatePath, now: float) -> dict[str, RateState]:
    """Return, by `requests` and `tokens`, the state of the limit on the path that has the least left."""
    found: dict[str, RateState] = {}
    for limiter in path:
        for name, bucket in (("requests", limiter.requests), ("tokens", limiter.tokens)):
            if bucket is None:
                continue
            state = bucket.state(now)
            if name not in found or state.remaining < found[name].remaining:
                found[name] = state
    return found
