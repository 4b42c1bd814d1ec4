"""Which properties ask for the text's own sentences, and which sentences to quote."""

import re
from collections import Counter
from collections.abc import Collection

from .reading import Reading
from .sentences import affirmed_stems
from .summary import Limits, summarise
from .words import fold, readable

_SUMMARY = re.compile(
    r"\b(?:summary|summaries|summari[sz]e|synopsis|abstract|tldr|zusammenfassung|zusammenfassen|kurzfassung|resume|synthese|gist)\b"
)
_EVIDENCE = re.compile(
    r"\b(?:evidence|reasons?|reasoning|rationale|justifications?|explanation|quotes?|excerpts?|key ?points|highlights|begrundung(?:en)?|grunde?|belege?|zitate?|kernaussagen|raisons?|motifs?|preuves?|citations?|extraits?|points cles)\b"
)


def is_summary(name: str, description: str) -> bool:
    """The name says so; or, for a name that says nothing of the kind, the description's beginning."""
    return bool(_SUMMARY.search(fold(readable(name))) or _SUMMARY.search(fold(description)[:40]))


def is_evidence(name: str, description: str) -> bool:
    return bool(_EVIDENCE.search(fold(readable(name))) or _EVIDENCE.search(fold(description)[:40]))


def quotes(reading: Reading, cues: Collection[str], most: int) -> list[str]:
    """
    Return sentences of the text, at most `most`: those with most cue words, else those that a summary would choose.

    In the text's order; never empty for a text that is not.
    """
    said = [affirmed_stems(sentence) & set(cues) for sentence in reading.sentences]
    often = Counter(stem for stems in said for stem in stems)
    # A word that every sentence has ("vehicle") tells less than one that a single sentence has ("smoke").
    weights = [sum(1 / often[stem] for stem in stems) for stems in said]
    telling = [place for place in range(len(weights)) if weights[place]]
    if not telling:
        return summarise(reading.sentences, Limits(sentences=most))
    best = sorted(telling, key=lambda place: (-weights[place], place))[:most]
    return [reading.sentences[place] for place in sorted(best)]
