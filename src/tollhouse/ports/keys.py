"""Keys made by command or API. File-managed keys live in the configuration and never here."""

from collections.abc import Mapping
from typing import Protocol

from tollhouse.domain.governance import Key

from .changes import Change


class KeyStore(Protocol):
    """Every write but `used` records its change and raises the revision (see `Changes.revision`) in one transaction."""

    async def add(self, key: Key, change: Change) -> None:
        """Raises ValueError if an unrevoked key of this name exists."""
        ...

    async def update(self, key: Key, change: Change, *, was: Key | None = None) -> bool:
        """
        Replace the unrevoked key of this name (rotate, restrict, expire, revoke). Return False if there is none.

        Args:
            was: also return False, and write nothing, if it is not as it was read any more, its last use aside. Without
                it a change would undo what another did meanwhile, and could bring a revoked secret back to life.
        """
        ...

    async def all(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        ...

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        """Note when unrevoked keys were last used, by name; an older moment than the one known changes nothing."""
        ...
