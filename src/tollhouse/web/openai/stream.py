"""A caller on the line: noticing that they left, and telling them that we are still here."""

import asyncio
from collections.abc import Callable

from tollhouse.web.asgi import Line, Send
from tollhouse.web.edge import CallerLeft

PING_EVERY_MS = 15_000
"""Proxies on the way cut a silent connection, often after 30 or 60 s."""
LOOKS = 4
"""A slow reader is looked for so often in the time it has, so it is found within 1.25 times that."""
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

    def give_up(self) -> None:
        """The caller is as good as gone."""
        self._hung_up()
        self._line.cut()

    def _hung_up(self) -> None:
        if not self.finished:
            self.left = True
            self._task.cancel()


class Pings:
    """
    Comments on a silent stream, and an eye on a caller who takes nothing. One timer a stream, re-armed only when it fires.

    Set `is_sending` before every event and call `sent` after it.

    Args:
        on_slow: called once, when the caller has taken nothing of what was sent for `slow_reader_ms`.
    """

    def __init__(self, send: Send, *, every_ms: int, slow_reader_ms: int, on_slow: Callable[[], None]) -> None:
        self.is_sending = False
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._every_s = every_ms / 1000
        self._slow_s = slow_reader_ms / 1000
        self._on_slow = on_slow
        self._last = self._loop.time()
        self._stuck: tuple[float, float] | None = None  # since when, and after which `_last`
        self._task: asyncio.Task[None] | None = None
        self._timer = self._loop.call_at(self._next_look(self._last), self._look)

    def sent(self) -> None:
        self.is_sending = False
        self._last = self._loop.time()

    def close(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if not self._is_held_up():
            self._stuck = None
            if now - self._last >= self._every_s:
                self._task = self._loop.create_task(self._ping())
                self._last = now
        elif self._stuck is None or self._stuck[1] != self._last:
            self._stuck = now, self._last
        elif now - self._stuck[0] >= self._slow_s:
            self._on_slow()
            return
        self._timer = self._loop.call_at(self._next_look(now), self._look)

    def _is_held_up(self) -> bool:
        """Does anything wait for the caller to read?"""
        return self.is_sending or (self._task is not None and not self._task.done())

    def _next_look(self, now: float) -> float:
        look = now + self._slow_s / LOOKS
        return look if self._stuck else min(self._last + self._every_s, look)

    async def _ping(self) -> None:
        await self._send({"type": "http.response.body", "body": PING, "more_body": True})
