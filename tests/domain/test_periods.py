"""Period edges, on the days on which clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.periods import PeriodKind, period_at

ZURICH = ZoneInfo("Europe/Zurich")
HOUR = 3_600_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_the_day_clocks_go_forward_has_23_hours_and_the_day_they_go_back_has_25() -> None:
    spring = period_at(PeriodKind.DAY, at("2026-03-29T12:00:00+02:00"), ZURICH)
    autumn = period_at(PeriodKind.DAY, at("2026-10-25T12:00:00+01:00"), ZURICH)

    assert spring.end_ms - spring.start_ms == 23 * HOUR
    assert autumn.end_ms - autumn.start_ms == 25 * HOUR


def test_a_month_ends_where_the_next_begins_across_new_year() -> None:
    december = period_at(PeriodKind.MONTH, at("2026-12-31T23:59:59+01:00"), ZURICH)

    assert december.end_ms == at("2027-01-01T00:00:00+01:00")


def test_a_week_begins_on_monday() -> None:
    week = period_at(PeriodKind.WEEK, at("2026-11-22T23:00:00+01:00"), ZURICH)

    assert week.start_ms == at("2026-11-16T00:00:00+01:00")


@given(
    moment=st.integers(at("2000-01-01T00:00:00+00:00"), at("2100-01-01T00:00:00+00:00")),
    kind=st.sampled_from(PeriodKind),
    zone=st.sampled_from(["Europe/Zurich", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"]),
)
def test_every_moment_lies_in_exactly_its_own_period(moment: int, kind: PeriodKind, zone: str) -> None:
    period = period_at(kind, moment, ZoneInfo(zone))

    assert period.start_ms <= moment < period.end_ms
    assert period_at(kind, period.start_ms, ZoneInfo(zone)) == period
    assert period_at(kind, period.end_ms - 1, ZoneInfo(zone)) == period


@pytest.mark.parametrize("kind", list(PeriodKind))
def test_total_is_the_only_period_that_never_ends(kind: PeriodKind) -> None:
    period = period_at(kind, int(datetime.now(UTC).timestamp() * 1000), ZURICH)

    assert (period.start_ms == 0) == (kind is PeriodKind.TOTAL)
