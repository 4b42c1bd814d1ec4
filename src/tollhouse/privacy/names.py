"""
Which capitalised words of a text are names of persons: what the lists know of each is weighed with its neighbours.

`recognisers/person.py` asks here. Words are looked at only if they are known as names or titles, or stand beside a cue.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from .lexicon import (
    COMMON,
    ENDING,
    GENITIVE,
    GIVEN,
    INITIAL,
    NAME,
    PARTICLE,
    PLACE,
    ROLE,
    SPOKEN,
    STOP,
    SURNAME,
    TAIL,
    TITLE,
    UNKNOWN,
    WORD,
    Lexicon,
)
from .tables import phrases, words
from .titles import AFTER, CLOSINGS, COURT, CUES, PARTICLES_BETWEEN

PARTS_MAX: Final = 6
"""Words in one name. Longer rows of capitalised words are headings."""
TITLES_MAX: Final = 4
"""Titles in a row: Herr Rechtsanwalt Prof. Dr."""
CUE_MAX: Final = 26
"""Characters looked at before and after a word for a cue."""

SURE, LIKELY, POSSIBLE = 0.9, 0.7, 0.6


class Name(NamedTuple):
    """Words of a row, from the first to the last, that are a name."""

    first: int
    last: int
    score: float


class Row:
    """
    The capitalised words of a text, in order, with what is known of each.

    Args:
        cased: whether the capitals are the writer's own.
    """

    def __init__(
        self,
        text: str,
        matches: Sequence[re.Match[str]],
        known: Lexicon,
        *,
        cased: bool = True,
    ) -> None:
        self._text = text
        self._matches = matches
        self._words = [match[0] for match in matches]
        self._german = _is_german(text)
        self._cased = cased
        self._known = known
        self._kinds = known.of(self._words, german=self._german)
        self._starts = [match.start() for match in matches]

    def spans(self) -> Iterator[tuple[int, int, float]]:
        """Yield where each name starts and ends, and how sure it is one."""
        names = list(self._evident())
        if names:
            names += self._alike(names)
        for name in names:
            if self._is_prose(name):
                yield self._starts[name.first], self._end(name.last), name.score

    def _evident(self) -> Iterator[Name]:
        kinds = self._kinds
        done = 0
        for index in self._candidates():
            if index < done:
                continue
            kind = kinds[index]
            if kind & (TITLE | ROLE):
                name = self._after_title(index)
            elif kind == WORD:
                name = self._related(index)
            elif kind & NAME:
                name = self._pair(index) or self._around(index, done)
            else:
                name = self._unknown(index)
            if name is not None:
                done = name.last + 1
                yield name

    def _candidates(self) -> list[int]:
        """Return the words worth a closer look; of those in no list, or in several, only what stands beside a sign."""
        text, starts, kinds = self._text, self._starts, self._kinds
        found = []
        initials = {index for index, kind in enumerate(kinds) if kind & INITIAL}
        for index, kind in enumerate(kinds):
            if kind & _PLAIN or not kind & _SIGNS:
                if kind == WORD and not self._german and text[starts[index] - 5 : starts[index]] in _RELATION_TAILS:
                    found.append(index)
                continue
            if kind & _EVIDENT and not kind & (WORD | PLACE):
                found.append(index)
                continue
            start = starts[index]
            end = start + len(self._words[index])
            if (
                text[start - 5 : start] in _CUE_TAILS
                or text[start - 3 : start] in _SHORT_CUE_TAILS
                or text[end : end + 3] in _AFTER_HEADS
                or (kind & UNKNOWN and (index - 1 in initials or index + 1 in initials))
                or (kind & NAME and self._has_neighbour(index, end))
                or (kind & UNKNOWN and not self._german)
                or (kind & GIVEN and text[end : end + 1] in _CALLED)
                or (kind & NAME and self._words[index].endswith(("'s", "’s")))
            ):
                found.append(index)
        return found

    def _has_neighbour(self, index: int, end: int) -> bool:
        """Whether another capitalised word or an initial stands beside."""
        starts = self._starts
        return (index + 1 < len(starts) and starts[index + 1] <= end + 9) or (
            index > 0 and self._gap(index - 1) in (" ", ". ")
        )

    def _alike(self, names: Sequence[Name]) -> Iterator[Name]:
        """
        Yield what is no evident name by itself, but is treated like one: enumerated with one ("Lamovec, White and
        Morales"), a part of one seen elsewhere, or a speaker's label where other labels are names.
        """
        taken = {index for name in names for index in range(name.first, name.last + 1)}
        for name in names:
            for next_, step in ((name.first - 1, -1), (name.last + 1, 1)):
                index = next_
                while 0 <= index < len(self._kinds) and index not in taken and self._is_listed(index, step):
                    taken.add(index)
                    yield Name(index, index, POSSIBLE)
                    index += step
        parts = {
            self._words[index] for name in names if name.last > name.first for index in range(name.first, name.last + 1)
        }
        speakers = any(self._is_label(name.last) for name in names)
        for index, word in enumerate(self._words):
            kind = self._kinds[index]
            if index in taken or not kind & (NAME | UNKNOWN) or kind & STOP or len(word) < 3:
                continue
            if (word in parts and not kind & WORD) or (speakers and self._is_label(index)):
                yield Name(index, index, POSSIBLE)

    def _is_listed(self, index: int, step: int) -> bool:
        left = index if step < 0 else index - 1
        kind = self._kinds[index]
        return bool(kind & (NAME | UNKNOWN)) and not kind & (STOP | SPOKEN) and self._gap(left) in _ENUMERATION

    def _is_label(self, index: int) -> bool:
        end = self._matches[index].end()
        return self._text[end : end + 1] == ":" and self._text[self._starts[index] - 1 : self._starts[index]] in (
            "",
            "\n",
        )

    def _after_title(self, index: int) -> Name | None:
        """Return the words after a title; after a role only if nothing says that they are no name."""
        first = index + 1
        while first < min(index + TITLES_MAX, len(self._kinds)) and self._kinds[first] & (TITLE | ROLE):
            if not self._joins(first - 1):
                return None
            first += 1
        if first >= len(self._kinds) or not self._joins(first - 1):
            return None
        kind, title = self._kinds[first], self._kinds[first - 1]
        if kind & (STOP | TAIL) or not (self._is_title(title, kind) or self._is_after_role(first)):
            return None
        last = self._extended(first)
        return None if title & ROLE and self._is_tail(last) else Name(first, last, SURE)

    def _is_title(self, title: int, kind: int) -> bool:
        """Whether the first kind of word announces the second; German and caseless text may have any word there."""
        noun = kind & WORD and not kind & NAME and (self._german or not self._cased)
        return bool(title & TITLE) and not noun

    def _is_after_role(self, first: int) -> bool:
        believed = NAME | INITIAL | PARTICLE
        if not self._german or self._words[first - 1] in COURT:
            believed |= UNKNOWN
        return bool(self._kinds[first] & believed) and not self._has_particle(first - 1)

    def _related(self, index: int) -> Name | None:
        """Return an everyday word with a capital, where English has one only in a name: "my daughter Faith"."""
        start = self._starts[index]
        before = " ".join(self._text[max(0, start - CUE_MAX) : start].lower().split()[-2:])
        related = before in CUES and before.startswith(("my ", "his ", "her ")) and self._cased
        return Name(index, index, POSSIBLE) if related else None

    def _pair(self, index: int) -> Name | None:
        """Return the first of two frequent family names that do something together: "Park and Mann were"."""
        if index + 1 >= len(self._kinds) or self._kinds[index] & _FREQUENT != _FREQUENT or self._gap(index) != " and ":
            return None
        end = self._matches[index + 1].end()
        both = self._kinds[index + 1] & _FREQUENT == _FREQUENT and self._text[end : end + 5] in _PLURAL
        return (
            Name(index, index, POSSIBLE) if both and not (self._kinds[index] | self._kinds[index + 1]) & STOP else None
        )

    def _around(self, index: int, floor: int) -> Name | None:
        """Return the name that the known word is a part of."""
        first = index
        while first > floor and index - first < 3 and self._joins(first - 1) and self._may_precede(first - 1):
            first -= 1
        last = self._extended(index)
        if self._is_tail(last):
            return None
        parts = [kind for kind in self._kinds[first : last + 1] if not kind & (INITIAL | PARTICLE)]
        if len(parts) > 1 and parts[0] & WORD and not parts[0] & COMMON and parts[1] & GIVEN and is_sure(parts[1]):
            first += 1  # a word that opens the sentence: "Ask Sean"
            parts = parts[1:]
        if not self._cased and len(parts) == 2:
            return Name(first, last, SURE) if is_spoken(*parts) else None
        if len(parts) == 1:
            return self._alone(first, last, parts[0])
        score = score_of(parts, initial=len(parts) <= last - first)
        return Name(first, last, score) if score and not self._is_at(first, parts) else None

    def _alone(self, first: int, last: int, kind: int) -> Name | None:
        """Judge one known word, perhaps with initials."""
        if not self._cased:
            return (
                Name(first, last, SURE) if is_sure(kind) and kind & GIVEN and self._score_by_cue(first, last) else None
            )
        if kind & GIVEN and kind & COMMON and self._ends_line(last + 1):
            return Name(first, last + 1, POSSIBLE)  # "Rebecca Hides"
        score = score_of([kind], initial=first < last)
        if not score:
            score = 0 if kind & PLACE and not kind & COMMON else self._score_by_cue(first, last)
        elif self._is_at(first, [kind]) or (not self._german and self._in_heading(last)):
            score = 0
        return Name(first, last, score) if score else None

    def _ends_line(self, index: int) -> bool:
        """Whether a word follows as a family name would, at the end of a line."""
        if (
            index >= len(self._kinds)
            or self._kinds[index] & (STOP | TAIL | TITLE | ROLE | PLACE)
            or self._gap(index - 1) != " "
        ):
            return False
        end = self._matches[index].end()
        return self._text[end : end + 1] in ("", "\n")

    def _is_at(self, first: int, parts: Sequence[int]) -> bool:
        """Whether a family name alone stands for a house: "at Jones", "bei Siemens"."""
        start = self._starts[first]
        place = self._text[max(0, start - 6) : start].lower().endswith((" at ", " bei ", " chez ", "k for "))
        return place and not any(kind & GIVEN and kind & COMMON for kind in parts)

    def _unknown(self, index: int) -> Name | None:
        """Return a name in no list: with initials, beside a cue, or in letters that the text's language has not."""
        if index > 1 and self._kinds[index - 1] & self._kinds[index - 2] & INITIAL and self._joins(index - 1):
            first = index - 1
            while index - first < PARTS_MAX and first and self._kinds[first - 1] & INITIAL and self._joins(first - 1):
                first -= 1
            return Name(first, self._extended(index), POSSIBLE)
        with_initial = index + 2 < len(self._kinds) and self._kinds[index + 1] & INITIAL
        if not with_initial and self._german and not self._score_by_cue(index, index):
            return None
        last = self._extended(index)
        if (with_initial and last > index + 1) or self._score_by_cue(index, index) or self._is_foreign(index, last):
            return None if self._is_tail(last) else Name(index, last, POSSIBLE)
        if (
            self._german
            or not self._cased
            or self._is_tail(last)
            or not all(map(self._is_unheard, range(index, last + 1)))
        ):
            return None
        written = self._is_english or (last > index and self._is_line(index, last))
        return Name(index, last, POSSIBLE) if written and self._acts(index, last) else None

    def _is_line(self, first: int, last: int) -> bool:
        start, end = self._starts[first], self._matches[last].end()
        return self._text[max(0, start - 2) : start] in ("", "> ", "\n\n") and self._text[end : end + 1] in ("", "\n")

    def _is_unheard(self, index: int) -> bool:
        """Whether a word is spelled as names are, and none of English."""
        bare = self._words[index].removesuffix("'s").removesuffix("’s")
        spelled = 4 <= len(bare) <= 12 and bare.isalpha() and bare[1:].islower()
        return spelled and bool(self._kinds[index] & (UNKNOWN | NAME)) and bare.lower() not in self._known.english

    def _acts(self, first: int, last: int) -> bool:
        """Whether an English sentence does with the words what it does with a person."""
        start, end = self._starts[first], self._matches[last].end()
        if last + 1 < len(self._starts) and self._starts[last + 1] == end + 1 and self._text[end] == " ":
            return False
        before = f" {self._text[max(0, start - 10) : start].lower()}"
        if before.endswith(_NO_PERSONS if last == first else _LOCATIVES):
            return False
        return last > first or self._words[last].endswith(("'s", "’s")) or self._text[end : end + 6].startswith(_ACTS)

    @cached_property
    def _is_english(self) -> bool:
        # Looked for once: the whole text for each unlisted word would be quadratic.
        return any(word in self._text for word in (" the ", " is ", " and ", " my ", " was ", " you ", " to "))

    def _is_foreign(self, first: int, last: int) -> bool:
        """Whether letters say that the words are from another language, and nothing that they are a place."""
        row = self._words[first : last + 1]
        if self._german or all(_FOREIGN.isdisjoint(word) for word in row) or any(word.isupper() for word in row):
            return False
        start = self._starts[first]
        before = self._text[max(0, start - 10) : start].lower()
        return not before.endswith(_LOCATIVES) and not any(
            kind & (PLACE | WORD) for kind in self._kinds[first : last + 1]
        )

    def _extended(self, index: int) -> int:
        """Return the last word of the name that goes on from this one."""
        last = index
        for next_ in range(index + 1, min(index + PARTS_MAX, len(self._kinds))):
            if not self._joins(next_ - 1):
                break
            kind = self._kinds[next_]
            if kind & (STOP | TITLE) or (kind & TAIL and not kind & NAME):
                break
            if kind & (NAME | UNKNOWN) or self._has_particle(next_ - 1):
                last = next_
            elif not kind & (INITIAL | PARTICLE):
                break
        return last

    def _may_precede(self, index: int) -> bool:
        kind = self._kinds[index]
        if kind & INITIAL:
            return self._text[self._matches[index].end()] == "."
        if kind == PLACE:
            return not self._german and bool(self._kinds[index + 1] & SURNAME)
        return (
            bool(kind & (UNKNOWN | NAME))
            and not kind & (STOP | TITLE | TAIL | SPOKEN)
            and len(self._words[index]) <= 10
        )

    def _gap(self, index: int) -> str:
        return self._text[self._matches[index].end() : self._starts[index + 1]]

    def _joins(self, index: int) -> bool:
        """Whether nothing stands between this word and the next but what may stand inside a name."""
        gap = self._gap(index)
        if gap == " ":
            return not self._words[index].endswith(("'s", "’s"))
        if gap in (". ", "."):
            return bool(self._kinds[index] & (INITIAL | TITLE | ROLE))
        return gap in PARTICLES_BETWEEN

    def _has_particle(self, index: int) -> bool:
        gap = self._gap(index)
        return len(gap) > 2 and gap in PARTICLES_BETWEEN

    def _is_tail(self, last: int) -> bool:
        return (
            last + 1 < len(self._kinds) and bool(self._kinds[last + 1] & TAIL) and self._gap(last) in (" ", ", ", " & ")
        )

    def _in_heading(self, last: int) -> bool:
        """Whether another capitalised word follows, where English writes capitals only in names of things."""
        return last + 1 < len(self._kinds) and bool(self._kinds[last + 1] & (WORD | UNKNOWN)) and self._joins(last)

    def _score_by_cue(self, first: int, last: int) -> float:
        end = self._end(last)
        if self._is_announced(self._starts[first]):
            return LIKELY
        if self._text[end : end + CUE_MAX].startswith(AFTER):
            return POSSIBLE
        if self._kinds[first] & GIVEN and self._is_called(first, end):
            return POSSIBLE
        return POSSIBLE if self._kinds[first] & GIVEN and self._is_label(last) else 0

    def _is_called(self, first: int, end: int) -> bool:
        """Whether a sentence calls the name: "Remember me, Destiny?"."""
        start = self._starts[first]
        return self._text[start - 2 : start] == ", " and self._text[end : end + 1] in ("?", "!")

    def _is_announced(self, start: int) -> bool:
        before = self._text[max(0, start - CUE_MAX) : start].lower()
        last = before.rstrip().rpartition(" ")[2].rpartition("\n")[2]
        if before[-1:] == "\n":
            return last.rstrip(",!.") in CLOSINGS
        return last in CUES or " ".join(before.split()[-2:]) in CUES

    def _is_prose(self, name: Name) -> bool:
        """Whether it does not stand in an address of the web, a file name or the like."""
        start, end = self._starts[name.first], self._matches[name.last].end()
        before, after = self._text[start - 1 : start], self._text[end : end + 2]
        return before not in _GLUE and after[:1] not in ("@", "_") and not (after[:1] == "." and after[1:].isalnum())

    def _end(self, last: int) -> int:
        end, word = self._matches[last].end(), self._words[last]
        if word.endswith(("'s", "’s")):
            return end - 2
        if self._kinds[last] & INITIAL and self._text[end : end + 1] == ".":
            return end + 1
        return end - 1 if self._kinds[last] & GENITIVE or word.endswith(("'", "’")) else end


def score_of(parts: Sequence[int], *, initial: bool) -> float:
    """Return how sure a row of known and unknown words is a name, 0 if it is none."""
    if len(parts) == 1:
        return _score_of_one(parts[0], initial=initial)
    first, last = parts[0], parts[-1]
    if all(kind & SPOKEN for kind in parts) and not (is_sure(first) and parts[1] & SURNAME):
        return 0
    if last & TAIL and not parts[-2] & GIVEN:
        return 0
    if all(is_sure(kind) for kind in parts) and first & GIVEN and last & (SURNAME | ENDING):
        return SURE
    believed = any(is_sure(kind) for kind in parts) or (initial and first & GIVEN and last & SURNAME)
    common = first & GIVEN and first & COMMON and last & SURNAME and last & COMMON
    return LIKELY if believed else POSSIBLE if common else 0


def _score_of_one(kind: int, *, initial: bool) -> float:
    if kind & SPOKEN:
        return 0
    if initial and kind & (SURNAME | ENDING):
        return LIKELY
    return POSSIBLE if is_sure(kind) else 0


def is_spoken(given: int, family: int) -> bool:
    """Whether two words without capitals are a name: the first surely, and nothing speaks against the second."""
    if not (is_sure(given) and given & GIVEN):
        return False
    return is_sure(family) or bool(family & SURNAME and family & COMMON) or (family & UNKNOWN and given & COMMON) != 0


def is_sure(kind: int) -> bool:
    """Whether a word is known as a name and as nothing else."""
    return bool(kind & NAME) and not kind & (WORD | PLACE | STOP | TAIL)


def _is_german(text: str) -> bool:
    return " der " in text or " die " in text or " und " in text or " das " in text or " ist " in text


_EVIDENT = NAME | TITLE | ROLE
_SIGNS = _EVIDENT | UNKNOWN
_PLAIN = STOP | INITIAL
_ENUMERATION = phrases(", | and | und | et |, and | or | oder | ou | to | & ")
_GLUE = frozenset("@/\\_#=.&")
_FOREIGN = frozenset("šžčćđłńśźżőűðþřěůňťďąęışğățșøåæñãõíóúáýāēīūķļņģŠŽČĆĐŁŃŚŹŻŐŰÐÞŘŤĎŞĞŢȚȘØÅÆÑÍÓÚÁÝĀĒĪŪ")
"""Letters that neither English nor German nor French has."""
_LOCATIVES = tuple(f"{word} " for word in words("in at from near to of around via for the a an our your their"))
_ACTS = tuple(phrases(" is | was| has | had | will| can | who |, | and |?|.|!| live| work| call| said|: "))
"""How a sentence goes on behind the name of a person."""
_NO_PERSONS = tuple(
    f" {word} "
    for word in words(
        """
        in at from near of around via for with the a an our your their its this that to on as my his her per using through under
        into or either
        """
    )
)
"""What seldom stands before the name of a person, and often before that of a place, a house or a thing."""
_CUE_TAILS = frozenset(
    tail + end
    for cue in CUES | CLOSINGS | {f"{closing}," for closing in CLOSINGS}
    for tail in {f" {cue}"[-4:], f" {cue.title()}"[-4:], cue.capitalize()[-4:]}
    for end in " \n"
) - {"cher "}
"""The last letters before a name that is announced: a quick look, before the whole cue is compared. German has many words
on -cher; a letter begins with `Cher`."""
_RELATION_TAILS = frozenset(f"{cue[-4:]} " for cue in CUES if cue.startswith(("my ", "his ", "her ")))
_CALLED = frozenset("?!:")
_FREQUENT = SURNAME | COMMON
_PLURAL = frozenset((" were", " are ", " have", " met ", " said", " both"))
_SHORT_CUE_TAILS = frozenset(f"{cue} " for cue in ("hi", "Hi", "HI", "né"))
_AFTER_HEADS = frozenset(after[:3] for after in AFTER)
