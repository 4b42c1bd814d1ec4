"""A whole answer, or a part of one that comes whole: every text in it, wherever it stands."""

from collections.abc import Iterable

import msgspec

from tollhouse.domain.errors import UpstreamUnusable
from tollhouse.privacy.masking import Masking
from tollhouse.privacy.restoring import restored

ARGUMENTS = frozenset({"arguments", "partial_json"})
"""Members that hold JSON as text, whatever the caller asked for."""
SAID = frozenset({"content", "text"})
"""Members that hold JSON as text if the caller asked for JSON."""
OPAQUE = frozenset({"data", "b64_json", "signature", "thought_signature", "encrypted_content", "logprobs"})
"""Members that only machines read; a stream may cut them anywhere."""

_encode = msgspec.json.Encoder().encode


class Whole:
    """Restores an answer that comes in one piece."""

    __slots__ = ("_texts",)

    def __init__(self, masking: Masking, *, is_json: bool) -> None:
        self._texts = Texts(masking, is_json=is_json)

    def event(self, body: bytes) -> list[bytes]:
        value = decoded(body)
        new = self._texts.restored(value)
        return [body] if new is value else [_encode(new)]


class Texts:
    """Puts originals back into all texts of a JSON value."""

    __slots__ = ("_is_json", "_masking")

    def __init__(self, masking: Masking, *, is_json: bool) -> None:
        self._masking = masking
        self._is_json = is_json

    def restored(self, value: object) -> object:
        """Return the value with its originals; itself if it has no placeholder."""
        try:
            return self._value(value, "")
        except RecursionError:
            raise UpstreamUnusable("The provider's answer is nested too deeply.") from None

    def holds_json(self, member: str) -> bool:
        """Is this member's text JSON?"""
        return member in ARGUMENTS or (self._is_json and member in SAID)

    def text(self, text: str, member: str) -> str:
        return restored(text, self._masking, is_json=self.holds_json(member))

    def _value(self, value: object, member: str) -> object:
        if isinstance(value, str):
            new = self.text(value, member)
            return value if new == value else new
        if isinstance(value, dict):
            members = {self.text(name, ""): self._member(below, name) for name, below in value.items()}
            return value if is_same(members.values(), value.values()) and members.keys() == value.keys() else members
        if isinstance(value, list):
            items = [self._value(item, member) for item in value]
            return value if is_same(items, value) else items
        return value

    def _member(self, value: object, name: str) -> object:
        return value if name in OPAQUE else self._value(value, name)


def is_same(new: Iterable[object], old: Iterable[object]) -> bool:
    """Is every one of these still the same object?"""
    return all(one is other for one, other in zip(new, old, strict=True))


def decoded(data: bytes) -> object:
    """Decode what was scanned before. Raises UpstreamUnusable."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamUnusable("The provider's answer is not JSON that can be read.") from error
