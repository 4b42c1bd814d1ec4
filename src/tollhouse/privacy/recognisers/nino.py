"""British national insurance numbers."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

_NINO: Final = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]([ -]?)\d\d\1?\d\d\1?\d\d\1?[A-D](?!\w)", re.IGNORECASE
)


class NinoRecogniser:
    """Finds `QQ 12 34 56 C` in any spacing; their form is so narrow that they need no cue."""

    types = ("UK_NINO",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for start, end in reading.lettered:
            if end - start in (2, 6):
                begin = start - 2 if text[start - 1].isalpha() else start - 3
                match = _NINO.match(text, begin) if begin >= 0 and not text[begin - 1 : begin].isalnum() else None
                if match and (
                    match[0][0].isupper() or "nino" in reading.before(begin) or "insurance" in reading.before(begin)
                ):
                    yield Span(match.start(), match.end(), "UK_NINO", 0.9)
