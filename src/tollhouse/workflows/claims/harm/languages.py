"""The languages that claims are read in: one row each."""

from .english import english
from .french import french
from .german import german
from .words import Words


def languages() -> tuple[Words, ...]:
    """Return every language's words; compiled at the first call (80 ms), then kept."""
    return english(), french(), german()
