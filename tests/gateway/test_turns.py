"""Waiting for one's own rate: in turn, bounded, and nobody overtakes."""

import asyncio

import pytest

from tollhouse.admission.admission import Admission, Admitted
from tollhouse.domain.errors import RateLimited
from tollhouse.domain.governance import Deployment, Governance, QueuePolicy, Rate, Route, Team, UseCase
from tollhouse.gateway.turns import Turns
from tollhouse.routing.queue import Queues
from tollhouse.testing.clock import FakeClock

WHOLE = 600


class Desk:
    """One use case with 600 tokens a minute (ten a second) and a queue of ten seconds."""

    def __init__(self, *, places: int = 10) -> None:
        use_case = UseCase(
            "u", "t", "me", ("m",), rate=Rate(tokens_per_minute=WHOLE), queue=QueuePolicy(10_000, places)
        )
        governance = Governance(
            organisation="o",
            time_zone="UTC",
            organisation_budget=None,
            teams={"t": Team("t")},
            use_cases={"u": use_case},
            routes={"m": Route("m", (Deployment("p", "m", "openai"),))},
        )
        self.clock = FakeClock()
        self.admission = Admission(governance, self.clock)
        self.admitted: Admitted = self.admission.admit(self.admission.inside("u", "cli"), None, "m")
        self.queues = Queues()
        self.turns = Turns(self.admission, self.queues, self.clock)
        self.entered: list[str] = []

    def waits(self, name: str, tokens: int, *, is_batch: bool = False) -> "asyncio.Task[None]":
        return asyncio.create_task(self._wait(name, tokens, is_batch=is_batch))

    async def _wait(self, name: str, tokens: int, *, is_batch: bool) -> None:
        await self.turns.wait(self.admitted, tokens, None, is_batch=is_batch)
        self.entered.append(name)


async def test_a_small_call_does_not_overtake_a_large_one_that_waits() -> None:
    desk = Desk()
    await desk.admission.enter(desk.admitted, WHOLE - 40)
    large = desk.waits("large", 60)
    await asyncio.sleep(0.01)

    small = desk.waits("small", 10)
    await asyncio.sleep(0.3)
    assert desk.entered == []
    assert desk.turns.has_lane(desk.admitted.rates)
    desk.clock.advance(3_100)
    await asyncio.wait_for(asyncio.gather(large, small), 10)

    assert desk.entered == ["large", "small"]
    assert not desk.turns.has_lane(desk.admitted.rates)
    assert desk.queues.waiting == 0


async def test_an_interactive_call_goes_before_a_batch_call_that_came_first() -> None:
    desk = Desk()
    await desk.admission.enter(desk.admitted, WHOLE)
    batch = desk.waits("batch", 20, is_batch=True)
    await asyncio.sleep(0.01)
    interactive = desk.waits("interactive", 20)
    await asyncio.sleep(0.01)

    desk.clock.advance(4_100)
    await asyncio.wait_for(asyncio.gather(batch, interactive), 10)

    assert desk.entered == ["interactive", "batch"]


async def test_those_in_front_count_for_what_is_expected() -> None:
    desk = Desk()
    await desk.admission.enter(desk.admitted, WHOLE)
    in_front = desk.waits("in front", 60)
    await asyncio.sleep(0.01)

    with pytest.raises(RateLimited):
        await asyncio.wait_for(desk.turns.wait(desk.admitted, 60, _refused(desk), is_batch=False), 5)

    assert not in_front.done()
    in_front.cancel()


def _refused(desk: Desk) -> RateLimited:
    states = {"tokens": desk.admission.rate_states(desk.admitted.principal, "u")["tokens"]}
    return RateLimited("over", retry_after_ms=6_000, states=states, lacks="tokens")


async def test_who_gives_up_leaves_nothing_behind() -> None:
    desk = Desk(places=1)
    await desk.admission.enter(desk.admitted, WHOLE)
    waiting = desk.waits("gone", 20)
    await asyncio.sleep(0.01)
    assert desk.queues.waiting == 1

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert (desk.queues.waiting, desk.turns.has_lane(desk.admitted.rates)) == (0, False)
