"""Which processes serve just now, so that each knows its share of what all share."""

from typing import Protocol


class Presence(Protocol):
    async def beat(self, process: str) -> int:
        """
        Say that this process serves, and return how many do, itself included.

        Whoever has not said so for PRESENT_S by the store's own clock does not count.
        """
        ...

    async def leave(self, process: str) -> None: ...


PRESENT_S = 3.0
"""Three beats of a second each: one lost beat changes nobody's share."""
