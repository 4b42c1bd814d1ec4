"""Keys made by command or console, in SQL."""

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tollhouse.domain.governance import Budget, Key
from tollhouse.domain.periods import PeriodKind

from .engine import Database
from .schema import keys


class SqlKeys:
    """KeyStore on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: Key) -> None:
        def adding(connection: Connection) -> None:
            connection.execute(insert(keys).values(_values(key)))

        try:
            await self._database.write(adding)
        except IntegrityError as error:
            raise ValueError(
                f"there is a key named {key.name!r} already; revoke it first, or take another name"
            ) from error

    async def all(self) -> list[Key]:
        def asking(connection: Connection) -> list[Key]:
            found = connection.execute(select(keys).order_by(keys.c.created_ms, keys.c.id))
            return [_key(row) for row in found.mappings()]

        return await self._database.read(asking)

    async def revoke(self, name: str, at_ms: int) -> bool:
        def revoking(connection: Connection) -> bool:
            mine = (keys.c.name == name, keys.c.revoked_ms.is_(None))
            return (connection.execute(update(keys).where(*mine).values(revoked_ms=at_ms))).rowcount > 0

        return await self._database.write(revoking)

    async def version(self) -> int:
        """Keys are only ever added and revoked, so both together count every change."""

        def asking(connection: Connection) -> int:
            added, revoked = (connection.execute(select(func.count(), func.count(keys.c.revoked_ms)))).one()
            return int(added) + int(revoked)

        return await self._database.read(asking)


def _values(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "team": key.team,
        "digest": key.digest,
        "use_cases": msgspec.json.encode(key.use_cases).decode(),
        "models": None if key.models is None else msgspec.json.encode(key.models).decode(),
        "budget_nanousd": key.budget.limit_nanousd if key.budget else None,
        "budget_period": key.budget.period.value if key.budget else None,
        "expires_ms": key.expires_ms,
        "revoked_ms": key.revoked_ms,
        "created_ms": key.created_ms,
        "prefix": key.prefix,
    }


def _key(row: RowMapping) -> Key:
    models, limit = row["models"], row["budget_nanousd"]
    return Key(
        name=row["name"],
        team=row["team"],
        digest=row["digest"],
        use_cases=msgspec.json.decode(row["use_cases"], type=tuple[str, ...]),
        models=None if models is None else msgspec.json.decode(models, type=tuple[str, ...]),
        budget=None if limit is None else Budget(limit, PeriodKind(row["budget_period"])),
        expires_ms=row["expires_ms"],
        revoked_ms=row["revoked_ms"],
        created_ms=row["created_ms"],
        prefix=row["prefix"],
        managed="store",
    )
