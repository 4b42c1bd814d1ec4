"""A caller on the line: noticing that they left, and telling them that we are still here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tollhouse.web.asgi import Receive, Send
from tollhouse.web.edge import CallerLeft

PING_EVERY_S = 15.0
"""Proxies on the way cut a silent connection, often after 30 or 60 s."""
PING = b": ping\n\n"


class Line:
    """One caller's connection. `finished` is set before the last byte, after which hanging up is no news."""

    def __init__(self) -> None:
        self.finished = False
        self.left = False


@asynccontextmanager
async def on_the_line(receive: Receive) -> AsyncGenerator[Line, None]:
    """
    Cancel what runs inside when the caller hangs up, so that the upstream is closed at once; then raise CallerLeft.
    """
    line = Line()
    task = asyncio.current_task()
    assert task is not None
    watcher = asyncio.create_task(_watch(line, receive, task))
    try:
        yield line
    except asyncio.CancelledError:
        if line.left and not task.uncancel():
            raise CallerLeft from None
        raise
    finally:
        line.finished = True
        watcher.cancel()


async def _watch(line: Line, receive: Receive, task: asyncio.Task[object]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if not line.finished:
        line.left = True
        task.cancel()


class Pings:
    """Comments on a silent stream. One timer a stream, re-armed only when it fires."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._task: asyncio.Task[None] | None = None
        self._timer = self._loop.call_at(self._last + PING_EVERY_S, self._due)

    def sent(self) -> None:
        self._last = self._loop.time()

    def close(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _due(self) -> None:
        if self._loop.time() - self._last >= PING_EVERY_S:
            self._task = self._loop.create_task(self._ping())
            self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + PING_EVERY_S, self._due)

    async def _ping(self) -> None:
        await self._send({"type": "http.response.body", "body": PING, "more_body": True})
