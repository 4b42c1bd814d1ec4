"""Where answers are kept: in memory, sealed in a store, shared by processes, and gone when they should be."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from cache_words import (
    HELLO,
    OTHER_MASTER_KEY,
    PURGE,
    USE_CASE,
    House,
    ask,
    body_of,
    chat_answer,
    key,
    question,
)
from tollhouse.adapters.clock import SystemClock
from tollhouse.adapters.sealer import open_sealer
from tollhouse.cache.kept import Kept
from tollhouse.cache.looks import LOOK_AGAIN_S, Looks
from tollhouse.cache.memory import ENTRY_BYTES, Memory
from tollhouse.cache.shelf import UNWRITTEN_MAX_BYTES, Shelf
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.ports.cache import CacheEntries, CacheEntry, Place
from tollhouse.stores import Stores
from tollhouse.stores.memory.cache import MemoryCacheEntries, MemoryCacheEpochs
from tollhouse.stores.memory.changes import MemoryChanges
from tollhouse.stores.redis import open_cache
from tollhouse.testing.clock import FakeClock
from valkey_server import Valkey, running_valkey

ANSWER = chat_answer("a secret of hers")
PLACE: Place = ("triage", b"\x01" * 32)
HOUR_MS = 3_600_000


class Entries(MemoryCacheEntries):
    """Counts questions, and can be away or silent."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.away = False
        self.silent = False

    async def find(self, places: Sequence[Place]) -> Mapping[Place, CacheEntry]:
        self.asked.append(len(places))
        await self._answering()
        return await super().find(places)

    async def put(self, entries: Sequence[CacheEntry]) -> None:
        await self._answering()
        await super().put(entries)

    async def forget(self, use_case: str) -> int:
        await self._answering()
        return await super().forget(use_case)

    async def _answering(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("It is away.")
        if self.silent:
            await asyncio.Event().wait()


@pytest.fixture
def entries() -> Entries:
    return Entries()


@pytest.fixture
def house(entries: Entries) -> House:
    return House(entries)


def kept(size: int = 10) -> Kept:
    return Kept(b"x" * size, "openai", "openai/m", 1, 0)


# --- in memory ------------------------------------------------------------------------------------------------------


def test_memory_is_bounded_and_what_nobody_asks_for_goes_first() -> None:
    memory = Memory(max_bytes=3 * (100 + ENTRY_BYTES))
    places = [("triage", bytes([number])) for number in range(4)]
    for place in places[:3]:
        memory.put(place, kept(100), 1)
    memory.get(places[0], 0)

    memory.put(places[3], kept(100), 1)

    assert [memory.get(place, 0) is not None for place in places] == [True, False, True, True]
    assert memory.bytes == 3 * (100 + ENTRY_BYTES)


def test_memory_weighs_what_it_holds_whatever_comes_and_goes() -> None:
    memory = Memory(max_bytes=10_000)
    for number in range(500):
        memory.put((f"case-{number % 3}", bytes([number % 7])), kept(number * 13 % 400), number % 5)
        memory.expire(number % 4)
    assert 0 < len(memory) <= 21

    for name in ("case-0", "case-1", "case-2"):
        memory.forget(name)

    assert (len(memory), memory.bytes) == (0, 0)


def test_an_answer_larger_than_the_memory_is_not_held() -> None:
    memory = Memory(max_bytes=500)

    memory.put(PLACE, kept(1_000), 1)

    assert (len(memory), memory.bytes) == (0, 0)


def test_what_is_over_is_not_given() -> None:
    memory = Memory()
    memory.put(PLACE, kept(), 1_000)

    assert memory.get(PLACE, 999) is not None
    assert memory.get(PLACE, 1_000) is None
    assert memory.bytes == 0


# --- in the store ---------------------------------------------------------------------------------------------------


async def test_another_process_finds_what_was_kept(house: House) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()

    hit = await ask(there, question())

    assert "a secret of hers" in str(body_of(hit))


async def test_what_is_near_is_not_asked_for_far_away(house: House, entries: Entries) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    entries.asked.clear()

    for _ in range(3):
        assert await ask(here, question()) is not None
        assert await ask(there, question()) is not None

    assert entries.asked == [1]


async def test_a_kept_text_is_sealed_for_its_place(house: House, entries: Entries) -> None:
    here = await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    (entry,) = (await entries.find([place_of()])).values()

    assert b"secret" not in entry.sealed
    other = question({**HELLO, "seed": 1})
    other_key = key(other)
    assert other_key is not None
    await entries.put([replace(entry, place=("triage", other_key))])
    there = await house.open()
    assert await ask(there, other) is None
    assert there.shelf.state()[0] is False


def place_of() -> Place:
    found = key(question())
    assert found is not None
    return "triage", found


@pytest.mark.parametrize("sealed", [b"", b"garbage", b"\x01" + b"x" * 60])
async def test_a_damaged_text_is_as_good_as_none(house: House, entries: Entries, sealed: bytes) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    (entry,) = (await entries.find([place_of()])).values()
    await entries.put([replace(entry, sealed=sealed)])

    assert await ask(there, question()) is None
    ok, detail = there.shelf.state()
    assert not ok
    assert "does not open" in detail


async def test_another_master_key_finds_nothing(house: House) -> None:
    here = await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    house.master_key = OTHER_MASTER_KEY

    assert await ask(await house.open(), question()) is None


async def test_without_a_master_key_answers_stay_in_this_process_and_that_is_said(
    house: House, entries: Entries
) -> None:
    house.master_key = None
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()

    assert await ask(here, question()) is not None
    assert await ask(there, question()) is None
    assert entries._entries == {}
    assert "privacy.master_key" in here.shelf.state()[1]


async def test_an_answer_that_is_over_in_the_store_is_not_found(house: House) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    house.clock.advance(USE_CASE.cache.ttl_s * 1000)

    assert await ask(there, question()) is None


async def test_closing_writes_what_is_new(house: House) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)

    await here.shelf.close()

    assert await ask(there, question()) is not None


async def test_what_waits_to_be_written_is_bounded(entries: Entries) -> None:
    shelf = Shelf(entries, MemoryCacheEpochs(MemoryChanges()), open_sealer("A" * 43 + "="), FakeClock())
    for number in range(40):
        shelf.put(("triage", bytes([number])), kept(2**20), 2**60)

    await shelf.flush()

    assert len(entries._entries) == UNWRITTEN_MAX_BYTES // 2**20


async def test_what_is_over_is_deleted_near_and_far(house: House, entries: Entries) -> None:
    here = await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    house.clock.advance(USE_CASE.cache.ttl_s * 1000)

    await here.shelf.expire()

    assert entries._entries == {}
    assert len(here.shelf._memory) == 0


# --- while the store is away ----------------------------------------------------------------------------------------


async def test_a_store_that_is_away_costs_speed_only(house: House, entries: Entries) -> None:
    here = await house.open()
    entries.away = True

    assert await ask(here, question(), ANSWER) is None
    assert await ask(here, question()) is not None
    await here.shelf.flush()

    assert here.shelf.state() == (False, "It is away.")
    entries.away = False
    house.clock.advance(int(LOOK_AGAIN_S * 1000))
    await ask(here, question({**HELLO, "seed": 1}))
    assert here.shelf.state()[0] is True


async def test_a_silent_store_costs_one_caller_a_moment_and_the_next_ones_nothing(
    house: House, entries: Entries
) -> None:
    here = await house.open()
    entries.silent = True

    for seed in range(5):
        assert await asyncio.wait_for(ask(here, question({**HELLO, "seed": seed})), 5) is None

    assert entries.asked == [1]


async def test_questions_asked_at_once_go_together(house: House, entries: Entries) -> None:
    here = await house.open()

    await asyncio.gather(*(ask(here, question({**HELLO, "seed": seed})) for seed in range(250)))

    assert entries.asked == [100, 100, 50]


async def test_whoever_stops_waiting_for_the_store_leaves_the_others_their_answer(entries: Entries) -> None:
    looks = Looks(entries, FakeClock())
    await entries.put([CacheEntry(PLACE, b"sealed", 0, 1)])
    leaving, staying = asyncio.create_task(looks.find(PLACE)), asyncio.create_task(looks.find(PLACE))
    await asyncio.sleep(0)

    leaving.cancel()

    assert await asyncio.wait_for(staying, 5) == CacheEntry(PLACE, b"sealed", 0, 1)


async def test_closing_lets_everybody_go(entries: Entries) -> None:
    looks = Looks(entries, FakeClock())
    entries.silent = True
    waiting = [asyncio.create_task(looks.find(("triage", bytes([number])))) for number in range(3)]
    await asyncio.sleep(0)

    await looks.close()

    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [None] * 3


# --- purges ---------------------------------------------------------------------------------------------------------


async def test_a_purge_takes_one_use_cases_answers_everywhere(house: House, entries: Entries) -> None:
    here, there = await house.open(), await house.open()
    other = question(use_case=replace(USE_CASE, name="other"))
    for asked in (question(), question({**HELLO, "seed": 1}), other):
        await ask(here, asked, ANSWER)
    await here.shelf.flush()
    assert await ask(there, question()) is not None

    assert await here.shelf.purge(PURGE) == 2
    await there.shelf.refresh()

    for answers in (here, there, await house.open()):
        assert await ask(answers, question()) is None
        assert await ask(answers, other) is not None
    assert {place[0] for place in entries._entries} == {"other"}


async def test_what_was_not_written_before_a_purge_is_not_written_after_it(house: House, entries: Entries) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await ask(there, question({**HELLO, "seed": 1}), ANSWER)

    await here.shelf.purge(PURGE)
    await there.shelf.refresh()
    await here.shelf.flush()
    await there.shelf.flush()

    assert entries._entries == {}


async def test_after_a_purge_answers_are_kept_again(house: House) -> None:
    here, there = await house.open(), await house.open()
    await here.shelf.purge(PURGE)
    await there.shelf.refresh()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()

    assert await ask(there, question()) is not None


async def test_a_purge_holds_even_if_the_store_does_not_forget(house: House, entries: Entries) -> None:
    here = await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    left = dict(entries._entries)
    await here.shelf.purge(PURGE)
    entries._entries = left

    for answers in (here, await house.open()):
        assert await ask(answers, question()) is None


async def test_a_store_that_cannot_delete_does_not_keep_a_purge_from_counting(house: House, entries: Entries) -> None:
    here, there = await house.open(), await house.open()
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    entries.away = True

    assert await here.shelf.purge(PURGE) is None

    entries.away = False
    await there.shelf.refresh()
    for answers in (here, there):
        assert await ask(answers, question()) is None


# --- real stores ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


async def keep_and_find(entries: CacheEntries, stores: Stores) -> None:
    """Keep in one process, find in another, purge in a third."""
    clock = FakeClock(int(time.time() * 1000))
    processes = [House(entries, stores.cache_epochs, clock) for _ in range(3)]
    here, there, third = [await process.open() for process in processes]
    await ask(here, question(), ANSWER)
    await here.shelf.flush()
    assert await ask(there, question()) is not None

    assert await third.shelf.purge(PURGE) == 1
    await there.shelf.refresh()

    assert await ask(there, question()) is None
    assert await third.shelf.purge(PURGE) == 0


async def test_processes_share_what_they_keep_through_the_database(stores: Stores) -> None:
    await keep_and_find(stores.cache, stores)


async def test_processes_share_what_they_keep_through_valkey(stores: Stores, valkey: Valkey) -> None:
    entries = open_cache(valkey.url)

    await keep_and_find(entries, stores)

    await entries.close()


async def test_losing_valkey_costs_speed_only_and_its_return_is_noticed() -> None:
    with running_valkey() as server:
        entries = open_cache(server.url)
        clock = FakeClock(int(time.time() * 1000))
        here = await House(entries, clock=clock).open()
        await ask(here, question(), ANSWER)
        await here.shelf.flush()
        server.kill()
        there = await House(entries, clock=clock).open()

        assert await ask(here, question()) is not None
        assert await ask(there, question()) is None
        assert there.shelf.state() == (False, "Redis does not answer: it cannot be reached.")

        server.restart()
        clock.advance(int(LOOK_AGAIN_S * 1000))
        await ask(there, question({**HELLO, "seed": 2}), ANSWER)
        await there.shelf.flush()
        assert there.shelf.state()[0] is True
        assert await ask(await House(entries, clock=clock).open(), question({**HELLO, "seed": 2})) is not None
        await entries.close()


async def test_a_frozen_valkey_delays_one_call_a_moment() -> None:
    with running_valkey() as server:
        entries = open_cache(server.url)
        here = await House(entries, clock=FakeClock(int(time.time() * 1000))).open()
        assert await ask(here, question()) is None
        server.freeze()
        try:
            began = SystemClock().monotonic()
            for seed in range(20):
                await ask(here, question({**HELLO, "seed": seed}), ANSWER)
            took_s = SystemClock().monotonic() - began
        finally:
            server.thaw()

        assert took_s < 20 * 0.1
        await entries.close()
