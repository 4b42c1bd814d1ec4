"""Looking answers up in the store: those asked for at once go together, and a store that does not answer is left alone."""

import asyncio
from itertools import islice

from tollhouse.domain.errors import StoreUnavailable
from tollhouse.ports.cache import CacheEntries, CacheEntry, Place
from tollhouse.ports.clock import Clock

LOOK_LIMIT_S = 0.1
"""A look-up that takes longer is worth less than the call it may save; the call is made instead."""
LOOK_AGAIN_S = 1.0
"""After one that failed nobody asks for this long, so that a store that hangs costs one call in a second its 100 ms."""
LOOKS_AT_ONCE = 100
"""In one question to the store."""


class Looks:
    """`trouble`: why the store was last of no use; None while it is."""

    def __init__(self, entries: CacheEntries, clock: Clock) -> None:
        self.trouble: str | None = None
        self._entries = entries
        self._clock = clock
        self._waiting: dict[Place, asyncio.Future[CacheEntry | None]] = {}
        self._working: asyncio.Task[None] | None = None
        self._quiet_until_s = float("-inf")

    async def find(self, place: Place) -> CacheEntry | None:
        """Return what is kept there; None also if the store does not say in time."""
        if self._clock.monotonic() < self._quiet_until_s:
            return None
        asked = self._waiting.get(place)
        if asked is None:
            asked = self._waiting[place] = asyncio.get_running_loop().create_future()
            if self._working is None:
                self._working = asyncio.create_task(self._work())
        await asyncio.wait({asked})  # whoever stops waiting leaves the question to the others
        return asked.result()

    def failed(self, error: StoreUnavailable) -> None:
        """The store was of no use just now."""
        self.trouble = error.message
        self._quiet_until_s = self._clock.monotonic() + LOOK_AGAIN_S

    async def close(self) -> None:
        working = self._working
        if working is not None:
            working.cancel()
            await asyncio.wait({working})
        _release(self._waiting)  # of a task that had not begun
        await self._entries.close()

    async def _work(self) -> None:
        """While one question is under way the next ones gather."""
        try:
            while self._waiting:
                asked = {place: self._waiting.pop(place) for place in list(islice(self._waiting, LOOKS_AT_ONCE))}
                try:
                    found = await self._ask(list(asked))
                    for place, future in asked.items():
                        future.set_result(found.get(place))
                finally:  # also if this task is stopped: nobody is left waiting
                    _release(asked)
        finally:
            self._working = None
            _release(self._waiting)
            self._waiting.clear()

    async def _ask(self, places: list[Place]) -> dict[Place, CacheEntry]:
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                found = await self._entries.find(places)
        except StoreUnavailable as error:
            self.failed(error)
            return {}
        except TimeoutError:
            self.failed(StoreUnavailable(f"The store did not answer within {LOOK_LIMIT_S * 1000:.0f} ms."))
            return {}
        self.trouble = None
        return dict(found)


def _release(asked: dict[Place, asyncio.Future[CacheEntry | None]]) -> None:
    for future in asked.values():
        if not future.done():
            future.set_result(None)
