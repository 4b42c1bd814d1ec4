"""What every store computes the same way: how much of a budget to lease, and which budgets a batch of calls is charged to. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from tollhouse.domain.calls import Call, scopes_of
from tollhouse.domain.corrections import Correction
from tollhouse.domain.corrections import scopes_of as corrected_scopes
from tollhouse.domain.errors import BudgetExceeded
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import SliceAsk, slice_nanousd

Scope = tuple[str, str]
"""`(kind, name)` of a budget's scope: a batch of calls asks for it thousands of times, and a tuple is its own key."""
Charge = tuple[int, int]
"""`(reserved_ms, cost_nanousd)` of one attempt."""

ORGANISATION: Scope = ("organisation", "")


def granted_nanousd(ask: SliceAsk, *, spent_nanousd: int, leased_nanousd: int) -> int:
    """Return the slice that this ask gets from a budget in that state. Raises BudgetExceeded if it cannot be had."""
    rest = ask.limit_nanousd - spent_nanousd - leased_nanousd
    amount = slice_nanousd(rest, ask)
    if amount > rest:
        raise BudgetExceeded(_too_little(ask, spent_nanousd, leased_nanousd), budget=str(ask.scope))
    return amount


def charges_by_scope(calls: Iterable[Call]) -> dict[Scope, list[Charge]]:
    """Return what each scope of these calls is charged, attempt by attempt; attempts that cost nothing are left out."""
    charges: defaultdict[Scope, list[Charge]] = defaultdict(list)
    for call in calls:
        scopes = scopes_of(call)
        for attempt in call.attempts:
            if attempt.cost_nanousd:
                charge = (attempt.reserved_ms, attempt.cost_nanousd)
                for scope in scopes:
                    charges[scope].append(charge)
    return charges


def charges_of_corrections(corrections: Iterable[Correction]) -> dict[Scope, list[Charge]]:
    """As `charges_by_scope`: a correction is charged to the periods that hold its `booked_ms`, and may be negative."""
    charges: defaultdict[Scope, list[Charge]] = defaultdict(list)
    for correction in corrections:
        if correction.cost_nanousd:
            for scope in corrected_scopes(correction):
                charges[scope].append((correction.booked_ms, correction.cost_nanousd))
    return charges


def charged_nanousd(charges: Iterable[Charge], period: Period) -> int:
    """Return how much of these charges falls into the period: an attempt belongs to the period it was reserved in."""
    start_ms, end_ms = period.start_ms, period.end_ms
    return sum([cost for at_ms, cost in charges if start_ms <= at_ms < end_ms])


def _too_little(ask: SliceAsk, spent_nanousd: int, leased_nanousd: int) -> str:
    return (
        f"The {_per(ask.period.kind)} budget of {ask.scope} has too little left for this call's worst case of "
        f"{usd_from_nano(ask.least_nanousd)} USD: {usd_from_nano(spent_nanousd)} USD are spent and "
        f"{usd_from_nano(leased_nanousd)} USD are held of its limit of {usd_from_nano(ask.limit_nanousd)} USD. "
        f"{_until(ask.period)}"
    )


def _per(kind: PeriodKind) -> str:
    return {"day": "daily", "week": "weekly", "month": "monthly", "total": "total"}[kind.value]


def _until(period: Period) -> str:
    if period.kind is PeriodKind.TOTAL:
        return "It does not start afresh."
    return f"It starts afresh at {datetime.fromtimestamp(period.end_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}."
