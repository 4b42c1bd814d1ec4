"""Who serves: every store counts the same."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, update

from tollhouse.domain.rates import Standing
from tollhouse.ports.presence import PRESENT_S
from tollhouse.stores import Stores
from tollhouse.stores.memory.presence import MemoryPresence
from tollhouse.stores.sql.engine import open_database
from tollhouse.stores.sql.presence import SqlPresence
from tollhouse.stores.sql.schema import presence

Place = tuple[str | None, Path]


async def test_whoever_beats_is_counted_and_ranked_by_name(stores: Stores) -> None:
    assert await stores.presence.beat("proc_b") == Standing(0, 1)
    assert await stores.presence.beat("proc_a") == Standing(0, 2)
    assert await stores.presence.beat("proc_b") == Standing(1, 2)
    assert await stores.presence.beat("proc_c") == Standing(2, 3)


async def test_whoever_leaves_does_not_count_any_more(stores: Stores) -> None:
    await stores.presence.beat("proc_a")
    await stores.presence.beat("proc_b")

    await stores.presence.leave("proc_a")
    await stores.presence.leave("nobody")

    assert await stores.presence.beat("proc_b") == Standing(0, 1)


async def test_many_who_beat_at_once_are_all_counted(stores: Stores) -> None:
    names = [f"proc_{n}" for n in range(8)]
    await asyncio.gather(*(stores.presence.beat(name) for name in names))

    standings = await asyncio.gather(*(stores.presence.beat(name) for name in names))

    assert standings == [Standing(rank, 8) for rank in range(8)]


async def test_whoever_was_silent_too_long_by_the_databases_clock_does_not_count(place: Place) -> None:
    database = await open_database(place[0] or place[1])
    there = SqlPresence(database)
    await there.beat("proc_a")
    await there.beat("proc_b")

    def age(connection: Connection) -> None:
        silent = update(presence).where(presence.c.process == "proc_a")
        connection.execute(silent.values(seen_ms=presence.c.seen_ms - int(PRESENT_S * 1000)))

    await database.write(age)

    assert await there.beat("proc_b") == Standing(0, 1)
    assert await there.beat("proc_a") == Standing(0, 2)
    await database.close()


async def test_in_memory_time_is_the_clock_that_is_given() -> None:
    now = [0.0]
    there = MemoryPresence(lambda: now[0])
    await there.beat("proc_a")

    now[0] = PRESENT_S

    assert await there.beat("proc_b") == Standing(0, 1)
