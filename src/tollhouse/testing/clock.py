"""Port `Clock` held still: time passes only when a test says so."""

MONDAY_NOON_MS = 1_793_620_800_000
"""2026-11-02T12:00:00Z, a Monday: far from every edge of a day, a week and a month's end."""


class FakeClock:
    """Wall clock and monotonic clock move together, by `advance`; `set_ms` moves the wall clock alone, as NTP would."""

    def __init__(self, now_ms: int = MONDAY_NOON_MS) -> None:
        self._now_ms = now_ms
        self._monotonic = 1_000.0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, ms: int) -> None:
        self._now_ms += ms
        self._monotonic += ms / 1000

    def set_ms(self, now_ms: int) -> None:
        self._now_ms = now_ms
