"""Our own client where it goes beyond what both clients keep: limits, what is sent again, what is held, what is left."""

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from provider_scripts import (
    LAST_CHUNK,
    STREAM_HEAD,
    Script,
    Wire,
    answers,
    begin,
    chunked,
    closing,
    fetch,
    respond,
    upstream,
)
from tollhouse.domain.errors import NotSent, UpstreamCut, UpstreamReset, UpstreamTimeout, UpstreamUnusable
from tollhouse.providers.client import PooledTransport
from tollhouse.providers.client.connection import (
    FRAMING_MAX_BYTES,
    HEAD_MAX_BYTES,
    READ_MAX_BYTES,
    UNREAD_MAX_BYTES,
)
from tollhouse.providers.client.kernel import Kernel
from tollhouse.providers.transport import Exchange

pytest_plugins = ("each_client",)
pytestmark = [pytest.mark.every_loop]

OK = b"HTTP/1.1 200 OK\r\n"
LATE = UpstreamTimeout("total", 1)


# --- which connection serves again ----------------------------------------------------------------------------------


async def twice(data: bytes) -> tuple[bytes, int]:
    """Ask twice; return the second answer's body, and how many connections were made."""
    async with upstream(answers(data)) as up, closing(PooledTransport()) as transport:
        await fetch(transport, up.origin)
        _, body = await fetch(transport, up.origin)
        return body, up.connections


@pytest.mark.parametrize(
    "data",
    [
        OK + b"content-length: 2\r\n\r\nokgarbage",
        OK + b"content-length: 2\r\n\r\nokH",
        OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
        OK + b"keep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_that_says_more_than_its_answer_or_soon_ends_is_not_used_again(data: bytes) -> None:
    assert await twice(data) == (b"ok", 2)


@pytest.mark.parametrize("hint", [b"timeout=60", b"max=5, timeout=9", b"timeout=x", b"nonsense"])
async def test_a_providers_promise_to_keep_the_connection_is_used(hint: bytes) -> None:
    assert await twice(OK + b"keep-alive: " + hint + b"\r\ncontent-length: 2\r\n\r\nok") == (b"ok", 1)


async def test_a_204_with_a_length_may_be_followed_by_a_body_so_its_connection_ends() -> None:
    assert await twice(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n") == (b"", 2)


async def test_words_said_unasked_on_an_idle_connection_are_no_answer() -> None:
    spoke = asyncio.Event()

    async def script(wire: Wire) -> bool:
        await wire.write(respond(200, b"ok"))
        if len(up.requests) == 1:
            await asyncio.sleep(0.02)
            await wire.write(respond(200, b"evil"))
            spoke.set()
        return True

    async with upstream(script) as up, closing(PooledTransport()) as transport:
        await fetch(transport, up.origin)
        await spoke.wait()
        _, body = await fetch(transport, up.origin)

    assert (body, up.connections) == (b"ok", 2)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"RTSP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 103 Hints\r\ncontent-length: 1\r\n\r\nx" + OK + b"content-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        b"\r\n" + OK + b"content-length: 0\r\n\r\n",
        OK + b"a: b\r\n c\r\ncontent-length: 0\r\n\r\n",
        OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\nok",
        OK + b"content-length: 2, 2\r\n\r\nok",
        OK + b"transfer-encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n2\r\nokx0\r\n\r\n",
    ],
)
async def test_what_other_clients_forgive_is_refused_with_its_reason(data: bytes) -> None:
    async with upstream(answers(data)) as up, closing(PooledTransport()) as transport:
        with pytest.raises(UpstreamUnusable, match="not HTTP that can be read: "):
            await fetch(transport, up.origin)

        await asyncio.wait_for(up.hung_up.wait(), 5)


async def test_what_is_packed_twice_is_refused_by_name() -> None:
    async with upstream(answers(respond(200, b"x", headers={"content-encoding": "gzip, gzip"}))) as up:
        async with closing(PooledTransport()) as transport:
            with pytest.raises(UpstreamUnusable, match="gzip, gzip"):
                await fetch(transport, up.origin)


# --- limits ---------------------------------------------------------------------------------------------------------


async def pours(wire: Wire, head: bytes, piece: bytes, count: int) -> bool:
    try:
        await wire.write(head)
        for _ in range(count):
            await wire.write(piece)
    except ConnectionError:
        pass
    return False


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (OK, b"x: " + b"y" * 1_000 + b"\r\n"),
        (OK + b"x: ", b"y" * 1_000),
        (b"HTTP/1.1 200 ", b"y" * 1_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
        (OK + b"transfer-encoding: chunked\r\n\r\n1;", b"e" * 1_000),
        (OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x-trailer: " + b"y" * 1_000 + b"\r\n"),
        (OK + b"transfer-encoding: chunked\r\n\r\n", b"1;" + b"e" * 1_000 + b"\r\nx\r\n"),
    ],
    ids=["headers", "header", "reason", "interim", "extension", "trailers", "extensions"],
)
async def test_framing_without_end_is_cut_off(head: bytes, piece: bytes) -> None:
    async def script(wire: Wire) -> bool:
        return await pours(wire, head, piece, 1_000)

    async with upstream(script) as up, closing(PooledTransport()) as transport:
        with pytest.raises(UpstreamUnusable):
            await fetch(transport, up.origin)


async def test_framing_may_be_as_large_as_allowed() -> None:
    extension = b";" + b"e" * (FRAMING_MAX_BYTES - 100)
    trailer = b"x: " + b"y" * 10_000

    body, _ = await twice(
        OK + b"transfer-encoding: chunked\r\n\r\n2" + extension + b"\r\nok\r\n0\r\n" + trailer + b"\r\n\r\n"
    )

    assert body == b"ok"


async def test_a_stream_of_single_bytes_is_no_flood() -> None:
    data = OK + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"

    assert (await twice(data))[0] == b"x" * 50_000


async def test_a_slow_reader_pauses_the_provider_and_little_is_held_for_it() -> None:
    written = 0

    async def script(wire: Wire) -> bool:
        nonlocal written
        wire.writer.transport.set_write_buffer_limits(high=0)
        await wire.write(OK + b"content-length: 100000000\r\n\r\n")
        for _ in range(100):
            await wire.write(b"x" * 1_000_000)
            written += 1_000_000
        return True

    async with upstream(script) as up, closing(PooledTransport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        await asyncio.sleep(0.3)
        stalled_at = written
        await asyncio.sleep(0.1)
        assert written == stalled_at < 20_000_000  # what the sockets' own buffers take

        received, largest = 0, 0
        while piece := await exchange.read():
            received += len(piece)
            largest = max(largest, len(piece))
        exchange.close()

    assert received == 100_000_000
    assert largest <= UNREAD_MAX_BYTES + READ_MAX_BYTES == 65_536


# --- sent again, or not ---------------------------------------------------------------------------------------------


class SleepyKernel(Kernel):
    """Has not heard of any hang-up yet, as if it were still on its way."""

    def has_news(self) -> bool:
        return False


class FramesLostKernel(SleepyKernel):
    """Cannot say what the other side has confirmed."""

    def acknowledged(self) -> int:
        return 0


class Peer:
    """A provider in a thread, so that it acts while our loop stands still. Each step of its plan serves a connection."""

    def __init__(self, *plan: "Step") -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests = 0
        self.hung_up = threading.Event()
        self._plan = plan
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Peer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_listening()
        self._thread.join()

    def stop_listening(self) -> None:
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def takes(self, connection: socket.socket) -> None:
        if connection.recv(65_536):
            self.requests += 1

    def answers_once(self, connection: socket.socket) -> None:
        self.takes(connection)
        connection.sendall(respond(200, b"ok"))

    def _serve(self) -> None:
        for step in self._plan:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                step(self, connection)


Step = Callable[[Peer, socket.socket], None]


def one_answer_then_gone(peer: Peer, connection: socket.socket) -> None:
    peer.answers_once(connection)
    connection.close()
    peer.hung_up.set()


async def ask_gone(transport: PooledTransport, peer: Peer) -> tuple[int, bytes]:
    """Ask once, let the provider hang up unseen, and ask again on the same connection."""
    await fetch(transport, peer.origin)
    assert peer.hung_up.wait(10)  # blocks the loop on purpose: it must not learn of the hang-up by itself
    return await fetch(transport, peer.origin)


async def test_a_request_that_no_provider_read_is_sent_again_on_a_new_connection() -> None:
    with Peer(one_answer_then_gone, Peer.answers_once) as peer:
        async with pooled(SleepyKernel) as transport:
            answered = await ask_gone(transport, peer)

    assert (answered, peer.requests) == ((200, b"ok"), 2)


async def test_a_request_is_sent_again_once_and_no_more() -> None:
    def reads_and_hangs_up(peer: Peer, connection: socket.socket) -> None:
        peer.takes(connection)

    with Peer(one_answer_then_gone, reads_and_hangs_up, Peer.answers_once) as peer:
        async with pooled(SleepyKernel) as transport:
            with pytest.raises(UpstreamReset):
                await ask_gone(transport, peer)

    assert peer.requests == 2


async def test_a_request_that_finds_no_second_connection_was_not_sent() -> None:
    with Peer(one_answer_then_gone) as peer:
        async with pooled(SleepyKernel) as transport:
            await fetch(transport, peer.origin)
            assert peer.hung_up.wait(10)
            peer.stop_listening()

            with pytest.raises(NotSent) as caught:
                await fetch(transport, peer.origin)

    assert caught.value.billed is False


async def test_without_proof_that_nobody_read_it_a_request_is_not_sent_again() -> None:
    with Peer(one_answer_then_gone, Peer.answers_once) as peer:
        async with pooled(FramesLostKernel) as transport:
            with pytest.raises(UpstreamReset):
                await ask_gone(transport, peer)

    assert peer.requests == 1


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["hangs up", "resets"])
async def test_a_request_that_a_provider_read_is_never_sent_again(end: Callable[[socket.socket], None]) -> None:
    def reads_the_second_and_ends(peer: Peer, connection: socket.socket) -> None:
        peer.answers_once(connection)
        peer.takes(connection)
        end(connection)

    with Peer(reads_the_second_and_ends, Peer.answers_once) as peer:
        async with pooled(Kernel) as transport:
            await fetch(transport, peer.origin)
            with pytest.raises(UpstreamReset):
                await fetch(transport, peer.origin)

    assert peer.requests == 2


async def test_a_request_whose_answer_has_begun_is_never_sent_again() -> None:
    def begins_the_second(peer: Peer, connection: socket.socket) -> None:
        peer.answers_once(connection)
        peer.takes(connection)
        connection.sendall(b"H")

    with Peer(begins_the_second, Peer.answers_once) as peer:
        async with pooled(Kernel) as transport:
            await fetch(transport, peer.origin)
            with pytest.raises(UpstreamReset):
                await fetch(transport, peer.origin)

    assert peer.requests == 2


async def test_a_reset_on_a_new_connection_is_not_hidden() -> None:
    async def hangs_up(wire: Wire) -> bool:
        return False

    async with upstream(hangs_up) as up, closing(PooledTransport()) as transport:
        with pytest.raises(UpstreamReset):
            await fetch(transport, up.origin)

    assert len(up.requests) == 1


@pytest.mark.parametrize("how", ["abort", "cancel"])
async def test_whoever_waits_for_the_second_connection_can_leave(how: str) -> None:
    with Peer(one_answer_then_gone) as peer:
        async with pooled(SleepyKernel) as transport:
            await fetch(transport, peer.origin)
            assert peer.hung_up.wait(10)
            fill(peer.listener)
            exchange = await begin(transport, peer.origin)
            waiting = asyncio.ensure_future(exchange.answered())
            await asyncio.sleep(0.1)
            assert not waiting.done()

            if how == "abort":
                exchange.abort(LATE)
            else:
                waiting.cancel()
            ended = await asyncio.gather(waiting, return_exceptions=True)
            exchange.close()

    assert isinstance(ended[0], UpstreamTimeout if how == "abort" else asyncio.CancelledError)


KNOCKING: list[socket.socket] = []


def fill(listener: socket.socket) -> None:
    """Let the kernel ignore who knocks from now on."""
    listener.listen(0)
    for _ in range(4):
        knock = socket.socket()
        knock.setblocking(False)
        knock.connect_ex(listener.getsockname())
        KNOCKING.append(knock)


@pytest.fixture(autouse=True)
def stop_knocking() -> Iterator[None]:
    yield
    while KNOCKING:
        KNOCKING.pop().close()


@asynccontextmanager
async def pooled(kernel: Callable[[socket.socket], Kernel]) -> AsyncIterator[PooledTransport]:
    transport = PooledTransport(kernel=kernel)
    try:
        yield transport
    finally:
        await transport.close()


# --- leaving no trace -----------------------------------------------------------------------------------------------


async def half(wire: Wire) -> bool:
    await wire.write(STREAM_HEAD + chunked(b"data: 1\n\n"))
    await wire.until_hung_up()
    return False


async def endless_end(wire: Wire) -> bool:
    await wire.write(STREAM_HEAD)
    for _ in range(100):
        await wire.write(chunked(b"x" * 10_000))
    await wire.write(LAST_CHUNK)
    return True


async def leave_midway(exchange: Exchange) -> None:
    await exchange.answered()
    await exchange.read()
    exchange.close()


async def finish_midway(exchange: Exchange) -> None:
    await exchange.answered()
    await exchange.read()
    exchange.finish()
    exchange.close()


async def abort_midway(exchange: Exchange) -> None:
    await exchange.answered()
    exchange.abort(LATE)
    with pytest.raises(UpstreamTimeout):
        await exchange.read()
    exchange.close()


async def leave_at_once(exchange: Exchange) -> None:
    exchange.close()


def sockets() -> int:
    gc.collect()
    return sum(isinstance(each, socket.socket) and each.fileno() >= 0 for each in gc.get_objects())


@pytest.mark.parametrize("way", [leave_midway, finish_midway, abort_midway, leave_at_once])
@pytest.mark.parametrize("script", [half, endless_end, answers(respond(200, b"ok"))])
async def test_no_task_socket_or_seat_is_left(script: Script, way: Callable[[Exchange], object]) -> None:
    before = sockets()
    async with upstream(script) as up:
        async with closing(PooledTransport(connections_max=1)) as transport:
            for _ in range(2):
                await way(await begin(transport, up.origin))  # type: ignore[misc]
    await asyncio.sleep(0)

    assert sockets() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_body_without_end_after_the_answer_is_complete_is_not_drained() -> None:
    async with upstream(endless_end) as up, closing(PooledTransport()) as transport:
        await finish_midway(await begin(transport, up.origin))

        await asyncio.wait_for(up.hung_up.wait(), 0.8)  # before DRAIN_S


async def test_idle_connections_take_their_leave_when_the_pool_closes() -> None:
    async with upstream(answers(respond(200, b"ok"))) as up:
        transport = PooledTransport()
        await asyncio.gather(*[fetch(transport, up.origin) for _ in range(5)])

        await transport.close()

        await asyncio.wait_for(up.hung_up.wait(), 5)


async def test_a_request_that_waits_for_a_connection_while_the_pool_closes_is_not_sent() -> None:
    with Peer() as peer:
        fill(peer.listener)
        transport = PooledTransport()
        waiting = asyncio.ensure_future(
            transport.request("POST", peer.origin, "/", b"", b"", connect_ms=300, pool_ms=300)
        )
        await asyncio.sleep(0.05)

        await transport.close()

        with pytest.raises((NotSent, UpstreamTimeout)) as caught:
            await waiting
    assert caught.value.billed is False


async def test_a_reader_sees_the_cut_after_what_came_before_it() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b"one") + chunked(b"two"))
        return False

    async with upstream(script) as up, closing(PooledTransport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        await asyncio.sleep(0.05)

        assert await exchange.read() == b"onetwo"
        with pytest.raises(UpstreamCut):
            await exchange.read()
        exchange.close()


async def test_a_reader_sees_the_violation_after_what_came_before_it() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b"one") + b"zz\r\n")
        await wire.until_hung_up()
        return False

    async with upstream(script) as up, closing(PooledTransport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()

        assert await exchange.read() == b"one"
        with pytest.raises(UpstreamUnusable):
            await exchange.read()
        exchange.close()


def test_the_limits_are_what_they_are_said_to_be() -> None:
    assert (HEAD_MAX_BYTES, FRAMING_MAX_BYTES, UNREAD_MAX_BYTES + READ_MAX_BYTES) == (65_536, 65_536, 65_536)
