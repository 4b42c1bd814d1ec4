"""
Ends a process by SIGKILL at a moment of its program that a test has chosen. Python imports this file by its name.

`KILL_PLAN` names a file with one moment a line: `FILE FUNCTION EVENT NTH`, the end of a file's path, a function in it, `call` or
`return`, and which time. Whoever gets there first dies of it and ticks it off (`FILE.N` beside the plan); everybody else goes
on with the next moment. A coroutine is called and returns each time it goes on and waits.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

FIRST_MODULE = os.environ.get("KILL_FROM", "tollhouse.stores.sql.engine")
LOOK_EVERY = 500
"""Events between two looks whether somebody else has died of the moment."""


class Killer:
    def __init__(self, plan: Path) -> None:
        self._events = 0
        self._plan = plan
        self._moments = [line.split() for line in plan.read_text().splitlines()]
        self._number = -1
        self._seen: dict[CodeType, bool] = {}
        self.aim()

    def aim(self) -> None:
        """Take the first moment that nobody has died of."""
        self._number = next((n for n in range(len(self._moments)) if not self._tick(n).exists()), -1)
        self._seen = {}
        if self._number >= 0:
            self._file, self._function, self._event, nth = self._moments[self._number]
            self._left = int(nth)

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        if self._number < 0:
            return
        self._events += 1
        if self._events % LOOK_EVERY == 0 and self._tick(self._number).exists():
            self.aim()
        if self._number < 0 or event != self._event:
            return
        is_it = self._seen.get(frame.f_code)
        if is_it is None:
            code = frame.f_code
            is_it = code.co_qualname == self._function and code.co_filename.endswith(self._file)
            self._seen[code] = is_it
        if is_it:
            self._left -= 1
            if self._left <= 0:
                self._die_once()

    def _die_once(self) -> None:
        try:
            os.close(os.open(self._tick(self._number), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            self.aim()
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    def _tick(self, number: int) -> Path:
        return self._plan.with_name(f"{self._plan.name}.{number}")


class Trigger:
    """Watching costs time, so it begins with the import of the first module that has moments to choose from."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == FIRST_MODULE:
            killer = Killer(Path(os.environ["KILL_PLAN"]))
            sys.setprofile(killer.profile)
            threading.setprofile(killer.profile)


if "KILL_PLAN" in os.environ and "parent" not in sys.argv:
    sys.meta_path.insert(0, Trigger())
