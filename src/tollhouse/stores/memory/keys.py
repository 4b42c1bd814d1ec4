"""Keys made by command or API, in memory."""

from collections.abc import Mapping
from dataclasses import replace

from tollhouse.domain.governance import STORE, Key
from tollhouse.ports.changes import Change

from .changes import MemoryChanges


class MemoryKeys:
    """KeyStore in memory."""

    def __init__(self, changes: MemoryChanges) -> None:
        self._changes = changes
        self._keys: list[Key] = []

    async def add(self, key: Key, change: Change) -> None:
        if self._place(key.name) is not None:
            raise ValueError(f"there is a key named {key.name!r} already; revoke it first, or take another name")
        self._keys.append(replace(key, managed=STORE))
        self._changes.record(change)

    async def update(self, key: Key, change: Change, *, was: Key | None = None) -> bool:
        place = self._place(key.name)
        if place is None:
            return False
        last_used_ms = self._keys[place].last_used_ms
        if was is not None and self._keys[place] != replace(was, managed=STORE, last_used_ms=last_used_ms):
            return False
        self._keys[place] = replace(key, managed=STORE, last_used_ms=last_used_ms)
        self._changes.record(change)
        return True

    async def all(self) -> list[Key]:
        return sorted(self._keys, key=lambda key: key.created_ms)

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        for name, at_ms in last_used_ms.items():
            place = self._place(name)
            if place is not None and (self._keys[place].last_used_ms or 0) < at_ms:
                self._keys[place] = replace(self._keys[place], last_used_ms=at_ms)

    def _place(self, name: str) -> int | None:
        return next((n for n, key in enumerate(self._keys) if key.name == name and key.revoked_ms is None), None)
