"""What the cache knows of an answer at one endpoint: which member of a request only frames it, and what may be kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

ANSWER_MAX_BYTES = 1024 * 1024
"""A longer answer is not kept: some hundred of them would fill the memory that all share."""
DELTA_CHARACTERS = 256
"""As much text as one event of a replayed stream holds: enough to be cheap, little enough to look like a stream."""

Raws = dict[str, msgspec.Raw]
Decoded = TypeVar("Decoded")

RAWS = msgspec.json.Decoder(Raws)
encode = msgspec.json.Encoder().encode


class Unkept(ValueError):
    """This answer may not be given again: it is not complete, not valid, refused, or of a kind that cannot be replayed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says, for checking it against the format that was asked for. `calls`: it calls tools."""

    text: str = ""
    calls: bool = False


class Folding(Protocol):
    """A stream's events on their way into one whole answer. Each may raise Unkept; then nothing is kept."""

    def add(self, event: bytes) -> None:
        """Take in an event of the stream, as it came."""
        ...

    def whole(self) -> bytes:
        """Return the answer as it would have come without streaming; without usage if the stream had none."""
        ...


class Form(Protocol):
    """One endpoint. Pure."""

    framing: frozenset[str]
    """Members that change how an answer is sent or accounted for, never what it says. Every other is in the key."""

    def folding(self) -> Folding: ...

    def read(self, whole: bytes) -> Said:
        """Read a whole answer. Raises Unkept unless it is complete, unrefused and can be given again in either form."""
        ...

    def again(self, whole: bytes, suffix: str) -> bytes:
        """Return a kept answer under an id of its own that ends in `suffix`."""
        ...

    def stream(self, whole: bytes, suffix: str, *, usage_asked: bool) -> list[bytes]:
        """Return a kept answer as SSE events, without `[DONE]`; the last one carries usage, if it was asked for."""
        ...


def decoded(decoder: msgspec.json.Decoder[Decoded], data: bytes) -> Decoded:
    """Raises Unkept for what has another shape than is known here."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unkept(str(error)) from None


def data_of(event: bytes) -> bytes:
    """Return the data of one SSE event, on however many lines it came."""
    if event.startswith(b"data: ") and event.count(b"\n") == 2:
        return event[6:-2]
    return b"\n".join([line[5:] for line in event.splitlines() if line.startswith(b"data:")])


def with_id(whole: bytes, identifier: str) -> bytes:
    """Return a whole answer under another id, everything else byte for byte."""
    members = RAWS.decode(whole)
    members["id"] = msgspec.Raw(encode(identifier))
    return encode(members)


def is_empty(value: object) -> bool:
    """Does a member say nothing?"""
    return value is None or value in ("", [], {})


def pieces(text: str) -> list[str]:
    """Cut a text into what one event each may hold, at white space where there is some."""
    cut, at = [], 0
    while len(text) - at > DELTA_CHARACTERS:
        space = text.rfind(" ", at, at + DELTA_CHARACTERS)
        end = at + DELTA_CHARACTERS if space < at else space + 1
        cut.append(text[at:end])
        at = end
    return [*cut, text[at:]]


def check_arguments(arguments: object) -> None:
    """A tool's arguments are a JSON object; what a model wrote otherwise is not to be written again."""
    if not isinstance(arguments, str):
        raise Unkept("a tool call has no arguments")
    try:
        read = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unkept(f"a tool call's arguments are not JSON: {error}") from None
    if not isinstance(read, dict):
        raise Unkept("a tool call's arguments are not a JSON object")


def sse(value: Mapping[str, object], kind: str | None = None) -> bytes:
    """Write one event."""
    head = b"" if kind is None else b"event: " + kind.encode() + b"\n"
    return head + b"data: " + encode(value) + b"\n\n"


def a_list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
