"""Which deployment holds a stored response, in SQL."""

from dataclasses import asdict

from sqlalchemy import Connection, delete, select

from tollhouse.ports.stored_responses import StoredResponse

from .engine import Database
from .schema import stored_responses


class SqlStoredResponses:
    """StoredResponses on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, responses: list[StoredResponse]) -> None:
        def adding(connection: Connection) -> None:
            statement = self._database.insert(stored_responses).on_conflict_do_nothing()
            connection.execute(statement, [asdict(response) for response in responses])

        if responses:
            await self._database.write(adding)

    async def find(self, response_id: str) -> StoredResponse | None:
        def asking(connection: Connection) -> StoredResponse | None:
            question = select(stored_responses).where(stored_responses.c.id == response_id)
            row = (connection.execute(question)).mappings().one_or_none()
            return StoredResponse(**row) if row is not None else None

        return await self._database.read(asking)

    async def expire(self, before_ms: int) -> int:
        def expiring(connection: Connection) -> int:
            return connection.execute(
                delete(stored_responses).where(stored_responses.c.created_ms < before_ms)
            ).rowcount

        return await self._database.write(expiring)
