"""Calls to look at, and a ledger that answers from a list."""

from collections.abc import Sequence

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.ports.usage import MAX_GROUPS, OTHER, CallFilter, Page, UsageReport, UsageRow

OCTOBER_MS = 1_790_841_600_000
"""2026-10-01T08:00:00Z"""


def a_call(
    number: int = 1,
    *,
    model: str = "fast",
    cost_nanousd: int = 12_300_000,
    at_ms: int = OCTOBER_MS,
    use_case: str = "claims-triage",
    cache: str = "off",
) -> Call:
    """An ordinary call that cost something."""
    return Call(
        id=f"call_{number}",
        at_ms=at_ms,
        endpoint="chat.completions",
        team="claims",
        use_case=use_case,
        key="ci",
        model=model,
        provider="openai",
        deployment="openai/gpt-5-mini",
        prompt="claims-triage@1a2b",
        status=200,
        outcome=Outcome.OK,
        cache=cache,
        latency_ms=420,
        first_token_ms=180,
        overhead_ms=0.4,
        request_id="req_1",
        subject="policyholder 17",
        tags={"ward": "north"},
        attempts=[
            Attempt(
                id=f"att_{number}",
                deployment="openai/gpt-5-mini",
                provider="openai",
                reserved_ms=at_ms,
                held_nanousd=50_000_000,
                state=AttemptState.SETTLED,
                outcome=Outcome.OK,
                tokens_in=100,
                tokens_out=20,
                tokens_cached=40,
                cost_nanousd=cost_nanousd,
                latency_ms=410,
            )
        ],
    )


class ListedLedger:
    """UsageQueries over a list of calls. It remembers what it was asked; `up = False` takes its database away."""

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        self.listed = list(calls)
        self.asked: list[CallFilter] = []
        self.readings = 0
        self.up = True

    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        self._note(where)
        start = 0
        if cursor is not None:
            if not cursor.isdigit():
                raise ValueError(f"{cursor!r} is not a cursor of this list")
            start = int(cursor)
        items = self.listed[start : start + limit]
        more = start + limit < len(self.listed)
        return Page(items, str(start + limit) if more else None)

    async def call(self, call_id: str) -> Call | None:
        return next((call for call in self.listed if call.id == call_id), None)

    async def usage(self, by: Sequence[str], where: CallFilter, *, groups: int = MAX_GROUPS) -> UsageReport:
        self._note(where)
        found: dict[tuple[str, ...], UsageRow] = {}
        total = UsageRow()
        for call in self.listed:
            key = tuple(str(getattr(call, name)) for name in by)
            for row in (found.setdefault(key, UsageRow(by=dict(zip(by, key, strict=True)))), total):
                row.calls += 1
                row.attempts += len(call.attempts)
                row.tokens_in += call.tokens_in
                row.tokens_out += call.tokens_out
                row.tokens_cached += call.tokens_cached
                row.cost_nanousd += call.cost_nanousd
        return UsageReport(_bounded(sorted(found.values(), key=lambda row: -row.cost_nanousd), by, groups), total)

    def _note(self, where: CallFilter) -> None:
        if not self.up:
            raise StoreUnavailable
        self.readings += 1
        self.asked.append(where)


def _bounded(rows: list[UsageRow], by: Sequence[str], groups: int) -> list[UsageRow]:
    """Add up the rows beyond the limit, as every ledger does."""
    if len(rows) <= groups:
        return rows
    rest = UsageRow(dict.fromkeys(by, OTHER))
    for row in rows[groups - 1 :]:
        rest.calls += row.calls
        rest.cost_nanousd += row.cost_nanousd
    return [*rows[: groups - 1], rest]
