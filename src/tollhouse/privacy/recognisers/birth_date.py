"""Dates of birth: a day near a word that says so. Other days are not personal by themselves."""

from collections.abc import Iterator
from typing import Final

from ..dates import DATE
from ..numbers import is_inside_word
from ..reading import Reading
from ..spans import Span

AFTER_MAX, BEFORE_MAX = 48, 26
"""Characters between the cue and the end of the day: "geboren am Mittwoch, dem 3. September 1980" needs 40."""
_CUES: Final = (
    "birth", "born", "dob", "d.o.b", "bday", "gebor", "geburt", "geb.", "geb ", "geb:", "naissance", "né ", "née ", "né(e)", "né.e", "né·e",
    "né-e", "nacimiento", "nascita", "nato il", "nata il", "nacid", "nascimento", "urodz", "geboortedatum",
)  # fmt: skip


class BirthDateRecogniser:
    """Finds dates of birth after a cue in a few languages, or right before one, and `* 3.9.1980`."""

    types = ("DATE_OF_BIRTH",)

    def find(self, reading: Reading) -> Iterator[Span]:
        if not reading.runs:
            return
        text, near = reading.lower, reading.near_digits
        for cue in _CUES:
            at = text.find(cue) if cue in near else -1
            while at >= 0:
                yield from _near(text, at, at + len(cue))
                at = text.find(cue, at + len(cue))
        at = text.find("*")
        while at >= 0:
            match = DATE.match(text, at + 1 + (text[at + 1 : at + 2] == " "))
            if match:
                yield Span(match.start(), match.end(), "DATE_OF_BIRTH", 0.7)
            at = text.find("*", at + 1)


def _near(text: str, start: int, end: int) -> Iterator[Span]:
    if text[start - 1 : start].isalpha() and text[start:end] not in ("birth", "geburt", "bday"):
        return
    after = DATE.search(text, end, end + AFTER_MAX)
    if (
        after
        and _is_whole(text, after.start(), after.end())
        and not any(c.isdigit() for c in text[end : after.start()])
    ):
        yield Span(after.start(), after.end(), "DATE_OF_BIRTH", 0.9)
        return
    before = DATE.search(text, max(0, start - BEFORE_MAX), start)
    if before and _is_whole(text, before.start(), before.end()) and "." not in text[before.end() : start]:
        yield Span(before.start(), before.end(), "DATE_OF_BIRTH", 0.7)


def _is_whole(text: str, start: int, end: int) -> bool:
    return not is_inside_word(text, start, end)
