"""Access tokens: roles for people and tools."""

from collections.abc import Mapping
from typing import Protocol

from tollhouse.domain.roles import AccessToken

from .changes import Change


class AccessTokens(Protocol):
    """Every write but `used` records its change and raises the revision (see `Changes.revision`) in one transaction."""

    async def add(self, token: AccessToken, change: Change) -> None:
        """Raises ValueError if an unrevoked token of this name exists."""
        ...

    async def revoke(self, name: str, at_ms: int, change: Change) -> bool:
        """Return False if no unrevoked token has this name."""
        ...

    async def all(self) -> list[AccessToken]:
        """Every token, revoked ones too, oldest first."""
        ...

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        """Note when unrevoked tokens were last used, by name; an older moment than the one known changes nothing."""
        ...
