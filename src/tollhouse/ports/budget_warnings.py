"""Which thresholds of budgets have been passed: each is told once per period, by whichever process sees it first."""

from dataclasses import dataclass
from typing import Protocol

from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """`at_ppm` of the limit were spent at `at_ms`, in nano-USD."""

    scope: BudgetScope
    period: Period
    at_ppm: int
    limit_nanousd: int
    spent_nanousd: int
    at_ms: int


class BudgetWarnings(Protocol):
    async def claim(self, warnings: list[BudgetWarning]) -> list[BudgetWarning]:
        """Write those that nobody has written for their scope, period and threshold, and return them: they are yours to tell."""
        ...

    async def current(self, at_ms: int) -> list[BudgetWarning]:
        """Return those whose period holds the moment."""
        ...

    async def since(self, at_ms: int) -> list[BudgetWarning]:
        """Return those told since then, newest first."""
        ...
