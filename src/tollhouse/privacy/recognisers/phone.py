"""
Telephone numbers of any country.

With `+` or `00` they say which country's they are. National ones are known by how people write them, by a cue, or by being
valid in a country nearby; all other digits are left alone.
"""

import re
from collections.abc import Iterator
from typing import Final

from ..numbers import Number
from ..reading import Reading
from ..spans import Span

DIGITS_MIN, DIGITS_MAX = 6, 17
"""Of a number with everything before it: E.164 allows 15, `00` and a `(0)` make 18; shorter ones are internal."""
REFUSED_MAX: Final = 28
"""Characters before a number in which something else may claim it: `Kundennummer Nr. `."""
ONE_MAX: Final = 13
"""Digits of a number that is not looked at for whether it is two."""
NEARBY: Final = ("CH", "DE", "FR", "GB", "AT", "IT", "BE", "NL", "LU", "IE")
"""Where numbers in one piece with a leading zero are looked up without a cue."""

_PLUS: Final = re.compile(r"(?<!\d)(?<!\d )\+ ?\(?$")
_CUE: Final = re.compile(
    r"\b(?:tel|phone|fon|mobile?|mob|cell|fax|sms|whatsapp|hotline|handy|natel|rückruf|durchwahl|portable)"
    r"|télé|phone|telefon|rufnummer|tél\b|☎|📞|📱"
)
_VERB: Final = re.compile(
    r"\b(?:call|ring|dial|reach|text|signal|contact|answering|line|number is|anruf|ruf|erreich|kontakt|nummer ist|appel|joindre"
    r"|numéro est|contacter)"
)
"""Of many things besides telephones: a number in one piece must follow directly."""
_VERB_BEFORE: Final = re.compile(
    _VERB.pattern
    + r"\w{0,4}(?: (?:me|us|him|her|them|back|on|at|under|now|is|mich|uns|ihn|sie|an|unter|bar|auf|moi|nous|au|le|la))*\W{1,3}$"
)
_CUE_OR_VERB: Final = re.compile(f"{_CUE.pattern}|{_VERB.pattern}")
_CUE_AFTER: Final = re.compile(
    r"[\s,(]{1,3}(?:office|fax|mobile|cell|home|work|phone|tel|mobil|privat|geschäft|büro|bureau|portable|domicile)\b"
)
_NOT_A_PHONE: Final = re.compile(
    r"(?:order|invoice|ref(?:erence)?|customer|contract|account|article|item|case|ticket|serial|tracking|batch|isbn|issn|ean|doi|version|port"
    r"|bestell\w*|rechnung\w*|kunden\w*|vertrag\w*|konto\w*|artikel\w*|auftrag\w*|akten\w*|az|vorgang\w*|seriennummer|policen?\w*|beleg\w*"
    r"|commande|facture|client|contrat|compte|référence|réf|dossier|article|colis|suivi|série|no|nr|n°|id|#)"
    r"[\s.:#-]{0,3}(?:(?:number|nummer|numéro|no|nr|n°|id|code|is|ist|est)[\s.:#-]{0,3}){0,2}$"
)
_MONEY: Final = re.compile(
    r"[\s]?(?:€|\$|£|%|eur|usd|chf|gbp|fr\.|franken|francs?|dollars?|pounds?|kg|km|m²|mio|million|units?|stück|pièces)"
)
_MONEY_BEFORE: Final = re.compile(r"(?:€|\$|£|eur|usd|chf|gbp|fr\.)[\s]?$")
_DATE: Final = re.compile(
    r"(?:[0-3]?\d([./-]) ?[01]?\d\1 ?(?:(?:19|20)\d\d|\d\d)|[01]?\d([/-])[0-3]?\d\2(?:19|20)?\d\d|(?:19|20)\d\d([./-])[01]?\d\3[0-3]?\d)"
    r"(?: \d{1,2}(?:\.\d\d)?)?"
)
_YEARS: Final = re.compile(r"(?:1[6-9]|20)\d\d[ ]?[-/][ ]?(?:(?:1[6-9]|20)\d\d|\d\d)")
_NORTH_AMERICAN: Final = re.compile(r"(?:1[ .-])?\(?[2-9]\d\d(?:\) ?|[ .-])\d{3}[ .-]\d{4}")
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.? ?|extension |durchwahl |poste |#)\d{1,6}\b", re.IGNORECASE)


class PhoneRecogniser:
    """Finds telephone numbers. The library that knows all countries' plans loads with the first candidate."""

    types = ("PHONE_NUMBER",)

    def find(self, reading: Reading) -> Iterator[Span]:
        for number in reading.numbers:
            if number.count >= DIGITS_MIN:
                for part in (number,) if number.count <= ONE_MAX else _parts(number):
                    if DIGITS_MIN <= part.count <= DIGITS_MAX + 1:
                        score = _score(reading, part)
                        if score:
                            yield _span(reading.text, part, score)


def _score(reading: Reading, number: Number) -> float:
    """Return how sure it is that this is a telephone number; 0 if it is none."""
    text, start, end = number.text, number.start, number.end
    if text[end : end + 1].isalnum() and not _EXTENSION.match(text, end):
        return 0.0
    if "+" in text[max(0, start - 3) : start] and _PLUS.search(text, max(0, start - 3), start):
        return _international(number, end)
    inside = start and (text[start - 1].isalnum() or text[start - 1] == "_")
    if inside or (number.count <= 8 and _is_date(text, number)):
        return 0.0
    return _national(reading, number)


def _international(number: Number, end: int) -> float:
    if number.count < 7 or _MONEY.match(number.text[end : end + 10].lower()):
        return 0.0
    return 0.9 if _is_possible(_without_zero(number)) else 0.0


def _national(reading: Reading, number: Number) -> float:
    before = reading.before(number.start)
    cued = number.count >= (6 if len(number.runs) > 1 else 7) and _cued(reading, number, before)
    score = 0.8 if cued else _by_form(number)
    if not score or _NOT_A_PHONE.search(before, max(0, len(before) - REFUSED_MAX)):
        return 0.0
    money = _MONEY.match(reading.after(number.end)) or _MONEY_BEFORE.search(before, max(0, len(before) - 8))
    return 0.0 if money and not cued else score


def _by_form(number: Number) -> float:
    """Return how sure it is without a cue."""
    digits, in_groups = number.digits(), len(number.shape) > 1
    if digits[0] != "0":
        american = number.count in (10, 11) and in_groups and _NORTH_AMERICAN.fullmatch(_opened(number))
        return 0.7 if american else 0.0
    if digits[1] == "0":
        if number.count < 10 or number.shape[0] == 1:
            return 0.0
        known = _is_possible(_without_zero(number)[2:]) if in_groups else _is_valid(f"+{digits[2:]}", None)
        return 0.8 if known else 0.0
    if in_groups:
        return 0.7 if _is_written_so(number) else 0.0
    nearby = number.count in (10, 11) and any(_is_valid(digits, country) for country in NEARBY)
    return 0.6 if nearby else 0.0


def _parts(number: Number) -> Iterator[Number]:
    """
    Cut a row into the numbers it holds: a new one starts after a plus, or with a zero where the last may have ended.
    """
    text, runs = number.text, number.runs
    joined: list[tuple[int, int]] = []
    count, left = 0, number.count
    for run in runs:
        start, end = run
        if joined and (_starts_anew(text, joined[-1][1], run, count, left) or count + end - start > DIGITS_MAX + 1):
            yield Number(text, joined, count)
            joined, count = [], 0
        joined.append(run)
        count += end - start
        left -= end - start
    yield Number(text, joined, count)


def _starts_anew(text: str, last_end: int, run: tuple[int, int], count: int, left: int) -> bool:
    """Does a new number start with this run, after `count` digits and with `left` to come?"""
    gap = text[last_end : run[0]]
    if count < 7:
        return False
    leading_zero = text[run[0]] == "0" and left >= 8 and count >= (9 if run[1] - run[0] >= 3 else 10)
    return leading_zero or "  " in gap or gap in (" - ", " / ", " (")


def _cued(reading: Reading, number: Number, before: str) -> bool:
    if _CUE_AFTER.match(reading.after(number.end)):
        return True
    if len(number.runs) > 1:
        return bool(_CUE_OR_VERB.search(before))
    return bool(_CUE.search(before) or _VERB_BEFORE.search(before))


def _is_date(text: str, number: Number) -> bool:
    written = text[number.start : number.end]
    return bool(_DATE.fullmatch(written) or _YEARS.fullmatch(written))


def _is_written_so(number: Number) -> bool:
    """Is it a national number with its zero, in groups: `079 123 45 67`, `01.84.17.61.18`, `030/1234567`?"""
    if not 9 <= number.count <= 12 or not 2 <= len(number.shape) <= 6:
        return False
    return number.shape[0] >= 2 and (number.shape[0] > 2 or max(number.shape) <= 8) and min(number.shape[1:]) >= 2


def _opened(number: Number) -> str:
    """Return it as written, with the parenthesis before its first digit."""
    start = number.start - (number.text[number.start - 1 : number.start] == "(")
    return number.text[start : number.end]


def _without_zero(number: Number) -> str:
    """Return its digits without the zero of `+41 (0)79`, which is not dialled from abroad."""
    text = number.text
    return "".join(
        text[start:end]
        for start, end in number.runs
        if not (text[start:end] == "0" and text[start - 1 : end + 1] == "(0)")
    )


def _span(text: str, number: Number, score: float) -> Span:
    plus = (
        _PLUS.search(text, max(0, number.start - 3), number.start)
        if "+" in text[max(0, number.start - 3) : number.start]
        else None
    )
    start = (
        plus.start() - (text[plus.start() - 1 : plus.start()] == "(")
        if plus
        else number.start - (text[number.start - 1 : number.start] == "(")
    )
    extension = _EXTENSION.match(text, number.end)
    return Span(start, extension.end() if extension else number.end, "PHONE_NUMBER", score)


def _is_possible(digits: str) -> bool:
    """Has the country whose code they start with numbers of that length?"""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    for figures in (1, 2, 3):
        code = int(digits[:figures])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            country = COUNTRY_CODE_TO_REGION_CODE[code][0]
            plan = PhoneMetadata.metadata_for_region_or_calling_code(code, country)
            lengths = plan.general_desc.possible_length if plan and plan.general_desc else ()
            return len(digits) - figures in lengths
    return False


def _is_valid(digits: str, country: str | None) -> bool:
    """Is it of a range that is in use?"""
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, country)))
    except phonenumbers.NumberParseException:
        return False
