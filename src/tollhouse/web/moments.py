"""Moments as text: RFC 3339, in UTC when written."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:([Zz])|([+ -])(\d\d:\d\d))", re.ASCII)
"""The sign may be a space: that is what an unescaped `+` becomes in a query string."""


def rfc3339(at_ms: int) -> str:
    """Write a moment in UTC, to the millisecond: `2026-10-01T08:30:00.000Z`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_rfc3339(text: str) -> int:
    """Read a moment as Unix milliseconds, cut to the millisecond. Raises ValueError if it is not RFC 3339 with a time zone."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is not a time such as 2026-10-01T08:30:00Z (RFC 3339, with its time zone)")
    date, time, fraction, _, sign, offset = found.groups()
    zone = "+00:00" if offset is None else f"{'-' if sign == '-' else '+'}{offset}"
    try:
        seconds = int(datetime.fromisoformat(f"{date}T{time}{zone}").timestamp())
    except ValueError as error:
        raise ValueError(f"{text[:80]!r} is not a time: {error}") from None
    return seconds * 1000 + int(((fraction or ".")[1:] + "000")[:3])
