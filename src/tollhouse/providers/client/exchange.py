"""One request on our own client, and its answer: what is held for its reader, and the one time it may be sent again."""

import asyncio
from collections.abc import Mapping

from tollhouse.domain.errors import UpstreamError, UpstreamUnusable

from ..transport import DRAIN_S
from .coding import Unpacker, unpacker
from .connection import UNREAD_MAX_BYTES, Connection
from .headers import Field, Headers
from .lane import Lane

_NOTHING: Mapping[str, str] = Headers([])


class PooledExchange:
    """As the seam says. It has a seat at its lane, and a connection, until the answer is complete or given up."""

    __slots__ = (
        "_again",
        "_body",
        "_connect_ms",
        "_connection",
        "_dialling",
        "_drain",
        "_drained_bytes",
        "_expects_body",
        "_failure",
        "_has_seat",
        "_head",
        "_is_complete",
        "_lane",
        "_pieces",
        "_unpacker",
        "_unread",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(self, lane: Lane, head: bytes, body: bytes, *, connect_ms: int, expects_body: bool) -> None:
        """Whoever makes it has taken a seat at the lane, which from now on is the exchange's."""
        self._lane = lane
        self._head, self._body = head, body
        self._connect_ms = connect_ms
        self._expects_body = expects_body
        self._has_seat = True
        self._connection: Connection | None = None
        self._pieces: list[bytes] = []
        self._unread = 0
        self._unpacker: Unpacker | None = None
        self._failure: UpstreamError | None = None
        self._is_complete = self._again = False
        self._waiter: asyncio.Future[None] | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._drain: asyncio.TimerHandle | None = None
        self._drained_bytes = 0
        self.status = 0
        self.headers = _NOTHING

    # --- the seam ---

    def send(self, connection: Connection) -> None:
        """Write the request."""
        self._connection = connection
        connection.start(self, self._head, self._body, expects_body=self._expects_body)

    async def answered(self) -> None:
        while not self.status:
            if self._failure is not None:
                raise self._failure
            if self._again:
                await self._send_again()
            else:
                await self._news()
        self._head = self._body = b""

    async def read(self) -> bytes:
        while True:
            if self._unpacker is not None and (data := self._unpacked(self._unpacker)):
                return data
            if self._pieces and self._unpacker is None:
                return self._taken()
            if self._failure is not None:
                raise self._failure
            if self._is_complete and not self._pieces:
                return b""
            if not self._pieces:
                await self._news()

    def abort(self, error: UpstreamError) -> None:
        self._failure = error
        self._pieces.clear()
        self._unpacker = None
        if self._dialling is not None:
            self._dialling.cancel()
        self.drop()
        self._wake()

    def finish(self) -> None:
        connection = self._connection
        if connection is None:
            return
        self._pieces.clear()
        self._drain = self._lane.loop.call_later(DRAIN_S, self.drop)
        connection.resume()

    def close(self) -> None:
        self._failure = None  # it was raised through frames that hold us
        if self._drain is None:
            self.drop()

    def drop(self) -> None:
        """Hang up, whatever state the answer is in."""
        connection = self._connection
        self._leave()
        if connection is not None:
            connection.abort()

    # --- the connection's listener ---

    def on_head(self, status: int, fields: list[Field], encoding: str) -> None:
        self.status, self.headers = status, Headers(fields)
        if encoding:
            try:
                self._unpacker = unpacker(encoding)
            except UpstreamUnusable as error:
                self._failure = error

    def on_body(self, piece: bytes) -> None:
        if self._drain is not None:
            self._drained_bytes += len(piece)
            return
        self._unread += len(piece)
        self._pieces.append(piece)

    def on_news(self) -> int:
        if self._drained_bytes > UNREAD_MAX_BYTES:
            self.drop()
            return 0
        self._wake()
        return self._unread

    def on_end(self, *, reusable: bool) -> None:
        connection, self._is_complete = self._connection, True
        self._leave()
        if connection is not None:
            if reusable:
                self._lane.keep(connection)
            else:
                connection.abort()
        self._wake()

    def on_failure(self, error: UpstreamError, *, unread_by_provider: bool) -> None:
        self._connection = None
        if unread_by_provider and self._head:
            self._again = True
        else:
            if self._failure is None:
                self._failure = error
            self._leave()
        self._wake()

    # ---

    async def _send_again(self) -> None:
        """
        On a new connection, and never a third time.

        In a task of its own, so that `abort` can end the wait for the connection.
        """
        self._again = False
        self._dialling = self._lane.loop.create_task(self._dial_and_send())
        try:
            await self._dialling
        except asyncio.CancelledError:
            if self._failure is not None:
                raise self._failure from None
            raise
        finally:
            self._dialling = None

    async def _dial_and_send(self) -> None:
        self.send(await self._lane.dial(self._connect_ms))

    def _news(self) -> "asyncio.Future[None]":
        """Return what is done when the next thing has happened on the connection."""
        self._waiter = waiter = self._lane.loop.create_future()
        return waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _taken(self) -> bytes:
        pieces, self._pieces, self._unread = self._pieces, [], 0
        if self._connection is not None:
            self._connection.resume()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _unpacked(self, packed: Unpacker) -> bytes:
        if data := packed.take():
            return data
        if self._pieces:
            packed.feed(self._taken())
            return packed.take()
        if self._is_complete:
            packed.finish()
        return b""

    def _leave(self) -> None:
        """Give connection and seat back; the connection's end is whoever calls this one's to bring about."""
        self._connection = None
        if self._drain is not None:
            self._drain.cancel()
        if self._has_seat:
            self._has_seat = False
            self._lane.seats.release()
