"""What every ledger does: lease, give back, post, adopt."""

import asyncio

import pytest

from ledger_words import (
    CI,
    CLAIMS,
    DAY_MS,
    FIRST_OF_OCTOBER,
    FOREVER,
    NOON_MS,
    OCTOBER,
    ORGANISATION,
    TRIAGE,
    a_call,
    amounts,
    an_ask,
    an_attempt,
    figures,
    slices,
)
from tollhouse.domain.calls import AttemptState
from tollhouse.domain.errors import BudgetExceeded
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import SliceAsk, SliceHeld
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import Stores


async def test_a_first_lease_makes_the_budget_and_holds_the_slice(stores: Stores) -> None:
    held = await stores.ledger.lease("p1", [an_ask(least=30)])

    assert held == [SliceHeld(CLAIMS, OCTOBER, 30)]
    assert await figures(stores) == (0, 30)
    assert await slices(stores) == [("p1", "team claims", 30)]


async def test_nothing_asked_is_nothing_held(stores: Stores) -> None:
    assert await stores.ledger.lease("p1", []) == []
    await stores.ledger.give_back("p1", [])

    assert await stores.ledger.budgets() == []


async def test_a_slice_is_one_percent_of_a_large_rest_but_no_more_than_asked_for(stores: Stores) -> None:
    one_percent = await stores.ledger.lease("p1", [an_ask(limit=100_000, least=30, most=5_000)])
    at_most = await stores.ledger.lease("p1", [an_ask(limit=100_000, least=30, most=200)])

    assert amounts(one_percent) == [1_000]
    assert amounts(at_most) == [200]
    assert await figures(stores) == (0, 1_200)


async def test_near_its_end_a_budget_gives_exactly_what_must_be_had(stores: Stores) -> None:
    held = await stores.ledger.lease("p1", [an_ask(limit=299, least=30, most=1_000)])

    assert amounts(held) == [30]


@pytest.mark.parametrize(("least", "fits"), [(99, True), (100, True), (101, False)])
async def test_the_last_bit_of_a_budget_can_be_leased_and_not_one_nano_more(
    stores: Stores, least: int, fits: bool
) -> None:
    ask = an_ask(limit=100, least=least)

    if fits:
        assert amounts(await stores.ledger.lease("p1", [ask])) == [least]
    else:
        with pytest.raises(BudgetExceeded):
            await stores.ledger.lease("p1", [ask])
        assert await figures(stores) == (0, 0)


async def test_all_budgets_are_leased_or_none(stores: Stores) -> None:
    asks = [an_ask(ORGANISATION), an_ask(CLAIMS, limit=10, least=30), an_ask(CI)]

    with pytest.raises(BudgetExceeded) as refused:
        await stores.ledger.lease("p1", asks)

    assert refused.value.budget == "team claims"
    assert await slices(stores) == []


async def test_the_first_budget_that_cannot_is_the_one_that_is_named(stores: Stores) -> None:
    asks = [an_ask(TRIAGE, limit=10), an_ask(ORGANISATION, limit=10)]

    with pytest.raises(BudgetExceeded) as refused:
        await stores.ledger.lease("p1", asks)

    assert refused.value.budget == "use_case claims-triage"


async def test_a_refusal_says_whose_budget_how_much_and_until_when(stores: Stores) -> None:
    await stores.ledger.post("p1", [a_call(an_attempt(1_500_000_000))])
    await stores.ledger.lease("p1", [an_ask(limit=2_000_000_000, least=250_000_000)])

    with pytest.raises(BudgetExceeded) as refused:
        await stores.ledger.lease("p2", [an_ask(limit=2_000_000_000, least=300_000_000)])

    for words in ("team claims", "monthly", "2 USD", "1.5 USD are spent", "0.25 USD are held", "2026-11-01T00:00:00Z"):
        assert words in refused.value.message


async def test_a_budget_without_an_end_says_so(stores: Stores) -> None:
    with pytest.raises(BudgetExceeded, match="does not start afresh"):
        await stores.ledger.lease("p1", [an_ask(limit=10, least=30, period=FOREVER)])


async def test_a_limit_cut_below_what_is_spent_leases_nothing(stores: Stores) -> None:
    await stores.ledger.post("p1", [a_call(an_attempt(500))])

    with pytest.raises(BudgetExceeded):
        await stores.ledger.lease("p1", [an_ask(limit=400, least=0, most=50)])


async def test_two_asks_for_one_budget_in_one_lease_both_count(stores: Stores) -> None:
    held = await stores.ledger.lease("p1", [an_ask(limit=60, least=30), an_ask(limit=60, least=30)])

    assert amounts(held) == [30, 30]
    assert await slices(stores) == [("p1", "team claims", 60)]


async def test_a_budget_starts_as_what_its_scope_has_spent_in_the_period(stores: Stores) -> None:
    yesterday = an_attempt(7, at_ms=NOON_MS - DAY_MS)
    await stores.ledger.post(
        "p1",
        [
            a_call(an_attempt(30), yesterday),
            a_call(an_attempt(5, state=AttemptState.UNKNOWN), team="other", use_case="else", key="its"),
        ],
    )

    await stores.ledger.lease("p1", [an_ask(s, least=1) for s in (ORGANISATION, CLAIMS, TRIAGE, CI)])

    assert await figures(stores, ORGANISATION) == (35, 1)
    assert await figures(stores, CLAIMS) == (30, 1)
    assert await figures(stores, TRIAGE) == (30, 1)
    assert await figures(stores, CI) == (30, 1)


async def test_what_a_scope_has_spent_is_told_without_a_budget(stores: Stores) -> None:
    await stores.ledger.post("p1", [a_call(an_attempt(40)), a_call(an_attempt(2), team="other")])

    wanted = [
        (ORGANISATION, OCTOBER),
        (CLAIMS, FIRST_OF_OCTOBER),
        (TRIAGE, FOREVER),
        (BudgetScope("key", "none"), FOREVER),
    ]

    assert await stores.ledger.spent(wanted) == [42, 40, 42, 0]
    assert await stores.ledger.spent([]) == []
    assert await stores.ledger.budgets() == []


async def test_a_posted_cost_moves_from_leased_to_spent_in_every_budget_on_the_path(stores: Stores) -> None:
    scopes = (ORGANISATION, CLAIMS, TRIAGE, CI)
    await stores.ledger.lease("p1", [an_ask(scope, least=100) for scope in scopes])

    await stores.ledger.post("p1", [a_call(an_attempt(30)), a_call(an_attempt(12), an_attempt(8))])

    assert [await figures(stores, scope) for scope in scopes] == [(50, 50)] * 4


async def test_a_post_touches_no_other_scope_of_the_same_name(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(CLAIMS, least=100), an_ask(CI, least=100)])

    await stores.ledger.post("p1", [a_call(an_attempt(30), team="ci", key="claims")])

    assert await figures(stores, CLAIMS) == (0, 100)
    assert await figures(stores, CI) == (0, 100)


async def test_an_attempt_belongs_to_the_periods_it_was_reserved_in(stores: Stores) -> None:
    periods = (OCTOBER, FIRST_OF_OCTOBER, FOREVER)
    await stores.ledger.lease("p1", [an_ask(least=100, period=period) for period in periods])

    edges = (
        FIRST_OF_OCTOBER.start_ms - 1,
        FIRST_OF_OCTOBER.start_ms,
        FIRST_OF_OCTOBER.end_ms - 1,
        FIRST_OF_OCTOBER.end_ms,
    )
    await stores.ledger.post("p1", [a_call(an_attempt(10**n, at_ms=at_ms)) for n, at_ms in enumerate(edges)])

    assert (await figures(stores, period=FIRST_OF_OCTOBER))[0] == 110
    assert (await figures(stores, period=OCTOBER))[0] == 1_110
    assert (await figures(stores, period=FOREVER))[0] == 1_111


async def test_a_cost_beyond_the_slice_is_spent_all_the_same(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(least=20)])
    await stores.ledger.lease("p2", [an_ask(least=40)])

    await stores.ledger.post("p1", [a_call(an_attempt(30))])

    assert await figures(stores) == (30, 40)
    assert await slices(stores) == [("p2", "team claims", 40)]


async def test_a_call_is_posted_once(stores: Stores) -> None:
    call = a_call(an_attempt(30))
    await stores.ledger.lease("p1", [an_ask(least=100)])
    await stores.ledger.post("p1", [call])

    with pytest.raises(ValueError, match="already"):
        await stores.ledger.post("p1", [a_call(an_attempt(1)), call])

    assert await figures(stores) == (30, 70)
    assert len((await stores.usage.calls(CallFilter())).items) == 1


async def test_a_replay_skips_what_is_there_and_posts_the_rest(stores: Stores) -> None:
    there, fresh = a_call(an_attempt(30)), a_call(an_attempt(5))
    await stores.ledger.lease("p1", [an_ask(least=100)])
    await stores.ledger.post("p1", [there])

    await stores.ledger.post("p1", [there, fresh, fresh], replay=True)

    assert await figures(stores) == (35, 65)
    assert len((await stores.usage.calls(CallFilter())).items) == 2


async def test_a_call_without_attempts_is_recorded_and_costs_nothing(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(least=100)])

    await stores.ledger.post("p1", [a_call(status=429)])
    await stores.ledger.post("p1", [])

    assert await figures(stores) == (0, 100)
    assert len((await stores.usage.calls(CallFilter(status=429))).items) == 1


async def test_what_is_given_back_can_be_leased_again(stores: Stores) -> None:
    held = await stores.ledger.lease("p1", [an_ask(limit=100, least=100)])

    await stores.ledger.give_back("p1", [SliceHeld(CLAIMS, OCTOBER, 60)])

    assert await figures(stores) == (0, 40)
    assert amounts(held) == [100]
    assert amounts(await stores.ledger.lease("p2", [an_ask(limit=100, least=60)])) == [60]


async def test_nobody_gives_back_more_than_it_holds(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(least=30)])
    await stores.ledger.lease("p2", [an_ask(least=50)])
    piece = SliceHeld(CLAIMS, OCTOBER, 20)

    await stores.ledger.give_back("p1", [piece, piece])
    await stores.ledger.give_back("p3", [piece])
    await stores.ledger.give_back("p1", [SliceHeld(CI, OCTOBER, 20)])

    assert await figures(stores) == (0, 50)
    assert await slices(stores) == [("p2", "team claims", 50)]


async def test_adoption_posts_a_dead_process_calls_and_returns_its_slices_whole(stores: Stores) -> None:
    await stores.ledger.lease("dead", [an_ask(least=100), an_ask(CI, least=80), an_ask(TRIAGE, least=5)])
    await stores.ledger.lease("alive", [an_ask(least=40)])
    posted, lost = a_call(an_attempt(10)), a_call(an_attempt(20, state=AttemptState.UNKNOWN))
    await stores.ledger.post("dead", [posted])
    await stores.ledger.show_open("dead", [lost])

    await stores.ledger.adopt("dead", [posted, lost])

    assert await figures(stores) == (30, 40)
    assert await figures(stores, CI) == (30, 0)
    assert await figures(stores, TRIAGE) == (30, 0)
    assert await slices(stores) == [("alive", "team claims", 40)]
    assert (await stores.usage.calls(CallFilter(outcome="running"))).items == []


async def test_adoption_twice_is_adoption_once(stores: Stores) -> None:
    await stores.ledger.lease("dead", [an_ask(least=100)])
    calls = [a_call(an_attempt(20))]

    await stores.ledger.adopt("dead", calls)
    await stores.ledger.adopt("dead", calls)

    assert await figures(stores) == (20, 0)


async def test_a_process_that_left_nothing_can_be_adopted(stores: Stores) -> None:
    await stores.ledger.adopt("never-seen", [])

    assert await stores.ledger.budgets() == []


async def test_leases_at_once_never_exceed_the_limit(stores: Stores) -> None:
    async def lease(process: str) -> int:
        got = 0
        while True:
            try:
                got += sum(amounts(await stores.ledger.lease(process, [an_ask(limit=1_000, least=7, most=40)])))
            except BudgetExceeded:
                return got

    got = await asyncio.gather(*(lease(f"p{n}") for n in range(4)))

    assert 1_000 - 7 < sum(got) <= 1_000
    assert await figures(stores) == (0, sum(got))


async def test_a_budget_that_is_opened_while_a_call_is_posted_counts_it_once(stores: Stores) -> None:
    scopes = [BudgetScope("key", f"k{n}") for n in range(40)]

    for scope in scopes:
        await asyncio.gather(
            stores.ledger.post("p1", [a_call(an_attempt(1), key=scope.name)]),
            stores.ledger.lease("p2", [an_ask(scope, least=1)]),
        )

    assert [await figures(stores, scope) for scope in scopes] == [(1, 1)] * len(scopes)


async def test_what_is_in_the_ledger_does_not_change_with_the_caller_s_object(stores: Stores) -> None:
    call = a_call(an_attempt(30))
    await stores.ledger.post("p1", [call])

    call.attempts[0].cost_nanousd = 1
    call.tags["late"] = "yes"

    (found,) = (await stores.usage.calls(CallFilter())).items
    assert found.cost_nanousd == 30
    assert found.tags == {}


async def test_budgets_of_ended_sessions_are_forgotten_once_nothing_is_leased(stores: Stores) -> None:
    window = Period(PeriodKind.TOTAL, 0, 1_000)
    over, leased = BudgetScope("session", "ses_1"), BudgetScope("session", "ses_2")
    for scope in (over, leased):
        (held,) = await stores.ledger.lease("p1", [SliceAsk(scope, window, 100, 10, 10)])
        if scope is over:
            await stores.ledger.give_back("p1", [held])
    await stores.ledger.lease("p1", [SliceAsk(ORGANISATION, Period(PeriodKind.TOTAL, 0, 1_000), 100, 10, 10)])

    assert await stores.ledger.forget_sessions(1_000) == 0
    assert await stores.ledger.forget_sessions(1_001) == 1
    assert [str(state.scope) for state in await stores.ledger.budgets()] == ["session ses_2", "organisation"]
