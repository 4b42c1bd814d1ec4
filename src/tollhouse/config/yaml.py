"""
YAML 1.2 on PyYAML's events: text in, a tree of nodes out that know their line.

PyYAML finds the structure; what a scalar means is decided here by the core schema of YAML 1.2 (section 10.3 of the
standard), in which `off`, `no`, `on`, `yes`, `1_000`, `12:30:45` and dates are text. JSON is valid.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from .problems import InvalidConfig, Mark, Problem

FILE_BYTES_MAX = 4 * 1024 * 1024
"""A configuration of ten thousand use cases is below this; a larger file is the wrong file."""

DEPTH_MAX = 32
"""The deepest setting stands at depth 6; free-form `parameters` get the rest."""

NODES_MAX = 200_000
"""Counted after aliases are expanded, so that a few lines of nested aliases cannot fill the memory."""

ALIASES_MAX = 1_000

NUMBER_CHARACTERS_MAX = 100
"""A longer run of digits is text: no setting is that large, and reading it would be slow."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o([0-7]+)", re.ASCII)
_HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]+)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)", re.ASCII)
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class WrittenInt(int):
    """An integer that remembers how it was written."""

    text: str


class WrittenFloat(float):
    """A float that remembers how it was written: money is read from the text, never through the float."""

    text: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """`plain`: written without quotes, so the core schema decides its type."""

    text: str
    plain: bool
    mark: Mark

    def value(self) -> str | int | float | bool | None:
        return resolve(self.text) if self.plain else self.text


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple["Node", ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Members:
    """`key_marks` says where each key stands; a member's own mark is where its value begins."""

    members: Mapping[str, "Node"]
    mark: Mark
    key_marks: Mapping[str, Mark] = field(default_factory=dict)


Node = Scalar | Items | Members


def parse(text: str, name: str, kind: str = "file") -> tuple[Node, list[Problem]]:
    """
    Return the tree of one YAML document and what is wrong with it short of its grammar (duplicate keys, tags).

    Raises InvalidConfig if it cannot be read at all: not YAML, too deep, too large, several documents.
    """
    composer = _Composer(name, kind)
    if _SURROGATE.search(text):  # what Python makes of bytes in the environment that are not UTF-8
        raise InvalidConfig(name, [Problem(composer.at(0), "not UTF-8", "set it again as UTF-8")])
    try:
        return composer.document(text), composer.problems
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        what = " ".join(filter(None, [error.context, error.problem]))
        raise InvalidConfig(
            name, [Problem(composer.at(line), f"not valid YAML: {what}", _grammar_advice(error))]
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        problem = Problem(composer.at(line), "a character that YAML does not allow", "remove it")
        raise InvalidConfig(name, [problem]) from None


def resolve(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means in the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > NUMBER_CHARACTERS_MAX:
        return text
    return _number(text)


def plain(node: Node) -> object:
    """Return the tree as dicts, tuples and scalars; numbers remember their text."""
    if isinstance(node, Members):
        return {key: plain(member) for key, member in node.members.items()}
    if isinstance(node, Items):
        return tuple(plain(item) for item in node.items)
    return node.value()


def _number(text: str) -> str | int | float:
    if _DECIMAL.fullmatch(text):
        return _written_int(int(text), text)
    if match := _OCTAL.fullmatch(text):
        return _written_int(int(match[1], 8), text)
    if match := _HEXADECIMAL.fullmatch(text):
        return _written_int(int(match[1], 16), text)
    if _FLOAT.fullmatch(text):
        return _written_float(float(text), text)
    if match := _INFINITE.fullmatch(text):
        return _written_float(float(f"{match[1]}inf"), text)
    return _written_float(float("nan"), text) if text in _NAN else text


def _written_int(value: int, text: str) -> WrittenInt:
    number = WrittenInt(value)
    number.text = text
    return number


def _written_float(value: float, text: str) -> WrittenFloat:
    number = WrittenFloat(value)
    number.text = text
    return number


class _Composer:
    """Turns one document's events into nodes. Children first, so an alias to something unfinished is unknown."""

    def __init__(self, name: str, kind: str) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._kind = kind
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliases = 0
        self._nodes = 0

    def document(self, text: str) -> Node:
        events = iter(yaml.parse(_untabbed_json(text), Loader=_loader(text)))
        next(events)  # the stream begins
        if isinstance(next(events), yaml.StreamEndEvent):
            return Members({}, self.at(0))
        root = self._node(next(events), events, 1)
        next(events)  # the document ends
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(after, "a second document begins here", "keep one document in the file")
        return root

    def at(self, line: int) -> Mark:
        return Mark(self._kind, self._name, line + 1 if self._kind == "file" else None)

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > DEPTH_MAX:
            self._refuse(event, f"nested deeper than {DEPTH_MAX} levels", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        self._count(event, 1)
        node = self._anchored(event, events, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node, self._nodes - before
        return node

    def _anchored(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        mark = self._mark(event)
        self._refuse_tag(event, mark)
        if isinstance(event, yaml.MappingStartEvent):
            return self._members(mark, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Items(tuple(items), mark)
        assert isinstance(event, yaml.ScalarEvent)
        return Scalar(self._joined(event), event.style in (None, ""), mark)  # libyaml writes "" for no quotes

    def _members(self, mark: Mark, events: Iterator[yaml.Event], depth: int) -> Members:
        members: dict[str, Node] = {}
        key_marks: dict[str, Mark] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key_mark = self._mark(event)
            key = self._node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event, "a key that is not text", "write one word before the colon")
            if key.text in members:
                first = key_marks[key.text]
                self.problems.append(
                    Problem(key_mark, f"`{key.text}` is given twice (first at {first})", "remove one of them")
                )
            members[key.text] = self._node(next(events), events, depth + 1)
            key_marks[key.text] = key_mark
        return Members(members, mark, key_marks)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        self._aliases += 1
        if self._aliases > ALIASES_MAX:
            self._refuse(event, f"more than {ALIASES_MAX} aliases", "write the values out")
        if event.anchor not in self._anchors:
            self._refuse(
                event, "an alias (`*…`) to no finished anchor", "quote it if it is text, or put `&…` on a value above"
            )
        node, size = self._anchors[event.anchor]
        self._count(event, size)
        return node

    def _count(self, event: yaml.Event, size: int) -> None:
        self._nodes += size
        if self._nodes > NODES_MAX:
            self._refuse(event, f"more than {NODES_MAX} values, aliases expanded", "make it smaller")

    def _joined(self, event: yaml.ScalarEvent) -> str:
        """Return the text; JSON writes a character beyond U+FFFF as two escapes, which belong together."""
        text: str = event.value
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(event, "half of an escaped character", "write both halves, or the character itself")

    def _refuse_tag(self, event: yaml.Event, mark: Mark) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            self.problems.append(Problem(mark, "tags (`!…`) are not read here", "remove the tag; quote what is text"))

    def _refuse(self, event: yaml.Event, what: str, todo: str) -> NoReturn:
        raise InvalidConfig(self._name, [*self.problems, Problem(self._mark(event), what, todo)])

    def _mark(self, event: yaml.Event) -> Mark:
        assert event.start_mark is not None  # both parsers set it
        return self.at(event.start_mark.line)


def _loader(text: str) -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """Return libyaml's parser, about fifteen times faster, except for surrogate escapes, which it does not know."""
    if yaml.__with_libyaml__ and not _SURROGATE_ESCAPE.search(text):
        return yaml.CSafeLoader
    return yaml.SafeLoader


def _untabbed_json(text: str) -> str:
    """
    Return the text with tabs as spaces if it is JSON.

    PyYAML refuses tabs between tokens, JSON allows them. In valid JSON a tab never stands inside a string.
    """
    if "\t" not in text or not text.lstrip().startswith(("{", "[")):
        return text
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _grammar_advice(error: yaml.MarkedYAMLError) -> str:
    if "cannot start any token" in (error.problem or ""):
        return "indent with spaces, and quote text that begins with a special character"
    return "mend the line or the one above it; text with `: `, `#`, `{` or `*` in it needs quotes"
