"""Corrections of what is booked, and the bookings that a provider's bill is held against."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tollhouse.domain.calls import AttemptState
from tollhouse.domain.corrections import Correction


@dataclass(frozen=True, slots=True)
class Booked:
    """
    One attempt as the ledger has it, its corrections added; what a bill's line is matched with.

    Args:
        model: the route asked for; `deployment` is who was asked.
        state: `reconciled` once a correction settles it.
        estimated: nobody knows what this attempt cost: a guess, a worst case, or a share of a bucket of the bill.
        held_nanousd: its worst case before it was sent; 0 if it was free, or had no price.
        price: the price-book line's id, as the attempt's row has it.
        latency_ms: how long it took; 0 if its process died meanwhile.
        corrections: how many there are of it.
    """

    attempt: str
    call: str
    team: str
    use_case: str
    key: str
    session: str | None
    model: str
    provider: str
    deployment: str
    endpoint: str
    reserved_ms: int
    state: AttemptState
    estimated: bool
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost_nanousd: int
    held_nanousd: int
    price: str | None
    latency_ms: int
    corrections: int


class Corrections(Protocol):
    async def add(self, corrections: Sequence[Correction]) -> int:
        """
        Write those whose id is not there yet, and add their cost to what the budgets on their paths have spent, in one transaction.

        Return how many were written. A budget may go over its limit by it: that is what was charged.
        """
        ...

    def booked(self, provider: str, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[Booked]]:
        """Yield a provider's attempts reserved in `[since_ms, until_ms)`, void ones too, oldest first, in batches."""
        ...

    async def all(self, *, since_ms: int, until_ms: int) -> list[Correction]:
        """Return the corrections whose `booked_ms` lies there, oldest first."""
        ...
