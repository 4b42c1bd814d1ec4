"""The ledger in memory."""

from collections.abc import Sequence

from tollhouse.domain.calls import Call
from tollhouse.ports.ledger import BudgetState, SliceAsk, SliceHeld

from ..budgets import charged_nanousd, charges_by_scope, charges_of_corrections, granted_nanousd
from .books import Books, Budget, Figures, copied


class MemoryLedger:
    """Ledger in memory."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def lease(self, process: str, asks: Sequence[SliceAsk]) -> list[SliceHeld]:
        for ask in asks:
            self._open((ask.scope, ask.period))
        held: list[SliceHeld] = []
        try:
            for ask in asks:
                held.append(self._take(process, ask))
        except BaseException:
            for piece in held:
                self._books.budgets[piece.scope, piece.period].leases[process] -= piece.nanousd
            raise
        return held

    async def give_back(self, process: str, held: Sequence[SliceHeld]) -> None:
        for piece in held:
            figures = self._books.budgets.get((piece.scope, piece.period), Figures())
            _reduce(figures, process, piece.nanousd)

    async def post(self, process: str, calls: Sequence[Call], *, replay: bool = False) -> None:
        fresh = {call.id: copied(call) for call in reversed(calls) if call.id not in self._books.calls}
        if not replay and len(fresh) < len(calls):
            raise ValueError("a call of this batch is in the ledger already; post the batch with `replay`")
        posted = list(reversed(fresh.values()))
        self._books.calls.update({call.id: call for call in posted})
        charges = charges_by_scope(posted)
        for (scope, period), figures in self._books.budgets.items():
            cost = charged_nanousd(charges.get((scope.kind, scope.name), ()), period)
            figures.spent += cost
            _reduce(figures, process, cost)

    async def adopt(self, dead: str, calls: Sequence[Call]) -> None:
        await self.post(dead, calls, replay=True)
        self._books.opened.pop(dead, None)
        for figures in self._books.budgets.values():
            figures.leases.pop(dead, None)

    async def show_open(self, process: str, calls: Sequence[Call]) -> None:
        self._books.opened[process] = [copied(call) for call in calls]

    async def budgets(self, *, at_ms: int | None = None) -> list[BudgetState]:
        return [
            BudgetState(scope, period, figures.spent, figures.leased)
            for (scope, period), figures in self._books.budgets.items()
            if at_ms is None or period.start_ms <= at_ms < period.end_ms
        ]

    async def spent(self, wanted: Sequence[Budget]) -> list[int]:
        return [self._spent(budget) for budget in wanted]

    async def forget_sessions(self, before_ms: int) -> int:
        budgets = self._books.budgets
        over = [
            (scope, period)
            for (scope, period), figures in budgets.items()
            if scope.kind == "session" and period.end_ms < before_ms and not figures.leased
        ]
        for budget in over:
            del budgets[budget]
        return len(over)

    async def leases(self) -> list[tuple[str, SliceHeld]]:
        held = [
            (process, SliceHeld(scope, period, nanousd))
            for (scope, period), figures in self._books.budgets.items()
            for process, nanousd in figures.leases.items()
            if nanousd > 0
        ]
        return sorted(held, key=lambda of: of[0])

    def _open(self, budget: Budget) -> None:
        """A budget's figures start as the sum of what its scope has spent in the period."""
        if budget not in self._books.budgets:
            self._books.budgets[budget] = Figures(spent=self._spent(budget))

    def _spent(self, budget: Budget) -> int:
        scope, period = budget
        place, books = (scope.kind, scope.name), self._books
        charges = charges_by_scope(books.calls.values()).get(place, [])
        corrected = charges_of_corrections(books.corrections.values()).get(place, [])
        return charged_nanousd([*charges, *corrected], period)

    def _take(self, process: str, ask: SliceAsk) -> SliceHeld:
        figures = self._books.budgets[ask.scope, ask.period]
        amount = granted_nanousd(ask, spent_nanousd=figures.spent, leased_nanousd=figures.leased)
        figures.leases[process] = figures.leases.get(process, 0) + amount
        return SliceHeld(ask.scope, ask.period, amount)


def _reduce(figures: Figures, process: str, nanousd: int) -> None:
    """End a process's slice by that much, never by more than it holds."""
    held = figures.leases.get(process, 0)
    if held:
        figures.leases[process] = held - min(nanousd, held)
