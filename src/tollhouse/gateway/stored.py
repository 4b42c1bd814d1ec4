"""
Stored responses: which deployment holds one, whether the caller may reach it, and what its placeholders stand for.

A provider holds a conversation as it left, with placeholders. What they stand for is kept here beside the response's id,
sealed, for as long as providers keep responses; without a master key it is not kept, and later turns cannot restore it.
"""

import asyncio
from collections import OrderedDict
from dataclasses import replace

import msgspec

from tollhouse.admission.admission import Principal
from tollhouse.domain.errors import NotFound, StoreUnavailable
from tollhouse.domain.privacy import Placeholders
from tollhouse.ports.clock import Clock
from tollhouse.ports.sealer import Sealer
from tollhouse.ports.stored_responses import StoredResponse, StoredResponses

MAX_REMEMBERED = 10_000
"""Response ids kept in memory: usable at once where they were made."""
WAIT_S = 1.0
"""How long an id that is unknown here is waited for: another process may be about to write it."""
LOOK_EVERY_S = 0.1
KEEP_MS = 30 * 24 * 3_600_000
"""OpenAI keeps a response for thirty days (API reference, "Data retention for the Responses API")."""
ORIGINALS_MAX = 1_000
"""Of one conversation. One with more goes on, but what it has had until then cannot be restored in its later turns."""


class ResponseShelf:
    """
    Response ids of this process in memory, of all processes in the store.

    Args:
        sealer: None: there is no master key, and nobody remembers originals.
    """

    def __init__(self, store: StoredResponses, sealer: Sealer | None, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._recent: OrderedDict[str, StoredResponse] = OrderedDict()
        self._unwritten: list[StoredResponse] = []

    def put(self, response: StoredResponse, placeholders: Placeholders | None = None) -> None:
        if self._sealer is not None and placeholders is not None and len(placeholders.originals) <= ORIGINALS_MAX:
            plain = msgspec.msgpack.encode(placeholders)
            response = replace(response, originals=self._sealer.seal(plain, _context(response)))
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

    def placeholders(self, response: StoredResponse) -> Placeholders | None:
        """Return what the conversation's placeholders stand for, if that is known."""
        if self._sealer is None or response.originals is None:
            return None
        plain = self._sealer.open(response.originals, _context(response))
        return msgspec.msgpack.decode(plain, type=Placeholders)

    async def expire(self) -> None:
        """Forget what providers have forgotten."""
        await self._store.expire(self._clock.now_ms() - KEEP_MS)

    async def _look(self, response_id: str) -> StoredResponse | None:
        until = self._clock.monotonic() + WAIT_S
        while True:
            found = await self._store.find(response_id)
            if found is not None or self._clock.monotonic() >= until:
                return found
            await asyncio.sleep(LOOK_EVERY_S)


def _context(response: StoredResponse) -> str:
    return f"response|{response.id}"
