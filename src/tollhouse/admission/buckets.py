"""
One ceiling per minute, as this process sees it.

    alone    it fills here, evenly, up to this process's share of the limit (all of it for a process by itself)
    sharing  it fills elsewhere for all processes together; here lies what was taken from there and is not used yet

Whatever changes, what was used stays used: a bucket that goes from one state to the other brings along what it holds,
and owes what it began with on trust.
"""

from math import ceil

from tollhouse.domain.rates import RateState
from tollhouse.ports.shared_rates import NEAR_MS, BucketAsk, Got

AHEAD_S = 0.3
"""A chunk lasts about this long at the pace of late: two looks at what is shared."""
RETRY_MS = 50
"""The least that a call over a shared limit is told to wait: before that, nobody has asked again."""


class Bucket:
    """
    A token bucket whose burst is the whole minute.

    Only the level and the time of the last look are kept, so there is no edge at which two minutes' worth passes.
    `now` is monotonic seconds.
    """

    __slots__ = (
        "_asked_at",
        "_at",
        "_left",
        "_left_then",
        "_on_trust",
        "_pace",
        "_per_s",
        "_seen",
        "_seen_at",
        "cap",
        "least",
        "limit",
        "low",
        "waiting",
        "window_s",
    )

    def __init__(self, limit: int, cap: int, window_s: float, now: float) -> None:
        self.limit = limit
        self.cap = cap
        self.window_s = window_s
        self.low = 0.0
        self.waiting = 0
        self.least = 0
        self._left: float = cap
        self._on_trust: float = cap
        self._per_s = cap / window_s
        self._at = self._asked_at = now
        self._pace = self._left_then = 0.0
        self._seen: float | None = None
        self._seen_at = now

    # --- a call -----------------------------------------------------------------------------------------------------

    def left(self, now: float) -> float:
        if self._per_s and now > self._at:
            grown = self._left + (now - self._at) * self._per_s
            self._left = grown if grown < self.cap else self.cap
            self._at = now
        return self._left

    def fits(self, amount: int, now: float) -> bool:
        """More than the whole is let in once the bucket is full."""
        left, cap = self._left, self.cap
        if self._per_s and now > self._at:  # as in `left`; this is the hot path
            left += (now - self._at) * self._per_s
            self._left = left = left if left < cap else cap
            self._at = now
        return left >= (amount if amount < cap else cap)

    def take(self, amount: int) -> None:
        self._left -= amount

    def give_back(self, amount: int) -> None:
        """Put back what was not used; a negative amount takes what was used beyond."""
        left = self._left + amount
        self._left = left if left < self.cap else self.cap

    def wait_ms(self, amount: int, now: float) -> int:
        """Return how long until this much is there, if nobody else takes it."""
        if self._per_s:
            short, per_s = min(amount, self.cap) - self.left(now), self._per_s
            return 0 if short <= 0 else int(short * 1000 / per_s) + 1
        short = min(amount, self.limit) - self._left - self.elsewhere(now)
        return max(RETRY_MS, int(short * 1000 * self.window_s / self.limit) + 1)

    def state(self, now: float) -> RateState:
        """Alone, the limit is this process's share: that is what its answers can promise."""
        left, whole = self.left(now), self.cap
        if not self._per_s:
            left, whole = min(left + self.elsewhere(now), self.limit), self.limit
        return RateState(whole, max(int(left), 0), int((whole - left) * 1000 * self.window_s / whole))

    # --- changes ----------------------------------------------------------------------------------------------------

    def resize(self, limit: int, cap: int, now: float) -> None:
        """Go on with another limit or share. The same part of it as before is used."""
        part = self.left(now) / self.cap
        on_trust = self._on_trust / self.cap
        if self._seen is not None:
            self._seen *= limit / self.limit
        if self._per_s:
            self._per_s = cap / self.window_s
            self._left, self._on_trust = part * cap, on_trust * cap
        self.limit, self.cap = limit, cap

    def is_full(self, now: float) -> bool:
        return bool(self._per_s) and self.left(now) >= self.cap

    def join(self, now: float) -> None:
        """From now on it fills elsewhere. Here stays what came in on our own; what was given on trust goes."""
        self._left = 0.0 if self.is_full(now) else self.left(now) - self._on_trust
        self.cap = self.limit
        self._per_s = self._on_trust = self._pace = 0.0
        self._left_then, self._asked_at, self._seen_at = self._left, now, now

    def part(self, cap: int, now: float) -> None:
        """From now on it fills here, up to a share; it begins with as large a part as was there in all, on trust."""
        if self._seen is not None:
            self._seen = self.elsewhere(now)
        self._on_trust = self.elsewhere(now) / self.limit * cap
        self._per_s = cap / self.window_s
        self._left = min(self._left + self._on_trust, cap)
        # For NEAR_MS what flows in for us may still do so elsewhere: that long nothing comes in here.
        self.cap, self._at, self.low = cap, now + NEAR_MS / 1000, 0.0

    def debt(self, now: float) -> int:
        """Return, as a negative number, what was used of what was given on trust; it is paid now."""
        owed = min(0, int(self.left(now) - self._on_trust))
        self._on_trust += owed
        return owed

    def owe(self, amount: int) -> None:
        """That debt could not be paid."""
        self._on_trust -= amount

    # --- what is shared ---------------------------------------------------------------------------------------------

    def ask(self, name: str, now: float, *, is_idle: bool) -> BucketAsk:
        """Say what goes back and what is wished for: enough for who waits and for the next moments."""
        self._look_at_pace(now)
        ahead = 0.0 if is_idle else self._pace * AHEAD_S
        goal, change = self.waiting + ahead, 0
        if self._left < 0 or self._left > 2 * goal + 1 or (is_idle and self._left > goal):
            change = int(self._left - goal) if self._left > 0 else int(self._left) - 1
            self._left -= change
        most = min(max(0, ceil(goal - self._left)), self.limit)
        needed = min(max(0, ceil(self.waiting - self._left)), self.limit)
        least = min(max(1, ceil(self.least - self._left)), self.limit) if most else 0
        self.low, self._left_then = ahead / 2, self._left
        seed, window_ms = int(self.elsewhere(now)), round(self.window_s * 1000)
        return BucketAsk(name, self.limit, window_ms, seed, change, least, needed, max(most, least))

    def got(self, got: Got, now: float) -> None:
        self._left += got.granted
        self._left_then += got.granted
        self._seen, self._seen_at = float(got.left), now

    def lost(self, ask: BucketAsk) -> None:
        """No answer: what was to be paid is still owed; what was given back may have arrived and stays away."""
        self._left += min(0, ask.change)

    @property
    def held(self) -> float:
        return self._left

    def _look_at_pace(self, now: float) -> None:
        elapsed = max(now - self._asked_at, 0.001)
        self._pace = max((self._left_then - self._left) / elapsed, self._pace * 0.5)
        self._asked_at = now

    def elsewhere(self, now: float) -> float:
        """What is left for all, as far as is known here: as last seen, and what flowed in since if anything did."""
        if self._seen is None:
            return float(self.limit)
        if self._per_s:
            return self._seen
        return max(0.0, min(self.limit, self._seen + (now - self._seen_at) * self.limit / self.window_s))
