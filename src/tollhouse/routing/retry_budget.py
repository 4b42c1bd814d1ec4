"""
How much one provider may be asked over and above the calls themselves.

Whatever a call sends to a provider beyond its first request there (a retry, another of its deployments, another of its
keys) is paid from here. So a provider in trouble sees at most a fifth more than its callers' calls, however many
retries routes allow. Pure: `now` is monotonic seconds.

Source: Finagle's `RetryBudget` (20 % of calls and 10 a second, deposits live for 10 s).
"""

RETRY_PART_PERCENT = 20
"""Of the calls of the last KEPT_S, so many may be followed by one more request."""
RETRIES_PER_S = 10
"""So many more each second, so that a house with few calls can retry at all."""
KEPT_S = 10
"""A deposit that nobody used is worth nothing after this: a quiet hour does not pay for a storm."""

_PRICE = 100  # of a repetition, so that a call's deposit is a whole number


class RetryBudget:
    """
    One provider's.

    In any T seconds it lets through at most RETRIES_PER_S x (T + 1) and RETRY_PART_PERCENT of the calls of T + KEPT_S.
    """

    __slots__ = ("_at", "_deposits", "_floor", "_floor_at", "denied")

    def __init__(self, now: float) -> None:
        self.denied = 0
        self._at = int(now)
        self._deposits = [0] * KEPT_S
        self._floor: float = RETRIES_PER_S
        self._floor_at = now

    def call(self, now: float) -> None:
        """A call's first request goes to the provider."""
        second = int(now)
        if second != self._at:
            self._advance(second)
        self._deposits[second % KEPT_S] += RETRY_PART_PERCENT

    def repeat(self, now: float) -> bool:
        """May one more request go there? If so, it is paid for."""
        if self._from_floor(now) or self._from_deposits(now):
            return True
        self.denied += 1
        return False

    def _from_floor(self, now: float) -> bool:
        grown = self._floor + (now - self._floor_at) * RETRIES_PER_S
        self._floor, self._floor_at = min(grown, float(RETRIES_PER_S)), now
        if self._floor < 1:
            return False
        self._floor -= 1
        return True

    def _from_deposits(self, now: float) -> bool:
        """Take the price from what expires first."""
        self._advance(int(now))
        if sum(self._deposits) < _PRICE:
            return False
        owed = _PRICE
        for age in range(KEPT_S - 1, -1, -1):
            slot = (self._at - age) % KEPT_S
            taken = min(owed, self._deposits[slot])
            self._deposits[slot] -= taken
            owed -= taken
        return True

    def _advance(self, second: int) -> None:
        """Forget the deposits that are too old."""
        for gone in range(self._at + 1, min(second, self._at + KEPT_S) + 1):
            self._deposits[gone % KEPT_S] = 0
        self._at = second
