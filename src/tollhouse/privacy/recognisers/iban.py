"""Bank accounts (IBAN, ISO 13616)."""

import re
from collections.abc import Iterator
from typing import Final

from ..numbers import end_of
from ..reading import Reading
from ..spans import Span

_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE BI", 18: "DK FK FO FI GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BF BJ CI DJ FR GR IT MC MR SM SN", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 33: "RU", 32: "LC",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Characters of an IBAN by country: the register of SWIFT, 2025, and countries that use one outside of it."""
_AS_FIGURES: Final = str.maketrans({chr(code): str(code - 55) for code in range(65, 91)})
_ACCOUNT: Final = re.compile(r"[A-Za-z]{2} ?[0-9]{2}(?:[ .-]?[A-Za-z0-9]){11,30}")
_CUE: Final = re.compile(r"\biban|konto|account|compte|bank")


class IbanRecogniser:
    """Finds IBANs in one piece or in groups, with good check digits, or after a cue."""

    types = ("IBAN_CODE",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for start, end in reading.lettered:
            if end - start >= 2:
                begin = start - 3 if text[start - 1] == " " else start - 2
                span = _account(reading, begin) if begin >= 0 and not text[begin - 1 : begin].isalnum() else None
                if span:
                    yield span


def _account(reading: Reading, begin: int) -> Span | None:
    text = reading.text
    length = _LENGTHS.get(text[begin : begin + 2].upper())
    written = _ACCOUNT.match(text, begin) if length else None
    if not written or not length:
        return None
    compact = written[0].replace(" ", "").replace("-", "").replace(".", "")
    end = written.end() if len(compact) == length else end_of(text, begin, length)
    if len(compact) < length or text[end : end + 1].isalnum():
        return None
    if _checks(compact[:length].upper()) and (text[begin].isupper() or "-" not in written[0]):
        return Span(begin, end, "IBAN_CODE", 1.0)
    return Span(begin, end, "IBAN_CODE", 0.6) if _CUE.search(reading.before(begin)) else None


def _checks(iban: str) -> bool:
    return int((iban[4:] + iban[:4]).translate(_AS_FIGURES)) % 97 == 1
