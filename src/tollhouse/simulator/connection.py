"""One connection: requests in by httptools, answers out one after the other, kept open as the client wishes."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import httptools

from .failures import Failure, Header
from .play import Play, Played, reset
from .requests import Request
from .staging import failed
from .wire import End, Step, Wire

MAX_BODY_BYTES = 64 * 2**20
MAX_HEADER_BYTES = 256 * 2**10
MAX_PIPELINED = 16
"""Requests that may wait behind the one being answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens to a request: the steps, and who is told how it ended."""

    steps: Iterator[Step]
    book: Callable[[Played], None]


class House(Protocol):
    """Who answers, and who knows the open connections."""

    def answer(self, request: Request, wire: Wire) -> Answer: ...

    def opened(self, connection: "Connection") -> int: ...

    def closed(self, connection: "Connection") -> None: ...

    def next_request_id(self) -> str: ...


class Connection(asyncio.Protocol):
    """The methods that begin with `on_` are httptools' callbacks."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, Wire]] = deque()
        self._play: Play | None = None
        self._closing = False
        self._paused = False
        self._is_stale = False
        self._number = 0
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._number = self._house.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._house.closed(self)
        self._closing = True
        self._waiting.clear()
        if self._play:
            self._play.abandon("client closed")

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._is_stale:
            self._closing = True
            reset(self._transport)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:  # not the client's fault but ours, or the bill's
            self._closing = True
            self._transport.abort()
            raise error.__context__ or error from None
        except httptools.HttpParserUpgrade:
            self._refuse(Failure(400, "This server does not upgrade connections."))
        except httptools.HttpParserError as error:
            self._refuse(Failure(400, f"The request is not valid HTTP: {error}"))

    def pause_writing(self) -> None:
        self._paused = True
        if self._play:
            self._play.hold()

    def resume_writing(self) -> None:
        self._paused = False
        if self._play:
            self._play.resume()

    @property
    def is_held_up(self) -> bool:
        """Does an answer wait for its client to read?"""
        return self._paused and self._play is not None

    def stop(self) -> None:
        """End the connection, and with it the answer on it."""
        if self._play:
            self._play.abandon("stopped")
        self._transport.abort()

    # --- the request ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[Header] = []
        self._expects = False
        self._header_bytes = 0
        self._parts: list[bytes] = []
        self._body_bytes = 0

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._header_bytes += len(url)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(Failure(414, f"The address is larger than {MAX_HEADER_BYTES} bytes."))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(Failure(431, f"The headers are larger than {MAX_HEADER_BYTES} bytes."))
        else:
            self._headers.append((name, value))
            if len(name) == 6 and name.lower() == b"expect":
                self._expects = True

    def on_headers_complete(self) -> None:
        if self._expects:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(Failure(413, f"The body is larger than {MAX_BODY_BYTES} bytes."))
        else:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._closing:
            return
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=self._url.decode("latin-1"),
            headers=self._headers,
            body=self._parts[0] if len(self._parts) == 1 else b"".join(self._parts),
            connection=self._number,
            weight_bytes=self._header_bytes + self._body_bytes,
        )
        newer = self._parser.get_http_version() == "1.1"
        wire = Wire(self._house.next_request_id(), newer, newer and self._parser.should_keep_alive())
        if self._play is None:
            self._answer(request, wire)
        elif len(self._waiting) < MAX_PIPELINED:
            self._waiting.append((request, wire))
        else:
            self._transport.abort()

    # --- the answer -------------------------------------------------------------------------------------------------

    def _answer(self, request: Request, wire: Wire) -> None:
        answer = self._house.answer(request, wire)
        self._start(answer.steps, answer.book, keep_alive=wire.keep_alive)

    def _start(self, steps: Iterator[Step], book: Callable[[Played], None], *, keep_alive: bool) -> None:
        def done(end: End) -> None:
            self._play = None
            self._is_stale = end.how == "stale"
            if end.how not in ("keep", "stale") or not keep_alive:
                self._closing = True
                self._transport.close()
            elif self._waiting:
                asyncio.get_running_loop().call_soon(self._next)

        self._play = play = Play(self._transport, steps, book=book, done=done)
        if self._paused:
            play.hold()
        play.advance()

    def _next(self) -> None:
        if self._waiting and self._play is None and not self._closing:
            self._answer(*self._waiting.popleft())

    def _refuse(self, failure: Failure) -> None:
        """Answer a request that is not taken in, and close; what may still arrive is not read."""
        if self._closing:
            return
        self._closing = True
        wire = Wire(self._house.next_request_id(), keep_alive=False)
        if self._play is None:
            self._start(failed(failure, wire, 0.0), lambda played: None, keep_alive=False)
        else:
            self._transport.close()
