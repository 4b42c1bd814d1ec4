"""
Closing connections on which we have waited too long for the caller: uvicorn has no limit before a request is complete,
nor for how long a caller may leave unread what was said last.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

SILENT_MS = 150_000
"""For a request that does not come, or not whole: above the longest upload (120 s), which ends in a politer way."""
KEEP_ALIVE_MS = 75_000
"""Between two requests: longer than the 60 s after which load balancers drop idle connections, so that they close first."""
LOOKS = 5
"""In the time of the shorter limit; a connection is closed so much later at most."""


class Cycle(Protocol):
    """One request and its answer, as uvicorn keeps them."""

    more_body: bool
    response_started: bool
    response_complete: bool


class Connection(Protocol):
    """One connection, as uvicorn keeps it; `cycle` is its newest request, None before the first."""

    cycle: Cycle | None
    transport: asyncio.Transport


class Silence:
    """Remembers since when each connection has waited for its caller."""

    def __init__(self, limit_ms: int = SILENT_MS, keep_alive_ms: int = KEEP_ALIVE_MS) -> None:
        self._limit_s = limit_ms / 1000
        self._keep_alive_s = min(keep_alive_ms, limit_ms) / 1000
        self._since: dict[Connection, tuple[Cycle | None, float]] = {}
        self._unread: dict[Connection, int] = {}

    async def keep(self, connections: Iterable[Connection]) -> None:
        """
        Look again and again, until cancelled. One sweep over all instead of a timer on each idle connection, which
        every request would have to stop and start.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._keep_alive_s / LOOKS)
            for connection in self.overdue(list(connections), loop.time()):
                connection.transport.close()
            for connection in self.stuck(list(connections)):
                connection.transport.abort()

    def overdue(self, connections: Iterable[Connection], now_s: float) -> list[Connection]:
        """Return those that have waited for the same request for longer than the limit."""
        waiting = {connection: connection.cycle for connection in connections if _waits(connection.cycle)}
        self._since = {
            connection: before if before[0] is cycle else (cycle, now_s)
            for connection, cycle in waiting.items()
            for before in (self._since.get(connection, (cycle, now_s)),)
        }
        return [
            connection
            for connection, (cycle, since_s) in self._since.items()
            if now_s - since_s > (self._keep_alive_s if cycle and cycle.response_complete else self._limit_s)
        ]

    def stuck(self, connections: Iterable[Connection]) -> list[Connection]:
        """Return those that are closing, and whose caller has read nothing of what is left since the last look."""
        before = self._unread
        self._unread = {
            each: each.transport.get_write_buffer_size() for each in connections if each.transport.is_closing()
        }
        return [connection for connection, size in self._unread.items() if before.get(connection) == size]


def _waits(cycle: Cycle | None) -> bool:
    """Nothing was asked, all is answered, or the request's body is still coming."""
    return cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started)
