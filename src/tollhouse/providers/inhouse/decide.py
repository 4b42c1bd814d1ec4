"""
Mode 1, when the operator wrote a decision list: "high: hurt, burnt, fire; medium: crash, hit; low: otherwise".

Such a list is followed to the letter, in its order; nothing is embedded, so every decision can be shown in the text.
"""

import re
from collections.abc import Sequence

from .choices import Choice
from .flags import alternatives, verdict_on
from .reading import Reading
from .words import fold, readable

# Only these words make a list a decision list; "other: none of these" is a label like any other.
_OTHERWISE = re.compile(r"^(?:otherwise|else|sonst|andernfalls|ansonsten|sinon|autrement)\b")


def is_decision_list(choices: Sequence[Choice]) -> bool:
    """Exactly one label is described as what remains."""
    return sum(_is_rest(choice) for choice in choices) == 1


def decide(reading: Reading, choices: Sequence[Choice]) -> tuple[str, frozenset[str]]:
    """
    Return the first label, in the list's order, of which the text affirms one part, and that part's stems.

    Parts are what commas and "or" separate in a label's description; all words of a part must be affirmed in one
    sentence. No part of any label: the one that is described as "otherwise".
    """
    for choice in choices:
        if not _is_rest(choice):
            for cues in alternatives("", "; ".join(choice.descriptions) or readable(choice.label)):
                if any(verdict_on(sentence, cues) for sentence in reading.sentences):
                    return choice.label, frozenset(cues)
    return next(choice.label for choice in choices if _is_rest(choice)), frozenset()


def _is_rest(choice: Choice) -> bool:
    return any(_OTHERWISE.match(fold(text).strip()) for text in choice.descriptions)
