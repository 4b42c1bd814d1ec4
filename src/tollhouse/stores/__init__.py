"""
Where things are kept: SQLite in a data folder by default, PostgreSQL for several machines, memory for tests.

Importing this loads no database library; opening one does.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tollhouse.domain.errors import StartError
from tollhouse.ports.access_tokens import AccessTokens
from tollhouse.ports.budget_warnings import BudgetWarnings
from tollhouse.ports.cache import CacheEntries, CacheEpochs
from tollhouse.ports.changes import Changes
from tollhouse.ports.corrections import Corrections
from tollhouse.ports.history import History
from tollhouse.ports.keys import KeyStore
from tollhouse.ports.ledger import Ledger
from tollhouse.ports.objects import ObjectStore
from tollhouse.ports.presence import Presence
from tollhouse.ports.replays import Replays
from tollhouse.ports.store_mark import StoreMarks
from tollhouse.ports.stored_responses import StoredResponses
from tollhouse.ports.usage import Rollups, UsageQueries


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that is kept, behind the ports. `kind` is memory | sqlite | postgresql, `where` names it without secrets."""

    kind: str
    where: str
    ledger: Ledger
    usage: UsageQueries
    rollups: Rollups
    corrections: Corrections
    keys: KeyStore
    changes: Changes
    history: History
    budget_warnings: BudgetWarnings
    tokens: AccessTokens
    objects: ObjectStore
    stored_responses: StoredResponses
    replays: Replays
    presence: Presence
    marks: StoreMarks
    cache: CacheEntries
    cache_epochs: CacheEpochs
    close: Callable[[], Awaitable[None]]


async def open_stores(database: str | None, path: Path) -> Stores:
    """
    Open what the configuration names: `storage.database`, or SQLite in the folder `storage.path` if that is None.

    An empty database is set up. Raises StartError if it does not open, and SchemaMismatch if it is older, newer or
    half migrated.
    """
    scheme = database.partition("://")[0] if database is not None else "sqlite"
    if scheme not in STORES:
        names = ", ".join(f"{name}://" for name in STORES if name != "sqlite")
        raise StartError(
            f"`storage.database` is of an unknown kind: {scheme}://. Leave it out for SQLite, or use {names}"
        )
    return await STORES[scheme](database or path)


async def _open_sql(url_or_path: str | Path) -> Stores:
    from .sql import sql_stores

    return await sql_stores(url_or_path)


STORES: Mapping[str, Callable[[str | Path], Awaitable[Stores]]] = {
    "sqlite": _open_sql,
    "postgresql": _open_sql,
    "postgres": _open_sql,
}
