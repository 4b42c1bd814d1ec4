"""What every store tells of past calls."""

from ledger_words import CLAIMS, ORGANISATION, a_call, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.domain.corrections import Correction
from tollhouse.domain.governance import BudgetScope
from tollhouse.ports.history import PastCall
from tollhouse.stores import Stores


async def told(stores: Stores, scope: BudgetScope, since_ms: int = 0, until_ms: int = 2**50) -> list[PastCall]:
    batches = stores.history.calls(scope, since_ms=since_ms, until_ms=until_ms)
    return [call async for batch in batches for call in batch]


def at(at_ms: int, *costs: int, team: str = "claims") -> Call:
    call = a_call(*(an_attempt(cost) for cost in costs))
    call.at_ms, call.team = at_ms, team
    return call


async def test_calls_come_oldest_first_with_the_sums_of_their_attempts(stores: Stores) -> None:
    late, early, refused = at(20, 5, 7), at(10, 3), at(15)
    await stores.ledger.post("p1", [late, early, refused])

    found = await told(stores, ORGANISATION)

    assert [(call.id, call.at_ms, call.cost_nanousd) for call in found] == [(early.id, 10, 3), (late.id, 20, 12)]
    assert found[1].held_nanousd == max(attempt.held_nanousd for attempt in late.attempts)
    assert found[1].tokens == late.tokens_in + late.tokens_out


async def test_a_correction_counts_with_its_call(stores: Stores) -> None:
    call = at(10, 30)
    await stores.ledger.post("p1", [call])
    await stores.corrections.add(
        [
            Correction(
                id="cor_1", at_ms=50, booked_ms=10, provider="p", deployment="p/m", source="a bill", line="1", author="cli",
                attempt=call.attempts[0].id, call=call.id, team="claims", settles=True, tokens_in=5, cost_nanousd=-20,
            )
        ]
    )  # fmt: skip

    (found,) = await told(stores, ORGANISATION)

    assert (found.cost_nanousd, found.tokens) == (10, call.tokens_in + call.tokens_out + 5)


async def test_scope_and_time_choose(stores: Stores) -> None:
    mine = [at(at_ms, 1) for at_ms in (9, 10, 19, 20)]
    await stores.ledger.post("p1", [*mine, at(15, 1, team="other")])

    assert [call.at_ms for call in await told(stores, CLAIMS, 10, 20)] == [10, 19]
    assert [call.at_ms for call in await told(stores, ORGANISATION, 10, 20)] == [10, 15, 19]
    assert await told(stores, BudgetScope("use_case", "nobody")) == []


async def test_more_calls_than_a_batch_come_once_each(stores: Stores) -> None:
    calls = [at(1_000 + number // 7, 1) for number in range(5_011)]
    await stores.ledger.post("p1", calls)

    found = await told(stores, CLAIMS)

    assert sorted(call.id for call in found) == sorted(call.id for call in calls)
    assert [call.at_ms for call in found] == sorted(call.at_ms for call in calls)
