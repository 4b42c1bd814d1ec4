"""Plays the steps of one answer on a connection: writes, waits, and notices when the client leaves."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from .bill import BillNotWritten
from .requests import Outcome
from .wire import WHOLE, End, Hang, Step, Wait, Write

MAX_BURST = 64
"""Writes in a row before other connections get their turn."""

MAX_STALL_MS = 900_000
"""A stalled answer is closed after fifteen minutes."""

FLUSH_POLL_MS = 2
"""How often a reset looks whether the bytes before it have left."""


@dataclass(frozen=True, slots=True)
class Played:
    """How far an answer has come: `tokens` were generated, `sent_bytes` handed over."""

    tokens: int
    sent_bytes: int
    outcome: Outcome


class Play:
    """
    One answer on one connection. `book` is called exactly once, before the last bytes leave or at the abandonment;
    `done` at the end of the steps: the connection is free for the next answer, or to be closed. Everything runs in callbacks of the loop: a play that
    need not wait is over when `advance` returns.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        steps: Iterator[Step],
        *,
        book: Callable[[Played], None],
        done: Callable[[End], None],
    ) -> None:
        self._transport = transport
        self._steps = steps
        self._book = book
        self._done = done
        self._step: Step = next(steps, WHOLE)
        self._timer: asyncio.Handle | None = None
        self._held = False
        self._booked = False
        self._over = False
        self._tokens = 0
        self._sent_bytes = 0

    def advance(self) -> None:
        """Go on until there is something to wait for."""
        self._timer = None
        for _ in range(MAX_BURST):
            if self._held or self._over or self._timer or self._transport.is_closing():
                return  # closing by itself: the client has left, and whoever owns the connection hears of it soon
            self._take(self._step)
        if not (self._held or self._over or self._timer):
            self._timer = asyncio.get_running_loop().call_soon(self.advance)

    def hold(self) -> None:
        """The client reads too slowly: generate nothing more for now."""
        self._held = True

    def resume(self) -> None:
        self._held = False
        if self._timer is None:
            self.advance()

    def abandon(self, outcome: Outcome) -> None:
        """The connection is gone. What was generated until now is booked."""
        if self._over:
            return
        self._stop()
        self._entry(outcome)

    def _take(self, step: Step) -> None:
        if isinstance(step, Write):
            self._write(step)
        elif isinstance(step, Wait):
            self._step = next(self._steps, WHOLE)
            self._later(step.ms)
        elif isinstance(step, Hang):
            self._step = End("close", whole=False)
            self._later(MAX_STALL_MS)
        else:
            self._end(step)

    def _write(self, step: Write) -> None:
        self._tokens = max(self._tokens, step.tokens)
        self._sent_bytes += len(step.data)
        self._step = next(self._steps, WHOLE)
        if isinstance(self._step, End):
            self._entry("answered" if self._step.whole else "broken")
        if step.data:
            self._transport.write(step.data)

    def _end(self, end: End) -> None:
        self._entry("answered" if end.whole else "broken")
        if end.how == "reset" and self._transport.get_write_buffer_size():
            self._later(FLUSH_POLL_MS)
            return
        self._stop()
        if end.how == "reset":
            reset(self._transport)
        self._done(end)

    def _entry(self, outcome: Outcome) -> None:
        if not self._booked:
            self._booked = True
            try:
                self._book(Played(self._tokens, self._sent_bytes, outcome))
            except BillNotWritten:  # the bill takes no more: no answer without its line
                self._stop()
                self._transport.abort()
                raise

    def _later(self, ms: int) -> None:
        self._timer = asyncio.get_running_loop().call_later(ms / 1000, self.advance)

    def _stop(self) -> None:
        self._over = True
        if self._timer:
            self._timer.cancel()
            self._timer = None


def reset(transport: asyncio.Transport) -> None:
    """Close with RST: a socket that lingers for zero seconds throws away what it holds and says so."""
    peer = cast("socket.socket", transport.get_extra_info("socket"))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
