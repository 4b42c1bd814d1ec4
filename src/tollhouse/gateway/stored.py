"""Stored responses: which deployment holds one, and whether the caller may reach it."""

import asyncio
from collections import OrderedDict

from tollhouse.admission.admission import Principal
from tollhouse.domain.errors import NotFound, StoreUnavailable
from tollhouse.ports.clock import Clock
from tollhouse.ports.stored_responses import StoredResponse, StoredResponses

MAX_REMEMBERED = 10_000
"""Response ids kept in memory: usable at once where they were made."""
WAIT_S = 1.0
"""How long an id that is unknown here is waited for: another process may be about to write it."""
LOOK_EVERY_S = 0.1


class ResponseShelf:
    """Response ids of this process in memory, of all processes in the store."""

    def __init__(self, store: StoredResponses, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._recent: OrderedDict[str, StoredResponse] = OrderedDict()
        self._unwritten: list[StoredResponse] = []

    def put(self, response: StoredResponse) -> None:
        self._recent[response.id] = response
        self._unwritten.append(response)
        while len(self._recent) > MAX_REMEMBERED:
            self._recent.popitem(last=False)

    async def flush(self) -> None:
        """Write what is new. Raises StoreUnavailable; it is then tried again at the next flush."""
        writing, self._unwritten = self._unwritten, []
        if not writing:
            return
        try:
            await self._store.add(writing)
        except StoreUnavailable:
            self._unwritten = (writing + self._unwritten)[-MAX_REMEMBERED:]
            raise

    async def find(self, response_id: str, principal: Principal, *, param: str | None = None) -> StoredResponse:
        """Return it if it is the caller's. Raises NotFound alike for what is missing and what is another team's."""
        found = self._recent.get(response_id) or await self._look(response_id)
        if found is None or found.team != principal.key.team or found.use_case not in principal.use_cases:
            raise NotFound(f"There is no response {response_id!r}.", param=param)
        return found

    async def _look(self, response_id: str) -> StoredResponse | None:
        until = self._clock.monotonic() + WAIT_S
        while True:
            found = await self._store.find(response_id)
            if found is not None or self._clock.monotonic() >= until:
                return found
            await asyncio.sleep(LOOK_EVERY_S)
