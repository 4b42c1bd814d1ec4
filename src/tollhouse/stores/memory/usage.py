"""Questions to the ledger in memory, answered call by call."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.ports.usage import (
    MAX_GROUPS,
    CallFilter,
    Page,
    RollupDifference,
    UsageReport,
    check_dimensions,
    tag_of,
)

from .. import listing
from ..histogram import histogram
from ..sums import Group, Sums, report_of
from .books import Books, copied

NO_TAGS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is added up: a call without its money, an attempt, or a correction; and what it is grouped by."""

    at_ms: int
    values: Mapping[str, object]
    tags: Mapping[str, str]
    sums: Sums


class MemoryUsage:
    """UsageQueries in memory."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        listing.check_limit(limit)
        calls = self._open() if where.outcome == Outcome.RUNNING else self._books.calls.values()
        page = listing.page_of(calls, where, limit, cursor)
        return Page([self._shown(call) for call in page.items], page.next_cursor)

    async def call(self, call_id: str) -> Call | None:
        found = self._books.calls.get(call_id) or next((c for c in self._open() if c.id == call_id), None)
        return self._shown(found) if found is not None else None

    async def usage(self, by: Sequence[str], where: CallFilter, *, groups: int = MAX_GROUPS) -> UsageReport:
        check_dimensions(by)
        found: defaultdict[Group, Sums] = defaultdict(Sums)
        for fact in self._facts():
            if _is_counted(fact, where):
                found[_group(by, fact)].add(fact.sums)
        return report_of(by, found, groups)

    def _open(self) -> Iterable[Call]:
        """Every open call, except those that have finished since their process last said so."""
        of_all = (call for calls in self._books.opened.values() for call in calls)
        return [call for call in of_all if call.id not in self._books.calls]

    def _shown(self, call: Call) -> Call:
        twin = copied(call)
        listing.correct(twin, (each for each in self._books.corrections.values() if each.call == call.id))
        return twin

    def _facts(self) -> Iterator[Fact]:
        corrections: defaultdict[str | None, list[Correction]] = defaultdict(list)
        for correction in self._books.corrections.values():
            corrections[correction.call if correction.call in self._books.calls else None].append(correction)
        for call in self._books.calls.values():
            yield from _facts_of(call, corrections[call.id])
        for correction in corrections[None]:
            yield Fact(correction.booked_ms, _unattributed(correction), NO_TAGS, _added(correction))


class MemoryRollups:
    """Rollups of a store that needs none: it sums what it is asked for."""

    async def roll_up(self, now_ms: int) -> int:
        return 0

    async def check_rollups(self) -> list[RollupDifference]:
        return []


def _is_counted(fact: Fact, where: CallFilter) -> bool:
    if where.since_ms is not None and fact.at_ms < where.since_ms:
        return False
    if where.until_ms is not None and fact.at_ms >= where.until_ms:
        return False
    return listing.agrees(fact.values, where) and listing.has_tags(fact.tags, where)


def _group(by: Sequence[str], fact: Fact) -> Group:
    return tuple(_value(name, fact) for name in by)


def _value(name: str, fact: Fact) -> str | None:
    if name == "day":
        return datetime.fromtimestamp(fact.at_ms / 1000, UTC).date().isoformat()
    tag = tag_of(name)
    if tag is not None:
        return fact.tags.get(tag)
    value = fact.values[name]
    return value if value is None else str(value)


def _facts_of(call: Call, corrections: Sequence[Correction]) -> Iterator[Fact]:
    yield Fact(call.at_ms, _values(call, call), call.tags, _counted(call))
    for attempt in call.attempts:
        own = [correction for correction in corrections if correction.attempt == attempt.id]
        yield Fact(call.at_ms, _values(call, attempt), call.tags, _spent(attempt, own))
    for correction in corrections:
        yield Fact(call.at_ms, _values(call, correction), call.tags, _added(correction))


def _values(call: Call, serving: Call | Attempt | Correction) -> Mapping[str, object]:
    """The call's own values, with the provider and deployment of what serves."""
    names = ("team", "use_case", "key", "model", "endpoint", "prompt", "status")
    values: dict[str, object] = {name: getattr(call, name) for name in names}
    return {**values, "outcome": call.outcome.value, "provider": serving.provider, "deployment": serving.deployment}


def _unattributed(correction: Correction) -> Mapping[str, object]:
    names = ("team", "use_case", "key", "model", "provider", "deployment")
    values: dict[str, object] = {name: getattr(correction, name) for name in names}
    return {**values, **dict.fromkeys(("endpoint", "prompt", "status", "outcome"))}


def _counted(call: Call) -> Sums:
    return Sums(
        calls=1,
        errors=int(call.outcome.value in listing.FAILED),
        saved_nanousd=call.saved_nanousd,
        latency=histogram([(call.latency_ms, 1)]),
        first_token=histogram([(call.first_token_ms, 1)] if call.first_token_ms is not None else []),
    )


def _spent(attempt: Attempt, corrections: Sequence[Correction]) -> Sums:
    is_settled = any(correction.settles for correction in corrections)
    corrected = attempt.cost_nanousd + sum(correction.cost_nanousd for correction in corrections)
    return Sums(
        attempts=1,
        tokens_in=attempt.tokens_in,
        tokens_out=attempt.tokens_out,
        tokens_cached=attempt.tokens_cached,
        cost_nanousd=attempt.cost_nanousd,
        estimated_nanousd=corrected if attempt.estimated and not is_settled else 0,
        unknown_attempts=int(attempt.state is AttemptState.UNKNOWN and not is_settled),
    )


def _added(correction: Correction) -> Sums:
    return Sums(
        tokens_in=correction.tokens_in,
        tokens_out=correction.tokens_out,
        tokens_cached=correction.tokens_cached,
        cost_nanousd=correction.cost_nanousd,
    )
