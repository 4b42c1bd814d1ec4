"""The limiter of one use case: requests and tokens per minute, and how many calls at once."""

from dataclasses import dataclass

from tollhouse.domain.errors import RateLimited
from tollhouse.domain.governance import Rate

WINDOW_MS = 60_000


@dataclass(frozen=True, slots=True)
class RateState:
    """What `x-ratelimit-*` tells: of a limit, how much is left, and when it is whole again."""

    limit: int
    remaining: int
    reset_ms: int


class Bucket:
    """
    A ceiling per minute that refills evenly (a token bucket whose burst is the whole minute).

    Only the level and the time of the last look are kept, so there is no edge at which two minutes' worth passes.
    """

    __slots__ = ("_at", "_left", "limit")

    def __init__(self, limit: int, now: float) -> None:
        self.limit = limit
        self._left = float(limit)
        self._at = now

    def left(self, now: float) -> float:
        grown = self._left + (now - self._at) * 1000 * self.limit / WINDOW_MS
        self._left, self._at = min(grown, float(self.limit)), now
        return self._left

    def wait_ms(self, amount: int, now: float) -> int:
        """Return how long until this much is there: 0 if it is now. More than the limit is let in once the bucket is full."""
        short = min(amount, self.limit) - self.left(now)
        return 0 if short <= 0 else int(short * WINDOW_MS / self.limit) + 1

    def take(self, amount: int) -> None:
        self._left -= amount

    def give_back(self, amount: int) -> None:
        self._left = min(self._left + amount, float(self.limit))

    def state(self, now: float) -> RateState:
        left = self.left(now)
        return RateState(self.limit, max(int(left), 0), int((self.limit - left) * WINDOW_MS / self.limit))


class Ticket:
    """A call's place under its use case's limits. `settle` gives unused tokens back; `close` frees the place."""

    __slots__ = ("_limiter", "_open", "_tokens")

    def __init__(self, limiter: "Limiter", tokens: int) -> None:
        self._limiter = limiter
        self._tokens = tokens
        self._open = True

    def close(self, tokens_used: int) -> None:
        if self._open:
            self._open = False
            self._limiter.leave(self._tokens - tokens_used)


class Limiter:
    """One use case's limits in this process. `now` is monotonic seconds."""

    __slots__ = ("_concurrency", "_requests", "_running", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self._requests = Bucket(rate.requests_per_minute, now) if rate.requests_per_minute else None
        self._tokens = Bucket(rate.tokens_per_minute, now) if rate.tokens_per_minute else None
        self._concurrency = rate.concurrency
        self._running = 0

    def enter(self, tokens: int, now: float) -> Ticket:
        """Take one request and its worst case of tokens. Raises RateLimited saying which limit and how long to wait."""
        if self._concurrency is not None and self._running >= self._concurrency:
            raise RateLimited(
                f"This use case may have {self._concurrency} calls at once, and has them.", retry_after_ms=1000
            )
        self._refuse_over("requests", self._requests, 1, now)
        self._refuse_over("tokens", self._tokens, tokens, now)
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(tokens)
        self._running += 1
        return Ticket(self, tokens)

    def leave(self, tokens_unused: int) -> None:
        self._running -= 1
        if self._tokens is not None:
            self._tokens.give_back(tokens_unused)

    def states(self, now: float) -> dict[str, RateState]:
        buckets = {"requests": self._requests, "tokens": self._tokens}
        return {name: bucket.state(now) for name, bucket in buckets.items() if bucket is not None}

    def _refuse_over(self, what: str, bucket: Bucket | None, amount: int, now: float) -> None:
        if bucket is None:
            return
        wait_ms = bucket.wait_ms(amount, now)
        if wait_ms:
            raise RateLimited(f"This use case may use {bucket.limit} {what} per minute.", retry_after_ms=wait_ms)
