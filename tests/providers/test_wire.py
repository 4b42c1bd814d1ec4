"""What may come over the wire from a provider, good and bad, below every dialect: one suite for both clients."""

import asyncio
import gzip
import zlib

import pytest

from provider_scripts import Script, Wire, a_transport, answers, begin, closing, fetch, respond, upstream
from tollhouse.domain.errors import UpstreamCut, UpstreamError, UpstreamReset, UpstreamUnusable
from tollhouse.providers.transport import Exchange

pytest_plugins = ("each_client",)
pytestmark = [pytest.mark.usefixtures("client"), pytest.mark.every_loop]

OK = b"HTTP/1.1 200 OK\r\n"


async def answer(data: bytes, *, method: str = "POST", stays_open: bool = True) -> tuple[int, bytes, int]:
    """Ask twice; return the second answer's status and body, and how many connections were made."""
    async with upstream(answers(data, stays_open=stays_open)) as up, closing(a_transport()) as transport:
        await fetch(transport, up.origin, method=method)
        status, body = await fetch(transport, up.origin, method=method)
        return status, body, up.connections


# --- where an answer ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (OK + b"content-length: 5\r\n\r\nhello", b"hello"),
        (OK + b"content-length: 0\r\n\r\n", b""),
        (OK + b"CONTENT-LENGTH:5\r\nempty:\r\n\r\nhello", b"hello"),
        (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n0005;a=b;c\r\nhello\r\n0\r\n\r\n", b"hello"),
        (OK + b"transfer-encoding: chunked\r\n\r\n1\r\nh\r\n4\r\nello\r\n0\r\nx-trailer: a\r\n\r\n", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", b""),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" + OK + b"content-length: 1\r\n\r\nx",
            b"x",
        ),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", b"ok"),
    ],
)
async def test_an_answer_that_says_where_it_ends_leaves_its_connection_to_the_next(data: bytes, body: bytes) -> None:
    assert (await answer(data))[1:] == (body, 1)


@pytest.mark.parametrize(
    "head", [OK, OK + b"connection: close\r\n", b"HTTP/1.0 200 OK\r\n", OK + b"upgrade: h2c\r\nconnection: upgrade\r\n"]
)
async def test_an_answer_may_end_with_its_connection(head: bytes) -> None:
    assert (await answer(head + b"\r\nhello", stays_open=False))[1:] == (b"hello", 2)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"connection: close\r\ncontent-length: 2\r\n\r\nok",
        OK + b"connection: Keep-Alive, Close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"content-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    ],
)
async def test_what_comes_after_an_answers_end_is_nobodys_answer(data: bytes) -> None:
    assert await answer(data) == (200, b"ok", 2)


async def test_the_answer_to_head_has_no_body() -> None:
    status, body, _ = await answer(OK + b"content-length: 5\r\n\r\n", method="HEAD")

    assert (status, body) == (200, b"")


async def test_a_body_given_to_get_has_its_length() -> None:
    async with upstream(answers(respond(200, b"ok"))) as up, closing(a_transport()) as transport:
        await fetch(transport, up.origin, method="GET", body=b"x")
        await fetch(transport, up.origin, method="GET", body=b"")

    assert [request.body for request in up.requests] == [b"x", b""]


async def test_an_answer_that_comes_before_the_request_is_out_counts_and_its_connection_does_not() -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(respond(413, b"too large"))
        await writer.drain()
        await reader.read(1)  # the rest is never read
        await hung_up.wait()
        writer.close()

    hung_up = asyncio.Event()
    server = await asyncio.start_server(early, "127.0.0.1", 0)
    async with server, closing(a_transport()) as transport:
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        answered = [await fetch(transport, origin, body=b"x" * 20_000_000) for _ in range(2)]
        hung_up.set()

    assert answered == [(413, b"too large")] * 2


async def test_a_refusal_is_heard_though_the_provider_hangs_up_on_the_rest_of_the_request() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(respond(413, b"too large", headers={"connection": "close"}))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    async with server, closing(a_transport()) as transport:
        status, _ = await fetch(
            transport, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", body=b"x" * 200_000
        )

    assert status == 413


async def test_a_large_answer_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000

    async with upstream(answers(respond(200, body))) as up, closing(a_transport()) as transport:
        assert await fetch(transport, up.origin) == (200, body)


# --- what is no HTTP ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nokk",
        OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
        OK + b"content-length: +2\r\n\r\nok",
        OK + b"content-length: 0x2\r\n\r\nok",
        OK + b"content-length: -2\r\n\r\nok",
        OK + b"content-length: 99999999999999999999999\r\n\r\nok",
        OK + b"transfer-encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n-1\r\nok\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n",
        OK + b"a b: c\r\ncontent-length: 2\r\n\r\nok",
        OK + b"a: b\x00c\r\ncontent-length: 2\r\n\r\nok",
    ],
)
async def test_an_answer_that_can_be_read_in_two_ways_is_not_read(data: bytes) -> None:
    async with upstream(answers(data, stays_open=False)) as up, closing(a_transport()) as transport:
        with pytest.raises(UpstreamUnusable):
            await fetch(transport, up.origin)


async def test_a_provider_that_changes_the_protocol_is_not_followed() -> None:
    data = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nxx"

    async with upstream(answers(data, stays_open=False)) as up, closing(a_transport()) as transport:
        with pytest.raises((UpstreamUnusable, UpstreamReset)):
            await fetch(transport, up.origin)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"x: " + b"y" * 20_000 + b"\r\ncontent-length: 0\r\n\r\n",
        OK + b"y" * 20_000 + b": x\r\ncontent-length: 0\r\n\r\n",
        OK + b"".join(b"x-%d: y\r\n" % number for number in range(300)) + b"content-length: 0\r\n\r\n",
    ],
)
async def test_headers_that_are_too_large_or_too_many_are_not_taken(data: bytes) -> None:
    async with upstream(answers(data)) as up, closing(a_transport()) as transport:
        with pytest.raises(UpstreamUnusable):
            await fetch(transport, up.origin)


async def test_headers_without_end_are_not_waited_for() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(OK)
        for _ in range(10_000):
            await wire.write(b"x: " + b"y" * 10_000 + b"\r\n")
        return False

    async with upstream(script) as up, closing(a_transport()) as transport:
        with pytest.raises(UpstreamUnusable):
            await fetch(transport, up.origin)


@pytest.mark.parametrize("size", [16_000, 200])
async def test_headers_within_the_limits_are_taken(size: int) -> None:
    data = OK + (b"x: " + b"y" * 16_000 + b"\r\n" if size > 200 else b"x: y\r\n" * size) + b"content-length: 0\r\n\r\n"

    assert (await answer(data))[0] == 200


async def test_headers_are_found_without_regard_to_case() -> None:
    data = OK + b"Retry-After: 3\r\nretry-after: 4\r\nX-Odd: \xe9\r\ncontent-length: 0\r\n\r\n"

    async with upstream(answers(data)) as up, closing(a_transport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        headers = exchange.headers
        exchange.close()

    assert (headers["RETRY-after"], headers.get("absent"), "x-odd" in headers) == ("3", None, True)


# --- packed answers -------------------------------------------------------------------------------------------------


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same in every process, for it names a test


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzipped(b"hello" * 50_000)),
        ("GZIP", gzipped(b"hello" * 50_000)),
        ("deflate", zlib.compress(b"hello" * 50_000)),
        ("deflate", raw_deflate(b"hello" * 50_000)),
        ("identity", b"hello" * 50_000),
    ],
)
async def test_an_answer_packed_unasked_is_unpacked(encoding: str, packed: bytes) -> None:
    assert await answer(respond(200, packed, headers={"content-encoding": encoding})) == (200, b"hello" * 50_000, 1)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("br", b"\x0b\x02\x80hello\x03"),
        ("gzip", b"no gzip at all"),
        ("deflate", b"\xff\xff\xff\xff"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_is_unusable(encoding: str, packed: bytes) -> None:
    with pytest.raises(UpstreamUnusable):
        await answer(respond(200, packed, headers={"content-encoding": encoding}))


async def test_a_packed_answer_may_be_empty() -> None:
    assert await answer(respond(200, b"", headers={"content-encoding": "gzip"})) == (200, b"", 1)


# --- what arrived before the break ----------------------------------------------------------------------------------


async def read_on(exchange: Exchange) -> None:
    while await exchange.read():
        pass


@pytest.mark.parametrize(
    ("rest", "error"),
    [(b"", UpstreamCut), (b"5\r\nhel", UpstreamCut)],
)
async def test_what_arrived_before_a_break_is_read_before_it(rest: bytes, error: type[UpstreamError]) -> None:
    data = OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"

    async def script(wire: Wire) -> bool:
        await wire.write(data)
        await asyncio.sleep(0.02)
        await wire.write(rest)
        return False

    async with upstream(script) as up, closing(a_transport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        read = await exchange.read()
        with pytest.raises(error):
            await read_on(exchange)
        exchange.close()

    assert read == b"hello"


@pytest.mark.parametrize("rest", [b"3\r\nworld\r\n", b"x\r\nworld\r\n"])
@pytest.mark.parametrize("is_waited_for", [False, True])
async def test_what_cannot_be_read_any_more_is_told_to_who_waits_for_it(rest: bytes, is_waited_for: bool) -> None:
    may_go_on = asyncio.Event()

    async def script(wire: Wire) -> bool:
        await wire.write(OK + b"transfer-encoding: chunked\r\n\r\n")
        await may_go_on.wait()
        await wire.write(rest)
        await wire.until_hung_up()
        return False

    async with upstream(script) as up, closing(a_transport()) as transport:
        exchange = await begin(transport, up.origin)
        await exchange.answered()
        reading = asyncio.ensure_future(read_on(exchange)) if is_waited_for else None
        await asyncio.sleep(0)
        may_go_on.set()
        if reading is None:
            await up.hung_up.wait()
        with pytest.raises(UpstreamUnusable):
            await asyncio.wait_for(reading or read_on(exchange), 10)
        exchange.close()


# --- leaving --------------------------------------------------------------------------------------------------------


async def silent(wire: Wire) -> bool:
    await wire.until_hung_up()
    return False


async def midway(wire: Wire) -> bool:
    await wire.write(OK + b"content-length: 100\r\n\r\nhello")
    await wire.until_hung_up()
    return False


@pytest.mark.parametrize("script", [silent, midway])
async def test_hanging_up_reaches_the_provider_at_once(script: Script) -> None:
    async with upstream(script) as up, closing(a_transport()) as transport:
        exchange = await begin(transport, up.origin)
        await asyncio.sleep(0.05)
        exchange.close()

        await asyncio.wait_for(up.hung_up.wait(), 0.25)


@pytest.mark.parametrize("script", [silent, midway])
async def test_closing_the_transport_ends_what_is_under_way(script: Script) -> None:
    async with upstream(script) as up:
        transport = a_transport()
        reading = asyncio.ensure_future(fetch(transport, up.origin))
        while not up.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        await transport.close()

        with pytest.raises((UpstreamReset, UpstreamCut)):
            await asyncio.wait_for(reading, 5)
