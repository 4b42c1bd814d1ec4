"""Answers that are right inside and wrong as HTTP: lengths, packings, interim answers and bytes that do not belong there."""

import zlib
from collections.abc import Iterator

from .behaviours import Lie
from .failures import Header
from .wire import End, Step, Wire, Write

NOT_HTTP = b"220 mail.example ESMTP ready\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
TRAILING = b"<!-- served by an overeager proxy -->\r\n"


def told(lie: Lie, content_type: bytes, body: bytes, wire: Wire, made: int) -> Iterator[Step]:
    """Yield a whole answer, a stream too, in one write; `made` output tokens are in it."""
    match lie.kind:
        case "not-http":
            yield Write(NOT_HTTP, made)
            yield End("close", whole=False)
        case "short-length":
            yield Write(wire.head(200, content_type, length=len(body) // 2) + body, made)
            yield End(whole=False)
        case "two-lengths":
            other: list[Header] = [(b"content-length", b"%d" % (len(body) - 1))]
            yield Write(wire.head(200, content_type, length=len(body), extra=other) + body, made)
            yield End("close", whole=False)
        case "interim":
            yield Write(INTERIM * lie.count + wire.head(200, content_type, length=len(body)) + body, made)
        case "headers":
            many: list[Header] = [(b"x-many-%d" % number, b"x") for number in range(lie.count)]
            yield Write(wire.head(200, content_type, length=len(body), extra=many) + body, made)
        case "trailing":
            yield Write(wire.head(200, content_type, length=len(body)) + body + TRAILING * lie.count, made)
        case "packed" | "packed-cut" | "not-packed":
            packed = _packed(lie, body)
            encoding: list[Header] = [(b"content-encoding", lie.encoding.encode())]
            yield Write(wire.head(200, content_type, length=len(packed), extra=encoding) + packed, made)


def _packed(lie: Lie, body: bytes) -> bytes:
    if lie.kind == "not-packed":
        return body
    packed = zlib.compress(body, wbits=16 + zlib.MAX_WBITS)
    return packed[: len(packed) // 2] if lie.kind == "packed-cut" else packed
