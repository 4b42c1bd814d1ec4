"""The nearest layer: answers kept in this process, the least recently asked for going first."""

from collections import OrderedDict
from dataclasses import dataclass

from tollhouse.ports.cache import Place

from .kept import Kept

MEMORY_MAX_BYTES = 64 * 2**20
"""Of answers in one process: twice the largest provider answer that may be held, and some ten thousand usual ones."""
ENTRY_BYTES = 800
"""What an entry weighs beside its answer: objects, key and names, measured on CPython 3.11."""


@dataclass(frozen=True, slots=True)
class _Entry:
    kept: Kept
    until_ms: int
    bytes: int


class Memory:
    """A bounded map. Not for several threads."""

    def __init__(self, max_bytes: int = MEMORY_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Place, _Entry] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, place: Place, now_ms: int) -> Kept | None:
        entry = self._entries.get(place)
        if entry is None:
            return None
        if entry.until_ms <= now_ms:
            self._drop(place)
            return None
        self._entries.move_to_end(place)
        return entry.kept

    def put(self, place: Place, kept: Kept, until_ms: int) -> None:
        self._drop(place)
        weight = len(kept.whole) + ENTRY_BYTES
        self._entries[place] = _Entry(kept, until_ms, weight)
        self.bytes += weight
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def forget(self, use_case: str) -> int:
        places = [place for place in self._entries if place[0] == use_case]
        for place in places:
            self._drop(place)
        return len(places)

    def expire(self, now_ms: int) -> int:
        over = [place for place, entry in self._entries.items() if entry.until_ms <= now_ms]
        for place in over:
            self._drop(place)
        return len(over)

    def _drop(self, place: Place) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self.bytes -= entry.bytes
