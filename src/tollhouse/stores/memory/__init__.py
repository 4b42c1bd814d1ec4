"""The stores in memory: the fakes that ship, for tests and demonstrations. Nothing outlives the process."""

from .. import Stores
from .access_tokens import MemoryAccessTokens
from .books import Books
from .budget_warnings import MemoryBudgetWarnings
from .cache import MemoryCacheEntries, MemoryCacheEpochs
from .changes import MemoryChanges
from .corrections import MemoryCorrections
from .history import MemoryHistory
from .keys import MemoryKeys
from .ledger import MemoryLedger
from .objects import MemoryObjects
from .presence import MemoryPresence
from .replays import MemoryReplays
from .store_mark import MemoryMarks
from .stored_responses import MemoryStoredResponses
from .usage import MemoryRollups, MemoryUsage


def memory_stores() -> Stores:
    """Return empty stores; ledger and queries share their books."""
    books, changes = Books(), MemoryChanges()
    return Stores(
        kind="memory",
        where="memory",
        ledger=MemoryLedger(books),
        usage=MemoryUsage(books),
        rollups=MemoryRollups(),
        corrections=MemoryCorrections(books),
        keys=MemoryKeys(changes),
        changes=changes,
        history=MemoryHistory(books),
        budget_warnings=MemoryBudgetWarnings(),
        tokens=MemoryAccessTokens(changes),
        objects=MemoryObjects(changes),
        stored_responses=MemoryStoredResponses(),
        replays=MemoryReplays(),
        presence=MemoryPresence(),
        marks=MemoryMarks(),
        cache=MemoryCacheEntries(),
        cache_epochs=MemoryCacheEpochs(changes),
        close=_nothing_to_close,
    )


async def _nothing_to_close() -> None:
    return
