"""Who serves, in SQL: one row a process, dated by the database's own clock."""

from sqlalchemy import BigInteger, ColumnElement, Connection, cast, delete, func, select, type_coerce

from tollhouse.domain.rates import Standing
from tollhouse.ports.presence import PRESENT_S

from .engine import Database
from .schema import presence

BEAT_LIMIT_S = 2.0
"""A beat that takes longer is of no use: the next one is due."""
FORGOTTEN_MS = 60_000
"""Rows of processes that died are deleted after this."""


class SqlPresence:
    """Presence on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, process: str) -> Standing:
        now_ms = _now_ms(self._database.kind)

        def beating(connection: Connection) -> Standing:
            seen = self._database.insert(presence).values(process=process, seen_ms=now_ms)
            connection.execute(seen.on_conflict_do_update(index_elements=["process"], set_={"seen_ms": now_ms}))
            connection.execute(delete(presence).where(presence.c.seen_ms < now_ms - FORGOTTEN_MS))
            fresh = presence.c.seen_ms > now_ms - int(PRESENT_S * 1000)
            before = func.count().filter(presence.c.process < process)
            row = connection.execute(select(before, func.count()).where(fresh)).one()
            return Standing(rank=int(row[0]), count=int(row[1]))

        return await self._database.write(beating, BEAT_LIMIT_S)

    async def leave(self, process: str) -> None:
        def leaving(connection: Connection) -> None:
            connection.execute(delete(presence).where(presence.c.process == process))

        await self._database.write(leaving, BEAT_LIMIT_S)


def _now_ms(kind: str) -> ColumnElement[int]:
    """The database's clock in Unix milliseconds."""
    if kind == "sqlite":
        return cast((func.julianday("now") - 2_440_587.5) * 86_400_000, BigInteger)
    return type_coerce(cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger), BigInteger)
