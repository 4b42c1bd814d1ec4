"""Port `Clock` on the machine's own clocks."""

import time


class SystemClock:
    """The wall clock may jump (NTP, an operator); `monotonic` never goes back."""

    monotonic = staticmethod(time.monotonic)  # as it is: a call reads it ten times

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
