"""Cost and latency of a use case, asked from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from tollhouse.domain.calls import Call
from tollhouse.domain.money import usd_from_nano
from tollhouse.ports.usage import MAX_PAGE, CallFilter, UsageQueries


@dataclass(frozen=True, slots=True)
class Figures:
    """
    What the ledger holds of some calls.

    Args:
        deployments: attempts by deployment.
        p50_ms, p95_ms: of the calls' latencies, by nearest rank; None without a call.
    """

    calls: int
    errors: int
    attempts: int
    tokens_in: int
    tokens_out: int
    cost_nanousd: int
    estimated_nanousd: int
    p50_ms: int | None
    p95_ms: int | None
    deployments: dict[str, int]

    def as_json(self) -> dict[str, object]:
        return {
            "calls": self.calls,
            "errors": self.errors,
            "attempts": self.attempts,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": usd_from_nano(self.cost_nanousd),
            "estimated_usd": usd_from_nano(self.estimated_nanousd),
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "deployments": self.deployments,
        }


async def figures(ledger: UsageQueries, where: CallFilter) -> Figures:
    """Ask for the sums and for every call's latency."""
    report = await ledger.usage(("deployment",), where)
    latencies = sorted(call.latency_ms for call in await all_calls(ledger, where))
    total = report.total
    return Figures(
        calls=total.calls,
        errors=total.errors,
        attempts=total.attempts,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        cost_nanousd=total.cost_nanousd,
        estimated_nanousd=total.estimated_nanousd,
        p50_ms=percentile(latencies, 50),
        p95_ms=percentile(latencies, 95),
        deployments={str(row.by["deployment"]): row.attempts for row in report.items if row.attempts},
    )


async def all_calls(ledger: UsageQueries, where: CallFilter) -> list[Call]:
    """Return every finished call, newest first."""
    found: list[Call] = []
    cursor: str | None = None
    while True:
        page = await ledger.calls(where, limit=MAX_PAGE, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def percentile(ascending: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that at least so many percent of the values do not exceed."""
    return ascending[-(-len(ascending) * percent // 100) - 1] if ascending else None
