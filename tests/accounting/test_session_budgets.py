"""A session token's budget: one window instead of the calendar, and exact on many processes."""

import asyncio
import random
from datetime import UTC

import pytest

from accounting_desk import UnreliableLedger
from tollhouse.accounting.slices import Path, Reservation, Slices
from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.domain.errors import BudgetExceeded
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.testing.clock import MONDAY_NOON_MS as NOON

TEN_CENTS = 100_000_000
WINDOW = Period(PeriodKind.TOTAL, NOON, NOON + 300_000)
SCOPE = BudgetScope("session", "ses_1")
PATH: Path = (
    (BudgetScope("key", "web"), Budget(10**12, PeriodKind.MONTH)),
    (SCOPE, Budget(TEN_CENTS, PeriodKind.TOTAL, window=WINDOW)),
)


def a_call(number: int, cost: int) -> Call:
    attempt = Attempt(
        id=f"att_{number}", deployment="d", provider="p", reserved_ms=NOON, held_nanousd=cost, cost_nanousd=cost
    )
    attempt.state = AttemptState.SETTLED
    return Call(
        id=f"call_{number}",
        at_ms=NOON,
        endpoint="chat.completions",
        team="claims",
        use_case="chat",
        key="web",
        model="fast",
        session="ses_1",
        attempts=[attempt],
    )


async def test_ten_cents_are_never_more_on_three_processes() -> None:
    ledger = UnreliableLedger()
    processes = [Slices(ledger, f"proc_{number}", UTC) for number in range(3)]
    chance, spent = random.Random(7), []

    async def one(number: int) -> None:
        slices, held = processes[number % 3], chance.randrange(1, 4_000_000)
        try:
            reservation: Reservation = await slices.reserve(PATH, held, NOON)
        except BudgetExceeded:
            return
        await asyncio.sleep(0)
        cost = chance.randrange(held + 1)
        slices.settle(reservation, cost)
        call = a_call(number, cost)
        await ledger.post(f"proc_{number % 3}", [call])
        slices.posted([(call, [(reservation, cost)])])
        spent.append(cost)

    for batch in range(30):
        await asyncio.gather(*(one(batch * 30 + number) for number in range(30)))

    session = next(state for state in await ledger.budgets() if state.scope == SCOPE)
    assert session.spent_nanousd == sum(spent) <= TEN_CENTS
    assert sum(spent) > TEN_CENTS * 9 // 10
    assert session.period == WINDOW


@pytest.mark.parametrize("at_ms", [WINDOW.start_ms - 1, WINDOW.end_ms])
async def test_outside_its_window_a_session_spends_nothing(at_ms: int) -> None:
    slices = Slices(UnreliableLedger(), "proc_1", UTC)

    with pytest.raises(BudgetExceeded, match="time of the budget of session ses_1 is over"):
        await slices.reserve(PATH, 1, at_ms)

    assert slices.held_nanousd == 0


async def test_a_refusal_does_not_promise_that_a_session_starts_afresh() -> None:
    slices = Slices(UnreliableLedger(), "proc_1", UTC)

    with pytest.raises(BudgetExceeded, match=r"session ses_1 .* does not start afresh"):
        await slices.reserve(PATH, TEN_CENTS + 1, NOON)
