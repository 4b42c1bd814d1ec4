"""What is known of a capitalised word before its sentence is looked at: whether it can be part of a person's name."""

from collections.abc import Callable, Container, Iterable, Sequence
from functools import cache
from typing import Final

from . import lists, titles
from .wordset import WordSet

GIVEN: Final = 1
SURNAME: Final = 2
COMMON: Final = 4
"""A frequent name; one that is an everyday word too is believed beside another such name."""
WORD: Final = 8
"""An everyday word of English, German or French, whatever else it is."""
PLACE: Final = 16
"""A country or a large city, whatever else it is."""
TITLE: Final = 32
"""A name follows: Mr, Frau, Maître."""
ROLE: Final = 64
"""A name may follow: Zeuge, Richterin."""
STOP: Final = 128
"""Never part of a name: days, months, peoples, form words."""
TAIL: Final = 256
"""Makes something else of the name before it: Street, GmbH, University."""
PARTICLE: Final = 512
"""Between the parts of a name: van, de la, al."""
SPOKEN: Final = 1024
"""Seen in capitals only (MÜLLER), so it says less."""
ENDING: Final = 2048
"""Ends as family names of some language do: -sson, -ović, -shvili."""
UNKNOWN: Final = 4096
"""In no list; letters only."""
INITIAL: Final = 8192
GENITIVE: Final = 16384
"""Its last letter is a genitive's s: Müllers."""
NAME: Final = GIVEN | SURNAME | ENDING

PART_MIN: Final = 4
"""Letters of each part of a compound."""


class Lexicon:
    """
    The kinds of known words, as bits.

    Its lists take 35 MB of memory and a tenth of a second to load, once in a process (`lexicon()`).
    """

    def __init__(
        self,
        given: Iterable[str],
        surnames: Iterable[str],
        places: Iterable[str],
        words: Iterable[str],
        *,
        heard: Sequence[Container[str]],
    ) -> None:
        self.kinds = kinds = _Kinds(self._unlisted)
        for lines, kind in ((given, GIVEN), (surnames, SURNAME)):
            for line in lines:
                name, _, marks = line.partition(" ")
                kinds[name] = kinds.get(name, 0) | kind | (_BY_MARKS[marks] if marks else 0)
        for word in words:
            if len(word) > 1:
                kinds.setdefault(word.capitalize(), WORD)
        self.places = frozenset(places)
        self._heard = heard
        for place in self.places:
            kinds.setdefault(place, PLACE)
        for kind, listed in (
            (TITLE, titles.TITLES),
            (ROLE, titles.ROLES),
            (TAIL, titles.TAILS),
            (STOP, titles.STOPS | titles.SOFTWARE),
        ):
            for word in listed:
                kinds[word] = kind
        for word in titles.THINGS_TOO:
            kinds[word] = kinds.get(word, 0) | WORD
        for word in titles.TAILS_AND_NAMES:
            kinds[word] = TAIL | SURNAME | COMMON | WORD
        for word in titles.PARTICLES:
            kinds[word] = PARTICLE
        self._endings = titles.ENDINGS
        self._last_letters = frozenset(ending[-2:] for ending in titles.ENDINGS)
        self.spoken = frozenset(word.lower() for word, kind in kinds.items() if kind == TITLE or _is_sure_given(kind))
        """What may begin a name in a text without capitals."""

    def is_heard(self, word: str, *, compounds: bool = False) -> bool:
        """
        Whether English, German or French have the word.

        Args:
            compounds: whether two words of German written as one count as well.
        """
        low = word.lower()
        if self._is_in_dictionary(low) or (low[-1] == "s" and self._is_in_dictionary(low[:-1])):
            return True
        return compounds and any(
            self._is_in_dictionary(low[at:]) and self._is_head(low[:at])
            for at in range(PART_MIN, len(low) - PART_MIN + 1)
        )

    def is_english(self, word: str) -> bool:
        low = word.lower()
        return low in self._heard[0] or (low[-1] == "s" and low[:-1] in self._heard[0])

    def _is_in_dictionary(self, low: str) -> bool:
        return any(low in words for words in self._heard)

    def _is_head(self, low: str) -> bool:
        return self._is_in_dictionary(low) or (
            low[-1] in "sn" and len(low) > PART_MIN and self._is_in_dictionary(low[:-1])
        )

    def of(self, words: Sequence[str], *, german: bool = False) -> list[int]:
        """Return the kinds of capitalised words."""
        kinds = list(map(self.kinds.__getitem__, words))
        if not german:
            return [UNKNOWN if kind & GENITIVE else kind for kind in kinds]
        return [
            self._in_german(word, kind) if kind & (ENDING | GIVEN) else kind
            for word, kind in zip(words, kinds, strict=True)
        ]

    def _in_german(self, word: str, kind: int) -> int:
        if kind == ENDING and word[-3:] == "sen":
            return UNKNOWN  # Zinsen, Börsen: as frequent in German as Jensen is in Danish
        if kind & GIVEN and word[-1] == "s" and not kind & COMMON:
            return self._genitive(word) or kind
        return kind

    def _genitive(self, word: str) -> int:
        """Return what Petras is if it is Petra's: a name too, but a rarer one."""
        base = self.kinds.get(word[:-1], 0)
        return base | GENITIVE if base & GIVEN and base & COMMON else 0

    def _unlisted(self, word: str) -> int:
        if not word.isalpha():
            return self._compound(word)
        last = word[-1]
        if word[-2:] in self._last_letters and (
            word[-4:] in self._endings or word[-3:] in self._endings or word[-2:] in self._endings
        ):
            return ENDING if len(word) > 4 and not word.isupper() else 0
        if last == "s":
            base = self.kinds.get(word[:-1], 0)
            return base | GENITIVE if base & NAME else UNKNOWN
        if last.isupper():
            return self._spoken(word) if len(word) > 1 else INITIAL
        return UNKNOWN

    def _spoken(self, word: str) -> int:
        kind = self.kinds.get(word.capitalize(), 0) if len(word) > 2 else 0
        return kind | SPOKEN if kind & (NAME | TITLE) else 0

    def _compound(self, word: str) -> int:
        """Return the kind of O'Brien, John's, Jean-Pierre."""
        if word.endswith(("'s", "’s", "'", "’")):
            stem = word.rstrip("s").rstrip("'’")
            return self.kinds.get(stem) or self._unlisted(stem) if stem else 0
        if word[0] == "O" and word[1] in "'’" and word[2:3].isupper():
            return ENDING
        if word[0] == "D" and word[1] in "'’":
            return self.kinds.get(word[2:], 0)
        parts = word.split("-")
        kinds = [self.kinds.get(part, UNKNOWN if part.istitle() and part.isalpha() else 0) for part in parts]
        if len(parts) < 2 or not all(kind & (NAME | UNKNOWN) for kind in kinds):
            return 0
        return UNKNOWN if any(kind & UNKNOWN for kind in kinds) else min(kinds) | kinds[0]


class _Kinds(dict[str, int]):
    """Kinds by word; what a word in no list is, is worked out when it is asked for, and not kept."""

    def __init__(self, unlisted: Callable[[str], int]) -> None:
        self._unlisted = unlisted

    def __missing__(self, word: str) -> int:
        return self._unlisted(word)


def _is_sure_given(kind: int) -> bool:
    return bool(kind & GIVEN) and not kind & (WORD | PLACE | STOP)


@cache
def lexicon() -> Lexicon:
    """Return what ships with the package, loaded at the first call."""
    words = (lists.read(name) for name in ("given_names", "surnames", "places", "words"))
    return Lexicon(*words, heard=dictionaries())


def dictionaries() -> tuple[WordSet, ...]:
    """Return the words of English, German and French, in small letters."""
    return tuple(WordSet(lists.read_bits(language)) for language in ("english", "german", "french"))


_BY_MARKS = {
    "c": COMMON,
    "w": WORD,
    "p": PLACE,
    "cw": COMMON | WORD,
    "cp": COMMON | PLACE,
    "wp": WORD | PLACE,
    "cwp": COMMON | WORD | PLACE,
}
