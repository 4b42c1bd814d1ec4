"""Small facts that belong to a store as a whole, such as the mark that proves the master key."""

from typing import Protocol


class StoreMarks(Protocol):
    async def get(self, name: str) -> bytes | None: ...

    async def put_if_absent(self, name: str, value: bytes) -> bytes:
        """Return what stands there afterwards."""
        ...
