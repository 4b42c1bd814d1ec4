"""What every store of kept answers and of their epochs does."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tollhouse.ports.cache import CacheEntries, CacheEntry, Place
from tollhouse.ports.changes import Change
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.memory import memory_stores
from tollhouse.stores.redis import open_cache
from valkey_server import Valkey, running_valkey

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000
BIG = 1_000_000


def place(number: int, use_case: str = "triage") -> Place:
    return use_case, number.to_bytes(32)


def entry(number: int, sealed: bytes = b"sealed\x00\xff", *, use_case: str = "triage", ends_ms: int = 0) -> CacheEntry:
    return CacheEntry(place(number, use_case), sealed, NOW_MS, ends_ms or NOW_MS + HOUR_MS)


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "postgresql", "valkey"])
def where(request: pytest.FixtureRequest) -> object:
    """Where an empty store is: None, a Place, or a server."""
    if request.param == "memory":
        return None
    if request.param == "valkey":
        server: Valkey = request.getfixturevalue("valkey")
        server.command("FLUSHALL")
        return server
    return request.getfixturevalue(f"{request.param}_place")


@pytest.fixture
async def entries(where: object) -> AsyncIterator[CacheEntries]:
    if isinstance(where, Valkey):
        shared = open_cache(where.url)
        yield shared
        await shared.close()
        return
    stores = await open_stores(*where) if isinstance(where, tuple) else memory_stores()
    yield stores.cache
    await stores.close()


async def test_what_was_put_is_found_at_its_place_and_nowhere_else(entries: CacheEntries) -> None:
    await entries.put([entry(1), entry(2, b"")])

    found = await entries.find([place(1), place(2), place(3), place(1, "other")])

    assert found == {place(1): entry(1), place(2): entry(2, b"")}


async def test_nothing_is_put_and_nothing_found(entries: CacheEntries) -> None:
    await entries.put([])

    assert await entries.find([place(1)]) == {}


async def test_of_two_for_one_place_the_last_stays(entries: CacheEntries) -> None:
    await entries.put([entry(1, b"first"), entry(1, b"second")])
    await entries.put([entry(1, b"third")])

    assert (await entries.find([place(1)]))[place(1)].sealed == b"third"


async def test_one_use_case_is_forgotten_and_another_is_not(entries: CacheEntries) -> None:
    odd = "tri*[a]?ge:"
    await entries.put([entry(number, use_case=odd) for number in range(30)])
    await entries.put([entry(1), entry(1, use_case="tri")])

    assert await entries.forget(odd) == 30
    assert await entries.forget(odd) == 0

    assert set(await entries.find([place(1), place(1, "tri"), place(1, odd)])) == {place(1), place(1, "tri")}


async def test_what_is_over_expires(entries: CacheEntries) -> None:
    await entries.put([entry(1, ends_ms=NOW_MS - 1), entry(2)])

    await entries.expire(NOW_MS, BIG)

    assert set(await entries.find([place(1), place(2)])) == {place(2)}


async def test_names_of_any_length_and_script_are_places_of_their_own(entries: CacheEntries) -> None:
    names = ["schäden", "schaden", "x" * 200, "x" * 199]

    await entries.put([entry(7, name.encode(), use_case=name) for name in names])

    found = await entries.find([place(7, name) for name in names])
    assert {place[0]: kept.sealed.decode() for place, kept in found.items()} == {name: name for name in names}


async def test_beyond_so_many_bytes_what_ends_first_goes(stores: Stores) -> None:
    ends = {number: NOW_MS + HOUR_MS + number for number in range(1_200)}
    await stores.cache.put([entry(number, b"x" * 100, ends_ms=ends[number]) for number in reversed(ends)])

    assert await stores.cache.expire(NOW_MS, 10_000) == 1_100
    assert await stores.cache.expire(NOW_MS, 10_000) == 0

    left = await stores.cache.find([place(number) for number in ends])
    assert sorted(left) == [place(number) for number in range(1_100, 1_200)]


async def test_all_that_is_over_goes_however_much_it_is(stores: Stores) -> None:
    await stores.cache.put([entry(number, ends_ms=NOW_MS - number) for number in range(1_201)])

    assert await stores.cache.expire(NOW_MS, BIG) == 1_201


def purging(use_case: str, at_ms: int) -> Change:
    return Change(kind="cache", name=use_case, author="ana", reason="wrong answers", at_ms=at_ms, team="claims")


async def test_an_epoch_only_goes_up(stores: Stores) -> None:
    epochs = stores.cache_epochs
    assert await epochs.all() == {}

    first = await epochs.advance(purging("triage", 1_000))
    again = await epochs.advance(purging("triage", 1_000))
    back = await epochs.advance(purging("triage", 5))
    later = await epochs.advance(purging("triage", 2_000))
    other = await epochs.advance(purging("other", 7))

    assert (first, again, back, later, other) == (1_000, 1_001, 1_002, 2_000, 7)
    assert await epochs.all() == {"triage": 2_000, "other": 7}


async def test_who_raised_an_epoch_and_why_is_recorded(stores: Stores) -> None:
    before = await stores.changes.revision()

    await stores.cache_epochs.advance(purging("triage", 1_000))

    (change,) = await stores.changes.list(kind="cache")
    assert replace(change, id=0) == purging("triage", 1_000)
    assert await stores.changes.revision() > before
