"""Budget periods: exact edges in the organisation's time zone, daylight saving included."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

FOREVER_MS = 2**53
"""The end of a period of kind `total`."""


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Period:
    """`[start_ms, end_ms)` in Unix milliseconds. Weeks start on Monday (ISO 8601)."""

    kind: PeriodKind
    start_ms: int
    end_ms: int


def period_at(kind: PeriodKind, at_ms: int, zone: tzinfo) -> Period:
    """Return the period of this kind that holds the moment."""
    if kind is PeriodKind.TOTAL:
        return Period(kind, 0, FOREVER_MS)
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    first = datetime(local.year, local.month, local.day)  # noqa: DTZ001 - a wall-clock date; the zone is put back below
    if kind is PeriodKind.WEEK:
        first -= timedelta(days=local.weekday())
    elif kind is PeriodKind.MONTH:
        first = first.replace(day=1)
    return Period(kind, _edge_ms(first, zone), _edge_ms(_next(kind, first), zone))


def _next(kind: PeriodKind, first: datetime) -> datetime:
    if kind is PeriodKind.DAY:
        return first + timedelta(days=1)
    if kind is PeriodKind.WEEK:
        return first + timedelta(days=7)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _edge_ms(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp() * 1000)
