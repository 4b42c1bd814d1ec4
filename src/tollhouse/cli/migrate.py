"""`tollhouse migrate`: bring the store to the schema that this program needs."""

from pathlib import Path
from typing import Annotated

import typer

from .exit import reporting, say


@reporting()
def migrate(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Bring the database to this version's schema, beside servers of the version before. Make a backup first."""
    import asyncio
    import os

    from tollhouse.config.load import load

    loaded = load(config, os.environ)
    where, before, after = asyncio.run(_migrate(loaded.database or loaded.data_path))
    if before == after:
        say(f"The database {where} has schema revision {after} already; nothing to do.")
    else:
        say(f"The database {where} went from schema revision {before or 'none'} to {after}.")


async def _migrate(url_or_path: str | Path) -> tuple[str, str | None, str]:
    from tollhouse.stores.sql.engine import open_database
    from tollhouse.stores.sql.version import migrate as upgrade

    database = await open_database(url_or_path)
    try:
        before, after = await upgrade(database)
    finally:
        await database.close()
    return database.where, before, after
