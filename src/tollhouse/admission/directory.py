"""Every key that may call, by the digest of its secret."""

import hashlib
from collections.abc import Iterable

from tollhouse.domain.errors import InvalidApiKey
from tollhouse.domain.governance import Governance, Key

MAX_SECRET_BYTES = 256
"""No longer secret is ever configured; a longer one is refused before it is hashed."""


class Directory:
    """
    The keys of one state of governance, in memory.

    Unknown and wrong secrets cost the same: one hash, one look-up.
    """

    def __init__(self, governance: Governance) -> None:
        self._governance = governance
        self._by_digest = _by_digest(governance.keys)

    def find(self, secret: bytes, now_ms: int) -> Key:
        """Return the key of this secret. Raises InvalidApiKey if there is none, or it is expired or revoked."""
        digest = hashlib.sha256(secret).digest()
        key = self._by_digest.get(digest) if len(secret) <= MAX_SECRET_BYTES else None
        if key is None or key.revoked_ms is not None or (key.expires_ms is not None and key.expires_ms <= now_ms):
            raise InvalidApiKey
        if digest == key.previous_digest and now_ms >= (key.previous_until_ms or 0):
            raise InvalidApiKey("This key was rotated, and its old secret is no longer good; use the new one.")
        if key.team not in self._governance.teams:
            raise InvalidApiKey(f"This key belongs to team {key.team}, which does not exist any more.")
        return key


def _by_digest(keys: Iterable[Key]) -> dict[bytes, Key]:
    live = [key for key in keys if key.revoked_ms is None]
    rotated = {key.previous_digest: key for key in live if key.previous_digest is not None}
    return {**rotated, **{key.digest: key for key in live}}
