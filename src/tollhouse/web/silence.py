"""
Ending connections on which we have waited too long for the caller: to ask, to finish the headers, to send the body, or
to read the end of what was said last.

uvicorn itself has no limit for any of these. Looked at from outside, every now and then, so that a call that
comes in one piece costs nothing.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from tollhouse.domain.errors import RequestTooSlow, TollhouseError

from .limits import Limits

LOOKS = 5
"""How often a limit's time is looked at: what is overdue is ended within 1.2 times the limit."""


class Cycle(Protocol):
    """One request and its answer, as uvicorn keeps them."""

    more_body: bool
    response_started: bool
    response_complete: bool


class Connection(Protocol):
    """One connection; `cycle` is its newest request, None before the first."""

    cycle: Cycle | None
    transport: asyncio.Transport
    body_bytes: int

    @property
    def waits_for_head(self) -> bool: ...

    def give_up(self, error: TollhouseError) -> None: ...


_Wait = tuple[str, Cycle | None]


class Silence:
    """Remembers since when each connection has waited for its caller, and for what."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since: dict[Connection, tuple[_Wait, float]] = {}
        self._unread: dict[Connection, tuple[int, float]] = {}

    async def keep(self, connections: Iterable[Connection]) -> None:
        """
        Look again and again, until cancelled. One sweep over all instead of a timer on each idle connection, which
        every request would have to stop and start.
        """
        loop = asyncio.get_running_loop()
        limits = self._limits
        every_s = min(limits.header_ms, limits.body_ms, limits.keep_alive_ms, limits.unread_ms) / 1000 / LOOKS
        while True:
            await asyncio.sleep(every_s)
            for connection in self.overdue(list(connections), loop.time()):
                connection.give_up(RequestTooSlow())
            for connection in self.stuck(list(connections), loop.time()):
                connection.transport.abort()

    def overdue(self, connections: Iterable[Connection], now_s: float) -> list[Connection]:
        """Return those that have taken longer for the same thing than it may take."""
        waiting = {connection: wait for connection in connections if (wait := _wait_of(connection)) is not None}
        self._since = {
            connection: before if before[0] == wait else (wait, now_s)
            for connection, wait in waiting.items()
            for before in (self._since.get(connection, (wait, now_s)),)
        }
        return [each for each, (wait, since_s) in self._since.items() if self._is_over(each, wait, now_s - since_s)]

    def _is_over(self, connection: Connection, wait: _Wait, seconds: float) -> bool:
        limits, what = self._limits, wait[0]
        if what == "idle":
            return seconds > limits.keep_alive_ms / 1000
        grace_s = limits.header_ms / 1000
        if what == "head":
            return seconds > grace_s
        return seconds > limits.body_ms / 1000 or (
            seconds > grace_s and connection.body_bytes < limits.body_bytes_per_second * seconds
        )

    def stuck(self, connections: Iterable[Connection], now_s: float) -> list[Connection]:
        """Return those on which all is said, and whose caller has read nothing of what is left for too long."""
        closing = {each: size for each in connections if (size := _unread(each)) is not None}
        self._unread = {
            connection: before if before[0] == size else (size, now_s)
            for connection, size in closing.items()
            for before in (self._unread.get(connection, (size, now_s)),)
        }
        return [each for each, (_, since_s) in self._unread.items() if now_s - since_s > self._limits.unread_ms / 1000]


def _unread(connection: Connection) -> int | None:
    """Say how much is left of what was said last; None while more may be said, or when nothing is left."""
    size = connection.transport.get_write_buffer_size()
    if connection.transport.is_closing():
        return size
    return size if size and connection.cycle is not None and connection.cycle.response_complete else None


def _wait_of(connection: Connection) -> _Wait | None:
    """Say what a connection waits for: the end of a head, of a body, or a next request. None: the caller waits for us."""
    cycle = connection.cycle
    if connection.waits_for_head or cycle is None:
        return "head", cycle
    if cycle.response_complete:
        return "idle", cycle
    return ("body", cycle) if cycle.more_body and not cycle.response_started else None
