"""
How a placeholder is written, `<PERSON_1>`, and in which ways a model may write it back.

Models bend what they read: `<Person_1>`, `<PERSON 1>`, `<PERSON_1's>`, `PERSON_1`, `<PERSON\\_1>` in Markdown,
`&lt;PERSON_1&gt;` in HTML, `\\u003cPERSON_1\\u003e` in JSON, `%3CPERSON_1%3E` in addresses of pages. Each of them
says of itself what it stands for. A name without brackets counts only as it was written, and where it is a whole word.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

TYPE_MAX_CHARS = 32
"""So that a stream has to hold back little."""
HOLD_MAX_CHARS = 128
"""The longest placeholder in its longest way of writing: what a stream may hold back of a text."""

TYPE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
"""What a type looks like."""

_LESS = r"(?:\\{0,4}<|\\{1,4}u003c|&lt;|%3c)"
_MORE = r"(?:\\{0,4}>|\\{1,4}u003e|&gt;|%3e)"
_JOIN = r"(?:\\{0,4}_|[ -])"
_PLAIN_JOIN = r"\\{0,4}_"
_NUMBER = r"[0-9]{1,7}"
_GENITIVE = "(?:['’]?s)?"
_ALONE = r"(?=[A-Z])(?:(?<![A-Za-z0-9_])|(?<=\\[bfnrt]))"
"""Where a word in capitals begins, also after an escaped line break inside JSON text."""

_WHOLE = re.compile(
    rf"(?i:(?P<open>{_LESS}) ?(?P<type>[a-z][a-z0-9 _\\-]{{0,60}}?){_JOIN}(?P<number>{_NUMBER})"
    rf"(?P<genitive>{_GENITIVE}) ?{_MORE})"
    rf"|{_ALONE}(?P<plain_type>[A-Z0-9]+(?:{_PLAIN_JOIN}[A-Z0-9]+)*?){_PLAIN_JOIN}(?P<plain_number>{_NUMBER})"
    r"(?![A-Za-z0-9_])"
)
_BEGUN = re.compile(
    rf"(?:(?i:{_LESS}(?P<inside>(?:[a-z0-9 _'’-]|\\(?!u)){{0,80}})(?:\\{{1,4}}(?:u(?:0(?:03?)?)?)?|&(?:gt?)?|%3?)?"
    r"|\\{1,4}(?:u(?:0(?:03?)?)?)?|&(?:lt?)?|%3?)"
    rf"|{_ALONE}(?P<plain>[A-Z0-9_\\]+))\Z"
)
_BENT = re.compile(r"[\\ _-]+")
_NUMBERED = re.compile(r"[0-9]{0,7}(?:['’]|['’]?S)?")
_SIGNS = re.compile(r"[<&%\\A-Z]")


@dataclass(frozen=True, slots=True)
class Found:
    """
    One placeholder in a text, however it was written.

    Args:
        name: as we write it, without brackets: `PERSON_1`.
        opened: its opening bracket as it stands there; empty if it has none.
        genitive: what stood inside the brackets beside the name: `'s`.
    """

    start: int
    end: int
    name: str
    opened: str
    genitive: str


def find(text: str, is_known: Callable[[str], bool], start: int = 0) -> Iterable[Found]:
    """
    Yield the placeholders whose name is known, in order.

    Args:
        start: what stands before it only tells whether a word begins there.
    """
    if _SIGNS.search(text, start) is None:
        return
    while (match := _WHOLE.search(text, start)) is not None:
        name = _name(match["type"] or match["plain_type"], match["number"] or match["plain_number"])
        if is_known(name):
            yield Found(match.start(), match.end(), name, match["open"] or "", match["genitive"] or "")
            start = match.end()
        else:
            start = match.start() + 1


def held_from(text: str, types: Collection[str], start: int = 0) -> int:
    """Return where the end of the text begins that may still become a placeholder of a type; its length if none may."""
    start = max(start, len(text) - HOLD_MAX_CHARS)
    if _SIGNS.search(text, start) is None:
        return len(text)
    while (match := _BEGUN.search(text, start)) is not None:
        if _may_become(match["inside"] or match["plain"] or "", types):
            return match.start()
        start = match.start() + 1
    return len(text)


def _name(kind: str, number: str) -> str:
    """Write it as we do. A number with zeros before it is none of ours and stays one."""
    return f"{_BENT.sub('_', kind).upper()}_{number}"


def _may_become(written: str, types: Collection[str]) -> bool:
    name = _BENT.sub("_", written.lstrip(" ")).upper()
    if any(each.startswith(name) for each in types):
        return True
    kind, _, number = name.rpartition("_")
    if not number:  # after a space that closes it
        kind, _, number = kind.rpartition("_")
    return (kind in types and _NUMBERED.fullmatch(number) is not None) or name.removesuffix("_") in types
