"""Small facts about the store as a whole, in SQL."""

from sqlalchemy import Connection, select

from .engine import Database
from .schema import marks


class SqlMarks:
    """StoreMarks on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes | None:
        def asking(connection: Connection) -> bytes | None:
            return connection.scalar(select(marks.c.value).where(marks.c.name == name))

        return await self._database.read(asking)

    async def put_if_absent(self, name: str, value: bytes) -> bytes:
        def putting(connection: Connection) -> bytes:
            connection.execute(self._database.insert(marks).values(name=name, value=value).on_conflict_do_nothing())
            there: bytes = (connection.execute(select(marks.c.value).where(marks.c.name == name))).scalar_one()
            return there

        return await self._database.write(putting)
