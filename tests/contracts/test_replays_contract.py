"""What every store of replays does."""

import asyncio

from tollhouse.ports.replays import Replay
from tollhouse.stores import Stores

FIRST = Replay(scope="ci", key="k1", digest=b"\x01" * 32, started_ms=1_000)
SECOND = Replay(scope="ci", key="k1", digest=b"\x02" * 32, started_ms=2_000)


async def test_the_first_claims_the_key_and_the_second_sees_it(stores: Stores) -> None:
    assert await stores.replays.begin(FIRST, dead_before_ms=0) is None

    assert await stores.replays.begin(SECOND, dead_before_ms=0) == FIRST


async def test_keys_of_two_callers_do_not_meet(stores: Stores) -> None:
    await stores.replays.begin(FIRST, dead_before_ms=0)

    other = Replay(scope="ana", key="k1", digest=b"", started_ms=1)

    assert await stores.replays.begin(other, dead_before_ms=0) is None


async def test_a_finished_replay_is_returned_with_its_answer(stores: Stores) -> None:
    await stores.replays.begin(FIRST, dead_before_ms=0)
    await stores.replays.finish("ci", "k1", b"sealed\x00")

    there = await stores.replays.begin(SECOND, dead_before_ms=9_000)

    assert there == Replay("ci", "k1", FIRST.digest, 1_000, b"sealed\x00")


async def test_a_dead_claim_is_taken_over_and_a_live_one_is_not(stores: Stores) -> None:
    await stores.replays.begin(FIRST, dead_before_ms=0)

    assert await stores.replays.begin(SECOND, dead_before_ms=1_000) == FIRST
    assert await stores.replays.begin(SECOND, dead_before_ms=1_001) is None
    assert await stores.replays.begin(FIRST, dead_before_ms=0) == SECOND


async def test_a_forgotten_claim_is_free_again(stores: Stores) -> None:
    await stores.replays.begin(FIRST, dead_before_ms=0)

    await stores.replays.forget("ci", "k1")
    await stores.replays.forget("ci", "never")

    assert await stores.replays.begin(SECOND, dead_before_ms=0) is None


async def test_finishing_what_is_not_there_does_nothing(stores: Stores) -> None:
    await stores.replays.finish("ci", "k1", b"late")

    assert await stores.replays.begin(FIRST, dead_before_ms=0) is None


async def test_old_replays_expire(stores: Stores) -> None:
    await stores.replays.begin(FIRST, dead_before_ms=0)
    await stores.replays.finish("ci", "k1", b"sealed")
    await stores.replays.begin(Replay("ci", "k2", b"", 1_001), dead_before_ms=0)

    assert await stores.replays.expire(1_001) == 1
    assert await stores.replays.expire(1_001) == 0
    assert await stores.replays.begin(SECOND, dead_before_ms=0) is None


async def test_of_many_at_once_one_claims_the_key(stores: Stores) -> None:
    claims = [Replay("ci", "k1", bytes([n]), 1_000 + n) for n in range(8)]

    results = await asyncio.gather(*(stores.replays.begin(claim, dead_before_ms=0) for claim in claims))

    (winner,) = [claim for claim, result in zip(claims, results, strict=True) if result is None]
    assert all(result in (None, winner) for result in results)
