"""
The HTTP client seam: requests out, answers in as they arrive. The only file that knows aiohttp.

What is used of aiohttp is its connector (pool, DNS, TLS, Happy Eyeballs) and its response parser in C. Requests are
written here, as ready-made bytes: aiohttp's own request objects double the CPU of a call.

No cookies, no redirects, no proxy, nothing from the environment but the system's certificates.
"""

import asyncio
import re
import select
from collections.abc import Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING
from weakref import WeakSet

from tollhouse.domain.errors import ConnectTimeout, NotSent, UpstreamCut, UpstreamError, UpstreamReset, UpstreamUnusable

if TYPE_CHECKING:
    from aiohttp import ClientTimeout, StreamReader, TCPConnector
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

CONNECTIONS_MAX = 1_000
"""Connections to one origin at a time; more requests wait `pool_ms`. Twice the concurrent streams we are built for."""

KEEPALIVE_S = 15.0
"""An idle connection is kept this long: longer pays little, and servers close theirs after 5 to 75 s."""

READ_BUFFER_BYTES = 65_536
"""Read ahead of a slow reader, per connection; twice as much pauses the provider."""

HEADER_MAX_BYTES = 16_384
"""The longest status line or header taken."""

HEADERS_MAX = 256

DRAIN_S = 1.0
"""How long a connection whose answer is complete may take to end its body, to be used again."""

_JOINED_BODY_MAX_BYTES = 65_536  # a larger body is written apart: copying it would cost more than a second write
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2, token
_VALUE = re.compile(r"[\x20-\x7e\t]*")
_TARGET = re.compile(r"/[!-~]*")


def header_block(headers: Mapping[str, str]) -> bytes:
    """Return headers as they go on the wire. Raises ValueError if one could smuggle in another."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} cannot be sent: only printable ASCII can")
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("ascii")


class Exchange:
    """
    One request and its answer. Whoever has it calls `answered`, then `read` until it returns b"", and at last `close`.

    `status` and `headers` (looked up without regard to case) are there after `answered`.
    """

    __slots__ = ("_connection", "_drain", "_failed", "_lane", "_payload", "headers", "status")

    def __init__(self, connection: "Connection", lane: "_Lane") -> None:
        self._connection: Connection | None = connection
        self._lane = lane
        self._payload: StreamReader | None = None
        self._failed: UpstreamError | None = None
        self._drain: asyncio.TimerHandle | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}

    async def answered(self) -> None:
        """
        Wait for status and headers; interim answers are passed over.

        Raises UpstreamReset if the connection ends first: then nobody knows whether the request was processed, also
        on a pooled connection that the provider was just about to close.
        """
        protocol = self._protocol()
        try:
            message, payload = await protocol.read()
            while 100 <= message.code < 200:
                message, payload = await protocol.read()
        except self._lane.failures as error:
            raise self._lane.fault(error, cut=UpstreamReset()) from error
        self.status, self.headers, self._payload = message.code, message.headers, payload

    async def read(self) -> bytes:
        """
        Return what has arrived of the body, at least one byte; b"" at its end. Raises UpstreamCut if it ends early.

        At the end the connection is already back in the pool.
        """
        if self._failed is not None:
            raise self._failed
        assert self._payload is not None
        try:
            chunk = await self._payload.readany()
        except self._lane.failures as error:
            self._failed = self._lane.fault(error, cut=UpstreamCut())
            self._failed.__cause__ = error
            # The parser drops what had arrived before the break; it was received, and may be the answer's end.
            if left := self._payload._read_nowait(-1):
                return left
            raise self._failed from error
        if self._payload.at_eof():
            self._pool()
        return chunk

    def abort(self, error: UpstreamError) -> None:
        """Close the connection; whoever waits on it, or reads it next, gets this error."""
        self._failed = error
        if self._connection is None:
            return
        if self._payload is not None:
            self._payload.set_exception(error)
        else:
            self._protocol().set_exception(error)
        self.drop()

    def finish(self) -> None:
        """The answer is complete: pool the connection as soon as its body ends, or drop it if that takes too long."""
        if self._connection is None or self._payload is None:
            return
        self._lane.draining.add(self)
        self._drain = asyncio.get_running_loop().call_later(DRAIN_S, self.drop)
        self._payload.on_eof(self._pool)

    def close(self) -> None:
        """Hang up, unless the answer was read to its end or `finish` looks after it."""
        if self._drain is None:
            self.drop()

    def drop(self) -> None:
        """Hang up, whatever state the answer is in."""
        connection = self._leave()
        if connection is None:
            return
        if connection.transport is not None:
            connection.transport.abort()  # at once: nothing more of the request goes out either
        connection.close()

    def _pool(self) -> None:
        connection = self._leave()
        if connection is None:
            return
        transport = connection.transport
        if transport is None or transport.get_write_buffer_size():
            connection.close()  # the provider answered before it had read our request
        else:
            self._lane.idle.add(_known(connection.protocol))
            connection.release()

    def _leave(self) -> "Connection | None":
        connection, self._connection = self._connection, None
        if self._drain is not None:
            self._drain.cancel()
            self._lane.draining.discard(self)
        if connection is not None:
            self._lane.seats.release()
        return connection

    def _protocol(self) -> "ResponseHandler":
        assert self._connection is not None
        return _known(self._connection.protocol)


class Transport:
    """The pool of upstream connections of one process. It belongs to the event loop of its first request."""

    def __init__(self, *, connections_max: int = CONNECTIONS_MAX, tls: SSLContext | None = None) -> None:
        """`tls` None: the system's certificates."""
        self._connections_max = connections_max
        self._tls = tls
        self._lanes: dict[str, _Lane] = {}
        self._opened: TCPConnector | None = None

    async def request(
        self, method: str, origin: str, target: str, headers: bytes, body: bytes, *, connect_ms: int, pool_ms: int
    ) -> Exchange:
        """
        Send a request and return its exchange; nothing has been waited for but a connection.

        Args:
            origin: `https://host[:port]`.
            target: path and query, already quoted.
            headers: from `header_block`; host and content-length are added here.

        Raises:
            NotSent: no free connection within `pool_ms`, or none could be made (DNS, refused, TLS).
            ConnectTimeout: none could be made within `connect_ms`.
        """
        if not _TARGET.fullmatch(target):
            raise ValueError("a request target is a path of printable ASCII")
        lane = self._lanes.get(origin) or self._new_lane(origin)
        await lane.take_seat(pool_ms)
        try:
            connection = await self._connection(lane, connect_ms)
        except BaseException:
            lane.seats.release()
            raise
        _write(connection, _head(method, target, lane.host, headers, body), body)
        return Exchange(connection, lane)

    async def open(self) -> None:
        """Load aiohttp and the certificates now: a quarter of a second that the first request would wait for."""
        self._connector()

    async def close(self) -> None:
        """Close every connection."""
        for lane in self._lanes.values():
            for exchange in list(lane.draining):
                exchange.drop()
        if self._opened is not None:
            await self._opened.close()
            self._opened = None
            self._lanes.clear()

    async def _connection(self, lane: "_Lane", connect_ms: int) -> "Connection":
        while True:
            try:
                connection = await self._connector().connect(lane.template, [], lane.timeout(connect_ms))
            except TimeoutError as error:
                raise ConnectTimeout("connect", connect_ms) from error
            except lane.failures as error:
                raise NotSent(f"The provider at {lane.host} could not be reached; nothing was sent.") from error
            is_pooled = lane.take(connection)
            if not _is_closed(connection, ask_kernel=is_pooled):
                return connection
            connection.close()
            if not is_pooled:
                raise NotSent(f"The provider at {lane.host} closed a new connection at once; nothing was sent.")

    def _connector(self) -> "TCPConnector":
        if self._opened is None:
            from aiohttp import TCPConnector

            self._opened = TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ssl=self._tls or True)
        return self._opened

    def _new_lane(self, origin: str) -> "_Lane":
        lane = self._lanes[origin] = _Lane(origin, self._connections_max)
        return lane


class _Lane:
    """What is kept for one origin: the seats at its pool, and what aiohttp wants to know to connect."""

    __slots__ = ("_malformed", "_timeouts", "_unpacking", "draining", "failures", "host", "idle", "seats", "template")

    def __init__(self, origin: str, connections_max: int) -> None:
        from aiohttp import ClientError, ClientRequest
        from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
        from yarl import URL

        self.template = ClientRequest("GET", URL(origin), loop=asyncio.get_running_loop())
        self.host = self.template.url.host_port_subcomponent or ""
        self.seats = asyncio.Semaphore(connections_max)
        self.draining: set[Exchange] = set()
        self.idle: WeakSet[ResponseHandler] = WeakSet()
        self._timeouts: dict[int, ClientTimeout] = {}
        self._malformed, self._unpacking = HttpProcessingError, ContentEncodingError
        self.failures = (ClientError, HttpProcessingError, OSError)

    async def take_seat(self, pool_ms: int) -> None:
        if not self.seats.locked():
            await self.seats.acquire()
            return
        try:
            async with asyncio.timeout(pool_ms / 1_000):
                await self.seats.acquire()
        except TimeoutError as error:
            raise NotSent(f"No connection to {self.host} became free within {pool_ms} ms; nothing was sent.") from error

    def timeout(self, connect_ms: int) -> "ClientTimeout":
        return self._timeouts.get(connect_ms) or self._new_timeout(connect_ms)

    def _new_timeout(self, connect_ms: int) -> "ClientTimeout":
        from aiohttp import ClientTimeout

        timeout = ClientTimeout(total=None, connect=connect_ms / 1_000, ceil_threshold=3_600)
        self._timeouts[connect_ms] = timeout
        return timeout

    def take(self, connection: "Connection") -> bool:
        """Was this connection used before?"""
        protocol = _known(connection.protocol)
        is_pooled = protocol in self.idle
        self.idle.discard(protocol)
        return is_pooled

    def fault(self, error: Exception, *, cut: UpstreamError) -> UpstreamError:
        """Say in our words what one of `failures` means; `cut` stands for a connection that ended."""
        if isinstance(error, self._malformed) or isinstance(error.__cause__, self._unpacking):
            return UpstreamUnusable("The provider's answer is not HTTP that can be read.")
        return cut


def _is_closed(connection: "Connection", *, ask_kernel: bool) -> bool:
    """
    Has the provider closed the connection, or said something unasked on a pooled one?

    Asking the kernel finds a hang-up that the event loop has not come to yet: a request on such a connection would be
    lost, and could not be told from one that was processed.
    """
    transport = connection.transport
    if transport is None or transport.is_closing():
        return True
    if not ask_kernel:
        return False
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _head(method: str, target: str, host: str, headers: bytes, body: bytes) -> bytes:
    length = f"content-length: {len(body)}\r\n" if method != "GET" else ""
    return f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{length}".encode("ascii") + headers + b"\r\n"


def _write(connection: "Connection", head: bytes, body: bytes) -> None:
    """Nothing is awaited between the check that the connection lives and this write."""
    _known(connection.protocol).set_response_params(
        read_until_eof=True,
        auto_decompress=True,
        read_bufsize=READ_BUFFER_BYTES,
        max_line_size=HEADER_MAX_BYTES,
        max_field_size=HEADER_MAX_BYTES,
        max_headers=HEADERS_MAX,
    )
    transport = connection.transport
    assert transport is not None
    if len(body) <= _JOINED_BODY_MAX_BYTES:
        transport.write(head + body)
    else:
        transport.write(head)
        transport.write(body)


def _known(protocol: "ResponseHandler | None") -> "ResponseHandler":
    assert protocol is not None, "the connection is closed"
    return protocol
