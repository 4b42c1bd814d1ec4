"""Backup and restore: one state while others write, the same from any database to any, whole or not at all."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

import pytest
from sqlalchemy import Boolean, Connection, Float, Integer, LargeBinary, Table, func, insert, select, text

from ledger_words import CLAIMS, ORGANISATION, a_call, an_ask, an_attempt
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.stores.sql import schema, stores_on, version
from tollhouse.stores.sql.archive import Archive, BackupError, Manifest, new_archive, open_archive
from tollhouse.stores.sql.backup import back_up
from tollhouse.stores.sql.engine import Database, open_database
from tollhouse.stores.sql.restore import restore

T = TypeVar("T")
Place = str | Path
MakePlace = Callable[[str], Place]
KINDS = ("sqlite", "postgresql")
MADE_AT = "2026-10-01T08:00:00.000Z"
LET_GO = {"leases", "open_calls", "presence"}
"""What a process of the time held; a restored store has none of it."""


@pytest.fixture
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> MakePlace:
    """Return a function that makes empty databases."""

    def make(kind: str) -> Place:
        if kind == "postgresql":
            new: Callable[[], str] = request.getfixturevalue("new_postgres")
            return new()
        return tmp_path / f"data-{len(list(tmp_path.iterdir()))}"

    return make


@pytest.fixture(params=KINDS)
async def source(request: pytest.FixtureRequest, make_place: MakePlace) -> AsyncIterator[Database]:
    """A database that is set up."""
    database = await open_database(make_place(request.param))
    await version.prepare(database)
    yield database
    await database.close()


@pytest.fixture(params=KINDS)
async def target(request: pytest.FixtureRequest, make_place: MakePlace) -> AsyncIterator[Database]:
    """A database without anything."""
    database = await open_database(make_place(request.param))
    yield database
    await database.close()


# --- the same everywhere --------------------------------------------------------------------------------------------


async def test_every_row_of_every_table_comes_back_on_either_database(
    source: Database, target: Database, tmp_path: Path
) -> None:
    await source.write(fill_every_table)
    before = await source.read(contents)

    manifest = await backed_up(source, tmp_path / "a.backup")
    await restored(target, tmp_path / "a.backup")

    after = await target.read(contents)
    assert set(before) == set(after) == set(schema.metadata.tables)
    assert {part.table for part in manifest.parts} == set(before) - schema.NOT_KEPT
    assert all(before.values())
    for table in set(before) - LET_GO - schema.NOT_KEPT - {"budget_periods", "revision"}:
        assert after[table] == before[table], table
    assert not any(after[table] for table in schema.NOT_KEPT)
    assert await version.migrate(target) == (version.NEEDED, version.NEEDED)


async def test_numbering_goes_on_after_what_was_restored(source: Database, target: Database, tmp_path: Path) -> None:
    await source.write(fill_every_table)
    await backed_up(source, tmp_path / "a.backup")
    await restored(target, tmp_path / "a.backup")

    def add(connection: Connection) -> None:
        for table in (schema.keys, schema.access_tokens, schema.changes):
            row = a_row(table, "another")
            del row["id"]
            connection.execute(insert(table), row)

    await target.write(add)

    assert await target.read(lambda connection: connection.scalars(select(schema.keys.c.id)).all()) == [1, 2]


async def test_what_processes_of_the_time_held_is_let_go(source: Database, target: Database, tmp_path: Path) -> None:
    stores = stores_on(source)
    await stores.ledger.lease("proc_then", [an_ask(ORGANISATION, limit=10**6, least=5_000)])
    await stores.ledger.post("proc_then", [a_call(an_attempt(30))])
    await stores.ledger.show_open("proc_then", [a_call(an_attempt(40))])
    await source.write(unfinished_replay)

    await backed_up(source, tmp_path / "a.backup")
    await restored(target, tmp_path / "a.backup")

    restored_stores = stores_on(target)
    assert await restored_stores.ledger.leases() == []
    assert [(b.spent_nanousd, b.leased_nanousd) for b in await restored_stores.ledger.budgets()] == [(30, 0)]
    after = await target.read(contents)
    assert {name: after[name] for name in (*LET_GO, "replays")} == {name: [] for name in (*LET_GO, "replays")}


@pytest.mark.parametrize(("there", "then"), [(0, 7), (9, 3)])
async def test_the_number_of_the_last_change_is_one_that_no_server_has_seen(
    source: Database, tmp_path: Path, there: int, then: int
) -> None:
    await source.write(lambda connection: set_number(connection, then))
    await backed_up(source, tmp_path / "a.backup")
    await source.write(lambda connection: set_number(connection, there))

    await restored(source, tmp_path / "a.backup", replace=True)

    assert (await source.read(contents))["revision"] == [(1, max(there, then) + 1)]


# --- one state ------------------------------------------------------------------------------------------------------


async def test_calls_that_are_posted_between_two_tables_are_in_none_of_them(
    source: Database, make_place: MakePlace, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = str(request.node.callspec.params["source"])
    ledger = stores_on(source).ledger
    await ledger.lease("proc", [an_ask(scope, limit=10**9, least=10**6) for scope in (ORGANISATION, CLAIMS)])
    await ledger.post("proc", [a_call(an_attempt(7)) for _ in range(3)])
    told: list[str] = []

    def post_meanwhile(table: str, rows: int) -> None:
        told.append(table)
        elsewhere(source, lambda other: stores_on(other).ledger.post("proc", [a_call(an_attempt(7))]))

    await back_up(source, tmp_path / "a.backup", tollhouse="9.9", made_at=MADE_AT, on_rows=post_meanwhile)
    target = await open_database(make_place(place))
    await restored(target, tmp_path / "a.backup")

    after = await target.read(contents)
    spent = {row.spent_nanousd for row in after["budget_periods"]}  # type: ignore[attr-defined]
    assert {"attempts", "budget_periods", "calls"} <= set(told)
    assert (len(after["calls"]), len(after["attempts"]), spent) == (3, 3, {21})
    assert len((await source.read(contents))["calls"]) == 3 + len(told)
    await target.close()


# --- of another age -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", version.REVISIONS)
async def test_a_backup_of_any_revision_is_restored_and_migrated(
    target: Database, make_place: MakePlace, tmp_path: Path, revision: str
) -> None:
    old = await open_database(make_place("sqlite"))
    await old.write(lambda connection: build(connection, revision))
    manifest = await backed_up(old, tmp_path / "a.backup")
    await old.close()

    for _ in range(2):  # the second time over tables of today
        await restored(target, tmp_path / "a.backup", replace=True)

    assert manifest.revision == revision
    assert (await target.read(version.look)).revision == version.NEEDED
    await version.prepare(target)
    assert len((await target.read(contents))["calls"]) == 1


async def test_a_schema_that_is_newer_than_this_program_is_not_backed_up_in_part(
    source: Database, tmp_path: Path
) -> None:
    await run(source, f"UPDATE {version.VERSION_TABLE} SET version_num = '9999'")
    await run(source, f"INSERT INTO {version.SERVES_TABLE} VALUES ('9999')")

    with pytest.raises(BackupError, match="9999, newer than this program"):
        await backed_up(source, tmp_path / "a.backup")
    assert not list(tmp_path.glob("*.backup"))


async def test_a_backup_that_this_program_does_not_know_is_refused(target: Database, tmp_path: Path) -> None:
    with new_archive(tmp_path / "a.backup") as archive:
        part = archive.add("calls", ["id", "of_later"], [[("call_1", 1)]])
        archive.end(Manifest(1, "9.9.0", MADE_AT, "sqlite", "9999", (part,)))

    with pytest.raises(BackupError, match=r"tollhouse 9\.9\.0 and schema revision 9999 with calls\.of_later.*Upgrade"):
        await restored(target, tmp_path / "a.backup")


async def test_a_backup_of_another_format_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.backup", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": 2}))

    with pytest.raises(BackupError, match="format 2; this program reads format 1"), open_archive(tmp_path / "a.backup"):
        pass


# --- whole or not at all --------------------------------------------------------------------------------------------


async def test_a_store_that_holds_something_is_replaced_only_if_asked(source: Database, tmp_path: Path) -> None:
    await backed_up(source, tmp_path / "empty.backup")
    await source.write(fill_every_table)
    before = await source.read(contents)

    with pytest.raises(BackupError, match=r"is not empty: it has rows in .*calls.* --replace"):
        await restored(source, tmp_path / "empty.backup")

    assert await source.read(contents) == before
    await restored(source, tmp_path / "empty.backup", replace=True)
    assert (await source.read(contents))["calls"] == []


async def test_a_changed_byte_is_found_before_anything_is_done(source: Database, tmp_path: Path) -> None:
    await source.write(fill_every_table)
    await backed_up(source, tmp_path / "a.backup")
    rewrite(tmp_path / "a.backup", "tables/calls.jsonl", lambda body: body.replace(b"text-", b"taxt-", 1))

    with pytest.raises(BackupError, match=r"damaged: tables/calls\.jsonl is not as it was written"):
        await restored(source, tmp_path / "a.backup", replace=True)


async def test_a_restore_that_fails_halfway_leaves_what_was_there(source: Database, tmp_path: Path) -> None:
    await source.write(fill_every_table)
    before = await source.read(contents)
    await backed_up(source, tmp_path / "a.backup")
    rewrite(tmp_path / "a.backup", "manifest.json", lambda body: body.replace(b'"rows": 1', b'"rows": 2'))

    with pytest.raises(BackupError, match="its manifest says 2"):
        await restored(source, tmp_path / "a.backup", replace=True)

    assert await source.read(contents) == before
    await version.prepare(source)


@pytest.mark.parametrize("cut", [0, 100, -30])
async def test_half_a_backup_is_no_backup(source: Database, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.backup"
    await backed_up(source, path)
    path.write_bytes(path.read_bytes()[:cut])

    with pytest.raises(BackupError, match="no backup, or only part of one"):
        await restored(source, path, replace=True)


async def test_a_backup_is_its_owners_and_never_takes_anothers_place(source: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"

    await backed_up(source, path)
    before = path.read_bytes()

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="exists already"):
        await backed_up(source, path)
    assert path.read_bytes() == before


async def test_a_backup_that_fails_leaves_nothing_behind(source: Database, tmp_path: Path) -> None:
    await source.write(fill_every_table)
    folder = tmp_path / "backups"
    folder.mkdir()

    def fail(table: str, rows: int) -> None:
        raise OSError("the disk is full")

    with pytest.raises((OSError, StoreUnavailable)):
        await back_up(source, folder / "a.backup", tollhouse="9.9", made_at=MADE_AT, on_rows=fail)

    assert list(folder.iterdir()) == []


# --- words ----------------------------------------------------------------------------------------------------------


async def backed_up(database: Database, path: Path) -> Manifest:
    return await back_up(database, path, tollhouse="9.9", made_at=MADE_AT, on_rows=lambda table, rows: None)


async def restored(database: Database, path: Path, *, replace: bool = False) -> None:
    with open_archive(path) as archive:
        verified: Archive = archive
        verified.verify()
        await restore(database, verified, replace=replace, on_rows=lambda table, rows: None)


def contents(connection: Connection) -> dict[str, Sequence[object]]:
    """Return the rows of all tables, in the order of their keys."""
    return {
        name: list(connection.execute(select(table).order_by(*table.primary_key.columns)).all())
        for name, table in schema.metadata.tables.items()
    }


def fill_every_table(connection: Connection) -> None:
    """Put one row into each table; rows that triggers remove come last."""
    for table in sorted(schema.metadata.sorted_tables, key=lambda each: each.name.startswith("rollup")):
        if not connection.scalar(select(func.count()).select_from(table)):
            connection.execute(insert(table), a_row(table, "text"))


def a_row(table: Table, word: str) -> dict[str, object]:
    return {column.name: a_value(column.type, f"{word}-{column.name}") for column in table.columns}


def a_value(kind: object, word: str) -> object:
    match kind:
        case Boolean():
            return True
        case Float():
            return 0.1 + 0.2
        case LargeBinary():
            return b"\x00\xff" + word.encode()
        case Integer():
            return 1
        case _:
            return f'{word} \u00e4\u2028\U0001f512\n"'


def unfinished_replay(connection: Connection) -> None:
    row = a_row(schema.replays, "text")
    connection.execute(insert(schema.replays), {**row, "sealed": None})


def set_number(connection: Connection, number: int) -> None:
    connection.execute(schema.revision.update().values(number=number))


def build(connection: Connection, revision: str) -> None:
    """Set a database up as a program of this revision did, with one call."""
    version.upgrade_in(connection, version.alembic_config(), revision)
    there = version.columns_there(connection)["calls"]
    row = {name: value for name, value in a_row(schema.calls, "text").items() if name in there}
    columns = ", ".join(f'"{name}"' for name in row)
    connection.execute(text(f"INSERT INTO calls ({columns}) VALUES ({', '.join(f':{name}' for name in row)})"), row)


def rewrite(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Write the archive again with one member changed."""
    with ZipFile(path) as old:
        members = {each: old.read(each) for each in old.namelist()}
    changed = change(members[name])
    assert changed != members[name]
    with ZipFile(path, "w") as new:
        for each, body in {**members, name: changed}.items():
            new.writestr(each, body)


def elsewhere(database: Database, work: Callable[[Database], Coroutine[None, None, None]]) -> None:
    """Do it through a connection of its own, and wait for it, whatever this thread's loop is doing."""

    async def doing() -> None:
        other = await open_database(_place(database))
        try:
            await work(other)
        finally:
            await other.close()

    thread = threading.Thread(target=lambda: asyncio.run(doing()))
    thread.start()
    thread.join()


def _place(database: Database) -> Place:
    if database.kind == "sqlite":
        return Path(database.where).parent
    return f"postgresql://postgres:none@{database.where}"


async def run(database: Database, statement: str) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text(statement))

    await database.write(work)
