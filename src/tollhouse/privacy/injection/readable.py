"""What a reader of a text sees: without characters that hide, in small letters, each letter in its plain form."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HIDDEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
"""Characters that show nothing: soft hyphen, zero-width and direction marks, variation selectors, Unicode's tags."""

SMUGGLED = re.compile(
    "[\U000e0000-\U000e007f]{4,}"  # tags spell invisible ASCII
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}"  # selectors can carry a byte each; a picture takes one
    "|[\u200b-\u200d\u2060-\u2064\ufeff]{8,}"  # zero-width characters as bits; text and pictures take one or two
)
FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f")
"""A region's flag is spelt with tags, in the open."""

TAGS = 0xE0000
PRINTABLE = range(0x20, 0x7F)

LOOKALIKES = str.maketrans("асеорхуіјѕԁԛԝһɡαοινκρτ", "aceopxyijsdqwhgaoivkpt")
MIXED = re.compile("[a-zß-ÿ][аԁеһіјорԛѕԝхусɡαοινκρτ]|[аԁеһіјорԛѕԝхусɡαοινκρτ][a-zß-ÿ]")
"""Cyrillic or Greek letters inside a Latin word: nobody writes so who wants to be read."""


@dataclass(frozen=True, slots=True)
class Readable:
    """`text` as it is read; `places[i]` is where its character i stands in the original, None: at i."""

    text: str
    places: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def readable(text: str) -> Readable:
    """Return the text as it is read. Costs a pass in C unless something in it has to be undone."""
    if text.isascii():
        return Readable(text.lower(), None)
    lowered = text.lower()
    if len(lowered) == len(text) and HIDDEN.search(text) is None and unicodedata.is_normalized("NFKC", text):
        return Readable(_latin(lowered), None)
    shown, places = [], []
    for place, character in enumerate(text):
        for plain in () if HIDDEN.match(character) else unicodedata.normalize("NFKC", character).lower():
            shown.append(plain)
            places.append(place)
    return Readable(_latin("".join(shown)), places)


def smuggled(text: str) -> Iterator[tuple[int, int]]:
    """Yield where characters that nobody sees stand in such numbers that they carry a message."""
    if text.isascii() or HIDDEN.search(text) is None:
        return
    flags = {found.end() for found in FLAG.finditer(text)}
    for found in SMUGGLED.finditer(text):
        if found.end() not in flags:
            yield found.span()


def spelt_in_tags(text: str) -> str:
    """Return the ASCII that a run of tags spells."""
    return "".join(chr(ord(each) - TAGS) for each in text if ord(each) - TAGS in PRINTABLE)


def _latin(text: str) -> str:
    return text.translate(LOOKALIKES) if MIXED.search(text) else text
