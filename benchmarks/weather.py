"""
A provider with weather: fair until told otherwise, limited, stormy, and honest about when it sent what.

`python -m benchmarks.weather '{"per_s": 60}'` prints its port. It answers 429 above `per_s` requests a second (0: no limit)
and 503 to everything between SIGUSR1 and the next one. A model named `paced-N-MS` streams N chunks, MS milliseconds
apart, each with the moment it was sent; any other answers after `latency_ms`. At SIGTERM it prints what it has seen as
one JSON line: `{"seen": requests, "stormy": [moments of those during storms], "per_s": [...], "hung_up": streams left}`.
"""

import asyncio
import json
import re
import signal
import sys
import time
from collections import deque
from typing import cast

import httptools
import uvloop

from .upstream import ANSWER, END, HEAD, LAST

PACED = re.compile(rb"paced-(\d+)-(\d+)")
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
LIMITED = b"HTTP/1.1 429 Too Many Requests\r\nretry-after-ms: 1000\r\ncontent-length: 0\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER
CHUNK = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,'
    b'"delta":{"content":"at %d "},"finish_reason":null}]}\n\n'
)


class Sky:
    """The weather, and what was seen of it."""

    def __init__(self, per_s: int, latency_ms: int) -> None:
        self.stormy = False
        self.latency_s = latency_ms / 1000
        self.requests = 0
        self.refused = 0
        self.in_storms: list[float] = []
        self.hung_up = 0
        self._per_s = per_s
        self._last_second: deque[float] = deque()

    def turn(self) -> None:
        self.stormy = not self.stormy

    def refusal(self) -> bytes | None:
        now = time.monotonic()
        self.requests += 1
        if self.stormy:
            self.in_storms.append(now)
            return UNAVAILABLE
        while self._last_second and self._last_second[0] < now - 1:
            self._last_second.popleft()
        if self._per_s and len(self._last_second) >= self._per_s:
            self.refused += 1
            return LIMITED
        self._last_second.append(now)
        return None


class Connection(asyncio.Protocol):
    """One request after another."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self._parser = httptools.HttpRequestParser(self)
        self._body = bytearray()
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        asked, self._body = bytes(self._body), bytearray()
        refusal = self._sky.refusal()
        if refusal is not None:
            self._transport.write(refusal)
            return
        paced = PACED.search(asked)
        if paced is not None and b'"stream"' in asked:
            work = self._stream(int(paced[1]), int(paced[2]) / 1000)
        else:
            work = self._whole()
        self._answering = asyncio.get_running_loop().create_task(work)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answering is not None and not self._answering.done():
            self._answering.cancel()
            self._sky.hung_up += 1

    async def _whole(self) -> None:
        await asyncio.sleep(self._sky.latency_s)
        self._transport.write(WHOLE)

    async def _stream(self, chunks: int, pause_s: float) -> None:
        self._transport.write(HEAD)
        for _ in range(chunks):
            event = CHUNK % time.monotonic_ns()
            self._transport.write(b"%x\r\n%s\r\n" % (len(event), event))
            await asyncio.sleep(pause_s)
        self._transport.write(LAST + END)


async def main(order: dict[str, int]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    sky = Sky(order.get("per_s", 0), order.get("latency_ms", 50))
    loop.add_signal_handler(signal.SIGUSR1, sky.turn)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: Connection(sky), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()
    seen = {"seen": sky.requests, "refused": sky.refused, "stormy": sky.in_storms, "hung_up": sky.hung_up}
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1])))
