"""Which processes serve just now, so that each knows its share of what all share."""

from typing import Protocol

from tollhouse.domain.rates import Standing


class Presence(Protocol):
    async def beat(self, process: str) -> Standing:
        """
        Say that this process serves, and return how many do, itself included, and its rank among them by name.

        Whoever has not said so for PRESENT_S by the store's own clock does not count. Raises StoreUnavailable.
        """
        ...

    async def leave(self, process: str) -> None:
        """It serves no more. Raises StoreUnavailable."""
        ...


PRESENT_S = 3.0
"""Three beats of a second each: one lost beat changes nobody's share."""
