"""Stored answers for idempotency keys, kept 24 hours, sealed by the caller of this port."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Replay:
    """
    `scope` is the principal's team and key name, `digest` the SHA-256 of endpoint, use case and body. `sealed` is None while the first
    request runs; `process` runs it, and `started_ms` lets a dead one be taken over.
    """

    scope: str
    key: str
    digest: bytes
    started_ms: int
    sealed: bytes | None = None
    process: str | None = None


class Replays(Protocol):
    async def begin(self, replay: Replay, *, dead_before_ms: int) -> Replay | None:
        """Claim the key, also from an unfinished claim that started before `dead_before_ms`. Return what stands there if taken."""
        ...

    async def finish(self, scope: str, key: str, sealed: bytes) -> None: ...

    async def forget(self, scope: str, key: str) -> None:
        """The first request failed in a way that may be tried again."""
        ...

    async def free(self, process: str) -> int:
        """Forget the unfinished claims of a dead process: what it ran may be tried again."""
        ...

    async def expire(self, before_ms: int) -> int: ...
