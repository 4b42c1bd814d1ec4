"""What is remembered of deployments when the configuration is another one."""

from routing_desk import a_deployment, passes, status, takes
from tollhouse.domain.errors import Blame
from tollhouse.domain.governance import BreakerPolicy, Rate
from tollhouse.routing.upstream import Why
from tollhouse.routing.upstreams import Upstreams
from tollhouse.testing.clock import FakeClock

KEYS = {"p": 1, "q": 1}


def test_an_open_breaker_of_a_provider_that_stays_is_still_open() -> None:
    clock = FakeClock()
    before = Upstreams(clock, KEYS)
    kept, left = (a_deployment(provider=name, breaker=BreakerPolicy()) for name in KEYS)
    for deployment in (kept, left):
        takes(before.of(deployment), clock).close(status(429, Blame.QUOTA))

    after = before.renewed(KEYS, gone={"q"})

    assert passes(after.of(kept), clock).why is Why.OPEN
    assert takes(after.of(left), clock)


def test_a_provider_with_more_keys_uses_them_and_calls_under_way_do_not() -> None:
    clock, deployment = FakeClock(), a_deployment()
    before = Upstreams(clock, {"p": 1})
    seat = takes(before.of(deployment), clock)

    after = before.renewed({"p": 3}, gone={"p"})

    assert {takes(after.of(deployment), clock).key for _ in range(3)} == {0, 1, 2}
    assert {takes(before.of(a_deployment()), clock).key for _ in range(3)} == {0}
    seat.close(None)


def test_seats_taken_before_still_count_and_are_given_back_to_both() -> None:
    clock, deployment = FakeClock(), a_deployment(limits=Rate(concurrency=1))
    before = Upstreams(clock, KEYS)
    seat = takes(before.of(deployment), clock)

    after = before.renewed(KEYS, gone=())

    assert passes(after.of(a_deployment(limits=Rate(concurrency=1))), clock).why is Why.FULL
    seat.close(None)
    assert takes(after.of(deployment), clock)


def test_counts_and_queues_go_on() -> None:
    before = Upstreams(FakeClock(), KEYS)
    before.pass_over("p/m", Why.FULL)

    after = before.renewed(KEYS, gone={"p"})
    after.pass_over("p/m", Why.FULL)

    assert after.passed == {("p/m", Why.FULL): 2}
    assert after.queues is before.queues
