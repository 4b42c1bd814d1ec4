import asyncio
from dataclasses import dataclass, field

from tollhouse.web.silence import Connection, Cycle, Silence


@dataclass(eq=False)
class ACycle:
    more_body: bool = True
    response_started: bool = False
    response_complete: bool = False


@dataclass(eq=False)
class AConnection:
    cycle: Cycle | None = None
    transport: asyncio.Transport = field(default_factory=asyncio.Transport)


class Leaving(asyncio.Transport):
    """A connection's transport that is closing, with so many bytes unread."""

    def __init__(self, unread: int) -> None:
        super().__init__()
        self.unread = unread

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self.unread


def overdue_after(silence: Silence, connection: Connection, *, seconds: float) -> bool:
    """Was the connection overdue that long after it was first seen?"""
    silence.overdue([connection], 100.0)
    return silence.overdue([connection], 100.0 + seconds) == [connection]


def test_it_may_be_silent_up_to_the_limit_and_not_longer() -> None:
    assert not overdue_after(Silence(1_000), AConnection(), seconds=1.0)
    assert overdue_after(Silence(1_000), AConnection(), seconds=1.001)


def test_an_answer_under_way_is_never_overdue() -> None:
    streaming = ACycle(more_body=False, response_started=True)
    thinking = ACycle(more_body=False)

    assert not overdue_after(Silence(1_000), AConnection(streaming), seconds=3_600)
    assert not overdue_after(Silence(1_000), AConnection(thinking), seconds=3_600)


def test_an_answer_that_began_before_the_whole_request_is_never_overdue() -> None:
    assert not overdue_after(Silence(1_000), AConnection(ACycle(response_started=True)), seconds=3_600)


def test_each_new_request_begins_the_time_anew() -> None:
    silence, connection = Silence(1_000), AConnection(ACycle())

    silence.overdue([connection], 100.0)
    connection.cycle = ACycle()
    first = silence.overdue([connection], 100.9)
    second = silence.overdue([connection], 101.8)

    assert (first, second) == ([], [])
    assert silence.overdue([connection], 102.0) == [connection]


def test_between_two_requests_the_keep_alive_time_holds_and_before_the_first_the_other() -> None:
    answered = ACycle(more_body=False, response_started=True, response_complete=True)

    assert not overdue_after(Silence(2_000, 1_000), AConnection(answered), seconds=1.0)
    assert overdue_after(Silence(2_000, 1_000), AConnection(answered), seconds=1.001)
    assert not overdue_after(Silence(2_000, 1_000), AConnection(), seconds=2.0)


def test_connections_that_are_gone_are_forgotten() -> None:
    silence, connection = Silence(1_000), AConnection()

    silence.overdue([connection], 100.0)
    silence.overdue([], 100.5)

    assert silence.overdue([connection], 101.5) == []


def test_a_caller_who_reads_nothing_of_the_end_is_cut_and_a_slow_one_is_not() -> None:
    silence = Silence(1_000)
    slow, deaf = Leaving(100), Leaving(100)
    connections = [AConnection(transport=slow), AConnection(transport=deaf)]

    first = silence.stuck(connections)
    slow.unread = 90

    assert first == []
    assert silence.stuck(connections) == connections[1:]
