"""What every recogniser is."""

from collections.abc import Iterable
from typing import Protocol

from .reading import Reading
from .spans import Span


class Recogniser(Protocol):
    """
    Finds one kind of personal data.

    It looks first for a cheap sign that there may be any (an `@`, a run of digits) and works on from there only; its time
    is linear in the length of the text, whatever stands in it. Whether a span is given depends on what stands in it and
    near it, at most `detector.MARGIN` characters away, and on what `Reading.whole` knows of the whole text, so that a long
    text can be read in pieces.
    """

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the spans it gives."""

    def find(self, reading: Reading) -> Iterable[Span]: ...
