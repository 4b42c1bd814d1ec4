"""
Places in a letter, a form or a table where a name stands whatever it is: under a closing, behind a label, above an address.

`names.py` asks here about words that no list knows, or that are everyday words too.
"""

import re
from typing import Final

from .tables import words
from .titles import CLOSINGS, LABELS

LINE_MAX: Final = 60
"""Characters of a line looked at; a closing or the first line of an address is shorter."""
LABEL_MAX: Final = 32
"""Characters looked at before a value for its label."""


def is_signature(text: str, start: int) -> bool:
    """Whether a closing stands in the line above, or before a comma in the same line: "Best regards, Kasimir"."""
    floor = max(0, start - 2 * LINE_MAX)
    line = text.rfind("\n", floor, start) + 1 or floor
    own = text[line:start].strip(_MARGIN)
    if own:
        return own.endswith(",") and _is_closing(own)
    above = text[floor:line].rstrip(" \t\n>")
    return bool(above) and _is_closing(above[above.rfind("\n") + 1 :])


def _is_closing(line: str) -> bool:
    bare = line.strip(" \t>,.!*")
    return 0 < len(bare) < LINE_MAX and bare.rpartition(" ")[2].lower() in CLOSINGS and bare.count(" ") < 8


def is_labelled(text: str, start: int) -> bool:
    """Whether a label for persons stands before: `Approved by: `, `"first_name": "`."""
    before = text[max(0, start - LABEL_MAX) : start].rstrip(_QUOTES)
    if before[-1:] not in (":", "="):
        return False
    label = _LABEL.search(before)
    return label is not None and label[1].lower() in LABELS


def is_above_address(text: str, start: int, end: int) -> bool:
    """Whether the words are a line of their own, and the next line with anything in it is a street or a post box."""
    if text[max(0, start - 3) : start].strip(_MARGIN) or (start > 3 and "\n" not in text[start - 3 : start]):
        return False
    after = text[end : end + 2 * LINE_MAX].lstrip(" ,")
    if after[:1] != "\n":
        return False
    return _STREET.match(after.lstrip(" \t\n>")) is not None


_MARGIN = " \t\n>-*•"
_QUOTES = " \t\"'*“„«"
_LABEL = re.compile(r"([^\W\d_]+)[ .]?\d{0,2}(?:\((?:s|en|in|e)\))?[\"'*]{0,3} ?[:=]$")
_BOXES = "|".join(sorted(words("box postfach apt apartment unit flat suite")))
_STREET = re.compile(
    rf"(?i)\d{{1,5}}[a-z]?,? [^\W\d_]{{2}}|[^\W\d_][^\n\d@:;|]{{2,40}} \d{{1,5}} ?[a-z]?(?=[\s,]|$)|(?:p\. ?o\. ?)?(?:{_BOXES}) \d"
)
