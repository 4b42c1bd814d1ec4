"""
One text of a request: how it is read, and how placeholders are written into it.

Tool results and arguments are JSON as text, in which `Müller` stands as `M\\u00fcller`, and JSON inside JSON is escaped
twice. Such a text is examined as it reads, and what is found is replaced where it stands. In a JSON document only what
stands between quotes is replaced, so that it stays one; a number becomes a string.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from .spans import Span, settle

DEPTH_MAX = 4
"""How often a text may have been escaped; deeper ones are read as they stand after that."""

Name = Callable[[str, str], str]
"""Returns the placeholder for a value of a type."""

_ESCAPE = re.compile(r'\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])')
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TOKEN = re.compile(r'"(?P<string>(?:[^"\\]++|\\.)*+)"(?P<key>\s*+:)?|(?P<number>-?[0-9][0-9.eE+-]*+)', re.DOTALL)
_HALF_CHARACTER = "\ufffd"
"""What half of a surrogate pair reads as."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is replaced: `text[start:end]`. A bare number of a JSON document gets quotes."""

    start: int
    end: int
    kind: str
    is_bare: bool = False


class Text:
    """
    A text as it reads.

    Args:
        view: the text without its escapes.
    """

    __slots__ = ("_layers", "text", "view")

    def __init__(self, text: str) -> None:
        self.text = text
        self.view = text
        self._layers: list[tuple[list[int], list[int]]] = []
        for _ in range(DEPTH_MAX):
            plain, starts, places = _unescaped(self.view)
            if not starts:
                break
            self.view = plain
            self._layers.append((starts, places))

    @property
    def is_prose_with_escapes(self) -> bool:
        """Has it what looks like escapes and may be none (`C:\\new`)? Then it is examined as it stands, too."""
        return self.view is not self.text and not self.is_document

    @property
    def is_document(self) -> bool:
        """Is it JSON, a whole object or list?"""
        if not self.text.lstrip().startswith(("{", "[")):
            return False
        try:
            msgspec.json.decode(self.text)
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def place(self, at: int) -> int:
        """Return where in the text a place of the view stands."""
        for starts, places in reversed(self._layers):
            found = bisect_right(starts, at) - 1
            if found >= 0:
                at = places[found] + at - starts[found]
        return at


def _unescaped(text: str) -> tuple[str, list[int], list[int]]:
    """Return a text with one layer of escapes taken off, and from where on which place stands for which."""
    if "\\" not in text:
        return text, [], []
    pieces: list[str] = []
    starts: list[int] = []
    places: list[int] = []
    at = length = 0
    for match in _ESCAPE.finditer(text):
        plain = _plain(match[0])
        pieces += (text[at : match.start()], plain)
        length += match.start() - at
        at = match.end()
        starts += (length, length + 1)
        places += (match.start(), at)
        length += 1
    return "".join([*pieces, text[at:]]), starts, places


def _plain(escape: str) -> str:
    letter = escape[1]
    if letter != "u":
        return _PLAIN.get(letter, letter)
    if len(escape) > 6:
        return chr(0x10000 + ((int(escape[2:6], 16) & 0x3FF) << 10) + (int(escape[8:12], 16) & 0x3FF))
    code = int(escape[2:6], 16)
    return _HALF_CHARACTER if 0xD800 <= code <= 0xDFFF else chr(code)


def places(text: Text, in_text: Sequence[Span], in_view: Sequence[Span]) -> list[Place]:
    """Return what is to be replaced, in order: what was found in the text as it stands, and in the text as it reads."""
    found = [Place(span.start, span.end, span.type) for span in spans_in(text, in_text, in_view)]
    return list(_between_quotes(text.text, found)) if found and text.is_document else found


def spans_in(text: Text, in_text: Sequence[Span], in_view: Sequence[Span]) -> list[Span]:
    """Return all that was found, as it stands in the text."""
    seen = [Span(text.place(span.start), text.place(span.end), span.type, span.score) for span in in_view]
    return settle([*in_text, *seen])


def written(text: str, found: Sequence[Place], name: Name) -> str:
    """Return the text with placeholders in place of what was found."""
    pieces: list[str] = []
    at = 0
    for place in found:
        placeholder = name(place.kind, Text(text[place.start : place.end]).view)
        pieces += (text[at : place.start], f'"{placeholder}"' if place.is_bare else placeholder)
        at = place.end
    return "".join([*pieces, text[at:]])


# --- JSON documents -------------------------------------------------------------------------------------------------


def _between_quotes(text: str, found: Sequence[Place]) -> Iterator[Place]:
    """Cut what was found at the quotes of the document, so that only the insides of its strings are replaced."""
    waiting = list(reversed(found))
    for token in _TOKEN.finditer(text):
        is_number = token["string"] is None
        while waiting and waiting[-1].end <= token.start():
            waiting.pop()
        if not waiting:
            return
        if is_number and waiting[-1].start < token.end():
            yield Place(token.start(), token.end(), waiting[-1].kind, is_bare=True)
        elif not is_number:
            yield from _pieces(text, token, waiting)


def _pieces(text: str, token: re.Match[str], waiting: Sequence[Place]) -> Iterator[Place]:
    """Yield what of the places, the last one first, stands inside a string; not its name's part of a longer place."""
    for place in reversed(waiting):
        if place.start >= token.end():
            return
        start, end = max(place.start, token.start("string")), min(place.end, token.end("string"))
        is_whole = (start, end) == (place.start, place.end)
        if any(map(str.isalnum, text[start:end])) and (is_whole or token["key"] is None):
            yield Place(start, end, place.kind)
