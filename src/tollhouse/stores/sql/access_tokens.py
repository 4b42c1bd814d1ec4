"""Access tokens, in SQL."""

from collections.abc import Mapping

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from tollhouse.domain.roles import AccessToken, Role
from tollhouse.ports.changes import Change

from .changes import record
from .engine import Database
from .schema import access_tokens

_t = access_tokens.c


class SqlAccessTokens:
    """AccessTokens on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: AccessToken, change: Change) -> None:
        def adding(connection: Connection) -> None:
            connection.execute(insert(access_tokens).values(_values(token)))
            record(connection, change)

        try:
            await self._database.write(adding)
        except IntegrityError as error:
            raise ValueError(
                f"there is an access token named {token.name!r} already; revoke it first, or take another name"
            ) from error

    async def revoke(self, name: str, at_ms: int, change: Change) -> bool:
        def revoking(connection: Connection) -> bool:
            mine = (_t.name == name, _t.revoked_ms.is_(None))
            found = connection.execute(update(access_tokens).where(*mine).values(revoked_ms=at_ms)).rowcount > 0
            if found:
                record(connection, change)
            return found

        return await self._database.write(revoking)

    async def all(self) -> list[AccessToken]:
        def asking(connection: Connection) -> list[AccessToken]:
            found = connection.execute(select(access_tokens).order_by(_t.created_ms, _t.id))
            return [_token(row) for row in found.mappings()]

        return await self._database.read(asking)

    async def used(self, last_used_ms: Mapping[str, int]) -> None:
        is_later = or_(_t.last_used_ms.is_(None), _t.last_used_ms < bindparam("at"))
        noting = update(access_tokens).where(_t.name == bindparam("of"), _t.revoked_ms.is_(None), is_later)
        rows = [{"of": name, "at": at_ms} for name, at_ms in sorted(last_used_ms.items())]

        def writing(connection: Connection) -> None:
            connection.execute(noting.values(last_used_ms=bindparam("at")), rows)

        if rows:
            await self._database.write(writing)


def _values(token: AccessToken) -> dict[str, object]:
    return {
        "name": token.name,
        "role": token.role.value,
        "team": token.team,
        "digest": token.digest,
        "created_ms": token.created_ms,
        "created_by": token.created_by,
        "expires_ms": token.expires_ms,
        "revoked_ms": token.revoked_ms,
        "last_used_ms": token.last_used_ms,
        "prefix": token.prefix,
    }


def _token(row: RowMapping) -> AccessToken:
    values = {name: value for name, value in row.items() if name not in ("id", "role")}
    return AccessToken(role=Role(row["role"]), **values)
