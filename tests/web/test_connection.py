"""How answers are written to a caller's connection, and how an application hears that the caller hung up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.server import ServerState

from tollhouse.web.asgi import App, Receive, Scope, Send
from tollhouse.web.connection import CallerConnection
from tollhouse.web.edge import read_body
from tollhouse.web.openai.stream import OnTheLine
from web_serving import serving

if TYPE_CHECKING:
    from uvicorn._types import ASGIApplication

GET = b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n"


@asynccontextmanager
async def connected(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        try:
            yield reader, writer
        finally:
            writer.close()


async def answered(app: App, request: bytes) -> bytes:
    """Send a request on a connection of its own and return all that comes back until the server closes it."""
    async with connected(app) as (reader, writer):
        writer.write(request.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        return await reader.read()


def answering(status: int, *headers: tuple[bytes, bytes], pieces: tuple[bytes, ...]) -> App:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for piece in pieces[:-1]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": pieces[-1]})

    return app


async def test_an_answer_of_known_length_is_written_as_it_is() -> None:
    answer = await answered(answering(200, (b"content-length", b"5"), pieces=(b"ab", b"cde")), GET)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (b"\r\ncontent-length: 5" in head, b"transfer-encoding" in head, body) == (True, False, b"abcde")


async def test_an_answer_of_unknown_length_is_chunked() -> None:
    answer = await answered(answering(200, pieces=(b"ab", b"", b"cde", b"")), GET)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\ntransfer-encoding: chunked" in head
    assert body == b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"


async def test_an_answer_to_head_has_no_body() -> None:
    answer = await answered(
        answering(200, (b"content-length", b"5"), pieces=(b"abcde",)), GET.replace(b"GET", b"HEAD", 1)
    )

    assert b"\r\ncontent-length: 5" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_an_answer_without_content_has_no_framing() -> None:
    answer = await answered(answering(204, pieces=(b"",)), GET)

    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_a_large_body_arrives_whole_behind_its_head() -> None:
    body = b"x" * 1_000_000

    answer = await answered(answering(200, (b"content-length", b"1000000"), pieces=(body,)), GET)

    assert answer.partition(b"\r\n\r\n")[2] == body


async def test_a_header_that_would_smuggle_in_another_is_never_written() -> None:
    for value in (b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"):
        answer = await answered(answering(200, (b"x-model", value), pieces=(b"",)), GET)

        assert b"set-cookie" not in answer
        assert not answer.startswith(b"HTTP/1.1 200")


async def test_an_answer_that_is_not_as_long_as_it_said_ends_the_connection() -> None:
    for pieces in ((b"abcdef",), (b"abcd",)):
        answer = await answered(answering(200, (b"content-length", b"5"), pieces=pieces), GET)

        assert len(answer.partition(b"\r\n\r\n")[2]) < 5


async def test_requests_sent_at_once_are_answered_in_turn() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, scope, 1_000)
        await asyncio.sleep(0)
        await answering(200, (b"content-length", b"%d" % len(body)), pieces=(body,))(scope, receive, send)

    async with connected(app) as (reader, writer):
        for body in (b"one", b"two", b"six"):
            writer.write(b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n" + body)
        bodies = [(await reader.readuntil(b"\r\n\r\n") and await reader.readexactly(3)) for _ in range(3)]

    assert bodies == [b"one", b"two", b"six"]


class Wire(asyncio.Transport):
    """What a connection sees of a socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.is_reading_now = True

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True

    def is_closing(self) -> bool:
        return False


async def test_behind_a_large_request_the_connection_is_read_on_so_that_hanging_up_is_seen() -> None:
    config = uvicorn.Config(cast("ASGIApplication", answering(204, pieces=(b"",))), lifespan="off", log_config=None)
    connection, wire = CallerConnection(config, ServerState(), {}), Wire()
    connection.connection_made(wire)

    connection.data_received(b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 150000\r\n\r\n" + b"x" * 100_000)
    before = wire.is_reading_now
    connection.data_received(b"x" * 50_000)

    assert (before, wire.is_reading_now) == (False, True)
    await asyncio.gather(*connection.tasks, return_exceptions=True)


async def test_a_caller_who_hangs_up_cancels_what_runs_for_them() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        await read_body(receive, scope, 1_000)
        try:
            with OnTheLine(scope["line"]):
                began.set()
                await asyncio.Event().wait()
        finally:
            ended.set()

    async with connected(app) as (_reader, writer):
        writer.write(GET)
        await asyncio.wait_for(began.wait(), 10)
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_caller_who_hung_up_before_anybody_watched_is_noticed_all_the_same() -> None:
    read, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        await read_body(receive, scope, 1_000)
        read.set()
        while not scope["line"].is_gone:
            await asyncio.sleep(0)
        try:
            with OnTheLine(scope["line"]):
                await asyncio.Event().wait()
        finally:
            ended.set()

    async with connected(app) as (_reader, writer):
        writer.write(GET)
        await asyncio.wait_for(read.wait(), 10)
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)
