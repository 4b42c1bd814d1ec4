"""The books against themselves."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounting_desk import UnreliableLedger, accounting, open_attempt, path, whole_call
from tollhouse.accounting.reconcile import Difference, differences
from tollhouse.accounting.records import read_journal
from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import BudgetState


async def books_with_calls(ledger: UnreliableLedger, folder: Path) -> list[Call]:
    """Two calls in the ledger, one answered and one unknown; their journal as it was before it was deleted."""
    books = accounting(ledger, folder)
    await books.start()
    await whole_call(books, path(10**9, 10**9))
    call, attempt = await open_attempt(books, path(10**9, 10**9))
    call.unknown(attempt, error="upstream_timeout", latency_ms=1)
    call.end(status=504, outcome=Outcome.ERROR)
    journalled = read_journal(folder / "proc_1")
    await books.close()
    return journalled


async def found(ledger: UnreliableLedger, journalled: list[Call] | None = None, limit: int = 10**9) -> list[Difference]:
    return differences(
        calls=ledger.books.calls.values(),
        budgets=await ledger.budgets(),
        leases=await ledger.leases(),
        journalled=journalled or [],
        limits={(BudgetScope("team", "claims"), PeriodKind.MONTH): limit},
    )


async def test_books_that_are_right_show_no_difference(tmp_path: Path) -> None:
    ledger = UnreliableLedger()

    journalled = await books_with_calls(ledger, tmp_path)

    assert len(journalled) == 2
    assert await found(ledger, journalled) == []


async def test_a_call_that_only_the_journal_has_is_on_its_way(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    journalled = await books_with_calls(ledger, tmp_path)

    ledger.books.calls.clear()
    ledger.books.budgets.clear()

    assert await found(ledger, journalled) == []


async def test_a_budget_that_is_not_the_sum_of_its_calls_is_named(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await books_with_calls(ledger, tmp_path)

    for (scope, _), figures in ledger.books.budgets.items():
        figures.spent += scope.kind == "team"

    (difference,) = await found(ledger)
    assert (difference.kind, difference.subject) == ("budget_spent", "team claims (month)")
    assert "0.000130001 USD" in difference.message
    assert "0.00013 USD" in difference.message


async def test_a_budget_beyond_its_limit_is_named(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await books_with_calls(ledger, tmp_path)

    assert [(d.kind, d.subject) for d in await found(ledger, limit=129_999)] == [("over_limit", "team claims (month)")]
    assert await found(ledger, limit=130_000) == []


async def test_slices_that_do_not_add_up_to_what_is_leased_are_named(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await books_with_calls(ledger, tmp_path)
    leases = await ledger.leases()
    budgets = await ledger.budgets()

    lost = differences(
        calls=ledger.books.calls.values(),
        budgets=[type(b)(b.scope, b.period, b.spent_nanousd, 5) for b in budgets],
        leases=leases,
    )

    assert [d.kind for d in lost] == ["budget_leased", "budget_leased"]


@pytest.mark.parametrize(
    ("state", "cost", "estimated"),
    [
        (AttemptState.SENT, 30_000, True),
        (AttemptState.VOID, 30_000, False),
        (AttemptState.UNKNOWN, 30_000, True),
        (AttemptState.UNKNOWN, 100_000, False),
    ],
)
async def test_an_attempt_that_cannot_be_is_named(
    tmp_path: Path, state: AttemptState, cost: int, estimated: bool
) -> None:
    ledger = UnreliableLedger()
    await books_with_calls(ledger, tmp_path)
    settled = next(c for c in ledger.books.calls.values() if c.outcome is Outcome.OK).attempts[0]

    settled.state, settled.cost_nanousd, settled.estimated = state, cost, estimated

    named = [d for d in await found(ledger) if d.kind == "attempt"]
    assert [d.subject for d in named] == [settled.id]


async def test_a_cost_that_the_journal_knows_otherwise_is_named(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    journalled = await books_with_calls(ledger, tmp_path)
    journalled[0].attempts[0].cost_nanousd += 1
    journalled[1].attempts[0].id = "att_other"

    named = await found(ledger, journalled)

    assert [(d.kind, d.subject) for d in named] == [
        ("journal", journalled[0].attempts[0].id),
        ("journal", "att_other"),
    ]


async def test_a_correction_belongs_to_what_its_budgets_have_spent(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await books_with_calls(ledger, tmp_path)
    call = next(iter(ledger.books.calls.values()))
    correction = Correction(
        id="cor_1",
        at_ms=1,
        booked_ms=call.attempts[0].reserved_ms,
        provider="openai",
        deployment="openai/gpt-5-mini",
        source="csv",
        line="request",
        author="cli",
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        cost_nanousd=-7,
    )
    for figures in ledger.books.budgets.values():
        figures.spent -= 7

    right = differences(
        calls=ledger.books.calls.values(),
        budgets=await ledger.budgets(),
        leases=await ledger.leases(),
        corrections=[correction],
    )

    assert right == []
    assert {each.kind for each in await found(ledger)} == {"budget_spent"}


def test_calls_go_by_and_are_not_kept() -> None:
    def calls(count: int) -> Iterator[Call]:
        for number in range(count):
            yield Call(
                id=f"call_{number}",
                at_ms=number,
                endpoint="chat.completions",
                team="t",
                use_case="u",
                key="k",
                model="m",
                outcome=Outcome.OK,
            )

    def peak_bytes(count: int) -> int:
        tracemalloc.start()
        assert differences(calls=calls(count), budgets=[], leases=[]) == []
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_bytes(5_000) < peak_bytes(50) + 20_000


def test_periods_that_overlap_are_each_summed_by_themselves() -> None:
    scope = BudgetScope("team", "claims")
    periods = [Period(PeriodKind.DAY, 0, 10), Period(PeriodKind.DAY, 5, 15), Period(PeriodKind.TOTAL, 0, 2**53)]
    call = Call(id="c", at_ms=0, endpoint="e", team="claims", use_case="u", key="k", model="m", outcome=Outcome.OK)
    call.attempts = [
        Attempt(
            id=f"a{at_ms}",
            deployment="p/m",
            provider="p",
            reserved_ms=at_ms,
            held_nanousd=0,
            state=AttemptState.SETTLED,
            cost_nanousd=10**place,
        )
        for place, at_ms in enumerate((-1, 0, 4, 5, 9, 10, 14, 15))
    ]

    budgets = [
        BudgetState(scope, period, spent, 0)
        for period, spent in zip(periods, (11_110, 1_111_000, 11_111_110), strict=True)
    ]

    assert differences(calls=[call], budgets=budgets, leases=[]) == []
