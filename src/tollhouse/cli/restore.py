"""`tollhouse restore`: put a backup into the configured store, whole or not at all."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .backup import Progress, summary, told
from .exit import reporting, say
from .house import load_house, run_async
from .table import print_json

if TYPE_CHECKING:
    from tollhouse.config.load import Loaded
    from tollhouse.stores.sql.archive import Archive, Manifest


@reporting()
def restore(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tollhouse backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the store holds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was restored as JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Put a backup into an empty store, of either kind of database. Every server on it has to be stopped."""
    where, manifest = run_async(_restore(config, file, replace))
    if as_json:
        print_json({"where": where, **summary(manifest)})
    say(f"{where} holds the state of {manifest.made_at}: {told(manifest)}.")
    under_way = manifest.rows_of("open_calls")
    if under_way:
        say(
            f"{under_way} calls were under way then. Their journals tell how they ended, or the provider's own figures."
        )


async def _restore(config: Path, file: Path, replace: bool) -> tuple[str, "Manifest"]:
    from tollhouse.stores.sql.archive import open_archive
    from tollhouse.stores.sql.engine import open_database
    from tollhouse.stores.sql.restore import restore as put_back

    loaded = load_house(config)
    with open_archive(file) as archive:
        say(f"{file}: made at {archive.manifest.made_at} by tollhouse {archive.manifest.tollhouse}; checking")
        archive.verify()
        _prove_master_key(loaded, archive)
        await _ensure_nobody_elsewhere(loaded)
        with _alone(loaded):
            database = await open_database(loaded.database or loaded.data_path)
            try:
                await put_back(database, archive, replace=replace, on_rows=Progress())
            finally:
                await database.close()
    return database.where, archive.manifest


def _prove_master_key(loaded: "Loaded", archive: "Archive") -> None:
    """What is sealed in a backup must open under the configured key. Raises WrongMasterKey."""
    from tollhouse.adapters.sealer import MARK, open_sealer

    key = loaded.settings.privacy.master_key
    for part in archive.manifest.parts:
        marks = list(archive.rows(part)) if part.table == "marks" else []
        for row in marks:
            mark = dict(zip(part.columns, row, strict=True))
            if mark["name"] != MARK:
                continue
            if key is None:
                say("warning: the backup was made with a master key, and none is set: what is sealed cannot be read.")
            else:
                open_sealer(key.reveal()).open(base64.b64decode(str(mark["value"])), MARK)


async def _ensure_nobody_elsewhere(loaded: "Loaded") -> None:
    """Raises BackupError if a server or command of ours is connected to the PostgreSQL database, from any machine."""
    if loaded.database is None:
        return
    from tollhouse.stores.sql.archive import BackupError
    from tollhouse.stores.sql.sessions import other_sessions

    sessions = await other_sessions(loaded.database)
    if sessions:
        raise BackupError(
            f"{sessions} sessions of tollhouse are open on the database, from this or other machines. "
            "Stop every server on it, then run the same command again."
        )


@contextmanager
def _alone(loaded: "Loaded") -> "Iterator[None]":
    """
    Hold the journals of all dead processes meanwhile, so that none is adopted halfway.

    Raises BackupError if a live process holds one.
    """
    from contextlib import ExitStack

    from tollhouse.accounting.adoption import UNREADABLE
    from tollhouse.accounting.lock import FolderLock
    from tollhouse.bootstrap import JOURNALS
    from tollhouse.stores.sql.archive import BackupError

    folder = loaded.data_path / JOURNALS
    with ExitStack() as locks:
        for journal in sorted(folder.iterdir()) if folder.is_dir() else []:
            if not journal.is_dir() or journal.name.endswith(UNREADABLE):
                continue
            lock = FolderLock.take(journal)
            if lock is None:
                raise BackupError(
                    f"The process {journal.name} is running on {loaded.data_path}. "
                    "Stop every server on this store, then run the same command again."
                )
            locks.callback(lock.release)
        yield
