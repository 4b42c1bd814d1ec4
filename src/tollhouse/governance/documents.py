"""Budgets, rates, keys and tokens as documents: JSON values in the shape of the configuration file, never with a secret."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import PPM, Budget, Key, Rate, ppm_of
from tollhouse.domain.money import nano_from_usd, usd_from_nano
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.roles import AccessToken

Document = Mapping[str, object]

DOCUMENT_BYTES_MAX = 64 * 1024
"""The largest use case in use is below 4 KB; a larger document than this is the wrong document."""
THRESHOLDS_MAX = 16
COUNT_MAX = 2**53

ON_EXHAUSTED = ("block", "fallback")
RATES = ("requests_per_minute", "tokens_per_minute", "concurrency")


def encode(document: Document) -> bytes:
    """Write a document as it is stored. Raises InvalidRequest if JSON cannot hold it, or it is too large."""
    try:
        body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError):
        raise InvalidRequest("The document is not JSON: it holds something that JSON cannot.") from None
    if len(body) > DOCUMENT_BYTES_MAX:
        raise InvalidRequest(f"The document is larger than {DOCUMENT_BYTES_MAX} bytes.")
    return body


def decode(body: bytes) -> dict[str, object]:
    """Read a stored document. One that is no mapping, which no release writes, reads as empty."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def merged(target: object, patch: object) -> object:
    """Apply a merge patch (RFC 7396): members replace members, null removes one, anything else replaces the whole."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def read_budget(document: object, param: str = "budget") -> Budget | None:
    """Read `{limit_usd, period, warn_at, on_exhausted}`, or null. Raises InvalidRequest with the member's dotted path."""
    if document is None:
        return None
    members = _mapping(document, param, ("limit_usd", "period", "warn_at", "on_exhausted"))
    exhausted = members.get("on_exhausted", "block")
    if exhausted not in ON_EXHAUSTED:
        raise _invalid(f"{param}.on_exhausted", f"write one of {', '.join(ON_EXHAUSTED)}")
    return Budget(
        limit_nanousd=_money(members.get("limit_usd"), f"{param}.limit_usd"),
        period=_period(members.get("period"), f"{param}.period"),
        warn_at_ppm=_thresholds(members.get("warn_at"), f"{param}.warn_at"),
        falls_back=exhausted == "fallback",
    )


def read_rate(document: object, param: str = "rate") -> Rate:
    """Read `{requests_per_minute, tokens_per_minute, concurrency}`; null is none. Raises InvalidRequest like `read_budget`."""
    members = {} if document is None else _mapping(document, param, RATES)
    for name, value in members.items():
        if value is not None and (type(value) is not int or not 1 <= value <= COUNT_MAX):
            raise _invalid(f"{param}.{name}", "write a whole number of 1 or more")
    counts = {name: value for name, value in members.items() if isinstance(value, int)}
    return Rate(**counts)


def budget_document(budget: Budget | None) -> dict[str, object] | None:
    if budget is None:
        return None
    document: dict[str, object] = {"limit_usd": usd_from_nano(budget.limit_nanousd), "period": str(budget.period)}
    if budget.warn_at_ppm:
        document["warn_at"] = [ppm / PPM for ppm in budget.warn_at_ppm]
    if budget.falls_back:
        document["on_exhausted"] = "fallback"
    return document


def rate_document(rate: Rate) -> dict[str, object] | None:
    document: dict[str, object] = {name: getattr(rate, name) for name in RATES if getattr(rate, name) is not None}
    return document or None


def key_document(key: Key) -> dict[str, object]:
    """Return what a change of a key records. Its secret is not in it, and neither is any part or digest of it."""
    document: dict[str, object] = {
        "team": key.team,
        "use_cases": list(key.use_cases),
        "models": None if key.models is None else list(key.models),
        "budget": budget_document(key.budget),
        "rate": rate_document(key.rate),
        "expires": moment(key.expires_ms),
        "rotated_until": moment(key.previous_until_ms),
        "revoked": moment(key.revoked_ms),
    }
    return {name: value for name, value in document.items() if value is not None}


def token_document(token: AccessToken) -> dict[str, object]:
    document: dict[str, object] = {
        "role": str(token.role),
        "team": token.team,
        "expires": moment(token.expires_ms),
        "revoked": moment(token.revoked_ms),
    }
    return {name: value for name, value in document.items() if value is not None}


def moment(at_ms: int | None) -> str | None:
    """Write a moment as RFC 3339 in UTC."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mapping(document: object, param: str, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise _invalid(param, f"write {{{', '.join(known)}}}")
    for name in document:
        if name not in known:
            raise _invalid(f"{param}.{name}", f"unknown; there are {', '.join(known)}")
    return document


def _money(value: object, param: str) -> int:
    """Money travels as text (or whole dollars): a JSON number with a point went through a float already."""
    if type(value) not in (str, int):
        raise _invalid(param, 'write a decimal number of USD as text, for example "12.50"')
    try:
        return nano_from_usd(str(value))
    except ValueError as error:
        raise _invalid(param, str(error)) from None


def _period(value: object, param: str) -> PeriodKind:
    if not isinstance(value, str) or value not in list(PeriodKind):
        raise _invalid(param, f"write one of {', '.join(PeriodKind)}")
    return PeriodKind(value)


def _thresholds(value: object, param: str) -> tuple[int, ...]:
    given = [] if value is None else value
    if not isinstance(given, list | tuple) or len(given) > THRESHOLDS_MAX:
        raise _invalid(param, f"write a list of at most {THRESHOLDS_MAX} parts of the limit, for example [0.5, 0.8]")
    try:
        return tuple(sorted({ppm_of(str(each)) for each in given}))
    except ValueError as error:
        raise _invalid(param, str(error)) from None


def _invalid(param: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{param}`: {what}.", param=param)
