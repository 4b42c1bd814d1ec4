"""
Names of persons: by lists of given and family names, titles, the endings of family names, and the words before and after.

A word that is also an everyday word, or a city, needs a second sign. In text without capitals, or with nothing but
capitals, a known given name and a known family name must stand together, or a cue before them.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

from ..lexicon import NAME, STOP, UNKNOWN, Lexicon, lexicon
from ..names import LIKELY, SURE, Row
from ..reading import CAPITALISED, Reading, Whole, titled_words
from ..spans import Span

INTRODUCED_MAX: Final = 3
"""Words taken for a name after "my name is", if none of them has a capital."""
APART_MAX: Final = 8
"""Given names in a text without capitals up to which their surroundings are read one by one, not the whole text."""


class PersonRecogniser:
    """
    Finds names of persons.

    Args:
        known: the words; called when the first text is read.
    """

    types = ("PERSON",)

    def __init__(self, known: Callable[[], Lexicon] = lexicon) -> None:
        self._known = known

    def find(self, reading: Reading) -> Iterator[Span]:
        text, known = reading.text, self._known()
        if reading.has_case:
            for start, end, score in Row(text, reading.capitalised, known, reading.whole).spans():
                yield Span(start, end, "PERSON", score)
        else:
            yield from _without_case(text, known)
        if any(cue in text for cue in ("ame is", "ame's", "heiß", "heiss", "appelle")):
            yield from _introduced(text, known)


def _without_case(text: str, known: Lexicon) -> Iterator[Span]:
    """Find a known given name beside a family name; what stands near one is read as if every word had a capital."""
    lower = text.lower()
    if len(lower) != len(text):
        return
    hits = known.spoken.intersection(_plain(lower).split())
    for start, end in _windows(lower, hits):
        titled = titled_words(lower[start:end])
        if len(titled) == end - start:
            row = Row(titled, list(CAPITALISED.finditer(titled)), known, Whole(titled), cased=False)
            for first, last, score in row.spans():
                if score >= SURE:
                    yield Span(start + first, start + last, "PERSON", score)


def _plain(text: str) -> str:
    """Return the text with spaces for what stands beside words; six times as fast as a pattern for words."""
    for mark in _MARKS:
        text = text.replace(mark, " ")
    return text


def _windows(text: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield what stands around the names, without overlaps, cut between words."""
    if len(names) > APART_MAX:
        yield 0, len(text)
        return
    end = 0
    for at, length in sorted((at, len(name)) for name in names for at in _places(text, name)):
        if at < end:
            continue
        start = max(end, text.rfind(" ", 0, max(0, at - 1)) + 1)
        end = text.find(" ", min(len(text), at + length + 30))
        end = len(text) if end < 0 else end
        yield start, end


def _places(text: str, name: str) -> Iterator[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name))


def _introduced(text: str, known: Lexicon) -> Iterator[Span]:
    """Find names without a capital after "my name is"."""
    for cue in _INTRODUCTION.finditer(text):
        start = end = cue.end()
        for word in _LOWER_WORD.finditer(text, start, start + 60):
            if (
                word.start() > end + 1
                or word.end() - start > 60
                or len(text[start : word.end()].split()) > INTRODUCED_MAX
            ):
                break
            kind = known.kinds.get(word[0].capitalize(), UNKNOWN)
            if not kind & (NAME | UNKNOWN) or kind & STOP:
                break
            end = word.end()
        if end > start:
            yield Span(start, end, "PERSON", LIKELY)


_MARKS = ".,:;!?'’\"()<>[]/-"
_LOWER_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_INTRODUCTION = re.compile(
    r"(?:\b(?:[Mm]y|[Tt]he|[Hh]is|[Hh]er) (?:full )?name(?: is|'s)|\b[Ii]ch hei(?:ß|ss)e|\b[Mm]ein [Nn]ame ist|\b[Jj]e m['’]appelle)"
    r" (?=[a-zß-ÿ])"
)
