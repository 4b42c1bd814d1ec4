"""A request body's top-level members as raw JSON: read once, changed where we must, the rest relayed byte for byte."""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from tollhouse.domain.errors import InvalidJson, InvalidRequest
from tollhouse.domain.sse import data_of, with_data

Members = dict[str, bytes]
Known = TypeVar("Known")

MEMBERS_MAX = 1_000
"""Top-level members: OpenAI's largest request has about 40, and each costs more to tell apart than a member below."""
NAME_CHARS_MAX = 256
"""Of a top-level member's name."""
TEXTS_MAX = 100_000
"""
Names and texts in a body, counted by their quotes before anything is decoded (so it may be twice as many): a long
conversation with its tools has some ten thousand, and a million would hold up all other calls for a second.
"""
BRACKETS_MAX = 1_000_000
"""Opening brackets and braces in a body, those in texts too: the densest program text has one in 40 bytes."""
COUNTED_FROM_BYTES = 262_144
"""A smaller body has not room for so many that it mattered."""

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode
_SPACE = re.compile(rb"[ \t\r\n]*")


def read_members(body: bytes) -> Members:
    """
    Return the top-level members of a JSON object, in order.

    Raises InvalidJson for anything that is not one well-formed JSON object in UTF-8 with distinct member names,
    InvalidRequest for one with more of them than anybody needs.
    """
    if not body or body.isspace():
        raise InvalidJson("The body is empty; send a JSON object.")
    if len(body) > COUNTED_FROM_BYTES:
        _refuse_too_many_parts(body)
    try:
        if not body.isascii():
            body.decode()
        raw = _RAW.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except msgspec.ValidationError:
        raise InvalidJson("The body must be a JSON object.") from None
    except msgspec.DecodeError as error:
        raise InvalidJson(f"The body is not valid JSON: {error}.") from None
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.") from None
    if len(raw) > MEMBERS_MAX:
        raise InvalidRequest(f"The body has more than {MEMBERS_MAX} members.")
    members = {name: bytes(value) for name, value in raw.items()}
    if len(body) != _compact_length(members):
        _refuse_repeated(body, members)
    return members


def _refuse_too_many_parts(body: bytes) -> None:
    """Count without decoding: a name or text begins with a quote that has no backslash before it."""
    if body.count(b'"') - body.count(b'\\"') > 2 * TEXTS_MAX:
        raise InvalidRequest(f"The body has more than {TEXTS_MAX} names and texts.")
    if body.count(b"{") + body.count(b"[") > BRACKETS_MAX:
        raise InvalidRequest(f"The body has more than {BRACKETS_MAX} objects and lists.")


def _compact_length(members: Members) -> int:
    return 1 + len(members) * 4 + sum(len(name) + len(value) for name, value in members.items()) if members else 2


def _refuse_repeated(body: bytes, members: Members) -> None:
    """
    Walk the body along the members as decoded; where they part, a name stands twice.

    JSON leaves repeated names undefined, and a provider may take another one than we did.
    """
    if max(map(len, members), default=0) > NAME_CHARS_MAX:
        raise InvalidRequest(f"A member's name in the body has more than {NAME_CHARS_MAX} characters.")
    at = _after_space(body, body.index(b"{") + 1)
    for position, value in enumerate(members.values()):
        if position:
            at = _expect(body, at, b",")
        at = _expect(body, _end_of_string(body, at), b":")
        if body[at : at + len(value)] != value:
            raise InvalidJson("A member name stands twice in the body.")
        at = _after_space(body, at + len(value))
    if body[at : at + 1] != b"}":
        raise InvalidJson("A member name stands twice in the body.")


def _expect(body: bytes, at: int, mark: bytes) -> int:
    at = _after_space(body, at)
    if body[at : at + 1] != mark:
        raise InvalidJson("A member name stands twice in the body.")
    return _after_space(body, at + 1)


def _end_of_string(body: bytes, at: int) -> int:
    end = body.index(b'"', at + 1)
    while _escaped(body, end):
        end = body.index(b'"', end + 1)
    return end + 1


def _escaped(body: bytes, at: int) -> bool:
    slashes = 0
    while body[at - 1 - slashes] == 0x5C:
        slashes += 1
    return slashes % 2 == 1


def _after_space(body: bytes, at: int) -> int:
    found = _SPACE.match(body, at)
    return found.end() if found else at


def answer_members(body: bytes) -> Members:
    """Return the members of a provider's JSON object that was scanned before; of a repeated name the last counts."""
    return {name: bytes(value) for name, value in _RAW.decode(body).items()}


def event_members(event: bytes) -> Members:
    """Return the members of the object in a provider's event that was scanned before, on however many lines it came."""
    return answer_members(data_of(event))


def rewritten(event: bytes, members: Members) -> bytes:
    """Return the event with another object as its data, on one line; its other lines and line ends stay."""
    return with_data(event, write_members(members))


def write_members(members: Mapping[str, bytes]) -> bytes:
    """Join raw members into a compact JSON object."""
    return b"{" + b",".join([_encode(name) + b":" + value for name, value in members.items()]) + b"}"


def raw(value: object) -> bytes:
    """Return a value as raw JSON."""
    return _encode(value)


def typed(decoder: msgspec.json.Decoder[Known], body: bytes) -> Known:
    """Decode the members we must know. Raises InvalidRequest with `param` where one has the wrong type."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        param = path.rstrip("`") or _missing(message)
        raise InvalidRequest(f"{_param_words(param)}{message}.", param=param) from None


def decoded(decoder: msgspec.json.Decoder[Known], data: bytes) -> Known:
    """Decode what a provider sent. Raises ValueError if it is not JSON of that shape."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _missing(message: str) -> str | None:
    found = re.search(r"missing required field `(\w+)`", message)
    return found.group(1) if found else None


def _param_words(param: str | None) -> str:
    return f"`{param}`: " if param else ""


def within(name: str, value: int | None, low: int, high: int) -> None:
    """Refuse a number outside its bounds."""
    if value is not None and not low <= value <= high:
        raise InvalidRequest(f"`{name}` must be between {low} and {high}, not {value}.", param=name)


def add_usage(body: bytes, usage: Mapping[str, object], extra: Mapping[str, object]) -> bytes:
    """Return an answer with its member `usage` set, and `extra` as its member `tollhouse` if not empty."""
    members = answer_members(body)
    members["usage"] = raw(usage)
    if extra:
        members["tollhouse"] = raw(extra)
    return write_members(members)
