"""Keys made by command or API, in SQL."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tollhouse.domain.governance import STORE, Budget, Key, Rate
from tollhouse.domain.periods import PeriodKind
from tollhouse.ports.changes import Change

from .changes import record
from .engine import Database
from .schema import keys


class SqlKeys:
    """KeyStore on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: Key, change: Change) -> None:
        def adding(connection: Connection) -> None:
            connection.execute(insert(keys).values(_values(key)))
            record(connection, change)

        try:
            await self._database.write(adding)
        except IntegrityError as error:
            raise ValueError(
                f"there is a key named {key.name!r} already; revoke it first, or take another name"
            ) from error

    async def update(self, key: Key, change: Change, *, was: Key | None = None) -> bool:
        def updating(connection: Connection) -> bool:
            mine = (keys.c.name == key.name, keys.c.revoked_ms.is_(None))
            if was is not None and not _is_as_read(was, connection, mine):
                return False
            found = connection.execute(update(keys).where(*mine).values(_values(key))).rowcount > 0
            if found:
                record(connection, change)
            return found

        return await self._database.write(updating)

    async def all(self) -> list[Key]:
        def asking(connection: Connection) -> list[Key]:
            found = connection.execute(select(keys).order_by(keys.c.created_ms, keys.c.id))
            return [_key(row) for row in found.mappings()]

        return await self._database.read(asking)

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        is_later = or_(keys.c.last_used_ms.is_(None), keys.c.last_used_ms < bindparam("at"))
        noting = update(keys).where(keys.c.name == bindparam("of"), keys.c.revoked_ms.is_(None), is_later)
        rows = [{"of": name, "at": at_ms} for name, at_ms in sorted(last_used_ms.items())]

        def writing(connection: Connection) -> None:
            connection.execute(noting.values(last_used_ms=bindparam("at")), rows)

        if rows:
            await self._database.write(writing)


def _is_as_read(was: Key, connection: Connection, mine: tuple[ColumnElement[bool], ...]) -> bool:
    """Compare keys, not columns: the previous release writes some of them otherwise. The row stays locked until the write."""
    row = connection.execute(select(keys).where(*mine).with_for_update()).mappings().one_or_none()
    return row is not None and _key(row) == replace(was, managed=STORE, last_used_ms=row["last_used_ms"])


def _values(key: Key) -> dict[str, object]:
    """A key's `last_used_ms` is written by `used` alone."""
    return {
        "name": key.name,
        "team": key.team,
        "digest": key.digest,
        "use_cases": _json(key.use_cases),
        "models": None if key.models is None else _json(key.models),
        "budget_nanousd": key.budget.limit_nanousd if key.budget else None,
        "budget_period": key.budget.period.value if key.budget else None,
        "budget_warn_at_ppm": _json(key.budget.warn_at_ppm) if key.budget else None,
        "budget_falls_back": key.budget.falls_back if key.budget else None,
        "rate": _json(key.rate) if key.rate.is_set else None,
        "expires_ms": key.expires_ms,
        "revoked_ms": key.revoked_ms,
        "created_ms": key.created_ms,
        "created_by": key.created_by,
        "previous_digest": key.previous_digest,
        "previous_until_ms": key.previous_until_ms,
        "prefix": key.prefix,
    }


def _key(row: RowMapping) -> Key:
    return Key(
        name=row["name"],
        team=row["team"],
        digest=row["digest"],
        use_cases=msgspec.json.decode(row["use_cases"], type=tuple[str, ...]),
        models=None if row["models"] is None else msgspec.json.decode(row["models"], type=tuple[str, ...]),
        budget=None if row["budget_nanousd"] is None else _budget(row),
        rate=Rate() if row["rate"] is None else msgspec.json.decode(row["rate"], type=Rate),
        expires_ms=row["expires_ms"],
        revoked_ms=row["revoked_ms"],
        created_ms=row["created_ms"],
        created_by=row["created_by"],
        last_used_ms=row["last_used_ms"],
        previous_digest=row["previous_digest"],
        previous_until_ms=row["previous_until_ms"],
        prefix=row["prefix"],
        managed=STORE,
    )


def _budget(row: RowMapping) -> Budget:
    warn_at = row["budget_warn_at_ppm"]
    return Budget(
        limit_nanousd=row["budget_nanousd"],
        period=PeriodKind(row["budget_period"]),
        warn_at_ppm=() if warn_at is None else msgspec.json.decode(warn_at, type=tuple[int, ...]),
        falls_back=bool(row["budget_falls_back"]),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
