"""A lease is refused at once by a database that is gone, also the first time, and never by one that is merely slow."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ledger_words import an_ask, figures
from line import Line, a_line_to
from postgres_server import PostgresServer
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.sql import stores_on
from tollhouse.stores.sql.engine import open_database

Place = tuple[str | None, Path]
SOON_S = 0.5
"""GONE_LIMIT_S is 80 ms; the rest is for a machine that is busy with other tests. Waiting for an answer would take 3 s."""


@pytest.fixture
async def line(postgres_server: PostgresServer) -> AsyncIterator[Line]:
    async with a_line_to(postgres_server.port) as opened:
        yield opened


@pytest.fixture
async def remote(line: Line, postgresql_place: Place) -> AsyncIterator[Stores]:
    """Stores at the far end of the line, with a budget that has been leased from."""
    assert postgresql_place[0] is not None
    name = postgresql_place[0].rpartition("/")[2]
    opened = await open_stores(f"postgresql://postgres:x@127.0.0.1:{line.port}/{name}", postgresql_place[1])
    await lease(opened)
    yield opened
    line.mend()
    await opened.close()


@pytest.fixture
async def near(place: Place) -> AsyncIterator[Stores]:
    opened = await open_stores(*place)
    await lease(opened)
    yield opened
    await opened.close()


async def lease(stores: Stores) -> None:
    await stores.ledger.lease("p1", [an_ask(limit=10**6, least=1)])


async def refused_after_s(stores: Stores) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await lease(stores)
    return time.monotonic() - began


# --- gone -------------------------------------------------------------------------------------------------------------


async def test_when_nothing_comes_through_any_more_the_first_lease_is_refused_at_once(
    remote: Stores, line: Line
) -> None:
    line.stall()

    waited_s = [await refused_after_s(remote) for _ in range(3)]

    assert max(waited_s) <= SOON_S


async def test_when_the_line_is_cut_the_first_lease_is_refused_at_once(remote: Stores, line: Line) -> None:
    line.cut()

    assert await refused_after_s(remote) <= SOON_S


async def test_when_the_server_stands_still_the_first_lease_is_refused_at_once(
    postgres_server: PostgresServer, postgresql_place: Place
) -> None:
    stores = await open_stores(*postgresql_place)
    await lease(stores)

    with frozen(postgres_server):
        waited_s = [await refused_after_s(stores) for _ in range(3)]
    await until_leased(stores)

    assert max(waited_s) <= SOON_S
    await stores.close()


async def test_when_a_stranger_has_the_files_lock_the_first_lease_is_refused_at_once(sqlite_place: Place) -> None:
    stores = await open_stores(*sqlite_place)
    await lease(stores)

    with closing(sqlite3.connect(stores.where, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        waited_s = [await refused_after_s(stores) for _ in range(3)]
        stranger.execute("ROLLBACK")
    await until_leased(stores)

    assert max(waited_s) <= SOON_S
    await stores.close()


async def test_a_lease_that_nobody_waited_for_is_in_the_figures_or_never_will_be(remote: Stores, line: Line) -> None:
    for _ in range(10):
        leases = asyncio.gather(*(lease(remote) for _ in range(4)), return_exceptions=True)
        await asyncio.sleep(0.002)
        line.stall()
        await leases
        line.mend()
        await until_leased(remote)

        told = {process: piece.nanousd for process, piece in await remote.ledger.leases()}
        await asyncio.sleep(0.05)

        assert await figures(remote) == (0, told["p1"])


# --- slow -------------------------------------------------------------------------------------------------------------


async def test_a_lease_waits_for_another_transaction_of_ours(near: Stores, place: Place) -> None:
    with slow_transaction(place, 0.7) as begun:
        await asyncio.to_thread(begun.wait)

        began = time.monotonic()
        await lease(near)

    assert time.monotonic() - began > 0.3, "there was nothing to wait for"


async def test_a_lease_waits_behind_this_processs_own_transactions(place: Place) -> None:
    database = await open_database(place[0] or place[1])
    stores = stores_on(database)
    await lease(stores)
    sleeping = "SELECT pg_sleep(0.1), spent_nanousd FROM budget_periods FOR UPDATE"

    def slowly(connection: Connection) -> None:
        if place[0] is None:
            time.sleep(0.1)
        else:
            connection.execute(text(sleeping))

    writes = [asyncio.create_task(database.write(slowly)) for _ in range(5)]
    await asyncio.sleep(0.01)
    await lease(stores)

    await asyncio.gather(*writes)
    await database.close()


async def test_a_loop_of_ours_that_stands_still_is_not_the_databases_fault(near: Stores) -> None:
    for _ in range(5):
        leasing = asyncio.create_task(lease(near))
        await asyncio.sleep(0)
        time.sleep(0.15)
        await leasing


async def test_many_processes_at_one_budget_refuse_nothing_they_need_not(place: Place) -> None:
    many = [await open_stores(*place) for _ in range(4)]

    async def hammer(stores: Stores) -> None:
        for _ in range(40):
            await lease(stores)

    await asyncio.gather(*(hammer(stores) for stores in many for _ in range(4)))

    assert await figures(many[0]) == (0, 640)
    for stores in many:
        await stores.close()


# --- helpers ----------------------------------------------------------------------------------------------------------


async def until_leased(stores: Stores) -> None:
    for _ in range(500):
        try:
            return await lease(stores)
        except StoreUnavailable:
            await asyncio.sleep(0.02)
    pytest.fail("the database is back, and leases are still refused")


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Stop every process of the server, as a machine does that hangs."""
    postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@contextmanager
def slow_transaction(place: Place, seconds: float) -> Iterator[threading.Event]:
    """Hold the budget's row for a while from another thread, with an engine of its own, as another process does."""
    begun = threading.Event()

    def work(connection: Connection) -> None:
        if place[0] is None:
            begun.set()
            time.sleep(seconds)
        else:
            connection.execute(text("SELECT 1 FROM budget_periods FOR UPDATE")).all()
            begun.set()
            connection.execute(text(f"SELECT pg_sleep({seconds})"))

    async def holding() -> None:
        database = await open_database(place[0] or place[1])
        await database.write(work)
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(holding()))
    thread.start()
    try:
        yield begun
    finally:
        thread.join()
