"""Ages; masked only if a policy asks."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

_UNIT: Final = re.compile(
    r"[ -]?(?:years?[ -]old|year-old|yrs?[ -]old|yo\b|y/o|years of age|jahre alt|jährig|-jährig|ans\b(?! de )|anni\b)"
)
_CUE: Final = re.compile(
    r"(?:\baged?|\bage(?: is| of)?|turn(?:ed|s|ing)|alter|im alter von|wurde|âgée? de|à l'âge de)[ :]{1,2}$"
)
_YEARS_OF: Final = re.compile(r"\s?(?:%|[.,]\d|percent|prozent)")


class AgeRecogniser:
    """Finds how old somebody is: `aged 42`, `42 years old`, `42-jährig`, `42 ans`."""

    types = ("AGE",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for start, end in reading.runs:
            if end - start <= 3 and int(text[start:end]) <= 120 and not text[start - 1 : start].isalnum():
                after = reading.after(end)
                if _UNIT.match(after) or (_CUE.search(reading.before(start, 20)) and not _YEARS_OF.match(after)):
                    yield Span(start, end, "AGE", 0.7)
