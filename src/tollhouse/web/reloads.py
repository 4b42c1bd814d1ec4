"""
Reading the configuration again while serving: one at a time, and what cannot be used changes nothing.

Who asks is a signal; what a new configuration means is the house's own affair (`take`). Here it is told: in the log, to
`/readyz` and to `/metrics`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tollhouse.domain.errors import OperatorError

from .health import Check
from .log import Log

LINES_MAX = 50
"""Problems and warnings in one line of the log; `tollhouse config check` tells all."""


@dataclass(frozen=True, slots=True)
class Taken:
    """
    A configuration that is in force now.

    Args:
        changed: by dotted name; empty if the file says what it said before.
        waits: settings that only a restart can change.
        warnings: sentences for the operator.
    """

    changed: Sequence[str]
    waits: Sequence[str]
    warnings: Sequence[str]


class Reloads:
    """`ask` is safe in a signal handler. `run` goes on until it is cancelled."""

    def __init__(self, take: Callable[[], Awaitable[Taken]], log: Log) -> None:
        """
        Args:
            take: reads the configuration and puts it in force; raises OperatorError if it cannot be used, having
                changed nothing.
        """
        self.on_taken: Callable[[], None] = lambda: None
        """Told of each one, before it is said that it is in force."""
        self._take = take
        self._log = log
        self._asked = asyncio.Event()
        self._refused_s: float | None = None
        self.loaded_s = int(time.time())
        """When what is in force was read, in Unix seconds."""

    @property
    def is_refused(self) -> bool:
        """Was the last file that was read one that cannot be used?"""
        return self._refused_s is not None

    def ask(self) -> None:
        """Read it again; whoever asks while it is being read gets one more turn."""
        self._asked.set()

    async def run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload()

    def check(self) -> Check:
        """A refused file never makes a process unready: it goes on with the one that it has."""
        if self._refused_s is None:
            return Check("configuration", ok=True, detail=f"read {_written(self.loaded_s)}")
        detail = f"refused {_written(self._refused_s)}; what was read {_written(self.loaded_s)} goes on"
        return Check("configuration", ok=False, detail=detail, needed=False)

    async def _reload(self) -> None:
        began_s = time.time()
        try:
            taken = await self._take()
        except OperatorError as error:
            self._refused_s = began_s
            self._log.warn("config_refused", problems=_some(str(error).splitlines()))
            return
        self.on_taken()
        self._refused_s, self.loaded_s = None, int(began_s)
        self._log.event("config_reloaded", changed=list(taken.changed))
        if taken.waits:
            self._log.warn("config_needs_restart", settings=list(taken.waits))
        if taken.warnings:
            self._log.warn("config_warnings", warnings=_some(taken.warnings))


def _some(lines: Sequence[str]) -> list[str]:
    more = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], f"and {more} more"] if more > 0 else list(lines)


def _written(moment_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_s))
