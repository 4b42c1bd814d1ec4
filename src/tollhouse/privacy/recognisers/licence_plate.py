"""Licence plates: after a cue, or where the form is narrow enough to be nothing else."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

REACH: Final = 36
"""Characters between a cue and the end of its plate: "plate of the vehicle in question: "."""
_CUES: Final = (
    "plate", "kennzeichen", "nummernschild", "kontrollschild", "immatricul", "plaque", "registration", "reg.", "vehicle reg", "pkw",
)  # fmt: skip
_AFTER_CUE: Final = re.compile(
    r"(?<![\w-])(?=[A-ZÄÖÜ0-9 ·-]{0,9}\d)(?=[0-9 ·-]{0,5}[A-ZÄÖÜ])[A-ZÄÖÜ0-9]{1,8}(?:[ ·-]{1,3}[A-Z0-9]{1,6}){0,3}(?![\w])"
)
_FRENCH: Final = re.compile(r"[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}(?![\w-])")
_GERMAN: Final = re.compile(
    r"(?!DIN|ISO|EN-|IEC|UN-|EU-|EG-|US-|ZR-|AZ-|DE-|AT-|CH-|FR-|GB-)[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} \d{2,4}[EH]?(?![\w-]|[.,]\d)"
)
_BRITISH: Final = re.compile(r"(?![IQZ])[A-Z][A-HJ-PR-Y][0-7]\d ?[A-HJ-PR-Z]{3}(?!\w)")


class LicencePlateRecogniser:
    """Finds plates: French, German and British ones by their form, all others after a cue."""

    types = ("LICENSE_PLATE",)

    def find(self, reading: Reading) -> Iterator[Span]:
        for match in (*_by_form(reading), *_by_cue(reading)):
            yield Span(match.start(), match.end(), "LICENSE_PLATE", 0.7)


def _by_form(reading: Reading) -> Iterator["re.Match[str]"]:
    text = reading.text
    for start, end in reading.lettered:
        length = end - start
        if length > 4 or start < 2:
            continue
        match = None
        if length == 3 and text[end : end + 1] == "-":
            match = _match_at(_FRENCH, text, start - 3)
        elif length == 2 and text[start - 1].isupper():
            match = _match_at(_BRITISH, text, start - 2)
        elif length >= 2 and text[start - 1] == " ":
            match = next((m for back in (4, 5, 6, 7) if (m := _match_at(_GERMAN, text, start - back))), None)
        if match and match.end() >= end:
            yield match


def _match_at(form: "re.Pattern[str]", text: str, begin: int) -> "re.Match[str] | None":
    if begin < 0 or (begin and (text[begin - 1].isalnum() or text[begin - 1] == "-")):
        return None
    return form.match(text, begin)


def _by_cue(reading: Reading) -> Iterator["re.Match[str]"]:
    text, lower = reading.text, reading.lower
    for cue in _CUES:
        at = lower.find(cue) if cue in reading.near_digits else -1
        while at >= 0:
            end = at + len(cue)
            match = _AFTER_CUE.search(text, end, end + REACH)
            if match and len(match[0]) >= 4:
                yield match
            at = lower.find(cue, end)
