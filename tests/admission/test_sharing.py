"""How a process stands to the others: its share, what is shared, and what happens when nobody answers."""

import asyncio
from collections.abc import Sequence

import pytest

from tollhouse.admission.rates import RatePath, Rates, Ticket
from tollhouse.admission.sharing import ANSWER_S, Sharing
from tollhouse.domain.errors import RateLimited, StoreUnavailable
from tollhouse.domain.governance import BudgetScope, Rate
from tollhouse.domain.rates import Standing
from tollhouse.ports.presence import PRESENT_S
from tollhouse.ports.shared_rates import BucketAsk, Exchanged, Got, PlacesAsk
from tollhouse.testing.clock import FakeClock

WAIT_S = 10.0


class Others:
    """Presence whose answer the test says; None: the database is gone."""

    def __init__(self) -> None:
        self.answer: Standing | None = Standing(0, 1)
        self.left: list[str] = []

    async def beat(self, process: str) -> Standing:
        if self.answer is None:
            raise StoreUnavailable
        return self.answer

    async def leave(self, process: str) -> None:
        self.left.append(process)


class Bank:
    """Shared rates that count their exchanges and give whatever is asked for; they can stand still."""

    def __init__(self) -> None:
        self.exchanges = 0
        self.stands_still = False
        self.has_left = False

    async def exchange(
        self,
        process: str,
        present: int,
        buckets: Sequence[BucketAsk],
        places: Sequence[PlacesAsk],
        *,
        is_sharing: bool = True,
    ) -> Exchanged:
        self.exchanges += 1
        if self.stands_still:
            await asyncio.sleep(WAIT_S)
        got = tuple(Got(max(ask.needed, ask.most), ask.limit) for ask in buckets)
        return Exchanged(True, got, tuple(Got(ask.most, ask.limit) for ask in places))

    async def prove(self) -> None: ...

    async def leave(self, process: str) -> None:
        self.has_left = True

    async def close(self) -> None: ...


def a_desk(bank: Bank | None = None) -> tuple[Sharing, RatePath, Others, FakeClock]:
    clock, others = FakeClock(), Others()
    sharing = Sharing(Rates(), clock, process="proc", presence=others, shared=bank)
    limiter = sharing.rates.limiter(BudgetScope("key", "ci"), Rate(requests_per_minute=100), clock.monotonic())
    return sharing, (limiter,), others, clock


async def passed(sharing: Sharing, path: RatePath, calls: int) -> int:
    tickets = await asyncio.gather(*(sharing.enter(path, 0) for _ in range(calls)), return_exceptions=True)
    for ticket in tickets:
        if isinstance(ticket, Ticket):
            ticket.close(0)
        else:
            assert isinstance(ticket, RateLimited)
    return sum(isinstance(ticket, Ticket) for ticket in tickets)


async def test_each_beat_says_which_share_a_process_has() -> None:
    sharing, path, others, _ = a_desk()
    await sharing.beat()
    assert sharing.state() == (True, "this process has all of every rate")

    others.answer = Standing(1, 4)
    await sharing.beat()

    assert sharing.state() == (True, "this process has a share of 1 in 4")
    assert await passed(sharing, path, 30) == 25


async def test_without_the_database_the_last_number_stays_and_after_a_silence_it_only_grows_at_first() -> None:
    sharing, _, others, clock = a_desk()
    others.answer = Standing(1, 4)
    await sharing.beat()
    others.answer = None
    with pytest.raises(StoreUnavailable):
        await sharing.beat()
    assert sharing.standing == Standing(1, 4)

    clock.advance(int(PRESENT_S * 1000) + 1)
    others.answer = Standing(0, 1)
    await sharing.beat()
    assert sharing.standing == Standing(1, 4), "the others may not have been heard again yet"

    clock.advance(int(PRESENT_S * 1000))
    await sharing.beat()
    assert sharing.standing == Standing(0, 1)


async def test_who_has_beaten_takes_leave_at_the_end_and_who_has_not_does_not() -> None:
    sharing, _, others, _ = a_desk()
    await sharing.close()
    assert others.left == []

    await sharing.beat()
    await sharing.close()

    assert others.left == ["proc"]


async def test_many_calls_share_an_exchange_and_most_need_none() -> None:
    bank = Bank()
    sharing, path, _, _ = a_desk(bank)
    keeping = asyncio.create_task(sharing.run())
    await until_shared(sharing)
    before = bank.exchanges

    assert await passed(sharing, path, 50) == 50

    assert bank.exchanges - before <= 3
    keeping.cancel()
    await asyncio.wait([keeping])
    await sharing.close()
    assert bank.has_left


async def test_a_call_that_gets_no_answer_is_let_in_on_this_process_share() -> None:
    bank = Bank()
    sharing, path, _, _ = a_desk(bank)
    keeping = asyncio.create_task(sharing.run())
    await until_shared(sharing)
    bank.stands_still = True

    async with asyncio.timeout(WAIT_S / 2):
        assert await passed(sharing, path, 3) == 3

    assert not sharing.rates.is_shared
    assert f"within {round(ANSWER_S * 1000)} ms" in sharing.state()[1]
    keeping.cancel()
    await asyncio.wait([keeping])


async def until_shared(sharing: Sharing) -> None:
    async with asyncio.timeout(WAIT_S):
        while not sharing.rates.is_shared:
            await asyncio.sleep(0.01)
