"""
The client seam on aiohttp, the only file that knows it: where a proxy stands between us and a provider, or by choice.

What is used of aiohttp is its connector (pool, DNS, TLS, Happy Eyeballs, proxies) and its response parser in C.
Requests are written by us, as ready-made bytes: aiohttp's own request objects double the CPU of a call.
"""

import asyncio
import select
from collections.abc import Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING
from weakref import WeakSet

from tollhouse.domain.errors import ConnectTimeout, NotSent, UpstreamCut, UpstreamError, UpstreamReset, UpstreamUnusable

from .proxies import NO_PROXIES, Proxies, Proxy
from .seats import Seats
from .transport import (
    CONNECTIONS_MAX,
    DRAIN_S,
    HEADER_MAX_BYTES,
    HEADERS_MAX,
    JOINED_BODY_MAX_BYTES,
    KEEPALIVE_S,
    header_block,
    request_head,
    request_opening,
)

if TYPE_CHECKING:
    from aiohttp import ClientTimeout, StreamReader, TCPConnector
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

READ_BUFFER_BYTES = 65_536
"""Read ahead of a slow reader, per connection; twice as much pauses the provider."""


class AiohttpExchange:
    """As the seam says."""

    __slots__ = ("_connection", "_drain", "_failed", "_lane", "_payload", "headers", "status")

    def __init__(self, connection: "Connection", lane: "_Lane") -> None:
        self._connection: Connection | None = connection
        self._lane = lane
        self._payload: StreamReader | None = None
        self._failed: UpstreamError | None = None
        self._drain: asyncio.TimerHandle | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}
        lane.under_way.add(self)

    async def answered(self) -> None:
        protocol = self._protocol()
        try:
            message, payload = await protocol.read()
            while 100 <= message.code < 200:
                message, payload = await protocol.read()
        except self._lane.failures as error:
            raise self._lane.fault(error, cut=UpstreamReset()) from error
        self.status, self.headers, self._payload = message.code, message.headers, payload

    async def read(self) -> bytes:
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
        self._failed = error
        if self._connection is None:
            return
        if self._payload is not None:
            self._payload.set_exception(error)
        else:
            self._protocol().set_exception(error)
        self.drop()

    def finish(self) -> None:
        if self._connection is None or self._payload is None:
            return
        self._drain = asyncio.get_running_loop().call_later(DRAIN_S, self.drop)
        self._payload.on_eof(self._pool)

    def close(self) -> None:
        self._failed = None  # it was raised through frames that hold us
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

    def look(self) -> None:
        """Some connection was lost: if it is this one and nobody was told, tell whoever waits for the body."""
        payload, connection = self._payload, self._connection
        if payload is None or payload.is_eof() or payload.exception() is not None:
            return
        if connection is None or connection.transport is None:
            payload.set_exception(_unreadable())

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
        if connection is not None:
            self._lane.under_way.discard(self)
            self._lane.seats.release()
        return connection

    def _protocol(self) -> "ResponseHandler":
        assert self._connection is not None
        return _known(self._connection.protocol)


class AiohttpTransport:
    """As the seam says."""

    def __init__(
        self,
        *,
        connections_max: int = CONNECTIONS_MAX,
        tls: SSLContext | None = None,
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        """`tls` None: the system's certificates."""
        self._connections_max = connections_max
        self._tls = tls
        self._proxies = proxies
        self._lanes: dict[str, _Lane] = {}
        self._opened: TCPConnector | None = None

    async def request(
        self, method: str, origin: str, target: str, headers: bytes, body: bytes, *, connect_ms: int, pool_ms: int
    ) -> AiohttpExchange:
        lane = self._lanes.get(origin) or self._new_lane(origin)
        opening = request_opening(method, target, lane.host, before=lane.before)
        head = request_head(opening, method, lane.headers + headers, len(body))
        await lane.seats.take(pool_ms)
        try:
            connection = await self._connection(lane, connect_ms)
        except BaseException:
            lane.seats.release()
            raise
        _write(connection, head, body, expects_body=method != "HEAD")
        return AiohttpExchange(connection, lane)

    async def open(self) -> None:
        """A quarter of a second."""
        self._connector()

    def leave(self, origin: str) -> None:
        """The connector shows its idle connections to nobody: they end within KEEPALIVE_S."""

    async def close(self) -> None:
        for lane in self._lanes.values():
            for exchange in list(lane.under_way):
                exchange.abort(UpstreamCut() if exchange.status else UpstreamReset())
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
                if not is_pooled:
                    lane.watch(connection)
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
        lane = self._lanes[origin] = _Lane(origin, self._connections_max, self._proxies.proxy_for(origin))
        return lane


class _Lane:
    """What is kept for one origin: the seats at its pool, and what aiohttp wants to know to connect."""

    __slots__ = (
        "_malformed",
        "_timeouts",
        "_unpacking",
        "before",
        "failures",
        "headers",
        "host",
        "idle",
        "seats",
        "template",
        "under_way",
    )

    def __init__(self, origin: str, connections_max: int, proxy: Proxy | None) -> None:
        from aiohttp import ClientError, ClientRequest
        from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
        from yarl import URL

        self.host = URL(origin).host_port_subcomponent or ""
        to_proxy = {"Proxy-Authorization": proxy.authorization.reveal()} if proxy and proxy.authorization else {}
        self.template = ClientRequest(
            "GET",
            URL(origin),
            loop=asyncio.get_running_loop(),
            proxy=URL(proxy.origin) if proxy else None,
            proxy_headers={
                "Host": self.host,
                **to_proxy,
            },  # aiohttp would add it later, and then know no connection again
        )
        is_told_the_proxy = proxy is not None and not self.template.is_ssl()  # else there is a tunnel through it
        self.before = origin if is_told_the_proxy else ""
        self.headers = header_block(to_proxy) if is_told_the_proxy else b""
        self.seats = Seats(connections_max)
        self.under_way: set[AiohttpExchange] = set()
        self.idle: WeakSet[ResponseHandler] = WeakSet()
        self._timeouts: dict[int, ClientTimeout] = {}
        self._malformed, self._unpacking = HttpProcessingError, ContentEncodingError
        self.failures = (ClientError, HttpProcessingError, OSError)

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

    def watch(self, connection: "Connection") -> None:
        """aiohttp closes a connection whose body it cannot read without telling the body's reader, who would wait on."""
        closed = _known(connection.protocol).closed
        assert closed is not None, "it was open a moment ago"
        closed.add_done_callback(self._lost)

    def _lost(self, closed: "asyncio.Future[None]") -> None:
        closed.exception()  # taken note of; its reader has it from aiohttp
        for exchange in list(self.under_way):
            exchange.look()

    def fault(self, error: Exception, *, cut: UpstreamError) -> UpstreamError:
        """Say in our words what one of `failures` means; `cut` stands for a connection that ended."""
        if isinstance(error, self._malformed) or isinstance(error.__cause__, self._unpacking):
            return _unreadable()
        return cut


def _unreadable() -> UpstreamUnusable:
    return UpstreamUnusable("The provider's answer is not HTTP that can be read.")


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


def _write(connection: "Connection", head: bytes, body: bytes, *, expects_body: bool) -> None:
    """Nothing is awaited between the check that the connection lives and this write."""
    _known(connection.protocol).set_response_params(
        skip_payload=not expects_body,
        read_until_eof=True,
        auto_decompress=True,
        read_bufsize=READ_BUFFER_BYTES,
        max_line_size=HEADER_MAX_BYTES,
        max_field_size=HEADER_MAX_BYTES,
        max_headers=HEADERS_MAX,
    )
    transport = connection.transport
    assert transport is not None
    if len(body) <= JOINED_BODY_MAX_BYTES:
        transport.write(head + body)
    else:
        transport.write(head)
        transport.write(body)


def _known(protocol: "ResponseHandler | None") -> "ResponseHandler":
    assert protocol is not None, "the connection is closed"
    return protocol
