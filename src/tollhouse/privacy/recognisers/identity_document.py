"""Numbers of passports, identity cards and driving licences: after their cue, or in a machine-readable zone."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

REACH: Final = 44
"""Characters between a cue and the end of its number: "passport, issued in Bern, has the number X1234567"."""
_NUMBER: Final = re.compile(
    r"(?<![\w.,/-])(?:[A-Za-z]{1,5}|[A-Z]{1,3}[ -])?\d[A-Za-z0-9]{4,16}(?:[ -](?=[A-Za-z]{0,7}\d)[A-Za-z0-9]{2,8}){0,3}(?!\w)"
)
_MIXED: Final = re.compile(
    r"(?<![\w.,/-])(?=\w{0,8}\d)(?=\w{0,3}[A-Z])[A-Z0-9]{6,18}(?:[ -][A-Z0-9]{2,8}){0,2}(?![\w])"
)
_DIGITS_MIN: Final = 4
_DATE: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]|(?:19|20)\d\d-\d\d-\d\d")
_CUES: Final = {
    "PASSPORT": {
        "pass": ("passport", "passeport", "reisepass", "pass-nr", "passnummer", "pass nr", "passaporto"),
        "pas": ("pasaporte", "paspoort"),
    },
    "DRIVER_LICENSE": {
        "licen": (
            "driver's licen", "drivers licen", "driver licen", "driving licen", "driver’s licen", "licence number", "license number",
        ),
        "führerschein": ("führerschein",),
        "fahrausweis": ("fahrausweis",),
        "permis de": ("permis de conduire",),
    },
    "ID_CARD": {
        "id": (
            "identity card", "id card", "identity number", "id number", "id no", "identitätskarte", "id-karte", "national id",
            "documento de identidad",
        ),
        "ausweis": ("ausweis",),
        "cart": ("carte d'identité", "carte d’identité", "carte nationale", "carta d'identità"),
        "cni": ("cni",),
    },
}  # fmt: skip
"""By a part that is looked for first."""
_ZONE: Final = re.compile(r"[A-Z0-9<]{28,44}")


class IdentityDocumentRecogniser:
    """Finds the numbers of identity documents, and the lines that their readers read (ICAO 9303), with the name in them."""

    types = tuple(_CUES)

    def find(self, reading: Reading) -> Iterator[Span]:
        if "<<" in reading.text:
            yield from _zones(reading.text)
        if reading.runs:
            near = reading.near_digits
            for kind, parts in _CUES.items():
                for cue in (cue for part, cues in parts.items() if part in near for cue in cues if cue in near):
                    yield from _after(reading, kind, cue)


def _after(reading: Reading, kind: str, cue: str) -> Iterator[Span]:
    text, lower = reading.text, reading.lower
    at = lower.find(cue)
    while at >= 0:
        end = at + len(cue)
        for form in (_NUMBER, _MIXED):
            match = form.search(text, end, end + REACH)
            if match and sum(c.isdigit() for c in match[0]) >= _DIGITS_MIN and not _DATE.match(match[0]):
                yield Span(match.start(), match.end(), kind, 0.8)
                break
        at = lower.find(cue, end)


def _zones(text: str) -> Iterator[Span]:
    """Return lines of letters, digits and `<` that have `<<` in them, or stand right after such a line."""
    line_start, was_zone = 0, False
    while line_start < len(text):
        line_end = text.find("\n", line_start)
        line_end = len(text) if line_end < 0 else line_end
        line = text[line_start:line_end].strip()
        zone = _ZONE.fullmatch(line) if 28 <= len(line) <= 44 else None
        if zone and ("<<" in line or was_zone):
            start = text.index(line, line_start)
            yield Span(start, start + len(line), "PASSPORT", 0.95)
        was_zone = bool(zone)
        line_start = line_end + 1
