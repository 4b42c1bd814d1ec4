"""
From a backup to a database, in one transaction: afterwards it holds the backup's state, or what it held before.

The tables are built at the backup's own revision, filled, and then migrated as any database of that age would be. What
belonged to processes of the time is let go: their slices return, and calls under way are known from their journals.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, LargeBinary, Table, delete, exists, func, insert, select, text, update

from . import schema
from .archive import Archive, BackupError, Part, Row, batches_of
from .backup import BATCH, OnRows
from .engine import Database
from .version import OWN_TABLES, REVISIONS, alembic_config, columns_there, take_turn, upgrade_in

if TYPE_CHECKING:
    from alembic.config import Config

RESTORE_LIMIT_S = 6 * 3600.0
"""As for a backup."""
NOT_CONTENT = frozenset({"revision", "marks", "presence"})
"""Tables that a server fills by starting; a store with nothing else in it is empty."""


async def restore(database: Database, archive: Archive, *, replace: bool, on_rows: OnRows) -> None:
    """
    Put a verified backup into a database that no server uses.

    `replace`: drop what it holds. Raises BackupError, and StoreUnavailable; either way nothing has changed then.
    """
    _check_known(archive)
    config = alembic_config()
    await database.write(
        lambda connection: _restore(connection, database.where, archive, config, replace, on_rows), RESTORE_LIMIT_S
    )


def _check_known(archive: Archive) -> None:
    tables, manifest = schema.metadata.tables, archive.manifest
    unknown = [
        f"{part.table}.{column}"
        for part in manifest.parts
        for column in part.columns
        if part.table not in tables or column not in tables[part.table].columns
    ]
    if manifest.revision not in REVISIONS or unknown:
        what = f"schema revision {manifest.revision}" + (f" with {unknown[0]}" if unknown else "")
        raise BackupError(
            f"The backup is of tollhouse {manifest.tollhouse} and {what}, which this program does not know. "
            "Upgrade tollhouse."
        )


def _restore(
    connection: Connection, where: str, archive: Archive, config: "Config", replace: bool, on_rows: OnRows
) -> None:
    take_turn(connection)
    there = columns_there(connection)
    if not replace and (full := _content(connection, there)):
        raise BackupError(
            f"The store {where} is not empty: it has rows in {', '.join(full)}. "
            "Restore into an empty one, or give --replace to drop what it holds."
        )
    number = _number(connection, there)
    _drop(connection, there)
    upgrade_in(connection, config, archive.manifest.revision)
    with _without_triggers(connection):
        for part in archive.manifest.parts:
            _fill(connection, schema.metadata.tables[part.table], part, archive, on_rows)
    upgrade_in(connection, config, "head")
    _let_go(connection)
    _raise_number(connection, number)
    _go_on_counting(connection)


def _content(connection: Connection, there: Mapping[str, set[str]]) -> list[str]:
    """Return the tables that hold something."""
    return [
        table.name
        for table in schema.metadata.sorted_tables
        if table.name in there and table.name not in NOT_CONTENT
        if connection.scalar(select(exists().select_from(table)))
    ]


def _number(connection: Connection, there: Mapping[str, set[str]]) -> int:
    """Return the number of the last change, as servers may remember it."""
    if schema.revision.name not in there:
        return 0
    return connection.scalar(select(func.max(schema.revision.c.number))) or 0


def _drop(connection: Connection, there: Mapping[str, set[str]]) -> None:
    """Drop our tables, so that the backup's revision starts from nothing. Functions stay: migrations replace them."""
    ours = [table.name for table in reversed(schema.metadata.sorted_tables)]
    for name in (*ours, *sorted(OWN_TABLES)):
        if name in there:
            connection.execute(text(f"DROP TABLE {name}"))


def _fill(connection: Connection, table: Table, part: Part, archive: Archive, on_rows: OnRows) -> None:
    connection.execute(delete(table))  # a migration may have put a first row there
    read = _reader(table, part.columns)
    rows, statement = 0, insert(table)
    with closing(archive.rows(part)) as found:
        for batch in batches_of(found, BATCH):
            connection.execute(statement, [read(row) for row in batch])
            rows += len(batch)
            on_rows(table.name, rows)
    stands = connection.scalar(select(func.count()).select_from(table))
    if not rows == stands == part.rows:
        raise BackupError(f"{part.file_name} has {rows} rows, {stands} were stored; its manifest says {part.rows}.")


def _reader(table: Table, columns: Sequence[str]) -> Callable[[Row], dict[str, object]]:
    """Return what turns a row of JSON into the database's values."""
    sealed = [name for name in columns if isinstance(table.columns[name].type, LargeBinary)]

    def read(row: Row) -> dict[str, object]:
        values: dict[str, object] = dict(zip(columns, row, strict=True))
        for name in sealed:
            if values[name] is not None:
                values[name] = base64.b64decode(str(values[name]), validate=True)
        return values

    return read


def _let_go(connection: Connection) -> None:
    """
    Release what processes of the time held.

    A call under way is in the journal of its process. If that still stands here, the next server adopts it and posts
    what it holds; if not, the provider's own figures tell.
    """
    connection.execute(delete(schema.leases))
    connection.execute(update(schema.budget_periods).values(leased_nanousd=0))
    for table in (schema.open_calls, schema.presence):
        connection.execute(delete(table))
    connection.execute(delete(schema.replays).where(schema.replays.c.sealed.is_(None)))


def _raise_number(connection: Connection, before: int) -> None:
    """Make the number of the last change one that no server has seen, so that each one reads everything anew."""
    number = schema.revision.c.number
    now = connection.scalar(select(number)) or 0
    connection.execute(update(schema.revision).values(number=max(now, before) + 1))


# --- what only one kind of database needs ---------------------------------------------------------------------------


@contextmanager
def _without_triggers(connection: Connection) -> Iterator[None]:
    """Rows that triggers keep come from the backup, as all others do."""
    if connection.dialect.name == "postgresql":
        tables = [name for name in schema.metadata.tables if name in columns_there(connection)]
        for name in tables:
            connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        yield
        for name in tables:
            connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        return
    question = text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = [row for row in connection.execute(question) if row.tbl_name in schema.metadata.tables]
    for row in triggers:
        connection.execute(text(f"DROP TRIGGER {row.name}"))
    yield
    for row in triggers:
        connection.exec_driver_sql(row.sql)


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL counts rows beside its tables; the next one must not get a number that came with the backup."""
    if connection.dialect.name != "postgresql":
        return
    for table in schema.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        last = connection.scalar(select(func.max(column)))
        if sequence is not None and last is not None:
            connection.execute(select(func.setval(sequence, last)))
