"""Answers that were given before: kept sealed by the caller of this port, and made unreachable by raising an epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .changes import Change

Place = tuple[str, bytes]
"""Where an answer is kept: its use case, and the SHA-256 of everything that makes the answer."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One kept answer. Times in Unix milliseconds; nobody needs it from `until_ms` on."""

    place: Place
    sealed: bytes
    made_ms: int
    until_ms: int


class CacheEntries(Protocol):
    """Losing what is in here costs speed, never more."""

    async def find(self, places: Sequence[Place]) -> Mapping[Place, CacheEntry]:
        """Return what is kept at these places, also if it is over: whoever asks looks at `until_ms`."""
        ...

    async def put(self, entries: Sequence[CacheEntry]) -> None:
        """Keep answers; of two for one place the one put last stays."""
        ...

    async def forget(self, use_case: str) -> int:
        """Delete everything kept for a use case; return how many answers that were."""
        ...

    async def expire(self, now_ms: int, max_bytes: int) -> int:
        """Delete what is over, then what will be over first, until at most so many sealed bytes are kept. Return how many."""
        ...

    async def close(self) -> None: ...


class CacheEpochs(Protocol):
    """A number for each use case that is part of every key: raising it makes all that was kept before unreachable."""

    async def all(self) -> Mapping[str, int]:
        """Return the epochs that were ever raised; every other is 0."""
        ...

    async def advance(self, change: Change) -> int:
        """Raise the epoch of the use case that the change names to a number it never had; return it. Records the change."""
        ...
