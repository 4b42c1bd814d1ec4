"""Places at one origin: so many exchanges at a time, and a bounded wait for the next place."""

import asyncio

from tollhouse.domain.errors import NotSent


class Seats:
    """Whoever takes one gives it back, once."""

    __slots__ = ("_free", "_host")

    def __init__(self, count: int, host: str) -> None:
        self._free = asyncio.Semaphore(count)
        self._host = host

    async def take(self, pool_ms: int) -> None:
        """First come, first served. Raises NotSent."""
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(pool_ms / 1_000):
                await self._free.acquire()
        except TimeoutError as error:
            raise NotSent(
                f"No connection to {self._host} became free within {pool_ms} ms; nothing was sent."
            ) from error

    def release(self) -> None:
        self._free.release()
