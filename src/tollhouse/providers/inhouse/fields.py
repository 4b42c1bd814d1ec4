"""
Mode 3: one field's value, found in the text by the field's name, description, type and format.

A value is always a piece of the text (or read from one: a date as ISO, an amount as a number). What is not there, or
there in several ways with nothing to tell them apart, is None: never a guess.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from . import amounts, dates, measures, references
from .reading import Reading
from .words import fold, readable

Value = str | int | float

MAX_CANDIDATES = 5_000
"""Words tried against a `pattern`."""


@dataclass(frozen=True)
class Field:
    """A property of a schema, or a placeholder of a template. `kind` is string, integer or number."""

    name: str
    kind: str = "string"
    description: str = ""
    format: str = ""
    pattern: str = ""

    @cached_property
    def label(self) -> str:
        """The name as folded words: `invoiceDate` -> "invoice date"."""
        return fold(readable(self.name))

    @cached_property
    def about(self) -> str:
        """Name and description, folded."""
        return f"{self.label} {fold(self.description)}"


DESCRIPTION_CHARS = 30
"""How much of a description can say what kind of value is meant, if the name does not; further on it says other things."""

Finder = Callable[[Field, Reading], Sequence[Value]]

_FORMATS: Mapping[str, str] = {
    "date": "date",
    "email": "email",
    "idn-email": "email",
    "uri": "url",
    "url": "url",
    "phone": "phone",
    "uuid": "uuid",
    "iban": "iban",
}

# What a name means, by its words; the first row that matches decides. Written folded.
_NAMES: Sequence[tuple[str, re.Pattern[str]]] = [
    (kind, re.compile(rf"\b(?:{names})\b"))
    for kind, names in (
        ("email", r"e ?mails?(?: address(?:es)?)?|mail(?:adresse)?|courriel|adresse electronique"),
        ("phone", r"phones?|telephone|telefon(?:nummer)?|mobile|handy(?:nummer)?|portable|fax|tel"),
        ("iban", r"ibans?|bank account|kontonummer|compte bancaire"),
        (
            "vin",
            r"vins?|chassis number|fahrgestellnummer|fahrzeug identifikationsnummer|numero de chassis|vehicle identification number",
        ),
        (
            "plate",
            r"(?:licen[cs]e |number |registration )?plates?|kennzeichen|kontrollschild|(?:plaque|immatriculation)(?: d immatriculation)?|registration",
        ),
        ("url", r"urls?|links?|web ?sites?|webseite|site web|lien"),
        ("uuid", r"uuid|guid"),
        ("date", r"\w*dat(?:e|um)s?|\w*tag|jour|deadlines?|frist|echeance|born|geburtstag|naissance"),
        ("year", r"years?|\w*jahr|baujahr|annee|millesime"),
        ("currency", r"currency|currencies|waehrung|wahrung|devise|monnaie"),
        ("percent", r"percent(?:age)?|prozent(?:satz)?|pourcentage|rate|taux|satz"),
        ("mileage", r"mileage|odometer|kilometerstand|laufleistung|kilometrage|miles|kilometers|kilometres|km"),
        ("speed", r"speed|geschwindigkeit|vitesse|mph|kmh"),
        ("age", r"age|alter"),
        (
            "amount",
            r"\w*amounts?|\w*betrag|\w*summe|montant|price|preis|prix|costs?|kosten|cout|\w*total|fees?|gebuhr|frais|deductible|selbstbehalt|franchise|premium|pramie|prime|invoice value|damage value|value|wert|valeur|salary|gehalt|salaire|payment|zahlung|paiement|refund|ruckerstattung|remboursement",
        ),
        ("reference", r"\w*(?:number|nummer|referenz|zeichen)|no|nr|id|reference|ref|code|numero"),
        (
            "count",
            r"(?:number|count|anzahl|nombre|quantity|menge|quantite)(?: of| der| von| de)?.*|.* count|how many.*|\w+ ?(?:anzahl|menge)",
        ),
    )
]


def find(field: Field, reading: Reading) -> Value | None:
    """Return the field's value, or None if the text holds none that fits, or several and nothing tells which is meant."""
    return only(field, find_all(field, reading))


def only(field: Field, values: Sequence[Value]) -> Value | None:
    """Return the first of several values if their kind has an order of preference; else only a single one."""
    several = len(set(values)) > 1 and kind_of(field) not in _RANKED
    return values[0] if values and not several else None


def candidates(text: str) -> list[str]:
    """Return the text's words without the punctuation around them, and pairs of them: what a `pattern` can be tried on."""
    found = [word.strip(".,;:!?()[]{}\"'«»„“”") for word in text.split()[:MAX_CANDIDATES]]
    return [*found, *(f"{one} {other}" for one, other in itertools.pairwise(found))]


def find_all(field: Field, reading: Reading) -> Sequence[Value]:
    """Return the values that fit, best first; none if nothing tells which of several is meant."""
    return _FINDERS[kind_of(field)](field, reading)


def kind_of(field: Field) -> str:
    if field.format in _FORMATS:
        return _FORMATS[field.format]
    numeric = field.kind in ("integer", "number")
    for told in (field.label, fold(field.description)[:DESCRIPTION_CHARS]):
        for kind, names in _NAMES:
            if (
                names.search(told)
                and (kind not in _NUMERIC_ONLY or numeric)
                and (kind not in _TEXT_ONLY or not numeric)
            ):
                return kind
    return "count" if numeric else "labelled"


ALWAYS_LISTED = frozenset({"email", "phone", "iban", "vin", "url", "uuid", "date", "amount"})
"""Kinds with a shape of their own: a list of them may be empty, because not finding one means that there is none."""

_RANKED = frozenset({"year", "mileage", "speed", "age", "percent", "count"})
"""Kinds whose finders put the likeliest first. Two dates or numbers of one kind are two things."""

_NUMERIC_ONLY = frozenset({"count"})
_TEXT_ONLY = frozenset({"email", "phone", "iban", "vin", "plate", "url", "uuid", "date", "currency", "reference"})


def _amounts(field: Field, reading: Reading) -> Sequence[Value]:
    found = amounts.amounts_for(field.about, reading.text)
    return (
        [amount.written for amount in found]
        if field.kind == "string"
        else _as(field, [amount.value for amount in found])
    )


def _as(field: Field, values: Sequence[int | float]) -> Sequence[Value]:
    """Give numbers the field's type; an integer field takes whole numbers only."""
    if field.kind == "string":
        return [str(value) for value in values]
    if field.kind == "integer":
        return [int(value) for value in values if value == int(value)]
    return [int(value) if value == int(value) else value for value in values]


_FINDERS: Mapping[str, Finder] = {
    "email": lambda field, reading: references.emails(reading.text),
    "phone": lambda field, reading: references.phones(reading.text),
    "iban": lambda field, reading: references.ibans(reading.text),
    "vin": lambda field, reading: references.vins(reading.text),
    "plate": lambda field, reading: references.plates(reading.text),
    "url": lambda field, reading: references.urls(reading.text),
    "uuid": lambda field, reading: references.uuids(reading.text),
    "reference": lambda field, reading: references.numbers_named(field.about, field.label, reading.text),
    "labelled": lambda field, reading: references.labelled(field.label, reading.text),
    "date": lambda field, reading: dates.dates_for(
        field.about, reading.text, reading.language, iso=field.format == "date"
    ),
    "year": lambda field, reading: _as(field, measures.years(field.about, reading.text)),
    "currency": lambda field, reading: amounts.currencies(reading.text),
    "amount": _amounts,
    "percent": lambda field, reading: _as(field, measures.percentages(reading.text)),
    "mileage": lambda field, reading: _as(field, measures.distances(field.about, reading.text)),
    "speed": lambda field, reading: _as(field, measures.speeds(reading.text)),
    "age": lambda field, reading: _as(field, measures.ages(reading.text)),
    "count": lambda field, reading: _as(field, measures.counts(field.label, field.description, reading.text)),
}
