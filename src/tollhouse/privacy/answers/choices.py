"""
Streams of choices: chat and text completions.

Every text of every choice is a stream of its own, told by its path: a choice's `content`, the `arguments` of its second
tool call. What one holds back goes out with the choice's last chunk at the latest.
"""

import msgspec

from tollhouse.domain.sse import data_of, with_data
from tollhouse.privacy.masking import Masking
from tollhouse.privacy.restoring import Restorer

from .whole import OPAQUE, Texts, decoded, is_same

FLOWING = frozenset(
    {"content", "text", "reasoning_content", "reasoning", "thinking", "summary", "refusal"}
    | {"arguments", "input", "transcript", "partial_json"}
)
"""Members whose text comes in pieces, under the names that providers use. Others come whole."""
WORDS = OPAQUE | {"index", "id", "type", "role", "finish_reason"}
"""Members that hold no text, or none that may be changed in a part."""
DONE = b"[DONE]"

PART_TYPES = frozenset({"text", "thinking"})
"""Of the parts of which some providers make up a message: each has its text in a member of that name."""

Members = dict[str, object]
Path = tuple[str | int, ...]
"""Where a text stands in a choice: names of members, and in lists the item's own `index`, else its place."""
Restorers = dict[Path, Restorer]

_encode = msgspec.json.Encoder().encode


class ChatStream:
    """Chunks of a chat completion: what is new stands in each choice's `delta`."""

    def __init__(self, masking: Masking, *, is_json: bool) -> None:
        self._masking = masking
        self._texts = Texts(masking, is_json=is_json)
        self._choices: dict[object, Restorers] = {}

    def event(self, event: bytes) -> list[bytes]:
        data = data_of(event)
        if data.strip() == DONE:
            return [event]
        chunk = decoded(data)
        choices = chunk.get("choices") if isinstance(chunk, dict) else None
        if not isinstance(chunk, dict) or not isinstance(choices, list):
            return [event]
        new = [self._choice(choice) if isinstance(choice, dict) else choice for choice in choices]
        if is_same(new, choices):
            return [event]
        return [with_data(event, _encode({**chunk, "choices": new}))]

    def said(self, choice: Members) -> Members:
        """Return the part of a choice that holds what is new."""
        delta = choice.get("delta")
        return delta if isinstance(delta, dict) else {}

    def saying(self, choice: Members, said: Members) -> Members:
        """Return the choice with another such part."""
        return {**choice, "delta": said}

    def _choice(self, choice: Members) -> Members:
        restorers = self._choices.setdefault(choice.get("index", 0), {})
        before = self.said(choice)
        said = self._members(before, (), restorers)
        if choice.get("finish_reason"):
            said = _with_rests(said, restorers)
        return choice if said is before else self.saying(choice, said)

    def _members(self, members: Members, path: Path, restorers: Restorers) -> Members:
        new = {
            name: below if name in WORDS else self._value(below, (*path, name), restorers)
            for name, below in members.items()
        }
        return members if is_same(new.values(), members.values()) else new

    def _value(self, value: object, path: Path, restorers: Restorers) -> object:
        if isinstance(value, str):
            new = self._text(value, path, restorers)
            return value if new == value else new
        if isinstance(value, dict):
            return self._members(value, path, restorers)
        if isinstance(value, list):
            items = [self._value(item, (*path, _place(item, at)), restorers) for at, item in enumerate(value)]
            return value if is_same(items, value) else items
        return value

    def _text(self, text: str, path: Path, restorers: Restorers) -> str:
        member = str(path[-1])
        if member not in FLOWING:
            return self._texts.text(text, member)
        restorer = restorers.get(path)
        if restorer is None:
            restorer = restorers[path] = Restorer(self._masking, is_json=self._texts.holds_json(member))
        return restorer.feed(text)


class CompletionStream(ChatStream):
    """Chunks of a text completion: what is new stands in the choice itself."""

    def said(self, choice: Members) -> Members:
        return choice

    def saying(self, choice: Members, said: Members) -> Members:
        return said


def _place(item: object, at: int) -> int:
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) else at


# --- what was held back ---------------------------------------------------------------------------------------------


def _with_rests(said: Members, restorers: Restorers) -> Members:
    """Return what a choice says last, with all that its texts still hold."""
    for path, restorer in restorers.items():
        if restorer.holds:
            said = dict(said)
            _append(said, path, restorer.last())
    return said


def _append(owner: Members | list[object], path: Path, text: str) -> None:
    """Append to the text at this path, which need not be there yet."""
    step, further = path[0], path[1:]
    if isinstance(owner, list):
        _append(_item(owner, step, further), further, text)
    elif not further:
        before = owner.get(str(step))
        owner[str(step)] = (before if isinstance(before, str) else "") + text
    else:
        below = owner.get(str(step))
        if isinstance(below, dict | list):
            _append(below, further, text)
        else:
            new: Members | list[object] = [] if isinstance(further[0], int) else {}
            owner[str(step)] = new
            _append(new, further, text)


def _item(items: list[object], step: str | int, further: Path) -> Members:
    for at, item in enumerate(items):
        if isinstance(item, dict) and _place(item, at) == step:
            return item
    new: Members = {"index": step}
    if further[0] in PART_TYPES:
        new["type"] = further[0]
    items.append(new)
    return new
