"""The breaker: it opens at its rate, lets one probe through after its cooldown, and closes by itself."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.governance import BreakerPolicy
from tollhouse.routing.breaker import SLOTS, Breaker, BreakerState

COOLDOWN_S = 5.0


def a_breaker(failure_rate: float = 0.5, min_calls: int = 20, window_s: int = 10) -> Breaker:
    return Breaker(BreakerPolicy(failure_rate, min_calls, window_s, int(COOLDOWN_S * 1000)))


def sends(breaker: Breaker, now: float, *, fails: bool) -> bool:
    """Send one request that ends at once; False if it may not go."""
    term = breaker.enter(now)
    if not term:
        return False
    if fails:
        breaker.failed(term, now)
    else:
        breaker.succeeded(term, now)
    return True


def an_open_one(now: float = 0.0) -> Breaker:
    breaker = a_breaker()
    for _ in range(20):
        sends(breaker, now, fails=True)
    assert breaker.state(now) is BreakerState.OPEN
    return breaker


@pytest.mark.parametrize(
    ("succeeded", "failed", "state"),
    [
        (0, 19, BreakerState.CLOSED),  # too few calls to judge
        (0, 20, BreakerState.OPEN),
        (10, 10, BreakerState.OPEN),
        (11, 10, BreakerState.CLOSED),  # below half
        (10, 9, BreakerState.CLOSED),
    ],
)
def test_it_opens_at_its_rate_of_enough_calls(succeeded: int, failed: int, state: BreakerState) -> None:
    breaker = a_breaker()
    for fails in [False] * succeeded + [True] * failed:
        sends(breaker, 0.0, fails=fails)

    assert breaker.state(0.0) is state


def test_failures_that_are_longer_ago_than_the_window_are_forgotten() -> None:
    breaker = a_breaker()
    for _ in range(19):
        sends(breaker, 0.0, fails=True)

    sends(breaker, 10.0, fails=True)

    assert breaker.state(10.0) is BreakerState.CLOSED


def test_failures_at_the_other_end_of_the_window_count() -> None:
    breaker = a_breaker()
    for _ in range(19):
        sends(breaker, 0.0, fails=True)

    sends(breaker, 9.0, fails=True)

    assert breaker.state(9.0) is BreakerState.OPEN


def test_successes_that_are_longer_ago_do_not_make_up_for_failures() -> None:
    breaker = a_breaker()
    for _ in range(1_000):
        sends(breaker, 0.0, fails=False)

    for _ in range(20):
        sends(breaker, 10.0, fails=True)

    assert breaker.state(10.0) is BreakerState.OPEN


def test_once_closed_it_counts_anew() -> None:
    breaker = an_open_one()
    sends(breaker, 6.0, fails=False)

    for _ in range(19):
        sends(breaker, 6.0, fails=True)

    assert breaker.state(6.0) is BreakerState.CLOSED


def test_while_open_nothing_goes_through_until_the_cooldown_is_over() -> None:
    breaker = an_open_one()

    assert breaker.enter(COOLDOWN_S - 0.001) == 0
    assert breaker.wait_s(2.0) == pytest.approx(3.0)
    assert breaker.enter(COOLDOWN_S) != 0


def test_one_probe_at_a_time_goes_through_and_closes_it() -> None:
    breaker = an_open_one()

    probe = breaker.enter(6.0)
    others = [breaker.enter(6.0) for _ in range(5)]
    breaker.succeeded(probe, 6.5)

    assert (bool(probe), others) == (True, [0] * 5)
    assert breaker.state(6.5) is BreakerState.CLOSED
    assert all(sends(breaker, 6.5, fails=False) for _ in range(50))


def test_a_probe_that_fails_opens_it_for_another_cooldown() -> None:
    breaker = an_open_one()

    sends(breaker, 6.0, fails=True)

    assert breaker.enter(6.0 + COOLDOWN_S - 0.001) == 0
    assert breaker.enter(6.0 + COOLDOWN_S) != 0


def test_a_probe_that_says_nothing_leaves_its_place_to_the_next_call() -> None:
    breaker = an_open_one()

    breaker.left(breaker.enter(6.0))

    assert breaker.enter(6.0) != 0


def test_a_provider_that_says_that_nothing_will_do_opens_it_at_once() -> None:
    breaker = a_breaker()

    breaker.tripped(breaker.enter(0.0), 0.0)

    assert breaker.state(0.0) is BreakerState.OPEN


def test_requests_of_before_the_trouble_neither_close_nor_open_it() -> None:
    breaker = a_breaker()
    old = [breaker.enter(0.0) for _ in range(60)]
    for term in old[:20]:
        breaker.failed(term, 0.0)

    breaker.succeeded(old[20], 1.0)
    assert breaker.state(1.0) is BreakerState.OPEN
    sends(breaker, 6.0, fails=False)
    for term in old[21:]:
        breaker.failed(term, 7.0)
    assert breaker.state(7.0) is BreakerState.CLOSED


class Model:
    """The same by its plain definition: a list of outcomes."""

    def __init__(self, rate: float, min_calls: int, window_s: int) -> None:
        self.rate, self.min_calls, self.slot_s = rate, min_calls, window_s / SLOTS
        self.outcomes: deque[tuple[int, bool]] = deque()
        self.open_until: float | None = None

    def sends(self, now: float, *, fails: bool) -> bool:
        if self.open_until is not None:
            if now < self.open_until:
                return False
            self.open_until = now + COOLDOWN_S if fails else None
            self.outcomes.clear()
            return True
        slot = int(now / self.slot_s)
        self.outcomes.append((slot, fails))
        recent = [failed for at, failed in self.outcomes if at > slot - SLOTS]
        if fails and len(recent) >= self.min_calls and sum(recent) >= self.rate * len(recent):
            self.open_until = now + COOLDOWN_S
        return True


@given(
    st.sampled_from([0.1, 0.5, 1.0]),
    st.integers(1, 8),
    st.sampled_from([1, 10]),
    st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=80),
    st.floats(0, 1e6),
)
def test_any_sequence_of_outcomes_goes_through_as_its_definition_says(
    rate: float, min_calls: int, window_s: int, steps: list[tuple[float, bool]], start: float
) -> None:
    breaker, model, now = a_breaker(rate, min_calls, window_s), Model(rate, min_calls, window_s), start

    for pause_s, fails in steps:
        now += pause_s
        assert sends(breaker, now, fails=fails) == model.sends(now, fails=fails)


@given(st.lists(st.tuples(st.sampled_from(["enter", "ok", "fail", "trip", "leave"]), st.floats(0, 2)), max_size=120))
def test_whatever_happens_it_never_stays_shut_for_good(steps: list[tuple[str, float]]) -> None:
    breaker, now = a_breaker(min_calls=3), 0.0
    running: list[int] = []
    for what, pause_s in steps:
        now += pause_s
        if what == "enter":
            running += [term] if (term := breaker.enter(now)) else []
        elif running:
            term = running.pop(0)
            end = {"ok": breaker.succeeded, "fail": breaker.failed, "trip": breaker.tripped}.get(what)
            if end is None:
                breaker.left(term)
            else:
                end(term, now)
    for term in running:
        breaker.left(term)

    assert sends(breaker, now + COOLDOWN_S, fails=False)
    assert breaker.state(now + COOLDOWN_S) is BreakerState.CLOSED
