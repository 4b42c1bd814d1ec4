"""A caller who sends slowly, endlessly or nothing at all: each limit by its name, and others are served meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from raw_wire import MAX_BODY_BYTES, Wire, statuses, wired
from tollhouse.web.guard import LINGER_MAX_BYTES
from tollhouse.web.limits import Limits

HEAD = b"POST /v1/x HTTP/1.1\r\nhost: x\r\n"
WHOLE = HEAD + b"content-length: 1\r\n\r\na"
SHORT = Limits(header_ms=300, body_ms=1_500, body_bytes_per_second=100, keep_alive_ms=300)
WAIT_S = 30.0

Attack = Callable[[Wire], Coroutine[Any, Any, bytes]]


async def drip(wire: Wire, sent: bytes, piece: bytes, every_s: float) -> bytes:
    """Send a piece again and again until the server has hung up; return what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(sent)
    reading = asyncio.create_task(reader.read())
    async with asyncio.timeout(WAIT_S):
        while not reading.done():
            await asyncio.wait({reading}, timeout=every_s)
            writer.write(piece)
    writer.close()
    return await reading


async def headers_that_drip(wire: Wire) -> bytes:
    return await drip(wire, HEAD, b"x", 0.02)


async def headers_that_drip_behind_a_good_request(wire: Wire) -> bytes:
    return (await drip(wire, WHOLE + HEAD, b"x", 0.02)).partition(b"\r\n\r\na")[2]


async def empty_lines_that_drip(wire: Wire) -> bytes:
    return await drip(wire, b"", b"\r\n", 0.02)


async def a_body_that_drips(wire: Wire) -> bytes:
    return await drip(wire, HEAD + b"content-length: 9999\r\n\r\n", b"x", 0.05)


async def chunks_that_drip(wire: Wire) -> bytes:
    return await drip(wire, HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05)


async def a_body_that_never_comes(wire: Wire) -> bytes:
    return await wire.say(HEAD + b"content-length: 9999\r\n\r\n")


async def a_fast_body_that_never_ends(wire: Wire) -> bytes:
    return await drip(wire, HEAD + b"content-length: 900000\r\n\r\n", b"x" * 20, 0.02)


async def nothing_at_all(wire: Wire) -> bytes:
    return await wire.say()


async def nothing_after_an_answer(wire: Wire) -> bytes:
    return (await wire.say(WHOLE)).partition(b"\r\n\r\na")[2]


@pytest.mark.parametrize(
    "attack",
    [
        headers_that_drip,
        headers_that_drip_behind_a_good_request,
        a_body_that_drips,
        chunks_that_drip,
        a_body_that_never_comes,
        a_fast_body_that_never_ends,
    ],
)
async def test_who_begins_a_request_and_does_not_come_to_its_end_is_told_and_cut(
    attack: Attack,
) -> None:
    async with wired(SHORT) as wire:
        attacking = asyncio.create_task(attack(wire))
        await asyncio.sleep(0.1)
        other = await wire.say(WHOLE, then_ends=True)
        said = await attacking

    assert statuses(said) == [408], said
    assert wire.watch.refusals == ["request_too_slow"]
    assert statuses(other) == [200]


@pytest.mark.parametrize("attack", [nothing_at_all, nothing_after_an_answer, empty_lines_that_drip])
async def test_who_asks_for_nothing_is_cut_without_a_word(attack: Attack) -> None:
    async with wired(SHORT) as wire:
        said = await attack(wire)

    assert said == b""
    assert wire.watch.refusals == []


async def test_a_caller_who_closes_half_of_the_connection_holds_nothing() -> None:
    async with wired() as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(HEAD + b"content-length: 9999\r\n\r\nx")
        writer.write_eof()
        async with asyncio.timeout(WAIT_S):
            said = await reader.read()
        writer.close()

    assert said == b""


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"x-a: " + b"a" * 100_000 + b"\r\n\r\n",
        HEAD + b"x-a: " + b"a" * 300_000,
        HEAD + b"".join(b"x-%d: a\r\n" % n for n in range(1_000)) + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\r\n" * 100_000,
    ],
    ids=["a long header", "an endless header", "many headers", "a long target", "many empty lines"],
)
async def test_too_large_or_too_many_headers_are_refused(sent: bytes) -> None:
    async with wired() as wire:
        said = await wire.say(sent)

    assert statuses(said) == [431], said
    assert wire.watch.refusals == ["headers_too_large"]
    assert wire.upstream.seen == []


@pytest.mark.parametrize(("size", "status"), [(1_000, 200), (1_001, 431)])
async def test_headers_are_measured_at_the_byte_however_they_arrive(size: int, status: int) -> None:
    start, end = b"GET /v1/x HTTP/1.1\r\n", b"\r\n"
    fixed = len(b"/v1/x") + len(b"host") + 1 + 4 + len(b"x-a") + 4
    head = start + b"host: x\r\nx-a: " + b"a" * (size - fixed) + b"\r\n" + end
    for pieces in (1, 3):
        piece = -(-len(head) // pieces)
        async with wired(Limits(header_bytes=1_000)) as wire:
            sent = [head[at : at + piece] for at in range(0, len(head), piece)]
            said = await wire.say(*sent, pause_s=0.02, then_ends=True)

        assert statuses(said) == [status]


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 431)])
async def test_headers_are_counted(count: int, status: int) -> None:
    head = b"GET /v1/x HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: a\r\n" % n for n in range(count - 1)) + b"\r\n"
    async with wired() as wire:
        said = await wire.say(head, then_ends=True)

    assert statuses(said) == [status]


async def test_chunks_with_more_framing_than_content_are_refused() -> None:
    chunk = b"1;" + b"a" * 5_000 + b"\r\nx\r\n"
    async with wired() as wire:
        said = await wire.say(HEAD + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 50)

    assert statuses(said) == [400]
    assert wire.upstream.seen == []


async def test_the_smallest_chunks_are_fine() -> None:
    async with wired() as wire:
        said = await wire.say(
            HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n", then_ends=True
        )

    assert statuses(said) == [200]
    assert len(wire.upstream.seen[0][3]) == 50_000


# --- bodies that are too large --------------------------------------------------------------------------------------


async def upload(wire: Wire, head: bytes, piece: bytes, pieces: int) -> tuple[bytes, int]:
    """Send a large body, reading only afterwards, as many clients do; return the answer and how much went out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    sent = 0
    async with asyncio.timeout(WAIT_S):
        writer.write(head)
        try:
            for _ in range(pieces):
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass
        try:
            said = await reader.read()
        except ConnectionError:
            said = b""
        writer.close()
    return said, sent


async def test_a_declared_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    async with wired() as wire:
        said, _ = await upload(wire, HEAD + b"content-length: 100000000\r\n\r\n", b"x" * 100_000, 3)

    assert statuses(said) == [413]
    assert b"\r\nconnection: close\r\n" in said
    assert wire.upstream.seen == []


async def test_a_caller_who_goes_on_sending_after_the_refusal_is_cut() -> None:
    in_flight = 8_000_000  # what the kernel holds on both sides of a local connection
    async with wired() as wire:
        _, sent = await upload(wire, HEAD + b"content-length: 100000000\r\n\r\n", b"x" * 100_000, 1_000)

    assert sent < LINGER_MAX_BYTES + in_flight
    assert wire.upstream.seen == []


async def test_chunks_without_end_are_cut_at_the_limit() -> None:
    chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    async with wired() as wire:
        said, _ = await upload(wire, HEAD + b"transfer-encoding: chunked\r\n\r\n", chunk, MAX_BODY_BYTES // 100_000 + 2)

    assert statuses(said) == [413]
    assert wire.upstream.seen == []


# --- how many connections -------------------------------------------------------------------------------------------


async def test_more_connections_than_may_be_make_room_among_those_that_ask_for_nothing() -> None:
    async with wired(Limits(connections=3)) as wire:
        idle = [await asyncio.open_connection("127.0.0.1", wire.port) for _ in range(10)]
        said = await wire.say(WHOLE, then_ends=True)
        async with asyncio.timeout(WAIT_S):
            ended = [await idle[n][0].read() for n in range(7)]
        for _, writer in idle:
            writer.close()

    assert statuses(said) == [200]
    assert set(ended) == {b""}


async def test_who_would_be_one_too_many_among_those_who_ask_is_turned_away_and_told() -> None:
    async with wired(Limits(connections=2)) as wire:
        busy = [await asyncio.open_connection("127.0.0.1", wire.port) for _ in range(2)]
        for _, writer in busy:
            writer.write(HEAD + b"content-length: 5\r\n\r\n")
        while len(wire.server.connections) < 2 or any(each.cycle is None for each in wire.server.connections):
            await asyncio.sleep(0.01)
        said = await wire.say()
        for _, writer in busy:
            writer.close()

    assert statuses(said) == [503]
    assert b"\r\nretry-after: 1\r\n" in said
    assert wire.watch.refusals == ["overloaded"]
