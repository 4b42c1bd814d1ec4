"""Who serves, in memory."""

from collections.abc import Callable
from time import monotonic

from tollhouse.domain.rates import Standing
from tollhouse.ports.presence import PRESENT_S


class MemoryPresence:
    """Presence in memory, by the process's own clock."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}

    async def beat(self, process: str) -> Standing:
        now = self._clock()
        self._seen[process] = now
        self._seen = {name: seen for name, seen in self._seen.items() if now - seen < PRESENT_S}
        return Standing(sorted(self._seen).index(process), len(self._seen))

    async def leave(self, process: str) -> None:
        self._seen.pop(process, None)
