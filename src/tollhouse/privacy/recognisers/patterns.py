"""The customer's own patterns (`privacy.patterns`): order numbers, staff numbers, whatever else must not leave."""

from collections.abc import Iterator, Mapping
from typing import Protocol, cast

from ..reading import Reading
from ..spans import Span

PATTERN_CHARACTERS_MAX = 1_000
"""Of one pattern; longer ones are lists of values in disguise."""
PATTERN_MEMORY_MAX = 1 << 20
"""Bytes that one compiled pattern and its automaton may take; more is refused (`(?:.{999}){999}`)."""
PATTERNS_MAX = 50
"""Each is a pass over every text."""


class PatternRefused(ValueError):
    """The pattern cannot be used. The message says why, without its place in the configuration."""


class Patterns:
    """
    Finds what the customer's patterns match, with the type that their names make: `staff-number` finds STAFF_NUMBER.

    RE2 matches in linear time and has neither back-references nor look-around; a pattern with one is refused. Letters
    count as in the text unless the pattern says `(?i)`.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        if len(patterns) > PATTERNS_MAX:
            raise PatternRefused(f"there are {len(patterns)} patterns, {PATTERNS_MAX} at most are taken")
        self._compiled = [(pattern_type(name), compiled(pattern)) for name, pattern in patterns.items()]
        self._types = tuple(dict.fromkeys(kind for kind, _ in self._compiled))

    @property
    def types(self) -> tuple[str, ...]:
        return self._types

    def find(self, reading: Reading) -> Iterator[Span]:
        for kind, pattern in self._compiled:
            for match in pattern.finditer(reading.text):
                if match.end() > match.start():
                    yield Span(match.start(), match.end(), kind, 1.0)


def pattern_type(name: str) -> str:
    """Return the type of what a pattern of this name finds."""
    return "".join(c if c.isalnum() else "_" for c in name).upper()


class _Match(Protocol):
    def start(self) -> int: ...
    def end(self) -> int: ...


class Matcher(Protocol):
    """What we use of RE2's compiled pattern."""

    def search(self, text: str) -> _Match | None: ...
    def finditer(self, text: str) -> Iterator[_Match]: ...


def compiled(pattern: str) -> Matcher:
    """Return the matcher. Raises PatternRefused."""
    import re2

    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise PatternRefused(f"it has {len(pattern)} characters, {PATTERN_CHARACTERS_MAX} at most are taken")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY_MAX
    try:
        matcher = cast(Matcher, re2.compile(pattern, options=options))
    except re2.error as error:
        raise PatternRefused(f"the linear-time engine (RE2) does not take it: {_reason(error)}") from error
    if matcher.search("") is not None:
        raise PatternRefused("it matches an empty text, so it would match everywhere")
    return matcher


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
