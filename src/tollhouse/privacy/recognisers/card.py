"""Payment cards: numbers with a good check digit of a known brand, or with a cue."""

import re
from collections.abc import Iterator
from typing import Final

from ..numbers import Number, Shapes
from ..reading import Reading
from ..spans import Span

_BRANDS: Final = re.compile(
    r"""4\d{15}(?:\d{3})?            # Visa
      | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}  # Mastercard
      | 3[47]\d{13}                  # American Express
      | (?:6011|65\d\d|64[4-9]\d|62\d\d|60\d\d|8[12]\d\d)\d{12}           # Discover, UnionPay, RuPay
      | 3(?:0[0-5]|[689]\d)\d{11}    # Diners
      | 35(?:2[89]|[3-8]\d)\d{12}    # JCB
      | (?:2131|1800)\d{11}          # JCB, older
      | (?:50|5[6-8]|6[0-9])\d{14}   # Maestro
      | (?:220[0-4]|9792)\d{12}      # Mir, Troy
    """,
    re.VERBOSE,
)
_GROUPED: Final = Shapes((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 5), (4, 4, 4), (6, 4, 5))
_LENGTHS: Final = range(12, 20)
_CUE: Final = re.compile(
    r"card|\bcc\b|karte|carte|visa|master|amex|maestro|express|diners|discover|tarjeta|carta di|\bpan\b|zahlung|payment|paiement"
)
_CODE_CUE: Final = re.compile(
    r"(?:\bcvv2?|\bcvc2?|security code|prüfziffer|kartenprüfnummer|cryptogramme)[\w\s.:#-]{0,12}$"
)


class CardRecogniser:
    """Finds card numbers, written in one piece or in groups, and their security codes after a cue."""

    types = ("CREDIT_CARD",)

    def find(self, reading: Reading) -> Iterator[Span]:
        codes = "CV" in reading.text or "ode" in reading.text or "rüfn" in reading.text or "crypto" in reading.text
        for number in reading.numbers:
            if number.count >= 12 and not reading.text[number.start - 1 : number.start].isalpha():  # an IBAN's
                yield from _cards(reading, number)
            elif codes and number.count in (3, 4) and _CODE_CUE.search(reading.before(number.start)):
                yield Span(number.start, number.end, "CREDIT_CARD", 0.8)


def _cards(reading: Reading, number: Number) -> Iterator[Span]:
    for start, end, digits in _GROUPED.found_in(number):
        if luhn(digits) and (_BRANDS.fullmatch(digits) or _CUE.search(reading.before(start))):
            yield Span(start, end, "CREDIT_CARD", 1.0)
        elif len(digits) >= 14 and _CUE.search(reading.before(start)):
            yield Span(start, end, "CREDIT_CARD", 0.6)  # a slip of the pen is still somebody's card
    for start, end in number.runs if max(number.shape) in _LENGTHS else ():
        if end - start in _LENGTHS and not _is_part(reading.text, start, end):
            score = _plain(reading, start, reading.text[start:end])
            if score:
                yield Span(start, end, "CREDIT_CARD", score)


def _plain(reading: Reading, start: int, digits: str) -> float:
    """Return how sure it is that digits in one piece are a card's; 0 if they are not."""
    if luhn(digits) and len(digits) in (14, 15, 16) and _BRANDS.fullmatch(digits):
        return 1.0
    if luhn(digits) and _CUE.search(reading.before(start)):
        return 0.9
    return 0.6 if len(digits) == 16 and _CUE.search(reading.before(start, 24)) else 0.0


def _is_part(text: str, start: int, end: int) -> bool:
    """Does it belong to a longer word, number or fraction?"""
    before, after = text[start - 1 : start] if start else "", text[end : end + 2]
    return (
        before.isalnum() or before in ("_", ".", ",") or after[:1].isalnum() or after[:1] == "_" or after in _DECIMALS
    )


_DECIMALS: Final = frozenset(f"{mark}{digit}" for mark in ".," for digit in range(10))


def luhn(digits: str) -> bool:
    """Is the last digit the check digit of ISO/IEC 7812-1?"""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, digits[-1::-2])) + sum(map(int, doubled))) % 10 == 0 and len(set(digits)) > 1


_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
