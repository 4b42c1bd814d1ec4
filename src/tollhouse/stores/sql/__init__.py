"""The stores in SQL: SQLite by default, PostgreSQL for several machines, one schema for both."""

from pathlib import Path
from typing import TYPE_CHECKING

from .. import Stores

if TYPE_CHECKING:
    from .engine import Database


async def sql_stores(url_or_path: str | Path) -> Stores:
    """Open every store on one database, whose schema is set up if it is empty. Raises StartError or SchemaMismatch."""
    from .engine import open_database
    from .version import prepare

    database = await open_database(url_or_path)
    try:
        await prepare(database)
    except BaseException:
        await database.close()
        raise
    return stores_on(database)


def stores_on(database: "Database") -> Stores:
    """Return the stores of a database that is open and current."""
    from .access_tokens import SqlAccessTokens
    from .budget_warnings import SqlBudgetWarnings
    from .cache import SqlCacheEntries, SqlCacheEpochs
    from .changes import SqlChanges
    from .corrections import SqlCorrections
    from .history import SqlHistory
    from .keys import SqlKeys
    from .ledger import SqlLedger
    from .objects import SqlObjects
    from .presence import SqlPresence
    from .replays import SqlReplays
    from .rollups import SqlRollups
    from .store_mark import SqlMarks
    from .stored_responses import SqlStoredResponses
    from .usage import SqlUsage

    return Stores(
        kind=database.kind,
        where=database.where,
        ledger=SqlLedger(database),
        usage=SqlUsage(database),
        rollups=SqlRollups(database),
        corrections=SqlCorrections(database),
        keys=SqlKeys(database),
        changes=SqlChanges(database),
        history=SqlHistory(database),
        budget_warnings=SqlBudgetWarnings(database),
        tokens=SqlAccessTokens(database),
        objects=SqlObjects(database),
        stored_responses=SqlStoredResponses(database),
        replays=SqlReplays(database),
        presence=SqlPresence(database),
        marks=SqlMarks(database),
        cache=SqlCacheEntries(database),
        cache_epochs=SqlCacheEpochs(database),
        close=database.close,
    )
