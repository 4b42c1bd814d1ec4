"""
Whether a deployment has room for a call: what its `limits` declare, and what its provider says is left.

Pure: `now` is monotonic seconds. A wait of 0 means room; `UNKNOWN_S` that only a call's end makes room.
"""

from math import inf

from tollhouse.domain.governance import Rate
from tollhouse.domain.rates import ProviderQuota, Remaining, Standing

WINDOW_S = 60.0
UNKNOWN_S = inf
QUOTA_MAX_S = 120.0
"""What a provider said about its room is forgotten after this, as it is with any wait that it asks for."""


class Bucket:
    """One limit per minute: it fills evenly, and a whole minute's worth may go at once."""

    __slots__ = ("_at", "_left", "cap", "limit")

    def __init__(self, limit: int, now: float) -> None:
        self.limit = self.cap = limit
        self._left: float = limit
        self._at = now

    def wait_s(self, amount: int, now: float) -> float:
        """Return how long until so much is there. More than the whole is let in once the bucket is full."""
        self._fill(now)
        short = min(amount, self.cap) - self._left
        return 0.0 if short <= 0 else short * WINDOW_S / self.cap

    def take(self, amount: int) -> None:
        self._left -= amount

    def give_back(self, amount: int) -> None:
        """Put back what was not used; a negative amount takes what was used beyond."""
        self._left = min(self._left + amount, self.cap)

    def resize(self, cap: int, now: float) -> None:
        """Go on with another share; the same part of it as before is used."""
        self._fill(now)
        self._left *= cap / self.cap
        self.cap = cap

    def _fill(self, now: float) -> None:
        self._left = min(self._left + (now - self._at) * self.cap / WINDOW_S, self.cap)
        self._at = now


class Capacity:
    """A deployment's declared limits, as far as this process may use them: its share among those that serve."""

    __slots__ = ("_concurrency", "_requests", "_standing", "_tokens", "limits", "places", "running")

    def __init__(self, limits: Rate, standing: Standing, now: float) -> None:
        self.limits = limits
        self.running = 0
        self._requests = None if limits.requests_per_minute is None else Bucket(limits.requests_per_minute, now)
        self._tokens = None if limits.tokens_per_minute is None else Bucket(limits.tokens_per_minute, now)
        self._concurrency = limits.concurrency
        self.places = limits.concurrency
        self._standing = Standing()
        self.stand(standing, now)

    def wait_s(self, tokens: int, now: float, *, requests: int = 1) -> float:
        """Return how long until there is room for so many requests with so many tokens in all."""
        if self.places is not None and self.running + requests > self.places:
            return UNKNOWN_S
        waits = (
            0.0 if self._requests is None else self._requests.wait_s(requests, now),
            0.0 if self._tokens is None else self._tokens.wait_s(tokens, now),
        )
        return max(waits)

    def take(self, tokens: int) -> None:
        self.running += 1
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(tokens)

    def leave(self, tokens_unused: int) -> None:
        self.running -= 1
        if self._tokens is not None:
            self._tokens.give_back(tokens_unused)

    def stand(self, standing: Standing, now: float) -> None:
        """Take this process's share of every limit. What was taken stays taken."""
        if standing is self._standing:
            return
        self._standing = standing
        if self._concurrency is not None:
            self.places = standing.share(self._concurrency)
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.resize(standing.share(bucket.limit), now)


class Allowance:
    """
    What the provider says is left for us at one deployment with one key, less what was sent since.

    Requests are numbered as they leave. An answer tells what was left when its request arrived there, so those that
    left after it are taken off; an older request's answer that comes later tells nothing new.
    """

    __slots__ = ("_closed_until", "_heard_of", "_sent", "_tokens_sent", "requests", "tokens")

    def __init__(self) -> None:
        self.requests: Told | None = None
        self.tokens: Told | None = None
        self._sent = 0
        self._tokens_sent = 0
        self._heard_of = 0
        self._closed_until = 0.0

    @property
    def is_told(self) -> bool:
        return self.requests is not None or self.tokens is not None or self._closed_until > 0

    def sent(self, tokens: int) -> tuple[int, int]:
        """A request leaves. Return its mark: how many requests, and how many tokens, have left up to it."""
        self._sent += 1
        self._tokens_sent += tokens
        if self.requests is not None:
            self.requests.left -= 1
        if self.tokens is not None:
            self.tokens.left -= tokens
        return self._sent, self._tokens_sent

    def heard(self, quota: ProviderQuota, mark: tuple[int, int], now: float) -> None:
        """Believe the newest answer."""
        number, tokens_then = mark
        if number < self._heard_of:
            return
        self._heard_of = number
        self.requests = _told(quota.requests, self._sent - number, now)
        self.tokens = _told(quota.tokens, self._tokens_sent - tokens_then, now)

    def left(self, now: float) -> dict[str, int]:
        """Return what is left now, by `requests` and `tokens`, as far as it was told."""
        told = {"requests": self.requests, "tokens": self.tokens}
        return {name: max(0, int(each.left_at(now))) for name, each in told.items() if each and now < each.until}

    def closed(self, wait_s: float, now: float) -> None:
        """The provider refused a request for its rate and named a wait: nothing new goes there before."""
        self._closed_until = max(self._closed_until, now + min(wait_s, QUOTA_MAX_S))

    def wait_s(self, tokens: int, now: float, *, requests: int = 1) -> float:
        """Return how long until the provider has room for so much, as far as it said. What is over is forgotten."""
        if self.requests is not None and now >= self.requests.until:
            self.requests = None
        if self.tokens is not None and now >= self.tokens.until:
            self.tokens = None
        if self._closed_until <= now:
            self._closed_until = 0.0
        return max(
            self._closed_until - now if self._closed_until else 0.0,
            0.0 if self.requests is None else self.requests.wait_s(requests, now),
            0.0 if self.tokens is None else self.tokens.wait_s(tokens, now),
        )


class Told:
    """One of a provider's limits as it was told, until it is whole again. It fills evenly if the whole is known."""

    __slots__ = ("_at", "_is_dated", "_per_s", "left", "until")

    def __init__(self, told: Remaining, sent_since: int, now: float) -> None:
        self.left: float = told.left - sent_since
        self._is_dated = told.whole_in_ms is not None
        whole_in_s = WINDOW_S if told.whole_in_ms is None else told.whole_in_ms / 1000
        self.until = now + min(whole_in_s, QUOTA_MAX_S)
        self._per_s = 0.0
        self._at = now
        if self._is_dated and told.limit is not None and whole_in_s > 0:
            self._per_s = max(0, told.limit - told.left) / whole_in_s

    def left_at(self, now: float) -> float:
        self.left += (now - self._at) * self._per_s
        self._at = now
        return self.left

    def wait_s(self, amount: int, now: float) -> float:
        """More than the whole is let in once it is whole. What has no date is shown, and holds nothing up."""
        short = amount - self.left_at(now)
        if short <= 0 or not self._is_dated:
            return 0.0
        return min(short / self._per_s, self.until - now) if self._per_s else self.until - now


def _told(remaining: Remaining | None, sent_since: int, now: float) -> Told | None:
    return None if remaining is None else Told(remaining, sent_since, now)
