"""How people write a day: in figures, or with the month's name in English, French or German."""

import re
from typing import Final

_MONTHS: Final = (
    "jan(?:uary|uar|vier|v)?|jänner|feb(?:ruary|ruar)?|fév(?:rier)?|mar(?:ch|s)?|märz?|apr(?:il)?|avr(?:il)?|may|mai|june?|juni?|juin"
    "|july?|juli|juil(?:let)?|aug(?:ust)?|août|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|déc(?:embre)?"
)
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH: Final = r"(?:1[0-2]|0?[1-9])"
_YEAR: Final = r"(?:1[89]\d\d|20\d\d)"

DATE: Final = re.compile(
    rf"""{_YEAR}([-/.]){_MONTH}\1{_DAY}
       | {_DAY}\.\ ?{_MONTH}\.\ ?(?:{_YEAR}|\d\d)
       | {_DAY}([-/ ]){_MONTH}\2(?:{_YEAR}|\d\d)
       | {_MONTH}([-/]){_DAY}\3(?:{_YEAR}|\d\d)
       | {_DAY}(?:st|nd|rd|th|er|\.)?\ ?(?:of\ |de\ |-)?(?:{_MONTHS})\.?[, -]{{1,2}}(?:{_YEAR}|\d\d)
       | (?:{_MONTHS})\.?\ {_DAY}(?:st|nd|rd|th)?,?\ {_YEAR}
       | {_YEAR}{_MONTH}{_DAY}
    """,
    re.VERBOSE,
)
"""For text in small letters; `match` or `search` within a few characters. Letters and digits may still touch it."""

BEGINS_MAX: Final = 12
"""Characters of a month before the first digit of a day: `september 3, 1980`."""
