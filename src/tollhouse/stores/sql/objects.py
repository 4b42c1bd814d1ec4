"""What is governed and was made by API or command, in SQL."""

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from tollhouse.domain.errors import Conflict
from tollhouse.ports.changes import Change
from tollhouse.ports.objects import StoredObject

from .changes import record
from .engine import Database
from .schema import objects


class SqlObjects:
    """ObjectStore on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[StoredObject]:
        def asking(connection: Connection) -> list[StoredObject]:
            found = connection.execute(select(objects).order_by(objects.c.kind, objects.c.name))
            return [StoredObject(**row) for row in found.mappings()]

        return await self._database.read(asking)

    async def put(self, change: Change, *, expected_version: int) -> StoredObject:
        assert change.after is not None
        stored = StoredObject(change.kind, change.name, change.after, expected_version + 1)

        def putting(connection: Connection) -> None:
            values = {"document": stored.document, "version": stored.version}
            if expected_version == 0:
                connection.execute(insert(objects).values(kind=stored.kind, name=stored.name, **values))
            elif not connection.execute(update(objects).where(*_at(change, expected_version)).values(values)).rowcount:
                raise Conflict(changed(change))
            record(connection, change)

        try:
            await self._database.write(putting)
        except IntegrityError as error:
            raise Conflict(f"There is a {change.kind} {change.name!r} already.") from error
        return stored

    async def delete(self, change: Change, *, expected_version: int) -> None:
        def deleting(connection: Connection) -> None:
            if not connection.execute(delete(objects).where(*_at(change, expected_version))).rowcount:
                raise Conflict(changed(change))
            record(connection, change)

        await self._database.write(deleting)


def changed(change: Change) -> str:
    return f"The {change.kind} {change.name!r} was changed meanwhile; read it again, and decide again."


def _at(change: Change, version: int) -> tuple[ColumnElement[bool], ...]:
    return objects.c.kind == change.kind, objects.c.name == change.name, objects.c.version == version
