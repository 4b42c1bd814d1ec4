"""Yes or no from a text: what a boolean property asks about is affirmed, denied, or not mentioned."""

import re
from collections.abc import Sequence

from .reading import Reading
from .sentences import is_said
from .words import fold, readable, stems

_OTHERWISE = re.compile(
    r"\b(?:false|no|nein|falsch|non|faux)\s+(?:otherwise|else|if not|sonst|andernfalls|sinon|autrement)\b|\b(?:otherwise|else|sonst|andernfalls|sinon|autrement)\s*[:,]?\s*(?:false|no|nein|falsch|non|faux)\b"
)
_OR = re.compile(r"[,;:()/]|\b(?:or|oder|ou)\b")
_FRAME = frozenset(
    stem_of_word
    for stem_of_word in stems(
        "true false yes no whether if is was were has have had been be any anyone anybody somebody someone something mention mentions mentioned report "
        "reports reported reporting text says said describes described involved happened flag indicates indicator when where otherwise else did does "
        "wahr falsch ja nein ob wenn wurde wurden jemand etwas erwahnt gemeldet text sonst andernfalls vrai faux oui non si quelqu un quelque chose mentionne signale "
        "texte sinon autrement least one person people"
    )
)
"""Words of a property's description that frame the question; the rest are what it asks about."""


def flag(name: str, description: str, reading: Reading) -> bool | None:
    """
    Tell whether the text affirms (True) or denies (False) what the property asks about; None if it says neither.

    The cues are the words of the name, all in one sentence, or those of one part of the description: parts are what
    commas and "or" separate ("a fire, smoke or burning smell" has three). A description that says "false otherwise" ("sonst
    falsch", "sinon faux") makes silence a no.
    """
    verdicts = {
        verdict_on(sentence, cues) for cues in alternatives(name, description) for sentence in reading.sentences
    }
    if True in verdicts:
        return True
    return False if False in verdicts or _OTHERWISE.search(fold(description)) else None


def alternatives(name: str, description: str) -> list[list[str]]:
    """Return what the question is about: lists of stems, each list one way to say it."""
    asked = re.split(r"\b(?:false|falsch|faux)\b", fold(description))[0]
    parts = [readable(name), *_OR.split(asked)]
    found = [[one for one in stems(part) if one not in _FRAME and len(one) > 2] for part in parts]
    return [cues for cues in found if cues]


def verdict_on(sentence: str, cues: Sequence[str]) -> bool | None:
    """Tell whether a sentence affirms all of these stems (True), has all but denies one (False), or lacks one (None)."""
    said = [is_said(sentence, cue) for cue in cues]
    return None if None in said else all(said)
