"""VAT numbers of the European Union, Switzerland and the United Kingdom: a sole trader's is a person's."""

import re
from collections.abc import Iterator
from typing import Final

from ..numbers import end_of
from ..reading import Reading
from ..spans import Span

_FORMS: Final = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]", "CZ": r"\d{8,10}", "DE": r"\d{9}", "DK": r"\d{8}",
    "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z0-9]\d{7}[A-Z0-9]", "FI": r"\d{8}", "FR": r"[A-Z0-9]{2}\d{9}", "HR": r"\d{11}", "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"(?:\d{12}|\d{9})", "LU": r"\d{8}", "LV": r"\d{11}", "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}", "RO": r"\d{6,10}", "SE": r"\d{12}", "SI": r"\d{8}", "SK": r"\d{10}",
    "GB": r"(?:\d{12}|\d{9}|GD\d{3}|HA\d{3})", "XI": r"(?:\d{12}|\d{9})",
}  # fmt: skip
_COMPACT: Final = {country: re.compile(form) for country, form in _FORMS.items()}
_COUNTRIES: Final = frozenset((*_FORMS, "CH"))
_WRITTEN: Final = re.compile(r"([A-Z]{2})[ .-]?([A-Z0-9](?:[ .-]?[A-Z0-9]){5,16})(?!\w)")
_SWISS: Final = re.compile(r"CHE[ -]?(\d{3})[ .]?(\d{3})[ .]?(\d{3})(?:[ ]?(?:MWST|TVA|IVA|VAT|HR|RC))?(?!\w)")
_CUE: Final = re.compile(r"\bvat|tva\b|ust|mwst|umsatzsteuer|uid\b|btw|p\. ?iva|partita iva|\bnif\b|tax")


class VatRecogniser:
    """Finds VAT numbers with their country before them and good check digits, or after a cue."""

    types = ("VAT_NUMBER",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text, done = reading.text, 0
        for start, _ in reading.lettered:
            if start >= done:
                begin = _country_before(text, start)
                span = None if begin is None else _swiss(text, begin) or _european(reading, begin)
                if span:
                    done = span.end
                    yield span


def _country_before(text: str, start: int) -> int | None:
    """Return where a country stands before the digits, with two letters or signs between them at most: `ATU1`, `FR XX 1`."""
    for back in (2, 3, 4, 5):
        if start < back:
            return None
        if text[start - back : start - back + 2] in _COUNTRIES and not text[start - back - 1 : start - back].isalnum():
            return start - back
    return None


def _swiss(text: str, begin: int) -> Span | None:
    match = _SWISS.match(text, begin)
    if not match:
        return None
    weighted = sum(
        int(digit) * weight for digit, weight in zip("".join(match.groups()), (5, 4, 3, 2, 7, 6, 5, 4), strict=False)
    )
    good = (11 - weighted % 11) % 11 == int(match[3][-1])
    return Span(begin, match.end(), "VAT_NUMBER", 1.0 if good else 0.7)


def _european(reading: Reading, begin: int) -> Span | None:
    text = reading.text
    country = text[begin : begin + 2]
    form = _COMPACT.get(country)
    written = _WRITTEN.match(text, begin) if form else None
    if not written or not form:
        return None
    compact = re.sub(r"[ .-]", "", written[2])
    match = form.match(compact)
    if not match:
        return None
    end = end_of(text, written.start(2), match.end())
    if text[end : end + 1].isalnum():
        return None
    if _checks(country, match[0]):
        return Span(begin, end, "VAT_NUMBER", 0.9)
    return Span(begin, end, "VAT_NUMBER", 0.6) if _CUE.search(reading.before(begin)) else None


def _checks(country: str, number: str) -> bool:
    from stdnum.eu import vat
    from stdnum.gb import vat as british

    if country in ("GB", "XI"):
        return bool(british.is_valid(number))
    return bool(vat.is_valid(country + number))
