"""
A caller's connection that does not trust its caller: what can be read in two ways is refused, and everything ends.

A refused request never reaches the application; whatever follows it on the connection is not read as a request. An
answer that is under way is never written into: what comes behind a good request lets that one be answered, and is gone.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserInvalidURLError, HttpParserUpgrade
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from tollhouse.domain.errors import HeadersTooLarge, InvalidRequest, TollhouseError, Unavailable
from tollhouse.domain.ids import new_id

from .asgi import FIRST
from .connection import CallerConnection
from .errors import error_response
from .heads import fault_in
from .limits import Limits

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

IDLE, HEAD, BODY = range(3)
"""What of a request is coming now."""

FRAMING_PER_BYTE = 16
"""The smallest chunk has five bytes of framing around one of body; `header_bytes` more are free for extensions and trailers."""

LINGER_S = 1.0
LINGER_MAX_BYTES = 524_288
"""
How long, and for how much, we still take what a caller sends who was refused: closed at once, the kernel would tell them
that the connection broke, and throw our answer away.
"""


class Crowd:
    """
    What all connections of one server share.

    Args:
        on_refused: told of every request that is refused here, by its code.
    """

    def __init__(self, limits: Limits, on_refused: Callable[[str], None]) -> None:
        self.limits = limits
        self.on_refused = on_refused
        self.sound_hosts: set[bytes] = set()
        """See `fault_in`."""
        self.new: dict[GuardedConnection, None] = {}
        """Those that have not asked for anything yet, the oldest first."""


class GuardedConnection(CallerConnection):
    """Made by uvicorn, but for the crowd that it belongs to."""

    def __init__(
        self,
        config: "Config",
        server_state: "ServerState",
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        crowd: Crowd,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        self.limits = crowd.limits
        self.cycle: RequestResponseCycle | None = None  # type: ignore[assignment]  # uvicorn says that there always is one
        self.body_bytes = 0
        """What has arrived of the body of the newest request."""
        self._crowd = crowd
        self._leaving: Leaving | None = None
        self._before: RequestResponseCycle | None = None
        self._phase = IDLE
        self._piece = self._fed = self._ignored = 0
        self._is_mixed = self._is_measured = False
        self._refusal: TollhouseError | None = None
        self._is_deaf = self._has_left = False

    # --- what Silence looks at --------------------------------------------------------------------------------------

    @property
    def waits_for_head(self) -> bool:
        """Has it never asked for anything, or begun to, and not come to the end of its headers?"""
        return self._phase == HEAD or self.cycle is None

    def give_up(self, error: TollhouseError) -> None:
        """It takes too long. Whoever has sent something is told so."""
        if self._is_deaf or self._phase == IDLE:
            self.transport.close()
        else:
            self._refuse(error)

    # --- the event loop's -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._crowd.new[self] = None
        if len(self.connections) > self.limits.connections and not self._make_room():
            self._turn_away(Unavailable("There are too many connections open to this server."))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._crowd.new.pop(self, None)

    def data_received(self, data: bytes) -> None:
        size = len(data)
        if self._is_deaf:
            self._ignore(size)
            return
        self._piece = size
        self._fed += size
        self._is_mixed = False
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            self._answer_what_is_here()  # we speak nothing else: the request counts, and is the last one
        except HttpParserError as error:
            if isinstance(error, HttpParserCallbackError) and self._refusal is None:
                raise  # a fault of ours, not the caller's
            self._refuse(self._refusal or _unreadable(str(error)))
        else:
            if self._phase or self._fed:
                self._keep_in_bounds()

    # --- the parser's -----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = HEAD
        self._fed, self._is_measured = (0, True) if self._is_mixed else (self._piece, False)
        self.body_bytes = 0
        if self.cycle is None:
            self.scope["state"][FIRST] = True

    def examine_head(self, version: str) -> None:
        limits, headers = self.limits, self.headers
        if len(headers) > limits.headers:
            self._stop(HeadersTooLarge(f"The request has more than {limits.headers} headers."))
        if (self._is_measured or self._fed > limits.header_bytes) and self._head_bytes() > limits.header_bytes:
            self._stop(self._too_large())
        fault = fault_in(self.url, version, headers, self._crowd.sound_hosts)
        if fault is not None:
            self._stop(_unreadable(fault))

    def on_headers_complete(self) -> None:
        self._before = self.cycle
        if self._before is None:
            self._crowd.new.pop(self, None)
        try:
            super().on_headers_complete()
        except (HttpParserInvalidURLError, UnicodeDecodeError):
            self._stop(_unreadable("its target is not a path of this server"))
        self._phase = BODY
        self.headers = []  # trailers come here, and no further

    def on_body(self, body: bytes) -> None:
        """As uvicorn's, less what is about other protocols."""
        self.body_bytes += len(body)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._leaving is not None and not self._leaving.cycle.response_started:
            self._leaving.stay()
            self._leaving = None
        self._phase, self._fed, self._is_mixed = IDLE, 0, True

    def on_response_complete(self) -> None:
        if not self._has_left:
            super().on_response_complete()

    # ---

    def _keep_in_bounds(self) -> None:
        """After a piece: see that neither head nor framing grows without end."""
        if self._phase != BODY:
            if self._fed > self.limits.header_bytes:
                self._refuse(self._too_large())
        elif self._fed > self.limits.header_bytes + self.body_bytes * (1 + FRAMING_PER_BYTE):
            self._refuse(_unreadable("it has more framing than content"))
        elif self._leaving is None:
            self._end_with_newest()  # unless all of it comes before the answer

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> HeadersTooLarge:
        return HeadersTooLarge(f"Request line and headers are larger than {self.limits.header_bytes} bytes.")

    def _stop(self, error: TollhouseError) -> None:
        """From inside the parser, which stops there."""
        self._refusal = error
        raise HttpParserError(error.message)

    def _refuse(self, error: TollhouseError) -> None:
        """The newest request cannot be taken. Those before it are answered; then this connection ends."""
        self._crowd.on_refused(error.code)
        if self._phase == BODY:
            self._drop_newest(error)
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.write(_answer(error))
            self.leave()
        else:
            self._answer_what_is_here()

    def _turn_away(self, error: TollhouseError) -> None:
        """At once: nobody who was turned away may wait here."""
        self._crowd.on_refused(error.code)
        self._is_deaf = True
        self.transport.write(_answer(error))
        self.transport.close()

    def _drop_newest(self, error: TollhouseError) -> None:
        """Its head was good and its body is not: the application may have it already."""
        newest = self.cycle
        assert newest is not None, "it has a head"
        if self.pipeline and self.pipeline[0][0] is newest:
            self.pipeline.popleft()
            self.cycle = self._before
            self._answer_what_is_here()
            return
        newest.disconnected = True
        newest.message_event.set()
        if newest.response_started:
            self.transport.abort()  # half an answer to half a request
        else:
            self.transport.write(_answer(error))
            self.leave()

    def _answer_what_is_here(self) -> None:
        """Nothing more is read as a request; the connection ends with the answer to the newest."""
        self._is_deaf = True
        assert self.cycle is not None, "there is one to answer"
        if self.cycle.response_complete:
            self.leave()
        else:
            self._end_with_newest()

    def _end_with_newest(self) -> None:
        """Let the connection end with the answer to the newest request."""
        assert self.cycle is not None, "it has a head"
        self._leaving = Leaving(self, self.cycle)

    def leave(self) -> None:
        """Say that we are done, and let the caller read that."""
        self._is_deaf = True
        if self._has_left or self.transport.is_closing():
            return
        self._has_left = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
            self.loop.call_later(LINGER_S, self.transport.close)
        else:
            self.transport.close()

    def _ignore(self, size: int) -> None:
        self._ignored += size
        if self._ignored > LINGER_MAX_BYTES:
            self.transport.abort()

    def _make_room(self) -> bool:
        """Close a connection that asks for nothing: the oldest that never has, else one that has been answered."""
        oldest = next(iter(self._crowd.new))
        if oldest is self:
            everybody = cast("set[GuardedConnection]", self.connections)
            idle = (each for each in everybody if each.cycle is not None and each.cycle.response_complete)
            oldest = next(idle, self)
        if oldest is self:
            return False
        self._crowd.new.pop(oldest, None)
        oldest.transport.close()
        return True


class Leaving:
    """
    Stands in for the transport while a request's body is still coming: an answer that ends before it ends the
    connection, in a way that lets the caller read the answer.
    """

    def __init__(self, connection: GuardedConnection, cycle: RequestResponseCycle) -> None:
        self.cycle = cycle
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing
        self._connection = connection
        self._keeps = cycle.keep_alive
        cycle.transport, cycle.keep_alive = cast("asyncio.Transport", self), False

    def stay(self) -> None:
        """All of the body is here: the connection may be used again after all."""
        self.cycle.transport, self.cycle.keep_alive = self._connection.transport, self._keeps

    def close(self) -> None:
        self._connection.leave()


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(f"The request is not HTTP that can be read in one way only: {why}.")


def _answer(error: TollhouseError) -> bytes:
    request_id = new_id("req")
    status, headers, body = error_response(error, request_id)
    headers += [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    return b"%b%b\r\n%b" % (STATUS_LINE[status], lines, body)
