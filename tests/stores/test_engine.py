"""When the database is slow, locked, full or gone, and when it does not open."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import await_only

from ledger_words import a_call, an_ask, an_attempt, figures
from line import Line, a_line_to
from postgres_server import PostgresServer, psql
from tollhouse.domain.errors import StartError, StoreUnavailable
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.sql import budget_rows, engine, sqlite, stores_on, transactions
from tollhouse.stores.sql.engine import Database, open_database

Place = tuple[str | None, Path]


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    opened = await open_database(place[0] or place[1])
    yield opened
    await opened.close()


@pytest.fixture
async def file(sqlite_place: Place) -> AsyncIterator[Database]:
    opened = await open_database(sqlite_place[1])
    yield opened
    await opened.close()


@pytest.fixture
async def line(postgres_server: PostgresServer) -> AsyncIterator[Line]:
    async with a_line_to(postgres_server.port) as opened:
        yield opened


@pytest.fixture
async def remote(line: Line, postgresql_place: Place) -> AsyncIterator[Database]:
    """A database at the far end of the line."""
    assert postgresql_place[0] is not None
    name = postgresql_place[0].rpartition("/")[2]
    opened = await open_database(f"postgresql://postgres:x@127.0.0.1:{line.port}/{name}")
    yield opened
    await opened.close()


# --- transactions -----------------------------------------------------------------------------------------------------


async def test_what_raises_in_a_transaction_has_no_effect(database: Database) -> None:
    def work(connection: Connection) -> None:
        _mark(connection, "lost")
        raise KeyError("ours")

    with pytest.raises(KeyError):
        await database.write(work)

    assert await database.read(_marks) == []


async def test_all_questions_of_a_reading_transaction_see_one_state(database: Database, place: Place) -> None:
    def work(connection: Connection) -> tuple[list[str], list[str]]:
        before = _marks(connection)
        _mark_from_elsewhere(place)
        return before, _marks(connection)

    assert await database.read(work) == ([], [])
    assert await database.read(_marks) == ["elsewhere"]


async def test_a_transaction_nobody_waits_for_any_more_has_no_effect_later(file: Database) -> None:
    def work(connection: Connection) -> None:
        _mark(connection, "late")
        time.sleep(0.3)

    with pytest.raises(StoreUnavailable, match=r"within 0\.05 s"):
        await file.write(work, 0.05)

    await file.write(partial(_mark, name="next"))
    assert await file.read(_marks) == ["next"]


async def test_a_long_statement_is_stopped_when_its_time_is_up(file: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    for _ in range(sqlite.READERS + 1):
        with pytest.raises(StoreUnavailable):
            await file.read(lambda connection: connection.execute(text(endless)).all(), 0.05)

    assert await file.read(_marks) == []


async def test_a_deadlock_is_tried_again(postgresql_place: Place) -> None:
    assert postgresql_place[0] is not None
    database = await open_database(postgresql_place[0])
    for name in "ab":
        await database.write(partial(_mark, name=name))
    both_hold = asyncio.Barrier(2)

    async def swap(first: str, second: str) -> None:
        tried = 0

        def work(connection: Connection) -> None:
            nonlocal tried
            tried += 1
            connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            connection.execute(text(f"UPDATE marks SET value = value || 'x' WHERE name = '{first}'"))
            if tried == 1:
                _wait_for(both_hold)
            connection.execute(text(f"UPDATE marks SET value = value || 'x' WHERE name = '{second}'"))

        await database.write(work)

    await asyncio.gather(swap("a", "b"), swap("b", "a"))

    values = await database.read(lambda c: [bytes(v) for (v,) in c.execute(text("SELECT value FROM marks"))])
    assert values == [b"1xx", b"1xx"]
    await database.close()


async def test_budgets_that_have_passed_are_not_looked_at_when_calls_are_posted(file: Database) -> None:
    def plans(connection: Connection) -> list[str]:
        questions = (
            budget_rows.ASKED.params(places=[("team", "a", "day", 1, 2)] * 4, earliest_end_ms=3),
            budget_rows.CHARGED.params(scopes=[("team", "a")] * 9, first_ms=1, last_ms=2),
        )
        written = [str(q.compile(connection, compile_kwargs={"literal_binds": True})) for q in questions]
        return [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {q}").all()[0][3] for q in written]

    assert all("USING INDEX ix_budget_periods_end_ms" in plan for plan in await file.read(plans))


# --- slow, locked, full, gone -------------------------------------------------------------------------------------------


async def test_a_lock_that_is_held_too_long_is_named_and_ends_with_its_holder(file: Database) -> None:
    holder = sqlite3.connect(file.where, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="another process holds its lock"):
        await file.write(partial(_mark, name="never"), transactions.LEASE_LIMIT_S)
    holder.execute("ROLLBACK")
    holder.close()

    await file.write(partial(_mark, name="then"))
    assert await file.read(_marks) == ["then"]


async def test_a_full_disk_refuses_and_leaves_the_ledger_whole(file: Database) -> None:
    stores = stores_on(file)
    await stores.ledger.lease("p1", [an_ask(limit=10**9, least=10**6)])
    await stores.ledger.post("p1", [a_call(an_attempt(5))])
    pages = await file.write(lambda connection: connection.execute(text("PRAGMA page_count")).scalar_one())
    await file.write(lambda connection: connection.execute(text(f"PRAGMA max_page_count = {pages + 2}")).all())

    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await stores.ledger.post("p1", [a_call(an_attempt(5)) for _ in range(500)])

    assert await figures(stores) == (5, 10**6 - 5)
    assert (await file.read(lambda c: c.execute(text("PRAGMA integrity_check")).scalar_one())) == "ok"


async def test_a_server_that_went_away_and_came_back_costs_nothing_but_the_calls_between(
    remote: Database, line: Line
) -> None:
    stores = stores_on(remote)
    await stores.ledger.lease("p1", [an_ask(least=1)])

    line.cut()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await stores.ledger.lease("p1", [an_ask(least=1)])
    line.mend()
    await _lease_when_back(stores)

    assert await figures(stores) == (0, 2)


async def test_while_the_database_is_gone_the_next_lease_is_refused_at_once(remote: Database, line: Line) -> None:
    stores = stores_on(remote)
    line.stall()
    with pytest.raises(StoreUnavailable):
        await remote.read(_marks, 0.2)

    begun = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await stores.ledger.lease("p1", [an_ask(least=1)])
    waited_s = time.monotonic() - begun

    line.mend()
    assert engine.GONE_LIMIT_S < 0.1
    assert waited_s < transactions.LEASE_LIMIT_S / 3, "it waited as long as for a database that may answer"


async def test_a_connection_that_the_server_closed_costs_no_error(
    database: Database, place: Place, postgres_server: PostgresServer
) -> None:
    await database.read(_marks)
    if place[0] is not None:
        postgres_server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tollhouse'"
        )

    assert await database.read(_marks) == []


# --- opening ------------------------------------------------------------------------------------------------------------


async def test_a_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    stores = await open_stores(None, tmp_path / "a" / "data")
    await stores.close()

    assert (tmp_path / "a" / "data").stat().st_mode & 0o077 == 0
    assert stores.where == str(tmp_path / "a" / "data" / "tollhouse.db")


async def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")

    with pytest.raises(StartError, match=r"data folder .*data cannot be used.*storage\.path"):
        await open_stores(None, tmp_path / "data")


async def test_a_file_that_is_not_a_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tollhouse.db").write_bytes(b"minutes of the last meeting\n" * 200)

    with pytest.raises(StartError, match=r"tollhouse\.db is not a SQLite database.*Move it away"):
        await open_stores(None, tmp_path)

    assert (tmp_path / "tollhouse.db").read_bytes().startswith(b"minutes")


@pytest.mark.parametrize("has_database", [True, False])
async def test_a_folder_that_may_not_be_written_to_is_refused(has_database: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tollhouse-readonly-"))
    if has_database:
        await (await open_stores(None, folder)).close()
        (folder / "tollhouse.db").chmod(0o444)
    folder.chmod(0o555)

    try:
        with _as_nobody(), pytest.raises(StartError, match=r"cannot be (used|opened): .*storage\.path"):
            await open_stores(None, folder)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


async def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(StartError) as refused:
        await open_stores(f"postgresql://ana:geheim@127.0.0.1:{unused_tcp_port}/house", tmp_path)

    assert f"127.0.0.1:{unused_tcp_port}/house" in refused.value.message
    assert "storage.database" in refused.value.message
    assert "geheim" not in refused.value.message


async def test_a_wrong_password_says_so(postgres_server: PostgresServer, tmp_path: Path) -> None:
    postgres_server.sql("DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules = postgres_server.data / "pg_hba.conf"
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    postgres_server.reload()

    with pytest.raises(StartError, match=r"refuses our password.*Check the user and the password") as refused:
        await open_stores(postgres_server.url(user="locked", password="wrong-one"), tmp_path)

    assert "wrong-one" not in refused.value.message


async def test_a_database_that_does_not_exist_says_so(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nowhere cannot be opened: it does not exist\. Create it"):
        await open_stores(postgres_server.url("nowhere"), tmp_path)


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "postgresql://u:geheim@h:port/d", "redis://:geheim@h"])
async def test_an_address_that_cannot_be_used_is_refused_without_showing_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"storage\.database") as refused:
        await open_stores(url, tmp_path)

    assert "geheim" not in str(refused.value)


def _mark(connection: Connection, name: str) -> None:
    connection.execute(text("INSERT INTO marks (name, value) VALUES (:name, :value)"), {"name": name, "value": b"1"})


def _marks(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(text("SELECT name FROM marks ORDER BY name"))]


def _mark_from_elsewhere(place: Place) -> None:
    """Commit from another connection, from inside a transaction of ours."""
    if place[0] is None:
        other = sqlite3.connect(place[1] / "tollhouse.db")
        other.execute("INSERT INTO marks (name, value) VALUES ('elsewhere', x'31')")
        other.commit()
        other.close()
        return
    psql(place[0], "INSERT INTO marks (name, value) VALUES ('elsewhere', '1')")


def _wait_for(barrier: asyncio.Barrier) -> None:
    """Wait from inside a PostgreSQL transaction, which runs in the event loop."""
    await_only(barrier.wait())


async def _lease_when_back(stores: Stores) -> None:
    for _ in range(100):
        try:
            await stores.ledger.lease("p1", [an_ask(least=1)])
        except StoreUnavailable:
            await asyncio.sleep(0.02)
        else:
            return
    pytest.fail("the database is back, and leases are still refused")


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may write anywhere, so for a moment it is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
