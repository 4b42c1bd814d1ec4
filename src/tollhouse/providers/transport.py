"""
The HTTP client seam: requests out, answers in as they arrive.

Two clients stand behind it: our own in `client/`, and `by_aiohttp.py`, which also goes through proxies. What a provider's
dialect needs of either is written here, with the limits that hold for both.

No cookies, no redirects, and nothing from the environment but the system's certificates.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from tollhouse.domain.errors import UpstreamError

CONNECTIONS_MAX = 1_000
"""Connections to one origin at a time; more requests wait `pool_ms`. Twice the concurrent streams we are built for."""

KEEPALIVE_S = 15.0
"""An idle connection is kept this long: longer pays little, and servers close theirs after 5 to 75 s."""

HEADER_MAX_BYTES = 16_384
"""The longest status line or header taken."""

HEADERS_MAX = 256

DRAIN_S = 1.0
"""How long a connection whose answer is complete may take to end its body, to be used again."""

JOINED_BODY_MAX_BYTES = 65_536
"""A larger body is written apart from its head: copying it would cost more than a second write."""

_BODILESS_METHODS = frozenset({"GET", "HEAD"})
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2, token
_VALUE = re.compile(r"[\x20-\x7e\t]*")
_METHOD = re.compile(r"[A-Z]+")
_TARGET = re.compile(r"/[!-~]*")


class Exchange(Protocol):
    """
    One request and its answer. Whoever has it calls `answered`, then `read` until it returns b"", and at last `close`.

    `status` and `headers` (looked up without regard to case) are there after `answered`.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def answered(self) -> None:
        """
        Wait for status and headers; interim answers are passed over.

        Raises UpstreamReset if the connection ends first: then nobody knows whether the request was processed. What
        is known not to have been processed may be sent once more, unseen.
        """
        ...

    async def read(self) -> bytes:
        """
        Return what has arrived of the body, at least one byte; b"" at its end. Raises UpstreamCut if it ends early.

        At the end the connection is already back in the pool.
        """
        ...

    def abort(self, error: UpstreamError) -> None:
        """Close the connection; whoever waits on it, or reads it next, gets this error."""
        ...

    def finish(self) -> None:
        """The answer is complete: pool the connection as soon as its body ends, or drop it if that takes too long."""
        ...

    def close(self) -> None:
        """Hang up, unless the answer was read to its end or `finish` looks after it."""
        ...


class Transport(Protocol):
    """The upstream connections of one process. It belongs to the event loop of its first request."""

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
            PoolTimeout: no connection became free within `pool_ms`.
            NotSent: none could be made (DNS, refused, TLS).
            ConnectTimeout: none could be made within `connect_ms`.
            ValueError: the method or target cannot be sent.
        """
        ...

    async def open(self) -> None:
        """Load now what the first request would wait for: certificates, and libraries that are slow to import."""
        ...

    def leave(self, origin: str) -> None:
        """
        Nothing more is meant for this origin: close what is idle there. What is under way goes on.

        A client that cannot tell its idle connections apart lets them end by themselves, within KEEPALIVE_S.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def header_block(headers: Mapping[str, str]) -> bytes:
    """Return headers as they go on the wire. Raises ValueError if one could smuggle in another."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} cannot be sent: only printable ASCII can")
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("ascii")


def request_opening(method: str, target: str, host: str, *, before: str = "") -> bytes:
    """
    Return a request's first line and its Host header. Raises ValueError if method or target could smuggle in another.

    Args:
        before: what stands before the target where a proxy must be told the whole address.
    """
    if not _TARGET.fullmatch(target) or not _METHOD.fullmatch(method):
        raise ValueError("a request has a method in capitals, and a target that is a path of printable ASCII")
    return f"{method} {before}{target} HTTP/1.1\r\nhost: {host}\r\n".encode("ascii")


def request_head(opening: bytes, method: str, headers: bytes, body_bytes: int) -> bytes:
    """Return a request up to its body."""
    if body_bytes or method not in _BODILESS_METHODS:
        return b"%bcontent-length: %d\r\n%b\r\n" % (opening, body_bytes, headers)
    return b"%b%b\r\n" % (opening, headers)
