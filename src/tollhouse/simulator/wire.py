"""HTTP/1.1 answers as bytes, and the steps in which an answer leaves."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

import msgspec

from .failures import Header

SERVER = b"tollhouse-simulator"
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus} | {529: b"Site is overloaded"}


class Write(msgspec.Struct, frozen=True):
    """Send these bytes; before that so many output tokens have been generated in all."""

    data: bytes
    tokens: int = 0


class Wait(msgspec.Struct, frozen=True):
    ms: int


class Hang(msgspec.Struct, frozen=True):
    """Say nothing more, until the client leaves."""


class End(msgspec.Struct, frozen=True):
    """
    The end of an answer. `how`: keep the connection, close it, reset it, or reset it once it is used again (`stale`).

    `whole`: a complete answer was given.
    """

    how: str = "keep"
    whole: bool = True


Step = Write | Wait | Hang | End
WHOLE = End()


class Wire(msgspec.Struct, frozen=True):
    """The connection as an answer sees it: HTTP/1.0 knows no chunks, and a body then ends with the connection."""

    request_id: str
    chunks: bool = True
    keep_alive: bool = True

    def head(self, status: int, content_type: bytes, *, length: int | None, extra: Sequence[Header] = ()) -> bytes:
        """Return status line and headers; without a length the body comes in chunks."""
        lines = [
            b"HTTP/1.1 %d %b" % (status, _REASONS.get(status, b"Unknown")),
            b"server: " + SERVER,
            b"content-type: " + content_type,
            b"x-request-id: " + self.request_id.encode(),
            b"openai-processing-ms: 1",
        ]
        if length is not None:
            lines.append(b"content-length: %d" % length)
        elif self.chunks:
            lines.append(b"transfer-encoding: chunked")
        if not self.keep_alive:
            lines.append(b"connection: close")
        lines += [b"%b: %b" % header for header in extra]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def chunk(self, data: bytes, *, wrong: bool = False) -> bytes:
        """Return one chunk; a wrong one says two bytes less than it has."""
        return b"%x\r\n%b\r\n" % (len(data) - 2 * wrong, data) if self.chunks else data

    def last_chunk(self) -> bytes:
        return b"0\r\n\r\n" if self.chunks else b""

    def end(self, *, whole: bool = True) -> End:
        """Return the end of a streamed body: without chunks only the closed connection tells it."""
        return End("keep" if self.chunks else "close", whole)


def in_pieces(steps: Iterator[Step], piece_bytes: int, piece_ms: int) -> Iterator[Step]:
    """Cut every write after the head into pieces, whatever they fall on, with a wait between them."""
    rest, tokens, is_head = b"", 0, True
    for step in steps:
        if is_head or not isinstance(step, Write):
            is_head = is_head and not isinstance(step, Write)
            yield from _remaining(rest, tokens)
            rest = b""
            yield step
            continue
        data, tokens = rest + step.data, step.tokens
        whole = len(data) - len(data) % piece_bytes
        for at in range(0, whole, piece_bytes):
            yield Write(data[at : at + piece_bytes], tokens)
            yield Wait(piece_ms)
        rest = data[whole:]
    yield from _remaining(rest, tokens)


def _remaining(rest: bytes, tokens: int) -> Iterator[Step]:
    if rest:
        yield Write(rest, tokens)
