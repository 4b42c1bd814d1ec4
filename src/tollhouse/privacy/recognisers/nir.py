"""French social security numbers (NIR)."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

_NIR: Final = re.compile(
    r"([1-478])[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d|2[AB])[ .-]?(\d{3})[ .-]?(\d{3})(?:[ ./-]{0,3}(\d\d))?(?!\w)",
    re.IGNORECASE,
)
_CUE: Final = re.compile(r"sécu|nir\b|insee|assuré|social")


class NirRecogniser:
    """Finds NIR with their key, in one piece or in groups, also from Corsica (2A, 2B); without key after a cue."""

    types = ("FR_NIR",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for start, end in reading.runs:
            if end - start in (1, 6, 7, 13, 15) and text[start] in "123478" and not _goes_on(text, start):
                match = _NIR.match(text, start)
                if match and (score := _score(reading, match)):
                    yield Span(match.start(), match.end(), "FR_NIR", score)


def _score(reading: Reading, match: "re.Match[str]") -> float:
    *parts, key = match.groups()
    department = parts[3].upper()
    number = int("".join(parts[:3]) + department.replace("2A", "19").replace("2B", "18") + "".join(parts[4:]))
    if key and 97 - number % 97 == int(key):
        return 1.0
    return 0.7 if _CUE.search(reading.before(match.start(), 60)) else 0.0


def _goes_on(text: str, start: int) -> bool:
    before = text[start - 1 : start] if start else ""
    return before.isalnum() or before in (".", ",", "_")
