"""Which schemas are accepted, set up, migrated and refused; on both databases."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tollhouse.domain.calls import Attempt, Call
from tollhouse.domain.errors import SchemaMismatch, StoreUnavailable
from tollhouse.stores.sql import schema, version
from tollhouse.stores.sql.engine import Database, open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where an empty database is."""
    if request.param == "sqlite":
        return tmp_path / "data"
    make: Callable[[], str] = request.getfixturevalue("new_postgres")
    return make()


@pytest.fixture
async def database(empty: str | Path) -> AsyncIterator[Database]:
    opened = await open_database(empty)
    yield opened
    await opened.close()


async def test_an_empty_database_is_set_up_and_then_accepted(database: Database) -> None:
    await version.prepare(database)
    await version.prepare(database)

    assert await version.migrate(database) == (version.NEEDED, version.NEEDED)


async def test_many_may_set_up_one_empty_database_at_once(empty: str | Path) -> None:
    databases = await asyncio.gather(*(open_database(empty) for _ in range(4)))

    await asyncio.gather(*(version.prepare(database) for database in databases))

    for database in databases:
        assert await version.migrate(database) == (version.NEEDED, version.NEEDED)
        await database.close()


async def test_the_migrated_schema_is_the_one_that_is_programmed(database: Database) -> None:
    await version.prepare(database)

    differences = await database.read(_differences)

    assert differences == []


def test_columns_are_the_fields_of_calls_and_attempts() -> None:
    calls = [column.name for column in schema.calls.columns]
    attempts = [column.name for column in schema.attempts.columns]

    assert calls == [f.name for f in fields(Call) if f.name != "attempts"]
    assert sorted(attempts) == sorted(["call_id", "position", *(f.name for f in fields(Attempt))])


def test_every_revision_is_listed() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(version.__file__).with_name("migrations")))

    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == version.REVISIONS


def test_an_older_database_names_the_command_to_run() -> None:
    found = version.Found("0001", None, ours=True, missing=("calls.later",))

    problem = version.problem(found, "here", revisions=("0001", "0002"))

    assert problem is not None
    assert "0001" in problem
    assert "0002" in problem
    assert problem.endswith("run: tollhouse migrate")
    assert "beside whatever serves" in problem


async def test_a_newer_database_that_names_this_programs_revision_is_accepted_and_left_as_it_is(
    database: Database,
) -> None:
    await version.prepare(database)
    await _run(database, "ALTER TABLE calls ADD COLUMN of_later TEXT")
    await _made_newer(database, serves=version.NEEDED)

    await version.prepare(database)

    assert await version.migrate(database) == ("9999", "9999")
    found = await database.read(version.look)
    assert (found.revision, found.running) == ("9999", None)
    assert found.serves == {version.NEEDED, "9999"}


async def test_a_newer_database_that_names_other_revisions_only_is_refused(database: Database) -> None:
    await version.prepare(database)
    await _made_newer(database, serves="9998")

    for refuse in (version.prepare, version.migrate):
        with pytest.raises(SchemaMismatch, match=r"newer tollhouse.*9999.*Upgrade tollhouse"):
            await refuse(database)


async def test_a_newer_database_without_what_this_program_uses_is_refused_whatever_it_names(database: Database) -> None:
    await version.prepare(database)
    await _made_newer(database, serves=version.NEEDED)
    await _run(database, "ALTER TABLE calls DROP COLUMN subject")

    with pytest.raises(SchemaMismatch, match=r"lacks calls\.subject"):
        await version.prepare(database)


async def test_a_migrated_database_names_every_revision_that_may_serve_on_it(database: Database) -> None:
    await version.prepare(database)

    found = await database.read(version.look)

    assert found.serves == set(version.REVISIONS)


async def test_a_migration_that_a_newer_program_began_is_left_to_it(database: Database) -> None:
    await version.prepare(database)
    await _run(database, f"INSERT INTO {version.RUNNING_TABLE} (revision) VALUES ('9999')")

    for refuse in (version.prepare, version.migrate):
        with pytest.raises(SchemaMismatch, match=r"to revision 9999 has begun.*the version that began it"):
            await refuse(database)
    assert (await database.read(version.look)).running == "9999"


async def test_a_newer_database_says_which_revision_and_to_upgrade(database: Database) -> None:
    await version.prepare(database)
    await _run(database, f"UPDATE {version.VERSION_TABLE} SET version_num = '9999'")
    await _run(database, f"DROP TABLE {version.SERVES_TABLE}")  # as it is after a program that knows of no such list

    for refuse in (version.prepare, version.migrate):
        with pytest.raises(SchemaMismatch, match=r"newer tollhouse.*9999.*Upgrade tollhouse"):
            await refuse(database)


async def test_an_interrupted_migration_is_refused_until_it_is_run_again(database: Database) -> None:
    await version.prepare(database)
    await _run(database, f"INSERT INTO {version.RUNNING_TABLE} (revision) VALUES ('0001')")

    with pytest.raises(SchemaMismatch, match=r"has begun and not finished.*again.*tollhouse migrate"):
        await version.prepare(database)
    await version.migrate(database)
    await version.prepare(database)


async def test_an_interrupted_first_set_up_left_nothing_and_is_simply_done_again(database: Database) -> None:
    await _run(database, f"CREATE TABLE {version.RUNNING_TABLE} (revision TEXT NOT NULL)")
    await _run(database, f"INSERT INTO {version.RUNNING_TABLE} (revision) VALUES ('0001')")

    await version.prepare(database)

    assert await version.migrate(database) == (version.NEEDED, version.NEEDED)


async def test_tables_that_contradict_the_revision_are_refused(database: Database) -> None:
    await version.prepare(database)
    await _run(database, "ALTER TABLE calls DROP COLUMN subject")

    for refuse in (version.prepare, version.migrate):
        with pytest.raises(SchemaMismatch, match=r"lacks calls\.subject.*restore a backup"):
            await refuse(database)


async def test_tables_without_a_revision_are_refused(database: Database) -> None:
    await version.prepare(database)
    await _run(database, f"DROP TABLE {version.VERSION_TABLE}")

    for refuse in (version.prepare, version.migrate):
        with pytest.raises(SchemaMismatch, match=r"no schema revision.*Restore a backup"):
            await refuse(database)


async def test_other_tables_beside_ours_do_not_matter(database: Database) -> None:
    await _run(database, "CREATE TABLE of_somebody_else (id INTEGER)")
    await _run(database, "CREATE TABLE alembic_version (version_num TEXT)")

    await version.prepare(database)


async def test_a_failed_migration_leaves_nothing_behind_and_can_be_run_again(database: Database) -> None:
    await _run(database, "CREATE VIEW marks AS SELECT 1 AS one")  # in the way of the last table that is made

    with pytest.raises(StoreUnavailable):
        await version.prepare(database)

    assert not (await database.read(version.look)).ours
    await _run(database, "DROP VIEW marks")
    await version.prepare(database)


def test_a_current_store_opens_without_alembic(sqlite_place: tuple[None, Path]) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "import tollhouse.stores\n"
        "assert 'sqlalchemy' not in sys.modules, 'importing the stores loads a database library'\n"
        f"stores = asyncio.run(tollhouse.stores.open_stores(None, pathlib.Path({str(sqlite_place[1])!r})))\n"
        "asyncio.run(stores.close())\n"
        "assert 'sqlalchemy' in sys.modules and 'alembic' not in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


async def _made_newer(database: Database, *, serves: str) -> None:
    await _run(database, f"UPDATE {version.VERSION_TABLE} SET version_num = '9999'")
    await _run(database, f"DELETE FROM {version.SERVES_TABLE}")
    await _run(database, f"INSERT INTO {version.SERVES_TABLE} (revision) VALUES ('{serves}'), ('9999')")


async def _run(database: Database, statement: str) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text(statement))

    await database.write(work)


def _differences(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _: kind != "table" or name not in version.OWN_TABLES,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata))
