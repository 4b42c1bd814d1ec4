"""What every store answers the same way when calls are listed: which calls a filter takes, and where a page goes on. Pure."""

import base64
import binascii
from collections.abc import Iterable, Mapping

from tollhouse.domain.calls import AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.ports.usage import MAX_PAGE, CallFilter, Page

FAILED = (Outcome.ERROR.value, Outcome.UNKNOWN.value)
"""The outcomes that count as errors."""
DAY_MS = 86_400_000

EQUAL = ("team", "use_case", "key", "model", "status", "outcome", "provider", "prompt")
"""What a filter wants to be equal, by the same names in filters, calls and rows."""

Place = tuple[int, str]
"""`(at_ms, id)` of a call: calls are listed newest first by it."""


def is_taken(call: Call, where: CallFilter) -> bool:
    """Does the filter take this call?"""
    if where.since_ms is not None and call.at_ms < where.since_ms:
        return False
    if where.until_ms is not None and call.at_ms >= where.until_ms:
        return False
    found = {name: getattr(call, name) for name in EQUAL}
    return agrees(found, where) and has_tags(call.tags, where)


def agrees(found: Mapping[str, object], where: CallFilter) -> bool:
    """Is each of `EQUAL` what the filter wants?"""
    wanted = ((name, getattr(where, name)) for name in EQUAL)
    return all(want is None or want == found[name] for name, want in wanted)


def has_tags(tags: Mapping[str, str], where: CallFilter) -> bool:
    return all(tags.get(name) == value for name, value in where.tags)


def correct(call: Call, corrections: Iterable[Correction]) -> None:
    """Add corrections to the attempts they are of."""
    attempts = {attempt.id: attempt for attempt in call.attempts}
    for correction in corrections:
        attempt = attempts.get(correction.attempt or "")
        if attempt is None:
            continue
        attempt.tokens_in += correction.tokens_in
        attempt.tokens_out += correction.tokens_out
        attempt.tokens_cached += correction.tokens_cached
        attempt.cost_nanousd += correction.cost_nanousd
        if correction.settles:
            attempt.state, attempt.estimated = AttemptState.RECONCILED, False


def page_of(calls: Iterable[Call], where: CallFilter, limit: int, cursor: str | None) -> Page:
    """Return one page of calls that are all in memory: the open ones, or a memory store's."""
    after = read_cursor(cursor)
    taken = [call for call in calls if is_taken(call, where) and (after is None or place_of(call) < after)]
    taken.sort(key=place_of, reverse=True)
    return cut(taken, limit)


def cut(calls: list[Call], limit: int) -> Page:
    """Return the first `limit` of these calls as a page; one more among them means that there is a next page."""
    items = calls[:limit]
    return Page(items, write_cursor(place_of(items[-1])) if len(calls) > limit else None)


def place_of(call: Call) -> Place:
    return call.at_ms, call.id


def write_cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0]}:{place[1]}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> Place | None:
    """Raises ValueError if the cursor is not one of ours."""
    if cursor is None:
        return None
    try:
        padded = (cursor + "=" * (-len(cursor) % 4)).encode("ascii")
        at_ms, colon, call_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        if colon and call_id and abs(int(at_ms)) < 2**63:
            return int(at_ms), call_id
    except (UnicodeError, binascii.Error, ValueError):
        pass
    raise ValueError(f"{cursor[:80]!r} is not a cursor of this list; leave it out to start at the newest call")


def check_limit(limit: int) -> None:
    """Raises ValueError if a page of that size is not given."""
    if not 1 <= limit <= MAX_PAGE:
        raise ValueError(f"limit is {limit}; it must be from 1 to {MAX_PAGE}")
