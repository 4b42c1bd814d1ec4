"""What a date or an amount is for: words of a property, and words right before the value."""

import re
from collections.abc import Sequence

REACH = 60
"""Characters before a value in which a word says what it is for."""

Cues = tuple[str, ...]
"""Beginnings of folded words that name one purpose, in our three languages."""

# A full stop after "Nr", "No" or one letter does not end a sentence.
_END = re.compile(r"(?<!\bnr)(?<!\bno)(?<!\b\w)[.;!?](?=\s)|\n")
_WHOLE_WORD = 4
"""Cues of at most so many letters must be whole words: "ab", "fin", "from"."""


def purpose_of(about: str, purposes: Sequence[Cues]) -> Cues | None:
    """Return the first purpose that a property's words name."""
    return next((cues for cues in purposes if names(about, cues)), None)


def serves(purpose: Cues | None, before: str, purposes: Sequence[Cues]) -> bool:
    """Tell whether a value after these words serves a purpose: a word for it is there; for None: no word for any."""
    if purpose is not None:
        return names(before, purpose)
    return not any(names(before, cues) for cues in purposes)


def words_before(folded: str, start: int, floor: int) -> str:
    """Return the folded words before a value in its sentence, not before `floor` (where the last value ended)."""
    return _END.split(folded[max(floor, start - REACH, 0) : start])[-1]


def names(text: str, cues: Cues) -> bool:
    return any(re.search(_pattern(cue), text) for cue in cues)


def _pattern(cue: str) -> str:
    return rf"\b{cue}\b" if len(cue) <= _WHOLE_WORD else rf"\b\w{{0,20}}{cue}"
