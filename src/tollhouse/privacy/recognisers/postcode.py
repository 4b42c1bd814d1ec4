"""
Postcodes that stand outside an address: by the formats of countries that nothing else has, a cue, or a town beside them.

Four or five digits alone are never one. In an address the whole address is the span (`street_address.py`).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from ..lexicon import NAME, STOP, WORD, Lexicon, lexicon
from ..reading import CAPITAL, Reading
from ..spans import Span
from ..tables import words

AROUND_MAX: Final = 48
"""Characters looked at before a number for a town or a cue."""

SURE, LIKELY, POSSIBLE = 0.9, 0.75, 0.6


class PostcodeRecogniser:
    """
    Finds postcodes.

    Args:
        known: the words; called when a number stands beside what may be a town.
    """

    types = ("ZIP_CODE",)

    def __init__(self, known: Callable[[], Lexicon] = lexicon) -> None:
        self._known = known

    def find(self, reading: Reading) -> Iterator[Span]:
        if not reading.runs:
            return
        text, done = reading.titled, 0
        for start, end in reading.runs:
            previous = text[start - 1 : start]
            if start < done or end - start > 5 or (previous not in _PREVIOUS and not previous.isalpha()):
                continue
            if end - start < 4 and text[end : end + 1] not in _INNER and not previous.isalpha():
                continue
            found = self._at(text, start, end)
            if found is not None:
                done = found[1]
                yield Span(found[0], found[1], "ZIP_CODE", found[2])

    def _at(self, text: str, start: int, end: int) -> tuple[int, int, float] | None:
        previous = text[start - 1 : start]
        if previous.isalpha():
            return _lettered(text, start)
        dutch = _DUTCH.match(text, start) if end - start == 4 else None
        if dutch is not None:
            return start, dutch.end(1), LIKELY
        behind, ahead = text[start - 2 : start - 1], text[end : end + 2]
        if previous != "-" and not (
            behind.isalpha() or behind in _CUE_SIGNS or ahead[1:].isupper() or ahead[:1] in _INNER
        ):
            return None
        digits = _DIGITS.match(text, start)
        return self._of_digits(text, start, digits) if digits is not None else None

    def _of_digits(self, text: str, start: int, digits: re.Match[str]) -> tuple[int, int, float] | None:
        before = text[max(0, start - AROUND_MAX) : start]
        if before[-1:] == "-":
            country = _COUNTRY.search(before[-4:])
            return (start - len(country[0]), digits.end(), SURE) if country else None
        last = before.rstrip(" :=#,").rpartition(" ")[2]
        if last.lower() in _CUE_ENDS and _CUE.search(before):
            return start, digits.end(), SURE
        if last in _STATES and len(digits[0]) in (5, 10):
            return start, digits.end(), SURE
        if last in _STATES_DOWN_UNDER and len(digits[0]) == 4:
            return start, digits.end(), SURE
        if len(digits[0]) == 4 and digits[0][:2] in ("19", "20"):
            return None
        return self._beside_town(text, start, digits.end(), before, last)

    def _beside_town(self, text: str, start: int, end: int, before: str, last: str) -> tuple[int, int, float] | None:
        after = _TOWN_AFTER.match(text, end) if text[end + 1 : end + 2].isupper() else None
        if after is not None and (self._is_town(after[1]) or ("-" in text[start:end] and not self._is_word(after[1]))):
            return start, end, LIKELY
        if end - start >= 5 and last in self._known().places and _NO_MORE.match(text, end):
            return start, end, POSSIBLE
        town = _TOWN_BEFORE.search(before) if last[:1].isupper() else None
        if town is not None and _NO_MORE.match(text, end) and not self._is_word(town[1]):
            return start, end, POSSIBLE
        return None

    def _is_town(self, name: str) -> bool:
        places = self._known().places
        return name in places or name.split(" ", maxsplit=1)[0] in places

    def _is_word(self, town: str) -> bool:
        known = self._known()
        kind = known.kinds.get(town.split(" ", maxsplit=1)[0].capitalize(), 0)
        spelled = town[1:2].islower() or (town[:4].isupper() and len(town) > 3)
        return not spelled or (bool(kind & (WORD | STOP)) and not kind & NAME and town not in known.places)


def _lettered(text: str, start: int) -> tuple[int, int, float] | None:
    """Return a code that starts with letters: British, Canadian."""
    for pattern, back in ((_BRITISH, 2), (_BRITISH, 1), (_CANADIAN, 1)):
        found = pattern.match(text, start - back) if start >= back else None
        if found is not None and not text[start - back - 1 : start - back].isalnum():
            return found.start(), found.end(), LIKELY
    return None


_PREVIOUS = frozenset(("", " ", "\n", ":", "-", "(", "\t", ","))
_CUE_SIGNS = frozenset(("", " ", ":", "=", "#", ",", ".", "\n", "("))
_INNER = frozenset((" ", "-"))
_BRITISH = re.compile(r"(?i:[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKPS-UW]? \d[ABD-HJLNP-UW-Z]{2})(?!\w)")
_CANADIAN = re.compile(r"[ABCEGHJ-NPR-TVXY]\d[A-Z] ?\d[A-Z]\d(?!\w)")
_DUTCH = re.compile(rf"([1-9]\d{{3}} ?(?!SA|SD|SS)[A-Z]{{2}})(?= {CAPITAL}[a-z'])")
_DIGITS = re.compile(r"(?:\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|\d{3} \d{2}|\d{4,5})(?![\w%€$]|[.,:/-]\d)")
_COUNTRY = re.compile(
    r"(?<![\w-])(?:CH|AT|DE|FR|LU|LI|BE|NL|DK|SE|NO|FI|PL|CZ|SK|IT|ES|PT|HR|SI|HU|RO|BG|GR|EE|LV|LT|IS|D|A|F|L|B|I|S|N)-$"
)
_CUE = re.compile(
    r"(?i)\b(?:plz|postleitzahl|code postal|zip(?: ?code)?|post ?code|postal code|postnummer|cap|c\.p\.|npa)"
    r"(?:[ ?:=#.,]{1,3}(?:is|it's|it|now|ist|est|lautet|war|of|user|my|answer|jetzt|neu|new|old|the|die|meine|mon)){0,3}[ ?:=#.]{1,3}$"
)
_CUE_ENDS = words(
    "plz postleitzahl postal zip code postcode postnummer cap npa c.p. is it's now ist est lautet war of user code? zip? user: jetzt"
)
_STATES = words(
    """
    AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC
    SD TN TX UT VA VI VT WA WI WV WY
    """
)
_STATES_DOWN_UNDER = words("NSW VIC QLD TAS")
_TOWN_AFTER = re.compile(
    rf" ({CAPITAL}[\w'’-]+(?: (?:am|an|der|im|la|le|sur|upon) {CAPITAL}?[\w'’-]+| {CAPITAL}[\w'’-]+)?)"
)
_TOWN_BEFORE = re.compile(
    rf"\b(?:in|at|near|from|to|of|aus|bei|nach|à|de) ({CAPITAL}[\w'’.-]*(?: (?:(?:de|di|da|do|la|u|nad|am|an der) )?{CAPITAL}[\w'’.-]*){{0,3}}),? $"
)
_NO_MORE = re.compile(r"(?:[.,;?!)\n]|$| (?:in|and|und|et|for|with|is|was|to|on|at|from|or)\b)")
