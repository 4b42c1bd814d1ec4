"""Shared rates in Redis or Valkey: one script an exchange, on one connection that is made anew when it breaks."""

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from tollhouse.ports.shared_rates import (
    GAP_MS,
    KEPT_MS,
    NEAR_MS,
    PLACES_EXPIRE_MS,
    SETTLE_MS,
    BucketAsk,
    Exchanged,
    Got,
    PlacesAsk,
)

from .client import open_client, unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "tollhouse:{rates}:"
"""Before every key; the part in braces puts all of them into one slot of a cluster, as one script needs it."""
CLOCK, MEMBERS, SHARERS, PROBE = (PREFIX + name for name in ("clock", "members", "sharers", "probe"))

_TIMES = (GAP_MS, SETTLE_MS, NEAR_MS, PLACES_EXPIRE_MS, KEPT_MS)


class RedisSharedRates:
    """SharedRates on one server."""

    def __init__(self, client: "Redis") -> None:
        self._client = client
        self._script = client.register_script(files(__package__).joinpath("lease.lua").read_text("utf-8"))

    async def exchange(
        self,
        process: str,
        present: int,
        buckets: Sequence[BucketAsk],
        places: Sequence[PlacesAsk],
        *,
        is_sharing: bool = True,
    ) -> Exchanged:
        keys = [
            CLOCK,
            MEMBERS,
            SHARERS,
            *(PREFIX + ask.name for ask in buckets),
            *(PREFIX + ask.name for ask in places),
        ]
        args: list[str | int] = [process, present, int(is_sharing), len(buckets), len(places), *_TIMES]
        for bucket in buckets:
            args += (
                bucket.limit,
                bucket.window_ms,
                bucket.seed,
                bucket.change,
                bucket.least,
                bucket.needed,
                bucket.most,
            )
        for place in places:
            args += (place.limit, place.running, place.needed, place.most)
        return _read(await self._run(keys, args), len(buckets))

    async def prove(self) -> None:
        from redis.exceptions import RedisError

        try:
            await self._client.set(PROBE, "1", px=1_000)
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    async def leave(self, process: str) -> None:
        from redis.exceptions import RedisError

        try:
            await self._client.zrem(MEMBERS, process)
            await self._client.zrem(SHARERS, process)
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        await self._client.aclose()

    async def _run(self, keys: Sequence[str], args: Sequence[str | int]) -> list[int]:
        from redis.exceptions import RedisError

        try:
            return cast("list[int]", await self._script(keys=keys, args=args))
        except (RedisError, OSError) as error:
            raise unavailable(error) from error


def connect(url: str) -> RedisSharedRates:
    """Return the rates at a URL; the first exchange connects. Raises StartError."""
    return RedisSharedRates(open_client(url))


def _read(answer: Sequence[int], buckets: int) -> Exchanged:
    got = [Got(granted, left) for granted, left in zip(answer[1::2], answer[2::2], strict=True)]
    return Exchanged(bool(answer[0]), tuple(got[:buckets]), tuple(got[buckets:]))
