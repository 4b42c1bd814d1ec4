"""
The books against themselves, for `doctor`: every figure that is kept twice must be the same twice. Pure.

    calls and their attempts   what the ledger has, row by row
    corrections                what bills say of them
    budgets                    what the ledger has summed up
    leases                     what processes hold of these budgets
    journalled                 what the journals on this machine still hold
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome, scopes_of
from tollhouse.domain.corrections import Correction
from tollhouse.domain.corrections import scopes_of as corrected_scopes
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import BudgetState, SliceHeld

Scope = tuple[str, str]

OPEN = frozenset({AttemptState.RESERVED, AttemptState.SENT})
CLOSED = frozenset({AttemptState.SETTLED, AttemptState.VOID, AttemptState.UNKNOWN, AttemptState.RECONCILED})


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Two figures that should be one.

    Args:
        kind: `budget_spent`, `budget_leased`, `over_limit`, `attempt` or `journal`.
        subject: the budget, call or attempt.
        message: both figures, in words.
    """

    kind: str
    subject: str
    message: str


def differences(
    *,
    calls: Iterable[Call],
    budgets: Sequence[BudgetState],
    leases: Sequence[tuple[str, SliceHeld]],
    journalled: Iterable[Call] = (),
    limits: Mapping[tuple[BudgetScope, PeriodKind], int] | None = None,
    corrections: Iterable[Correction] = (),
) -> list[Difference]:
    """
    Return every difference; none if the books are right. Calls and corrections are looked at once each, and not kept.

    A call that only the journal has is not one: it is on its way. `limits` are today's caps in nano-USD; a budget can
    be over its cap only if a provider charged more than was held, or if the cap was lowered.

    Args:
        calls: as their rows are, without their corrections.
    """
    spent, journals = _Spent(budgets), _Journals(journalled)
    in_attempts: list[Difference] = []
    for call in calls:
        spent.add_call(call)
        in_attempts += _in_attempts(call)
        journals.compare(call)
    for correction in corrections:
        spent.add_correction(correction)
    return [
        *spent.differences(),
        *_in_leases(budgets, leases),
        *_over_limits(budgets, limits or {}),
        *in_attempts,
        *journals.found,
    ]


class _Spent:
    """Adds up what each budget should say, call by call."""

    def __init__(self, budgets: Sequence[BudgetState]) -> None:
        self._budgets = budgets
        self._summed = [0] * len(budgets)
        self._periods = _by_scope(budgets)

    def add_call(self, call: Call) -> None:
        scopes = scopes_of(call)
        for attempt in call.attempts:
            self._charge(scopes, attempt.reserved_ms, attempt.cost_nanousd)

    def add_correction(self, correction: Correction) -> None:
        self._charge(corrected_scopes(correction), correction.booked_ms, correction.cost_nanousd)

    def differences(self) -> Iterator[Difference]:
        for budget, summed in zip(self._budgets, self._summed, strict=True):
            if summed != budget.spent_nanousd:
                yield Difference(
                    "budget_spent",
                    _name(budget.scope, budget.period.kind),
                    f"its budget says {_usd(budget.spent_nanousd)} are spent, its calls add up to {_usd(summed)}",
                )

    def _charge(self, scopes: Iterable[Scope], at_ms: int, cost: int) -> None:
        if cost:
            for scope in scopes:
                periods = self._periods.get(scope)
                if periods is not None:
                    for place in periods.at(at_ms):
                        self._summed[place] += cost


class _Periods:
    """One scope's budget periods, which may overlap: the places of those that hold a moment."""

    def __init__(self, periods: Iterable[tuple[int, Period]]) -> None:
        waiting = sorted(periods, key=lambda each: each[1].start_ms, reverse=True)
        self._edges = sorted({edge for _, period in waiting for edge in (period.start_ms, period.end_ms)})
        self._places: list[tuple[int, ...]] = []
        running: list[tuple[int, Period]] = []
        for edge in self._edges:
            running = [each for each in running if each[1].end_ms > edge]
            while waiting and waiting[-1][1].start_ms == edge:
                running.append(waiting.pop())
            self._places.append(tuple(place for place, _ in running))

    def at(self, at_ms: int) -> tuple[int, ...]:
        before = bisect_right(self._edges, at_ms) - 1
        return self._places[before] if before >= 0 else ()


def _by_scope(budgets: Sequence[BudgetState]) -> dict[Scope, _Periods]:
    found: defaultdict[Scope, list[tuple[int, Period]]] = defaultdict(list)
    for place, budget in enumerate(budgets):
        found[budget.scope.kind, budget.scope.name].append((place, budget.period))
    return {scope: _Periods(periods) for scope, periods in found.items()}


def _in_leases(budgets: Sequence[BudgetState], leases: Sequence[tuple[str, SliceHeld]]) -> Iterator[Difference]:
    out: defaultdict[object, int] = defaultdict(int)
    for _, held in leases:
        out[held.scope, held.period] += held.nanousd
    for budget in budgets:
        slices = out[budget.scope, budget.period]
        if slices != budget.leased_nanousd:
            yield Difference(
                "budget_leased",
                _name(budget.scope, budget.period.kind),
                f"its budget says {_usd(budget.leased_nanousd)} are leased, its slices add up to {_usd(slices)}",
            )


def _over_limits(
    budgets: Sequence[BudgetState], limits: Mapping[tuple[BudgetScope, PeriodKind], int]
) -> Iterator[Difference]:
    for budget in budgets:
        limit = limits.get((budget.scope, budget.period.kind))
        used = budget.spent_nanousd + budget.leased_nanousd
        if limit is not None and used > limit:
            yield Difference(
                "over_limit",
                _name(budget.scope, budget.period.kind),
                f"{_usd(used)} are spent or leased, of a limit of {_usd(limit)}",
            )


def _in_attempts(call: Call) -> Iterator[Difference]:
    if call.outcome is Outcome.RUNNING:
        yield Difference("attempt", call.id, "the call is in the ledger and still running")
    for attempt in call.attempts:
        problem = _problem(attempt)
        if problem is not None:
            yield Difference("attempt", attempt.id, problem)


def _problem(attempt: Attempt) -> str | None:
    cost, held = attempt.cost_nanousd, attempt.held_nanousd
    if attempt.state in OPEN:
        return f"the attempt is in the ledger and still {attempt.state}"
    if attempt.state is AttemptState.VOID and cost:
        return f"void attempts cost nothing, and this one {_usd(cost)}"
    if attempt.state is AttemptState.UNKNOWN and cost != held:
        return f"unknown attempts cost what was held, {_usd(held)}, and this one {_usd(cost)}"
    if attempt.state is AttemptState.UNKNOWN and not attempt.estimated:
        return "unknown attempts are estimated, and this one says it is exact"
    return None


class _Journals:
    """Compares the calls that a journal still holds with those in the ledger, when they come by."""

    def __init__(self, journalled: Iterable[Call]) -> None:
        self.found: list[Difference] = []
        self._calls: defaultdict[str, list[Call]] = defaultdict(list)
        for call in journalled:
            self._calls[call.id].append(call)

    def compare(self, known: Call) -> None:
        for call in self._calls.pop(known.id, ()):
            if call.outcome is not Outcome.UNKNOWN:  # its end stood in a segment that was deleted because it was posted
                self.found += _in_journal(call, known)


def _in_journal(call: Call, known: Call) -> Iterator[Difference]:
    in_ledger = {attempt.id: attempt for attempt in known.attempts}
    for attempt in call.attempts:
        found = in_ledger.get(attempt.id)
        if found is None:
            yield Difference("journal", attempt.id, f"the journal has it, the ledger has only its call {call.id}")
        elif attempt.state in CLOSED and (found.state, found.cost_nanousd) != (attempt.state, attempt.cost_nanousd):
            yield Difference(
                "journal",
                attempt.id,
                f"the journal says {attempt.state} at {_usd(attempt.cost_nanousd)}, "
                f"the ledger {found.state} at {_usd(found.cost_nanousd)}",
            )


def _name(scope: BudgetScope, kind: PeriodKind) -> str:
    return f"{scope} ({kind})"


def _usd(nano: int) -> str:
    return f"{usd_from_nano(nano)} USD"
