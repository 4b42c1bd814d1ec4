"""
Idempotency: the same key and body get the same answer, once paid for.

An answer is stored sealed for 24 hours, whole answers and streams alike; only complete ones, so that a failure can be
tried again under its key.
"""

import hashlib
from dataclasses import dataclass

import msgspec

from tollhouse.domain.errors import IdempotencyInFlight, IdempotencyMismatch, InvalidRequest
from tollhouse.ports.clock import Clock
from tollhouse.ports.replays import Replay, Replays
from tollhouse.ports.sealer import Sealer

from .asgi import Headers

REPLAYED = (b"idempotency-replayed", b"true")
KEEP_MS = 24 * 3_600_000
MAX_REPLAY_BYTES = 4 * 1024 * 1024
"""A longer answer is not stored; its key is free again."""
DEAD_AFTER_MS = 15 * 60_000
"""
A first request that has not ended by then died with its process: the key may be claimed again. It is free at once when
the process's journal is adopted; this is for one whose journal was lost with its machine.
"""


class StoredAnswer(msgspec.Struct):
    """What is sealed: the answer as it left."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    status: int = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """A key claimed for one request."""

    scope: str
    key: str

    @property
    def context(self) -> str:
        return f"replay|{self.scope}|{self.key}"


class ReplayDesk:
    """
    Args:
        sealer: None: without `privacy.master_key` nothing is stored, and a caller who asks for it is told.
        process: runs what is claimed here; whoever adopts its journal frees its claims.
    """

    def __init__(self, store: Replays, sealer: Sealer | None, clock: Clock, *, process: str | None = None) -> None:
        self._process = process
        self._store = store
        self._sealer = sealer
        self._clock = clock

    async def begin(self, caller: str, key: str, target: str, body: bytes) -> Claim | StoredAnswer:
        """
        Claim a key, or return the answer it stands for. `target` is what the body is for: endpoint and use case.

        Raises IdempotencyMismatch or IdempotencyInFlight.
        """
        claim = Claim(caller, key)
        sealer = self._required_sealer()
        digest = hashlib.sha256(target.encode() + b"\0" + body).digest()
        now = self._clock.now_ms()
        replay = Replay(caller, key, digest, now, process=self._process)
        taken = await self._store.begin(replay, dead_before_ms=now - DEAD_AFTER_MS)
        if taken is None:
            return claim
        if taken.digest != digest:
            raise IdempotencyMismatch
        if taken.sealed is None:
            raise IdempotencyInFlight
        return msgspec.msgpack.decode(sealer.open(taken.sealed, claim.context), type=StoredAnswer)

    async def finish(self, claim: Claim, headers: Headers, body: bytes, status: int = 200) -> None:
        if len(body) > MAX_REPLAY_BYTES:
            await self.forget(claim)
            return
        plain = msgspec.msgpack.encode(StoredAnswer(list(headers), body, status))
        await self._store.finish(claim.scope, claim.key, self._required_sealer().seal(plain, claim.context))

    async def forget(self, claim: Claim) -> None:
        await self._store.forget(claim.scope, claim.key)

    async def expire(self) -> None:
        await self._store.expire(self._clock.now_ms() - KEEP_MS)

    def _required_sealer(self) -> Sealer:
        if self._sealer is None:
            raise InvalidRequest(
                "This tollhouse stores no answers, because `privacy.master_key` is not set; leave `idempotency-key` out.",
                param="idempotency-key",
            )
        return self._sealer
