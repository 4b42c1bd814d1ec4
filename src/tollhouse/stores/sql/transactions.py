"""How a transaction is written and how long it may take: what the engine and both kinds of database agree on."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, text

LEASE_LIMIT_S = 3.0
"""A slice, as long as the database shows that it lives: a call waits for it, so it is the shortest."""
READ_LIMIT_S = 30.0
"""A question: a report over a year's calls takes seconds."""
BUSY_LIMIT_S = 2.5
"""How long SQLite waits for another process's transaction before we look whether there is time to wait again."""

T = TypeVar("T")
Work = Callable[[Connection], T]


class Transactions(Protocol):
    """How one kind of database runs a transaction. Foreign errors come out as they are."""

    async def run(self, work: Work[T], *, writes: bool) -> T:
        """
        Run the work in a transaction and commit it; whatever it asks sees one state.

        Cancelled, it either has no effect, now or later, or returns what it did.
        """
        ...

    async def lives(self) -> bool:
        """
        Look, beside all transactions, whether the database does anything at all; that one of ours only waits is no sign.

        It may wait for as long as the database keeps silent.
        """
        ...

    async def close(self) -> None: ...


def touch(connection: Connection) -> None:
    """The smallest transaction: it shows that the database answers and may be written to."""
    connection.execute(text("SELECT 1"))
