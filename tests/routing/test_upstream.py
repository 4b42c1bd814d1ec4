"""A deployment as it stands: who gets a seat, with which key, and what an attempt's end changes."""

import asyncio

import pytest

from routing_desk import a_deployment, an_upstream, passes, status, takes
from tollhouse.domain.errors import Blame, InvalidRequest, UpstreamReset, UpstreamTimeout
from tollhouse.domain.governance import BreakerPolicy, Rate
from tollhouse.domain.rates import ProviderQuota, Remaining
from tollhouse.routing.breaker import BreakerState
from tollhouse.routing.keys import QUARANTINE_S, KeyRing
from tollhouse.routing.upstream import Why, Wish
from tollhouse.routing.upstreams import MAX_UPSTREAMS, Upstreams
from tollhouse.testing.clock import FakeClock

TOUCHY = BreakerPolicy(0.5, 2, 10, 5_000)


# --- what an end says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, BreakerState.CLOSED),
        (UpstreamReset(), BreakerState.OPEN),
        (UpstreamTimeout("idle", 5), BreakerState.OPEN),
        (status(503, Blame.DEPLOYMENT), BreakerState.OPEN),
        (status(429, Blame.QUOTA), BreakerState.OPEN),
        (status(429, Blame.RATE), BreakerState.CLOSED),
        (status(400, Blame.REQUEST), BreakerState.CLOSED),
        (status(400, Blame.CONTEXT), BreakerState.CLOSED),
        (status(401, Blame.KEY), BreakerState.CLOSED),
        (InvalidRequest(), BreakerState.CLOSED),
        (asyncio.CancelledError(), BreakerState.CLOSED),
    ],
)
def test_only_what_speaks_against_the_deployment_opens_its_breaker(
    error: BaseException | None, state: BreakerState
) -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, breaker=TOUCHY)

    for _ in range(2):
        if upstream.state(0, clock.monotonic()) is BreakerState.CLOSED:
            takes(upstream, clock).close(error)

    assert upstream.state(0, clock.monotonic()) is state
    assert upstream.running == 0


def test_an_empty_account_opens_it_at_once() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, breaker=BreakerPolicy())

    takes(upstream, clock).close(status(429, Blame.QUOTA))

    passed = passes(upstream, clock)
    assert passed.why is Why.OPEN
    assert passed.wait_s == pytest.approx(5.0)


def test_without_a_breaker_nothing_is_left_alone() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock)

    for _ in range(100):
        takes(upstream, clock).close(UpstreamReset())

    takes(upstream, clock)


def test_a_with_block_ends_the_seat_with_whatever_is_raised_in_it() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, breaker=TOUCHY)

    for _ in range(2):
        with pytest.raises(UpstreamReset):
            with takes(upstream, clock):
                raise UpstreamReset

    assert passes(upstream, clock).why is Why.OPEN


# --- room -----------------------------------------------------------------------------------------------------------


def test_a_seat_is_free_again_when_its_attempt_ends() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, limits=Rate(concurrency=1))
    seat = takes(upstream, clock)
    assert passes(upstream, clock).why is Why.FULL

    seat.close(UpstreamReset())

    takes(upstream, clock)


def test_what_a_provider_says_is_left_holds_up_all_but_a_retry() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock)
    with takes(upstream, clock) as _:
        pass
    seat = takes(upstream, clock)
    seat.heard(ProviderQuota(requests=Remaining(0, 60, 60_000)))
    seat.close(None)

    passed = passes(upstream, clock)

    assert (passed.why, passed.is_told) == (Why.FULL, True)
    assert passed.wait_s == pytest.approx(1.0)
    takes(upstream, clock, Wish(is_retry=True))


def test_a_refused_rate_with_a_wait_closes_for_calls_not_yet_sent() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock)

    takes(upstream, clock).close(status(429, Blame.RATE, 3_000))

    assert passes(upstream, clock).wait_s == pytest.approx(3.0)
    clock.advance(3_000)
    takes(upstream, clock)


# --- keys -----------------------------------------------------------------------------------------------------------


def test_keys_take_turns_and_a_refused_one_rests() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, keys=3)
    assert [takes(upstream, clock).key for _ in range(3)] == [0, 1, 2]

    refused = takes(upstream, clock)
    refused.close(status(401, Blame.KEY))

    assert {takes(upstream, clock).key for _ in range(6)} == {1, 2}
    clock.advance(int(QUARANTINE_S * 1000))
    assert {takes(upstream, clock).key for _ in range(6)} == {0, 1, 2}


def test_an_only_key_never_rests() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock)

    for _ in range(5):
        takes(upstream, clock).close(status(401, Blame.KEY))

    takes(upstream, clock)


def test_the_last_key_that_is_left_never_rests() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, keys=3)

    for _ in range(9):
        takes(upstream, clock).close(status(401, Blame.KEY))

    takes(upstream, clock)


def test_a_key_that_may_not_do_this_rests_for_this_deployment_only() -> None:
    clock = FakeClock()
    upstreams = Upstreams(clock, {"p": 2})
    one, other = upstreams.of(a_deployment("one")), upstreams.of(a_deployment("other"))

    takes(one, clock).close(status(403, Blame.KEY))

    assert {takes(one, clock).key for _ in range(4)} == {1}
    assert {takes(other, clock).key for _ in range(4)} == {0, 1}
    assert upstreams.quarantined() == {"p": 1}


def test_a_key_that_nobody_takes_rests_for_all_deployments() -> None:
    clock = FakeClock()
    upstreams = Upstreams(clock, {"p": 2})
    one, other = upstreams.of(a_deployment("one")), upstreams.of(a_deployment("other"))

    takes(one, clock).close(status(401, Blame.KEY))

    assert {takes(other, clock).key for _ in range(4)} == {1}


def test_each_key_has_its_own_breaker_and_its_own_room() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, keys=2, breaker=BreakerPolicy())
    first, second = takes(upstream, clock), takes(upstream, clock)

    first.close(status(429, Blame.QUOTA))
    second.heard(ProviderQuota(requests=Remaining(1, None, 1_000)))

    assert takes(upstream, clock).key == 1
    assert passes(upstream, clock).wait_s == pytest.approx(1.0)


def test_a_key_that_was_tried_is_not_tried_again() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, keys=2)

    assert {takes(upstream, clock, Wish(but_keys=(0,))).key for _ in range(4)} == {1}
    assert passes(upstream, clock, Wish(but_keys=(0, 1))).why is Why.OPEN


def test_a_conversation_keeps_its_key() -> None:
    clock = FakeClock()
    upstream = an_upstream(clock, keys=5)

    assert len({takes(upstream, clock, Wish(conversation=b"talk")).key for _ in range(10)}) == 1


def test_refusals_remembered_are_bounded() -> None:
    ring = KeyRing(2)

    for number in range(5_000):
        ring.refused(f"p/model-{number}", 0, 0.0, everywhere=False)
    ring.refused("p/m", 0, 0.0, everywhere=True)

    assert not ring.is_usable("p/any", 0, 1.0)
    assert ring.is_usable("p/any", 1, 1.0)


# --- which deployments are one --------------------------------------------------------------------------------------


def test_a_deployment_in_two_routes_under_the_same_rules_is_one() -> None:
    upstreams = Upstreams(FakeClock(), {})
    limits = Rate(concurrency=1)

    assert upstreams.of(a_deployment(limits=limits)) is upstreams.of(a_deployment(limits=Rate(concurrency=1)))
    assert upstreams.of(a_deployment(limits=limits)) is not upstreams.of(a_deployment())


def test_the_in_house_engine_has_no_retry_budget_and_providers_share_one() -> None:
    upstreams = Upstreams(FakeClock(), {})
    one, other = upstreams.of(a_deployment("one")), upstreams.of(a_deployment("other"))

    assert one.budget is not None
    assert one.budget is other.budget


def test_names_that_callers_invent_do_not_pile_up_and_what_matters_stays() -> None:
    clock = FakeClock()
    upstreams = Upstreams(clock, {})
    shut = upstreams.of(a_deployment("shut", breaker=BreakerPolicy()))
    takes(shut, clock).close(status(429, Blame.QUOTA))

    for number in range(5 * MAX_UPSTREAMS):
        upstreams.of(a_deployment(f"invented-{number}", breaker=BreakerPolicy()))

    assert len(list(upstreams.states())) <= MAX_UPSTREAMS
    assert passes(upstreams.of(a_deployment("shut", breaker=BreakerPolicy())), clock).why is Why.OPEN
