"""Kept answers and their epochs, in memory."""

from collections.abc import Mapping, Sequence

from tollhouse.ports.cache import CacheEntry, Place
from tollhouse.ports.changes import Change

from .changes import MemoryChanges


class MemoryCacheEntries:
    """CacheEntries in memory."""

    def __init__(self) -> None:
        self._entries: dict[Place, CacheEntry] = {}

    async def find(self, places: Sequence[Place]) -> Mapping[Place, CacheEntry]:
        return {place: self._entries[place] for place in places if place in self._entries}

    async def put(self, entries: Sequence[CacheEntry]) -> None:
        self._entries.update({entry.place: entry for entry in entries})

    async def forget(self, use_case: str) -> int:
        return self._delete([place for place in self._entries if place[0] == use_case])

    async def expire(self, now_ms: int, max_bytes: int) -> int:
        over = [place for place, entry in self._entries.items() if entry.until_ms <= now_ms]
        deleted = self._delete(over)
        kept = sum(len(entry.sealed) for entry in self._entries.values())
        surplus = []
        for entry in sorted(self._entries.values(), key=lambda entry: entry.until_ms):
            if kept <= max_bytes:
                break
            surplus.append(entry.place)
            kept -= len(entry.sealed)
        return deleted + self._delete(surplus)

    async def close(self) -> None:
        return

    def _delete(self, places: Sequence[Place]) -> int:
        for place in places:
            del self._entries[place]
        return len(places)


class MemoryCacheEpochs:
    """CacheEpochs in memory."""

    def __init__(self, changes: MemoryChanges) -> None:
        self._changes = changes
        self._epochs: dict[str, int] = {}

    async def all(self) -> Mapping[str, int]:
        return dict(self._epochs)

    async def advance(self, change: Change) -> int:
        self._epochs[change.name] = max(self._epochs.get(change.name, 0) + 1, change.at_ms)
        self._changes.record(change)
        return self._epochs[change.name]
