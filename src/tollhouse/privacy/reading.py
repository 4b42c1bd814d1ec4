"""One text under examination, and what several recognisers look for in it, found once."""

import re
from functools import cached_property
from typing import Final

from .numbers import Number, numbers_in, runs_in

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

NEAR: Final = 80
"""Characters between digits and a cue that says what they are, at most."""

_SAME: Final = (
    *((space, " ") for space in "\u00a0\u2002\u2003\u2007\u2008\u2009\u202f\u3000"),
    *((dash, "-") for dash in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"),
    ("\uff20", "@"),
    ("\uff0b", "+"),
    ("\uff0e", "."),
    ("\uff1a", ":"),
)
"""Other spaces, dashes and wide forms, and the one that stands for them here."""
_OTHER_DIGITS: Final = {
    zero + value: str(value) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10) for value in range(10)
}
"""Arabic, Persian, Devanagari, Bengali and wide digits."""
_THEIR_UTF8: Final = (b"\xd9", b"\xdb", b"\xe0", b"\xef")
"""The first bytes of those digits in UTF-8: a text without them has none."""


class Whole:
    """
    What holds for all pieces of one text, and is worked out once: its language, and the names seen in it so far.

    Without it, the same word would be judged differently in two pieces of a long text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.name_parts: set[str] = set()
        """Words of names of several words, of the pieces read up to now."""

    @cached_property
    def is_german(self) -> bool:
        return any(word in self._text for word in _GERMAN)

    @cached_property
    def is_english(self) -> bool:
        return any(word in self._text for word in _ENGLISH)


_GERMAN = (" der ", " die ", " und ", " das ", " ist ", " nicht ", " für ", " dem ", " mit ", " ich ")
_ENGLISH = (
    " the ", " is ", " and ", " my ", " was ", " you", " to ", " are ", " of ", " not ", "I'm ", " will ", " has ", " by ", " it ", " for ",
    " this ", " have ", " please",
)  # fmt: skip
"""Words that one language has, and the others seldom in a text of their own."""


class Reading:
    """
    A text, read by all recognisers: a whole text, or a piece of a long one (`detector.py` says how pieces overlap).

    What more than one recogniser needs (where digits stand, which words are capitalised) becomes a cached property here,
    so that a text without personal data costs a few passes, not a pass for each recogniser.

    `text` has the length of the original, with one form for all spaces in a line, dashes and digits, so that a number
    with narrow spaces or Arabic digits is a number to every recogniser.
    """

    def __init__(self, text: str, whole: Whole | None = None) -> None:
        self.text = text if text.isascii() else _in_one_form(text)
        self.whole = Whole(self.text) if whole is None else whole

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
    def lower(self) -> str:
        """The text in small letters, at the same places (a capital whose small form is two letters stays)."""
        lower = self.text.lower()
        if len(lower) != len(self.text):
            lower = "".join(low if len(low := c.lower()) == 1 else c for c in self.text)
        return lower

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Where digits stand without anything between them, in order."""
        return runs_in(self.text)

    @cached_property
    def numbers(self) -> list[Number]:
        """The runs of digits, joined where only spaces, dots, dashes, strokes or parentheses stand between them."""
        return numbers_in(self.text, self.runs)

    @cached_property
    def lettered(self) -> list[tuple[int, int]]:
        """The runs of digits that follow a letter, or a capital and one space, dot or dash: `CH93`, `AB 12`, `M-AB 12`."""
        text = self.text
        return [
            run
            for run in self.runs
            if (at := run[0])
            and (text[at - 1].isalpha() or (text[at - 1] in " .-" and at > 1 and text[at - 2].isupper()))
        ]

    @cached_property
    def near_digits(self) -> str:
        """
        What stands around digits, in small letters, for a quick look whether a cue is among it; its places mean nothing.
        """
        lower, stretches, last = self.lower, [], 0
        if len(self.runs) * NEAR > len(lower):
            return lower
        for start, end in self.runs:
            begin = max(last, start - NEAR)
            last = end + NEAR
            stretches.append(lower[begin:last])
        return "".join(stretches)

    def before(self, at: int, reach: int = 40) -> str:
        """Return what stands before a place, in small letters, for a look at cues."""
        return self.text[max(0, at - reach) : at].lower()

    def after(self, at: int, reach: int = 16) -> str:
        """Return what stands after a place, in small letters."""
        return self.text[at : at + reach].lower()


def _in_one_form(text: str) -> str:
    for other, one in _SAME:
        text = text.replace(other, one)
    as_utf8 = text.encode("utf-8", "surrogatepass")
    return text.translate(_OTHER_DIGITS) if any(first in as_utf8 for first in _THEIR_UTF8) else text
