"""PostgreSQL: transactions run on asyncpg in the event loop; SQLAlchemy lets plain functions wait there."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tollhouse.domain.errors import StartError

from . import faults
from .transactions import READ_LIMIT_S, Work, touch

if TYPE_CHECKING:
    import asyncpg

OPEN_LIMIT_S = 10.0
"""A connection: a server across a slow network answers within it, an operator does not wait longer."""
IDLE_TRANSACTION_LIMIT = "15s"
"""The server ends a transaction of ours that stands still (a stopped process), because it may hold a budget's row."""
CONNECTIONS = 5
"""A process leases and posts a few times a second; more connections would only queue inside the server."""

T = TypeVar("T")
Connect = Callable[[], Awaitable["asyncpg.Connection"]]


class PostgresTransactions:
    """Runs transactions on one server."""

    def __init__(self, engine: AsyncEngine, pulse: "Pulse") -> None:
        self._pulse = pulse
        self._writing_engine = engine
        self._reading_engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def run(self, work: Work[T], *, writes: bool) -> T:
        engine = self._writing_engine if writes else self._reading_engine
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    async def lives(self) -> bool:
        return await self._pulse.answers()

    async def close(self) -> None:
        self._pulse.close()
        await self._writing_engine.dispose()


class Pulse:
    """A connection of its own for the shortest question, so that no transaction stands before it."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection | None = None

    async def answers(self) -> bool:
        """Wait for an answer. Cancelled or refused, it begins with a new connection the next time."""
        import asyncpg

        connection, self._connection = self._connection, None
        try:
            if connection is None or connection.is_closed():
                connection = await self._connect()
            await connection.execute("SELECT 1")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            _drop(connection)
            return False
        except BaseException:
            _drop(connection)
            raise
        self._connection = connection
        return True

    def close(self) -> None:
        _drop(self._connection)


def _drop(connection: "asyncpg.Connection | None") -> None:
    """Without a word to the server, which may not listen."""
    if connection is not None:
        connection.terminate()


async def open_postgresql(url: str) -> tuple[PostgresTransactions, str]:
    """Connect once, and return the server with its name. Raises StartError."""
    try:
        import asyncpg
    except ImportError as error:
        raise StartError(
            "PostgreSQL needs the extra `postgres`, which is not installed. Run: pip install 'tollhouse[postgres]'"
        ) from error
    connect = _connector(url)
    transactions = PostgresTransactions(_engine(connect), Pulse(connect))
    try:
        await transactions.run(touch, writes=True)
        await transactions.lives()
    except (*faults.FOREIGN, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        await transactions.close()
        raise faults.cannot_reach_server(without_secrets(url), error, OPEN_LIMIT_S) from error
    return transactions, without_secrets(url)


def without_secrets(url: str) -> str:
    """Return `host:port/database` of a PostgreSQL URL, without user, password and options."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "of `storage.database`"
    return f"{host}{port}{parts.path}"


def _connector(url: str) -> Connect:
    """asyncpg reads the URL itself, so that sslmode, host=/socket and the rest mean there what libpq says."""
    import asyncpg

    async def connect() -> "asyncpg.Connection":
        settings = {
            "application_name": "tollhouse",
            "idle_in_transaction_session_timeout": IDLE_TRANSACTION_LIMIT,
        }
        return await asyncpg.connect(url, timeout=OPEN_LIMIT_S, server_settings=settings)

    return connect


def _engine(connect: Connect) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=READ_LIMIT_S,
        pool_pre_ping=True,  # a server that was restarted must not cost a caller an error
    )
