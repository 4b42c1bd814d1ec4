"""
SQLite: transactions run in a thread each from begin to commit, on a file in the data folder that processes share (WAL).

A hop between threads per statement, as an asynchronous driver makes it, costs ten times the statement; one per
transaction costs nothing that counts. One thread writes, in the order asked, so that nobody in this process waits in
SQLite's own way, which is to sleep and look again.
"""

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import RootTransaction
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from . import faults
from .transactions import BUSY_LIMIT_S, LEASE_LIMIT_S, Work, touch
from .writing_mark import WritingMark

FILE_NAME = "tollhouse.db"

OPEN_LIMIT_S = 10.0
"""How long opening tries while other processes open the same new file."""
WAL_KEPT_BYTES = 64 * 2**20
"""The write-ahead log is cut back to this after a checkpoint, so that one long reader does not fill the disk."""
READERS = 2
"""Reports that run at once in one process; more would only take turns at the processor."""

LOCK_LOOK_MS = 5
"""How long SQLite itself waits for the lock before we ask again: it sleeps longer and longer, and would miss its turn."""

assert BUSY_LIMIT_S < LEASE_LIMIT_S, "a lease must learn that the file is locked, not that time is up"

T = TypeVar("T")


class SqliteTransactions:
    """Runs transactions on one file."""

    def __init__(self, engine: Engine, mark: WritingMark) -> None:
        self._mark = mark
        self._engine = engine
        self._turn = _Turn()
        self._writer = ThreadPoolExecutor(1, "tollhouse-sqlite-write")
        self._readers = ThreadPoolExecutor(READERS, "tollhouse-sqlite-read")

    async def run(self, work: Work[T], *, writes: bool) -> T:
        fate = _Fate()
        transaction = asyncio.wrap_future(
            self._writer.submit(_write, self._engine, work, fate, self._mark, self._turn)
            if writes
            else self._readers.submit(_read, self._engine, work, fate)
        )
        try:
            return await asyncio.shield(transaction)
        except asyncio.CancelledError:
            if fate.abandon():
                transaction.add_done_callback(_look_away)
                raise
        return await transaction  # it was committing already: what it did counts

    async def lives(self) -> bool:
        """False only if the lock is another process's, and no transaction of ours has it in any process."""
        return not self._turn.is_kept_waiting or self._mark.is_set()

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        self._mark.close()


class _Turn:
    """Whether the writing thread has asked for the lock and was not let in yet."""

    def __init__(self) -> None:
        self.is_kept_waiting = False


class _Abandoned(Exception):
    """Nobody waits for this transaction any more."""


class _Fate:
    """Who decides how a transaction ends, once: its thread by committing, or its caller by no longer waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: sqlite3.Connection | None = None
        self._abandoned = False
        self._committing = False

    def begin(self, connection: Connection) -> None:
        with self._lock:
            if self._abandoned:
                raise _Abandoned
            self._running = cast("sqlite3.Connection", connection.connection.driver_connection)

    @property
    def is_abandoned(self) -> bool:
        return self._abandoned

    def commit(self) -> None:
        with self._lock:
            if self._abandoned:
                raise _Abandoned
            self._committing = True

    def end(self) -> None:
        with self._lock:
            self._running = None

    def abandon(self) -> bool:
        """Return False if it is too late."""
        with self._lock:
            if self._committing:
                return False
            self._abandoned = True
            if self._running is not None:
                self._running.interrupt()
            return True


def _read(engine: Engine, work: Work[T], fate: _Fate) -> T:
    with engine.connect() as connection:
        fate.begin(connection)
        try:
            with connection.begin():
                result = work(connection)
                fate.commit()
        finally:
            fate.end()
    return result


def _write(engine: Engine, work: Work[T], fate: _Fate, mark: WritingMark, turn: _Turn) -> T:
    with engine.connect() as connection:
        fate.begin(connection)
        try:
            transaction = _lock(connection.execution_options(begin="BEGIN IMMEDIATE"), fate, turn)
            with mark.set(), transaction:
                result = work(connection)
                fate.commit()
        finally:
            fate.end()
    return result


def _lock(connection: Connection, fate: _Fate, turn: _Turn) -> RootTransaction:
    """Begin to write. It waits for the lock up to BUSY_LIMIT_S, and no longer than somebody waits for it."""
    ends_s = time.monotonic() + BUSY_LIMIT_S
    turn.is_kept_waiting = True  # for a microsecond, if nobody has the lock
    try:
        while True:
            try:
                return connection.begin()
            except DBAPIError as error:
                if not faults.is_locked(error) or time.monotonic() > ends_s:
                    raise
            if fate.is_abandoned:
                raise _Abandoned
    finally:
        turn.is_kept_waiting = False


def _look_away(transaction: asyncio.Future[T]) -> None:
    """Whatever an abandoned transaction ended with, it had no effect; asking for it keeps asyncio from reporting it."""
    if not transaction.cancelled():
        transaction.exception()


async def open_sqlite(folder: Path) -> tuple[SqliteTransactions, str]:
    """Open or make the file, and return it with its path. Raises StartError."""
    file = folder / FILE_NAME
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise faults.cannot_open_file(folder, file, error, OPEN_LIMIT_S) from error
    try:
        transactions = SqliteTransactions(_engine(file), WritingMark(folder))
    except OSError as error:
        raise faults.cannot_open_file(folder, file, error, OPEN_LIMIT_S) from error
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            await _first_contact(transactions)
    except faults.FOREIGN as error:
        await transactions.close()
        raise faults.cannot_open_file(folder, file, error, OPEN_LIMIT_S) from error
    return transactions, str(file)


def _engine(file: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={"timeout": BUSY_LIMIT_S},
        pool_size=1 + READERS,
        max_overflow=0,
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return engine


def _connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # sqlite3 would begin transactions by itself, too late and not before reading; so it is told not to, and we do.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}")
    cursor.close()


def _begun(connection: Connection) -> None:
    """A writing transaction takes the write lock at once (IMMEDIATE), so that what it reads stays true until it commits."""
    begin = connection.get_execution_options().get("begin", "BEGIN")
    busy_ms = LOCK_LOOK_MS if begin == "BEGIN IMMEDIATE" else round(BUSY_LIMIT_S * 1000)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {busy_ms}")
    connection.exec_driver_sql(begin)


async def _first_contact(transactions: SqliteTransactions) -> None:
    """Write once. Processes that make the same file at once get in each other's way, at which SQLite does not wait."""
    while True:
        try:
            return await transactions.run(touch, writes=True)
        except faults.FOREIGN as error:
            if not faults.is_locked(error):
                raise
        await asyncio.sleep(0.02)
