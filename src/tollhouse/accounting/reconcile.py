"""
The books against themselves, for `doctor`: every figure that is kept twice must be the same twice. Pure.

    calls and their attempts   what the ledger has, row by row
    budgets                    what the ledger has summed up
    leases                     what processes hold of these budgets
    journalled                 what the journals on this machine still hold
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome, scopes_of
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import PeriodKind
from tollhouse.ports.ledger import BudgetState, SliceHeld

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
) -> list[Difference]:
    """
    Return every difference; none if the books are right.

    A call that only the journal has is not one: it is on its way. `limits` are today's caps in nano-USD; a budget can
    be over its cap only if a provider charged more than was held, or if the cap was lowered.
    """
    posted = list(calls)
    return [
        *_in_budgets(posted, budgets),
        *_in_leases(budgets, leases),
        *_over_limits(budgets, limits or {}),
        *_in_attempts(posted),
        *_in_journals(posted, journalled),
    ]


def _in_budgets(calls: Sequence[Call], budgets: Sequence[BudgetState]) -> Iterator[Difference]:
    charges = _charges(calls)
    for budget in budgets:
        period = budget.period
        summed = sum(cost for at_ms, cost in charges[budget.scope] if period.start_ms <= at_ms < period.end_ms)
        if summed != budget.spent_nanousd:
            yield Difference(
                "budget_spent",
                _name(budget.scope, period.kind),
                f"its budget says {_usd(budget.spent_nanousd)} are spent, its calls add up to {_usd(summed)}",
            )


def _charges(calls: Sequence[Call]) -> Mapping[BudgetScope, list[tuple[int, int]]]:
    charges: defaultdict[BudgetScope, list[tuple[int, int]]] = defaultdict(list)
    for call in calls:
        scopes = [BudgetScope(kind, name) for kind, name in scopes_of(call)]
        for attempt in call.attempts:
            for scope in scopes:
                charges[scope].append((attempt.reserved_ms, attempt.cost_nanousd))
    return charges


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


def _in_attempts(calls: Sequence[Call]) -> Iterator[Difference]:
    for call in calls:
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


def _in_journals(calls: Sequence[Call], journalled: Iterable[Call]) -> Iterator[Difference]:
    posted = {call.id: call for call in calls}
    for call in journalled:
        known = posted.get(call.id)
        if known is None or call.outcome is Outcome.UNKNOWN:
            continue  # on its way to the ledger, or its end stood in a segment that was deleted because it was posted
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
