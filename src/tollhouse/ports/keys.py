"""Keys made by command or console. File-managed keys live in the configuration and never here."""

from typing import Protocol

from tollhouse.domain.governance import Key


class KeyStore(Protocol):
    async def add(self, key: Key) -> None:
        """Raises ValueError if an unrevoked key of this name exists."""
        ...

    async def all(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        ...

    async def revoke(self, name: str, at_ms: int) -> bool:
        """Return False if no unrevoked key has this name."""
        ...

    async def version(self) -> int:
        """A number that changes with every change of keys: one cheap query, so that servers can poll it."""
        ...
