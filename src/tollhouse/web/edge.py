"""
The outermost wrapper: what every request gets, whatever it asks for. Pure ASGI, no framework.

A request gets an id, is refused while the process drains, and is passed to the application that owns its path. An
error that leaves an application becomes an answer here, and nowhere else.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import count
from typing import Protocol

from tollhouse.domain.errors import BodyTooLarge, Draining, MethodNotAllowed, NotFound, TollhouseError

from .asgi import FIRST, App, Headers, Receive, Reply, Scope, Send, Sent, header, send_reply
from .cors import ORIGIN, Names, is_preflight, let_read_refusal, no_origins, preflight, readable
from .errors import error_response, stream_error_event
from .front import OPEN, Front

Page = Callable[[], Awaitable[Reply]]
"""A GET answer of our own that needs nothing of the request: health, readiness, metrics."""

CALL = "call"
"""Where an application leaves its call's id in the request's state, so that an error names the call it belongs to."""

_SAFE_ID = re.compile(rb"[A-Za-z0-9._~:/+=@-]{1,128}")
"""What we repeat in headers and logs without thinking."""


class CallerLeft(Exception):
    """The caller closed the connection before the whole request had arrived. There is nobody to answer."""


class Watch(Protocol):
    """Who wants to know what the edge saw."""

    def refused(self, code: str) -> None: ...

    def fault(self, error: BaseException, *, request_id: str) -> None:
        """An exception of ours that no caller may see the inside of."""
        ...


class Edge:
    """
    The application that the server runs.

    Args:
        v1: owns `/v1/…`; it may raise any TollhouseError before it has sent anything.
        api: owns `/api/…`.
        pages: our own GET pages by path; they are answered while draining too.
        origins: which web pages may call `/v1` from another origin.

    `active` and `streams` count the requests under way and, of those, the event streams.
    """

    def __init__(
        self, *, v1: App, api: App, pages: Mapping[str, Page], watch: Watch, origins: Names = no_origins
    ) -> None:
        self.active = 0
        self.streams = 0
        self.draining = False
        self._v1 = v1
        self._api = api
        self._pages = pages
        self._watch = watch
        self.origins = origins
        self._front = OPEN
        self._ids = _request_ids()

    def refused(self, code: str) -> None:
        """The server refused a request before it came here."""
        self._watch.refused(code)

    def stand_behind(self, front: Front) -> None:
        """From now on this stands in front of us."""
        self._front = front

    def drain(self) -> None:
        """Refuse new requests from now on; those that run go on."""
        self.draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(self, _given_id(scope) or next(self._ids), scope, send)
        scope["state"]["request_id"] = exchange.request_id
        self.active += 1
        try:
            front = self._front
            if not front.is_open:
                front.admit(scope)
            if front.trusts:
                scope["client"] = (front.address(scope), 0)
            await self._dispatch(scope, receive, exchange.send)
        except CallerLeft:
            pass
        except TollhouseError as error:
            self._watch.refused(error.code)
            await exchange.fail(error)
        except asyncio.CancelledError:
            if not self.draining:
                raise
            await exchange.fail(Draining())
        except Exception as error:  # noqa: BLE001 - the outermost edge: the caller gets an id, the log gets the rest
            self._watch.fault(error, request_id=exchange.request_id)
            await exchange.fail(TollhouseError())
        finally:
            self.active -= 1
            self.streams -= exchange.is_stream

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        page = self._pages.get(path)
        if page is not None:
            await _answer_page(page, scope, send)
        elif self.draining and FIRST not in scope["state"]:
            raise Draining  # a connection's first request has nobody else to go to
        elif path.startswith("/v1/"):
            if scope["method"] == "OPTIONS" and is_preflight(scope):
                await send_reply(send, preflight(scope, self.origins))
            else:
                await self._v1(scope, receive, send)
        elif path.startswith("/api/"):
            await self._api(scope, receive, send)
        else:
            raise NotFound


class _Exchange:
    """One request's way out: remembers whether its headers have left, and adds what every answer carries."""

    __slots__ = ("_begun", "_edge", "_scope", "_send", "_state", "is_stream", "request_id")

    def __init__(self, edge: Edge, request_id: str, scope: Scope, send: Send) -> None:
        self.request_id = request_id
        self._scope = scope
        self._state = scope["state"]
        self.is_stream = False
        self._edge = edge
        self._send = send
        self._begun = False

    def send(self, message: Sent) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = self._begin(message["headers"])
        return self._send(message)

    def _begin(self, headers: Headers) -> Headers:
        self._begun = True
        self.is_stream = _is_event_stream(headers)
        self._edge.streams += self.is_stream
        added: Headers = [(b"x-request-id", self.request_id.encode())]
        if ORIGIN in self._state:
            added += readable(self._state[ORIGIN])
        if self._edge.draining:
            added.append((b"connection", b"close"))
        return [*headers, *added]

    async def fail(self, error: TollhouseError) -> None:
        """
        Answer with the error: as a status if the headers have not left, else as a stream's last event.

        Any other body that had begun stays without its end, so that nobody takes it for whole: the server then closes
        the connection.
        """
        if not self._begun:
            let_read_refusal(self._scope, self._edge.origins)
            status, headers, body = error_response(error, self.request_id)
            if CALL in self._state:
                headers.append((b"x-tollhouse-call", str(self._state[CALL]).encode()))
            await self.send({"type": "http.response.start", "status": status, "headers": headers})
            await self._send({"type": "http.response.body", "body": body})
        elif self.is_stream:
            await self._send({"type": "http.response.body", "body": stream_error_event(error)})


async def read_body(receive: Receive, scope: Scope, limit_bytes: int) -> bytes:
    """
    Read a request's whole body.

    Raises BodyTooLarge, before reading anything if the length is declared; CallerLeft. A body that takes too long ends
    its connection (`silence.py`).
    """
    declared = header(scope, b"content-length")
    if declared is not None and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerLeft
    first = message["body"]
    if len(first) > limit_bytes:
        raise _too_large(limit_bytes)
    return await _read_rest(receive, first, limit_bytes) if message.get("more_body") else first


async def _read_rest(receive: Receive, first: bytes, limit_bytes: int) -> bytes:
    pieces, size = [first], len(first)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        pieces.append(message["body"])
        size += len(message["body"])
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        if not message.get("more_body"):
            return b"".join(pieces)


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than the {limit_bytes} bytes that `server.max_body_bytes` allows.")


async def _answer_page(page: Page, scope: Scope, send: Send) -> None:
    """The server leaves the body out of an answer to HEAD."""
    if scope["method"] == "OPTIONS":
        await send_reply(send, Reply(200, [(b"allow", b"GET, HEAD, OPTIONS")], b""))
    elif scope["method"] in ("GET", "HEAD"):
        await send_reply(send, await page())
    else:
        raise MethodNotAllowed(allow=("GET", "HEAD", "OPTIONS"))


def request_id(scope: Scope) -> str:
    """Return the id that the edge gave this request."""
    given = scope["state"]["request_id"]
    assert isinstance(given, str)
    return given


def _given_id(scope: Scope) -> str | None:
    given = header(scope, b"x-request-id")
    return given.decode() if given is not None and _SAFE_ID.fullmatch(given) else None


def _request_ids() -> Iterator[str]:
    """Yield `req_`, 12 random hex digits for this process and a count: unique, at a tenth of a random id's price."""
    process = secrets.token_hex(6)
    return (f"req_{process}{n:08x}" for n in count())


def _is_event_stream(headers: Headers) -> bool:
    for name, value in headers:
        if name == b"content-type":  # among the first, as everybody writes headers
            return value.startswith(b"text/event-stream")
    return False
