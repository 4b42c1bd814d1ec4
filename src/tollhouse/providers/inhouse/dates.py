"""Dates in English, French and German texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .purposes import Cues, purpose_of, serves, words_before
from .words import fold_in_place

MAX_DATES = 200
"""Dates read of one text."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv januar janner",
            "february feb fevrier fevr februar",
            "march mar mars marz maerz",
            "april apr avril avr",
            "may mai",
            "june jun juin juni",
            "july jul juillet juil juli",
            "august aug aout",
            "september sep sept septembre",
            "october oct octobre oktober okt",
            "november nov novembre",
            "december dec decembre dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"""(?<![\w./-])(?:
        (?P<iso>(?P<iy>(?:19|20)\d\d)-(?P<im>\d\d)-(?P<id>\d\d))
      | (?P<dmy>(?P<d>\d{{1,2}})(?:er|st|nd|rd|th)?\.?[ ]?(?:of[ ]|de[ ])?(?P<m>{_MONTH})\.?,?[ ]?(?P<y>(?:19|20)\d\d))
      | (?P<mdy>(?P<m2>{_MONTH})\.?[ ](?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?[ ](?P<y2>(?:19|20)\d\d))
      | (?P<num>(?P<a>\d{{1,2}})(?P<sep>[./-])(?P<b>\d{{1,2}})(?P=sep)(?P<y3>(?:19|20)\d\d))
    )(?![\w/-]|\.\d)""",
    re.VERBOSE,
)

# What a date can be the date of, folded. A property that names one of these takes only a date that the text names so.
_PURPOSES: Sequence[Cues] = (
    ("due", "payable", "deadline", "fallig", "zahlbar", "frist", "echeance", "payer avant", "limite"),
    ("birth", "born", "geburt", "geboren", "naissance", "ne le", "nee le"),
    ("invoice", "billed", "rechnung", "facture"),
    ("deliver", "shipped", "liefer", "livraison", "livre"),
    ("purchase", "bought", "kauf", "gekauft", "achat", "achete"),
    ("order", "bestell", "commande"),
    ("start", "from", "begin", "effective", "beginn", "ab", "debut", "a partir", "des le"),
    ("end", "until", "expir", "ende", "bis", "ablauf", "fin", "jusqu"),
    ("sign", "unterschr", "unterzeichn", "signe", "signature"),
    ("report", "notified", "gemeldet", "meldung", "declare", "signale"),
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A date in a text, and the words before it. `value` is None if its day and month cannot be told apart."""

    value: date | None
    written: str
    before: str


def dates_for(about: str, text: str, language: str | None, *, iso: bool) -> list[str]:
    """
    Return the dates that fit a property, best first: as ISO, or as written.

    A property whose name or description names a purpose (due, birth, invoice…) takes dates that have a word for it
    right before them; any other property takes dates that have no such word.
    """
    folded = fold_in_place(text)
    found = [one for one in _dates(text, folded, language) if one.value is not None or not iso]
    purpose = purpose_of(about, _PURPOSES)
    fitting = [one for one in found if serves(purpose, one.before, _PURPOSES)]
    return list(dict.fromkeys(_write(one, iso=iso) for one in fitting))


def spans(text: str) -> list[tuple[int, int]]:
    """Return where dates stand, so that others do not read their parts as numbers."""
    return [match.span() for match in _DATE.finditer(fold_in_place(text))]


def _dates(text: str, folded: str, language: str | None) -> list[_Found]:
    found, last = [], 0
    for match in _DATE.finditer(folded):
        before = words_before(folded, match.start(), last)
        found.append(_Found(_value(match, language), text[match.start() : match.end()], before))
        last = match.end()
        if len(found) == MAX_DATES:
            break
    return found


def _value(match: re.Match[str], language: str | None) -> date | None:
    if match["iso"]:
        return _date(match["iy"], match["im"], match["id"])
    if match["dmy"]:
        return _date(match["y"], str(_MONTHS[match["m"]]), match["d"])
    if match["mdy"]:
        return _date(match["y2"], str(_MONTHS[match["m2"]]), match["d2"])
    return _numeric(match, language)


def _numeric(match: re.Match[str], language: str | None) -> date | None:
    """
    Read 03/04/2026. Only one order may be possible: by a number above 12, by a full stop (day first), or by the language
    (French and German put the day first; English texts do either, so there it stays unknown).
    """
    day_first, month_first = (_date(match["y3"], match["b"], match["a"]), _date(match["y3"], match["a"], match["b"]))
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first
    return day_first if match["sep"] == "." or language in ("fr", "de") else None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _write(found: _Found, *, iso: bool) -> str:
    return found.value.isoformat() if iso and found.value is not None else found.written
