"""
A database that is open: SQLite in the data folder, or PostgreSQL. Every statement of every SQL store passes here.

Here are the time limits, the retries of a conflict, and the memory of whether the database answered last time. A
transaction is a plain function over a connection; `sqlite.py` and `postgresql.py` know how each database runs one.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from tollhouse.domain.errors import StoreUnavailable

from . import faults
from .transactions import BUSY_LIMIT_S, READ_LIMIT_S, T, Transactions, Work, touch

WRITE_LIMIT_S = 10.0
"""Any other change: batches in the background and commands."""
PERIOD_LIMIT_S = 30.0
"""The first use of a budget's period sums what its scope has spent in it, as a report does."""
PROBE_LIMIT_S = 5.0
"""Looking whether a database that was gone is back; nobody waits for it."""
GONE_LIMIT_S = 0.08
"""How long a lease waits for a database that did not answer last time: a caller is refused within 100 ms."""
CONFLICT_RETRIES = 8
"""Deadlocks and serialisation failures are rare here (rows are locked in one order); nine in a row are a fault."""
CONFLICT_WAIT_S = 0.05
"""At most this long before each retry: the other transaction of a conflict takes milliseconds to end."""

Insert = sqlite.Insert | postgresql.Insert


class Database:
    """An open database. `kind` is sqlite | postgresql; `where` names it without secrets."""

    def __init__(self, transactions: Transactions, kind: str, where: str) -> None:
        self.kind = kind
        self.where = where
        self._transactions = transactions
        self._gone = False
        self._probe: asyncio.Task[None] | None = None

    async def write(self, work: Work[T], limit_s: float = WRITE_LIMIT_S) -> T:
        """
        Do the work in one writing transaction, again after a conflict with another one, which left no trace.

        Raises StoreUnavailable, and what `work` raises.
        """
        ends_s = asyncio.get_running_loop().time() + limit_s
        conflicts = 0
        async with self._answering(limit_s):
            while True:
                try:
                    return await self._transactions.run(work, writes=True)
                except DBAPIError as error:
                    if faults.is_locked(error):
                        if asyncio.get_running_loop().time() + BUSY_LIMIT_S > ends_s:
                            raise
                    elif faults.is_conflict(error) and conflicts < CONFLICT_RETRIES:
                        conflicts += 1
                        await asyncio.sleep(random.uniform(0, CONFLICT_WAIT_S))
                    else:
                        raise

    async def read(self, work: Work[T], limit_s: float = READ_LIMIT_S) -> T:
        """Do the work in one reading transaction: all its questions see the same state. Raises StoreUnavailable."""
        async with self._answering(limit_s):
            return await self._transactions.run(work, writes=False)

    async def ensure_answers(self) -> None:
        """Raise StoreUnavailable within GONE_LIMIT_S if the database did not answer last time and still does not."""
        if not self._gone:
            return
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._look())
        await asyncio.wait({self._probe}, timeout=GONE_LIMIT_S)
        if self._gone:
            raise StoreUnavailable

    def insert(self, table: Table) -> Insert:
        """An INSERT that knows `on_conflict_…`, in this database's dialect."""
        return sqlite.insert(table) if self.kind == "sqlite" else postgresql.insert(table)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait({self._probe})
        await self._transactions.close()

    @asynccontextmanager
    async def _answering(self, limit_s: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(limit_s):
                yield
        except faults.FOREIGN as error:
            if faults.is_duplicate(error):
                raise
            self._gone = True
            raise faults.unavailable(error, limit_s) from error
        self._gone = False

    async def _look(self) -> None:
        try:
            await self.write(touch, PROBE_LIMIT_S)
        except StoreUnavailable:
            return  # `_gone` stays as it is, and whoever leases next looks again


async def open_database(url_or_path: str | Path) -> Database:
    """
    Open PostgreSQL (`postgresql://…`) or SQLite in a data folder, which is made if absent.

    Raises StartError, saying what, why, where and what next. The schema is not looked at: see `version.prepare`.
    """
    if isinstance(url_or_path, str) and "://" in url_or_path:
        from .postgresql import open_postgresql

        transactions, where = await open_postgresql(url_or_path)
        return Database(transactions, "postgresql", where)
    from .sqlite import open_sqlite

    file, where = await open_sqlite(Path(url_or_path))
    return Database(file, "sqlite", where)
