"""Numbers with a unit or a word beside them: years, distances, speeds, ages, percentages, counts."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from .amounts import number
from .dates import spans
from .sentences import clauses, is_negated, is_said, sentences
from .words import MIN_STEM, fold, fold_in_place, listed, stems, words

T = TypeVar("T")

MAX_FOUND = 200
"""Numbers read of one text and kind."""

_NUMBER = r"\d{1,3}(?:[ ,.'’]\d{3}){1,3}|\d{1,9}(?:[.,]\d{1,2})?"
_YEAR = re.compile(r"(?<![\w.,/-])(?P<n>19[5-9]\d|20\d\d)(?![\w/-]|[.,]\d)")
_OWNED_YEAR = re.compile(
    r"(?:\b(?:a|an|my|our|his|her|their|the|ein|eine[nmrs]?|mein\w{0,2}|une?|ma|mon|notre|model year|modell|baujahr|annee|modele)[ ](?:new |used |neue[nrs]? |nouvelle |nouveau )?)$"
)
_DISTANCE_AFTER = re.compile(
    rf"(?<![\w.,$€])(?P<n>{_NUMBER})[ ]?(?:miles|mi\b|km\b|kms\b|kilometers?|kilometres?|kilometern?)(?![ ]?(?:/|per|an? hour|pro|par)|/?h\b)"
)
_DISTANCE_BEFORE = re.compile(
    rf"\b(?:mileages?|odometer|kilometerstand|laufleistung|kilometrage)\b[^.\d\n]{{0,40}}(?P<n>{_NUMBER})(?![\d])"
)
_ODOMETER = re.compile(r"mileage|odometer|kilometerstand|laufleistung|kilometrage")
MIN_ODOMETER = 1_000
"""A shorter distance without a word for an odometer is a way that was driven ("60 miles to work")."""
_QUALIFIERS = ("failure", "current", "total", "annual", "ausfall", "aktuell", "jahrlich", "annuel", "actuel")
_SPEED = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3}(?:[.,]\d)?)[ ]?(?:mph|km/?h|kmh|kph|miles (?:per|an) hour|stundenkilometer|kilometres? heure)\b"
)
_AGE = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3})[ -]?(?:years?[ -]old|yrs?[ .-]{1,2}old|yrs old|y/o|jahre alt|jahrige?[rsn]?|ans)\b"
)
_PERCENT = re.compile(r"(?<![\w.,])(?P<n>\d{1,3}(?:[.,]\d{1,4})?)[ \u00a0]?(?:%|percent\b|prozent\b|pour ?cent\b)")
_NUMBER_WORDS = {
    name: value
    for value, names in enumerate(
        (
            "no zero null keine kein aucun aucune",
            "one",
            "two zwei deux both beide",
            "three drei trois",
            "four vier quatre",
            "five funf cinq",
            "six sechs",
            "seven sieben sept",
            "eight acht huit",
            "nine neun neuf",
            "ten zehn dix",
        )
    )
    for name in names.split()
}
_COUNTED = listed(
    "number count of anzahl nombre der von de total the how many quantity menge quantite num no person people personen persones"
)


_ARTICLES = listed("a an ein eine einen un une")


def years(about: str, text: str) -> list[int]:
    """Return years outside dates; for a property about a thing's year only those in "a 2011 Ford", "model year 2011"."""
    folded, dated = fold_in_place(text), spans(text)
    places = [
        match for match in _limited(_YEAR, folded) if not any(start <= match.start() < end for start, end in dated)
    ]
    owned = [match for match in places if _OWNED_YEAR.search(folded[max(0, match.start() - 20) : match.start()])]
    thing = re.search(r"model|vehicle|car\b|baujahr|fahrzeug|modell|annee|vehicule|voiture", about)
    return _distinct(int(match["n"]) for match in (owned if thing else owned + places))


def distances(about: str, text: str) -> list[float]:
    """Return distances; those behind a word for an odometer's reading first, and of these the one named alike."""
    folded = fold_in_place(text)
    read = _limited(_DISTANCE_BEFORE, folded)
    qualifier = next((word for word in _QUALIFIERS if word in about), None)
    named = [
        match for match in read if qualifier and qualifier in folded[max(0, match.start() - 30) : match.start("n")]
    ]
    plain = [number(match["n"]) for match in _limited(_DISTANCE_AFTER, folded)]
    if _ODOMETER.search(about):
        plain = [distance for distance in plain if distance >= MIN_ODOMETER]
    return _distinct([*(number(match["n"]) for match in (*named, *read)), *plain])


def speeds(text: str) -> list[float]:
    return _numbers(_SPEED, text)


def ages(text: str) -> list[float]:
    return _numbers(_AGE, text)


def percentages(text: str) -> list[float]:
    return _numbers(_PERCENT, text)


def counts(label: str, description: str, text: str) -> list[int]:
    """
    Return the number right before the thing counted: "two people injured" for `injured_count`; 0 where it is denied.

    The thing is the property's name without words such as "number of", or what the first part of the description lists
    ("persons injured or killed"). At most two words may stand between; an article only counts right before it.
    """
    found_sentences = sentences(text)
    things = _things(label, description)
    for clause in (clause for sentence in found_sentences for clause in clauses(sentence)):
        said = words(clause)
        for place, word in enumerate(said):
            if not any(word.startswith(thing) for thing in things) or is_negated(said, place):
                continue
            if (found := _counted(said, place)) is not None:
                return [found]
    denied = {is_said(sentence, thing) for thing in things for sentence in found_sentences}
    return [0] if False in denied and True not in denied else []


def _things(label: str, description: str) -> list[str]:
    """Return the stem of the last word of each part: of the name, and of what the description lists."""
    listed_things = re.split(r"[;.:(]", fold(description))[0]
    parts = [label, *re.split(r",|/|\b(?:or|oder|ou|and|und|et)\b", listed_things)]
    found = [[one for one in stems(part) if one not in _COUNTED] for part in parts]
    return list(dict.fromkeys(part[-1] for part in found if part and len(part[-1]) >= MIN_STEM))


def _counted(said: Sequence[str], place: int) -> int | None:
    near = [value for word in said[max(0, place - 3) : place] if (value := _value(word)) is not None]
    return near[-1] if near else 1 if place and said[place - 1] in _ARTICLES else None


def _value(word: str) -> int | None:
    return int(word) if word.isdigit() and len(word) <= 6 else _NUMBER_WORDS.get(word)


def _numbers(pattern: re.Pattern[str], text: str) -> list[float]:
    return _distinct(number(match["n"]) for match in _limited(pattern, fold_in_place(text)))


def _limited(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = []
    for match in pattern.finditer(text):
        found.append(match)
        if len(found) == MAX_FOUND:
            break
    return found


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
