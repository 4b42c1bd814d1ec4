"""The parent of workers, with small processes in their place."""

import asyncio
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections.abc import Sequence

from tollhouse.web.log import Log
from tollhouse.web.workers import Parent

SAYS_READY = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with os.fdopen(int(sys.argv[1]), "wb") as pipe:
    pipe.write(b'{"worker": "proc_1", "warnings": []}')
signal.pause()
"""
STILL_STARTS = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up", flush=True)
signal.pause()
"""


async def test_a_stop_while_a_worker_still_starts_is_no_hurry() -> None:
    started: list[Process] = []

    async def start(lifeline: int, ready: int) -> Process:
        code = STILL_STARTS if started else SAYS_READY
        out = asyncio.subprocess.PIPE
        process = await create_subprocess_exec(sys.executable, "-c", code, str(ready), pass_fds=(ready,), stdout=out)
        started.append(process)
        return process

    said_ready: list[Sequence[str]] = []
    parent = Parent(start, 2, drain_ms=10_000, on_stop=lambda: None, log=Log("error"))
    running = asyncio.create_task(parent.run(said_ready.append))
    while len(started) < 2:
        await asyncio.sleep(0.01)
    assert started[1].stdout is not None
    await started[1].stdout.readline()

    parent.stop()

    assert await running == 0
    assert said_ready == []
    assert [process.returncode for process in started] == [0, 0]
