"""
Which schema a database has, and how it gets the one that this program needs.

A current database is recognised by questions alone; alembic loads only to set one up or to migrate it. A migration is
one transaction, on SQLite too. A mark is committed before it and removed in it, so that one that was interrupted is
seen, whatever a later revision does outside its transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, delete, insert, select, table, text

from tollhouse.domain.errors import SchemaMismatch

from . import schema
from .engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001", "0002")
"""Every revision, oldest first; the last is the one this program needs."""
NEEDED = REVISIONS[-1]
VERSION_TABLE = "tollhouse_schema"
RUNNING_TABLE = "tollhouse_migration"
MIGRATION_LIMIT_S = 3600.0
"""A migration may rewrite a year of calls; it is stopped by the operator, not by us."""
MIGRATION_LOCK = 0x746F6C6C02
"""PostgreSQL's advisory lock: two processes that migrate at once do so one after the other."""

_version = table(VERSION_TABLE, column("version_num"))
_running = table(RUNNING_TABLE, column("revision"))


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a database. `missing` are `table.column` that the revision should have; `ours` is any table of ours."""

    revision: str | None
    running: str | None
    ours: bool
    missing: tuple[str, ...]


async def prepare(database: Database) -> None:
    """Set up an empty database and accept a current one. Raises SchemaMismatch naming what to do about any other."""
    found = await database.read(look)
    if found.revision is None and not found.ours:  # also after a first set-up that was interrupted: it left nothing
        await migrate(database)
        return
    wrong = problem(found, database.where)
    if wrong is not None:
        raise SchemaMismatch(wrong)


async def migrate(database: Database) -> tuple[str | None, str]:
    """
    Bring the schema to the revision this program needs; return the revision before and after.

    Safe among processes, and again after a migration that was interrupted. Raises SchemaMismatch if the database is
    newer than this program or its tables contradict its revision.
    """
    config = _alembic_config()
    before = await database.write(lambda connection: _announce(connection, database.where), MIGRATION_LIMIT_S)
    await database.write(lambda connection: _upgrade(connection, config), MIGRATION_LIMIT_S)
    return before, NEEDED


def look(connection: Connection) -> Found:
    columns = _columns(connection)
    revision = connection.scalar(select(_version.c.version_num)) if VERSION_TABLE in columns else None
    running = connection.scalar(select(_running.c.revision)) if RUNNING_TABLE in columns else None
    needed = schema.metadata.tables.values()
    missing = sorted(f"{t.name}.{c.name}" for t in needed for c in t.columns if c.name not in columns.get(t.name, ()))
    return Found(revision, running, any(t.name in columns for t in needed), tuple(missing))


def _columns(connection: Connection) -> dict[str, set[str]]:
    """Return the columns of every table of ours that is there: one question on either database."""
    if connection.dialect.name == "sqlite":
        question = (
            "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
        )
    else:
        question = (
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
            "AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
        )
    columns: dict[str, set[str]] = {}
    for table_name, column_name in connection.exec_driver_sql(question):
        columns.setdefault(table_name, set()).add(column_name)
    return columns


def problem(found: Found, where: str, revisions: Sequence[str] = REVISIONS) -> str | None:
    """Return what is wrong with a database and what to do, or None. `revisions` are those the program knows."""
    needed = revisions[-1]
    if found.revision is not None and found.revision not in revisions:
        return (
            f"The database {where} was written by a newer tollhouse: its schema is revision {found.revision}, and this "
            f"program knows revisions up to {needed}. Upgrade tollhouse, or restore a backup made with this version."
        )
    if found.running is not None:
        return (
            f"A migration of the database {where} to revision {found.running} did not finish; its schema is revision "
            f"{found.revision or 'none'}. Stop every tollhouse on it and run: tollhouse migrate"
        )
    if found.revision is None:
        return (
            f"The database {where} has tables of ours but no schema revision, so nobody can tell what they hold. "
            "Restore a backup, or name an empty database."
        )
    if found.revision != needed:
        return (
            f"The database {where} has schema revision {found.revision}; this program needs {needed}. "
            "Make a backup and run: tollhouse migrate"
        )
    return _contradiction(found, where)


def _contradiction(found: Found, where: str) -> str | None:
    if not found.missing:
        return None
    return (
        f"The database {where} says that its schema is revision {found.revision}, but it lacks "
        f"{_some(found.missing)}. It was changed by hand or half restored: restore a backup."
    )


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


def _announce(connection: Connection, where: str) -> str | None:
    """Write the mark, unless there is nothing to migrate; refuse what a migration would only make worse."""
    _take_turn(connection)
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {RUNNING_TABLE} (revision TEXT NOT NULL)"))
    found = look(connection)
    if not _can_be_migrated(found):
        raise SchemaMismatch(problem(replace(found, running=None), where))
    if found.revision != NEEDED and found.running is None:
        connection.execute(insert(_running).values(revision=NEEDED))
    return found.revision


def _can_be_migrated(found: Found) -> bool:
    if found.revision is None:
        return not found.ours
    return found.revision in REVISIONS and not (found.revision == NEEDED and found.missing)


def _upgrade(connection: Connection, config: "Config") -> None:
    """Upgrade in the transaction that is open. A database that another process has upgraded meanwhile is left as it is."""
    from alembic import command

    _take_turn(connection)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.execute(delete(_running))


def _take_turn(connection: Connection) -> None:
    """Wait for another process that migrates; on SQLite the transaction itself does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})


def _alembic_config() -> "Config":
    """Made before the transaction, because loading alembic takes longer than a small migration."""
    from alembic import command  # noqa: F401 - `_upgrade` needs it while it holds everybody up
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
