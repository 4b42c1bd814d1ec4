"""The connection to Redis or Valkey, made anew when it breaks, and its errors in our words."""

from typing import TYPE_CHECKING

from tollhouse.domain.errors import StartError, StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

CONNECT_LIMIT_S = 1.0
"""A connection with TLS across a slow network; nobody waits for it."""
READ_LIMIT_S = 1.0
"""The last resort against a server that stands still; whoever asks waits for less."""


def open_client(url: str) -> "Redis":
    """Return a client that connects when it is first used. Raises StartError if the extra is missing or the URL unusable."""
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise StartError(
            "Redis needs the extra `redis`, which is not installed. Run: pip install 'tollhouse[redis]'"
        ) from error
    try:
        client: Redis = Redis.from_url(
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
    return client


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
