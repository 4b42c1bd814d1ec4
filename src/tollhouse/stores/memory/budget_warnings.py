"""Which thresholds of budgets have been passed, in memory."""

from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period
from tollhouse.ports.budget_warnings import BudgetWarning

Place = tuple[BudgetScope, Period, int]


class MemoryBudgetWarnings:
    """BudgetWarnings in memory."""

    def __init__(self) -> None:
        self._told: dict[Place, BudgetWarning] = {}

    async def claim(self, warnings: list[BudgetWarning]) -> list[BudgetWarning]:
        mine = {(each.scope, each.period, each.at_ppm): each for each in warnings}
        fresh = {place: each for place, each in mine.items() if place not in self._told}
        self._told.update(fresh)
        return list(fresh.values())

    async def current(self, at_ms: int) -> list[BudgetWarning]:
        return [each for each in self._told.values() if each.period.start_ms <= at_ms < each.period.end_ms]

    async def since(self, at_ms: int) -> list[BudgetWarning]:
        found = [each for each in self._told.values() if each.at_ms >= at_ms]
        return sorted(found, key=lambda each: (-each.at_ms, -each.at_ppm))
