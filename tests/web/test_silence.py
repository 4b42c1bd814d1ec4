import asyncio
from dataclasses import dataclass, field

from tollhouse.domain.errors import TollhouseError
from tollhouse.web.limits import Limits
from tollhouse.web.silence import Connection, Cycle, Silence

LIMITS = Limits(header_ms=1_000, body_ms=60_000, body_bytes_per_second=100, keep_alive_ms=5_000)


@dataclass(eq=False)
class ACycle:
    more_body: bool = True
    response_started: bool = False
    response_complete: bool = False


class Closing(asyncio.Transport):
    """A connection's transport that is closing with so many bytes unread; None: it is not closing."""

    def __init__(self, unread: int | None) -> None:
        super().__init__()
        self.unread = unread

    def is_closing(self) -> bool:
        return self.unread is not None

    def get_write_buffer_size(self) -> int:
        return self.unread or 0


@dataclass(eq=False)
class AConnection:
    cycle: Cycle | None = None
    transport: asyncio.Transport = field(default_factory=lambda: Closing(None))
    body_bytes: int = 0
    waits_for_head: bool = False
    given_up: list[TollhouseError] = field(default_factory=list)

    def give_up(self, error: TollhouseError) -> None:
        self.given_up.append(error)


def overdue_after(connection: Connection, *, seconds: float) -> bool:
    """Was the connection overdue that long after it was first seen?"""
    silence = Silence(LIMITS)
    silence.overdue([connection], 100.0)
    return silence.overdue([connection], 100.0 + seconds) == [connection]


def test_who_asks_for_nothing_or_only_begins_to_may_do_so_up_to_the_limit() -> None:
    answered = ACycle(more_body=False, response_started=True, response_complete=True)
    for waiting in (AConnection(), AConnection(answered, waits_for_head=True)):
        assert not overdue_after(waiting, seconds=1.0)
        assert overdue_after(waiting, seconds=1.001)


def test_between_two_requests_it_may_be_silent_for_longer() -> None:
    idle = AConnection(ACycle(more_body=False, response_started=True, response_complete=True))

    assert not overdue_after(idle, seconds=5.0)
    assert overdue_after(idle, seconds=5.001)


def test_a_body_that_comes_fast_enough_has_its_whole_time_and_no_more() -> None:
    assert not overdue_after(AConnection(ACycle(), body_bytes=6_000), seconds=60.0)
    assert overdue_after(AConnection(ACycle(), body_bytes=60_000), seconds=60.1)


def test_a_body_that_drips_is_overdue_after_the_time_of_a_head() -> None:
    assert not overdue_after(AConnection(ACycle(), body_bytes=1), seconds=1.0)
    assert overdue_after(AConnection(ACycle(), body_bytes=109), seconds=1.1)
    assert not overdue_after(AConnection(ACycle(), body_bytes=111), seconds=1.1)


def test_an_answer_under_way_is_never_overdue() -> None:
    streaming = ACycle(more_body=False, response_started=True)
    thinking = ACycle(more_body=False)

    assert not overdue_after(AConnection(streaming), seconds=3_600)
    assert not overdue_after(AConnection(thinking), seconds=3_600)


def test_an_answer_that_began_before_the_whole_request_is_never_overdue() -> None:
    assert not overdue_after(AConnection(ACycle(response_started=True)), seconds=3_600)


def test_each_new_request_begins_the_time_anew() -> None:
    silence, connection = Silence(LIMITS), AConnection(ACycle())

    silence.overdue([connection], 100.0)
    connection.cycle = ACycle()
    first = silence.overdue([connection], 100.9)
    second = silence.overdue([connection], 101.8)

    assert (first, second) == ([], [])
    assert silence.overdue([connection], 102.0) == [connection]


def test_connections_that_are_gone_are_forgotten() -> None:
    silence, connection = Silence(LIMITS), AConnection()

    silence.overdue([connection], 100.0)
    silence.overdue([], 100.5)

    assert silence.overdue([connection], 102.0) == []


def test_a_caller_who_reads_nothing_of_the_end_is_cut_and_a_slow_one_is_not() -> None:
    silence = Silence(LIMITS)
    slow, deaf = Closing(100), Closing(100)
    connections: list[Connection] = [AConnection(transport=slow), AConnection(transport=deaf)]

    first = silence.stuck(connections, 100.0)
    slow.unread = 90
    second = silence.stuck(connections, 100.0 + LIMITS.unread_ms / 1000)

    assert (first, second) == ([], [])
    assert silence.stuck(connections, 100.1 + LIMITS.unread_ms / 1000) == connections[1:]


async def test_who_is_overdue_is_given_up() -> None:
    connection = AConnection()
    keeping = asyncio.create_task(Silence(Limits(header_ms=20)).keep([connection]))

    async with asyncio.timeout(30):
        while not connection.given_up:
            await asyncio.sleep(0.01)
    keeping.cancel()

    assert connection.given_up[0].code == "request_too_slow"
