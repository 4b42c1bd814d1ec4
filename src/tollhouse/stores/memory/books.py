"""What the ledger writes and the queries read, in memory."""

from copy import copy
from dataclasses import dataclass, field

from tollhouse.domain.calls import Call
from tollhouse.domain.corrections import Correction
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period

Budget = tuple[BudgetScope, Period]


@dataclass(slots=True)
class Figures:
    """What one budget has spent in one period, and what is leased of it, by process."""

    spent: int = 0
    leases: dict[str, int] = field(default_factory=dict)

    @property
    def leased(self) -> int:
        return sum(self.leases.values())


@dataclass(slots=True)
class Books:
    """Everything. A method of a store changes it without waiting in between, so each is one transaction."""

    calls: dict[str, Call] = field(default_factory=dict)
    opened: dict[str, list[Call]] = field(default_factory=dict)
    budgets: dict[Budget, Figures] = field(default_factory=dict)
    corrections: dict[str, Correction] = field(default_factory=dict)


def copied(call: Call) -> Call:
    """Return a call that shares nothing that can change: what is in the books stays as it was written."""
    twin = copy(call)
    twin.tags = dict(call.tags)
    twin.attempts = [copy(attempt) for attempt in call.attempts]
    return twin
