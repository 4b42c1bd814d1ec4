"""
The circuit breaker of one deployment and key: it leaves alone what fails, and finds out by itself when that is over.

    closed     calls go through; their outcomes of the last `window_s` are counted
    open       nothing goes through until the cooldown is over
    half open  one call goes through as a probe: its outcome closes the breaker or opens it anew

Pure: `now` is monotonic seconds.
"""

from enum import IntEnum

from tollhouse.domain.governance import BreakerPolicy

SLOTS = 10
"""The window is counted in so many parts: what is older than 9/10 of it goes a tenth at a time."""


class BreakerState(IntEnum):
    """As `/metrics` shows it."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """
    `enter` before a request, then one of `succeeded`, `failed`, `tripped` and `left` with what `enter` returned.

    An outcome counts only while the breaker is as it was when the request entered: one that was sent before a trouble
    and ends after it neither closes nor opens anything.
    """

    __slots__ = ("_at", "_calls", "_failures", "_is_probing", "_open_until", "_slot_s", "_term", "policy")

    def __init__(self, policy: BreakerPolicy) -> None:
        self.policy = policy
        self._slot_s = policy.window_s / SLOTS
        self._calls = [0] * SLOTS
        self._failures = [0] * SLOTS
        self._at = 0
        self._open_until: float | None = None
        self._is_probing = False
        self._term = 1

    def enter(self, now: float) -> int:
        """Return the term under which a request goes through, or 0 if it may not."""
        if self._open_until is None:
            return self._term
        if now < self._open_until or self._is_probing:
            return 0
        self._is_probing = True
        return self._term

    def wait_s(self, now: float) -> float:
        """Return how long to leave it alone; once a probe is due or under way nobody knows, and it is 0."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now)

    def state(self, now: float) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    def succeeded(self, term: int, now: float) -> None:
        if term != self._term:
            return
        if self._open_until is None:
            self._count(now, failures=0)
        else:
            self._close()

    def failed(self, term: int, now: float) -> None:
        if term != self._term:
            return
        if self._open_until is not None:
            self._open(now)
            return
        self._count(now, failures=1)
        calls, failures = sum(self._calls), sum(self._failures)
        if calls >= self.policy.min_calls and failures >= self.policy.failure_rate * calls:
            self._open(now)

    def tripped(self, term: int, now: float) -> None:
        """The provider said that nothing will do for now: no counting."""
        if term == self._term:
            self._open(now)

    def left(self, term: int) -> None:
        """The request said nothing about the deployment. If it was the probe, the next one is."""
        if term == self._term:
            self._is_probing = False

    def _count(self, now: float, *, failures: int) -> None:
        at = int(now / self._slot_s)
        if at != self._at:
            self._advance(at)
        slot = at % SLOTS
        self._calls[slot] += 1
        self._failures[slot] += failures

    def _advance(self, at: int) -> None:
        for gone in range(self._at + 1, min(at, self._at + SLOTS) + 1):
            self._calls[gone % SLOTS] = self._failures[gone % SLOTS] = 0
        self._at = at

    def _open(self, now: float) -> None:
        self._open_until = now + self.policy.cooldown_ms / 1000
        self._is_probing = False
        self._term += 1

    def _close(self) -> None:
        self._open_until = None
        self._is_probing = False
        self._term += 1
        self._calls, self._failures = [0] * SLOTS, [0] * SLOTS
