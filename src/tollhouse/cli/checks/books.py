"""
Group reconcile: the ledger against itself and against this machine's journals.

Beside a live server rows come in all the time, so everything is read in one transaction: it sees one state.
"""

from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tollhouse.accounting.reconcile import Difference, differences
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope, Governance, Key
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import FOREVER_MS, PeriodKind
from tollhouse.ports.ledger import BudgetState, SliceHeld
from tollhouse.ports.usage import MAX_PAGE, CallFilter, UsageQueries, UsageRow

from .check import Check, Group, some

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tollhouse.stores.sql.engine import Database
    from tollhouse.stores.sql.transactions import Work

GROUP = Group("reconcile")

READ_LIMIT_S = 900.0
"""A year's calls of a busy house: a call takes about 70 us (100,000 in 6.7 s) and, until all are compared, 2 KB."""
SHOWN = 5
"""Differences told a check; one is as good a reason to look as a hundred."""

FIX = "Nobody may edit the store's rows: restore the last backup, or report this with the ids."

KINDS = {
    "budget_spent": ("budgets", "every budget's spent money is the sum of its attempts"),
    "budget_leased": ("slices", "every budget's leased money is the sum of the slices that processes hold"),
    "attempt": ("attempts", "every attempt is there once, has ended and costs what its state says"),
    "journal": ("journals", "every ended call of a journal is in the ledger as it was written"),
    "sums": ("calls", "the totals of `usage` are the sums of the calls"),
}
"""What each kind of difference is called here, and what holds if there is none."""

T = TypeVar("T")
Limits = Mapping[tuple[BudgetScope, PeriodKind], int]


@dataclass(frozen=True, slots=True)
class Books:
    """One state of the ledger. `orphans`: attempts whose call is not there; `usage`: the total that every screen shows."""

    calls: Sequence[Call]
    budgets: Sequence[BudgetState]
    leases: Sequence[tuple[str, SliceHeld]]
    keys: Sequence[Key]
    orphans: Sequence[str]
    usage: UsageRow


async def examine(database: "Database", journalled: Sequence[Call], governance: Governance, now_ms: int) -> list[Check]:
    try:
        books = await database.read(lambda connection: _read(connection, database), READ_LIMIT_S)
    except StoreUnavailable as error:
        return [GROUP.error("ledger", error.message)]
    return judge(books, journalled, limits(governance, books.keys), now_ms)


def judge(books: Books, journalled: Sequence[Call], caps: Limits, now_ms: int) -> list[Check]:
    found = [
        *differences(calls=books.calls, budgets=books.budgets, leases=books.leases, journalled=journalled),
        *repeated(books.calls),
        *orphaned(books.orphans),
        *in_sums(books.calls, books.usage),
    ]
    counted = {"budgets": len(books.budgets), "slices": len(books.leases), "journals": len(journalled)}
    counted |= {"attempts": sum(len(call.attempts) for call in books.calls), "calls": len(books.calls)}
    checks = [
        _kind(name, f"{holds} ({counted[name]} looked at)", [each for each in found if each.kind == kind])
        for kind, (name, holds) in KINDS.items()
    ]
    others = [each for each in found if each.kind not in KINDS]
    return [*checks, *([_kind("others", "", others)] if others else []), over_limits(books.budgets, caps, now_ms)]


def repeated(calls: Iterable[Call]) -> Iterator[Difference]:
    """One upstream request is one attempt: an id that is there twice was paid for twice."""
    times = Counter(attempt.id for call in calls for attempt in call.attempts)
    for attempt_id, count in times.items():
        if count > 1:
            yield Difference("attempt", attempt_id, f"the attempt is in the ledger {count} times")


def orphaned(attempt_ids: Iterable[str]) -> Iterator[Difference]:
    for attempt_id in attempt_ids:
        yield Difference("attempt", attempt_id, "the attempt's call is not in the ledger")


def in_sums(calls: Iterable[Call], usage: UsageRow) -> Iterator[Difference]:
    """Compare what the database sums with the sums over its rows."""
    added = UsageRow()
    for call in calls:
        added.calls += 1
        added.attempts += len(call.attempts)
        added.tokens_in += call.tokens_in
        added.tokens_out += call.tokens_out
        added.cost_nanousd += call.cost_nanousd
    for name in ("calls", "attempts", "tokens_in", "tokens_out", "cost_nanousd"):
        said, summed = getattr(usage, name), getattr(added, name)
        if said != summed:
            yield Difference("sums", name, f"`usage` says {said}, the calls add up to {summed}")


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


def limits(governance: Governance, stored: Iterable[Key]) -> Limits:
    """Return today's caps in nano-USD."""
    budgets: list[tuple[BudgetScope, Budget | None]] = [
        (BudgetScope("organisation", ""), governance.organisation_budget),
        *((BudgetScope("team", name), team.budget) for name, team in governance.teams.items()),
        *((BudgetScope("use_case", name), use_case.budget) for name, use_case in governance.use_cases.items()),
        *((BudgetScope("key", key.name), key.budget) for key in (*governance.keys, *stored) if not key.revoked_ms),
    ]
    return {(scope, budget.period): budget.limit_nanousd for scope, budget in budgets if budget is not None}


def _kind(name: str, holds: str, found: Sequence[Difference]) -> Check:
    if not found:
        return GROUP.ok(name, holds)
    told = some((f"{each.subject}: {each.message}" for each in found), SHOWN)
    return GROUP.fail(name, f"{len(found)} difference{'' if len(found) == 1 else 's'}: {told}", FIX)


# --- one state ------------------------------------------------------------------------------------------------------


def _read(connection: "Connection", database: "Database") -> Books:
    from tollhouse.stores.sql import stores_on

    stores = stores_on(_one_state(connection, database))
    return Books(
        calls=_at_once(_all_calls(stores.usage)),
        budgets=_at_once(stores.ledger.budgets()),
        leases=_at_once(stores.ledger.leases()),
        keys=_at_once(stores.keys.all()),
        orphans=_orphans(connection),
        usage=_at_once(stores.usage.usage((), CallFilter())).total,
    )


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


async def _all_calls(usage: UsageQueries) -> list[Call]:
    calls: list[Call] = []
    cursor: str | None = None
    while True:
        page = await usage.calls(CallFilter(), limit=MAX_PAGE, cursor=cursor)
        calls += page.items
        cursor = page.next_cursor
        if cursor is None:
            return calls


def _orphans(connection: "Connection") -> list[str]:
    """No question of the stores finds these: they all begin at the call."""
    from sqlalchemy import select

    from tollhouse.stores.sql.schema import attempts, calls

    is_there = select(calls.c.id).where(calls.c.id == attempts.c.call_id).exists()
    return list(connection.scalars(select(attempts.c.id).where(~is_there)))
