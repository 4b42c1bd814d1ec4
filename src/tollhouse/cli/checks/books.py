"""
Group reconcile: everything that is kept twice must be the same twice.

    attempts, corrections   row by row, against what budgets have spent, and against this machine's journals
    calls as they are shown, `usage`, its rollups and `/metrics`   against the same rows

Beside a live server rows come in all the time, so everything is read in one transaction: it sees one state. Calls are
read page by page and not kept.
"""

from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tollhouse.accounting.reconcile import Difference, differences
from tollhouse.domain.calls import Call
from tollhouse.domain.corrections import Correction
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.governance import BudgetScope, Governance, budgets_of
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import FOREVER_MS, PeriodKind
from tollhouse.ports.ledger import BudgetState
from tollhouse.ports.usage import MAX_PAGE, CallFilter, RollupDifference, UsageQueries, UsageRow

from . import metrics
from .check import Check, Group, some

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from tollhouse.domain.calls import Attempt
    from tollhouse.stores.sql.engine import Database
    from tollhouse.stores.sql.transactions import Work

GROUP = Group("reconcile")

READ_LIMIT_S = 3_600.0
"""A year's calls of a busy house: a call takes about 150 us, so ten million take half an hour."""
PAGE = 1_000
"""Calls, or corrections, in memory at a time."""
NAMED_MAX = 100
"""Attempts that are there twice or alone, of which a few are told and the rest counted."""
SHOWN = 5
"""Differences told a check; one is as good a reason to look as a hundred."""

FIX = "Nobody may edit the store's rows: restore the last backup, or report this with the ids."

KINDS = {
    "budget_spent": ("budgets", "every budget's spent money is the sum of its attempts and corrections"),
    "budget_leased": ("slices", "every budget's leased money is the sum of the slices that processes hold"),
    "attempt": ("attempts", "every attempt is there once, has ended and costs what its state says"),
    "correction": ("corrections", "every correction of an attempt has its attempt"),
    "journal": ("journals", "every ended call of a journal is in the ledger as it was written"),
    "sums": ("calls", "calls as they are shown, and the totals of `usage`, are the sums of the rows"),
    "rollup": ("rollups", "every stored sum of a span of time is the sum of its rows"),
    "metrics": ("metrics", "every series of `/metrics` is the figure of `usage`"),
}
"""What each kind of difference is called here, and what holds if there is none."""

FIGURES = ("calls", "attempts", "tokens_in", "tokens_out", "tokens_cached", "cost_nanousd", "saved_nanousd")

T = TypeVar("T")
Limits = Mapping[tuple[BudgetScope, PeriodKind], int]


@dataclass(slots=True)
class Totals:
    """What rows add up to."""

    calls: int = 0
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0
    saved_nanousd: int = 0

    def add_call(self, call: Call) -> None:
        self.calls += 1
        self.attempts += len(call.attempts)
        self.tokens_in += call.tokens_in
        self.tokens_out += call.tokens_out
        self.tokens_cached += call.tokens_cached
        self.cost_nanousd += call.cost_nanousd
        self.saved_nanousd += call.saved_nanousd

    def add_correction(self, correction: Correction) -> None:
        self.tokens_in += correction.tokens_in
        self.tokens_out += correction.tokens_out
        self.tokens_cached += correction.tokens_cached
        self.cost_nanousd += correction.cost_nanousd


@dataclass(slots=True)
class Rows:
    """The rows that went by: `shown` is what calls add up to with their corrections, `all` with every correction."""

    shown: Totals = field(default_factory=Totals)
    all: Totals = field(default_factory=Totals)
    corrections: int = 0

    def counting(self, calls: Iterable[Call]) -> Iterator[Call]:
        for call in calls:
            self.shown.add_call(call)
            self.all.add_call(call)
            yield call

    def correcting(self, corrections: Iterable[Correction]) -> Iterator[Correction]:
        for correction in corrections:
            self.corrections += 1
            self.all.add_correction(correction)
            if correction.attempt is not None:
                self.shown.add_correction(correction)
            yield correction


@dataclass(frozen=True, slots=True)
class Books:
    """What was found in one state of the ledger. `counted`: how many things each check looked at, by its name."""

    found: Sequence[Difference]
    counted: Mapping[str, int]
    budgets: Sequence[BudgetState]


async def examine(database: "Database", journalled: Sequence[Call], governance: Governance, now_ms: int) -> list[Check]:
    try:
        books = await database.read(lambda connection: _read(connection, database, journalled), READ_LIMIT_S)
    except StoreUnavailable as error:
        return [GROUP.error("ledger", error.message)]
    return judge(books, limits(governance), now_ms)


def judge(books: Books, caps: Limits, now_ms: int) -> list[Check]:
    checks = [
        _kind(name, f"{holds} ({books.counted[name]} looked at)", [each for each in books.found if each.kind == kind])
        for kind, (name, holds) in KINDS.items()
    ]
    others = [each for each in books.found if each.kind not in KINDS]
    return [*checks, *([_kind("others", "", others)] if others else []), over_limits(books.budgets, caps, now_ms)]


def in_sums(what: str, said: Totals | UsageRow, summed: Totals) -> Iterator[Difference]:
    """Compare what a question to the ledger adds up to with the sums over its rows."""
    for name in FIGURES:
        one, other = getattr(said, name), getattr(summed, name)
        if one != other:
            yield Difference("sums", name, f"{what} {one}, the rows add up to {other}")


def _in_rollup(found: RollupDifference) -> Difference:
    span = f"{found.length_ms} ms from {found.start_ms}, {found.group}"
    return Difference("rollup", span, f"{found.figure} is stored as {found.stored}, its rows add up to {found.summed}")


def over_limits(budgets: Iterable[BudgetState], caps: Limits, now_ms: int) -> Check:
    """Look at periods that are not over: an earlier one had an earlier cap. It is no fault of the books, so it warns."""
    over = [
        f"{budget.scope} ({budget.period.kind}): {usd_from_nano(used)} USD spent or leased of {usd_from_nano(cap)} USD"
        for budget in budgets
        if now_ms < min(budget.period.end_ms, FOREVER_MS)
        and (cap := caps.get((budget.scope, budget.period.kind))) is not None
        and (used := budget.spent_nanousd + budget.leased_nanousd) > cap
    ]
    if over:
        fix = "None if the limit was lowered; else a provider charged more than was held: look at its dearest calls."
        return GROUP.warn("limits", some(over, SHOWN), fix)
    return GROUP.ok("limits", "no budget has more spent and leased than its limit of today")


def limits(governance: Governance) -> Limits:
    """Return today's caps in nano-USD."""
    return {(scope, budget.period): budget.limit_nanousd for scope, budget in budgets_of(governance).items()}


def _kind(name: str, holds: str, found: Sequence[Difference]) -> Check:
    if not found:
        return GROUP.ok(name, holds)
    told = some((f"{each.subject}: {each.message}" for each in found), SHOWN)
    return GROUP.fail(name, f"{len(found)} difference{'' if len(found) == 1 else 's'}: {told}", FIX)


# --- one state ------------------------------------------------------------------------------------------------------


def _read(connection: "Connection", database: "Database", journalled: Sequence[Call]) -> Books:
    from tollhouse.stores.sql import stores_on

    stores = stores_on(_one_state(connection, database))
    budgets, leases = _at_once(stores.ledger.budgets()), _at_once(stores.ledger.leases())
    rows = Rows()
    found = [
        *differences(
            calls=rows.counting(_calls(connection)),
            budgets=budgets,
            leases=leases,
            journalled=journalled,
            corrections=rows.correcting(_corrections(connection)),
        ),
        *_alone_or_twice(connection),
        *in_sums("the calls as they are shown add up to", _at_once(_shown(stores.usage)), rows.shown),
        *in_sums("`usage` says", _at_once(stores.usage.usage((), CallFilter())).total, rows.all),
    ]
    in_rollups = _at_once(stores.rollups.check_rollups())
    found += [_in_rollup(each) for each in in_rollups]
    page, report = _at_once(metrics.built(stores.usage)), _at_once(stores.usage.usage(metrics.LABELS, CallFilter()))
    found += metrics.differences(page, report)
    counted = {
        "budgets": len(budgets),
        "slices": len(leases),
        "attempts": rows.all.attempts,
        "corrections": rows.corrections,
        "journals": len(journalled),
        "calls": rows.all.calls,
        "rollups": _count(connection, "rollups"),
        "metrics": len(report.items),
    }
    return Books(found, counted, budgets)


def _one_state(connection: "Connection", database: "Database") -> "Database":
    """Return a database whose every question is asked inside this transaction."""
    from tollhouse.stores.sql.engine import Database
    from tollhouse.stores.sql.transactions import READ_LIMIT_S as LIMIT_S

    class OneState(Database):
        def __init__(self) -> None:
            self.kind, self.where = database.kind, database.where

        async def read(self, work: "Work[T]", limit_s: float = LIMIT_S) -> T:
            return work(connection)

        async def settled(self) -> None:
            """Nothing was left behind here: this database only reads."""

    return OneState()


def _at_once(coroutine: Coroutine[None, None, T]) -> T:
    """Return what a coroutine returns that never waits: inside a transaction there is no event loop to wait in."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a question inside one state waited")


def _count(connection: "Connection", table: str) -> int:
    from sqlalchemy import func, select

    from tollhouse.stores.sql.schema import metadata

    return int(connection.scalar(select(func.count()).select_from(metadata.tables[table])) or 0)


async def _shown(usage: UsageQueries) -> Totals:
    """Add up the calls as every list of them shows them."""
    totals, cursor = Totals(), None
    while True:
        page = await usage.calls(CallFilter(), limit=MAX_PAGE, cursor=cursor)
        for call in page.items:
            totals.add_call(call)
        cursor = page.next_cursor
        if cursor is None:
            return totals


def _calls(connection: "Connection") -> Iterator[Call]:
    """Yield every call as its rows are."""
    from sqlalchemy import select

    from tollhouse.stores.sql import rows
    from tollhouse.stores.sql.schema import attempts, calls

    last = ""
    while True:
        found = connection.execute(select(calls).where(calls.c.id > last).order_by(calls.c.id).limit(PAGE)).mappings()
        page: dict[str, tuple[RowMapping, list[Attempt]]] = {row["id"]: (row, []) for row in found}
        wanted = select(attempts).where(attempts.c.call_id.in_(list(page))).order_by(attempts.c.position)
        for row in connection.execute(wanted).mappings():
            page[row["call_id"]][1].append(rows.attempt_from(row))
        for row, own in page.values():
            yield rows.call_from(row, own)
        if len(page) < PAGE:
            return
        last = next(reversed(page))


def _corrections(connection: "Connection") -> Iterator[Correction]:
    from sqlalchemy import select

    from tollhouse.stores.sql.schema import corrections

    last = ""
    while True:
        question = select(corrections).where(corrections.c.id > last).order_by(corrections.c.id).limit(PAGE)
        page = [Correction(**row) for row in connection.execute(question).mappings()]
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].id


def _alone_or_twice(connection: "Connection") -> Iterator[Difference]:
    """No question of the stores finds these: they all begin at the call. One upstream request is one attempt."""
    from sqlalchemy import func, select

    from tollhouse.stores.sql.schema import attempts, calls, corrections

    a, c = attempts.c, corrections.c
    has_call = select(calls.c.id).where(calls.c.id == a.call_id).exists()
    for attempt_id in connection.scalars(select(a.id).where(~has_call).limit(NAMED_MAX)):
        yield Difference("attempt", attempt_id, "the attempt's call is not in the ledger")
    twice = select(a.id, func.count()).group_by(a.id).having(func.count() > 1).limit(NAMED_MAX)
    for attempt_id, count in connection.execute(twice):
        yield Difference("attempt", attempt_id, f"the attempt is in the ledger {count} times")
    has_attempt = select(a.id).where(a.call_id == c.call, a.id == c.attempt).exists()
    for correction_id in connection.scalars(select(c.id).where(c.attempt.is_not(None), ~has_attempt).limit(NAMED_MAX)):
        yield Difference("correction", correction_id, "the attempt that it corrects is not in the ledger")
