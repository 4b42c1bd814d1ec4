"""
One caller's connection: uvicorn's, with two differences.

An answer's head leaves in one piece with the beginning of its body, which is a system call less; and the application
is told at once when the caller hangs up (`Line`), without a task that waits for it.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import unquote

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from .asgi import NO_CONTENT, Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from uvicorn._types import ASGISendEvent

NOT_MODIFIED = 304
CLOSE = (b"connection", b"close")
CHUNKED = (b"transfer-encoding", b"chunked")
JOINED_BODY_MAX_BYTES = 65_536
"""A larger body is written apart from its head: copying it would cost more than a second write."""


class CallerConnection(HttpToolsProtocol):
    """Hands requests over to the application one after another."""

    line: Line

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.line = Line(transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.line.hang_up()

    def on_response_complete(self) -> None:
        """As uvicorn's, but for its timer on every idle connection: `Silence` closes those."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def on_headers_complete(self) -> None:
        """As uvicorn's, less what we do not offer: WebSockets, a root path, a limit of concurrency."""
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        self.examine_head(version)
        url = parse_url(self.url)
        path = url.path.decode("ascii")
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        scope["line"] = self.line  # type: ignore[typeddict-unknown-key]  # ours, beside what ASGI says
        before, self.cycle = (
            self.cycle,
            Answering(
                scope=scope,
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=False,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                expect_100_continue=self.expect_100_continue,
                keep_alive=version != "1.0" and parser.should_keep_alive(),
                on_response=self.on_response_complete,
            ),
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # sent before the last one was answered: it waits
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def examine_head(self, version: str) -> None:
        """Raises HttpParserError if a request with this head is not to be taken."""

    def on_message_complete(self) -> None:
        """Once a request is here, go on reading, if only to see its caller hang up; unless the next one waits already."""
        super().on_message_complete()
        if not self.pipeline:
            self.flow.resume_reading()


class Answering(RequestResponseCycle):
    """One request and its answer."""

    _head = b""
    """Made, and not written yet."""

    async def send(self, message: "ASGISendEvent") -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            assert not self.response_started, "an answer begins once"
            self._head = self._begin(message["status"], message["headers"])
        elif message["type"] == "http.response.body":
            assert self.response_started, "an answer begins with its head"
            assert not self.response_complete, "an answer ends once"
            self._write(message.get("body", b""), is_last=not message.get("more_body", False))

    def _begin(self, status: int, headers: "Iterable[tuple[bytes, bytes]]") -> bytes:
        """Return the answer's head. Raises RuntimeError if a header would smuggle in another."""
        self.response_started = True
        self.waiting_for_100_continue = False
        told = [*self.default_headers, *headers]
        if CLOSE in told:
            self.keep_alive = False
        elif not self.keep_alive:
            told.append(CLOSE)
        self._frame(status, told)
        head = b"\r\n".join([b": ".join(pair) for pair in told])
        if head.count(b"\n") != len(told) - 1 or head.count(b"\r") != len(told) - 1 or b"\0" in head:
            raise RuntimeError("A header of an answer holds a line end.")
        return b"%b%b\r\n\r\n" % (STATUS_LINE[status], head)

    def _frame(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """See how long the body will be; if nobody says, it is sent in chunks that say so themselves."""
        length = next((value for name, value in headers if name == b"content-length"), None)
        if length is not None:
            self.chunked_encoding, self.expected_content_length = False, int(length)
        elif self.scope["method"] != "HEAD" and status not in (NO_CONTENT, NOT_MODIFIED):
            self.chunked_encoding = True
            headers.append(CHUNKED)

    def _write(self, body: bytes, *, is_last: bool) -> None:
        piece = self._framed(body, is_last=is_last)
        head, self._head = self._head, b""
        if head and len(piece) > JOINED_BODY_MAX_BYTES:
            self.transport.write(head)
            self.transport.write(piece)
        elif head or piece:
            self.transport.write(head + piece)
        if is_last:
            self._end()

    def _framed(self, body: bytes, *, is_last: bool) -> bytes:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            return b""
        if self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if is_last else chunk
        self.expected_content_length -= len(body)
        if self.expected_content_length < 0:
            raise RuntimeError("An answer is longer than its content-length.")
        return body

    def _end(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("An answer is shorter than its content-length.")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
