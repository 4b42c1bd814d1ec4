"""What every store of stored responses and of marks does."""

import asyncio
from dataclasses import replace

from tollhouse.ports.stored_responses import StoredResponse
from tollhouse.stores import Stores

STORED = StoredResponse("resp_1", "openai/gpt", "claims", "claims-triage", 1234, 5)


async def test_a_stored_response_is_found_by_its_id(stores: Stores) -> None:
    await stores.stored_responses.add([STORED, replace(STORED, id="resp_2", tokens=9)])
    await stores.stored_responses.add([])

    assert await stores.stored_responses.find("resp_1") == STORED
    assert await stores.stored_responses.find("resp_3") is None


async def test_a_stored_response_stays_whose_it_was(stores: Stores) -> None:
    await stores.stored_responses.add([STORED])

    await stores.stored_responses.add([replace(STORED, team="thieves"), replace(STORED, id="resp_2")])

    assert await stores.stored_responses.find("resp_1") == STORED
    assert await stores.stored_responses.find("resp_2") is not None


async def test_old_stored_responses_are_deleted(stores: Stores) -> None:
    sealed = replace(STORED, id="resp_2", created_ms=6, originals=b"sealed")
    await stores.stored_responses.add([STORED, sealed])

    assert await stores.stored_responses.expire(6) == 1

    assert await stores.stored_responses.find("resp_1") is None
    assert await stores.stored_responses.find("resp_2") == sealed


async def test_a_mark_is_put_once(stores: Stores) -> None:
    assert await stores.marks.get("m") is None
    assert await stores.marks.put_if_absent("m", b"\x00one") == b"\x00one"
    assert await stores.marks.put_if_absent("m", b"two") == b"\x00one"
    assert await stores.marks.get("m") == b"\x00one"
    assert await stores.marks.get("n") is None


async def test_of_many_who_put_a_mark_at_once_all_see_the_same(stores: Stores) -> None:
    seen = await asyncio.gather(*(stores.marks.put_if_absent("m", bytes([n])) for n in range(8)))

    assert len(set(seen)) == 1
