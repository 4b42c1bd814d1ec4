"""The configuration and the store that a command works on, in this process, also beside a live server."""

import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tollhouse.config.load import Loaded
    from tollhouse.stores import Stores

T = TypeVar("T")


def run_async(coroutine: Coroutine[None, None, T]) -> T:
    """Run it to its end. asyncio loads here: `--help` has no use for it."""
    import asyncio

    return asyncio.run(coroutine)


def load_house(config: Path) -> "Loaded":
    """Raises ConfigError."""
    from tollhouse.config.load import load  # pydantic and PyYAML load here

    return load(config, os.environ)


@asynccontextmanager
async def opened_stores(loaded: "Loaded") -> "AsyncIterator[Stores]":
    """Open the configured store, and close it at the end. Raises StartError or SchemaMismatch."""
    from tollhouse.stores import open_stores

    database = loaded.settings.storage.database
    stores = await open_stores(database.reveal() if database else None, loaded.data_path)
    try:
        yield stores
    finally:
        await stores.close()
