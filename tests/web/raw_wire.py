"""Bytes on a socket, exactly as a test writes them, and what comes back until the server hangs up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tollhouse.web.asgi import Receive, Reply, Scope, Send, send_reply
from tollhouse.web.edge import Edge, read_body
from tollhouse.web.limits import DEFAULT_LIMITS, Limits
from tollhouse.web.serve import Server, bind
from web_serving import Seen

WAIT_S = 30.0
MAX_BODY_BYTES = 1_000_000


@dataclass
class Upstream:
    """A `/v1` that notes every request as an application saw it, and echoes its body."""

    seen: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)
    """Method, routed path, host, body."""
    headers: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    faults: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, scope, MAX_BODY_BYTES)
        host = b", ".join(value for name, value in scope["headers"] if name == b"host")
        self.seen.append((scope["method"], scope["path"], host, body))
        self.headers.append(list(scope["headers"]))
        await send_reply(send, Reply(200, [], body or b"-"))


@dataclass
class Wire:
    """A server with that application behind it."""

    upstream: Upstream
    watch: Seen
    port: int
    server: Server

    async def say(self, *pieces: bytes, pause_s: float = 0.0, then_ends: bool = False) -> bytes:
        """
        Write the pieces, and return all that comes back until the server has hung up.

        Without `then_ends` the server has to hang up by itself.
        """
        async with asyncio.timeout(WAIT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    if pause_s:
                        await asyncio.sleep(pause_s)
                if then_ends:
                    return await self._until_answered(reader)
                return await reader.read()
            except ConnectionResetError:
                return b"RESET"
            finally:
                writer.close()

    async def _until_answered(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return head + await reader.readexactly(length)


@asynccontextmanager
async def wired(limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[Wire]:
    upstream, watch = Upstream(), Seen()
    edge = Edge(v1=upstream, api=upstream, pages={}, watch=watch)
    server = Server(
        edge, bind("127.0.0.1", 0), drain_ms=2_000, on_stop=edge.drain, limits=limits, on_refused=edge.refused
    )
    ready = asyncio.Event()
    running = asyncio.create_task(server.run(lambda _port: ready.set()))
    await ready.wait()
    try:
        yield Wire(upstream, watch, server.port, server)
    finally:
        server.stop()
        await running


def statuses(said: bytes) -> list[int]:
    """The status of every answer in what was said, as far as answers say how long they are."""
    found = []
    while said.startswith(b"HTTP/1.1 "):
        head, _, rest = said.partition(b"\r\n\r\n")
        found.append(int(head.split()[1]))
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        said = rest[length:]
    assert said == b"", said
    return found
