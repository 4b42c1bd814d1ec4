"""The retry budget: however the calls and failures fall, a provider sees a fifth more and ten a second at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.routing.retry_budget import KEPT_S, RETRIES_PER_S, RETRY_PART_PERCENT, RetryBudget


def repeats(budget: RetryBudget, now: float, times: int = 1_000_000) -> int:
    for count in range(times):
        if not budget.repeat(now):
            return count
    return times


def test_a_house_with_few_calls_may_retry_ten_times_a_second() -> None:
    budget = RetryBudget(0.0)

    assert repeats(budget, 0.0) == RETRIES_PER_S
    assert repeats(budget, 0.1) == 1
    assert repeats(budget, 1.1) == RETRIES_PER_S


@pytest.mark.parametrize(("calls", "extra"), [(4, 0), (5, 1), (9, 1), (10, 2), (1_000, 200)])
def test_every_fifth_call_may_be_followed_by_one_more_request(calls: int, extra: int) -> None:
    budget = RetryBudget(0.0)
    for _ in range(calls):
        budget.call(0.0)

    assert repeats(budget, 0.0) == RETRIES_PER_S + extra


def test_a_deposit_is_worth_nothing_after_ten_seconds() -> None:
    budget = RetryBudget(0.0)
    for _ in range(100):
        budget.call(0.5)

    assert repeats(budget, KEPT_S - 0.5) == RETRIES_PER_S + 20
    for _ in range(100):
        budget.call(KEPT_S)
    assert repeats(budget, 2 * KEPT_S) == RETRIES_PER_S


def test_the_oldest_deposits_are_used_first() -> None:
    budget = RetryBudget(0.0)
    for at in (0.5, 8.5):
        for _ in range(50):
            budget.call(at)
    assert repeats(budget, 9.0, RETRIES_PER_S + 10) == RETRIES_PER_S + 10

    assert repeats(budget, 10.6) == RETRIES_PER_S + 10


def test_the_denied_are_counted() -> None:
    budget = RetryBudget(0.0)
    repeats(budget, 0.0)
    budget.repeat(0.0)

    assert budget.denied == 2


STEPS = st.lists(st.tuples(st.floats(0, 4), st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=40)
"""So long after the step before, so many calls, then so many attempts to repeat."""


@given(STEPS, st.floats(0, 1e6))
def test_in_any_stretch_of_time_no_more_is_let_through_than_the_limit_says(
    steps: list[tuple[float, int, int]], start: float
) -> None:
    budget, now = RetryBudget(start), start
    calls: list[float] = []
    repeated: list[float] = []
    for pause_s, called, wished in steps:
        now += pause_s
        for _ in range(called):
            budget.call(now)
            calls.append(now)
        repeated += [now] * sum(budget.repeat(now) for _ in range(wished))

    for first in repeated[:: max(1, len(repeated) // 8)]:
        for last in repeated[:: max(1, len(repeated) // 8)]:
            seen = sum(first <= at <= last for at in repeated)
            paid = sum(first - KEPT_S - 1 <= at <= last for at in calls) * RETRY_PART_PERCENT / 100
            assert seen <= RETRIES_PER_S * (last - first + 1) + paid + 1e-6 or last < first


@given(STEPS)
def test_what_is_due_is_let_through(steps: list[tuple[float, int, int]]) -> None:
    budget, now = RetryBudget(0.0), 0.0
    for pause_s, called, wished in steps:
        now += pause_s
        for _ in range(called):
            budget.call(now)
        got = sum(budget.repeat(now) for _ in range(wished))
        if pause_s > 1.001:  # seconds are floats
            assert got >= min(wished, RETRIES_PER_S)
        if called >= 5:
            assert got >= min(wished, called * RETRY_PART_PERCENT // 100)
