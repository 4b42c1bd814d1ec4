"""
Where a request holds text.

Everything that a caller writes is text, wherever it stands, unless its place and its shape say that it is a word of the
API (`role: user`) or an id that a provider issued (`call_9f2…`). What an endpoint does not know yet is text as well.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from tollhouse.domain.errors import InvalidJson

KNOWN = frozenset(
    {"messages", "input", "prompt", "instructions", "prediction", "suffix", "stop", "user"}
    | {"tools", "functions", "tool_choice", "function_call", "response_format", "text", "reasoning"}
    | {"safety_identifier", "prompt_cache_key", "web_search_options", "conversation", "include", "modalities", "audio"}
    | {"service_tier", "reasoning_effort", "verbosity", "truncation", "encoding_format"}
)
"""Members that are looked at text by text. Any other (`metadata`, a provider's own) is read as a whole, names and all."""
PROMPTS = frozenset({"messages", "input", "prompt"})
"""Members that may hold what is no text: images, audio, files, token numbers."""
NO_TEXT = frozenset(
    {"stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "max_output_tokens", "max_tool_calls"}
    | {"temperature", "top_p", "top_k", "seed", "logprobs", "top_logprobs", "logit_bias", "best_of", "echo", "store"}
    | {"presence_penalty", "frequency_penalty", "dimensions", "parallel_tool_calls", "background"}
)
"""Members whose numbers are nobody's. With a string in them they are text all the same."""
OURS = frozenset({"model", "previous_response_id"})
"""Members that the house has looked up, or writes itself."""
WORDS = frozenset(
    {"role", "type", "object", "status", "detail", "format", "encoding_format", "service_tier", "effort", "syntax"}
    | {"reasoning_effort", "verbosity", "truncation", "include", "modalities", "tool_choice"}
)
"""Members whose value is a word of the API, if it looks like one."""
IDS = frozenset({"id", "call_id", "tool_call_id", "item_id", "file_id", "approval_request_id", "conversation"})
"""Members whose value is an id that a provider issued, if it looks like one."""
NAMES = IDS | {"name", "server_label"}
"""Members in which providers take letters, digits, `_` and `-` only: a placeholder stands there without brackets."""
SEALED = frozenset({"encrypted_content", "signature", "thought_signature"})
"""Members that a provider wrote for itself, if they look like it."""

UNREADABLE = {
    **dict.fromkeys(("image_url", "input_image", "image", "image_file", "computer_screenshot"), "image"),
    **dict.fromkeys(("image_generation_call",), "image"),
    **dict.fromkeys(("input_audio", "audio"), "audio"),
    **dict.fromkeys(("video_url", "input_video", "video"), "video"),
    **dict.fromkeys(("file", "input_file", "document"), "file"),
}
"""Types of parts that nobody here can read. What has none of them and is no text either is `data` or `tokens`."""
FILE_MEMBERS = ("file_data", "file_url", "file_id", "image_url")
"""What stands beside a part's type only if it brings a file."""

SMALLEST_NUMBER = 100_000
"""Numbers with fewer digits are nobody's."""
BINARY_MIN_CHARS = 256
"""Words are shorter."""
DATA_URL = ";base64,"

_WORD = re.compile(r"(?!.*[0-9]{5})[a-z][a-z0-9_.-]{0,63}")
_ID = re.compile(
    r"(?:resp|conv|msg|rs|fc|fco|file|assistant|vs|ws|fs|ig|ci|cntr|mcp|mcpr|mcpl|ctc|cu|sh|call|toolu|chatcmpl|audio)"
    r"[_-][A-Za-z0-9_-]{1,128}"
)
_SEALED = re.compile(r"[A-Za-z0-9+/=_-]*")
_BINARY = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SHOWN = frozenset(
    {"content", "text", "refusal", "arguments", "function", "custom", "tool_calls", "function_call", "input", "output"}
    | {"name", "description", "parameters", "json_schema", "schema", "summary", "variables"}
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """
    One text of a request.

    Args:
        is_name: a placeholder stands in it without brackets.
    """

    path: Path
    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """One part that cannot be read: `kind` is image, audio, video, file, data or tokens."""

    path: Path
    kind: str


@dataclass(frozen=True, slots=True)
class Parts:
    """All of a request, in the order of its bytes."""

    texts: list[Part]
    unread: list[Unread]


def read(members: Mapping[str, bytes]) -> Parts:
    """
    Read all members of a request.

    Raises InvalidJson for what readers may understand in two ways: names that stand twice, half characters.
    """
    texts: list[Part] = []

    def take(part: Part) -> str:
        texts.append(part)
        return part.text

    walk = _Walk(take)
    for name, raw in members.items():
        walk.member(name, raw)
    return Parts(texts, walk.unread)


def rewritten(members: Mapping[str, bytes], replace: Callable[[Part], str]) -> dict[str, bytes]:
    """Return the members with other texts; those in which nothing changes stay byte for byte."""
    walk = _Walk(replace)
    return {name: walk.member(name, raw) for name, raw in members.items()}


def shown(path: Path) -> str:
    """Write a path as people read it, `messages[2].content`, without names that a caller made up."""
    text = str(path[0])
    for step in path[1:]:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step in _SHOWN:
            text += f".{step}"
        else:
            return f"{text}.…"
    return text


class _Walk:
    """Goes through a request, text by text; what `visit` returns stands in the text's place."""

    def __init__(self, visit: Callable[[Part], str]) -> None:
        self.unread: list[Unread] = []
        self._visit = visit
        self._strings = 0

    def member(self, name: str, raw: bytes) -> bytes:
        """Return a top-level member as it goes out. Raises InvalidJson."""
        if name in OURS or (name in NO_TEXT and b'"' not in raw) or raw in (b"null", b"true", b"false"):
            return raw
        if name not in KNOWN:
            return self._unknown(name, raw)
        value, self._strings = _decoded(name, raw), 0
        changed = self._value(value, (name,), name)
        if self._strings != _strings(raw):
            raise InvalidJson(f"A member name stands twice somewhere in `{name}`.", param=name)
        return raw if changed is value else msgspec.json.encode(changed)

    def _unknown(self, name: str, raw: bytes) -> bytes:
        """A member that no endpoint knows is read as JSON, so that its names tell what its values are."""
        text = raw.decode()
        if raw[:1] not in (b"{", b"[", b'"') and len(text) < len(str(SMALLEST_NUMBER)):
            return raw
        new = self._visit(Part((name,), text))
        if new == text:
            return raw
        return new.encode() if raw[:1] in (b"{", b"[", b'"') else msgspec.json.encode(new)

    def _value(self, value: object, path: Path, name: str) -> object:
        if isinstance(value, str):
            self._strings += 1
            new = self._text(value, path, name)
            return value if new == value else new
        if isinstance(value, dict):
            return self._members(value, path)
        if isinstance(value, list):
            return self._items(value, path, name)
        if isinstance(value, int) and abs(value) >= SMALLEST_NUMBER:
            text = str(value)
            new = self._visit(Part(path, text))
            return value if new == text else new
        return value

    def _members(self, members: dict[str, object], path: Path) -> object:
        if path[0] in PROMPTS and (kind := _unreadable(members)) is not None:
            self.unread.append(Unread(path, kind))
        self._strings += len(members)
        new = {
            name if _WORD.fullmatch(name) else self._visit(Part((*path, name), name)): self._value(
                value, (*path, name), name
            )
            for name, value in members.items()
        }
        return members if new.keys() == members.keys() and _is_same(new.values(), members.values()) else new

    def _items(self, items: list[object], path: Path, name: str) -> object:
        if path[0] in PROMPTS and any(type(item) is int for item in items):
            self.unread.append(Unread(path, "tokens"))
            return items
        new = [self._value(item, (*path, at), name) for at, item in enumerate(items)]
        return items if _is_same(new, items) else new

    def _text(self, text: str, path: Path, name: str) -> str:
        if not text or _is_of_the_api(text, name):
            return text
        is_binary = _is_binary(text)
        if (is_binary or DATA_URL in text) and not self._is_in_a_file(path):
            self.unread.append(Unread(path, "data"))
        return text if is_binary else self._visit(Part(path, text, name in NAMES))

    def _is_in_a_file(self, path: Path) -> bool:
        return bool(self.unread) and path[: len(self.unread[-1].path)] == self.unread[-1].path


def _decoded(name: str, raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidJson(f"`{name}` cannot be read: half a character, or nested too deeply.", param=name) from None


def _strings(raw: bytes) -> int:
    """How many strings stand in the JSON, names of members among them."""
    return raw.count(b'"') // 2 if b"\\" not in raw else len(_STRING.findall(raw))


def _is_same(new: Iterable[object], old: Iterable[object]) -> bool:
    return all(one is other for one, other in zip(new, old, strict=True))


def _is_of_the_api(text: str, name: str) -> bool:
    if name in WORDS:
        return _WORD.fullmatch(text) is not None
    if name in IDS:
        return _ID.fullmatch(text) is not None
    return name in SEALED and _SEALED.fullmatch(text) is not None


def _unreadable(members: Mapping[str, object]) -> str | None:
    """Return what kind of unreadable part this is; None if it is none."""
    kind = members.get("type")
    if isinstance(kind, str) and kind in UNREADABLE:
        return UNREADABLE[kind]
    return "file" if any(isinstance(members.get(name), str) for name in FILE_MEMBERS) else None


def _is_binary(text: str) -> bool:
    if text.startswith("data:") and DATA_URL in text[:BINARY_MIN_CHARS]:
        return True
    return len(text) >= BINARY_MIN_CHARS and _BINARY.fullmatch(text) is not None
