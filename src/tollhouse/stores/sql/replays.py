"""Stored answers for idempotency keys, in SQL."""

from sqlalchemy import ColumnElement, Connection, delete, select, update

from tollhouse.ports.replays import Replay

from .engine import Database
from .schema import replays


class SqlReplays:
    """Replays on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, replay: Replay, *, dead_before_ms: int) -> Replay | None:
        def beginning(connection: Connection) -> Replay | None:
            while (
                True
            ):  # ends: each round either claims, or finds what another one claimed and did not forget meanwhile
                if self._claimed(connection, replay, dead_before_ms):
                    return None
                found = connection.execute(select(replays).where(*_are(replay.scope, replay.key)))
                row = found.mappings().one_or_none()
                if row is not None:
                    return Replay(**row)

        return await self._database.write(beginning)

    async def finish(self, scope: str, key: str, sealed: bytes) -> None:
        def finishing(connection: Connection) -> None:
            connection.execute(update(replays).where(*_are(scope, key)).values(sealed=sealed))

        await self._database.write(finishing)

    async def forget(self, scope: str, key: str) -> None:
        def forgetting(connection: Connection) -> None:
            connection.execute(delete(replays).where(*_are(scope, key)))

        await self._database.write(forgetting)

    async def free(self, process: str) -> int:
        dead = delete(replays).where(replays.c.process == process, replays.c.sealed.is_(None))

        def freeing(connection: Connection) -> int:
            return connection.execute(dead).rowcount

        return await self._database.write(freeing)

    async def expire(self, before_ms: int) -> int:
        def expiring(connection: Connection) -> int:
            return (connection.execute(delete(replays).where(replays.c.started_ms < before_ms))).rowcount

        return await self._database.write(expiring)

    def _claimed(self, connection: Connection, replay: Replay, dead_before_ms: int) -> bool:
        """Insert, or take over an unfinished claim that is dead: one statement, so that two never both succeed."""
        values = {
            "digest": replay.digest,
            "started_ms": replay.started_ms,
            "sealed": replay.sealed,
            "process": replay.process,
        }
        statement = self._database.insert(replays).values(scope=replay.scope, key=replay.key, **values)
        claim = statement.on_conflict_do_update(
            index_elements=[replays.c.scope, replays.c.key],
            set_=values,
            where=replays.c.sealed.is_(None) & (replays.c.started_ms < dead_before_ms),
        ).returning(replays.c.scope)
        return (connection.execute(claim)).first() is not None


def _are(scope: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return replays.c.scope == scope, replays.c.key == key
