"""A caller on the line: noticing that they left, and telling them that we are still here."""

import asyncio

from tollhouse.web.asgi import Line, Send
from tollhouse.web.edge import CallerLeft

PING_EVERY_S = 15.0
"""Proxies on the way cut a silent connection, often after 30 or 60 s."""
PING = b": ping\n\n"


class OnTheLine:
    """
    While open, a caller who hangs up cancels what runs inside, so that the upstream is closed at once.

    `with OnTheLine(line) as on_line` then raises CallerLeft. Set `on_line.finished` before the last byte: after it,
    hanging up is no news.
    """

    __slots__ = ("_line", "_task", "finished", "left")

    def __init__(self, line: Line) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.finished = False
        self.left = False
        self._line = line
        self._task: asyncio.Task[object] = task

    def __enter__(self) -> "OnTheLine":
        self._line.on_hang_up = self._hung_up
        if self._line.is_gone:
            self._hung_up()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._line.on_hang_up = None
        if isinstance(error, asyncio.CancelledError) and self.left and not self._task.uncancel():
            raise CallerLeft from None

    def _hung_up(self) -> None:
        if not self.finished:
            self.left = True
            self._task.cancel()


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
