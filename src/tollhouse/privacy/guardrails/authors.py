"""Who wrote a text of a request: guardrails trust the application's own words more than what it passes on."""

from collections.abc import Mapping
from enum import Enum, auto

import msgspec

Path = tuple[str | int, ...]


class Author(Enum):
    """Of a text in a request or an answer."""

    APPLICATION = auto()
    """Instructions, tools, schemas, and what the model said before: the application chose to send it."""
    USER = auto()
    TOOL = auto()
    """What a tool found: pages, documents, mails."""
    MODEL = auto()
    """What an answer says to its reader."""
    MODEL_BESIDE = auto()
    """What it says beside that: arguments of tools, reasoning, refusals, addresses that it cites."""


class _Item(msgspec.Struct):
    role: str | None = None
    type: str | None = None


_ITEMS = msgspec.json.Decoder(list[_Item])
_CONVERSATIONS = ("messages", "input")
_ROLES = {"user": Author.USER, "tool": Author.TOOL, "function": Author.TOOL}
_RESULT = "_output"
"""How the type of an item ends that brings a tool's result."""


class Authors:
    """Tells the author of each text of one request by its path."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._items = {name: _items(members[name]) for name in _CONVERSATIONS if name in members}

    def of(self, path: Path) -> Author:
        if path[0] == "prompt":
            return Author.USER
        items = self._items.get(str(path[0]))
        if items is None:
            return Author.APPLICATION
        at = path[1] if len(path) > 1 else None
        if not isinstance(at, int) or at >= len(items):
            return Author.USER  # one text, or a shape that nobody knows: not the application's own until it says so
        item = items[at]
        if item.type is not None and item.type.endswith(_RESULT):
            return Author.TOOL
        if item.role is None:
            return Author.APPLICATION if item.type is not None else Author.USER
        return _ROLES.get(item.role, Author.APPLICATION)


def _items(raw: bytes) -> list[_Item]:
    try:
        return _ITEMS.decode(raw)
    except msgspec.ValidationError:  # a plain text, or texts in a list
        return []


def author_said(place: str) -> Author:
    """Return the author of a text of an answer by its place: its reader's, or what is said beside."""
    is_said = place.endswith((".content", ".text")) or place.startswith("response.output_text")
    return Author.MODEL if is_said else Author.MODEL_BESIDE
