"""German tax numbers of persons (IdNr), and the older Steuernummer after its cue."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from ..numbers import Number, Shapes
from ..reading import Reading
from ..spans import Span

_SHAPES: Final = Shapes((11,), (2, 3, 3, 3), (3, 3, 3, 2))
_CUE: Final = re.compile(r"steuer|idnr|id-nr|\btin\b|tax")
_STEMS: Final = ("steuer", "idnr", "id-nr", "tin", "tax", "st.-nr", "st-nr", "st. nr", "stnr")
_OLD_SHAPES: Final = Shapes((2, 3, 5), (3, 3, 4), (3, 3, 5), (3, 4, 4), (5, 5), (10,), (13,))
_OLD_CUE: Final = re.compile(r"steuer-?\s?(?:nummer|nr)|st\.?-?nr")


class IdNrRecogniser:
    """Finds the eleven digits of an IdNr by their check digit, and a Steuernummer (`93/815/08152`) by its cue."""

    types = ("DE_TAX_ID",)

    def find(self, reading: Reading) -> Iterator[Span]:
        cued = any(stem in reading.near_digits for stem in _STEMS)
        for number in reading.numbers:
            if number.count >= 10:
                yield from _in(reading, number, cued=cued)


def _in(reading: Reading, number: Number, *, cued: bool) -> Iterator[Span]:
    for start, end, digits in _SHAPES.found_in(number):
        if checks(digits) and not _is_amount(reading.text, start, end):
            yield Span(start, end, "DE_TAX_ID", 0.9)
        elif cued and _CUE.search(reading.before(start)):
            yield Span(start, end, "DE_TAX_ID", 0.6)
    if cued and number.count <= 13 and _OLD_CUE.search(reading.before(number.start, 30)):
        for start, end, _ in _OLD_SHAPES.found_in(number):
            yield Span(start, end, "DE_TAX_ID", 0.8)


def _is_amount(text: str, start: int, end: int) -> bool:
    """Is it `12.345.678.901` or has it decimals?"""
    return "." in text[start:end] or (text[end : end + 1] in (",", ".") and text[end + 1 : end + 2].isdigit())


def checks(digits: str) -> bool:
    """Do the digits hold together: one of the first ten twice or three times, the last as ISO 7064 Mod 11,10 wants it?"""
    counts = sorted(Counter(digits[:10]).values())
    if digits[0] == "0" or counts[-1] not in (2, 3) or counts[-2] > 1:
        return False
    check = 5
    for digit in digits:
        check = ((check or 10) * 2 % 11 + int(digit)) % 10
    return check == 1
