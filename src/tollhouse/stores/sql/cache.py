"""Kept answers and their epochs, in SQL."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, case, delete, func, select, tuple_

from tollhouse.ports.cache import CacheEntry, Place
from tollhouse.ports.changes import Change

from .changes import record
from .engine import Database
from .schema import cache_entries as entries_
from .schema import cache_epochs as epochs_

EXPIRED_AT_ONCE = 500
"""Rows of one deleting transaction: other writers of SQLite wait for it."""


class SqlCacheEntries:
    """CacheEntries on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, places: Sequence[Place]) -> Mapping[Place, CacheEntry]:
        def asking(connection: Connection) -> dict[Place, CacheEntry]:
            question = select(entries_).where(tuple_(entries_.c.use_case, entries_.c.key).in_(places))
            found = [
                CacheEntry((row.use_case, row.key), row.sealed, row.made_ms, row.until_ms)
                for row in connection.execute(question)
            ]
            return {entry.place: entry for entry in found}

        return await self._database.read(asking)

    async def put(self, entries: Sequence[CacheEntry]) -> None:
        last = {entry.place: entry for entry in entries}
        rows = [
            {
                "use_case": entry.place[0],
                "key": entry.place[1],
                "sealed": entry.sealed,
                "bytes": len(entry.sealed),
                "made_ms": entry.made_ms,
                "until_ms": entry.until_ms,
            }
            for entry in sorted(last.values(), key=lambda entry: entry.place)  # two who put at once lock in one order
        ]
        statement = self._database.insert(entries_)
        replaced = {name: statement.excluded[name] for name in ("sealed", "bytes", "made_ms", "until_ms")}
        statement = statement.on_conflict_do_update(
            index_elements=[entries_.c.use_case, entries_.c.key],
            set_=replaced,
        )

        def putting(connection: Connection) -> None:
            connection.execute(statement, rows)

        if rows:
            await self._database.write(putting)

    async def forget(self, use_case: str) -> int:
        def forgetting(connection: Connection) -> int:
            return connection.execute(delete(entries_).where(entries_.c.use_case == use_case)).rowcount

        return await self._database.write(forgetting)

    async def expire(self, now_ms: int, max_bytes: int) -> int:
        deleted = 0
        while True:
            batch = await self._database.write(lambda connection: _expire(connection, now_ms, max_bytes))
            deleted += batch
            if batch < EXPIRED_AT_ONCE:
                return deleted

    async def close(self) -> None:
        """The database is closed by whoever opened it."""


class SqlCacheEpochs:
    """CacheEpochs on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, int]:
        def asking(connection: Connection) -> dict[str, int]:
            return {row.use_case: row.epoch for row in connection.execute(select(epochs_))}

        return await self._database.read(asking)

    async def advance(self, change: Change) -> int:
        """The moment of the change is a number that no epoch had, unless somebody's clock went back."""
        statement = self._database.insert(epochs_).values(use_case=change.name, epoch=max(1, change.at_ms))
        raised = epochs_.c.epoch + 1
        statement = statement.on_conflict_do_update(
            index_elements=[epochs_.c.use_case],
            set_={"epoch": case((raised > statement.excluded.epoch, raised), else_=statement.excluded.epoch)},
        )

        def raising(connection: Connection) -> int:
            epoch: int = connection.execute(statement.returning(epochs_.c.epoch)).scalar_one()
            record(connection, change)
            return epoch

        return await self._database.write(raising)


def _expire(connection: Connection, now_ms: int, max_bytes: int) -> int:
    """Delete at most EXPIRED_AT_ONCE rows; fewer say that nothing is left to delete."""
    over = select(entries_.c.use_case, entries_.c.key).where(entries_.c.until_ms <= now_ms).limit(EXPIRED_AT_ONCE)
    place = tuple_(entries_.c.use_case, entries_.c.key)
    deleted = connection.execute(delete(entries_).where(place.in_(over))).rowcount
    if deleted == EXPIRED_AT_ONCE:
        return deleted
    surplus = (connection.scalar(select(func.sum(entries_.c.bytes))) or 0) - max_bytes
    if surplus <= 0:
        return deleted
    first = select(entries_.c.use_case, entries_.c.key, entries_.c.bytes).order_by(entries_.c.until_ms)
    going: list[Place] = []
    for row in connection.execute(first.limit(EXPIRED_AT_ONCE - deleted)):
        if surplus <= 0:
            break
        going.append((row.use_case, row.key))
        surplus -= row.bytes
    return deleted + connection.execute(delete(entries_).where(place.in_(going))).rowcount
