"""What one language contributes to reading for harm: cues, and what takes a cue's meaning away. Data with one compiler."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """What a clause tells of. The values are the names of the rules in a result's reasons."""

    KILLED = "person_killed"
    BURNT = "person_burnt"
    HIT = "person_hit"
    HURT = "person_hurt"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class Cue:
    """
    A pattern that tells of harm unless something in its clause takes that away.

    Args:
        needs: the sentence must also match this (`hit me` tells of a person only with `crossing on foot`).
        unless: the sentence must not match this.
        certain: it holds its own negation (`did not survive`), so a negator does not undo it.
    """

    harm: Harm
    pattern: re.Pattern[str]
    needs: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Veil:
    """
    Words that take the meaning away from a cue after them: a negator, a conditional, a near miss, another's report.

    Args:
        opens: the words themselves.
        ends: between them and the cue this ends their reach.
        negates: a cue marked certain survives it.
    """

    opens: re.Pattern[str]
    ends: re.Pattern[str]
    negates: bool


@dataclass(frozen=True, slots=True)
class Words:
    """
    One language.

    Args:
        common: function words by which the language is known.
        blanks: phrases that look like harm and are none (`dead battery`), taken out before anything is read.
        breaks: words that always start a new clause.
        joints: a comma or `and` before a new subject; starts a new clause if there is a verb on both sides.
        verb: what counts as a verb there.
        definite: right before a single-word cue, it takes the harm for granted (`my injured wife`): nothing negates it.
        undone_after: right after a cue, takes its meaning away (`injuries: none`).
    """

    name: str
    common: frozenset[str]
    blanks: tuple[re.Pattern[str], ...]
    breaks: re.Pattern[str]
    joints: re.Pattern[str]
    verb: re.Pattern[str]
    definite: re.Pattern[str]
    veils: tuple[Veil, ...]
    undone_after: re.Pattern[str]
    cues: tuple[Cue, ...]


def plain(text: str) -> str:
    """Return text in one spelling: lower case, no accents, straight apostrophes, single blanks."""
    return plain_with_places(text)[0]


def plain_with_places(text: str) -> tuple[str, list[int]]:
    """Return the text in one spelling, and for each of its characters the place it has in the text as written."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in _fold(_SIGNS.get(character, character)):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                places.append(place)
    return "".join(letters), places


_SIGNS = {"’": "'", "‘": "'", "´": "'", "`": "'", "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "–": "-", "—": "-"} | {
    letter: base + "e" for letters, base in (("äÄ", "a"), ("öÖ", "o"), ("üÜ", "u")) for letter in letters
}
"""An umlaut is written out (`würde` is not `wurde`), as people type it who have no such key."""


def _fold(character: str) -> str:
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def compiler(macros: Mapping[str, str]) -> Callable[[str], re.Pattern[str]]:
    """
    Return a function that compiles a pattern written in natural spelling.

    `<name>` stands for a macro; macros may use those before them. Letters match in any
    spelling that `plain` makes equal.
    """
    known: dict[str, str] = {}

    def written(pattern: str) -> str:
        for name, value in known.items():
            pattern = pattern.replace(f"<{name}>", value)
        return pattern

    for name, value in macros.items():
        known[name] = f"(?:{written(value)})"

    def compile_pattern(pattern: str) -> re.Pattern[str]:
        return re.compile(_folded(written(pattern)))

    return compile_pattern


def _folded(pattern: str) -> str:
    """Fold a pattern's letters as `plain` folds text. Patterns hold no escape in capitals, which this would change."""
    return "".join(_fold(_SIGNS.get(c, c)) for c in pattern)


def any_of(patterns: Iterable[str]) -> str:
    """Join alternatives, each bounded by word edges."""
    return r"\b(?:" + "|".join(patterns) + r")\b"


def word_set(words: str) -> frozenset[str]:
    """Return words that are written with blanks between them."""
    return frozenset(plain(words).split())
