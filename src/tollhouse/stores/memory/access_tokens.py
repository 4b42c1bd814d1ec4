"""Access tokens, in memory."""

from collections.abc import Mapping
from dataclasses import replace

from tollhouse.domain.roles import AccessToken
from tollhouse.ports.changes import Change

from .changes import MemoryChanges


class MemoryAccessTokens:
    """AccessTokens in memory."""

    def __init__(self, changes: MemoryChanges) -> None:
        self._changes = changes
        self._tokens: list[AccessToken] = []

    async def add(self, token: AccessToken, change: Change) -> None:
        if self._place(token.name) is not None:
            raise ValueError(
                f"there is an access token named {token.name!r} already; revoke it first, or take another name"
            )
        self._tokens.append(token)
        self._changes.record(change)

    async def revoke(self, name: str, at_ms: int, change: Change) -> bool:
        place = self._place(name)
        if place is None:
            return False
        self._tokens[place] = replace(self._tokens[place], revoked_ms=at_ms)
        self._changes.record(change)
        return True

    async def all(self) -> list[AccessToken]:
        return sorted(self._tokens, key=lambda token: token.created_ms)

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        for name, at_ms in last_used_ms.items():
            place = self._place(name)
            if place is not None and (self._tokens[place].last_used_ms or 0) < at_ms:
                self._tokens[place] = replace(self._tokens[place], last_used_ms=at_ms)

    def _place(self, name: str) -> int | None:
        return next((n for n, each in enumerate(self._tokens) if each.name == name and each.revoked_ms is None), None)
