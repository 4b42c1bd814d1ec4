"""
Where answers are kept: in this process's memory, and sealed in a store that outlives it and that others share.

Nobody waits for writing: what is new is in memory at once and in the store soon after. Losing any of it costs speed.
"""

from collections.abc import Mapping

import msgspec

from tollhouse.domain.errors import StoreUnavailable, WrongMasterKey
from tollhouse.ports.cache import CacheEntries, CacheEntry, CacheEpochs, Place
from tollhouse.ports.changes import Change
from tollhouse.ports.clock import Clock
from tollhouse.ports.sealer import Sealer

from .kept import Kept
from .looks import Looks
from .memory import Memory

STORED_MAX_BYTES = 2**30
"""Of sealed answers in the database, which holds the ledger too: a million usual ones. What ends first goes first."""
UNWRITTEN_MAX_BYTES = 16 * 2**20
"""Of answers not yet in the store; beyond it they stay in memory only."""
WRITTEN_AT_ONCE = 50
"""Answers sealed and written in one go: other writers and the loop wait for it."""


class Shelf:
    """
    Args:
        entries: where answers are kept beyond this process.
        sealer: None: there is no master key, and they are not.
    """

    def __init__(
        self,
        entries: CacheEntries,
        epochs: CacheEpochs,
        sealer: Sealer | None,
        clock: Clock,
        *,
        memory: Memory | None = None,
    ) -> None:
        self._entries = entries
        self._looks = Looks(entries, clock)
        self._epochs = epochs
        self._sealer = sealer
        self._clock = clock
        self._memory = memory or Memory()
        self._known: Mapping[str, int] | None = None
        self._unwritten: dict[Place, tuple[Kept, int]] = {}
        self._unwritten_bytes = 0

    @property
    def near_bytes(self) -> int:
        """What the answers in this process's memory weigh."""
        return self._memory.bytes

    def epoch(self, use_case: str) -> int | None:
        """Return the epoch in force; None before the first `refresh`: until then nothing may be given again."""
        return None if self._known is None else self._known.get(use_case, 0)

    def near(self, place: Place) -> Kept | None:
        """Return what this process has in memory."""
        return self._memory.get(place, self._clock.now_ms())

    async def far(self, place: Place) -> Kept | None:
        """Return what the store has, and keep it near. A text that does not open is as good as none."""
        if self._sealer is None:
            return None
        entry = await self._looks.find(place)
        if entry is None or entry.until_ms <= self._clock.now_ms():
            return None
        try:
            kept = msgspec.msgpack.decode(self._sealer.open(entry.sealed, _context(place)), type=Kept)
        except (WrongMasterKey, msgspec.DecodeError) as error:
            self._looks.trouble = f"A kept answer does not open: {error}"
            return None
        self._memory.put(place, kept, entry.until_ms)
        return kept

    def put(self, place: Place, kept: Kept, until_ms: int) -> None:
        self._memory.put(place, kept, until_ms)
        size = len(kept.whole)
        if self._sealer is not None and self._unwritten_bytes + size <= UNWRITTEN_MAX_BYTES:
            self._unwritten[place] = (kept, until_ms)
            self._unwritten_bytes += size

    async def purge(self, change: Change) -> int | None:
        """
        Make everything kept for the use case that the change names unreachable, here at once and elsewhere within a
        moment, and delete it.

        Return how many answers were in the store; None if it could not delete them: they stay, sealed and unreachable,
        until their time is over. Raises StoreUnavailable if nothing was done.
        """
        use_case = change.name
        epoch = await self._epochs.advance(change)
        self._known = {**(self._known or {}), use_case: epoch}
        self._forget(use_case)
        try:
            return await self._entries.forget(use_case)
        except StoreUnavailable as error:
            self._looks.failed(error)
            return None

    # --- what is done now and then ----------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Learn of purges elsewhere. Raises StoreUnavailable; what was known then stays in force."""
        before, known = self._known, await self._epochs.all()
        self._known = known
        for use_case in known:
            if before is not None and before.get(use_case) != known[use_case]:
                self._forget(use_case)

    async def flush(self) -> None:
        """Write what is new. A store that does not take it costs speed only: it is dropped."""
        writing, self._unwritten, self._unwritten_bytes = self._unwritten, {}, 0
        if self._sealer is None:
            return
        waiting = list(writing.items())
        for at in range(0, len(waiting), WRITTEN_AT_ONCE):
            sealed = [
                _sealed(self._sealer, place, *kept_until) for place, kept_until in waiting[at : at + WRITTEN_AT_ONCE]
            ]
            try:
                await self._entries.put(sealed)
            except StoreUnavailable as error:
                self._looks.failed(error)
                return

    async def expire(self) -> None:
        now_ms = self._clock.now_ms()
        self._memory.expire(now_ms)
        await self._entries.expire(now_ms, STORED_MAX_BYTES)

    def state(self) -> tuple[bool, str]:
        """Is all well, and where are answers kept? For a page that people read."""
        if self._sealer is None:
            return True, "in each process's memory only, because privacy.master_key is not set"
        return self._looks.trouble is None, self._looks.trouble or "in memory and in the store"

    async def close(self) -> None:
        await self.flush()
        await self._looks.close()

    def _forget(self, use_case: str) -> None:
        self._memory.forget(use_case)
        for place in [place for place in self._unwritten if place[0] == use_case]:
            self._unwritten_bytes -= len(self._unwritten.pop(place)[0].whole)


def _sealed(sealer: Sealer, place: Place, kept: Kept, until_ms: int) -> CacheEntry:
    text = sealer.seal(msgspec.msgpack.encode(kept), _context(place))
    return CacheEntry(place, text, kept.made_ms, until_ms)


def _context(place: Place) -> str:
    return f"cache|{place[0]}|{place[1].hex()}"
