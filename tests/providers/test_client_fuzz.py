"""
Our own client against hostile bytes, cut anywhere: what is read is what an independent parser reads, or an error of ours.

h11 is the second opinion: another HTTP/1.1 parser, in Python, by other people.
"""

import asyncio
import itertools
import re
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import h11
import pytest
import uvloop
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tollhouse.domain.errors import UpstreamError, UpstreamTimeout
from tollhouse.providers.client import PooledTransport
from tollhouse.providers.transport import Exchange

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"
PATIENCE_S = 0.03
"""The timer of a read here; longer shows nothing more, for every byte is on its way when a read begins."""


# --- hostile bytes --------------------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 503 No",
        b"HTTP/1.1 204 No",
        b"HTTP/1.1 304 No",
        b"HTTP/1.1 200",
    ]
)
BODIES = st.sampled_from(
    [b"", b"x", b"hello", b"0\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"\xff" * 99]
)
EXTRA = st.sampled_from(
    [
        b"connection: close",
        b"connection: keep-alive",
        b"content-type: text/event-stream",
        b"keep-alive: timeout=5",
        b"content-encoding: identity",
        b"x-empty:",
        b"x-odd: \xe9\x80",
        b"content-length: 3",
        b"transfer-encoding: chunked",
        b"transfer-encoding: identity",
        b"upgrade: h2c",
        b" folded",
        b"no colon",
        b"spaced : x",
    ]
)
INTERIM = st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n"])
AFTER = st.sampled_from([b"", b"\r\n", b"x", b"HTTP/1.1 200 OK\r\n", GOOD.replace(b"good", b"evil")])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer that is well formed, or nearly."""
    extra = draw(st.lists(EXTRA, max_size=3))
    body = draw(BODIES)
    framing, framed = draw(st.sampled_from([_with_length, _in_chunks, _to_the_end]))(body)
    lines = [draw(LINES), *framing, *extra]
    return draw(INTERIM) + b"\r\n".join(lines) + b"\r\n\r\n" + framed + draw(AFTER)


def _with_length(body: bytes) -> tuple[list[bytes], bytes]:
    return [b"content-length: %d" % len(body)], body


def _in_chunks(body: bytes) -> tuple[list[bytes], bytes]:
    middle = len(body) // 2
    chunks = b"".join(b"%x;e=1\r\n%b\r\n" % (len(part), part) for part in (body[:middle], body[middle:]) if part)
    return [b"Transfer-Encoding: chunked"], chunks + b"0\r\nx-trailer: 1\r\n\r\n"


def _to_the_end(body: bytes) -> tuple[list[bytes], bytes]:
    return [], body


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(answers()))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        new = draw(
            st.sampled_from(
                [b"", b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b"0", b"f", b"\xff", b"9" * 20]
            )
        )
        data[at : at + draw(st.integers(0, 3))] = new
    return bytes(data)


@dataclass(frozen=True)
class Hostile:
    pieces: Sequence[bytes]
    end: str = "stays"

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


@st.composite
def hostile(draw: st.DrawFn) -> Hostile:
    data = draw(st.one_of(mutated(), mutated(), st.binary(max_size=200)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return Hostile([piece for piece in pieces if piece], draw(st.sampled_from(["stays", "hangs up", "resets"])))


# --- the second opinion ---------------------------------------------------------------------------------------------


REASON = re.compile(rb"(?:\A|(?<=\n))HTTP/1\.[01] [0-9]{3} (?!OK\r)[^\r\n]*(?=\r\n)")
BETWEEN = re.compile(rb"(?<=\r\n\r\n)[\r\n]+(?=HTTP/1)")


def opinions(sent: Hostile) -> Iterator[tuple[int, bytes] | None]:
    """
    Yield what h11 reads as the answer; None if that is none, or not whole.

    It minds two things that llhttp does not: which words follow a status, and empty lines after an interim answer.
    Neither says where an answer ends, so it is asked about the bytes without them too.
    """
    yield second_opinion(sent.data, sent.end)
    worded = REASON.sub(lambda line: line[0][:13].ljust(len(line[0]), b"o"), sent.data)
    yield second_opinion(worded, sent.end)
    yield second_opinion(BETWEEN.sub(b"", worded, count=1), sent.end)


def second_opinion(data: bytes, end: str) -> tuple[int, bytes] | None:
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
    parser.send(h11.EndOfMessage())
    status, body = 0, b""
    try:
        parser.receive_data(data)
        if end == "hangs up":
            parser.receive_data(b"")
        while True:
            match parser.next_event():
                case h11.Response(status_code=found):
                    status = found
                case h11.Data(data=data):
                    body += bytes(data)
                case h11.EndOfMessage():
                    return status, body
                case h11.InformationalResponse():
                    continue
                case _:
                    return None
    except h11.RemoteProtocolError:
        return None


# --- the provider ---------------------------------------------------------------------------------------------------


@dataclass
class Provider:
    """Sends hostile bytes as the answer to the first request, and a good answer to every other."""

    hostile: Hostile = field(default_factory=lambda: Hostile([]))
    origin: str = ""
    requests: int = 0
    said: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.hostile.end == "resets":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                if self.requests > 1:
                    writer.write(GOOD)
                elif await self._misbehave(writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, RuntimeError):  # uvloop's word for a closed connection
            return
        finally:
            self.said.set()
            writer.close()

    async def _misbehave(self, writer: asyncio.StreamWriter) -> bool:
        for piece in self.hostile.pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if self.hostile.end == "resets":
            writer.transport.abort()
        self.said.set()
        return self.hostile.end != "stays"


class House:
    """One loop, one provider; a transport for each example."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._faults: list[object] = []
        self._runner.get_loop().set_exception_handler(lambda loop, context: self._faults.append(context))
        self._provider = Provider()
        self._server = runner.run(self._start())

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._provider.serve(reader, writer)

    def close(self) -> None:
        self._server.close()
        self._runner.run(asyncio.sleep(0.01))

    def ask_twice(self, sent: Hostile) -> tuple[tuple[int, bytes] | UpstreamError, tuple[int, bytes]]:
        """Return what became of the hostile answer, and the good answer that was asked for after it."""
        self._faults.clear()
        outcome = self._runner.run(self._ask_twice(sent))
        assert self._faults == []
        return outcome

    async def _ask_twice(self, sent: Hostile) -> tuple[tuple[int, bytes] | UpstreamError, tuple[int, bytes]]:
        self._provider = provider = Provider(sent)
        transport = PooledTransport()
        try:
            first = await self._ask(transport, PATIENCE_S)
            await provider.said.wait()
            await asyncio.sleep(0.001)
            second = await self._ask(transport, 10)
        finally:
            await transport.close()
        assert not isinstance(second, UpstreamError), second
        return first, second

    async def _ask(self, transport: PooledTransport, patience_s: float) -> tuple[int, bytes] | UpstreamError:
        try:
            exchange = await transport.request("POST", self.origin, "/", b"", b"", connect_ms=9_000, pool_ms=9_000)
            timer = asyncio.get_running_loop().call_later(patience_s, exchange.abort, UpstreamTimeout("total", 30))
            try:
                return await _read(exchange)
            finally:
                timer.cancel()
                exchange.close()
        except UpstreamError as error:
            return error


async def _read(exchange: Exchange) -> tuple[int, bytes]:
    await exchange.answered()
    body = b""
    while piece := await exchange.read():
        assert len(piece) <= 65_536
        body += piece
    return exchange.status, body


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"], scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        house = House(runner)
        yield house
        house.close()


def check(house: House, sent: Hostile) -> None:
    first, second = house.ask_twice(sent)

    assert second == (200, b"good")
    if not isinstance(first, UpstreamError):
        assert first in opinions(sent)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=hostile())
@example(Hostile([b"HTTP/1.1 200 OK\r\n\r\n"], "hangs up"))
@example(Hostile([b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", GOOD.replace(b"good", b"evil")]))
@example(Hostile([b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"]))
def test_hostile_bytes_are_read_as_another_parser_reads_them_or_not_at_all(house: House, sent: Hostile) -> None:
    check(house, sent)


@pytest.mark.slow
@pytest.mark.timeout(400)
@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=hostile())
def test_many_hostile_bytes_are_read_as_another_parser_reads_them_or_not_at_all(house: House, sent: Hostile) -> None:
    check(house, sent)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=answers(), cuts=st.lists(st.integers(0, 400), max_size=20))
def test_an_answer_means_the_same_however_it_is_cut(house: House, data: bytes, cuts: list[int]) -> None:
    edges = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]

    whole, _ = house.ask_twice(Hostile([data], "hangs up"))
    cut, _ = house.ask_twice(Hostile(pieces, "hangs up"))

    assert _kind(cut) == _kind(whole)


def _kind(outcome: tuple[int, bytes] | UpstreamError) -> object:
    return type(outcome) if isinstance(outcome, UpstreamError) else outcome
