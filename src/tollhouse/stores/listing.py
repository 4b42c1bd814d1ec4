"""What every store answers the same way when calls are listed: which calls a filter takes, and where a page goes on. Pure."""

import base64
import binascii
from collections.abc import Iterable, Sequence

from tollhouse.domain.calls import Call, Outcome
from tollhouse.ports.usage import DIMENSIONS, MAX_PAGE, CallFilter, Page, UsageReport, UsageRow

FAILED = (Outcome.ERROR.value, Outcome.UNKNOWN.value)
"""The outcomes that count as errors."""
DAY_MS = 86_400_000

Place = tuple[int, str]
"""`(at_ms, id)` of a call: calls are listed newest first by it."""


def is_taken(call: Call, where: CallFilter) -> bool:
    """Does the filter take this call?"""
    if where.since_ms is not None and call.at_ms < where.since_ms:
        return False
    if where.until_ms is not None and call.at_ms >= where.until_ms:
        return False
    wanted = (where.team, where.use_case, where.key, where.model, where.status, where.outcome)
    found = (call.team, call.use_case, call.key, call.model, call.status, call.outcome.value)
    return all(want is None or want == have for want, have in zip(wanted, found, strict=True))


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


def check_dimensions(by: Sequence[str]) -> None:
    """Raises ValueError for a dimension that is unknown or named twice."""
    for name in by:
        if name not in DIMENSIONS:
            raise ValueError(f"{name!r} is not a dimension; there are {', '.join(DIMENSIONS)}")
    if len(set(by)) < len(by):
        raise ValueError(f"a dimension is named twice in {','.join(by)}")


def report_of(rows: Iterable[UsageRow]) -> UsageReport:
    """Return the rows dearest first, with their total."""
    items = sorted(rows, key=lambda row: (-row.cost_nanousd, -row.calls, [v or "" for v in row.by.values()]))
    total = UsageRow()
    for row in items:
        _add(total, row)
    return UsageReport(items, total)


def _add(total: UsageRow, row: UsageRow) -> None:
    total.calls += row.calls
    total.errors += row.errors
    total.attempts += row.attempts
    total.tokens_in += row.tokens_in
    total.tokens_out += row.tokens_out
    total.tokens_cached += row.tokens_cached
    total.cost_nanousd += row.cost_nanousd
    total.estimated_nanousd += row.estimated_nanousd
    total.unknown_attempts += row.unknown_attempts
