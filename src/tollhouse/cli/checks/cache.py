"""Group storage: which use cases keep answers, where those are kept, and what they saved of late."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tollhouse.config.load import Loaded
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.governance import Governance
from tollhouse.domain.money import usd_from_nano
from tollhouse.ports.usage import CallFilter

from .check import Check, some
from .storage import GROUP

if TYPE_CHECKING:
    from tollhouse.stores.sql.engine import Database

NAME = "kept answers"
SHOWN = 3
DAYS = 30
DAY_MS = 86_400_000


async def examine(loaded: Loaded, governance: Governance, database: "Database", now_ms: int) -> list[Check]:
    """Return one check; none where no use case has a cache."""
    names = [use_case.name for use_case in governance.use_cases.values() if use_case.cache.is_set]
    if not names:
        return []
    from tollhouse.stores.sql import stores_on

    try:
        report = await stores_on(database).usage.usage((), CallFilter(since_ms=now_ms - DAYS * DAY_MS))
    except StoreUnavailable as error:
        return [GROUP.error(NAME, error.message)]
    return [_told(loaded, names, report.total.saved_nanousd)]


def _told(loaded: Loaded, names: Sequence[str], saved_nanousd: int) -> Check:
    saved = f"{usd_from_nano(saved_nanousd)} USD saved in {DAYS} days"
    whose = some(names, SHOWN)
    if loaded.settings.privacy.master_key is None:
        return GROUP.warn(
            NAME,
            f"of {whose}, in each process's memory only: without a master key none is written; {saved}",
            "Set `privacy.master_key`, if processes are to share them and a restart to keep them.",
        )
    where = "the database" if loaded.settings.storage.redis is None else "Redis"
    return GROUP.ok(NAME, f"of {whose}, in memory and sealed in {where}; {saved}")
