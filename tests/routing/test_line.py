"""Waiting for room: in order, bounded, only while it pays, and nobody keeps a seat that he does not use."""

import asyncio

import pytest

from routing_desk import an_upstream, settled, status, takes
from tollhouse.adapters.clock import SystemClock
from tollhouse.domain.errors import Blame
from tollhouse.domain.governance import BreakerPolicy, QueuePolicy, Rate
from tollhouse.routing.line import Line
from tollhouse.routing.queue import Place, Queues
from tollhouse.routing.upstream import Passed, Seat, Upstream, Why, Wish
from tollhouse.testing.clock import FakeClock

LONG_S = 30.0


class Desk:
    """One deployment with so much room, its line, and one use case's queue."""

    def __init__(self, limits: Rate, *, places: int = 10, breaker: BreakerPolicy | None = None) -> None:
        self.clock = FakeClock()
        self.upstream: Upstream = an_upstream(self.clock, limits=limits, breaker=breaker)
        self.upstream.line = self.line = Line(self.upstream)
        self.queue = Queues().of("triage")
        self.policy = QueuePolicy(1_000, places)
        self.served: list[str] = []
        self.tasks: list[asyncio.Task[Seat | Passed]] = []

    async def waits(self, name: str, *, is_batch: bool = False, limit_s: float = LONG_S, tokens: int = 0) -> Place:
        place = self.queue.join(self.policy, is_batch=is_batch)
        assert place is not None
        self.tasks.append(asyncio.create_task(self._wait(name, place, Wish(tokens), limit_s)))
        await settled()
        return place

    async def _wait(self, name: str, place: Place, wish: Wish, limit_s: float) -> Seat | Passed:
        try:
            found = await self.line.wait(place, wish, Passed(Why.FULL), limit_s)
        finally:
            place.leave()
        if isinstance(found, Seat):
            self.served.append(name)
        return found

    async def found(self) -> list[Seat | Passed]:
        return await asyncio.wait_for(asyncio.gather(*self.tasks), 10)


def told_wait_s(found: Seat | Passed) -> float:
    assert isinstance(found, Passed)
    assert found.why is Why.FULL
    return found.wait_s


async def test_whoever_came_first_gets_the_seat_that_is_freed() -> None:
    desk = Desk(Rate(concurrency=1))
    seat: Seat | Passed = takes(desk.upstream, desk.clock)
    for name in ("first", "second", "third"):
        await desk.waits(name)

    for task in desk.tasks:
        assert isinstance(seat, Seat)
        seat.close(None)
        seat = await task

    assert desk.served == ["first", "second", "third"]


async def test_a_batch_call_waits_behind_every_interactive_one() -> None:
    desk = Desk(Rate(concurrency=1))
    seat = takes(desk.upstream, desk.clock)
    await desk.waits("batch", is_batch=True)
    await desk.waits("interactive")

    seat.close(None)
    await settled()

    assert desk.served == ["interactive"]
    for task in desk.tasks:
        task.cancel()


async def test_nobody_overtakes_who_waits() -> None:
    desk = Desk(Rate(tokens_per_minute=100))
    takes(desk.upstream, desk.clock, Wish(tokens=60))
    await desk.waits("large", tokens=90)

    found = desk.upstream.take(Wish(tokens=10), desk.clock.monotonic())
    retry = desk.upstream.take(Wish(tokens=10, is_retry=True), desk.clock.monotonic())

    assert isinstance(found, Passed)
    assert isinstance(retry, Seat), "whose call was in already"
    desk.tasks[0].cancel()


async def test_who_would_wait_in_vain_is_told_at_once_when_there_will_be_room() -> None:
    desk = Desk(Rate(requests_per_minute=6))
    for _ in range(6):
        takes(desk.upstream, desk.clock)

    await desk.waits("hopeless", limit_s=5.0)

    assert told_wait_s(await desk.tasks[0]) == pytest.approx(10.0)
    assert desk.line.waiters == []


async def test_those_in_front_count_for_the_time_that_is_expected() -> None:
    desk = Desk(Rate(requests_per_minute=60))
    for _ in range(60):
        takes(desk.upstream, desk.clock)
    await desk.waits("in front", limit_s=1.5)

    await desk.waits("behind", limit_s=1.5)

    assert told_wait_s(await desk.tasks[1]) == pytest.approx(2.0)
    assert len(desk.line.waiters) == 1
    desk.tasks[0].cancel()


async def test_the_pace_of_late_tells_how_long_running_calls_take() -> None:
    desk = Desk(Rate(concurrency=1))
    seat = takes(desk.upstream, desk.clock)
    desk.clock.advance(8_000)
    seat.close(None)
    takes(desk.upstream, desk.clock)

    await desk.waits("hopeless", limit_s=5.0)
    await desk.waits("hopeful", limit_s=9.0)

    assert told_wait_s(await desk.tasks[0]) == pytest.approx(8.0)
    assert not desk.tasks[1].done()
    desk.tasks[1].cancel()


async def test_room_that_comes_with_time_is_taken_when_it_is_there() -> None:
    upstream = an_upstream_in_real_time(requests_per_minute=600)
    queue = Queues().of("triage")
    place = queue.join(QueuePolicy(1_000, 1), is_batch=False)
    assert place is not None
    for _ in range(600):
        assert isinstance(upstream.take(Wish(), upstream.clock.monotonic()), Seat)
    assert upstream.line is not None

    found = await upstream.line.wait(place, Wish(), Passed(Why.FULL), 5.0)

    assert isinstance(found, Seat)


def an_upstream_in_real_time(requests_per_minute: int) -> Upstream:
    from routing_desk import a_deployment
    from tollhouse.routing.upstreams import Upstreams

    upstream = Upstreams(SystemClock(), {}).of(a_deployment(limits=Rate(requests_per_minute)))
    upstream.line = Line(upstream)
    return upstream


async def test_a_wait_ends_at_its_limit() -> None:
    desk = Desk(Rate(concurrency=1))
    takes(desk.upstream, desk.clock)

    await desk.waits("impatient", limit_s=0.02)

    found = (await desk.found())[0]
    assert isinstance(found, Passed)
    assert (desk.line.waiters, desk.queue.places) == ([], set())


async def test_who_hangs_up_leaves_the_line_and_a_seat_just_given_goes_to_the_next() -> None:
    desk = Desk(Rate(concurrency=1))
    seat = takes(desk.upstream, desk.clock)
    await desk.waits("gone")
    await desk.waits("next")

    seat.close(None)  # it is given to the first, who is cancelled before he can take it
    desk.tasks[0].cancel()
    await settled()

    assert desk.served == ["next"]
    assert desk.upstream.running == 1


async def test_when_the_breaker_opens_all_who_wait_may_go_elsewhere() -> None:
    desk = Desk(Rate(concurrency=1), breaker=BreakerPolicy())
    seat = takes(desk.upstream, desk.clock)
    await desk.waits("one")
    await desk.waits("two")

    seat.close(status(429, Blame.QUOTA))

    assert [found.why for found in await desk.found() if isinstance(found, Passed)] == [Why.OPEN, Why.OPEN]


async def test_a_full_queue_takes_nobody_in() -> None:
    desk = Desk(Rate(concurrency=1), places=2)
    takes(desk.upstream, desk.clock)
    await desk.waits("one")
    await desk.waits("two")

    assert desk.queue.join(desk.policy, is_batch=False) is None
    assert desk.queue.join(desk.policy, is_batch=True) is None
    for task in desk.tasks:
        task.cancel()


async def test_the_batch_call_that_came_last_is_shed_for_an_interactive_one() -> None:
    desk = Desk(Rate(concurrency=1), places=3)
    takes(desk.upstream, desk.clock)
    await desk.waits("early batch", is_batch=True)
    await desk.waits("interactive")
    await desk.waits("late batch", is_batch=True)

    await desk.waits("newcomer")

    assert await desk.tasks[2] == Passed(Why.SHED)
    assert [task.done() for task in desk.tasks] == [False, False, True, False]
    assert desk.queue.join(desk.policy, is_batch=True) is None
    assert desk.queue.shed == 1
    for task in desk.tasks:
        task.cancel()
