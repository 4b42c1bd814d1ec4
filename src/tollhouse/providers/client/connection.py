"""
One connection to a provider: bytes in, the parts of an answer out, and what may follow when it ends.

The parser is in C and strict (llhttp as httptools has it): bare line feeds, folded headers, several lengths, a length
beside chunks and odd chunk sizes are errors there. What it leaves open is decided here.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from tollhouse.domain.errors import UpstreamCut, UpstreamError, UpstreamReset, UpstreamUnusable

from ..transport import HEADER_MAX_BYTES, HEADERS_MAX
from .headers import Field
from .kernel import Kernel

READ_MAX_BYTES = 32_768
"""Taken from the kernel at a time."""

UNREAD_MAX_BYTES = 32_768
"""Held for a slow reader before the provider is paused. With one reading on top a stream never holds more than 64 KB."""

HEAD_MAX_BYTES = 65_536
"""Status line and all headers, those of interim answers too."""

FRAMING_MAX_BYTES = 65_536
"""Chunk sizes, their extensions and trailers; FRAMING_PER_BYTE more for every byte of a body."""

FRAMING_PER_BYTE = 16
"""The smallest chunk has five bytes of framing around one of body."""

_H = ord("H")
_BODILESS = frozenset({204, 304})
_LENGTH, _CHUNKS, _PACKED, _KEPT = b"content-length", b"transfer-encoding", b"content-encoding", b"keep-alive"
_MEANT_FOR_US = frozenset({_LENGTH, _CHUNKS, _PACKED, _KEPT})


class Listener(Protocol):
    """Who waits for an answer on this connection."""

    def on_head(self, status: int, fields: list[Field], encoding: str) -> None: ...

    def on_body(self, piece: bytes) -> None: ...

    def on_news(self) -> int:
        """Everything of one reading was passed on; return how many bytes are unread."""
        ...

    def on_end(self, *, reusable: bool) -> None:
        """The answer is complete; the connection is no longer the listener's."""
        ...

    def on_failure(self, error: UpstreamError, *, unread_by_provider: bool) -> None:
        """
        The connection has ended before the answer.

        Args:
            unread_by_provider: it is certain that no process there has read the request, or will.
        """
        ...


class Connection(asyncio.BufferedProtocol):
    """Speaks HTTP/1.1 for one listener after another."""

    __slots__ = (
        "_acked_before",
        "_body_bytes",
        "_buffer",
        "_encoding",
        "_expects_body",
        "_fed",
        "_fields",
        "_framing",
        "_has_head",
        "_is_complete",
        "_is_ended",
        "_is_odd",
        "_is_paused",
        "_is_reusable",
        "_kernel",
        "_listener",
        "_on_lost",
        "_parser",
        "_refusal",
        "_transport",
        "_until_end",
        "answers",
        "keep_s",
    )

    _fields: list[Field]
    _framing: bytes
    _encoding: str

    def __init__(self, kernel: Kernel, buffer: memoryview, on_lost: Callable[["Connection"], None]) -> None:
        """
        Args:
            buffer: where readings land, READ_MAX_BYTES long. One does for all connections of a loop, for it is empty
                again before another can be read.
        """
        self._kernel = kernel
        self._buffer = buffer
        self._on_lost = on_lost
        self._transport = cast("asyncio.Transport", None)
        self._parser: HttpResponseParser | None = None
        self._listener: Listener | None = None
        self._is_paused = self._is_ended = False
        self.answers = 0
        """How many it has brought."""
        self.keep_s: float | None = None
        """How long the provider says that it keeps an idle connection."""

    # --- ours ---

    def is_usable(self) -> bool:
        """May a request be written? To be asked at once before `start`."""
        return not self._transport.is_closing() and not (self.answers and self._kernel.has_news())

    def start(self, listener: Listener, head: bytes, body: bytes, *, expects_body: bool) -> None:
        """Write a request; `listener` hears of its answer. Nothing is awaited between `is_usable` and this."""
        self._listener = listener
        self._expects_body = expects_body
        self._acked_before = self._kernel.acknowledged() if self.answers else 0
        self._fed = self._body_bytes = 0
        self._is_complete = self._is_reusable = False
        self._refusal = ""
        self._expect_head()
        if body:
            self._transport.write(head)
            self._transport.write(body)
        else:
            self._transport.write(head)

    def resume(self) -> None:
        """The listener has read what was held for it."""
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Hang up at once: nothing more of the request goes out either."""
        self._listener = None
        self._transport.abort()

    def hang_up(self) -> None:
        """As `abort`, but the listener hears of it."""
        self._transport.abort()

    def close(self) -> None:
        """Hang up in an orderly way; for a connection without a listener."""
        self._transport.close()

    # --- the event loop's ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = HttpResponseParser(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        listener, parser = self._listener, self._parser
        if listener is None or parser is None:
            self._transport.abort()  # nobody asked: what it says is no answer to what is sent next
            return
        if not self._fed and self._buffer[0] != _H:
            self._fail("it begins with something else")
            return
        self._fed += nbytes
        try:
            parser.feed_data(self._buffer[:nbytes])
        except (HttpParserError, HttpParserUpgrade) as error:
            if isinstance(error, HttpParserCallbackError) and not (self._refusal or self._is_complete):
                raise  # a fault of ours, not the provider's
            if not self._is_complete:
                self._fail(self._refusal or str(error))
                return
            self._is_reusable = False
        self._passed_on(listener)

    def eof_received(self) -> bool:
        self._is_ended = True
        listener = self._listener
        if listener is not None and self._until_end:
            self._is_complete = True
            self._passed_on(listener)
        elif listener is not None:
            self._transport.abort()  # no answer comes any more, so the rest of the request is not sent either
        return False  # close our side too

    def connection_lost(self, error: Exception | None) -> None:
        listener, self._listener = self._listener, None
        self._parser = None  # it refers to us, and we to it
        self._on_lost(self)
        if listener is not None:
            if self._has_head:
                listener.on_failure(UpstreamCut(), unread_by_provider=False)
            else:
                listener.on_failure(UpstreamReset(), unread_by_provider=self._is_unread())

    # --- the parser's ---

    def on_message_begin(self) -> None:
        if self._is_complete:
            raise HttpParserError("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        parser, listener = self._parser, self._listener
        assert parser is not None
        assert listener is not None
        status, version = parser.get_status_code(), parser.get_http_version()
        if version not in ("1.1", "1.0") or not 100 <= status <= 599 or status == 101:
            self._refuse(f"it has version {version} and status {status}")
        fields = [(name.lower(), value) for name, value in self._fields]
        self._heed(fields)
        if status < 200:
            if self._framing:
                self._refuse("an interim answer has a body")
            return
        if self._framing == _CHUNKS and version == "1.0":
            self._refuse("version 1.0 has no chunks")
        is_bodiless = status in _BODILESS
        self._until_end = not self._framing and not is_bodiless
        self._is_odd = is_bodiless and bool(self._framing)
        self._has_head = True
        self._fields = []  # trailers follow, if anything
        listener.on_head(status, fields, self._encoding)
        if not self._expects_body:
            self._is_complete = True
            raise HttpParserError("no body follows")  # the parser cannot be told; the connection is not used again

    def on_body(self, body: bytes) -> None:
        assert self._listener is not None
        self._body_bytes += len(body)
        self._listener.on_body(body)

    def on_message_complete(self) -> None:
        if not self._has_head:
            self._expect_head()  # that was an interim answer
            return
        assert self._parser is not None
        self._is_complete = True
        self._is_reusable = self._parser.should_keep_alive() and not self._is_odd

    # ---

    def _expect_head(self) -> None:
        self._fields = []
        self._framing = b""
        self._encoding = ""
        self._has_head = self._until_end = False

    def _heed(self, fields: list[Field]) -> None:
        """Take in what the headers say to a client, and see that there are not too many."""
        if len(fields) > HEADERS_MAX:
            self._refuse(f"it has more than {HEADERS_MAX} headers")
        for name, value in fields:
            if len(value) > HEADER_MAX_BYTES or len(name) > HEADER_MAX_BYTES:
                self._refuse(f"a header is longer than {HEADER_MAX_BYTES} bytes")
            if name in _MEANT_FOR_US:
                self._heed_one(name, value)

    def _heed_one(self, name: bytes, value: bytes) -> None:
        if name == _CHUNKS:
            if self._framing or value.strip().lower() != b"chunked":
                self._refuse("its transfer-encoding is not plainly chunked")
            self._framing = _CHUNKS
        elif name == _LENGTH:
            self._framing = _LENGTH
        elif name == _PACKED:
            self._encoding += (", " if self._encoding else "") + value.decode("latin-1")
        else:
            self.keep_s = _promised_s(value)

    def _passed_on(self, listener: Listener) -> None:
        """After a reading: pass on what it brought, and see that nobody is flooded."""
        if self._is_complete:
            self._listener = None
            self.answers += 1
            self.resume()
            listener.on_end(reusable=self._is_reusable and not self._transport.get_write_buffer_size())
        elif not self._has_head:
            if self._fed > HEAD_MAX_BYTES:
                self._fail("its headers are too large")
        elif self._fed - self._body_bytes > HEAD_MAX_BYTES + FRAMING_MAX_BYTES + FRAMING_PER_BYTE * self._body_bytes:
            self._fail("it has more framing than content")
        elif listener.on_news() > UNREAD_MAX_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _refuse(self, why: str) -> None:
        """From inside the parser, which stops there."""
        self._refusal = why
        raise HttpParserError(why)

    def _fail(self, why: str) -> None:
        """The provider does not speak HTTP as we read it; nothing it says on this connection is believed any more."""
        listener, self._listener = self._listener, None
        self._transport.abort()
        if listener is not None:
            listener.on_failure(
                UpstreamUnusable(f"The provider's answer is not HTTP that can be read: {why}."),
                unread_by_provider=False,
            )

    def _is_unread(self) -> bool:
        """Only a FIN that confirms nothing of the request proves it; see `Kernel.acknowledged`."""
        return (
            self._is_ended
            and not self._fed
            and self._acked_before > 0
            and self._kernel.acknowledged() == self._acked_before
        )


def _promised_s(value: bytes) -> float | None:
    """Read `timeout` of a Keep-Alive header."""
    for part in value.lower().split(b","):
        name, _, seconds = part.partition(b"=")
        if name.strip() == b"timeout" and seconds.strip().isdigit():
            return float(seconds.strip()[:9])
    return None
