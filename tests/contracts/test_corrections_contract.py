"""What every store of corrections does: write once, move the budgets, and show attempts as corrected."""

from dataclasses import replace

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
    an_ask,
    an_attempt,
    figures,
)
from tollhouse.domain.calls import AttemptState, Call
from tollhouse.domain.corrections import Correction, correction_id
from tollhouse.domain.governance import BudgetScope
from tollhouse.ports.corrections import Booked
from tollhouse.stores import Stores

SESSION = BudgetScope("session", "ses_1")


def a_correction(call: Call, cost: int, *, number: int = 0, settles: bool = True, exact: bool = True) -> Correction:
    attempt = call.attempts[0]
    return Correction(
        id=correction_id("openai", attempt.id, number),
        at_ms=NOON_MS + DAY_MS,
        booked_ms=attempt.reserved_ms,
        provider=attempt.provider,
        deployment=attempt.deployment,
        source="csv 0123456789ab",
        line=f"request {attempt.id}",
        author="cli",
        attempt=attempt.id,
        call=call.id,
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        session=call.session,
        model=call.model,
        settles=settles,
        exact=exact,
        tokens_in=5,
        tokens_out=-2,
        tokens_cached=1,
        cost_nanousd=cost,
    )


def a_loose_correction(cost: int, booked_ms: int = NOON_MS) -> Correction:
    return Correction(
        id=correction_id("openai", f"bucket {booked_ms}", 0),
        at_ms=NOON_MS,
        booked_ms=booked_ms,
        provider="openai",
        deployment="openai/gpt-5-mini",
        source="openai-costs 0123456789ab",
        line="a bucket",
        author="cli",
        cost_nanousd=cost,
    )


async def all_booked(
    stores: Stores, provider: str = "openai", since_ms: int = 0, until_ms: int = 2 * NOON_MS
) -> list[Booked]:
    batches = stores.corrections.booked(provider, since_ms=since_ms, until_ms=until_ms)
    return [each async for batch in batches for each in batch]


async def test_a_correction_is_read_back_as_it_was_written(stores: Stores) -> None:
    late, early = a_correction(a_call(an_attempt()), 7), a_loose_correction(-3, NOON_MS - 1)

    assert await stores.corrections.add([late, early]) == 2

    assert await stores.corrections.all(since_ms=0, until_ms=NOON_MS + 1) == [early, late]
    assert await stores.corrections.all(since_ms=NOON_MS, until_ms=NOON_MS + 1) == [late]
    assert await stores.corrections.all(since_ms=0, until_ms=NOON_MS) == [early]


async def test_a_correction_moves_what_every_budget_on_its_path_has_spent(stores: Stores) -> None:
    call = replace(a_call(an_attempt(30)), session="ses_1")
    scopes = (ORGANISATION, CLAIMS, TRIAGE, CI, SESSION)
    await stores.ledger.lease("p1", [an_ask(scope, least=100) for scope in scopes])
    await stores.ledger.post("p1", [call])

    await stores.corrections.add([a_correction(call, -12)])

    assert [await figures(stores, scope) for scope in scopes] == [(18, 70)] * len(scopes)


async def test_a_correction_without_an_attempt_is_charged_to_the_organisation_alone(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(scope, least=1) for scope in (ORGANISATION, CLAIMS)])

    await stores.corrections.add([a_loose_correction(40)])

    assert await figures(stores, ORGANISATION) == (40, 1)
    assert await figures(stores, CLAIMS) == (0, 1)


async def test_a_correction_belongs_to_the_periods_in_which_its_attempt_was_reserved(stores: Stores) -> None:
    yesterday, today = a_call(an_attempt(30, at_ms=NOON_MS - DAY_MS)), a_call(an_attempt(30))
    periods = (OCTOBER, FIRST_OF_OCTOBER, FOREVER)
    await stores.ledger.lease("p1", [an_ask(least=1, period=period) for period in periods])

    await stores.corrections.add([a_correction(yesterday, 1), a_correction(today, 10)])

    assert [(await figures(stores, period=period))[0] for period in periods] == [10, 10, 11]


async def test_the_same_correction_twice_counts_once(stores: Stores) -> None:
    call = a_call(an_attempt(30))
    first, second = a_correction(call, 7), a_correction(call, 9, number=1)
    await stores.ledger.lease("p1", [an_ask(least=1)])

    written = [
        await stores.corrections.add([first, first]),
        await stores.corrections.add([second, first]),
        await stores.corrections.add([first, second]),
        await stores.corrections.add([]),
    ]

    assert written == [1, 1, 0, 0]
    assert await figures(stores) == (16, 1)


async def test_a_budget_that_is_first_asked_for_later_has_its_corrections(stores: Stores) -> None:
    call, other = a_call(an_attempt(30)), a_call(an_attempt(5), team="other", use_case="else", key="its")
    await stores.ledger.post("p1", [call, other])
    await stores.corrections.add([a_correction(call, 12), a_correction(other, 1), a_loose_correction(100)])

    await stores.ledger.lease("p1", [an_ask(scope, least=1) for scope in (ORGANISATION, CLAIMS, TRIAGE, CI)])

    assert [await figures(stores, scope) for scope in (ORGANISATION, CLAIMS, TRIAGE, CI)] == [
        (148, 1),
        (42, 1),
        (42, 1),
        (42, 1),
    ]


async def test_a_correction_may_take_a_budget_over_its_limit(stores: Stores) -> None:
    call = a_call(an_attempt(30))
    await stores.ledger.lease("p1", [an_ask(limit=100, least=100)])
    await stores.ledger.post("p1", [call])

    await stores.corrections.add([a_correction(call, 500)])

    assert await figures(stores) == (530, 70)


async def test_an_attempt_is_booked_with_its_corrections(stores: Stores) -> None:
    call = a_call(an_attempt(30, state=AttemptState.UNKNOWN))
    await stores.ledger.post("p1", [call])
    (before,) = await all_booked(stores)

    await stores.corrections.add([a_correction(call, -20), a_correction(call, 3, number=1)])

    (after,) = await all_booked(stores)
    assert (before.state, before.estimated, before.cost_nanousd, before.corrections) == ("unknown", True, 30, 0)
    assert (before.held_nanousd, before.latency_ms, before.deployment) == (60, 110, "openai/gpt-5-mini")
    assert after == replace(
        before,
        state=AttemptState.RECONCILED,
        estimated=False,
        tokens_in=before.tokens_in + 10,
        tokens_out=before.tokens_out - 4,
        tokens_cached=before.tokens_cached + 2,
        cost_nanousd=13,
        corrections=2,
    )


async def test_a_share_of_a_bucket_settles_an_attempt_and_leaves_it_estimated(stores: Stores) -> None:
    call = a_call(an_attempt(30, state=AttemptState.UNKNOWN))
    await stores.ledger.post("p1", [call])

    await stores.corrections.add([a_correction(call, -20, exact=False)])

    (found,) = await all_booked(stores)
    assert (found.state, found.estimated, found.cost_nanousd) == (AttemptState.RECONCILED, True, 10)


async def test_attempts_are_booked_in_their_order_each_once_void_ones_too(stores: Stores) -> None:
    first = a_call(an_attempt(1), an_attempt(2), an_attempt(0, state=AttemptState.VOID))
    later = a_call(an_attempt(3, at_ms=NOON_MS + 1), an_attempt(9, provider="other"))
    await stores.ledger.post("p1", [later, first])

    found = await all_booked(stores)

    assert sorted(each.cost_nanousd for each in found[:3]) == [0, 1, 2]
    assert [each.cost_nanousd for each in found[3:]] == [3]
    assert [each.cost_nanousd for each in await all_booked(stores, since_ms=NOON_MS + 1)] == [3]
    assert len(await all_booked(stores, until_ms=NOON_MS + 1)) == 3
    assert await all_booked(stores, "nobody") == []
