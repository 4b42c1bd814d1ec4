"""Warnings before a budget is used up: each threshold is told once per period, whoever sees it first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tollhouse.domain.governance import PPM, Budget, BudgetScope
from tollhouse.ports.budget_warnings import BudgetWarning, BudgetWarnings
from tollhouse.ports.clock import Clock
from tollhouse.ports.ledger import BudgetState, Ledger

OnWarning = Callable[[BudgetWarning], None]


class Thresholds:
    """
    Looks at the budgets in force; a server calls `look` every second.

    What it saw passed it does not ask the store about again, so a look is one question of the ledger.
    """

    def __init__(self, ledger: Ledger, warnings: BudgetWarnings, clock: Clock, on_warning: OnWarning) -> None:
        self._ledger = ledger
        self._warnings = warnings
        self._clock = clock
        self._on_warning = on_warning
        self._seen: set[tuple[BudgetScope, int, int, int]] = set()

    async def look(self, budgets: Mapping[BudgetScope, Budget]) -> None:
        """Tell of every threshold that has been passed and nobody has told of. Raises StoreUnavailable."""
        if not any(budget.warn_at_ppm for budget in budgets.values()):
            return
        now_ms = self._clock.now_ms()
        passed = list(due(await self._ledger.budgets(at_ms=now_ms), budgets, now_ms))
        fresh = [warning for warning in passed if _place(warning) not in self._seen]
        for warning in await self._warnings.claim(fresh):
            self._on_warning(warning)
        self._seen = {_place(warning) for warning in passed}


def due(states: Iterable[BudgetState], budgets: Mapping[BudgetScope, Budget], now_ms: int) -> Iterator[BudgetWarning]:
    """Yield a warning for every threshold that what is spent has reached. Held money is not spent yet."""
    for state in states:
        budget = budgets.get(state.scope)
        if budget is None or state.period.kind is not budget.period:
            continue
        for at_ppm in _reached(budget, state.spent_nanousd):
            yield BudgetWarning(
                state.scope, state.period, at_ppm, budget.limit_nanousd, state.spent_nanousd, at_ms=now_ms
            )


def _reached(budget: Budget, spent_nanousd: int) -> Sequence[int]:
    return [at_ppm for at_ppm in budget.warn_at_ppm if spent_nanousd * PPM >= budget.limit_nanousd * at_ppm]


def _place(warning: BudgetWarning) -> tuple[BudgetScope, int, int, int]:
    return warning.scope, warning.period.start_ms, warning.period.end_ms, warning.at_ppm
