"""
Which schema a database has, and how it gets the one that this program needs.

A current database is recognised by questions alone; alembic loads only to set one up or to migrate it. A migration is
one transaction, on SQLite too. A mark is committed before it and removed in it, so that one that was interrupted is
seen, whatever a later revision does outside its transaction.

Migrations add; what stands stays. So programs of earlier revisions go on serving on a migrated database, and it lists
in itself which ones may: a program that does not know its revision looks there whether its own is among them.
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

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision, oldest first; the last is the one this program needs."""
NEEDED = REVISIONS[-1]
SERVES_FROM = REVISIONS[0]
"""The earliest revision whose programs may serve on the schema of this one. A migration that takes something away moves it."""
VERSION_TABLE = "tollhouse_schema"
RUNNING_TABLE = "tollhouse_migration"
SERVES_TABLE = "tollhouse_serves"
OWN_TABLES = frozenset({VERSION_TABLE, RUNNING_TABLE, SERVES_TABLE})
"""What stands in a database beside the tables of `schema.py`."""
MIGRATION_LIMIT_S = 3600.0
"""A migration may rewrite a year of calls; it is stopped by the operator, not by us."""
MIGRATION_LOCK = 0x746F6C6C02
"""PostgreSQL's advisory lock: two processes that migrate at once do so one after the other."""

_version = table(VERSION_TABLE, column("version_num"))
_running = table(RUNNING_TABLE, column("revision"))
_serves = table(SERVES_TABLE, column("revision"))


@dataclass(frozen=True, slots=True)
class Found:
    """
    What stands in a database.

    Args:
        running: the revision of a migration that has begun and not ended.
        ours: there is any table of ours.
        missing: every `table.column` that this program uses and that is not there.
        serves: the revisions whose programs may serve on it, as it says itself.
    """

    revision: str | None
    running: str | None
    ours: bool
    missing: tuple[str, ...]
    serves: frozenset[str] = frozenset()


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

    Safe among processes, beside servers of earlier revisions, and again after a migration that was interrupted. A newer
    schema on which this program may serve is left as it is. Raises SchemaMismatch for any other newer one, and if the
    tables contradict their revision.
    """
    config = alembic_config()
    before = await database.write(lambda connection: _announce(connection, database.where), MIGRATION_LIMIT_S)
    if before is not None and before not in REVISIONS:
        return before, before
    await database.write(lambda connection: _upgrade(connection, config), MIGRATION_LIMIT_S)
    return before, NEEDED


def look(connection: Connection) -> Found:
    columns = columns_there(connection)
    revision = connection.scalar(select(_version.c.version_num)) if VERSION_TABLE in columns else None
    running = connection.scalar(select(_running.c.revision)) if RUNNING_TABLE in columns else None
    serves = connection.scalars(select(_serves.c.revision)).all() if SERVES_TABLE in columns else ()
    needed = schema.metadata.tables.values()
    missing = sorted(f"{t.name}.{c.name}" for t in needed for c in t.columns if c.name not in columns.get(t.name, ()))
    return Found(revision, running, any(t.name in columns for t in needed), tuple(missing), frozenset(serves))


def columns_there(connection: Connection) -> dict[str, set[str]]:
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
    if is_newer(found, revisions) and needed not in found.serves:
        return (
            f"The database {where} was written by a newer tollhouse: its schema is revision {found.revision}, and this "
            f"program knows revisions up to {needed}. Upgrade tollhouse, or restore a backup made with this version."
        )
    if found.running is not None:
        return (
            f"A migration of the database {where} to revision {found.running} has begun and not finished; its schema is "
            f"revision {found.revision or 'none'}. Wait for it, or if it was interrupted, run it again with the version "
            "that began it: tollhouse migrate"
        )
    if found.revision is None:
        return (
            f"The database {where} has tables of ours but no schema revision, so nobody can tell what they hold. "
            "Restore a backup, or name an empty database."
        )
    if found.revision != needed and not is_newer(found, revisions):
        return (
            f"The database {where} has schema revision {found.revision}; this program needs {needed}. "
            "Make a backup and, beside whatever serves on it, run: tollhouse migrate"
        )
    return _contradiction(found, where)


def is_newer(found: Found, revisions: Sequence[str] = REVISIONS) -> bool:
    return found.revision is not None and found.revision not in revisions


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
    take_turn(connection)
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {RUNNING_TABLE} (revision TEXT NOT NULL)"))
    found = look(connection)
    if found.running in REVISIONS:
        found = replace(found, running=None)  # it ended before our turn came, or never will
    if not _can_be_migrated(found):
        raise SchemaMismatch(problem(found, where))
    if found.revision != NEEDED and not is_newer(found):
        connection.execute(delete(_running))
        connection.execute(insert(_running).values(revision=NEEDED))
    return found.revision


def _can_be_migrated(found: Found) -> bool:
    if found.running is not None:
        return False
    if found.revision is None:
        return not found.ours
    if is_newer(found):
        return NEEDED in found.serves
    return not (found.revision == NEEDED and found.missing)


def _upgrade(connection: Connection, config: "Config") -> None:
    """Upgrade in the transaction that is open. A database that another process has upgraded meanwhile is left as it is."""
    take_turn(connection)
    if not is_newer(look(connection)):
        upgrade_in(connection, config, "head")
        connection.execute(delete(_running))


def upgrade_in(connection: Connection, config: "Config", revision: str) -> None:
    """Upgrade to this revision in the transaction that is open, and write down who may serve on it."""
    from alembic import command

    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {SERVES_TABLE} (revision TEXT NOT NULL)"))
    connection.execute(delete(_serves))
    connection.execute(insert(_serves), [{"revision": each} for each in REVISIONS[REVISIONS.index(SERVES_FROM) :]])


def take_turn(connection: Connection) -> None:
    """Wait for another process that migrates; on SQLite the transaction itself does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})


def alembic_config() -> "Config":
    """Made before the transaction, because loading alembic takes longer than a small migration."""
    from alembic import command  # noqa: F401 - `_upgrade` needs it while it holds everybody up
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
