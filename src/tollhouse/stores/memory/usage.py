"""Questions to the ledger in memory, answered call by call."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.ports.usage import CallFilter, Page, UsageReport, UsageRow

from .. import listing
from .books import Books, copied

Group = tuple[str | None, ...]


class MemoryUsage:
    """UsageQueries in memory."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        listing.check_limit(limit)
        calls = self._open() if where.outcome == Outcome.RUNNING else self._books.calls.values()
        page = listing.page_of(calls, where, limit, cursor)
        return Page([copied(call) for call in page.items], page.next_cursor)

    async def call(self, call_id: str) -> Call | None:
        found = self._books.calls.get(call_id) or next((c for c in self._open() if c.id == call_id), None)
        return copied(found) if found is not None else None

    async def usage(self, by: Sequence[str], where: CallFilter) -> UsageReport:
        listing.check_dimensions(by)
        found: dict[Group, UsageRow] = {}
        for call in self._books.calls.values():
            if listing.is_taken(call, where):
                _count(found, by, call)
        return listing.report_of(found.values())

    def _open(self) -> Iterable[Call]:
        """Every open call, except those that have finished since their process last said so."""
        of_all = (call for calls in self._books.opened.values() for call in calls)
        return [call for call in of_all if call.id not in self._books.calls]


def _count(found: dict[Group, UsageRow], by: Sequence[str], call: Call) -> None:
    served = _row(found, by, call, call)
    served.calls += 1
    served.errors += call.outcome.value in listing.FAILED
    for attempt in call.attempts:
        _add(_row(found, by, call, attempt), attempt)


def _row(found: dict[Group, UsageRow], by: Sequence[str], call: Call, serving: Call | Attempt) -> UsageRow:
    """Return the row of a call's group; provider and deployment are those of the call or of one attempt."""
    values = {
        "team": call.team,
        "use_case": call.use_case,
        "key": call.key,
        "model": call.model,
        "provider": serving.provider,
        "deployment": serving.deployment,
        "endpoint": call.endpoint,
        "day": datetime.fromtimestamp(call.at_ms / 1000, UTC).date().isoformat(),
    }
    group = {name: values[name] for name in by}
    return found.setdefault(tuple(group.values()), UsageRow(group))


def _add(row: UsageRow, attempt: Attempt) -> None:
    row.attempts += 1
    row.tokens_in += attempt.tokens_in
    row.tokens_out += attempt.tokens_out
    row.tokens_cached += attempt.tokens_cached
    row.cost_nanousd += attempt.cost_nanousd
    row.estimated_nanousd += attempt.cost_nanousd if attempt.estimated else 0
    row.unknown_attempts += attempt.state is AttemptState.UNKNOWN
