"""Days of any kind; masked only if a policy asks."""

from collections.abc import Iterator

from ..dates import BEGINS_MAX, DATE
from ..numbers import is_inside_word
from ..reading import Reading
from ..spans import Span

DATE_MAX = 32
"""Characters of the longest form: `22nd of september, 1980`."""


class DateRecogniser:
    """Finds dates in figures or with a month's name."""

    types = ("DATE",)

    def find(self, reading: Reading) -> Iterator[Span]:
        done = 0
        for start, _ in reading.runs:
            if start >= done:
                match = _date_at(reading.lower, start)
                if match:
                    done = match[1]
                    yield Span(*match, "DATE", 0.8)


def _date_at(text: str, start: int) -> tuple[int, int] | None:
    """Return the day whose first digit stands at `start`."""
    here = DATE.match(text, start, start + DATE_MAX)
    if not here and text[max(0, start - 2) : start].strip(" .")[-1:].isalpha():
        here = DATE.search(text, max(0, start - BEGINS_MAX), start + DATE_MAX)
        if here and not here.start() < start < here.end():
            return None
    return here.span() if here and not is_inside_word(text, *here.span()) else None
