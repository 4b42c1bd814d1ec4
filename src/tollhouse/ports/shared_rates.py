"""
Rates that several processes share: buckets that fill in one place, from which each takes chunks, and places for calls.

One exchange carries everything that a process has to say and to ask, so that no call costs a round trip of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

GAP_MS = 1_000
"""If nobody was heard for this long, every process was on its own meanwhile: what filled up then was theirs."""
SETTLE_MS = 400
"""After a gap nothing is handed out for this long, so that all can first say what they used; they look every 150 ms."""
NEAR_MS = 600
"""Who was not heard for this long is taken to be on its own, and its part is not handed out to the others: two looks."""
PLACES_EXPIRE_MS = 3_000
"""A process that was not heard for this long is dead, and its places for calls are free again."""
KEPT_MS = 600_000
"""A bucket that nobody asked about for so long is forgotten; by then it had been full for long."""


@dataclass(frozen=True, slots=True)
class BucketAsk:
    """
    A wish to one bucket, in its own unit (requests, tokens).

    Args:
        limit: what it holds when full, and what flows in during `window_ms`.
        seed: what it is taken to hold if it is not known there (any more).
        change: first put this back; negative: what was used beyond what was taken.
        least: then take at least this, or nothing;
        needed: all of this if it is there, for calls that wait;
        most: and at most this, if there is plenty. 0: take nothing, only look.
    """

    name: str
    limit: int
    window_ms: int
    seed: int
    change: int = 0
    least: int = 0
    needed: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class PlacesAsk:
    """A process's places for calls at once: `running` is a fact, `needed` counts who waits too, `most` is for plenty."""

    name: str
    limit: int
    running: int
    needed: int
    most: int


@dataclass(frozen=True, slots=True)
class Got:
    """`granted`: of a bucket what was taken now, of places how many this process has now. `left`: what is there still."""

    granted: int
    left: int


@dataclass(frozen=True, slots=True)
class Exchanged:
    """
    The answers, in the order of the asks.

    `is_open` False: after a gap; changes were taken note of, but nothing was handed out, and every process stays with
    its share for SETTLE_MS.
    """

    is_open: bool
    buckets: tuple[Got, ...]
    places: tuple[Got, ...]


class SharedRates(Protocol):
    async def exchange(
        self,
        process: str,
        present: int,
        buckets: Sequence[BucketAsk],
        places: Sequence[PlacesAsk],
        *,
        is_sharing: bool = True,
    ) -> Exchanged:
        """
        Say and ask everything at once; all of it happens or nothing.

        Args:
            present: how many processes serve now.
            is_sharing: False from a process that is on its own still: its part does not flow in here.

        Raises StoreUnavailable if there is no answer, or none may be written.
        """
        ...

    async def prove(self) -> None:
        """Show that it answers and may be written to, leaving nothing behind. Raises StoreUnavailable."""
        ...

    async def leave(self, process: str) -> None:
        """This process is gone, and its places are free. Raises StoreUnavailable."""
        ...

    async def close(self) -> None: ...
