"""The ledger: the one place money is summed. Budgets are leased from it in slices; finished calls are posted to it once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tollhouse.domain.calls import Call
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period


@dataclass(frozen=True, slots=True)
class SliceAsk:
    """
    What a process wants from one budget.

    `least_nanousd` must be had; up to `most_nanousd` is welcome (see `slice_nanousd` for the rule). `limit_nanousd` is
    the cap as configured now.
    """

    scope: BudgetScope
    period: Period
    limit_nanousd: int
    least_nanousd: int
    most_nanousd: int


@dataclass(frozen=True, slots=True)
class SliceHeld:
    """What a process holds of one budget."""

    scope: BudgetScope
    period: Period
    nanousd: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget's figures in one period, as committed."""

    scope: BudgetScope
    period: Period
    spent_nanousd: int
    leased_nanousd: int


class Ledger(Protocol):
    """
    Invariant at every committed state, for every budget: spent + leased <= limit (unless a provider charged more than
    it had announced, or the limit was cut below what is spent).

    A budget's figures for a period start as the sum of what its scope has spent in that period.
    Methods raise StoreUnavailable if the database does not answer.
    """

    async def lease(self, process: str, asks: Sequence[SliceAsk]) -> list[SliceHeld]:
        """Lease all or nothing, in one transaction, in the order given. Raises BudgetExceeded naming the first that cannot."""
        ...

    async def give_back(self, process: str, held: Sequence[SliceHeld]) -> None:
        """Return unused money of this process's slices; never more than it holds."""
        ...

    async def post(self, process: str, calls: Sequence[Call], *, replay: bool = False) -> None:
        """
        Insert finished calls with their attempts, once by id, and move each attempt's cost from leased to spent.

        The budgets are those of the call's scopes (organisation, team, use case, key) whose period holds the attempt's
        `reserved_ms`. `replay`: some of these calls may be there already; they are skipped whole.
        """
        ...

    async def adopt(self, dead: str, calls: Sequence[Call]) -> None:
        """Post a dead process's calls as with `replay`, forget its open calls, and return its slices whole, in one transaction."""
        ...

    async def show_open(self, process: str, calls: Sequence[Call]) -> None:
        """Replace the list of this process's open calls (`outcome=running` in queries). They carry no money."""
        ...

    async def budgets(self, *, at_ms: int | None = None) -> list[BudgetState]:
        """Every budget period that the ledger knows; with a moment, only those that hold it."""
        ...

    async def spent(self, wanted: Sequence[tuple[BudgetScope, Period]]) -> list[int]:
        """Sum afresh what each scope has spent in its period: for budgets that have no figures there yet."""
        ...

    async def forget_sessions(self, before_ms: int) -> int:
        """Forget the budgets of session tokens that ended before then and of which nothing is leased; calls stay."""
        ...

    async def leases(self) -> list[tuple[str, SliceHeld]]:
        """Every slice that is out, with its process."""
        ...


def slice_nanousd(rest_nanousd: int, ask: SliceAsk) -> int:
    """
    Return how much of a budget's rest to lease: max(least, min(1 % of the rest, most)); just `least` once fewer than ten
    such slices are left, so that the end of a budget is shared by whoever comes.

    Negative or short rests return more than the rest: the caller compares and refuses.
    """
    wanted = max(ask.least_nanousd, min(rest_nanousd // 100, ask.most_nanousd))
    return wanted if rest_nanousd >= 10 * wanted else ask.least_nanousd
