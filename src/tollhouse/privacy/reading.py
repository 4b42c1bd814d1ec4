"""One text under examination, and what several recognisers look for in it, found once."""

import re
from functools import cached_property
from typing import Final

_CAPITALS = "".join(filter(str.isupper, map(chr, [*range(0x41, 0x530), *range(0x1E00, 0x2000)])))
CAPITAL: Final = "[A-ZÀ-ÖØ-ÞĀ-ɏͰ-ԯḀ-ỿ]"
"""A capital letter as a part of patterns; beyond Latin-1 any letter, since a class of single letters is slow to compile."""
CAPITALISED: Final = re.compile(rf"[{_CAPITALS}](?<!\w\w)[\w'’]*(?:-\w[\w'’]*)*")
"""A word of Latin, Greek or Cyrillic letters that starts with a capital. The look-behind stands after the first letter,
so that the search for it stays a plain scan."""


def titled_words(text: str) -> str:
    """Return the text with a capital at every word, `John's` for `john's`. It may be longer than the text."""
    return _CAPITAL_ENDING.sub(r"\1s", text.title())


_CAPITAL_ENDING = re.compile(r"(['’])S\b")
_DIGITS = re.compile(r"[0-9]+")


class Reading:
    """
    A text, read by all recognisers: a whole text, or a piece of a long one (`detector.py` says how pieces overlap).

    What more than one recogniser needs (where digits stand, which words are capitalised) becomes a cached property here,
    so that a text without personal data costs a few passes, not a pass for each recogniser.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def capitalised(self) -> list[re.Match[str]]:
        """The words that start with a capital, in order: `Jean-Pierre` and `O'Brien` are one, `John's` keeps its ending."""
        return list(CAPITALISED.finditer(self.text))

    @cached_property
    def has_case(self) -> bool:
        """Whether capitals say anything: there are such letters and others."""
        return not (self.text.islower() or self.text.isupper())

    @cached_property
    def titled(self) -> str:
        """The text, of which every word has its capital if capitals say nothing. As long as the text."""
        titled = self.text if self.has_case else titled_words(self.text)
        return titled if len(titled) == len(self.text) else self.text

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Where digits stand without anything between them, in order."""
        return [match.span() for match in _DIGITS.finditer(self.text)]
