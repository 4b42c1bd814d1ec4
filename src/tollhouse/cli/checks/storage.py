"""Group storage: the data folder can be written and has room; the store opens, is current and takes the master key."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tollhouse.config.load import Loaded
from tollhouse.domain.errors import OperatorError, StoreUnavailable, TollhouseError

from .check import Check, Group

if TYPE_CHECKING:
    from tollhouse.stores.sql.engine import Database

GROUP = Group("storage")

FREE_MIN_BYTES = 256 * 2**20
"""Two journal segments of 64 MiB, SQLite's log of as much, and as much again for the rows: below it, calls are refused soon."""
FREE_WISE_BYTES = 2 * 2**30
"""About two million calls with their attempts, so some days' notice in a busy place."""

PROBE = b"\0" * 4096
"""One block: what a full disk refuses."""

NOT_THERE = "there is no store yet; the first `tollhouse serve` makes it"


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that was looked at. `database` is None if it cannot be used, and `why` then says why."""

    checks: list[Check]
    database: "Database | None" = None
    why: str = ""


@asynccontextmanager
async def opened(loaded: Loaded) -> AsyncIterator[Opened]:
    """Open the store, without making or changing anything in it."""
    if loaded.database is None and not _is_there(_sqlite_file(loaded.data_path)):
        yield Opened([GROUP.ok("store", f"SQLite in {loaded.data_path}: {NOT_THERE}")], why=NOT_THERE)
        return
    from tollhouse.stores.sql.engine import open_database

    try:
        database = await open_database(loaded.database or loaded.data_path)
    except OperatorError as error:
        yield Opened([GROUP.error("store", error.message)], why="the store does not open")
        return
    try:
        yield await _looked_at(database, loaded)
    finally:
        await database.close()


async def redis(loaded: Loaded) -> list[Check]:
    """Look whether what replicas share rates and kept answers through can be written to. Nothing stops without it, so it only warns."""
    if loaded.settings.storage.redis is None:
        return []
    from tollhouse.stores.redis import open_shared_rates, without_secrets

    url = loaded.settings.storage.redis.reveal()
    try:
        shared = open_shared_rates(url)
    except OperatorError as error:
        return [GROUP.error("redis", error.message)]
    try:
        await shared.prove()
    except StoreUnavailable as error:
        detail = (
            f"{error.message} Until it does, each replica keeps to its share of every rate, and kept answers to itself."
        )
        return [GROUP.warn("redis", detail, "Check that it runs, and that `storage.redis` is right.")]
    finally:
        await shared.close()
    return [GROUP.ok("redis", f"{without_secrets(url)} takes writes")]


def folder(path: Path) -> list[Check]:
    """Look at the data folder, or where it would be made."""
    standing = next(place for place in (path, *path.absolute().parents) if _is_there(place))
    return [_writable(path, standing), free_disk(shutil.disk_usage(standing).free, standing)]


def free_disk(free_bytes: int, where: Path) -> Check:
    detail = f"{free_bytes / 2**30:.1f} GiB free for {where}"
    fix = f"Make room there, or set `storage.path` to another disk: at least {FREE_WISE_BYTES // 2**30} GiB."
    if free_bytes < FREE_MIN_BYTES:
        return GROUP.fail("free disk", f"{detail}, less than the {FREE_MIN_BYTES // 2**20} MiB that it needs", fix)
    if free_bytes < FREE_WISE_BYTES:
        return GROUP.warn("free disk", detail, fix)
    return GROUP.ok("free disk", detail)


def _writable(path: Path, standing: Path) -> Check:
    fix = f"Let this user write there (`chown`, `chmod u+rwx {standing}`), or set `storage.path` to another folder."
    try:
        if standing == path:
            with tempfile.TemporaryFile(dir=path) as file:
                file.write(PROBE)
        elif not (standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)):
            return GROUP.fail("data folder", f"{path} is not there and cannot be made in {standing}", fix)
    except OSError as error:
        return GROUP.fail("data folder", f"{path} cannot be written: {error.strerror}", fix)
    return GROUP.ok("data folder", f"{path} is writable" if standing == path else f"{path} can be made")


async def _looked_at(database: "Database", loaded: Loaded) -> Opened:
    from tollhouse.stores.sql.version import is_newer, look, problem

    store = GROUP.ok("store", f"{database.kind} at {database.where} opens")
    try:
        found = await database.read(look)
        if found.revision is None and not found.ours:
            return Opened([store, GROUP.ok("schema", f"empty: {NOT_THERE}")], why=NOT_THERE)
        wrong = problem(found, database.where)
        if wrong is not None:
            return Opened([store, GROUP.error("schema", wrong)], why="the store's schema does not fit this program")
        fits = "newer than this program, which may serve on it" if is_newer(found) else "as this program needs it"
        current = GROUP.ok("schema", f"revision {found.revision}, {fits}")
        return Opened([store, current, *await _key(database, loaded)], database)
    except StoreUnavailable as error:
        return Opened([store, GROUP.error("answers", error.message)], why="the store does not answer")


async def _key(database: "Database", loaded: Loaded) -> list[Check]:
    """Try the master key on the store's mark. A store without one is left without."""
    from tollhouse.adapters.sealer import MARK, open_sealer, prove_master_key
    from tollhouse.stores.sql import stores_on

    key, marks = loaded.settings.privacy.master_key, stores_on(database).marks
    mark = await marks.get(MARK)
    if mark is None:
        return [GROUP.ok("store's key", "the store has none yet")]
    if key is None:
        return [
            GROUP.warn(
                "store's key",
                "the store was made with a master key, and none is set: what is sealed in it cannot be read",
                "Set `privacy.master_key` to the key with which the store was made.",
            )
        ]
    try:
        await prove_master_key(open_sealer(key.reveal()), marks)
    except StoreUnavailable:
        raise
    except TollhouseError as error:
        return [GROUP.error("store's key", error.message)]
    return [GROUP.ok("store's key", "the master key opens the store")]


def _is_there(path: Path) -> bool:
    """Also False for what this user may not even see; `Path.exists` would raise."""
    return os.access(path, os.F_OK)


def _sqlite_file(path: Path) -> Path:
    from tollhouse.stores.sql.sqlite import FILE_NAME

    return path / FILE_NAME
