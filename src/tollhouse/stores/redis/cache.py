"""Kept answers in Redis or Valkey: a value each, which the server itself deletes in time."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from tollhouse.ports.cache import CacheEntry, Place

from .client import open_client, unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = b"tollhouse:cache:"
TIME_BYTES = 8
"""Before the sealed text: when it was made and until when it is kept."""
SCANNED_AT_ONCE = 1_000
"""Names looked at in one command: the server does nothing else meanwhile."""


class RedisCacheEntries:
    """
    CacheEntries on one server, which deletes what is over.

    How much it keeps is for its own `maxmemory` and `maxmemory-policy` to say.
    """

    def __init__(self, client: "Redis") -> None:
        self._client = client

    async def find(self, places: Sequence[Place]) -> Mapping[Place, CacheEntry]:
        from redis.exceptions import RedisError

        try:
            values = await self._client.mget([_name(place) for place in places])
        except (RedisError, OSError) as error:
            raise unavailable(error) from error
        return {
            place: _entry(place, value)
            for place, value in zip(places, values, strict=True)
            if isinstance(value, bytes)  # the client was not told to decode
        }

    async def put(self, entries: Sequence[CacheEntry]) -> None:
        from redis.exceptions import RedisError

        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    pipeline.set(_name(entry.place), _value(entry), pxat=entry.until_ms)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    async def forget(self, use_case: str) -> int:
        from redis.exceptions import RedisError

        deleted, cursor = 0, -1
        try:
            while cursor:
                cursor, names = await self._client.scan(
                    max(cursor, 0), match=_room(use_case) + b"*", count=SCANNED_AT_ONCE
                )
                deleted += await self._client.unlink(*names) if names else 0
        except (RedisError, OSError) as error:
            raise unavailable(error) from error
        return deleted

    async def expire(self, now_ms: int, max_bytes: int) -> int:
        """Nothing is left to do: the server deletes by itself."""
        return 0

    async def close(self) -> None:
        await self._client.aclose()


def connect(url: str) -> RedisCacheEntries:
    """Return the entries at a URL; the first question connects. Raises StartError."""
    return RedisCacheEntries(open_client(url))


def _room(use_case: str) -> bytes:
    """Before the names of one use case. A digest, because a name may hold what a pattern gives a meaning."""
    return PREFIX + sha256(use_case.encode()).hexdigest()[:32].encode() + b":"


def _name(place: Place) -> bytes:
    return _room(place[0]) + place[1].hex().encode()


def _value(entry: CacheEntry) -> bytes:
    return b"".join((entry.made_ms.to_bytes(TIME_BYTES), entry.until_ms.to_bytes(TIME_BYTES), entry.sealed))


def _entry(place: Place, value: bytes) -> CacheEntry:
    made, until, sealed = value[:TIME_BYTES], value[TIME_BYTES : 2 * TIME_BYTES], value[2 * TIME_BYTES :]
    return CacheEntry(place, sealed, int.from_bytes(made), int.from_bytes(until))
