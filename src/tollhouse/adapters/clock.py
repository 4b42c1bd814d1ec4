"""Port `Clock` on the machine's own clocks."""

import time


class SystemClock:
    """The wall clock may jump (NTP, an operator); `monotonic` never goes back."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()
