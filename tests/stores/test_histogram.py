"""Percentiles out of fixed buckets: how far they may be off, and that adding and packing lose nothing."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.stores.histogram import BOUNDS_MS, LONGEST_MS, bucket_of, histogram, pack, percentiles, unpack

DURATIONS = st.integers(0, LONGEST_MS)
COUNTS = st.lists(st.tuples(DURATIONS, st.integers(1, 5_000)), max_size=40)


@given(st.lists(DURATIONS, min_size=1, max_size=200), st.integers(1, 100))
def test_a_percentile_is_at_most_five_percent_off(values: list[int], percent: int) -> None:
    exact = sorted(values)[math.ceil(len(values) * percent / 100) - 1]

    found = percentiles(histogram((value, 1) for value in values), [percent])[percent]

    assert found is not None
    assert abs(found - exact) <= max(exact * 0.05, 0)


@given(COUNTS, COUNTS)
def test_histograms_are_added_by_adding_and_packed_ones_by_stringing_together(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    both = histogram([*one, *other])

    assert histogram(one) + histogram(other) == both
    assert unpack((pack(histogram(one)) or "") + (pack(histogram(other)) or "")) == both


def test_every_bucket_survives_packing() -> None:
    whole = histogram((start_ms, 10**9 + start_ms) for start_ms in BOUNDS_MS)

    packed = pack(whole)

    assert packed is not None
    assert unpack(packed) == whole


def test_a_value_at_a_bound_belongs_to_the_bucket_that_begins_there() -> None:
    assert [bucket_of(start_ms) for start_ms in BOUNDS_MS] == list(range(len(BOUNDS_MS)))
    assert bucket_of(BOUNDS_MS[40] - 1) == 39
    assert bucket_of(-1) == 0


def test_nothing_has_no_percentiles_and_packs_to_nothing() -> None:
    assert percentiles(0, [50]) == {50: None}
    assert pack(0) is None
    assert unpack("") == 0


def test_what_took_longer_than_a_day_counts_as_a_day() -> None:
    found = percentiles(histogram([(40 * LONGEST_MS, 1)]), [50])[50]

    assert found is not None
    assert abs(found - LONGEST_MS) <= LONGEST_MS * 0.05
