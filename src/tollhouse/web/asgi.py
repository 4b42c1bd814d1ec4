"""The part of ASGI that we speak, typed, and a whole answer as one value."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NotRequired, TypedDict

Headers = list[tuple[bytes, bytes]]

NO_CONTENT = 204

FIRST = "first"
"""In the state of a connection's first request."""


class Line:
    """
    A caller's connection: it tells one who asks, while they ask, that the caller has hung up.

    Args:
        cut: ends the connection at once, whatever is still unread.
    """

    __slots__ = ("cut", "is_gone", "on_hang_up")

    def __init__(self, cut: Callable[[], None] = lambda: None) -> None:
        self.cut = cut
        self.is_gone = False
        self.on_hang_up: Callable[[], None] | None = None

    def hang_up(self) -> None:
        self.is_gone = True
        if self.on_hang_up is not None:
            self.on_hang_up()


class Scope(TypedDict):
    """
    One HTTP request as the server hands it over. Header names are lower case; `path` is percent-decoded.

    `line` is there where the server is ours.
    """

    type: str
    method: str
    path: str
    raw_path: bytes
    query_string: bytes
    headers: Headers
    client: tuple[str, int] | None
    state: dict[str, object]
    line: NotRequired[Line]


class Received(TypedDict, total=False):
    """`http.request` (body, more_body) or `http.disconnect`."""

    type: str
    body: bytes
    more_body: bool


class Sent(TypedDict, total=False):
    """`http.response.start` (status, headers) or `http.response.body` (body, more_body)."""

    type: str
    status: int
    headers: Headers
    body: bytes
    more_body: bool


Receive = Callable[[], Awaitable[Received]]
Send = Callable[[Sent], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes


async def send_reply(send: Send, reply: Reply) -> None:
    """A 204 has no body, and no length of it either (RFC 9110, section 8.6)."""
    length = [] if reply.status == NO_CONTENT else [(b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, *length]})
    await send({"type": "http.response.body", "body": reply.body})


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return the first header of this (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return None
