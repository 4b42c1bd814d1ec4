"""What processes share through Redis or Valkey. It is never needed for correctness, and loads late."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tollhouse.ports.cache import CacheEntries
    from tollhouse.ports.shared_rates import SharedRates


def open_shared_rates(url: str) -> "SharedRates":
    """Return the rates at a URL, without connecting yet. Raises StartError if the extra is missing or the URL unusable."""
    from .shared_rates import connect

    return connect(url)


def open_cache(url: str) -> "CacheEntries":
    """Return the kept answers at a URL, without connecting yet. Raises StartError as `open_shared_rates` does."""
    from .cache import connect

    return connect(url)


def without_secrets(url: str) -> str:
    """Return `host:port` of a URL, or a socket's path, without user, password and options."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address of `storage.redis`"
    return f"{parts.hostname}{port}" if parts.hostname else parts.path
