"""
Rows of budgets and of slices, inside a transaction: lock them, create them, lease from them, settle to them.

Whoever changes a budget or a slice of it holds the budget's row: on SQLite the whole database (BEGIN IMMEDIATE), on
PostgreSQL by SELECT … FOR UPDATE in one order, so that nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select, tuple_, update
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.errors import BudgetExceeded
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import SliceAsk, SliceHeld

from ..budgets import ORGANISATION, Charge, Scope, charged_nanousd, granted_nanousd
from .engine import Database
from .schema import attempts, budget_periods, calls, corrections, leases

POSTING_LOCK = 0x746F6C6C01
"""PostgreSQL's advisory lock between posting (shared) and what must see all posts (exclusive): a new row, a replay."""

Budget = tuple[BudgetScope, Period]
Charges = Mapping[Scope, Sequence[Charge]]


@dataclass(slots=True)
class Figures:
    """A budget's row, locked. `held` is what one process has leased of it."""

    id: int
    scope: BudgetScope
    period: Period
    spent: int
    leased: int
    held: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a budget gains in spent, and what of the process's slice ends."""

    figures: Figures
    spent: int
    returned: int


def lock_asked(connection: Connection, process: str, wanted: Sequence[Budget]) -> list[Figures]:
    """Lock the rows of exactly these budgets; a row that is not there is left out."""
    places = [(s.kind, s.name, p.kind.value, p.start_ms, p.end_ms) for s, p in wanted]
    earliest = min(period.end_ms for _, period in wanted)
    return _lock(connection, process, ASKED, {"places": places, "earliest_end_ms": earliest})


def lock_charged(connection: Connection, process: str, charges: Charges, *, leased_too: bool = False) -> list[Figures]:
    """Lock the rows of these scopes whose period may hold one of the charges; `leased_too`: and those the process leases from."""
    moments = [at_ms for at_ms, _ in charges.get(ORGANISATION, ())]
    bounds = {"first_ms": min(moments, default=0), "last_ms": max(moments, default=0)}
    question = _CHARGED_OR_LEASED if leased_too else CHARGED
    return _lock(connection, process, question, {"scopes": list(charges), "process": process, **bounds})


def lease(database: Database, connection: Connection, process: str, asks: Sequence[SliceAsk]) -> list[SliceHeld] | None:
    """Lease all or nothing. Return None if a budget has no row yet. Raises BudgetExceeded."""
    found = lock_asked(connection, process, [(ask.scope, ask.period) for ask in asks])
    budgets = {(figures.scope, figures.period): figures for figures in found}
    if any((ask.scope, ask.period) not in budgets for ask in asks):
        return None
    held = []
    for ask in asks:
        figures = budgets[ask.scope, ask.period]
        amount = granted_nanousd(ask, spent_nanousd=figures.spent, leased_nanousd=figures.leased)
        _take(connection, figures, ask, amount)
        held.append(SliceHeld(ask.scope, ask.period, amount))
    _hold(database, connection, process, [(budgets[h.scope, h.period].id, h.nanousd) for h in held])
    return held


def settle(connection: Connection, process: str, changes: Sequence[Change]) -> None:
    """Write what budgets gain in spent, and let the process's slices end by as much as is returned."""
    gained = [
        {"b_id": c.figures.id, "b_spent": c.spent, "b_returned": c.returned} for c in changes if c.spent or c.returned
    ]
    if gained:
        connection.execute(_GAIN, gained)
    ended = [{"b_id": c.figures.id, "b_process": process, "b_returned": c.returned} for c in changes if c.returned]
    if ended:
        connection.execute(_END, ended)


def charged(found: Iterable[Figures], charges: Charges) -> list[tuple[Figures, int]]:
    """Return each budget with what it is charged."""
    return [(f, charged_nanousd(charges.get((f.scope.kind, f.scope.name), ()), f.period)) for f in found]


def create(database: Database, connection: Connection, wanted: Sequence[Budget]) -> None:
    """Create the rows that are not there; each starts as the sum of what its scope has spent in its period."""
    hold_posts(connection, exclusively=True)
    for scope, period in wanted:
        row = {
            "scope_kind": scope.kind,
            "scope_name": scope.name,
            "period_kind": period.kind.value,
            "start_ms": period.start_ms,
            "end_ms": period.end_ms,
            "spent_nanousd": _spent_before(scope, period) + _corrected_before(scope, period),
            "leased_nanousd": 0,
        }
        connection.execute(database.insert(budget_periods).values(row).on_conflict_do_nothing())


def spent(connection: Connection, wanted: Sequence[Budget]) -> list[int]:
    """Return what each scope has spent in its period, summed afresh as a new row would begin."""
    sums = (select(_spent_before(scope, period) + _corrected_before(scope, period)) for scope, period in wanted)
    return [int(connection.scalar(question) or 0) for question in sums]


def hold_posts(connection: Connection, *, exclusively: bool) -> None:
    """Until the transaction ends, keep those out who must see all posts, or all posts out. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if exclusively else func.pg_advisory_xact_lock_shared
        connection.execute(select(lock(POSTING_LOCK)))


def scope_of(row: RowMapping) -> BudgetScope:
    return BudgetScope(row["scope_kind"], row["scope_name"])


def period_of(row: RowMapping) -> Period:
    return Period(PeriodKind(row["period_kind"]), row["start_ms"], row["end_ms"])


# Posting runs a few times a second for ever, so its statements are built once.
_b = budget_periods.c
_LOCK = select(budget_periods).order_by(_b.end_ms, _b.id).with_for_update()
# SQLite finds no index for pairs and longer rows of values, so the end of the period narrows them down first.
ASKED = _LOCK.where(
    _b.end_ms >= bindparam("earliest_end_ms"),
    tuple_(_b.scope_kind, _b.scope_name, _b.period_kind, _b.start_ms, _b.end_ms).in_(
        bindparam("places", expanding=True)
    ),
)
_may_be_charged = and_(
    tuple_(_b.scope_kind, _b.scope_name).in_(bindparam("scopes", expanding=True)),
    _b.start_ms <= bindparam("last_ms"),
    _b.end_ms > bindparam("first_ms"),
)
_is_leased = _b.id.in_(select(leases.c.budget_id).where(leases.c.process == bindparam("process")))
CHARGED = _LOCK.where(_may_be_charged)
_CHARGED_OR_LEASED = _LOCK.where(or_(_may_be_charged, _is_leased))
_HELD = select(leases.c.budget_id, leases.c.nanousd).where(
    leases.c.process == bindparam("process"), leases.c.budget_id.in_(bindparam("budgets", expanding=True))
)
_GAIN = (
    update(budget_periods)
    .where(_b.id == bindparam("b_id"))
    .values(
        spent_nanousd=_b.spent_nanousd + bindparam("b_spent"),
        leased_nanousd=_b.leased_nanousd - bindparam("b_returned"),
    )
)
_END = (
    update(leases)
    .where(leases.c.process == bindparam("b_process"), leases.c.budget_id == bindparam("b_id"))
    .values(nanousd=leases.c.nanousd - bindparam("b_returned"))
)
_TAKE = (
    update(budget_periods)
    .where(
        _b.id == bindparam("b_id"), _b.spent_nanousd + _b.leased_nanousd + bindparam("b_taken") <= bindparam("b_limit")
    )
    .values(leased_nanousd=_b.leased_nanousd + bindparam("b_taken"))
)


def _lock(
    connection: Connection, process: str, question: Select[tuple[object, ...]], parameters: Mapping[str, object]
) -> list[Figures]:
    """Lock rows and return them with what the process holds of them, which nobody else changes while they are locked."""
    found = {row["id"]: _figures(row) for row in connection.execute(question, parameters).mappings()}
    if found:
        held = connection.execute(_HELD, {"process": process, "budgets": list(found)})
        for budget_id, nanousd in held:
            found[budget_id].held = nanousd
    return list(found.values())


def _figures(row: RowMapping) -> Figures:
    return Figures(row["id"], scope_of(row), period_of(row), row["spent_nanousd"], row["leased_nanousd"])


def _take(connection: Connection, figures: Figures, ask: SliceAsk, amount: int) -> None:
    """Lease from the row, which is locked; that the database checks the limit once more guards against our own faults."""
    taken = connection.execute(_TAKE, {"b_id": figures.id, "b_taken": amount, "b_limit": ask.limit_nanousd})
    if taken.rowcount != 1:
        raise BudgetExceeded(budget=str(ask.scope))
    figures.leased += amount


def _hold(database: Database, connection: Connection, process: str, amounts: Sequence[tuple[int, int]]) -> None:
    statement = database.insert(leases)
    statement = statement.on_conflict_do_update(
        index_elements=[leases.c.process, leases.c.budget_id],
        set_={"nanousd": leases.c.nanousd + statement.excluded.nanousd},
    )
    rows = [{"process": process, "budget_id": budget_id, "nanousd": nanousd} for budget_id, nanousd in amounts]
    connection.execute(statement, rows)


def _spent_before(scope: BudgetScope, period: Period) -> ColumnElement[int]:
    """A session token comes with its budget, so it has spent nothing before this row, which is made for its first call."""
    if scope.kind == "session":
        return literal(0)
    columns = {"team": calls.c.team, "use_case": calls.c.use_case, "key": calls.c.key}
    question = select(func.coalesce(func.sum(attempts.c.cost_nanousd), 0)).where(
        attempts.c.reserved_ms >= period.start_ms, attempts.c.reserved_ms < period.end_ms
    )
    if scope.kind != "organisation":
        question = question.join_from(attempts, calls, attempts.c.call_id == calls.c.id).where(
            columns[scope.kind] == scope.name
        )
    return question.scalar_subquery()


def _corrected_before(scope: BudgetScope, period: Period) -> ColumnElement[int]:
    c = corrections.c
    columns = {"team": c.team, "use_case": c.use_case, "key": c.key, "session": c.session}
    question = select(func.coalesce(func.sum(c.cost_nanousd), 0)).where(
        c.booked_ms >= period.start_ms, c.booked_ms < period.end_ms
    )
    if scope.kind != "organisation":
        question = question.where(columns[scope.kind] == scope.name)
    return question.scalar_subquery()
