"""
The parent of several serving processes: it starts, watches, restarts and stops them, and serves nothing itself.

It listens once and gives every worker the same socket, so that no connection is lost with a worker: what one has not
taken, another takes. Each worker also gets the reading end of a pipe that nobody writes to: it ends with the parent,
whatever ended the parent, and a worker without a parent drains and exits.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from .log import Log
from .serve import CANCEL_GRACE_S, DRAINED, INTERRUPTED
from .signals import catching

WORKERS_MAX = 256
"""More than any machine has processors; a slip of the finger must not fill it with processes."""
STEADY_S = 10.0
"""A worker that lived this long died of something new, and is replaced at once."""
RESTART_WAIT_S = 0.1
RESTART_WAIT_MAX_S = 5.0
"""What kills a worker again and again, such as a full disk, is asked this often whether it is over."""
RESTARTS_MAX = 10
"""
Replacements in a row that did not live for STEADY_S: if nobody else serves then, it is somebody's task, and the parent
ends. Else the others must not suffer, and it is tried on and on.
"""
CLOSE_GRACE_S = 15.0
"""For a worker to post and to give back after its drain; one that takes longer is killed, and its journal has the rest."""

FAILED = 1

Start = Callable[[int, int], Awaitable[Process]]
"""Starts one worker. It is given the reading end of the lifeline and the writing end of the pipe that says it is ready."""


class Ready(msgspec.Struct, frozen=True):
    """What a worker says once it accepts connections."""

    worker: str
    warnings: list[str]


@dataclass(slots=True)
class _Slot:
    """
    One of the workers, and those that take its place one after the other.

    Args:
        worker: its process's id; None until it is ready.
        is_behind: the configuration may have changed since it was started.
    """

    process: Process | None = None
    worker: str | None = None
    is_behind: bool = False
    began_s: float = 0.0
    short_lives: int = 0


class Parent:
    """
    Args:
        start: starts a worker.
        count: how many of them.
        drain_ms: how long a worker's running answers may go on after `stop`.
        on_stop: called first thing at `stop`, to close our own copy of the socket.
    """

    def __init__(self, start: Start, count: int, *, drain_ms: int, on_stop: Callable[[], None], log: Log) -> None:
        self._on_stop = on_stop
        self._start = start
        self._slots = [_Slot() for _ in range(count)]
        self._stop_s = drain_ms / 1000 + CANCEL_GRACE_S + CLOSE_GRACE_S
        self._log = log
        self._asked = asyncio.Event()
        self._hurried = False
        self._code = DRAINED
        self._lifeline = os.pipe()

    def stop(self) -> None:
        """The first time: let every worker drain. The second time: end at once."""
        self._hurried = self._hurried or self._asked.is_set()
        self._asked.set()
        self._on_stop()
        for slot in self._slots:
            _signal(slot.process, signal.SIGTERM)

    def reload(self) -> None:
        """Let every worker read the configuration again; one that is just starting does so when it is ready."""
        self._log.event("config_reload_asked", workers=len(self._slots))
        for slot in self._slots:
            slot.is_behind = slot.worker is None
            if not slot.is_behind:
                _signal(slot.process, signal.SIGHUP)

    async def run(self, on_ready: Callable[[Sequence[str]], None]) -> int:
        """
        Serve until SIGTERM or SIGINT, and return the exit code.

        `on_ready` is given the workers' warnings, once all of them accept connections. If one cannot start at first, or
        does not stay up, the others are stopped and its exit code is returned: it has said why.
        """
        with catching(self.stop, self.reload):
            try:
                await self._serve(on_ready)
            finally:
                for end in self._lifeline:
                    os.close(end)
        return INTERRUPTED if self._hurried and self._code == DRAINED else self._code

    async def _serve(self, on_ready: Callable[[Sequence[str]], None]) -> None:
        first, *others = self._slots
        warnings = await self._begin(first)  # alone, so that what is wrong for all of them is said once
        if warnings is not None and None not in await asyncio.gather(*map(self._begin, others)):
            on_ready(warnings)
            await asyncio.gather(*map(self._keep, self._slots))
        else:
            if not self._asked.is_set():
                self.stop()  # once is enough: a second time would cut what those that are up have to finish
            await asyncio.gather(*(self._end(slot) for slot in self._slots if slot.process is not None))

    async def _begin(self, slot: _Slot) -> Sequence[str] | None:
        """Start the first worker of a slot. Return its warnings, or None if it ended instead or is not wanted any more."""
        ready = await self._start_in(slot)
        if ready is not None or self._asked.is_set():
            return ready.warnings if ready is not None and not self._asked.is_set() else None
        assert slot.process is not None, "it has been started"
        self._fail(await slot.process.wait())
        return None

    async def _keep(self, slot: _Slot) -> None:
        """Let another worker take the place of one that died, as long as nobody asks for the end."""
        while (code := await self._end(slot)) is not None:
            died_s = time.monotonic()
            if not await self._may_restart(slot, code):
                return
            ready = await self._start_in(slot)
            if ready is not None:
                after_ms = round((time.monotonic() - died_s) * 1000)
                self._log.event("worker_replaced", by=ready.worker, after_ms=after_ms)

    async def _start_in(self, slot: _Slot) -> Ready | None:
        """Return what the new worker says when it is ready, None if it ends before that."""
        reading, writing = os.pipe()
        slot.began_s, slot.worker, slot.is_behind = time.monotonic(), None, False
        try:
            slot.process = await self._start(self._lifeline[0], writing)
        finally:
            os.close(writing)
        if self._asked.is_set():
            _signal(slot.process, signal.SIGTERM)  # it was not there yet when the others were told
        said = await _read(reading)
        if not said:
            return None
        ready = msgspec.json.decode(said, type=Ready)
        slot.worker = ready.worker
        if slot.is_behind:
            slot.is_behind = False
            _signal(slot.process, signal.SIGHUP)
        return ready

    async def _end(self, slot: _Slot) -> int | None:
        """Wait for the end of a worker. Return its exit code if nobody had asked for it."""
        assert slot.process is not None, "it has been started"
        ending = asyncio.create_task(slot.process.wait())
        asked = asyncio.create_task(self._asked.wait())
        await asyncio.wait({ending, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not self._asked.is_set():
            return await ending
        await asyncio.wait({ending}, timeout=self._stop_s)
        if not ending.done():
            self._log.warn("worker_killed", of=slot.worker, pid=slot.process.pid)
            _signal(slot.process, signal.SIGKILL)
        code = await ending
        if code not in (DRAINED, INTERRUPTED, -signal.SIGTERM):
            self._code = self._code or _exit_code(code)
        return None

    async def _may_restart(self, slot: _Slot, code: int) -> bool:
        """Wait as long as one does before the next try. Return False if there is none."""
        assert slot.process is not None, "it has been started"
        lived_s = time.monotonic() - slot.began_s
        slot.short_lives = 0 if lived_s >= STEADY_S else min(slot.short_lives + 1, RESTARTS_MAX + 1)
        if slot.short_lives > RESTARTS_MAX and not self._others_serve(slot):
            self._log.warn("worker_lost", of=slot.worker, pid=slot.process.pid, code=code, restarts=RESTARTS_MAX)
            self._fail(code)
            return False
        wait_s = _wait_s(slot.short_lives)
        self._log.warn(
            "worker_died", of=slot.worker, pid=slot.process.pid, code=code, restart_in_ms=round(wait_s * 1000)
        )
        try:
            async with asyncio.timeout(wait_s):
                await self._asked.wait()
        except TimeoutError:
            return True
        return False

    def _others_serve(self, slot: _Slot) -> bool:
        """Has another worker been up for long enough to be believed?"""
        steady_s = time.monotonic() - STEADY_S
        return any(
            other is not slot
            and other.worker is not None
            and other.process is not None
            and other.process.returncode is None
            and other.began_s < steady_s
            for other in self._slots
        )

    def _fail(self, code: int) -> None:
        self._code = self._code or _exit_code(code)
        if not self._asked.is_set():
            self.stop()


def _wait_s(short_lives: int) -> float:
    """Nothing for a first death, then twice as long each time."""
    return 0.0 if short_lives < 2 else min(RESTART_WAIT_S * 2 ** (short_lives - 2), RESTART_WAIT_MAX_S)


def _exit_code(code: int) -> int:
    """A parent cannot end by its worker's signal, and must not end well because of a worker that did."""
    return code if code > 0 else FAILED


def _signal(process: Process | None, number: signal.Signals) -> None:
    if process is not None and process.returncode is None:
        process.send_signal(number)


async def _read(end: int) -> bytes:
    """Read a pipe to its end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0))
    try:
        return await reader.read()
    finally:
        transport.close()
