"""Questions to the ledger: the one query layer behind every screen, report, metric and command."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tollhouse.domain.calls import Call

DIMENSIONS = ("team", "use_case", "key", "model", "provider", "deployment", "endpoint", "day")
"""What `usage --by` can group by. `day` is the UTC date. `model` is the route asked for."""

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class CallFilter:
    """All of these must hold; None is any. `since_ms` is inclusive, `until_ms` exclusive, both on the call's start."""

    since_ms: int | None = None
    until_ms: int | None = None
    team: str | None = None
    use_case: str | None = None
    key: str | None = None
    model: str | None = None
    status: int | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Finished calls, newest first. `next_cursor` is None on the last page."""

    items: list[Call]
    next_cursor: str | None


@dataclass(slots=True)
class UsageRow:
    """
    Sums over finished calls. `by` holds the group's values in the order asked.

    Money and tokens group by each attempt's own provider and deployment, so that they meet that provider's bill; calls
    and errors by the provider that served the call.
    """

    by: dict[str, str | None] = field(default_factory=dict)
    calls: int = 0
    errors: int = 0
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0
    estimated_nanousd: int = 0
    unknown_attempts: int = 0


@dataclass(frozen=True, slots=True)
class UsageReport:
    items: list[UsageRow]
    total: UsageRow


class UsageQueries(Protocol):
    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Raises ValueError if the cursor is not one of ours. `where.outcome == "running"` lists open calls instead."""
        ...

    async def call(self, call_id: str) -> Call | None: ...

    async def usage(self, by: Sequence[str], where: CallFilter) -> UsageReport:
        """Raises ValueError for an unknown dimension. Items are sorted by cost, dearest first."""
        ...
