"""Places at one origin: so many exchanges at a time, and a bounded wait for the next place."""

import asyncio
from collections import deque

from tollhouse.domain.errors import PoolTimeout


class Seats:
    """Whoever takes one gives it back, once. Nobody waits while one is free."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, pool_ms: int) -> None:
        """First come, first served. Raises PoolTimeout."""
        if self._free > 0:
            self._free -= 1
            return
        handed = asyncio.get_running_loop().create_future()
        self._waiting.append(handed)
        try:
            async with asyncio.timeout(pool_ms / 1_000):
                await handed
        except TimeoutError as error:
            self._gave_up(handed)
            raise PoolTimeout(pool_ms) from error
        except asyncio.CancelledError:
            self._gave_up(handed)
            raise

    def release(self) -> None:
        """Hand the seat to who has waited longest."""
        while self._waiting:
            handed = self._waiting.popleft()
            if not handed.done():
                handed.set_result(None)
                return
        self._free += 1

    def _gave_up(self, handed: "asyncio.Future[None]") -> None:
        if handed.done() and not handed.cancelled():
            self.release()  # it was handed over in the same moment
        else:
            handed.cancel()
