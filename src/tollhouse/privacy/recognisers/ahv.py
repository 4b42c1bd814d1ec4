"""Swiss social insurance numbers (AHV, AVS)."""

from collections.abc import Iterator
from typing import Final

from ..numbers import Shapes
from ..reading import Reading
from ..spans import Span

_SHAPES: Final = Shapes((3, 4, 4, 2), (13,))


class AhvRecogniser:
    """Finds `756.1234.5678.97`. In that very form it needs no good check digit: whoever mistypes one still means somebody."""

    types = ("CH_AHV",)

    def find(self, reading: Reading) -> Iterator[Span]:
        for number in reading.numbers:
            if number.count >= 13:
                for start, end, digits in _SHAPES.found_in(number):
                    if digits.startswith("756") and (checks(digits) or end - start > 13):
                        yield Span(start, end, "CH_AHV", 1.0 if checks(digits) else 0.7)


def checks(digits: str) -> bool:
    """Is the last digit the check digit of EAN-13, which AHV numbers have?"""
    return (sum(map(int, digits[0::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0
