"""The end of a server: what runs goes on, what is new is refused, and the exit code says how it ended."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import aiohttp
import pytest

from tollhouse.domain.errors import StartError
from tollhouse.web.asgi import Receive, Scope, Send
from tollhouse.web.edge import Edge, read_body
from tollhouse.web.limits import Limits
from tollhouse.web.serve import DRAINED, INTERRUPTED, Server, bind
from web_serving import Seen


class Streams:
    """A `/v1` whose every answer is a stream that lasts until `finish`; remembers what it was told meanwhile."""

    def __init__(self) -> None:
        self.finish = asyncio.Event()
        self.began = asyncio.Event()
        self.disconnected = False
        self.booked = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        watching = asyncio.create_task(self._watch(receive))
        self.began.set()
        try:
            await self.finish.wait()
            await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})
        finally:
            watching.cancel()
            await asyncio.sleep(0.3)  # booking takes its time, and must be waited for
            self.booked += 1

    async def _watch(self, receive: Receive) -> None:
        self.disconnected = (await receive())["type"] == "http.disconnect" and not self.finish.is_set()


class Running:
    """A server with one stream under way on a connection that stays open."""

    def __init__(self, drain_ms: int) -> None:
        self.streams = Streams()
        self.edge = Edge(v1=self.streams, api=self.streams, pages={}, watch=Seen())
        self.server = Server(self.edge, bind("127.0.0.1", 0), drain_ms=drain_ms, on_stop=self.edge.drain)
        self.ended: asyncio.Task[int]
        self.answer: aiohttp.ClientResponse

    async def __aenter__(self) -> "Running":
        ready = asyncio.Event()
        self.ended = asyncio.create_task(self.server.run(lambda _port: ready.set()))
        await ready.wait()
        self._http = aiohttp.ClientSession()
        self.answer = await self._http.post(f"http://127.0.0.1:{self.server.port}/v1/x")
        await self.streams.began.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.streams.finish.set()
        self.answer.close()
        await self._http.close()
        self.server.stop()
        self.server.stop()
        await self.ended


async def test_a_running_stream_ends_by_itself_and_never_sees_a_disconnect() -> None:
    async with Running(drain_ms=30_000) as it:
        it.server.stop()
        await asyncio.sleep(0.3)  # longer than uvicorn's own shutdown takes to tell its connections
        told = it.streams.disconnected
        it.streams.finish.set()
        body = await it.answer.read()
        code = await it.ended

    assert not told
    assert body == b"data: first\n\ndata: [DONE]\n\n"
    assert code == DRAINED


async def test_after_stop_nobody_can_connect() -> None:
    async with Running(drain_ms=30_000) as it:
        port = it.server.port
        it.server.stop()
        while not it.edge.draining:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_new_request_on_an_open_connection_is_refused_with_503_while_a_stream_runs() -> None:
    async with Running(drain_ms=30_000) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.server.port)
        writer.write(b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n")
        before = await _answer(reader)
        it.server.stop()
        while not it.edge.draining:
            await asyncio.sleep(0)
        writer.write(b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        after = await _answer(reader)
        end = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert before[0] == 404
    assert (after[0], after[1]["code"], end) == (503, "overloaded", b"")


async def test_at_the_limit_a_stream_is_cancelled_booked_and_told() -> None:
    async with Running(drain_ms=50) as it:
        it.server.stop()
        body = await it.answer.read()
        code = await it.ended

    first, last, rest = body.split(b"\n\n")
    assert (first, rest) == (b"data: first", b"")
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "overloaded"
    assert (code, it.streams.booked) == (DRAINED, 1)


async def test_a_second_stop_ends_at_once() -> None:
    async with Running(drain_ms=3_600_000) as it:
        it.server.stop()
        it.server.stop()
        code = await it.ended

    assert (code, it.streams.booked) == (INTERRUPTED, 1)


async def test_cancelling_the_server_cancels_and_waits_for_its_calls() -> None:
    async with Running(drain_ms=3_600_000) as it:
        it.ended.cancel()
        with suppress(asyncio.CancelledError):
            await it.ended
        booked = it.streams.booked
        it.ended = asyncio.create_task(asyncio.sleep(0, 0))

    assert booked == 1


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"])
async def test_a_connection_that_never_completes_a_request_is_told_and_closed(sent: bytes) -> None:
    streams, stopped = Streams(), asyncio.Event()
    streams.finish.set()
    edge = Edge(v1=_reads_all, api=streams, pages={}, watch=Seen())
    server = Server(edge, bind("127.0.0.1", 0), drain_ms=0, on_stop=stopped.set, limits=Limits(header_ms=50))
    ready = asyncio.Event()
    ended = asyncio.create_task(server.run(lambda _port: ready.set()))
    await ready.wait()

    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    end = await reader.read()
    writer.close()
    server.stop()
    await ended

    assert end.startswith(b"HTTP/1.1 408 ") if sent else end == b""


async def test_a_caller_who_never_reads_the_end_of_an_answer_is_cut() -> None:
    streams, stopped = Streams(), asyncio.Event()
    edge = Edge(v1=_says_much, api=streams, pages={}, watch=Seen())
    server = Server(edge, bind("127.0.0.1", 0), drain_ms=0, on_stop=stopped.set, limits=Limits(unread_ms=200))
    ready = asyncio.Event()
    ended = asyncio.create_task(server.run(lambda _port: ready.set()))
    await ready.wait()

    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1_024)
    writer.write(b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
    async with asyncio.timeout(20):
        while not server.connections:
            await asyncio.sleep(0.01)
        while server.connections:
            await asyncio.sleep(0.01)
    got = await reader.read(-1)
    writer.close()
    server.stop()
    await ended

    assert 0 < len(got) < MUCH, "what the kernel held already"


MUCH = 64 * 2**20
"""More than the kernel takes in on both sides."""


async def _says_much(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % MUCH)]})
    await send({"type": "http.response.body", "body": bytes(MUCH)})


async def _reads_all(scope: Scope, receive: Receive, _send: Send) -> None:
    await read_body(receive, scope, 1_000)


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(StartError) as refused:
            bind("127.0.0.1", port)

    assert f"cannot listen on 127.0.0.1:{port}: the port is taken by another process" in refused.value.message
    assert "server.listen" in refused.value.message


def test_two_servers_never_share_a_port_by_accident() -> None:
    first = bind("127.0.0.1", 0)

    with first, pytest.raises(StartError):
        bind("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(StartError, match=r"cannot listen on .*server\.listen"):
        bind(host, 0)


PROGRAM = """
import sys, uvloop
from tollhouse.web.asgi import Reply, send_reply
from tollhouse.web.edge import Edge, read_body
from tollhouse.web.limits import Limits
from tollhouse.web.serve import bind, serve

class Watch:
    def refused(self, code): ...
    def fault(self, error, *, request_id): ...

async def answer(scope, receive, send):
    await send_reply(send, Reply(200, [], b"ok"))

edge = Edge(v1=answer, api=answer, pages={}, watch=Watch())
ready = lambda port: print(port, flush=True)
sys.exit(uvloop.run(serve(edge, bind("127.0.0.1", 0), drain_ms=5000, on_ready=ready, on_stop=edge.drain)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_with_exit_code_0(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()

        process.send_signal(number)

        assert process.wait(20) == 0
        assert process.stderr.read() == b""


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, object]]:
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, json.loads(await reader.readexactly(length))
