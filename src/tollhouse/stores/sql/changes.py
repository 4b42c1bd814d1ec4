"""The record of changes in SQL, and the revision that rises with each."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from tollhouse.ports.changes import Change

from .engine import Database
from .schema import changes, keys, revision


class SqlChanges:
    """Changes on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        *,
        kind: str | None = None,
        name: str | None = None,
        team: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> Sequence[Change]:
        wanted = {"kind": kind, "name": name, "team": team}
        question = select(changes).where(*(changes.c[n] == v for n, v in wanted.items() if v is not None))
        if before_id is not None:
            question = question.where(changes.c.id < before_id)
        question = question.order_by(changes.c.id.desc()).limit(limit)

        def asking(connection: Connection) -> Sequence[Change]:
            return [Change(**row) for row in connection.execute(question).mappings()]

        return await self._database.read(asking)

    async def revision(self) -> int:
        """Programs of schema 0001 add and revoke keys without raising the number, so both are counted too."""
        question = select(
            select(revision.c.number).scalar_subquery() + func.count(keys.c.id) + func.count(keys.c.revoked_ms)
        )

        def asking(connection: Connection) -> int:
            return int(connection.scalar(question) or 0)

        return await self._database.read(asking)


def record(connection: Connection, change: Change) -> None:
    """Write the change and raise the revision. To be called inside the transaction that makes the change."""
    connection.execute(update(revision).values(number=revision.c.number + 1))
    values = {
        "kind": change.kind,
        "name": change.name,
        "author": change.author,
        "reason": change.reason,
        "at_ms": change.at_ms,
        "team": change.team,
        "before": change.before,
        "after": change.after,
    }
    connection.execute(insert(changes).values(values))
