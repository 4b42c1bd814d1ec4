"""`/metrics` against the ledger: of a page that is built here, or of a running service."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tollhouse.accounting.reconcile import Difference
from tollhouse.domain.errors import OperatorError, StoreUnavailable
from tollhouse.ports.usage import CallFilter, UsageQueries, UsageReport, UsageRow

from .check import Check, Group, some

if TYPE_CHECKING:
    from tollhouse.stores.sql.engine import Database

GROUP = Group("reconcile")

LABELS = ("team", "use_case", "model", "provider")
"""What a series of the ledger's figures is labelled with."""
FIGURES = {
    "tollhouse_calls_total": "calls",
    "tollhouse_call_errors_total": "errors",
    "tollhouse_attempts_total": "attempts",
    "tollhouse_cost_nanousd_total": "cost_nanousd",
    "tollhouse_saved_nanousd_total": "saved_nanousd",
}
TOKENS = "tollhouse_tokens_total"
REST = ("other",) * len(LABELS)
"""Stands for the series beyond the page's limit; it counts in the sums only."""

TRIES = 10
WAIT_S = 0.5
"""A service reads the ledger again after ten times as long as reading took: 3 s for a million calls."""
ANSWER_S = 30
PAGE_BYTES_MAX = 16 * 2**20
"""5,000 series of 200 bytes are 1 MB."""
SHOWN = 5
FIX = "Restart the service; if it stays so, report this with the page."

Series = tuple[str, ...]
Page = Mapping[str, Mapping[Series, int]]
"""By the figure's name in a usage row: each series' value."""


async def built(usage: UsageQueries) -> bytes:
    """Return the page as a service on this ledger would answer it."""
    from tollhouse.adapters.clock import SystemClock
    from tollhouse.web.metrics import Metrics

    metrics = Metrics(worker="doctor", routes=tuple, ledger=usage, clock=SystemClock(), gauges={})
    return (await metrics.page()).body


def differences(page: bytes, report: UsageReport) -> Iterator[Difference]:
    """Compare every series, and the sums over them, with `usage` by the same labels."""
    said = read(page)
    rows = {tuple(row.by[name] or "" for name in LABELS): row for row in report.items}
    for figure in (*FIGURES.values(), "tokens_in", "tokens_out", "tokens_cached"):
        series = said.get(figure, {})
        total, summed = getattr(report.total, figure), sum(series.values())
        if summed != total:
            yield Difference("metrics", figure, f"its series add up to {summed}, `usage` says {total}")
        for labels, value in series.items():
            expected = getattr(rows.get(labels, UsageRow()), figure)
            if labels != REST and value != expected:
                yield Difference("metrics", f"{figure} of {', '.join(labels)}", f"{value}, `usage` says {expected}")


def read(page: bytes) -> Page:
    """Read the ledger's series. Their values are whole numbers, exact up to 2**53."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, dict[Series, int]] = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            figure = f"tokens_{sample.labels.get('direction')}" if sample.name == TOKENS else FIGURES.get(sample.name)
            if figure is not None:
                found.setdefault(figure, {})[tuple(sample.labels[name] for name in LABELS)] = int(sample.value)
    return found


async def examine_service(url: str, database: "Database") -> Check:
    """
    Compare a running service's page with the ledger, which may move meanwhile.

    It is right if it is the ledger's state before or after it was asked for; where the ledger never stands still, if its
    calls are no fewer than at first and no more than at last.
    """
    from tollhouse.stores.sql import stores_on

    usage = stores_on(database).usage
    try:
        first = after = await usage.usage(LABELS, CallFilter())
        found: list[Difference] = []
        for _ in range(TRIES):
            before, page = after, await asyncio.to_thread(fetch, url)
            after = await usage.usage(LABELS, CallFilter())
            found = list(differences(page, after))
            if not found or not list(differences(page, before)):
                return GROUP.ok("service", f"{url}/metrics says what the ledger says ({len(after.items)} looked at)")
            await asyncio.sleep(WAIT_S)
    except StoreUnavailable as error:
        return GROUP.error("service", error.message)
    except (OperatorError, ValueError) as error:
        return GROUP.fail("service", f"{url}/metrics cannot be read: {error}", "Check the address after --url.")
    calls = sum(read(page).get("calls", {}).values())
    if after.total != before.total and first.total.calls <= calls <= after.total.calls:
        return GROUP.ok("service", f"{url}/metrics keeps up with a ledger that does not stand still")
    told = some((f"{each.subject}: {each.message}" for each in found), SHOWN)
    return GROUP.fail("service", f"{url}/metrics differs from the ledger: {told}", FIX)


def fetch(url: str) -> bytes:
    """Raises OperatorError. It needs no key, so a redirect gives nothing away."""
    from http.client import HTTPException
    from urllib.parse import urlsplit
    from urllib.request import ProxyHandler, build_opener

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise OperatorError("it must start with http:// or https://")
    proxies = [ProxyHandler({})] if parts.hostname in ("localhost", "127.0.0.1", "::1") else []
    try:
        with build_opener(*proxies).open(f"{url.rstrip('/')}/metrics", timeout=ANSWER_S) as answer:
            return bytes(answer.read(PAGE_BYTES_MAX))
    except (OSError, HTTPException) as error:
        raise OperatorError(str(getattr(error, "reason", None) or error)) from None
