"""What every store of budget warnings does."""

from dataclasses import replace

from ledger_words import CLAIMS, DAY_MS, FIRST_OF_OCTOBER, FOREVER, NOON_MS, OCTOBER, TRIAGE
from tollhouse.ports.budget_warnings import BudgetWarning
from tollhouse.stores import Stores

HALF = BudgetWarning(CLAIMS, OCTOBER, 500_000, limit_nanousd=100, spent_nanousd=50, at_ms=NOON_MS)
OF_TODAY = replace(HALF, scope=TRIAGE, period=FIRST_OF_OCTOBER, at_ms=NOON_MS + 1)
OF_EVER = replace(HALF, scope=TRIAGE, period=FOREVER, at_ms=NOON_MS + 2)


async def test_a_threshold_is_claimed_once_a_period(stores: Stores) -> None:
    first = await stores.budget_warnings.claim([HALF, OF_TODAY])
    second = await stores.budget_warnings.claim([replace(HALF, spent_nanousd=60), OF_EVER])

    assert (first, second) == ([HALF, OF_TODAY], [OF_EVER])


async def test_warnings_are_found_by_when_they_were_told(stores: Stores) -> None:
    await stores.budget_warnings.claim([HALF, OF_TODAY, OF_EVER])

    assert await stores.budget_warnings.since(NOON_MS + 1) == [OF_EVER, OF_TODAY]


async def test_current_warnings_are_those_of_periods_that_have_not_ended(stores: Stores) -> None:
    await stores.budget_warnings.claim([HALF, OF_TODAY, OF_EVER])

    today = await stores.budget_warnings.current(NOON_MS)
    tomorrow = await stores.budget_warnings.current(NOON_MS + DAY_MS)
    before_it_began = await stores.budget_warnings.current(OCTOBER.start_ms - 1)

    assert {each.scope.kind + each.period.kind for each in today} == {"teammonth", "use_caseday", "use_casetotal"}
    assert {each.period.kind.value for each in tomorrow} == {"month", "total"}
    assert before_it_began == [OF_EVER]
