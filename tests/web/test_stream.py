"""A caller on the line: signs of life on a silent stream, and a caller who takes nothing of it."""

import asyncio
from contextlib import suppress

import pytest

from tollhouse.web.asgi import Line, Sent
from tollhouse.web.edge import CallerLeft
from tollhouse.web.openai.stream import PING, PING_EVERY_MS, OnTheLine, Pings

LONG_MS = 600_000


class Caller:
    """Takes what is sent while `reads` is set, as a server's flow control lets it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.news = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()
        self.slow = asyncio.Event()

    async def send(self, message: Sent) -> None:
        await self.reads.wait()
        self.got.append(message["body"])
        self.news.set()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.got) < count:
                self.news.clear()
                await self.news.wait()

    def pings(self, *, every_ms: int = LONG_MS, slow_reader_ms: int = LONG_MS) -> Pings:
        return Pings(self.send, every_ms=every_ms, slow_reader_ms=slow_reader_ms, on_slow=self.slow.set)


async def hands_over(pings: Pings, caller: Caller, data: bytes) -> None:
    """As a stream is relayed."""
    pings.is_sending = True
    await caller.send({"type": "http.response.body", "body": data, "more_body": True})
    pings.sent()


# --- signs of life ----------------------------------------------------------------------------------------------------


def test_proxies_on_the_way_hear_something_every_15_seconds() -> None:
    assert PING_EVERY_MS == 15_000
    assert PING == b": ping\n\n", "a comment, which no client takes for an event"


async def test_a_silent_stream_is_pinged_again_and_again() -> None:
    caller = Caller()
    pings = caller.pings(every_ms=5)

    await caller.has(3)
    pings.close()

    assert set(caller.got) == {PING}


async def test_a_stream_that_flows_is_not_pinged() -> None:
    caller = Caller()
    pings = caller.pings(every_ms=60_000, slow_reader_ms=20)  # looks every 5 ms

    for _ in range(20):
        await hands_over(pings, caller, b"event")
        await asyncio.sleep(0.002)
    pings.close()

    assert set(caller.got) == {b"event"}


async def test_after_its_end_a_stream_is_not_pinged() -> None:
    caller = Caller()
    pings = caller.pings(every_ms=5)
    await caller.has(1)

    pings.close()
    caller.got.clear()
    await asyncio.sleep(0.05)

    assert caller.got == []


async def test_pings_do_not_pile_up_before_a_caller_who_does_not_read() -> None:
    caller = Caller()
    caller.reads.clear()
    pings = caller.pings(every_ms=5)
    await asyncio.sleep(0.1)

    caller.reads.set()
    await caller.has(1)
    pings.close()

    assert len(caller.got) == 1


# --- who takes nothing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["event", "ping"])
async def test_a_caller_who_takes_nothing_is_given_up(what: str) -> None:
    caller = Caller()
    caller.reads.clear()
    pings = caller.pings(every_ms=5 if what == "ping" else LONG_MS, slow_reader_ms=40)
    sending = asyncio.create_task(hands_over(pings, caller, b"event")) if what == "event" else None

    await asyncio.wait_for(caller.slow.wait(), 20)

    pings.close()
    if sending is not None:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    assert caller.got == []


async def test_a_provider_that_says_nothing_does_not_make_its_caller_slow() -> None:
    caller = Caller()
    pings = caller.pings(slow_reader_ms=20)

    await asyncio.sleep(0.1)
    pings.close()

    assert not caller.slow.is_set()


async def test_a_caller_who_takes_a_little_now_and_then_is_not_given_up() -> None:
    """Each event waits for half of the limit, and all of them for many times the limit."""
    caller = Caller()
    pings = caller.pings(slow_reader_ms=400)

    for _ in range(8):
        caller.reads.clear()
        asyncio.get_running_loop().call_later(0.2, caller.reads.set)
        await hands_over(pings, caller, b"event")
    pings.close()

    assert not caller.slow.is_set()


async def test_giving_up_a_caller_ends_the_call_as_if_the_caller_had_left_and_cuts_the_connection() -> None:
    cuts: list[str] = []

    with pytest.raises(CallerLeft), OnTheLine(Line(lambda: cuts.append("cut"))) as line:  # noqa: PT012 - raised on leaving
        asyncio.get_running_loop().call_soon(line.give_up)
        await asyncio.Event().wait()

    assert line.left
    assert cuts == ["cut"]
