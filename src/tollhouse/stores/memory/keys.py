"""Keys made by command or console, in memory."""

from dataclasses import replace

from tollhouse.domain.governance import Key


class MemoryKeys:
    """KeyStore in memory."""

    def __init__(self) -> None:
        self._keys: list[Key] = []

    async def add(self, key: Key) -> None:
        if any(k.name == key.name and k.revoked_ms is None for k in self._keys):
            raise ValueError(f"there is a key named {key.name!r} already; revoke it first, or take another name")
        self._keys.append(replace(key, managed="store"))

    async def all(self) -> list[Key]:
        return sorted(self._keys, key=lambda key: key.created_ms)

    async def revoke(self, name: str, at_ms: int) -> bool:
        for place, key in enumerate(self._keys):
            if key.name == name and key.revoked_ms is None:
                self._keys[place] = replace(key, revoked_ms=at_ms)
                return True
        return False

    async def version(self) -> int:
        return len(self._keys) + sum(key.revoked_ms is not None for key in self._keys)
