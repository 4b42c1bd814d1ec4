"""The HTTP client seam: connecting, waiting for a connection, and pooled connections that went stale."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from authority import HERE, Authority
from provider_scripts import (
    LAST_CHUNK,
    STREAM_HEAD,
    WHOLE,
    Wire,
    a_transport,
    answers,
    begin,
    chunked,
    closing,
    collect,
    limits,
    outgoing,
    provider,
    respond,
    upstream,
)
from tollhouse.domain.errors import Blame, ConnectTimeout, NotSent, PoolTimeout, UpstreamReset
from tollhouse.providers.transport import header_block

pytest_plugins = ("each_client",)
pytestmark = [pytest.mark.usefixtures("client"), pytest.mark.every_loop]

# --- connecting -----------------------------------------------------------------------------------------------------


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel ignores who knocks."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        knocking = []
        for _ in range(4):
            knock = socket.socket()
            knock.setblocking(False)
            knock.connect_ex(listener.getsockname())
            knocking.append(knock)
        try:
            yield listener.getsockname()[1]
        finally:
            for knock in knocking:
                knock.close()


@pytest.mark.parametrize("timeouts", [{"connect_ms": 80}, {"total_ms": 80}, {"first_token_ms": 80}])
async def test_a_connection_that_takes_too_long_was_not_sent_anything(timeouts: dict[str, int]) -> None:
    with deaf_port() as port:
        async with provider(f"http://127.0.0.1:{port}") as sender:
            with pytest.raises(ConnectTimeout) as caught:
                await collect(sender, outgoing(timeouts=limits(**timeouts)))

    assert caught.value.billed is False
    assert caught.value.status == 504


async def test_a_host_that_does_not_resolve_was_not_sent_anything() -> None:
    async with provider("http://no-such-host.invalid/v1") as sender:
        with pytest.raises(NotSent):
            await collect(sender, outgoing())


async def test_a_request_waits_for_a_free_connection_and_no_longer_than_it_may() -> None:
    first_arrived = asyncio.Event()

    async def script(wire: Wire) -> bool:
        first_arrived.set()
        await wire.until_hung_up()
        return False

    async with upstream(script) as up, provider(up.origin, transport=a_transport(connections_max=1)) as sender:
        first = asyncio.create_task(collect(sender, outgoing()))
        await first_arrived.wait()

        with pytest.raises(PoolTimeout) as caught:
            await collect(sender, outgoing(timeouts=limits(pool_ms=50)))

        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert (caught.value.billed, caught.value.same_deployment, caught.value.fallback) == (False, False, True)
    assert caught.value.blame is Blame.RATE, "how busy we are opens nobody's breaker"
    assert up.connections == 1


async def test_a_seat_that_becomes_free_is_taken_by_who_waits() -> None:
    async with (
        upstream(answers(respond(200, WHOLE))) as up,
        provider(up.origin, transport=a_transport(connections_max=2)) as sender,
    ):
        answered = await asyncio.gather(
            *[collect(sender, outgoing(timeouts=limits(pool_ms=20_000))) for _ in range(20)]
        )

    assert len(answered) == 20
    assert up.connections <= 2


async def test_an_opened_transport_serves_and_closes() -> None:
    transport = a_transport()
    await transport.open()

    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin, transport=transport) as sender:
        events = await collect(sender, outgoing())

    assert events[0].data == WHOLE


async def test_failed_attempts_give_their_seats_back() -> None:
    async def script(wire: Wire) -> bool:
        return False

    async with upstream(script) as up, provider(up.origin, transport=a_transport(connections_max=1)) as sender:
        for _ in range(3):
            with pytest.raises(UpstreamReset):
                await collect(sender, outgoing(timeouts=limits(pool_ms=5_000)))

    assert up.connections == 3


async def test_failed_connects_give_their_seats_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async with provider(f"http://127.0.0.1:{port}", transport=a_transport(connections_max=1)) as sender:
        for _ in range(3):
            with pytest.raises(NotSent, match="could not be reached"):
                await collect(sender, outgoing(timeouts=limits(pool_ms=5_000)))


# --- pooled connections ---------------------------------------------------------------------------------------------


class ThreadedServer:
    """Answers each connection's requests in a thread of its own, so that it can hang up while our loop stands still."""

    def __init__(self, *, requests_a_connection: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._per_connection = requests_a_connection
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self.may_hang_up = threading.Event()
        self.hung_up = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "ThreadedServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_hang_up.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                for _ in range(self._per_connection):
                    if not connection.recv(65_536):
                        break
                    self.requests += 1
                    connection.sendall(respond(200, WHOLE))
                self.may_hang_up.wait()
            self.hung_up.set()


async def test_a_connection_that_the_provider_closed_while_idle_is_not_used_again() -> None:
    with ThreadedServer(requests_a_connection=1) as server:
        async with provider(server.origin) as sender:
            await collect(sender, outgoing())
            server.may_hang_up.set()
            assert server.hung_up.wait(10)  # blocks the loop on purpose: it must not learn of the hang-up by itself

            events = await collect(sender, outgoing())

    assert events[0].data == WHOLE
    assert server.requests == 2


async def test_a_reset_after_the_request_went_out_is_not_hidden_by_a_retry() -> None:
    """Nobody can tell whether the provider processed it, so the attempt must be booked as unknown."""
    served = 0

    async def script(wire: Wire) -> bool:
        nonlocal served
        served += 1
        if served == 1:
            await wire.write(respond(200, WHOLE))
        return served == 1

    async with upstream(script) as up, provider(up.origin) as sender:
        await collect(sender, outgoing())
        with pytest.raises(UpstreamReset):
            await collect(sender, outgoing())

    assert (len(up.requests), up.connections) == (2, 1)


async def test_a_provider_that_forbids_it_is_not_kept_alive() -> None:
    async with (
        upstream(answers(respond(200, WHOLE, headers={"connection": "close"}))) as up,
        provider(up.origin) as sender,
    ):
        await collect(sender, outgoing())
        await collect(sender, outgoing())

    assert up.connections == 2


async def test_a_stream_whose_body_never_ends_after_done_does_not_hold_its_connection() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b'data: {"type": "response.completed"}\n\n'))
        await wire.until_hung_up()
        return False

    async with upstream(script) as up, provider(up.origin) as sender:
        await collect(sender, outgoing(streamed=True))

        await asyncio.wait_for(up.hung_up.wait(), 20)


async def test_closing_the_transport_hangs_up_on_all() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b'data: {"type": "response.completed"}\n\n'))
        await wire.until_hung_up()
        return False

    transport = a_transport()
    async with upstream(script) as up:
        async with provider(up.origin, transport=transport) as sender:
            await collect(sender, outgoing(streamed=True))

        await asyncio.wait_for(up.hung_up.wait(), 10)


async def test_no_cookie_is_kept() -> None:
    async with (
        upstream(answers(respond(200, WHOLE, headers={"set-cookie": "a=b"}))) as up,
        provider(up.origin) as sender,
    ):
        await collect(sender, outgoing())
        await collect(sender, outgoing())

    assert all("cookie" not in request.headers for request in up.requests)


async def test_interim_answers_are_passed_over() -> None:
    async with upstream(answers(b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" + respond(200, WHOLE))) as up:
        async with provider(up.origin) as sender:
            events = await collect(sender, outgoing())

    assert events[0].data == WHOLE


async def test_a_stream_whose_body_ends_after_its_reader_has_gone_is_pooled() -> None:
    reader_has_gone = asyncio.Event()

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b'data: {"type": "response.completed"}\n\n'))
        await reader_has_gone.wait()
        await wire.write(LAST_CHUNK)
        return True

    sent = outgoing(streamed=True, timeouts=limits(pool_ms=20_000))
    async with upstream(script) as up, provider(up.origin, transport=a_transport(connections_max=1)) as sender:
        await collect(sender, sent)
        reader_has_gone.set()
        await collect(sender, sent)

    assert up.connections == 1


# --- TLS ------------------------------------------------------------------------------------------------------------


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async with upstream(answers(respond(200, WHOLE)), tls=Authority(tmp_path).server_side(HERE)) as up:
        async with provider(up.origin) as sender:
            with pytest.raises(NotSent):
                await collect(sender, outgoing())

    assert up.requests == []


@pytest.mark.parametrize(
    ("names", "days"),
    [
        ([x509.IPAddress(ip_address("127.0.0.2"))], (-1, 1)),
        ([x509.DNSName("localhost")], (-1, 1)),
        ([HERE], (-2, -1)),
        ([HERE], (1, 2)),
    ],
    ids=["of another address", "of a name", "expired", "not valid yet"],
)
async def test_a_certificate_of_another_or_of_another_time_is_refused(
    names: list[x509.GeneralName], days: tuple[int, int], tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    transport = a_transport(tls=authority.client_side())

    async with upstream(answers(respond(200, WHOLE)), tls=authority.server_side(*names, days=days)) as up:
        async with provider(up.origin, transport=transport) as sender:
            with pytest.raises(NotSent) as caught:
                await collect(sender, outgoing())

    assert up.requests == []
    assert caught.value.billed is False


async def test_a_certificate_that_is_trusted_is_accepted_and_its_connection_kept(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    transport = a_transport(tls=authority.client_side())

    async with upstream(answers(respond(200, WHOLE)), tls=authority.server_side(HERE)) as up:
        async with provider(up.origin, transport=transport) as sender:
            for _ in range(3):
                events = await collect(sender, outgoing())

    assert events[0].data == WHOLE
    assert up.connections == 1


async def test_a_provider_is_told_which_name_is_meant_before_it_shows_its_certificate(tmp_path: Path) -> None:
    authority, asked = Authority(tmp_path), []
    server_side = authority.server_side(x509.DNSName("localhost"))
    server_side.sni_callback = lambda connection, name, context: asked.append(name)
    transport = a_transport(tls=authority.client_side())

    async with upstream(answers(respond(200, WHOLE)), tls=server_side) as up:
        async with provider(up.origin.replace("127.0.0.1", "localhost"), transport=transport) as sender:
            events = await collect(sender, outgoing())

    assert (events[0].data, asked) == (WHOLE, ["localhost"])


async def test_a_stream_over_tls_is_relayed_and_left(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    transport = a_transport(tls=authority.client_side())

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(b"one"))
        await wire.until_hung_up()
        return False

    async with upstream(script, tls=authority.server_side(HERE)) as up, closing(transport):
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        first = await exchange.read()
        exchange.close()

        await asyncio.wait_for(up.hung_up.wait(), 0.25)
    assert first == b"one"


async def test_a_handshake_that_never_ends_is_a_connection_that_takes_too_long() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server, provider(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as sender:
        with pytest.raises(ConnectTimeout):
            await collect(sender, outgoing(timeouts=limits(connect_ms=100)))
        await asyncio.sleep(0.05)


async def test_a_provider_that_speaks_no_tls_was_not_sent_anything() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(400, b"speak up"))
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server, provider(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as sender:
        with pytest.raises(NotSent):
            await collect(sender, outgoing())
        await asyncio.sleep(0.05)


# --- addresses ------------------------------------------------------------------------------------------------------


async def test_an_address_of_ipv6_is_reached_and_named_in_brackets() -> None:
    async with upstream(answers(respond(200, WHOLE)), host="::1") as up, provider(up.origin) as sender:
        events = await collect(sender, outgoing())

    assert events[0].data == WHOLE
    assert up.requests[0].headers["host"] == up.origin.removeprefix("http://")


async def test_a_name_is_reached_at_the_address_that_answers() -> None:
    """`localhost` is ::1 and 127.0.0.1 on most machines; the provider listens at one of them."""
    async with upstream(answers(respond(200, WHOLE))) as up:
        async with provider(up.origin.replace("127.0.0.1", "localhost")) as sender:
            for _ in range(2):
                events = await collect(sender, outgoing())

    assert events[0].data == WHOLE
    assert (up.connections, up.requests[0].headers["host"]) == (1, up.origin.replace("127.0.0.1", "localhost")[7:])


# --- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "x"), ("a:", "x"), ("", "x"), ("a", "x\r\ny: z"), ("a", "é"), ("a", "\0")]
)
def test_a_header_that_would_smuggle_in_another_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        header_block({name: value})


def test_headers_are_written_one_a_line() -> None:
    assert header_block({"a": "1", "b": "two"}) == b"a: 1\r\nb: two\r\n"
