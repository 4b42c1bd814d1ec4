"""
From a database to a backup: every row of one state, while others go on writing.

All tables are read in one transaction that only reads, which sees one state: on SQLite a snapshot of the write-ahead
log, on PostgreSQL REPEATABLE READ. Nobody waits for it; meanwhile SQLite's log cannot be cut back and grows by what
is written.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Column, Connection, Table, select

from . import schema
from .archive import FORMAT, BackupError, Manifest, NewArchive, Part, new_archive
from .engine import Database
from .version import columns_there, is_newer, look, problem

BACKUP_LIMIT_S = 6 * 3600.0
"""Ten million calls take minutes; six hours are a database that stands still."""
BATCH = 2_000
"""Rows fetched, and held in memory, at a time."""

OnRows = Callable[[str, int], None]
"""Is told a table's name and how many of its rows are done, after each batch."""


async def back_up(database: Database, path: Path, *, tollhouse: str, made_at: str, on_rows: OnRows) -> Manifest:
    """
    Write one state of the database to a new file.

    The schema may be older than this program's: a backup comes before `migrate`. Raises BackupError, StoreUnavailable.
    """
    with new_archive(path) as archive:

        def reading(connection: Connection) -> tuple[str, tuple[Part, ...]]:
            return _revision(connection, database.where), tuple(_parts(connection, archive, on_rows))

        revision, parts = await database.read(reading, BACKUP_LIMIT_S)
        manifest = Manifest(FORMAT, tollhouse, made_at, database.kind, revision, parts)
        archive.end(manifest)
    return manifest


def _revision(connection: Connection, where: str) -> str:
    """Return the schema's revision. Raises BackupError unless every row in it can be read."""
    found = look(connection)
    if found.revision is None and not found.ours:
        raise BackupError(f"The database {where} is empty: there is nothing to back up.")
    if is_newer(found):
        raise BackupError(
            f"The schema of the database {where} is revision {found.revision}, newer than this program, which would "
            "leave out what it does not know. Make the backup with the newer tollhouse."
        )
    wrong = problem(found, where)
    if found.revision is None or (wrong is not None and (found.running is not None or "lacks" in wrong)):
        raise BackupError(wrong or "")
    return found.revision


def _parts(connection: Connection, archive: NewArchive, on_rows: OnRows) -> Iterator[Part]:
    there = columns_there(connection)
    for table in schema.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name in there.get(table.name, ())]
        if columns and table.name not in schema.NOT_KEPT:
            names = [_plain(column.name) for column in columns]
            yield archive.add(_plain(table.name), names, _batches(connection, table, columns, on_rows))


def _batches(
    connection: Connection, table: Table, columns: Sequence[Column[object]], on_rows: OnRows
) -> Iterator[Sequence[Sequence[object]]]:
    rows = 0
    with connection.execute(select(*columns), execution_options={"yield_per": BATCH}) as found:
        for batch in found.partitions():
            yield batch
            rows += len(batch)
            on_rows(table.name, rows)


def _plain(name: str) -> str:
    """SQLAlchemy marks a name that needs quotes by a type of its own, which is no text to JSON."""
    return "".join(name)
