"""
A provider's keys: they take turns, and one that the provider refuses rests for a while.

The last key that may be used is never put away: better a refused call than none. Pure: `now` is monotonic seconds.
"""

QUARANTINE_S = 300.0
"""A revoked key costs one refused attempt each time this is over; one refused by mistake is back after it."""
MAX_QUARANTINED = 1_000
"""Refusals remembered: with a pattern's route, callers choose the names of models."""

EVERYWHERE = ""


class KeyRing:
    """One provider's keys, by their place in the configuration."""

    __slots__ = ("_until", "count", "last")

    def __init__(self, count: int) -> None:
        self.count = max(count, 1)  # a provider that wants no key has one that is not sent
        self.last = -1
        """The key that was used last; the one after it is next."""
        self._until: dict[tuple[str, int], float] = {}

    def is_usable(self, deployment: str, key: int, now: float) -> bool:
        return not self._until or (
            self._until.get((EVERYWHERE, key), now) <= now and self._until.get((deployment, key), now) <= now
        )

    def refused(self, deployment: str, key: int, now: float, *, everywhere: bool) -> None:
        """The provider refused this key: for this deployment, or whatever it was sent for."""
        if not any(self.is_usable(deployment, other, now) for other in range(self.count) if other != key):
            return
        if len(self._until) >= MAX_QUARANTINED:
            self._until = {who: until for who, until in self._until.items() if until > now and who[0] == EVERYWHERE}
        self._until[EVERYWHERE if everywhere else deployment, key] = now + QUARANTINE_S

    def quarantined(self, now: float) -> int:
        """Return how many keys rest now, for some deployment at least."""
        return len({key for (_, key), until in self._until.items() if until > now})
