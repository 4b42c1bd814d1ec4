"""Numbers that other states give to persons: those with a check digit, by it; weak ones only after their name."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..reading import Reading
from ..spans import Span

_TOKEN: Final = re.compile(r"[A-Z0-9]{1,16}(?:[ .-]?[A-Z0-9]{1,8}){0,4}(?!\w)", re.IGNORECASE)
_CODICE: Final = re.compile(r"[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE)
_NIE: Final = re.compile(r"[XYZ]-?\d{7}-?[A-Z](?!\w)")
_DNI: Final = re.compile(r"\d{8}-?[A-Z](?!\w)")
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_CUES: Final[Mapping[str, str]] = {
    "pesel": r"\d{11}",
    "bsn": r"\d{3}[ .]?\d{2}[ .]?\d{3,4}|\d{9}",
    "burgerservicenummer": r"\d{9}",
    "personnummer": r"(?:\d\d)?\d{6}[-+ ]?\d{4,5}",
    "fødselsnummer": r"\d{6} ?\d{5}",
    "cpr": r"\d{6}-?\d{4}",
    "henkilötunnus": r"\d{6}[-+A]\d{3}[\dA-Y]",
    "codice fiscale": r"[A-Z0-9]{16}",
    "dni": r"\d{1,2}\.?\d{3}\.?\d{3}[ -]?[A-Z]?",
    "nhs": r"\d{3} ?\d{3} ?\d{4}",
    "rijksregister": r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}",
    "registre national": r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}",
    "social insurance number": r"\d{3}[ -]?\d{3}[ -]?\d{3}",
    "sozialversicherung": r"\d{2} ?\d{6} ?[A-Z] ?\d{3}|\d{4} ?\d{6}",
    "svnr": r"\d{4} ?\d{6}",
    "versicherungsnummer": r"\d{2} ?\d{6} ?[A-Z] ?\d{3}|\d{4} ?\d{6}",
    "cpf": r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}",
    "aadhaar": r"\d{4} ?\d{4} ?\d{4}",
}
"""The number's name in small letters, and what follows it."""
_FORMS: Final = {cue: re.compile(rf"(?<!\w)(?:{form})(?!\w)", re.IGNORECASE) for cue, form in _CUES.items()}
REACH: Final = 40


class NationalIdRecogniser:
    """Finds Italian and Spanish numbers by their check letter, and a dozen others after their names."""

    types = ("NATIONAL_ID",)

    def find(self, reading: Reading) -> Iterator[Span]:
        if not reading.runs:
            return
        yield from _by_check(reading)
        text, lower, near = reading.text, reading.lower, reading.near_digits
        for cue, form in _FORMS.items():
            at = lower.find(cue) if cue in near else -1
            while at >= 0:
                end = at + len(cue)
                match = None if text[at - 1 : at].isalnum() and len(cue) < 6 else form.search(text, end, end + REACH)
                if match:
                    yield Span(match.start(), match.end(), "NATIONAL_ID", 0.8)
                at = lower.find(cue, end)


def _by_check(reading: Reading) -> Iterator[Span]:
    text = reading.text
    for start, end in reading.runs:
        length = end - start
        if length == 8 and not text[start - 1 : start].isalnum():
            match = _DNI.match(text, start)
            if match and match[0][-1] == _DNI_LETTERS[int(text[start:end]) % 23]:
                yield Span(start, match.end(), "NATIONAL_ID", 0.9)
        elif length == 7:
            yield from _foreigner(text, start)
        elif length == 2 and start >= 6 and text[start - 6 : start].isalpha():
            match = _CODICE.match(text, start - 6)
            if match and not text[start - 7 : start - 6].isalnum() and _codice_checks(match[0].upper()):
                yield Span(start - 6, match.end(), "NATIONAL_ID", 1.0)


def _foreigner(text: str, start: int) -> Iterator[Span]:
    begin = start - 2 if text[start - 1 : start] == "-" else start - 1
    match = _NIE.match(text, begin) if begin >= 0 and not text[begin - 1 : begin].isalnum() else None
    if match:
        digits = "XYZ".index(match[0][0]) * 10**7 + int(text[start : start + 7])
        if match[0][-1] == _DNI_LETTERS[digits % 23]:
            yield Span(begin, match.end(), "NATIONAL_ID", 0.9)


def _codice_checks(code: str) -> bool:
    from stdnum.it import codicefiscale

    return bool(codicefiscale.is_valid(code))
