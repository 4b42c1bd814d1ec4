"""Mode 1: choose one label for a text, from what the labels mean and from examples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .choices import Choice
from .decide import decide, is_decision_list
from .reading import Reading
from .sentences import affirmed_stems
from .shots import Shot
from .words import readable

PROTOTYPE_WEIGHT = 2.0
"""A label's own words count as two examples. Chosen on one half of the labels of three public sets (docs/inhouse.md)."""

CUE_WEIGHT = 0.02
"""What one cue word adds. The vectors of related texts differ by 0.02 to 0.1, so a cue decides close calls only."""

MAX_CUES = 3
"""More cue words than this prove no more."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The label with the best score; `cues` are the stems of its description that the text affirms, for evidence."""

    label: str
    score: float
    margin: float
    cues: frozenset[str]


def choose(reading: Reading, choices: Sequence[Choice], shots: Sequence[Shot]) -> Chosen:
    """
    Return the best label; of a decision list (`decide.py`) the one that it says.

    A label's vector is the middle of its examples and its own words (`PROTOTYPE_WEIGHT`); its score is the cosine with
    the text's, and `CUE_WEIGHT` for each word that only this label's description has and that the text affirms.
    Equal scores: the label that was listed first. `shots` whose answer is not one of the labels are ignored.
    """
    if is_decision_list(choices):
        label, cues_found = decide(reading, choices)
        return Chosen(label, 1.0, 1.0, cues_found)
    found = [cues & reading.affirmed_stems for cues in _cues(choices)]
    scores = [
        reading.similarity(_texts_of(choice, shots)) + CUE_WEIGHT * min(len(cues), MAX_CUES)
        for choice, cues in zip(choices, found, strict=True)
    ]
    best = max(range(len(scores)), key=lambda index: scores[index])
    rest = [score for index, score in enumerate(scores) if index != best]
    return Chosen(choices[best].label, scores[best], scores[best] - max(rest, default=0.0), frozenset(found[best]))


def _texts_of(choice: Choice, shots: Sequence[Shot]) -> list[tuple[str, float]]:
    """Return the texts that stand for a label, with their weights."""
    own = [readable(choice.label), *choice.descriptions]
    wanted = choice.label.casefold()
    examples = [shot.text for shot in shots if shot.answer.strip(" .\"'`").casefold() == wanted]
    return [(text, PROTOTYPE_WEIGHT / len(own)) for text in own] + [(text, 1.0) for text in examples]


def _cues(choices: Sequence[Choice]) -> list[set[str]]:
    """Return the stems that only this label's description has, and does not deny; a name alone gives none."""
    said = [affirmed_stems(". ".join(choice.descriptions)) for choice in choices]
    often = Counter(one for stems in said for one in stems)
    return [{one for one in stems if often[one] == 1} for stems in said]
