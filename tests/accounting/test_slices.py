"""Slices: leased parts of budgets, and the reservations inside them."""

import asyncio
from datetime import UTC

import pytest

from accounting_desk import UnreliableLedger, a_call, path
from tollhouse.accounting.slices import MOST_CALLS, Path, Reservation, Slices
from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.domain.errors import BudgetExceeded, StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.testing.clock import MONDAY_NOON_MS

NOON = MONDAY_NOON_MS
DAY_MS = 86_400_000


def slices_on(ledger: UnreliableLedger, process: str = "proc_1") -> Slices:
    return Slices(ledger, process, UTC)


def spent_by(cost: int, at_ms: int = NOON) -> Call:
    attempt = Attempt(id="att", deployment="d", provider="p", reserved_ms=at_ms, held_nanousd=cost, cost_nanousd=cost)
    attempt.state = AttemptState.SETTLED
    return a_call(attempts=[attempt])


async def post(
    slices: Slices, ledger: UnreliableLedger, reservation: Reservation, cost: int, at_ms: int = NOON
) -> None:
    call = spent_by(cost, at_ms)
    await ledger.post("proc_1", [call])
    slices.posted([(call, [(reservation, cost)])])


async def leased(ledger: UnreliableLedger) -> dict[str, int]:
    return {f"{process} {held.scope}": held.nanousd for process, held in await ledger.leases()}


async def given_back(slices: Slices, at_ms: int = NOON, *, from_s: float = 0.0) -> None:
    """Let idle slices go back: three ticks, two seconds apart."""
    for tick in range(3):
        await slices.tick(from_s + tick * 2.0, at_ms)


async def test_most_calls_touch_no_database() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)

    for _ in range(MOST_CALLS):
        slices.release(await slices.reserve(path(10**9, 10**9, 10**9, 10**9), 100, NOON))

    assert ledger.leased == 1
    assert set((await leased(ledger)).values()) == {100 * MOST_CALLS}


async def test_a_refusal_names_the_budget_and_holds_nothing() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)

    with pytest.raises(BudgetExceeded) as refused:
        await slices.reserve(path(1_000, 1_000, 99, 1_000), 100, NOON)

    assert refused.value.budget == "use_case triage"
    assert slices.held_nanousd == 0
    assert await leased(ledger) == {}


@pytest.mark.parametrize("processes", [1, 3])
async def test_two_hundred_calls_at_once_on_a_budget_for_fifty_admit_exactly_fifty(processes: int) -> None:
    ledger = UnreliableLedger()
    all_slices = [slices_on(ledger, f"proc_{number}") for number in range(processes)]
    limits = path(10**9, 5_000, 10**9)

    results = await asyncio.gather(
        *(all_slices[number % processes].reserve(limits, 100, NOON) for number in range(200)), return_exceptions=True
    )

    assert sum(isinstance(result, Reservation) for result in results) == 50
    assert sum(isinstance(result, BudgetExceeded) for result in results) == 150


async def test_calls_that_come_at_once_share_one_lease() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)

    await asyncio.gather(*(slices.reserve(path(10**9), 100, NOON) for _ in range(MOST_CALLS)))

    assert ledger.leased == 1


async def test_what_costs_nothing_fits_an_exhausted_budget() -> None:
    slices = slices_on(UnreliableLedger())

    reservation = await slices.reserve(path(0), 0, NOON)

    assert reservation.accounts == ()


async def test_the_last_nano_dollar_of_a_budget_can_be_reserved_and_none_more() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    await slices.reserve(path(1_000), 999, NOON)

    await slices.reserve(path(1_000), 1, NOON)
    with pytest.raises(BudgetExceeded):
        await slices.reserve(path(1_000), 1, NOON)


async def test_room_that_is_left_counts_towards_the_next_lease() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    first = await slices.reserve(path(100), 60, NOON)
    slices.settle(first, 20)

    second = await slices.reserve(path(100), 80, NOON)

    assert second.nanousd == 80
    assert await leased(ledger) == {"proc_1 organisation": 100}


async def test_a_settled_cost_moves_from_leased_to_spent_when_it_is_posted() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    reservation = await slices.reserve(path(1_000, 1_000), 100, NOON)

    slices.settle(reservation, 30)
    await post(slices, ledger, reservation, 30)
    await given_back(slices)

    assert await leased(ledger) == {}
    assert {(state.spent_nanousd, state.leased_nanousd) for state in await ledger.budgets()} == {(30, 0)}


async def test_a_cost_above_what_was_held_is_booked_in_full() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    reservation = await slices.reserve(path(1_000), 100, NOON)

    slices.settle(reservation, 250)
    await post(slices, ledger, reservation, 250)
    await given_back(slices)

    assert (slices.overruns, slices.overrun_nanousd) == (1, 150)
    assert [(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()] == [(250, 0)]
    with pytest.raises(BudgetExceeded):
        await slices.reserve(path(1_000), 751, NOON)
    await slices.reserve(path(1_000), 750, NOON)


async def test_a_slice_goes_back_when_idle_and_not_while_it_holds_something() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    reservation = await slices.reserve(path(10**9), 100, NOON)

    await given_back(slices)
    assert await leased(ledger) != {}
    slices.release(reservation)
    await given_back(slices, from_s=10.0)

    assert await leased(ledger) == {}


async def test_a_call_belongs_to_the_period_it_was_reserved_in() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    today, tomorrow = path(100, period=PeriodKind.DAY), NOON + DAY_MS
    reservation = await slices.reserve(today, 100, NOON)

    await slices.reserve(today, 100, tomorrow)
    slices.settle(reservation, 70)
    await post(slices, ledger, reservation, 70)
    await given_back(slices, tomorrow)

    assert sorted((s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()) == [(0, 100), (70, 0)]


async def test_a_slice_of_a_past_period_goes_back_at_the_next_tick() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    slices.release(await slices.reserve(path(10**9, period=PeriodKind.DAY), 100, NOON))

    await slices.tick(0.0, NOON + DAY_MS)

    assert await leased(ledger) == {}


async def test_a_new_limit_holds_from_the_next_lease_on() -> None:
    slices = slices_on(UnreliableLedger())
    await slices.reserve(path(100), 100, NOON)

    with pytest.raises(BudgetExceeded):
        await slices.reserve(path(100), 50, NOON)
    await slices.reserve(path(150), 50, NOON)


async def test_a_budget_that_appears_between_reserving_and_posting_is_mirrored() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    early = await slices.reserve(path(10**6), 100, NOON)

    late = await slices.reserve(path(10**6, 200), 100, NOON)
    slices.settle(early, 100)
    await post(slices, ledger, early, 100)
    slices.release(late)

    with pytest.raises(BudgetExceeded):
        await slices.reserve(path(10**6, 200), 101, NOON)
    await slices.reserve(path(10**6, 200), 100, NOON)


async def test_inside_a_slice_calls_go_on_without_the_database() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    slices.release(await slices.reserve(path(10**9), 100, NOON))
    ledger.is_down = True

    for _ in range(MOST_CALLS):
        await slices.reserve(path(10**9), 100, NOON)
    with pytest.raises(StoreUnavailable):
        await slices.reserve(path(10**9), 100, NOON)


async def test_a_caller_who_leaves_while_leasing_leaves_nothing_held() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    leaving = asyncio.create_task(slices.reserve(path(10**9), 100, NOON))
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert slices.held_nanousd == 0
    await slices.close()

    assert await leased(ledger) == {}


async def test_a_caller_who_leaves_after_the_lease_has_come_leaves_nothing_held() -> None:
    for turns in range(1, 8):
        ledger = UnreliableLedger()
        slices = slices_on(ledger)
        leaving = asyncio.create_task(slices.reserve(path(10**9), 100, NOON))
        for _ in range(turns):
            await asyncio.sleep(0)

        if leaving.cancel():
            await asyncio.gather(leaving, return_exceptions=True)
        else:
            slices.release(leaving.result())
        await slices.close()

        assert slices.held_nanousd == 0
        assert await leased(ledger) == {}


async def test_a_lease_whose_answer_was_lost_is_found_and_given_back() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    ledger.loses_answers = True
    with pytest.raises(StoreUnavailable):
        await slices.reserve(path(1_000), 100, NOON)
    assert await leased(ledger) != {}

    ledger.loses_answers = False
    await given_back(slices)

    assert await leased(ledger) == {}


async def test_a_slice_whose_return_was_not_answered_is_looked_up() -> None:
    for is_done in (True, False):
        ledger = UnreliableLedger()
        slices = slices_on(ledger)
        slices.release(await slices.reserve(path(1_000), 100, NOON))
        ledger.loses_answers, ledger.is_down = is_done, not is_done
        with pytest.raises(StoreUnavailable):
            await slices.close()

        ledger.loses_answers = ledger.is_down = False
        await given_back(slices)

        assert await leased(ledger) == {}


async def test_budgets_are_leased_in_one_order_whatever_the_path_says() -> None:
    class Watching(UnreliableLedger):
        asked: tuple[str, ...] = ()

        async def lease(self, process, asks):  # type: ignore[no-untyped-def]
            self.asked = tuple(ask.scope.kind for ask in asks)
            return await super().lease(process, asks)

    ledger = Watching()
    backwards: Path = list(reversed(path(10**9, 10**9, 10**9, 10**9)))

    await slices_on(ledger).reserve(backwards, 100, NOON)

    assert ledger.asked == ("organisation", "team", "use_case", "key")


async def test_a_limit_that_was_cut_holds_at_once_for_calls_of_any_age() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    before, after = path(10**6), path(150)
    slices.put_in_force(dict(before))
    await slices.reserve(before, 100, NOON)  # and a slice's worth of room stays here

    slices.put_in_force(dict(after))

    for call in (after, before):
        with pytest.raises(BudgetExceeded):
            await slices.reserve(call, 100, NOON)
    assert await leased(ledger) == {"proc_1 organisation": 100}
    await slices.reserve(after, 50, NOON)


async def test_a_limit_that_was_raised_leaves_what_is_leased_where_it_is() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    slices.put_in_force(dict(path(10**6)))
    await slices.reserve(path(10**6), 100, NOON)

    slices.put_in_force(dict(path(2 * 10**6)))
    await slices.reserve(path(2 * 10**6), 100, NOON)

    assert ledger.leased == 1


async def test_a_budget_with_a_window_has_that_one_period() -> None:
    ledger = UnreliableLedger()
    slices = slices_on(ledger)
    window = Period(PeriodKind.TOTAL, NOON - 1_000, NOON + 1_000)
    session = [(BudgetScope("session", "ses_1"), Budget(250, PeriodKind.TOTAL, window=window))]

    await slices.reserve(session, 100, NOON)
    await slices.reserve(session, 100, NOON)

    with pytest.raises(BudgetExceeded):
        await slices.reserve(session, 100, NOON)
    assert [(state.period, state.leased_nanousd) for state in await ledger.budgets()] == [(window, 200)]
