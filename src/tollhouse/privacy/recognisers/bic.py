"""Banks by their BIC (ISO 9362), which together with a name tells where somebody's account is."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

_COUNTRIES: Final = (
    "AD|AE|AF|AG|AL|AM|AO|AR|AT|AU|AZ|BA|BB|BD|BE|BF|BG|BH|BJ|BN|BO|BR|BS|BW|BY|BZ|CA|CD|CG|CH|CI|CL"
    "|CM|CN|CO|CR|CU|CV|CY|CZ|DE|DJ|DK|DO|DZ|EC|EE|EG|ES|ET|FI|FJ|FR|GA|GB|GE|GH|GI|GM|GN|GR|GT|HK|HN"
    "|HR|HT|HU|ID|IE|IL|IN|IQ|IR|IS|IT|JM|JO|JP|KE|KH|KR|KW|KY|KZ|LA|LB|LI|LK|LT|LU|LV|LY|MA|MC|MD|ME"
    "|MG|MK|ML|MN|MO|MT|MU|MV|MX|MY|MZ|NA|NE|NG|NI|NL|NO|NP|NZ|OM|PA|PE|PH|PK|PL|PT|PY|QA|RO|RS|RU|RW"
    "|SA|SC|SE|SG|SI|SK|SM|SN|SR|SV|TG|TH|TN|TR|TT|TW|TZ|UA|UG|US|UY|UZ|VA|VE|VN|XK|ZA|ZM|ZW"
)
_BIC: Final = re.compile(rf"\b[A-Z]{{4}}(?:{_COUNTRIES})[A-Z2-9][A-NP-Z0-9](?:XXX|[A-WYZ0-9][A-Z0-9]{{2}})?\b")
_AFTER_CUE_MAX: Final = 32
_CUES: Final = ("bic", "swift")


class BicRecogniser:
    """Finds a BIC that follows its cue, or that has a digit in it, as most words in capitals have not."""

    types = ("BIC_CODE",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        lower = reading.lower
        for cue in _CUES:
            at = lower.find(cue)
            while at >= 0:
                match = _BIC.search(text, at + len(cue), at + len(cue) + _AFTER_CUE_MAX)
                if match and not any(stop in text[at : match.start()] for stop in ";,\n"):
                    yield Span(match.start(), match.end(), "BIC_CODE", 0.9)
                at = lower.find(cue, at + len(cue))
        for start, end in reading.lettered:
            match = _with_digit(text, start, end)
            if match:
                yield Span(match.start(), match.end(), "BIC_CODE", 0.7)


def _with_digit(text: str, start: int, end: int) -> "re.Match[str] | None":
    """Return the BIC whose first digits these are: they stand at its seventh place or after."""
    if end - start > 5 or not text[start - 1].isupper():
        return None
    for place in range(6, 11):
        begin = start - place
        if begin >= 0 and (match := _BIC.match(text, begin)) and text[begin:start].isalpha():
            return match
    return None
