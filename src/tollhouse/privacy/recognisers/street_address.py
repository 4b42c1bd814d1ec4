"""
Postal addresses of any country: street and number, in either order, with what belongs to them before and after.

It starts from a number that stands beside a word for a street (or, if nothing else says so, from a number behind
capitalised words, with a flat, a postcode or a cue near it), and takes in the flat, postcode, town and country
that follow on the line or the next ones.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from .. import streets
from ..lexicon import STOP, WORD, Lexicon, lexicon
from ..reading import CAPITAL, Reading
from ..spans import Span
from ..tables import words

BEFORE_MAX: Final = 64
"""Characters looked at before a number."""
PARTS_MAX: Final = 8
"""Lines and comma-separated parts of one address."""

TYPED, SHAPED = 0.95, 0.92


class StreetAddressRecogniser:
    """
    Finds postal addresses.

    Args:
        known: the words; called when the first text with a number is read.
    """

    types = ("STREET_ADDRESS",)

    def __init__(self, known: Callable[[], Lexicon] = lexicon) -> None:
        self._known = known

    def find(self, reading: Reading) -> Iterator[Span]:
        if not reading.runs:
            return
        text = reading.titled
        done = 0
        for at, stop in reading.runs:
            if at < done or stop - at > 5:
                continue
            # Does a word follow the number, does one stand before it? Written out, for most numbers end here.
            mark, letter = text[stop : stop + 1], text[stop + 1 : stop + 2]
            leads = (
                letter.isalpha()
                or mark == "-"
                or ((mark == "," or mark.isalpha()) and text[stop + 2 : stop + 3].isalpha())
            )
            ends = text[at - 1 : at] == " " and (text[at - 2 : at - 1].isalpha() or text[at - 2 : at - 1] == ".")
            if not (leads or ends):
                continue
            core = _street(text, at, stop, done, leads=leads, ends=ends, known=self._known)
            if core is not None:
                start, end = _crossing(text, *_whole(text, core[0], core[1], done), done)
                end -= bool(_SENTENCE_END.search(text, max(start, end - 8), end))
                done = end
                yield Span(start, end, "STREET_ADDRESS", core[2])


def _street(
    text: str, start: int, end: int, floor: int, *, leads: bool, ends: bool, known: Callable[[], Lexicon]
) -> tuple[int, int, float] | None:
    """Return the street that the number belongs to."""
    after = text[end : end + 24] if leads else ""
    if after[:6].lstrip(" ,")[:4].lower() == "box ":
        return _military(text, start, end, floor)
    if end - start == 5 and ends and text[start - 4 : start - 2] in (" A", " a"):
        ship = _SHIP.search(text, max(floor, start - 50), start)
        if ship is not None:
            return ship.start(), end, TYPED
    if leads and _may_open(after):
        ahead = _NUMBER_FIRST.match(text, start)
        if ahead and not (_is_year(text[start:end]) and text[max(0, start - 6) : start].endswith(_BEFORE_YEARS)):
            return start, ahead.end(), TYPED
        named = _NUMBER_AND_NAME.match(text, start) if ahead is None else None
        if named and _is_cued(text, start) and not _has_words(named[1], known):
            return start, named.start(1) + len(named[1].rstrip(".")), SHAPED
    return _numbered_last(text, start, floor, known) if ends else None


def _may_open(after: str) -> bool:
    """Whether a street may follow its number: a capital or a word as `rue`."""
    ahead = _AHEAD.match(after)
    return ahead is not None and (ahead[1][0].isupper() or ahead[1].rstrip(".").lower() in streets.OPENING)


def _military(text: str, start: int, end: int, floor: int) -> tuple[int, int, float] | None:
    military = _MILITARY.match(text, start, end + 60)
    if military is None:
        return None
    opening = _MILITARY_OPENING.search(text, max(floor, start - 6), start)
    return (opening.start() if opening else start), military.end(), TYPED


def _numbered_last(text: str, start: int, floor: int, known: Callable[[], Lexicon]) -> tuple[int, int, float] | None:
    before = text[max(floor, start - BEFORE_MAX) : start]
    last = before[before.rfind(" ", 0, -1) + 1 : -1]
    if before[-1:] != " " or not last or not (last[0].isupper() or last.rstrip(".").lower() in streets.BEFORE_NUMBER):
        return None
    kind = known().kinds.get(last.rstrip("."), 0)
    number = None if kind & STOP or (last.isupper() and len(last) < 5) else _HOUSE_NUMBER.match(text, start)
    if number is None:
        return None
    line = before.rsplit("\n", 1)[-1]
    opened = _typed_start(line, known().kinds)
    if opened is not None:
        return start - len(line) + opened, number.end(), TYPED
    lane = _LANE.search(line) if _POSTCODE_AHEAD.match(text, number.end()) else None
    if lane is not None:
        return start - len(line) + lane.start(1), number.end(), TYPED
    shaped = _SHAPE.search(line)
    return (
        _shaped(
            text,
            start - len(line) + shaped.start(1),
            shaped[1],
            number.end(),
            floor,
            known,
        )
        if shaped
        else None
    )


def _shaped(
    text: str, first: int, name: str, end: int, floor: int, known: Callable[[], Lexicon]
) -> tuple[int, int, float] | None:
    """Judge capitalised words and a number, none of them known to be a street, by what stands around."""
    cued = _is_cued(text, first)
    if _UNIT_AHEAD.match(text, end) or (cued and _ENDS.match(text, end)):
        return first, end, SHAPED
    if _has_words(name, known):
        return None
    numbered = _LEADING_NUMBER.search(text, max(floor, first - 12), first)
    if cued or (numbered and _ENDS.match(text, end)) or _POSTCODE_AHEAD.match(text, end):
        return first, end, SHAPED
    return None


def _has_words(name: str, known: Callable[[], Lexicon]) -> bool:
    """Whether everyday words, form words or abbreviations are among the words of a name."""
    kinds = known().kinds
    return any(
        (part.isupper() and len(part) < 5) or kinds.get(part.rstrip("."), 0) & (WORD | STOP)
        for part in name.replace("-", " ").split()
    )


def _typed_start(line: str, kinds: Mapping[str, int]) -> int | None:
    """Return where a street begins whose type stands before the number: Nybrogatan, Rákóczi út, Via Roma."""
    parts = [(part.start(), part[0]) for part in _PART.finditer(line)]
    if not parts:
        return None
    last = parts[-1][1]
    low = last.lower()
    bare = low.rstrip(".,")
    if bare in streets.BEFORE_NUMBER and last[1:] == low[1:]:
        return _name_start(parts, kinds)
    if low.endswith(streets.ENDINGS) and len(bare) > 5 and last[:1].isupper() and bare not in streets.NO_STREETS:
        return _name_start(parts, kinds)
    for back in range(len(parts) - 1, max(-1, len(parts) - 7), -1):
        opening = parts[back][1]
        if opening.lower().rstrip(".") in streets.OPENING and back < len(parts) - 1:
            return parts[back][0] if all(_is_name_part(part) for _, part in parts[back + 1 :]) else None
    return None


def _name_start(parts: list[tuple[int, str]], kinds: Mapping[str, int]) -> int | None:
    """Return where the capitalised words before the last one begin; the last one itself if it says all."""
    first = last = len(parts) - 1
    while first > 0 and last - first < 4:
        word = parts[first - 1][1]
        if not word[:1].isupper() or word.endswith((",", ":")) or kinds.get(word, 0) & STOP:
            break
        first -= 1
    return parts[first][0] if first < last or parts[last][1][:1].isupper() else None


def _is_name_part(part: str) -> bool:
    return (
        part[:1].isupper()
        or part[:1].isdigit()
        or part.lower() in _CONNECTORS
        or part[:2].lower() in ("d'", "l'", "d’", "l’")
    )


def _whole(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    return _flat_before(text, _before(text, start, floor), floor), _after(text, end)


def _crossing(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    """Take in the other street of a corner."""
    offset = max(floor, start - BEFORE_MAX)
    before = text[offset:start]
    corner = _CORNER.search(before) if before[-3:] in ("of ", "ke ", "de ") else None
    if corner is None and before.endswith(" and "):
        corner = _OTHER_STREET.search(before)
        corner = corner if corner and _is_cued(text, offset + corner.start()) else None
    if corner is None:
        return start, end
    other = _AND_STREET.match(text, end)
    return offset + corner.start(), other.end() if other else end


def _before(text: str, start: int, floor: int) -> int:
    """Take in the numbers before: a postcode or block at the head of the line."""
    if text[start - 1 : start] != " " or not text[start - 2 : start - 1].isdigit():
        return start
    numbers = _LEADING_NUMBER.search(text, max(floor, start - 14), start)
    return numbers.start(1) if numbers else start


def _flat_before(text: str, start: int, floor: int) -> int:
    """Take in the flat before: "Flat 3, 7 Elm Grove"."""
    flat = _FLAT.search(text, max(floor, start - 24), start) if text[start - 2 : start] in (", ", ",\n") else None
    return flat.start(1) if flat else start


def _after(text: str, end: int) -> int:
    """Take in what follows: flat, postcode, town, region, country."""
    for _ in range(PARTS_MAX):
        more = _MORE.match(text, end)
        if more is None or more.end() == end:
            return end
        end = more.end()
    return end


def _is_cued(text: str, start: int) -> bool:
    before = text[max(0, start - 40) : start].lower()
    before = _LEADING_NUMBER.sub("", before) if before[-2:-1].isdigit() else before
    return before.rstrip().removesuffix(" the").endswith(streets.CUES)


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in ("19", "20")


_CONNECTORS = words(
    """
    de du des la le les di del della dei delle do da dos das e y et i van der den het ten ter au aux und
    """
)
_NAME = rf"{CAPITAL}[\w'’.-]*"
_PART = re.compile(r"\S+")
_HOUSE_NUMBER = re.compile(
    r"\d{1,5}(?: ?[a-zA-Z](?![\w])(?: \d{1,3}(?![\w.,]))?)?(?:[-/]\d{1,4}[a-zA-Z]?)?(?![\w%€$])(?![.,]\d)"
)
_NUMBER_FIRST = re.compile(
    rf"\d{{1,5}}[a-zA-Z]?(?: ?(?:bis|ter|quater))?(?:[-/]\d{{1,4}}[a-zA-Z]?)?,? "
    rf"(?:(?:{_NAME} ){{1,4}}(?:(?i:{streets.CLOSING}))\b\.?|(?:{_NAME} )?(?i:{'|'.join(sorted(map(re.escape, streets.OPENING)))})\.? "
    rf"(?:(?i:de la|de l'|de|du|des|d'|la|le|les|l'|di|del|della|do|da|dos|das|van|der)[ ]?){{0,2}}{_NAME}(?:[ -](?:(?:de|du|des|la|et|di|do|da|of) ){{0,2}}{_NAME}){{0,4}}(?: \d{{1,4}}[a-z]?(?!\w))?)"
)
_SHAPE = re.compile(rf"(?<!\S)({_NAME}(?: (?:(?:de|del|di|da|do|dos|van|der|la|le|el|Ten) ){{0,2}}{_NAME}){{0,3}}) $")
_LEADING_NUMBER = re.compile(r"(?<![\d\w.,/-])((?:\d{1,5} ){1,2})$")
_UNIT_AHEAD = re.compile(rf"[,.]?\s{{1,3}}(?:> ?)?(?i:{streets.UNITS})\.? ?\d")
_FLAT = re.compile(rf"(?<!\w)((?i:{streets.UNITS})\.? ?#?\d{{1,4}}[a-zA-Z]?,\s)$")
_LANE = re.compile(
    rf"(?<!\S)((?:Am|Im|An der|An den|Auf der|Auf dem|In der|In den|Beim|Zum|Zur|Unter den|Hinter der|Hinter dem) {_NAME}(?: {_NAME})?) $"
)
"""A street whose name tells where it lies, as German has them; only believed with a postcode behind its number."""
_ENDS = re.compile(r"\.?(?:[\n?!;]|,|\.?$|\.\s)")
_POSTCODE_AHEAD = re.compile(rf"(?:,\s|\s?\n[> ]*|\s-\s)(?:[A-Z]{{1,2}}-)?\d{{4,5}} {CAPITAL}")
_MILITARY_OPENING = re.compile(r"(?i:psc|unit|cmr) $")
_MILITARY = re.compile(r"(?i)\d{3,5},? box \d{3,5}\s{1,3}[adf]po,? a[aep] \d{5}")
_SHIP = re.compile(r"(?i)(?:us[a-z]{1,4} [\w' ]{2,30}\s{1,3})?[adf]po,? a[aep] $")
_CORNER = re.compile(r"(?:the )?(?:corner|junction|intersection) of $|(?:an der |die )?Ecke $|(?:à l')?angle de $")
_OTHER_STREET = re.compile(rf"(?<!\S){_NAME}(?: {_NAME}){{0,2}} and $")
_AND_STREET = re.compile(rf"\.? and {_NAME}(?: {_NAME}){{0,3}}")
_POSTCODE = r"(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?|\d{3} \d{3}|\d{3} \d{2}|\d{3}-\d{4}|[A-Z]\d[\dW] ?[A-Z\d]{4}|\d{2}-\d{3}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d|\d{4} ?[A-Z]{2}"
_TOWN = rf"{CAPITAL}[\w'’.-]*(?:[ -](?:(?:de|del|di|da|do|am|an|der|im|in|la|le|sur|upon|of|u|nad|pod|v) ){{0,2}}{CAPITAL}?[\w'’.-]*){{0,4}}"
_AHEAD = re.compile(r"[a-zA-Z]?(?:-\d+[a-zA-Z]?)?(?: ?(?:bis|ter|quater))?,? ([^\W\d_]+\.?)")
_BEFORE_YEARS = (" in ", "In ", "since ", " of ", "Jahr ", " seit ", " en ")
_NUMBER_AND_NAME = re.compile(rf"\d{{1,5}} ({_NAME}(?: {_NAME}){{0,3}})(?=\.?(?:[\n?!;,]|$|\.\s))")
_SENTENCE_END = re.compile(r"[^\W\d_]{5}\.$")
_STOREY = r"\d{1,2}(?:\.|º|ª|°|er|e|st|nd|rd|th)? ?(?:(?i:th|tv|mf|floor|fl|og|stock|etage|étage|esq|dto|dcha|izq|izda)\b\.?|(?<=[º°ª.] )[A-F]\b)"
_COUNTRIES = (
    "USA|UK|UAE|United States(?: of America)?|United Kingdom|Great Britain|England|Scotland|Wales|Northern Ireland|Ireland|Germany|"
    "Deutschland|Allemagne|Switzerland|Schweiz|Suisse|Svizzera|Liechtenstein|Austria|Österreich|Autriche|France|Frankreich|Italy|"
    "Italia|Italien|Italie|Spain|España|Spanien|Espagne|Portugal|Netherlands|Nederland|Niederlande|Pays-Bas|Belgium|België|"
    "Belgique|Belgien|Luxembourg|Luxemburg|Denmark|Danmark|Sweden|Sverige|Norway|Norge|Finland|Suomi|Iceland|Poland|Polska|Polen|"
    "Czech Republic|Česko|Slovakia|Slovenia|Slovenija|Croatia|Hrvatska|Hungary|Magyarország|Romania|România|Bulgaria|Greece|"
    "Estonia|Latvia|Lithuania|Canada|Australia|New Zealand|India|Singapore|Japan|Brazil|Brasil|Mexico|México|South Africa"
)
_MORE = re.compile(
    rf"\.?(?:,?[ ]|,?\s?\n\n?[> ]*,?\s?|,\s)"
    rf"(?:(?i:{streets.UNITS})\b\.? ?#?\d*[\w-]{{0,6}}(?: (?!(?i:{streets.UNITS})\b){_NAME}(?: {_NAME}){{0,3}}(?=[\n,?.;]|$))?"
    rf"|{_NAME}(?: {_NAME}){{0,2}}(?=,?\s{{1,3}}(?:> )?(?i:{streets.UNITS})\.? ?\d)"
    rf"|(?:{_POSTCODE})(?!\w)(?: {_NAME}(?:[ -]{_NAME}){{0,3}}(?: \d{{1,2}}(?![\w.,]\d))?)?)"
    rf"|(?:,[ ]|,?\s?\n\n?[> ]*(?:,\s)?){CAPITAL}[\w'’.-]*(?:[ -](?:[a-z]{{1,3}} ){{0,2}}{CAPITAL}[\w'’.-]*){{0,4}}(?:[ ]?(?:-[ ][A-Z]{{2}},?)?[ ](?:{_POSTCODE})(?!\w)|(?:[ ]\d{{1,2}}(?!\w))?(?=[\n,?.;]|$|[ ](?:for|in|with)\b))"
    rf"|,?[ ]{_STOREY}|[ ](?i:cedex)(?:[ ]\d{{1,2}})?(?!\w)|(?:,?[ ]|,?\s?\n\n?[> ]*)\(?(?:{_COUNTRIES})\b\)?|[ ]-[ ]{_NAME}(?: {_NAME}){{0,2}}(?=,)"
    rf"|(?:,?\s?\n[> ]*,?|,)[ ]?(?:nan|[A-Z]{{2}})(?=[\n ,]|$)(?:[ \n]{{1,2}}(?:{_POSTCODE})(?!\w))?"
)
