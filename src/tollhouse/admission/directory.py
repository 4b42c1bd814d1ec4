"""Everybody who may call under one state of governance: keys by the digest of their secret, and sessions of live keys."""

from collections.abc import Iterable
from dataclasses import dataclass

from tollhouse.domain.errors import InvalidApiKey
from tollhouse.domain.governance import LIVE, Governance, Key, Session
from tollhouse.domain.periods import FOREVER_MS

from .sessions import PREFIX, Said, SessionSigner

MAX_SECRET_BYTES = 256
"""No longer key is ever configured; a longer one is refused."""

ROTATED = "This key was rotated, and its old secret is no longer good; use the new one."
EXPIRED_SESSION = "This session token has expired; ask for a new one."


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a secret is, and until when it is good. `digest` is the key's own: a session's is that of its parent's secret."""

    key: Key
    digest: bytes
    until_ms: int
    use_cases: tuple[str, ...]
    session: Session | None = None


class Directory:
    """
    Keys and use cases of one state of governance, in memory.

    Unknown and wrong secrets cost the same: one look-up by digest, or one code to compute.
    """

    def __init__(self, governance: Governance, signer: SessionSigner) -> None:
        self._governance = governance
        self._signer = signer
        self._by_digest = _by_digest(governance.keys)
        self._by_name = {key.name: key for key in governance.keys if key.revoked_ms is None}
        self.origins = frozenset(
            origin.encode()
            for use_case in governance.use_cases.values()
            if use_case.state == LIVE
            for origin in use_case.origins
        )

    def find(self, secret: bytes, digest: bytes, now_ms: int) -> Holder | None:
        """Return whose secret this is; None if nobody's. Raises InvalidApiKey if it was good once and is not now."""
        if secret.startswith(PREFIX):
            said = self._signer.read(secret)
            return None if said is None else self._session(said, now_ms)
        key = self._by_digest.get(digest)
        return None if key is None or len(secret) > MAX_SECRET_BYTES else self._key(key, digest, now_ms)

    def _key(self, key: Key, digest: bytes, now_ms: int) -> Holder:
        until_ms = FOREVER_MS if key.expires_ms is None else key.expires_ms
        if until_ms <= now_ms:
            raise InvalidApiKey
        if digest == key.previous_digest:
            until_ms = min(until_ms, key.previous_until_ms or 0)
            if until_ms <= now_ms:
                raise InvalidApiKey(ROTATED)
        if key.team not in self._governance.teams:
            raise InvalidApiKey(f"This key belongs to team {key.team}, which does not exist any more.")
        return Holder(key, digest, until_ms, self._use_cases_of(key))

    def _session(self, said: Said, now_ms: int) -> Holder:
        """A session is as good as its parent key is now, and as its use case. Nothing is said of which of them ended."""
        if said.expires_ms <= now_ms:
            raise InvalidApiKey(EXPIRED_SESSION)
        parent = self._parent(said, now_ms)
        use_case = self._governance.use_cases.get(said.use_case)
        if parent is None or use_case is None or use_case.name not in parent.use_cases or use_case.state != LIVE:
            raise InvalidApiKey
        if not set(said.origins) <= set(use_case.origins):
            raise InvalidApiKey
        session = said.session(parent.digest)
        return Holder(parent.key, parent.digest, min(parent.until_ms, said.expires_ms), (use_case.name,), session)

    def _parent(self, said: Said, now_ms: int) -> Holder | None:
        key = self._by_name.get(said.key)
        if key is None:
            return None
        for digest in (key.digest, key.previous_digest):
            if digest is not None and self._signer.is_parent(said, digest):
                try:
                    return self._key(key, digest, now_ms)
                except InvalidApiKey:  # which says more than a page may know
                    return None
        return None

    def _use_cases_of(self, key: Key) -> tuple[str, ...]:
        of_team = [name for name, use_case in self._governance.use_cases.items() if use_case.team == key.team]
        return tuple(name for name in of_team if not key.use_cases or name in key.use_cases)


def _by_digest(keys: Iterable[Key]) -> dict[bytes, Key]:
    live = [key for key in keys if key.revoked_ms is None]
    rotated = {key.previous_digest: key for key in live if key.previous_digest is not None}
    return {**rotated, **{key.digest: key for key in live}}
