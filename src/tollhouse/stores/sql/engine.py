"""
A database that is open: SQLite in the data folder, or PostgreSQL. Every statement of every SQL store passes here.

Here are the time limits, the retries of a conflict, and the memory of whether the database answered last time. A
transaction is a plain function over a connection; `sqlite.py` and `postgresql.py` know how each database runs one.

A caller must not wait for a database that is gone, and must not be refused by one that is merely slow. Time alone cannot
tell them apart, so whoever waits listens for signs of life: an answer to anything, or to a question asked for that.
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
from .transactions import BUSY_LIMIT_S, LEASE_LIMIT_S, READ_LIMIT_S, T, Transactions, Work, touch

WRITE_LIMIT_S = 10.0
"""Any other change: batches in the background and commands."""
PERIOD_LIMIT_S = 30.0
"""The first use of a budget's period sums what its scope has spent in it, as a report does."""
PROBE_LIMIT_S = 5.0
"""Looking whether a database that was gone is back; nobody waits for it."""
GONE_LIMIT_S = 0.08
"""How long a lease waits for a database that shows no sign of life: a caller is refused within 100 ms."""
GONE_STEPS_S = (0.005, 0.025, 0.025, 0.025)
"""
That time in steps. A step counts once, however late it ends, so that a busy loop of ours is not the database's fault. The
first is for the usual lease, which needs no further question; what is left is for the answer to one.
"""
LISTEN_EVERY_S = 10.0
"""While all is well the connection that listens is used this often, so that no firewall forgets it."""
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
        self._listening: asyncio.Task[None] | None = None
        self._listened_s = float("-inf")
        self._signs = 0
        self._left: set[asyncio.Task[object]] = set()

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

    async def write_for_caller(self, work: Work[T], limit_s: float = LEASE_LIMIT_S) -> T:
        """
        As `write`, for somebody who waits: up to the limit while the database lives, GONE_LIMIT_S if it shows no sign.

        Raises StoreUnavailable; what was written may then count all the same, which is certain after `settled`.
        """
        await self.ensure_answers()
        writing = asyncio.create_task(self.write(work, limit_s))
        try:
            answered = await self._answers(writing)
        except asyncio.CancelledError:
            self._leave(writing)
            raise
        if not answered:
            self._leave(writing)
            self._gone = True
            raise faults.silent(GONE_LIMIT_S)
        return await writing

    async def settled(self) -> None:
        """Wait until whatever a caller no longer waited for has either happened or cannot happen any more."""
        if self._left:
            await asyncio.wait(set(self._left))

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
        waiting = {task for task in (self._probe, self._listening, *self._left) if task is not None and not task.done()}
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
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
        if asyncio.get_running_loop().time() - self._listened_s > LISTEN_EVERY_S:
            self._listen()

    async def _look(self) -> None:
        try:
            await self.write(touch, PROBE_LIMIT_S)
        except StoreUnavailable:
            return  # `_gone` stays as it is, and whoever leases next looks again

    # --- signs of life ------------------------------------------------------------------------------------------------

    async def _answers(self, writing: "asyncio.Task[T]") -> bool:
        """Wait for the end of a transaction. Return False once the database has been silent for GONE_LIMIT_S."""
        seen, silent = self._signs, 0
        while silent < len(GONE_STEPS_S):
            ended, _ = await asyncio.wait({writing}, timeout=GONE_STEPS_S[silent])
            if ended:
                return True
            self._listen()
            silent = silent + 1 if self._signs == seen else 0
            seen = self._signs
        return False

    def _listen(self) -> None:
        """Ask for a sign of life, unless one was asked for and has not come yet."""
        if self._listening is None or self._listening.done():
            self._listened_s = asyncio.get_running_loop().time()
            self._listening = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        try:
            async with asyncio.timeout(PROBE_LIMIT_S):
                self._signs += await self._transactions.lives()
        except TimeoutError:
            return  # no sign; the next question is asked afresh

    def _leave(self, writing: "asyncio.Task[T]") -> None:
        """Nobody waits for it any more: it ends when it can, and its end is of no interest."""
        self._left.add(writing)
        writing.cancel()
        writing.add_done_callback(self._has_ended)

    def _has_ended(self, writing: "asyncio.Task[T]") -> None:
        self._left.discard(writing)
        if not writing.cancelled():
            writing.exception()  # asked for, so that asyncio does not report it


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
