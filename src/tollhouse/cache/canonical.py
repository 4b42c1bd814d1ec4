"""One spelling for every JSON value, so that equal questions are equal bytes. Nothing of it is ever sent."""

import re

import msgspec

SPELLED = msgspec.json.Decoder(float_hook=lambda digits: msgspec.Raw(digits.encode()))
"""Reads a value so that writing it gives back every number as it was spelled."""

_encode = msgspec.json.Encoder(order="sorted").encode
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_NESTED = b"[{"
_QUOTE = b'"'


def canonical(value: bytes) -> bytes:
    """
    Write a JSON value in the one way that all its equals are written.

    Members are sorted, white space goes, strings have the fewest escapes. A number stays as it is spelled: `1`, `1.0`
    and `1e0` are three, because a provider may show a model what a tool's schema says, and a hit lost costs one call.
    Raises ValueError if the value cannot be read, or if a member's name stands twice in an object: JSON leaves open
    which one counts.
    """
    first = value[:1]
    if first not in _NESTED and (first != _QUOTE or b"\\" not in value):
        return value
    try:
        written = _encode(SPELLED.decode(value))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if len(written) != len(value) and _names(written) != _names(value):
        raise ValueError("a member's name stands twice")
    return written


def _names(value: bytes) -> int:
    """
    Count the members of all objects: outside of strings a colon follows each name, and nothing else.

    What is written here is never longer than what was read, so equal lengths say that no member was lost.
    """
    return _STRING.sub(b"", value).count(b":")
