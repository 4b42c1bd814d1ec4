"""What is added up about a group of calls, and the report that becomes of it: once for every store. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollhouse.ports.usage import OTHER, UsageReport, UsageRow

from .histogram import percentiles

Group = tuple[str | None, ...]
"""A group's values, in the order of the dimensions asked for."""

FIGURES = (
    "calls",
    "errors",
    "attempts",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "cost_nanousd",
    "estimated_nanousd",
    "unknown_attempts",
    "saved_nanousd",
)
"""Fields of `Sums` and `UsageRow` that are plain numbers, in the order of the columns that hold them."""


@dataclass(slots=True)
class Sums:
    """`latency` and `first_token` are histograms."""

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
    latency: int = 0
    first_token: int = 0

    def add(self, other: "Sums", times: int = 1) -> None:
        """`times` is -1 to take away."""
        self.calls += times * other.calls
        self.errors += times * other.errors
        self.attempts += times * other.attempts
        self.tokens_in += times * other.tokens_in
        self.tokens_out += times * other.tokens_out
        self.tokens_cached += times * other.tokens_cached
        self.cost_nanousd += times * other.cost_nanousd
        self.estimated_nanousd += times * other.estimated_nanousd
        self.unknown_attempts += times * other.unknown_attempts
        self.saved_nanousd += times * other.saved_nanousd
        self.latency += times * other.latency
        self.first_token += times * other.first_token


NOTHING = Sums()


def report_of(by: Sequence[str], found: Mapping[Group, Sums], groups: int) -> UsageReport:
    """Return at most `groups` rows, dearest first, and the total of all."""
    kept = [(group, sums) for group, sums in found.items() if sums != NOTHING]
    kept.sort(key=lambda each: (-each[1].cost_nanousd, -each[1].calls, [value or "" for value in each[0]]))
    total, rest = Sums(), Sums()
    for _, sums in kept:
        total.add(sums)
    shown = kept if len(kept) <= groups else kept[: groups - 1]
    for _, sums in kept[len(shown) :]:
        rest.add(sums)
    items = [row_of(dict(zip(by, group, strict=True)), sums) for group, sums in shown]
    if len(kept) > len(shown):
        items.append(row_of(dict.fromkeys(by, OTHER), rest))
    return UsageReport(items, row_of({}, total))


def row_of(by: dict[str, str | None], sums: Sums) -> UsageRow:
    latency, first = percentiles(sums.latency, (50, 95, 99)), percentiles(sums.first_token, (50, 95))
    return UsageRow(
        by,
        **{name: getattr(sums, name) for name in FIGURES},
        latency_p50_ms=latency[50],
        latency_p95_ms=latency[95],
        latency_p99_ms=latency[99],
        first_token_p50_ms=first[50],
        first_token_p95_ms=first[95],
    )
