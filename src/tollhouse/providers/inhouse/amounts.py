"""Amounts of money and their currencies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .purposes import Cues, purpose_of, serves, words_before
from .words import fold_in_place

MAX_AMOUNTS = 500
"""Amounts read of one text."""

_SYMBOLS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "fr.": "CHF",
    "sfr.": "CHF",
    "francs": "CHF",
    "franken": "CHF",
    "euros": "EUR",
    "euro": "EUR",
    "dollars": "USD",
    "us$": "USD",
    "pounds": "GBP",
}
_CODES = "usd|eur|chf|gbp|cad|aud|jpy|sek|nok|dkk|pln|czk|huf"
_BEFORE = rf"(?:us\$|[$€£]|s?fr\.|\b(?:{_CODES})\b)"
_AFTER = rf"(?:us\$|[$€£]|\b(?:{_CODES}|francs|franken|euros?|dollars|pounds)\b|fr\.)"
_NUMBER = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?P<before>{_BEFORE})[ \u00a0]?(?P<n1>{_NUMBER})(?![\d])(?:\.[-–—])?|(?<![\w.,'])(?P<n2>{_NUMBER})(?:\.[-–—])?[ \u00a0]?(?P<after>{_AFTER})"
)

_PURPOSES: Sequence[Cues] = (
    ("total", "gesamt", "summe", "somme"),
    ("deductible", "excess", "selbstbehalt", "franchise"),
    ("vat", "tax", "mwst", "mehrwertsteuer", "tva", "taxe"),
    ("net", "netto", "hors taxe", "ht"),
    ("gross", "brutto", "ttc"),
    ("estimate", "quote", "kostenvoranschlag", "devis", "estim"),
    ("repair", "reparatur", "reparation"),
    ("refund", "ruckerstatt", "erstatt", "rembours"),
    ("premium", "pramie", "prime"),
    ("salary", "gehalt", "lohn", "salaire"),
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as written, its number, its currency's ISO code, and the words before it."""

    written: str
    value: float
    currency: str
    before: str


def amounts_for(about: str, text: str) -> list[Amount]:
    """
    Return the amounts that fit a property.

    A property that names a purpose (total, deductible, tax…) takes amounts with a word for it right before them. Any
    other takes the text's amounts if they are all the same, else the total, else none: nothing says which is meant.
    """
    found = all_amounts(text)
    purpose = purpose_of(about, _PURPOSES)
    if purpose is not None:
        fitting = [one for one in found if serves(purpose, one.before, _PURPOSES)]
        return fitting or (found if len(found) == 1 and serves(None, found[0].before, _PURPOSES) else [])
    if len({(one.value, one.currency) for one in found}) == 1:
        return found
    return [one for one in found if serves(_PURPOSES[0], one.before, _PURPOSES)]


def currencies(text: str) -> list[str]:
    """Return the ISO code of the text's currency, if it uses one only."""
    codes = list(dict.fromkeys(one.currency for one in all_amounts(text)))
    return codes if len(codes) == 1 else []


def number(written: str) -> float:
    """Read 1,234.50, 1.234,50, 1'234.50 and 1 234,50: the last mark before one or two digits is the decimal mark."""
    match = re.fullmatch(r"(?P<whole>.*?)(?:[.,](?P<rest>\d{1,2}))?", written)
    assert match is not None  # the pattern matches everything
    return float(f"{re.sub(r'[^0-9]', '', match['whole'])}.{match['rest'] or 0}")


def all_amounts(text: str) -> list[Amount]:
    """Return every amount, in order."""
    found: list[Amount] = []
    folded, last = fold_in_place(text), 0
    for match in _AMOUNT.finditer(folded):
        mark = (match["before"] or match["after"]).strip()
        written = text[match.start() : match.end()].strip()
        value, code = number(match["n1"] or match["n2"]), _SYMBOLS.get(mark, mark.upper())
        found.append(Amount(written, value, code, words_before(folded, match.start(), last)))
        last = match.end()
        if len(found) == MAX_AMOUNTS:
            break
    return found
