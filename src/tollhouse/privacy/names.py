"""
Which capitalised words of a text are names of persons: what the lists know of each is weighed with its neighbours.

`recognisers/person.py` asks here. Words are looked at only if they are known as names or titles, or stand beside a cue.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .layout import is_above_address, is_labelled, is_signature
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
from .reading import Whole
from .signs import (
    ACT_HEADS,
    ACTS,
    ACTS_IN_GERMAN,
    ARTICLES,
    BULLET,
    CALLED,
    CUE_TAILS,
    ENUMERATION,
    FOREIGN,
    GLUE,
    INNER_QUOTE,
    LAYOUT,
    LOCATIVES,
    NO_MARKS,
    NO_PERSONS,
    NOT_CHOSEN,
    OPENING_MARKS,
    PLURAL,
    RELATION_TAILS,
    SPEECH,
    TOWARDS,
    WHITHER,
)
from .titles import COURT, CUES, HUMAN_ACTS, PARTICLES_BETWEEN, PERSONS

PARTS_MAX: Final = 6
"""Words in one name. Longer rows of capitalised words are headings."""
TITLES_MAX: Final = 4
"""Titles in a row: Herr Rechtsanwalt Prof. Dr."""
NAME_PARTS_MAX: Final = 10_000
"""Parts of names remembered while one text is read; a longer list of names says enough by itself."""
UNHEARD_MAX: Final = 17
"""Letters of a name that no list knows: Featherstonehaugh."""
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
        whole: what is known of the text that this one may be a piece of.
        cased: whether the capitals are the writer's own.
    """

    def __init__(
        self,
        text: str,
        matches: Sequence[re.Match[str]],
        known: Lexicon,
        whole: Whole,
        *,
        cased: bool = True,
    ) -> None:
        self._text = text
        self._matches = matches
        self._words = [match[0] for match in matches]
        self._german = whole.is_german
        self._whole = whole
        self._cased = cased
        self._known = known
        self._kinds = known.of(self._words, german=self._german)
        self._starts = [match.start() for match in matches]

    def spans(self) -> Iterator[tuple[int, int, float]]:
        """Yield where each name starts and ends, and how sure it is one."""
        names = list(self._evident())
        if names or self._whole.name_parts:
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
        text, starts, words, kinds, german = self._text, self._starts, self._words, self._kinds, self._german
        found = []
        for index, (kind, start, next_start) in enumerate(zip(kinds, starts, [*starts[1:], -1], strict=False)):
            if kind == UNKNOWN and german:  # the most frequent kind by far where every noun has a capital
                end = start + len(words[index])
                if (
                    next_start == end + 1
                    or text[start - 6 : start] in CUE_TAILS
                    or text[start - 2 : start] in LAYOUT
                    or (text[end : end + 5] in ACT_HEADS and text[start - 4 : start] not in ARTICLES)
                    or start < 7
                    or kinds[index - 1] & INITIAL
                ):
                    found.append(index)
            elif kind & (TITLE | ROLE):
                end = start + len(words[index])
                if next_start <= end + 2 or text[end:next_start] in PARTICLES_BETWEEN:
                    found.append(index)
            elif kind & _PLAIN or not kind & _SIGNS:
                if kind == WORD and not german and text[start - 5 : start] in RELATION_TAILS:
                    found.append(index)
            elif not kind & (WORD | PLACE) or not german or self._has_sign(index, kind):
                found.append(index)
        return found

    def _has_sign(self, index: int, kind: int) -> bool:
        """Whether anything near a name that is a word or a town too may make a name of it here."""
        text, start, word = self._text, self._starts[index], self._words[index]
        end = start + len(word)
        return (
            start < 7
            or text[start - 6 : start] in CUE_TAILS
            or text[start - 2 : start] in LAYOUT
            or text[end : end + 5] in ACT_HEADS
            or self._has_neighbour(index, end)
            or (bool(kind & GIVEN) and text[end : end + 1] in CALLED)
            or word.endswith(("'s", "’s"))
        )

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
                    far = self._extended(index) if step > 0 else self._begun(index)
                    taken.update(range(min(index, far), max(index, far) + 1))
                    yield Name(min(index, far), max(index, far), POSSIBLE)
                    index = far + step
        parts = self._whole.name_parts
        if len(parts) < NAME_PARTS_MAX:
            parts.update(
                self._words[index]
                for name in names
                if name.last > name.first
                for index in range(name.first, name.last + 1)
            )
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
        if not kind & (NAME | UNKNOWN) or kind & (STOP | SPOKEN):
            return False
        gap = self._gap(left)
        if gap not in ENUMERATION and not (gap[:1] == "\n" and BULLET.fullmatch(gap)):
            return False
        end = self._matches[index].end()
        numbered = self._text[end : end + 1] == " " and self._text[end + 1 : end + 2].isdigit()  # "Zimmer 12"
        plain = gap != ", " and not self._german  # English has no capital there but in a name
        return not numbered and (plain or bool(kind & NAME) or not self._known.is_heard(self._words[index]))

    def _begun(self, index: int) -> int:
        """Return the first word of the name that ends with this one."""
        first = index
        while first and index - first < 3 and self._joins(first - 1) and self._may_precede(first - 1):
            first -= 1
        return first

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
        both = self._kinds[index + 1] & _FREQUENT == _FREQUENT and self._text[end : end + 5] in PLURAL
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
        if not score and (first == 0 or first >= floor):
            score = self._score_by_cue(first, last) if all(kind & (NAME | UNKNOWN) for kind in parts) else 0
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
            score = score or (LIKELY if kind & PLACE and self._is_form(first) else 0)
            score = score or (POSSIBLE if self._is_chosen(first, last, kind) else 0)
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
        first, last = self._first_initial(index), self._extended(index, whole=self._is_form(index))
        if self._is_tail(last):
            return None
        if first < index - 1 or (first < index and self._is_unheard(index)):
            return Name(first, last, POSSIBLE)
        with_initial = last > index + 1 and bool(self._kinds[index + 1] & INITIAL)
        if with_initial or self._is_foreign(index, last):
            return Name(index, last, POSSIBLE)
        if self._score_by_cue(index, last):
            plain = self._known.is_heard(self._words[index], compounds=last == index and not self._whole.is_english)
            return (
                None if plain and not (self._whole.is_english and self._is_form(index)) else Name(index, last, POSSIBLE)
            )
        if not self._cased or not self._acts(index, last) or not self._is_unheard(index):
            return None
        return Name(index, last, POSSIBLE)

    def _first_initial(self, index: int) -> int:
        """Return where the initials before a word begin."""
        first = index
        while index - first < PARTS_MAX and first and self._kinds[first - 1] & INITIAL and self._joins(first - 1):
            if self._text[self._matches[first - 1].end()] != ".":
                break
            first -= 1
        return first

    def _is_unheard(self, index: int) -> bool:
        """Whether a word is spelled as names are, and no word of the three languages."""
        bare = self._words[index].removesuffix("'s").removesuffix("’s")
        if not 3 <= len(bare) <= UNHEARD_MAX or not self._kinds[index] & (UNKNOWN | NAME) or self._kinds[index] & WORD:
            return False
        parts = bare.split("-")
        return all(
            len(part) > 2
            and part.isalpha()
            and part[1:].islower()
            and not self._known.is_heard(part, compounds=self._german)
            for part in parts
        )

    def _acts(self, first: int, last: int) -> bool:
        """Whether a sentence does with the unheard words what it does with a person."""
        start, end = self._starts[first], self._matches[last].end()
        if last + 1 < len(self._starts) and self._starts[last + 1] == end + 1 and self._text[end] == " ":
            return False
        before = f" {self._text[max(0, start - 10) : start].lower()}"
        after = self._text[end : end + CUE_MAX]
        if last > first:
            heard = any(self._kinds[part] & WORD or not self._is_new(part) for part in range(first + 1, last + 1))
            return not heard and not before.rstrip(OPENING_MARKS).endswith(LOCATIVES)
        if len(self._words[first]) < 4 or before.endswith(NO_PERSONS):
            return False
        if after[:1] == "." and not before[-2:-1].isalpha():
            return False  # "18. Severability. If"
        if after.startswith(HUMAN_ACTS) or self._words[last].endswith(("'s", "’s")):
            return True
        return after.startswith(ACTS_IN_GERMAN) if self._german else self._whole.is_english and after.startswith(ACTS)

    def _is_new(self, index: int) -> bool:
        """Whether a word behind an unheard one is in no dictionary either."""
        word = self._words[index].removesuffix("'s").removesuffix("’s")
        kind = self._kinds[index]
        return bool(kind & (NAME | INITIAL | PARTICLE)) or not self._known.is_heard(word)

    def _is_chosen(self, first: int, last: int, kind: int) -> bool:
        """Whether a name that is a word or a town too has its capital where the writer chose it, or acts as persons do."""
        text, start, end = self._text, self._starts[first], self._end(last)
        if self._german and text[end : end + 5] not in ACT_HEADS:
            return False
        before = " ".join(["", *text[max(0, start - 14) : start].lower().translate(NO_MARKS).split()])
        if before.endswith(NOT_CHOSEN) or text[end : end + 3] == " & " or self._words[first].isupper():
            return False
        if self._in_heading(last) or self._follows(first) or text[end : end + 2] in ("),", "),", '")'):
            return False
        inside = text[start - 1 : start] == " " and text[start - 2 : start - 1].isalpha()
        if kind & COMMON and text[end : end + CUE_MAX].startswith(HUMAN_ACTS):
            return bool(kind & GIVEN) or inside or text[start - 2 : start] == ", "
        if self._german or kind & PLACE or first != last or self._is_whence(first, before):
            return False
        return (inside and bool(kind & GIVEN)) or self._is_other_word(first)

    def _is_whence(self, index: int, before: str) -> bool:
        """Whether a name that is a place too is one here: "from Georgia"."""
        return self._words[index] in self._known.places and before.endswith(TOWARDS)

    def _is_other_word(self, index: int) -> bool:
        """Whether a listed name is an everyday word, but of another language than the text's."""
        return self._whole.is_english and not self._known.is_english(
            self._words[index].removesuffix("'s").removesuffix("’s")
        )

    def _follows(self, index: int) -> bool:
        """Whether a capitalised word stands directly before, as in headings and names of things."""
        if index == 0 or self._gap(index - 1) not in (" ", "  "):
            return False
        start = self._starts[index - 1]
        return not self._kinds[index - 1] & _OPENS or (start > 1 and self._text[start - 2].isalpha())

    def _is_foreign(self, first: int, last: int) -> bool:
        """Whether letters say that the words are from another language, and nothing that they are a place."""
        row = self._words[first : last + 1]
        if self._german or all(FOREIGN.isdisjoint(word) for word in row) or any(word.isupper() for word in row):
            return False
        start = self._starts[first]
        before = self._text[max(0, start - 10) : start].lower()
        return not before.endswith(WHITHER) and not any(kind & (PLACE | WORD) for kind in self._kinds[first : last + 1])

    def _is_form(self, index: int) -> bool:
        """Whether the place in a form or a letter says that what stands there is a name, whatever the words are."""
        start = self._starts[index]
        if self._text[start - 1 : start] == "\n":
            return is_signature(self._text, start)
        return is_labelled(self._text, start)

    def _extended(self, index: int, *, whole: bool = False) -> int:
        """
        Return the last word of the name that goes on from this one.

        Args:
            whole: whether everyday words are part of it too.
        """
        last = index
        for next_ in range(index + 1, min(index + PARTS_MAX, len(self._kinds))):
            if not self._joins(next_ - 1):
                break
            kind = self._kinds[next_]
            if kind & (STOP | TITLE) or (kind & TAIL and not kind & NAME):
                break
            if kind & (NAME | UNKNOWN) or (whole and kind & WORD) or self._has_particle(next_ - 1):
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
        if self._is_announced(self._starts[first]) or is_above_address(self._text, self._starts[first], end):
            return LIKELY
        if self._text[end : end + CUE_MAX].startswith(SPEECH):
            return POSSIBLE
        if self._kinds[first] & GIVEN and self._is_called(first, end):
            return POSSIBLE
        return POSSIBLE if self._kinds[first] & GIVEN and self._is_label(last) else 0

    def _is_called(self, first: int, end: int) -> bool:
        """Whether a sentence calls the name: "Remember me, Destiny?"."""
        start = self._starts[first]
        return self._text[start - 2 : start] == ", " and self._text[end : end + 1] in ("?", "!")

    def _is_announced(self, start: int) -> bool:
        """Whether a label, a closing, a word for a person or another cue stands before."""
        text = self._text
        before = text[max(0, start - CUE_MAX) : start].lower()
        if not before:
            return False
        if before[-1] == "\n":
            return is_signature(text, start)
        bare = before.rstrip(OPENING_MARKS)
        if bare[-1:] in (":", "=") and is_labelled(text, start):
            return True
        said = bare.rpartition("\n")[2].split()[-2:]
        if not said:
            return False
        last = INNER_QUOTE.sub("", said[-1])
        if last in CUES or " ".join(said) in CUES or last.rstrip(",") in PERSONS:
            return True
        return last[-1] == "," and is_signature(text, start)

    def _is_prose(self, name: Name) -> bool:
        """Whether it does not stand in an address of the web, a file name or the like."""
        start, end = self._starts[name.first], self._matches[name.last].end()
        before, after = self._text[start - 1 : start], self._text[end : end + 2]
        return before not in GLUE and after[:1] not in ("@", "_") and not (after[:1] == "." and after[1:].isalnum())

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


_EVIDENT = NAME | TITLE | ROLE
_SIGNS = _EVIDENT | UNKNOWN
_PLAIN = STOP | INITIAL
_OPENS = STOP | WORD | TITLE
_FREQUENT = SURNAME | COMMON
