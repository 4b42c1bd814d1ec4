"""
The clock over one attempt: a single timer, re-armed when it fires, that aborts the exchange once its phase is over due.

Phases follow each other: `first_token` (until the first event with output, or until the response headers of an answer
that is not streamed), then `idle`, then `end` once every choice has finished. `total` runs beside them all.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from tollhouse.domain.errors import UpstreamError, UpstreamTimeout
from tollhouse.domain.governance import Timeouts

END_MS = 1_000
"""How long usage and `[DONE]` are awaited after the last `finish_reason`."""

LATE_S = 0.05
"""A timer that fires so much later than set: this process stood still (starved, or busy), and it says nothing of the provider."""

CATCH_UP_S = 0.02
"""After that, so long for what has arrived meanwhile to be read: a few rounds of the loop."""

_REARM_MIN_S = 0.001  # a loop's clock may stand a little before the time that its timer was set to


class Abortable(Protocol):
    def abort(self, error: UpstreamError) -> None:
        """Close the connection; whoever waits on it gets this error."""
        ...


class Timer(Protocol):
    def cancel(self) -> None: ...


class Timers(Protocol):
    """What of an event loop is used here."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer: ...


class Watch:
    """
    Costs two readings of the clock an event, one timer an attempt, and a tick of it a second; never a timer an event.

    Time during which the reader of the answer holds an event counts for `total` only, not as the provider's silence; time
    during which the loop stood still counts for nothing.
    """

    __slots__ = (
        "_armed_for",
        "_exchange",
        "_held_at",
        "_idle_ms",
        "_limit_ms",
        "_loop",
        "_phase",
        "_since",
        "_tick_s",
        "_timer",
        "_total_due",
        "_total_ms",
    )

    def __init__(self, timeouts: Timeouts, *, streamed: bool, loop: Timers | None = None) -> None:
        self._loop: Timers = loop or asyncio.get_running_loop()
        self._since = self._loop.time()
        self._phase = "first_token"
        self._limit_ms = timeouts.first_ms(streamed=streamed)
        self._idle_ms = timeouts.idle_ms
        self._total_ms = timeouts.total_ms
        self._tick_s = min(timeouts.idle_ms, END_MS) / 1_000
        self._total_due = self._since + timeouts.total_ms / 1_000
        self._held_at: float | None = None
        self._armed_for = 0.0
        self._exchange: Abortable | None = None
        self._timer: Timer | None = None

    def guard(self, exchange: Abortable) -> None:
        """From here on the exchange is aborted when time is up."""
        self._exchange = exchange
        self._arm()

    def output_began(self) -> None:
        """The first output, or the response headers, are here: from now on silence counts."""
        if self._phase == "first_token":
            self._enter("idle", self._idle_ms)

    def progressed(self) -> None:
        """Bytes of a body that is not streamed have arrived: silence starts anew."""
        self._since = self._loop.time()

    def answer_finished(self) -> None:
        """Every choice has finished: only the end is awaited."""
        if self._phase != "end":
            self._enter("end", END_MS)

    def hold(self) -> None:
        """The reader has a whole event; until it comes back the provider is not waited for."""
        self._held_at = self._loop.time()
        if self._phase == "idle":
            self._since = self._held_at

    def resume(self) -> None:
        """The reader came back."""
        assert self._held_at is not None
        self._since += self._loop.time() - self._held_at
        self._held_at = None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._exchange = None

    def _enter(self, phase: str, limit_ms: int) -> None:
        """No timer is touched: the armed one fires soon enough for any phase, and then for this one."""
        self._phase, self._limit_ms, self._since = phase, limit_ms, self._loop.time()

    def _arm(self) -> None:
        now = self._loop.time()
        when = min(self._total_due, self._due(), now + self._tick_s)
        self._armed_for = max(when, now + _REARM_MIN_S)
        self._timer = self._loop.call_at(self._armed_for, self._fire)

    def _due(self) -> float:
        """When the phase is over due; while the reader holds an event, the earliest time that can be."""
        held_s = 0.0 if self._held_at is None else self._loop.time() - self._held_at
        return self._since + held_s + self._limit_ms / 1_000

    def _fire(self) -> None:
        now = self._loop.time()
        late_s = now - self._armed_for
        if late_s > LATE_S:
            self._since += late_s + CATCH_UP_S
            self._total_due += late_s + CATCH_UP_S
            self._arm()
        elif now >= self._total_due:
            self._abort("total", self._total_ms)
        elif now >= self._due():
            self._abort(self._phase, self._limit_ms)
        else:
            self._arm()

    def _abort(self, phase: str, limit_ms: int) -> None:
        exchange, self._timer = self._exchange, None
        if exchange is not None:
            exchange.abort(UpstreamTimeout(phase, limit_ms))
