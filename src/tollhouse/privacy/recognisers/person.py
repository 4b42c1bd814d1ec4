"""
Names of persons: by lists of given and family names, titles, the endings of family names, and the words before and after.

A word that is also an everyday word, or a city, needs a second sign. In text without capitals, or with nothing but
capitals, a known given name and a known family name must stand together, or a cue before them.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from ..lexicon import (
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
    lexicon,
)
from ..reading import CAPITALISED, Reading, titled_words
from ..spans import Span
from ..tables import phrases, words
from ..titles import COURT

PARTS_MAX: Final = 6
"""Words in one name. Longer rows of capitalised words are headings."""
TITLES_MAX: Final = 4
"""Titles in a row: Herr Rechtsanwalt Prof. Dr."""
CUE_MAX: Final = 26
"""Characters looked at before and after a word for a cue."""
INTRODUCED_MAX: Final = 3
"""Words taken for a name after "my name is", if none of them has a capital."""

APART_MAX: Final = 8
"""Given names in a text without capitals up to which their surroundings are read one by one, not the whole text."""

SURE, LIKELY, POSSIBLE = 0.9, 0.7, 0.6


class PersonRecogniser:
    """
    Finds names of persons.

    Args:
        known: the words; called when the first text is read.
    """

    types = ("PERSON",)

    def __init__(self, known: Callable[[], Lexicon] = lexicon) -> None:
        self._known = known

    def find(self, reading: Reading) -> Iterator[Span]:
        text, known = reading.text, self._known()
        if not reading.has_case:
            yield from _without_case(text, known)
        else:
            yield from _Row(text, reading.capitalised, known, german=_is_german(text)).names()
        if any(cue in text for cue in ("ame is", "ame's", "heiß", "heiss", "appelle")):
            yield from _introduced(text, known)


class _Row:
    """The capitalised words of a text, in order, with what is known of each."""

    def __init__(
        self, text: str, matches: Sequence[re.Match[str]], known: Lexicon, *, german: bool, cased: bool = True
    ) -> None:
        self._text = text
        self._matches = matches
        self._words = [match[0] for match in matches]
        self._kinds = known.of(self._words, german=german)
        self._german = german
        self._cased = cased

    def names(self) -> Iterator[Span]:
        found = list(self._evident())
        if found:
            found += self._beside([(first, last) for first, last, _ in found])
        for first, last, score in found:
            if self._is_prose(first, last):
                yield Span(self._matches[first].start(), self._end(last), "PERSON", score)

    def _evident(self) -> Iterator[tuple[int, int, float]]:
        kinds = self._kinds
        done = 0
        for index in [at for at, kind in enumerate(kinds) if kind & _SIGNS]:
            if index < done:
                continue
            kind = kinds[index]
            if kind & (TITLE | ROLE):
                found = self._after_title(index)
            elif kind & NAME:
                found = self._around_name(index, done)
            else:
                found = self._unknown(index)
            if found is not None:
                done = found[1] + 1
                yield found

    def _beside(self, names: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, float]]:
        """Return what is no evident name by itself, but is enumerated with one: "Lamovec, White and Morales"."""
        taken = {index for first, last in names for index in range(first, last + 1)}
        for first, last in names:
            for next_, step in ((first - 1, -1), (last + 1, 1)):
                index = next_
                while 0 <= index < len(self._kinds) and index not in taken and self._is_listed(index, step):
                    taken.add(index)
                    yield index, index, POSSIBLE
                    index += step

    def _is_listed(self, index: int, step: int) -> bool:
        left = index if step < 0 else index - 1
        gap = self._text[self._matches[left].end() : self._matches[left + 1].start()]
        kind = self._kinds[index]
        return gap in _ENUMERATION and bool(kind & (NAME | UNKNOWN)) and not kind & (STOP | TAIL | SPOKEN | PLACE)

    def _after_title(self, index: int) -> tuple[int, int, float] | None:
        """Return the words after a title; after a role only if nothing says that they are no name."""
        first = index + 1
        while (
            first < min(index + TITLES_MAX, len(self._kinds))
            and self._joins(first - 1)
            and self._kinds[first] & (TITLE | ROLE)
        ):
            first += 1
        if first >= len(self._kinds) or not self._joins(first - 1):
            return None
        kind, kinds_of_title = self._kinds[first], self._kinds[first - 1]
        certain = bool(kinds_of_title & TITLE) and not (
            (self._german or not self._cased) and kind & WORD and not kind & NAME
        )
        if not kinds_of_title & TITLE and self._has_particle(first - 1):
            return None
        believed = NAME | INITIAL | PARTICLE | (UNKNOWN if not self._german or self._words[first - 1] in COURT else 0)
        if kind & (STOP | TAIL) or not (certain or kind & believed):
            return None
        last = self._extended(first)
        if not certain and self._is_tail(last):
            return None
        return first, last, SURE

    def _around_name(self, index: int, floor: int) -> tuple[int, int, float] | None:
        first = index
        while first > floor and index - first < 3 and self._joins(first - 1) and self._may_precede(first - 1):
            first -= 1
        last = self._extended(index)
        if self._is_tail(last):
            return None
        parts = [kind for kind in self._kinds[first : last + 1] if not kind & (INITIAL | PARTICLE)]
        if len(parts) > 1 and parts[0] & WORD and not parts[0] & COMMON and parts[1] & GIVEN and _sure(parts[1]):
            first += 1  # a word that opens the sentence: "Ask Sean"
            parts = parts[1:]
        score = _score(parts, initial=len(parts) <= last - first)
        if not score and len(parts) == 1:
            score = self._score_by_cue(first, last)
        elif len(parts) == 1 and not self._german and self._in_heading(first, last):
            return None
        return (first, last, score) if score else None

    def _unknown(self, index: int) -> tuple[int, int, float] | None:
        """Return a name in no list: with an initial in the middle, or beside a cue."""
        if index > 1 and self._kinds[index - 1] & self._kinds[index - 2] & INITIAL and self._joins(index - 1):
            first = index - 1
            while (
                index - first < PARTS_MAX and first > 0 and self._kinds[first - 1] & INITIAL and self._joins(first - 1)
            ):
                first -= 1
            return first, self._extended(index), POSSIBLE
        if index + 2 < len(self._kinds) and self._kinds[index + 1] & INITIAL:
            last = self._extended(index)
            if last > index + 1 and not self._is_tail(last):
                return index, last, POSSIBLE
        if not self._score_by_cue(index, index):
            return None
        last = self._extended(index)
        return (index, last, POSSIBLE) if not self._is_tail(last) else None

    def _extended(self, index: int) -> int:
        """Return the last word of the name that goes on from this one."""
        last = index
        for next_ in range(index + 1, min(index + PARTS_MAX, len(self._kinds))):
            if not self._joins(next_ - 1):
                break
            kind = self._kinds[next_]
            if self._has_particle(next_ - 1) and not kind & (STOP | TITLE | TAIL):
                last = next_
                continue
            if kind & (INITIAL | PARTICLE) and not kind & NAME:
                continue
            if not kind & (NAME | UNKNOWN) or kind & (STOP | TITLE) or (kind & TAIL and not kind & NAME):
                break
            last = next_
        return last

    def _may_precede(self, index: int) -> bool:
        kind = self._kinds[index]
        if kind & INITIAL:
            return self._text[self._matches[index].end()] == "."
        return (
            bool(kind & (UNKNOWN | NAME))
            and not kind & (STOP | TITLE | TAIL | SPOKEN)
            and len(self._words[index]) <= 10
        )

    def _joins(self, index: int) -> bool:
        """Whether nothing stands between this word and the next but what may stand inside a name."""
        gap = self._text[self._matches[index].end() : self._matches[index + 1].start()]
        if gap == " ":
            return not self._words[index].endswith(("'s", "’s"))
        if gap in (". ", "."):
            return bool(self._kinds[index] & (INITIAL | TITLE | ROLE))
        return gap in _PARTICLE_GAPS

    def _has_particle(self, index: int) -> bool:
        gap = self._text[self._matches[index].end() : self._matches[index + 1].start()]
        return len(gap) > 2 and gap in _PARTICLE_GAPS

    def _is_tail(self, last: int) -> bool:
        return (
            last + 1 < len(self._kinds)
            and bool(self._kinds[last + 1] & TAIL)
            and self._text[self._matches[last].end() : self._matches[last + 1].start()] in (" ", ", ", " & ")
        )

    def _in_heading(self, first: int, last: int) -> bool:
        """Whether another capitalised word follows or precedes where English writes capitals only in names of things."""
        follows = last + 1 < len(self._kinds) and self._joins(last) and self._kinds[last + 1] & (WORD | UNKNOWN)
        return bool(follows)

    def _score_by_cue(self, first: int, last: int) -> float:
        start, end = self._matches[first].start(), self._matches[last].end()
        if self._is_announced(start):
            return LIKELY
        if self._text[end : end + CUE_MAX].startswith(_AFTER):
            return POSSIBLE
        speaks = self._text[end : end + 1] == ":" and self._text[start - 1 : start] in ("", "\n")
        return POSSIBLE if speaks and self._kinds[first] & GIVEN else 0

    def _is_announced(self, start: int) -> bool:
        before = self._text[max(0, start - CUE_MAX) : start]
        last = before.rstrip().rpartition(" ")[2].rpartition("\n")[2].lower()
        if before[-1:] == "\n":
            return last.rstrip(",!.") in _CLOSINGS
        return last in _CUE_ENDS and (last in _CUES or " ".join(before.lower().split()[-2:]) in _CUES)

    def _is_prose(self, first: int, last: int) -> bool:
        """Whether it does not stand in an address of the web, a file name or the like."""
        start, end = self._matches[first].start(), self._matches[last].end()
        before, after = self._text[start - 1 : start], self._text[end : end + 2]
        return before not in _GLUE and after[:1] not in ("@", "_") and not (after[:1] == "." and after[1:].isalnum())

    def _end(self, last: int) -> int:
        end, word = self._matches[last].end(), self._words[last]
        if word.endswith(("'s", "’s")):
            return end - 2
        if self._kinds[last] & INITIAL and self._text[end : end + 1] == ".":
            return end + 1
        return end - 1 if self._kinds[last] & GENITIVE or word.endswith(("'", "’")) else end


def _score(parts: Sequence[int], *, initial: bool) -> float:
    """Return how sure a row of known and unknown words is a name, 0 if it is none."""
    if len(parts) == 1:
        return _score_of_one(parts[0], initial=initial)
    first, last = parts[0], parts[-1]
    if all(kind & SPOKEN for kind in parts) and not (_sure(first) and parts[1] & SURNAME):
        return 0
    if last & TAIL and not parts[-2] & GIVEN:
        return 0
    if all(_sure(kind) for kind in parts) and first & GIVEN and last & (SURNAME | ENDING):
        return SURE
    believed = any(_sure(kind) for kind in parts) or (initial and first & GIVEN and last & SURNAME)
    common = first & GIVEN and first & COMMON and last & SURNAME and last & COMMON
    return LIKELY if believed else POSSIBLE if common else 0


def _score_of_one(kind: int, *, initial: bool) -> float:
    if kind & SPOKEN:
        return 0
    if initial and kind & (SURNAME | ENDING):
        return LIKELY
    return POSSIBLE if _sure(kind) else 0


def _sure(kind: int) -> bool:
    return bool(kind & NAME) and not kind & (WORD | PLACE | STOP | TAIL)


def _without_case(text: str, known: Lexicon) -> Iterator[Span]:
    """Find a known given name beside a family name; what stands near one is read as if every word had a capital."""
    lower = text.lower()
    if len(lower) != len(text):
        return
    hits = known.spoken.intersection(_LETTERS.findall(lower))
    for start, end in _windows(lower, hits):
        titled = titled_words(lower[start:end])
        if len(titled) == end - start:
            row = _Row(titled, list(CAPITALISED.finditer(titled)), known, german=False, cased=False)
            for span in row.names():
                if span.score >= SURE:
                    yield Span(start + span.start, start + span.end, span.type, span.score)


def _windows(text: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield what stands around the names, without overlaps, cut between words."""
    if len(names) > APART_MAX:
        yield 0, len(text)
        return
    end = 0
    for at, length in sorted((at, len(name)) for name in names for at in _places(text, name)):
        if at < end:
            continue
        start = max(end, text.rfind(" ", 0, max(0, at - 1)) + 1)
        end = text.find(" ", min(len(text), at + length + 30))
        end = len(text) if end < 0 else end
        yield start, end


def _places(text: str, name: str) -> Iterator[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name))


def _introduced(text: str, known: Lexicon) -> Iterator[Span]:
    """Find names without a capital after "my name is"."""
    for cue in _INTRODUCTION.finditer(text):
        start = end = cue.end()
        for word in _LOWER_WORD.finditer(text, start, start + 60):
            if (
                word.start() > end + 1
                or word.end() - start > 60
                or len(text[start : word.end()].split()) > INTRODUCED_MAX
            ):
                break
            kind = known.kinds.get(word[0].capitalize(), UNKNOWN)
            if not kind & (NAME | UNKNOWN) or kind & STOP:
                break
            end = word.end()
        if end > start:
            yield Span(start, end, "PERSON", LIKELY)


def _is_german(text: str) -> bool:
    return " der " in text or " die " in text or " und " in text or " das " in text or " ist " in text


_ENUMERATION = phrases(", | and | und | et |, and | or | oder | ou | to ")
_SIGNS = NAME | TITLE | ROLE | UNKNOWN
_GLUE = frozenset("@/\\_#=.&")
_PARTICLE_GAPS = frozenset(
    f" {particle} "
    for particle in phrases(
        "van|van der|van den|van de|vande|von|von der|von den|vom|zu|von und zu|de|de la|de las|de los|de le|del|della|"
        "di|da|das|do|dos|du|la|le|bin|ibn|ben|bint|ter|ten|op den|op de|av|af|y"
    )
) | {" al-", " el-", " d'", " d’", " 't ", " o'"}
_LETTERS = re.compile(r"[^\W\d_]+")
_LOWER_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_INTRODUCTION = re.compile(
    r"(?:\b(?:[Mm]y|[Tt]he|[Hh]is|[Hh]er) (?:full )?name(?: is|'s)|\b[Ii]ch hei(?:ß|ss)e|\b[Mm]ein [Nn]ame ist|\b[Jj]e m['’]appelle)"
    r" (?=[a-zß-ÿ])"
)
_CUES = phrases(
    "name is|name's|i am|i'm|i’m|this is|call me|named|dear|hello|hi|hey|said|says|told|asked|thanks|"
    "signed by|speaking with|spoke to|spoke with|talk to|assistant to|c/o|attn|attn:|attention:|my son|"
    "my daughter|my wife|my husband|my kid|my child|my brother|my sister|my mother|my father|my friend|"
    "my boss|my partner|my colleague|my client|my neighbour|my neighbor|his wife|her husband|his son|"
    "her son|name:|name :|nom :|nom:|prénom :|prénom:|vorname:|patient:|customer:|kunde:|client :|user:|"
    "name ist|ich heiße|ich heisse|ich bin|hier ist|hier spricht|liebe|lieber|hallo|meine frau|mein mann|"
    "mein sohn|meine tochter|mein bruder|meine schwester|z. hd.|z.hd.|geb.|gez.|namens|je m'appelle|"
    "je m’appelle|je suis|nom est|moi c'est|mon fils|ma fille|ma femme|mon mari|mon frère|ma sœur|bonjour|"
    "cher|chère|signé|née|né|/s/"
)
"""Words before a name, at most two."""
_CUE_ENDS = frozenset(cue.rpartition(" ")[2] for cue in _CUES)
_CLOSINGS = words(
    """
    regards wishes sincerely yours thanks grüßen grüße gruß grüssen cordialement vôtre salutations
    """
)
"""The last word of the line before a signature."""
_AFTER = tuple(
    phrases(
        " said| says| told| asked| replied| wrote|'s wife|'s husband|'s son|'s daughter|'s mother|'s father|"
        "'s sister|'s brother| sagte| fragte| schrieb| a dit| a écrit"
    )
)
