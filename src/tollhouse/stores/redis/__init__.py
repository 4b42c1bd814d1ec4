"""What processes share through Redis or Valkey. It is never needed for correctness, and loads late."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tollhouse.ports.shared_rates import SharedRates


def open_shared_rates(url: str) -> "SharedRates":
    """Return the rates at a URL, without connecting yet. Raises StartError if the extra is missing or the URL unusable."""
    from .shared_rates import connect

    return connect(url)
