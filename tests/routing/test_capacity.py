"""Room at a deployment: its declared limits, and what its provider said is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.governance import Rate
from tollhouse.domain.rates import ProviderQuota, Remaining, Standing
from tollhouse.routing.capacity import QUOTA_MAX_S, UNKNOWN_S, Allowance, Capacity

ALONE = Standing()


def a_capacity(requests: int | None = None, tokens: int | None = None, concurrency: int | None = None) -> Capacity:
    return Capacity(Rate(requests, tokens, concurrency), ALONE, 0.0)


def goes(capacity: Capacity, tokens: int, now: float) -> bool:
    if capacity.wait_s(tokens, now) > 0:
        return False
    capacity.take(tokens)
    return True


def told(left: int, limit: int | None = None, whole_in_ms: float = 60_000) -> ProviderQuota:
    return ProviderQuota(requests=Remaining(left, limit, whole_in_ms))


# --- declared limits ------------------------------------------------------------------------------------------------


def test_a_minutes_requests_may_go_at_once_and_then_as_they_come_in() -> None:
    capacity = a_capacity(requests=60)

    assert [goes(capacity, 1, 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert capacity.wait_s(1, 0.0) == pytest.approx(1.0)
    assert [goes(capacity, 1, 1.0) for _ in range(2)] == [True, False]


def test_tokens_are_put_right_when_a_call_ends() -> None:
    capacity = a_capacity(tokens=1_000)
    assert goes(capacity, 900, 0.0)
    assert not goes(capacity, 900, 0.0)

    capacity.leave(850)

    assert goes(capacity, 900, 0.0)


def test_a_call_larger_than_the_whole_goes_once_all_is_there() -> None:
    capacity = a_capacity(tokens=1_000)

    assert goes(capacity, 5_000, 0.0)
    assert capacity.wait_s(1, 0.0) == pytest.approx(240, abs=1)


def test_only_an_end_makes_room_where_calls_at_once_are_limited() -> None:
    capacity = a_capacity(concurrency=2)
    assert [goes(capacity, 1, 0.0) for _ in range(3)] == [True, True, False]
    assert capacity.wait_s(1, 1e6) == UNKNOWN_S

    capacity.leave(0)

    assert goes(capacity, 1, 0.0)


def test_each_of_several_processes_has_its_share() -> None:
    capacity = Capacity(Rate(requests_per_minute=7, concurrency=2), Standing(1, 3), 0.0)

    assert capacity.places == 1
    assert goes(capacity, 1, 0.0)
    capacity.leave(0)
    assert goes(capacity, 1, 0.0)
    capacity.leave(0)
    assert not goes(capacity, 1, 0.0)


def test_a_change_of_standing_keeps_what_was_used() -> None:
    capacity = a_capacity(requests=60)
    for _ in range(30):
        assert goes(capacity, 1, 0.0)

    capacity.stand(Standing(0, 2), 0.0)

    assert sum(goes(capacity, 1, 0.0) for _ in range(60)) == 15


@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 30)), max_size=60),
)
def test_no_minute_sees_more_than_a_whole_and_what_came_in(limit: int, steps: list[tuple[float, int]]) -> None:
    capacity, now = a_capacity(requests=limit), 0.0
    gone: list[float] = []
    for pause_s, wished in steps:
        now += pause_s
        gone += [now for _ in range(wished) if goes(capacity, 1, now)]

    for at, first in enumerate(gone):
        last = gone[-1]
        assert len(gone) - at <= limit + (last - first) * limit / 60 + 1e-6


@given(st.integers(1, 1_000), st.integers(0, 2_000), st.integers(1, 500))
def test_after_the_wait_that_is_told_there_is_room(limit: int, used: int, amount: int) -> None:
    capacity = a_capacity(tokens=limit)
    capacity.take(used)

    wait_s = capacity.wait_s(amount, 0.0)

    assert capacity.wait_s(amount, wait_s + 1e-6) == 0


# --- what the provider says -----------------------------------------------------------------------------------------


def test_as_many_go_as_the_provider_says_are_left() -> None:
    allowance = Allowance()
    allowance.heard(told(2), allowance.sent(1), 0.0)

    assert allowance.wait_s(1, 0.0) == 0
    allowance.sent(1)
    allowance.sent(1)
    assert allowance.wait_s(1, 0.0) == pytest.approx(60)
    assert allowance.wait_s(1, 60.0) == 0


def test_where_the_whole_is_known_room_comes_back_evenly() -> None:
    allowance = Allowance()
    allowance.heard(told(0, limit=60), allowance.sent(1), 0.0)

    assert allowance.wait_s(1, 0.0) == pytest.approx(1.0)
    assert allowance.wait_s(1, 1.0) == 0
    allowance.sent(1)
    assert allowance.wait_s(1, 1.0) == pytest.approx(1.0)


def test_what_left_after_the_told_request_is_taken_off() -> None:
    allowance = Allowance()
    first = allowance.sent(1)
    for _ in range(3):
        allowance.sent(1)

    allowance.heard(told(3), first, 0.0)

    assert allowance.wait_s(1, 0.0) > 0


def test_an_older_requests_answer_that_comes_later_tells_nothing_new() -> None:
    allowance = Allowance()
    old, new = allowance.sent(1), allowance.sent(1)
    allowance.heard(told(0), new, 0.0)

    allowance.heard(told(50), old, 0.1)

    assert allowance.wait_s(1, 0.1) > 0


def test_tokens_count_like_requests() -> None:
    allowance = Allowance()
    quota = ProviderQuota(tokens=Remaining(100, 1_000, 9_000))
    allowance.heard(quota, allowance.sent(10), 0.0)

    assert allowance.wait_s(100, 0.0) == 0
    assert allowance.wait_s(200, 0.0) == pytest.approx(1.0)
    assert allowance.wait_s(5_000, 0.0) == pytest.approx(9.0)


def test_a_refusal_that_names_a_wait_closes_for_that_long_and_no_longer_than_two_minutes() -> None:
    allowance = Allowance()

    allowance.closed(3.0, 0.0)
    assert allowance.wait_s(1, 1.0) == pytest.approx(2.0)
    allowance.closed(9_999.0, 3.0)
    assert allowance.wait_s(1, 3.0) == pytest.approx(QUOTA_MAX_S)
    assert allowance.wait_s(1, 3.0 + QUOTA_MAX_S) == 0
    assert not allowance.is_told


def test_nothing_told_is_no_limit() -> None:
    allowance = Allowance()
    for _ in range(1_000):
        allowance.sent(1_000_000)

    assert allowance.wait_s(10**9, 0.0) == 0
