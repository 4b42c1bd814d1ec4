"""What is kept for one origin: the seats at it, the connections that wait there, and how to make another."""

import asyncio
from contextlib import suppress

from tollhouse.domain.errors import NotSent

from ..seats import Seats
from ..transport import KEEPALIVE_S, request_head, request_opening
from .connection import Connection
from .dial import Dialler
from .kernel import Kernel

CLOSE_S = 1.0
"""How long providers have to take their leave when the pool closes."""

OPENINGS_KEPT = 256
"""First lines of requests that are built once: a provider has a few paths, and those with an id in them do not repeat."""

_BEFORE_THEIRS_S = 1.0  # we give an idle connection up this long before the provider says that it will


class Lane:
    """At most `connections_max` exchanges have a seat; a connection is made only if none is idle."""

    __slots__ = (
        "_all_gone",
        "_buffer",
        "_connections",
        "_dialler",
        "_idle",
        "_is_closed",
        "_openings",
        "_sweep",
        "host",
        "loop",
        "seats",
    )

    def __init__(self, dialler: Dialler, buffer: memoryview, connections_max: int) -> None:
        self._dialler = dialler
        self._buffer = buffer
        self.loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._idle: list[tuple[float, Connection]] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._all_gone = asyncio.Event()
        self._openings: dict[tuple[str, str], bytes] = {}
        self.host = dialler.host
        self.seats = Seats(connections_max)

    def head(self, method: str, target: str, headers: bytes, body_bytes: int) -> bytes:
        """Return a request up to its body. Raises ValueError if method or target could smuggle in another."""
        opening = self._openings.get((method, target)) or self._new_opening(method, target)
        return request_head(opening, method, headers, body_bytes)

    def idle(self) -> Connection | None:
        """Return the connection that was used last and still lives: the first to start on it must do so at once."""
        now = self.loop.time()
        while self._idle:
            until, connection = self._idle.pop()
            if now < until and connection.is_usable():
                return connection
            connection.abort()
        return None

    async def dial(self, connect_ms: int) -> Connection:
        """Make a connection. Raises NotSent and ConnectTimeout."""
        connection = await self._dialler.connect(self._speak, connect_ms)
        if self._is_closed or not connection.is_usable():
            connection.abort()
            raise NotSent(f"The connection to {self.host} was closed at once; nothing was sent.")
        self._connections.add(connection)
        return connection

    def keep(self, connection: Connection) -> None:
        """An answer is complete; its connection may serve again."""
        keep_s = KEEPALIVE_S if connection.keep_s is None else min(KEEPALIVE_S, connection.keep_s - _BEFORE_THEIRS_S)
        if self._is_closed or keep_s <= 0:
            connection.abort()
            return
        self._idle.append((self.loop.time() + keep_s, connection))
        if self._sweep is None:
            self._sweep = self.loop.call_later(KEEPALIVE_S, self._close_idle)

    def close_idle(self) -> None:
        """Hang up where nothing is under way."""
        idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    async def close(self) -> None:
        """Hang up on all: orderly where nothing is under way, at once where it is."""
        self._is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        idle, self._idle = [connection for _, connection in self._idle], []
        for connection in self._connections.difference(idle):
            connection.hang_up()
        for connection in idle:
            connection.close()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), CLOSE_S)
        for connection in list(self._connections):
            connection.abort()

    def _new_opening(self, method: str, target: str) -> bytes:
        opening = request_opening(method, target, self.host)
        if len(self._openings) >= OPENINGS_KEPT:
            self._openings.clear()
        self._openings[method, target] = opening
        return opening

    def _speak(self, kernel: Kernel) -> Connection:
        return Connection(kernel, self._buffer, self._lost)

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    def _close_idle(self) -> None:
        now = self.loop.time()
        due = [connection for until, connection in self._idle if until <= now]
        self._idle = [(until, connection) for until, connection in self._idle if until > now]
        for connection in due:
            connection.close()
        self._sweep = self.loop.call_later(KEEPALIVE_S, self._close_idle) if self._idle else None
