"""American social security numbers."""

import re
from collections.abc import Iterator
from typing import Final

from ..numbers import Shapes
from ..reading import Reading
from ..spans import Span

_SHAPES: Final = Shapes((3, 2, 4), (9,))
_NEVER_GIVEN: Final = re.compile(r"000|666|...00|.....0000|9(?!\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9]))")
"""Areas, groups and serials that do not exist; from 900 on only those of the tax office (ITIN)."""
_CUE: Final = re.compile(r"\bssn|social security|\bitin\b|taxpayer")


class SsnRecogniser:
    """Finds `536-90-4399`; with spaces or in one piece only after a cue."""

    types = ("US_SSN",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for number in reading.numbers:
            if number.count >= 9:
                for start, end, digits in _SHAPES.found_in(number):
                    dashed = text[start:end].count("-") == 2
                    if not _NEVER_GIVEN.match(digits) and (dashed or _CUE.search(reading.before(start))):
                        yield Span(start, end, "US_SSN", 0.95 if dashed else 0.8)
