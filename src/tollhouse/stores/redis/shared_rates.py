"""Shared rates in Redis or Valkey: one script an exchange, on one connection that is made anew when it breaks."""

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from tollhouse.domain.errors import StartError, StoreUnavailable
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

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "tollhouse:{rates}:"
"""Before every key; the part in braces puts all of them into one slot of a cluster, as one script needs it."""
CLOCK, MEMBERS, SHARERS, PROBE = (PREFIX + name for name in ("clock", "members", "sharers", "probe"))

CONNECT_LIMIT_S = 1.0
"""A connection with TLS across a slow network; nobody waits for it."""
READ_LIMIT_S = 1.0
"""The last resort against a server that stands still; whoever asks waits for less."""

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
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise StartError(
            "Redis needs the extra `redis`, which is not installed. Run: pip install 'tollhouse[redis]'"
        ) from error
    try:
        client = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_LIMIT_S,
            socket_timeout=READ_LIMIT_S,
            retry=Retry(NoBackoff(), 0),  # whoever asks knows better when to ask again
            client_name="tollhouse",
        )
    except ValueError as error:
        raise StartError(
            "`storage.redis` is not an address that can be used; write redis://host:port/0, rediss:// for TLS, "
            "or unix:///path."
        ) from error
    return RedisSharedRates(client)


def unavailable(error: Exception) -> StoreUnavailable:
    """Say in words that anybody may read why it does not serve: no host, no password, no statement."""
    return StoreUnavailable(f"Redis does not answer: {_reason(error)}.")


def _reason(error: Exception) -> str:
    from redis import exceptions

    reasons: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.ReadOnlyError, "it is read-only (a replica)"),
        (exceptions.BusyLoadingError, "it is starting up"),
        (exceptions.AuthenticationError, "it refuses our password"),
        (exceptions.NoPermissionError, "it refuses our user"),
        (exceptions.OutOfMemoryError, "it is out of memory"),
        (exceptions.TimeoutError, "nothing came back in time"),
        (TimeoutError, "nothing came back in time"),
        (exceptions.ConnectionError, "it cannot be reached"),
        (OSError, "it cannot be reached"),
    )
    found = next((reason for kind, reason in reasons if isinstance(error, kind)), "it reports an error")
    # An error of a script carries the command's own as text, as READONLY does.
    return "it is read-only (a replica)" if "READONLY" in str(error) else found


def _read(answer: Sequence[int], buckets: int) -> Exchanged:
    got = [Got(granted, left) for granted, left in zip(answer[1::2], answer[2::2], strict=True)]
    return Exchanged(bool(answer[0]), tuple(got[:buckets]), tuple(got[buckets:]))
