"""Questions to the ledger: the one query layer behind every screen, report, metric and command."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tollhouse.domain.calls import Call

DIMENSIONS = ("team", "use_case", "key", "model", "provider", "deployment", "endpoint", "prompt", "day")
"""
What `usage --by` can group by, beside `tag:NAME`. `day` is the UTC date, `model` the route asked for, `prompt` is
`name@hash`.
"""
TAG = "tag:"
"""`tag:NAME` groups by the values of one tag; calls without it are the group None."""

MAX_PAGE = 1000
MAX_GROUPS = 10_000
"""Rows of one report, 3 MB as JSON: a year by day and use case. The dearest are shown, and the rest is one row."""
OTHER = "other"
"""Every value of the row that stands for the groups beyond the limit."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """
    All of these must hold; None is any. `since_ms` is inclusive, `until_ms` exclusive, both on the call's start.

    `provider` takes calls that it served (or was tried last for). In sums of money, tokens and attempts it takes each
    attempt's own, as grouping does. `tags` are `(name, value)`.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    team: str | None = None
    use_case: str | None = None
    key: str | None = None
    model: str | None = None
    status: int | None = None
    outcome: str | None = None
    provider: str | None = None
    prompt: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Finished calls, newest first, corrections added to their attempts. `next_cursor` is None on the last page."""

    items: list[Call]
    next_cursor: str | None


@dataclass(slots=True)
class UsageRow:
    """
    Sums over finished calls and corrections. `by` holds the group's values in the order asked.

    Money and tokens group by each attempt's own provider and deployment, so that they meet that provider's bill; calls
    and errors, what the cache saved and how long it took by the provider that served the call.

    Args:
        estimated_nanousd: the part of the cost that nobody has told us: of attempts that we counted ourselves or whose
            charge is unknown, until a correction settles it.
        unknown_attempts: were sent, and no correction has settled what they cost.
        saved_nanousd: what answers from the cache did not cost.
        latency_p50_ms: of calls, from request to last byte; at most 5 % off, None without a call.
        first_token_p50_ms: of calls whose first output was timed.
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
    saved_nanousd: int = 0
    latency_p50_ms: int | None = None
    latency_p95_ms: int | None = None
    latency_p99_ms: int | None = None
    first_token_p50_ms: int | None = None
    first_token_p95_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Rows dearest first, at most as many as asked for, the last being `other` if there were more; and their sum."""

    items: list[UsageRow]
    total: UsageRow


class UsageQueries(Protocol):
    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Raises ValueError if the cursor is not one of ours. `where.outcome == "running"` lists open calls instead."""
        ...

    async def call(self, call_id: str) -> Call | None: ...

    async def usage(self, by: Sequence[str], where: CallFilter, *, groups: int = MAX_GROUPS) -> UsageReport:
        """
        Sum finished calls, and the corrections of what they cost, by these dimensions.

        A correction of a call counts with that call, and with the provider and deployment that it names. Any other
        counts at its `booked_ms` with what it says itself, and has no endpoint, prompt, tag, status or outcome.
        Raises ValueError for an unknown dimension.
        """
        ...


@dataclass(frozen=True, slots=True)
class RollupDifference:
    """
    A stored sum that is not the sum of its rows.

    `group` is the JSON list of the group's values, for a tag's sums followed by tag and value; `figure` what differs,
    `latency` and `first_token` being whole histograms.
    """

    length_ms: int
    start_ms: int
    group: str
    figure: str
    stored: int
    summed: int


class Rollups(Protocol):
    """Stored sums of closed spans of time, which only make `usage` faster: it gives the same figures without them."""

    async def roll_up(self, now_ms: int) -> int:
        """
        Sum some spans that are over and not summed yet, newest first, and return how many.

        For now and then, in any number of processes; 0 means that nothing is left to do.
        """
        ...

    async def check_rollups(self) -> list[RollupDifference]:
        """Compare every stored sum with its rows, in one state of the ledger. It reads all calls."""
        ...


def check_dimensions(by: Sequence[str]) -> None:
    """Raises ValueError for a dimension that is unknown or named twice."""
    for name in by:
        if name not in DIMENSIONS and tag_of(name) is None:
            raise ValueError(f"{name!r} is not a dimension; there are {', '.join(DIMENSIONS)}, {TAG}NAME")
    if len(set(by)) < len(by):
        raise ValueError(f"a dimension is named twice in {','.join(by)}")


def tag_of(dimension: str) -> str | None:
    """Return NAME of `tag:NAME`; None for any other dimension."""
    name = dimension.removeprefix(TAG)
    return name if name and name != dimension else None
