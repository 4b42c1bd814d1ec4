"""Warnings before a budget is used up."""

import pytest

from tollhouse.accounting.thresholds import Thresholds, due
from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.budget_warnings import BudgetWarning
from tollhouse.ports.ledger import BudgetState, SliceAsk
from tollhouse.stores import Stores
from tollhouse.testing.clock import MONDAY_NOON_MS, FakeClock

CLAIMS = BudgetScope("team", "claims")
DAY_MS = 86_400_000
TODAY = Period(PeriodKind.DAY, MONDAY_NOON_MS - DAY_MS // 2, MONDAY_NOON_MS + DAY_MS // 2)
HALF_AND_MOST = Budget(1_000, PeriodKind.DAY, warn_at_ppm=(500_000, 800_001))


@pytest.mark.parametrize(
    ("spent", "told"), [(0, []), (499, []), (500, [500_000]), (800, [500_000]), (801, [500_000, 800_001])]
)
def test_a_threshold_is_reached_at_its_exact_amount(spent: int, told: list[int]) -> None:
    state = BudgetState(CLAIMS, TODAY, spent_nanousd=spent, leased_nanousd=200)

    assert [warning.at_ppm for warning in due([state], {CLAIMS: HALF_AND_MOST}, 7)] == told


def test_a_period_of_another_kind_is_not_this_budget() -> None:
    state = BudgetState(CLAIMS, Period(PeriodKind.MONTH, 0, 2**50), spent_nanousd=1_000, leased_nanousd=0)

    assert list(due([state], {CLAIMS: HALF_AND_MOST}, 7)) == []


async def test_each_threshold_is_told_once_per_period_by_one_process(stores: Stores) -> None:
    clock, told = FakeClock(now_ms=MONDAY_NOON_MS), list[BudgetWarning]()
    looks = [Thresholds(stores.ledger, stores.budget_warnings, clock, told.append) for _ in range(2)]
    await lease(stores, TODAY)

    for spent_before in (600, 0):
        await spend(stores, spent_before or 300, clock.now_ms())
        for look in (*looks, *looks):
            await look.look({CLAIMS: HALF_AND_MOST})

    assert [(w.at_ppm, w.spent_nanousd) for w in told] == [(500_000, 600), (800_001, 900)]
    assert [w.at_ppm for w in await stores.budget_warnings.since(0)] == [800_001, 500_000]

    clock.advance(DAY_MS)
    await lease(stores, Period(PeriodKind.DAY, TODAY.end_ms, TODAY.end_ms + DAY_MS))
    await spend(stores, 500, clock.now_ms())
    await looks[0].look({CLAIMS: HALF_AND_MOST})

    assert [(w.at_ppm, w.spent_nanousd) for w in told[2:]] == [(500_000, 500)]


async def lease(stores: Stores, period: Period) -> None:
    await stores.ledger.lease("p1", [SliceAsk(CLAIMS, period, 1_000, 1, 1)])


async def spend(stores: Stores, nanousd: int, at_ms: int) -> None:
    attempt = Attempt(
        id=f"att_{at_ms}_{nanousd}",
        deployment="d/m",
        provider="d",
        reserved_ms=at_ms,
        held_nanousd=nanousd,
        state=AttemptState.SETTLED,
        cost_nanousd=nanousd,
    )
    call = Call(
        id=f"call_{at_ms}_{nanousd}",
        at_ms=at_ms,
        endpoint="chat.completions",
        team="claims",
        use_case="triage",
        key="ci",
        model="fast",
        attempts=[attempt],
    )
    await stores.ledger.post("p1", [call])
