"""Our own client: a pool of HTTP/1.1 connections for each origin, on asyncio or uvloop alike."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from ..transport import CONNECTIONS_MAX, JOINED_BODY_MAX_BYTES
from .connection import READ_MAX_BYTES
from .dial import Dialler
from .exchange import PooledExchange
from .kernel import Kernel
from .lane import Lane


class PooledTransport:
    """As the seam says."""

    def __init__(
        self,
        *,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
        kernel: Callable[[socket.socket], Kernel] = Kernel,
    ) -> None:
        """
        Args:
            tls: None: the system's certificates.
            kernel: what tells of a connection what the event loop does not know.
        """
        self._connections_max = connections_max
        self._tls = tls
        self._kernel = kernel
        self._lanes: dict[str, Lane] = {}
        self._buffer = memoryview(bytearray(READ_MAX_BYTES))

    async def request(
        self, method: str, origin: str, target: str, headers: bytes, body: bytes, *, connect_ms: int, pool_ms: int
    ) -> PooledExchange:
        lane = self._lanes.get(origin) or self._new_lane(origin)
        head = lane.head(method, target, headers, len(body))
        if len(body) <= JOINED_BODY_MAX_BYTES:
            head, body = head + body, b""
        await lane.seats.take(pool_ms)
        exchange = PooledExchange(lane, head, body, connect_ms=connect_ms, expects_body=method != "HEAD")
        try:
            exchange.send(lane.idle() or await lane.dial(connect_ms))
        except BaseException:
            exchange.close()  # gives the seat back
            raise
        return exchange

    async def open(self) -> None:
        import aiohappyeyeballs  # noqa: F401 -- loads what the first connection needs

        self._context()

    def leave(self, origin: str) -> None:
        lane = self._lanes.get(origin)
        if lane is not None:
            lane.close_idle()

    async def close(self) -> None:
        lanes, self._lanes = list(self._lanes.values()), {}
        await asyncio.gather(*[lane.close() for lane in lanes])

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _new_lane(self, origin: str) -> Lane:
        lane = self._lanes[origin] = Lane(
            Dialler(origin, self._context, self._kernel), self._buffer, self._connections_max
        )
        return lane
