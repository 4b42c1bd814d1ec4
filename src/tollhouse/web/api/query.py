"""Query parameters of `/api`, read strictly: what is not understood is refused, never ignored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar
from urllib.parse import parse_qsl

from tollhouse.domain.calls import Outcome
from tollhouse.domain.errors import InvalidRequest
from tollhouse.ports.usage import DIMENSIONS, MAX_PAGE, TAG, CallFilter, check_dimensions
from tollhouse.web.moments import read_rfc3339

DEFAULT_PAGE = 50
MAX_FIELDS = 20
MAX_VALUE_CHARS = 500
MAX_VERSION = 2**53

TIME = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: its JSON schema and what it means."""

    schema: Mapping[str, object]
    meaning: str


Known = Mapping[str, Parameter]

_DIMENSION = f"{'|'.join(DIMENSIONS)}|{TAG}[^,]+"

FILTER: Known = {
    "since": Parameter(TIME, "Calls that started at this time or later (RFC 3339)."),
    "until": Parameter(TIME, "Calls that started before this time (RFC 3339)."),
    "model": Parameter(TEXT, "The route asked for."),
    "team": Parameter(TEXT, "The team that called."),
    "use_case": Parameter(TEXT, "The use case."),
    "key": Parameter(TEXT, "The name of the key that called."),
    "provider": Parameter(
        TEXT, "The provider: of calls the one that served, of attempts and money each attempt's own."
    ),
    "prompt": Parameter(TEXT, "The prompt version, `name@hash`."),
    "tag": Parameter(TEXT, "`NAME=VALUE`: calls with this tag; several with commas, and all must be there."),
    "status": Parameter({"type": "integer", "minimum": 100, "maximum": 599}, "The HTTP status sent."),
    "outcome": Parameter(
        {"type": "string", "enum": [each.value for each in Outcome]},
        "What became of the call. `running` lists open calls; without it only finished ones are listed.",
    ),
}
PAGE: Known = {
    "limit": Parameter(
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE}, "How many items at most."
    ),
    "cursor": Parameter(TEXT, "`next_cursor` of the page before."),
}
REASON: Known = {"reason": Parameter(TEXT, "Why; it stands in the record of changes.")}
REASON_AND_VERSION: Known = {
    **REASON,
    "version": Parameter({"type": "integer", "minimum": 0}, "Delete only this version; like `If-Match`."),
}
CALLS: Known = {**FILTER, **PAGE}
USAGE: Known = {
    "by": Parameter(
        {"type": "string", "pattern": f"^({_DIMENSION})(,({_DIMENSION}))*$"},
        f"What to group by, separated by commas: {', '.join(DIMENSIONS)}, {TAG}NAME. Without it only the total is given.",
    ),
    "format": Parameter(
        {"type": "string", "enum": ["json", "csv"], "default": "json"},
        "`csv`: a line a group, without the total; so does `Accept: text/csv`.",
    ),
    **FILTER,
}


def read_query(raw: bytes, known: Known) -> dict[str, str]:
    """Return the parameters by name. Raises InvalidRequest for one that is unknown, repeated, empty or not text."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest(f"The query is not UTF-8 text of at most {MAX_FIELDS} parameters.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise InvalidRequest(_unknown(name, known), param=name[:MAX_VALUE_CHARS])
        if name in given:
            raise InvalidRequest(f"`{name}` is given twice.", param=name)
        if not value or len(value) > MAX_VALUE_CHARS or not value.isprintable():
            raise InvalidRequest(f"`{name}` must be 1 to {MAX_VALUE_CHARS} printable characters.", param=name)
        given[name] = value
    return given


def call_filter(given: Mapping[str, str]) -> CallFilter:
    """Raises InvalidRequest that names the parameter."""
    return CallFilter(
        since_ms=_read(given, "since", read_rfc3339),
        until_ms=_read(given, "until", read_rfc3339),
        team=given.get("team"),
        use_case=given.get("use_case"),
        key=given.get("key"),
        model=given.get("model"),
        provider=given.get("provider"),
        prompt=given.get("prompt"),
        tags=_read(given, "tag", read_tags) or (),
        status=_read(given, "status", lambda text: _whole(text, 100, 599)),
        outcome=_read(given, "outcome", _outcome),
    )


def page_limit(given: Mapping[str, str]) -> int:
    return _read(given, "limit", lambda text: _whole(text, 1, MAX_PAGE)) or DEFAULT_PAGE


def version(given: Mapping[str, str]) -> int | None:
    return _read(given, "version", lambda text: _whole(text, 0, MAX_VERSION))


def dimensions(given: Mapping[str, str]) -> tuple[str, ...]:
    return _read(given, "by", _dimensions) or ()


def _read(given: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    if name not in given:
        return None
    try:
        return read(given[name])
    except ValueError as error:
        raise InvalidRequest(f"`{name}`: {error}", param=name) from None


def _whole(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _outcome(text: str) -> str:
    names = [each.value for each in Outcome]
    if text not in names:
        raise ValueError(f"{text!r} is not one of {', '.join(names)}{meant(text, names)}")
    return text


def read_tags(text: str) -> tuple[tuple[str, str], ...]:
    """Read `NAME=VALUE,…`, as `x-tollhouse-tags` is written. Raises ValueError."""
    pairs = [pair.strip().partition("=") for pair in text.split(",")]
    if not all(name and equals for name, equals, _ in pairs):
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _dimensions(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    try:
        check_dimensions(names)
    except ValueError as error:
        closest = (meant(name, DIMENSIONS) for name in names if name not in DIMENSIONS)
        raise ValueError(f"{error}{next(closest, '')}") from None
    return names


def usage_format(given: Mapping[str, str], accept: bytes | None) -> str:
    """Return `json` or `csv`."""
    wished = "csv" if accept is not None and accept.startswith(b"text/csv") else "json"
    found = given.get("format", wished)
    if found not in ("json", "csv"):
        raise InvalidRequest(f"`format`: {found!r} is not one of json, csv.", param="format")
    return found


def _unknown(name: str, known: Known) -> str:
    return f"There is no parameter {name[:80]!r} here{meant(name, list(known)) or '; there are ' + (', '.join(known) or 'none') + '.'}"


def meant(text: str, names: list[str] | tuple[str, ...]) -> str:
    close = get_close_matches(text[:80], names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
