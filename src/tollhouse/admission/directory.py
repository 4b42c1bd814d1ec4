"""Every key that may call, by the digest of its secret: those of the file and those of the store."""

import hashlib
from collections.abc import Iterable

from tollhouse.domain.errors import InvalidApiKey
from tollhouse.domain.governance import Governance, Key
from tollhouse.ports.keys import KeyStore

MAX_SECRET_BYTES = 256
"""No longer secret is ever configured; a longer one is refused before it is hashed."""


class Directory:
    """
    Keys in memory. `refresh` brings in what a command changed in the store; the server calls it every second.

    Unknown and wrong secrets cost the same: one hash, one look-up.
    """

    def __init__(self, governance: Governance, store: KeyStore) -> None:
        self._governance = governance
        self._store = store
        self._version: int | None = None
        self._by_digest = _by_digest(governance.keys)

    async def refresh(self) -> None:
        """Read the store's keys again if they changed. Raises StoreUnavailable; the keys at hand then stay."""
        version = await self._store.version()
        if version != self._version:
            self._by_digest = _by_digest([*self._governance.keys, *await self._store.all()])
            self._version = version

    def find(self, secret: bytes, now_ms: int) -> Key:
        """Return the key of this secret. Raises InvalidApiKey if there is none, or it is expired or revoked."""
        key = self._by_digest.get(hashlib.sha256(secret).digest()) if len(secret) <= MAX_SECRET_BYTES else None
        if key is None or key.revoked_ms is not None or (key.expires_ms is not None and key.expires_ms <= now_ms):
            raise InvalidApiKey
        if key.team not in self._governance.teams:
            raise InvalidApiKey(f"This key belongs to team {key.team}, which the configuration no longer has.")
        return key


def _by_digest(keys: Iterable[Key]) -> dict[bytes, Key]:
    return {key.digest: key for key in keys if key.revoked_ms is None}
