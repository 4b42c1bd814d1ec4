"""Shared fixtures: stores of every kind, on real servers."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from postgres_server import PostgresServer, running_postgres
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.memory import memory_stores

Place = tuple[str | None, Path]
"""What `open_stores` takes."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server a worker, and only in workers that have a test for it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def new_postgres(postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Make empty databases for one test; they are dropped after it."""
    made: list[str] = []

    def make() -> str:
        made.append(f"t_{uuid4().hex[:12]}")
        postgres_server.sql(f"CREATE DATABASE {made[-1]}")
        return postgres_server.url(made[-1])

    yield make
    for name in made:
        postgres_server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def stores(any_place: Place | None) -> AsyncIterator[Stores]:
    """Empty stores of every kind."""
    opened = await open_stores(*any_place) if any_place is not None else memory_stores()
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_place(request: pytest.FixtureRequest) -> Place | None:
    if request.param == "memory":
        return None
    where: Place = request.getfixturevalue(f"{request.param}_place")
    return where


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """Where an empty database with our tables is, of either kind; for several processes or connections."""
    where: Place = request.getfixturevalue(f"{request.param}_place")
    return where


@pytest.fixture
def sqlite_place(ready_folder: Path, tmp_path: Path) -> Place:
    shutil.copytree(ready_folder, tmp_path / "data")
    return None, tmp_path / "data"


@pytest.fixture
def postgresql_place(ready_postgres: str, tmp_path: Path) -> Iterator[Place]:
    yield ready_postgres, tmp_path
    with asyncio.Runner() as runner:
        runner.run(_empty(ready_postgres))


@pytest.fixture(scope="session")
def ready_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is set up; tests copy it, which is faster than migrating."""
    folder = tmp_path_factory.mktemp("ready") / "data"
    _set_up(None, folder)
    return folder


@pytest.fixture(scope="session")
def ready_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that is set up; it is emptied after each test, which is faster than making one."""
    postgres_server.sql("CREATE DATABASE ready")
    _set_up(postgres_server.url("ready"), tmp_path_factory.mktemp("unused"))
    return postgres_server.url("ready")


def _set_up(database: str | None, path: Path) -> None:
    async def open_and_close() -> None:
        await (await open_stores(database, path)).close()

    with asyncio.Runner() as runner:
        runner.run(open_and_close())


async def _empty(url: str) -> None:
    import asyncpg

    from tollhouse.stores.sql.schema import metadata

    connection = await asyncpg.connect(url)
    await connection.execute(
        "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables) if table.name != "revision")
    )
    await connection.close()
