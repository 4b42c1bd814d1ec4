"""
`/metrics` in Prometheus's text format.

Money, tokens and calls are read from the ledger when scraped, so that they are the figures of every other screen.
Latencies and gauges are this process's own and carry its `worker` label. Every label has a bound: names that callers
can invent are counted as `other`.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tollhouse.domain.calls import Call
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.privacy import UNEXAMINED, Told, read_told
from tollhouse.domain.verdicts import Side
from tollhouse.ports.clock import Clock
from tollhouse.ports.usage import OTHER, CallFilter, UsageQueries, UsageRow
from tollhouse.privacy.guardrails import GUARDRAILS
from tollhouse.routing.upstreams import Upstreams

from .asgi import Reply
from .upstreams import families

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, Metric

MAX_SERIES = 1_000
"""Label sets of one metric: 100 routes with every outcome, or 1,000 use case and model pairs. The rest is `other`."""
MAX_CODES = 64
"""Error codes of refused requests: ours are about 25, the rest are providers' own."""
ACTIONS = ("observe", "block")
MAX_ALIASES = 1_000
"""Model names whose route is remembered, so that a call does not look for it again."""
LEDGER_SHARE = 10
"""A ledger reading serves scrapes for ten times as long as it took: scraping costs the database a tenth of its time."""

LATENCY_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000)
"""From a local answer to `total_ms`'s default."""
OVERHEAD_MS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 25, 50, 100, 1_000)
"""What we add is a fraction of a millisecond when all is well."""

_LEDGER_LABELS = ("team", "use_case", "model", "provider")


class Metrics:
    """
    Args:
        worker: names this process among those of one service.
        routes: says the names of the routes in force, patterns too.
        gauges: by name (`in_flight`, `streams`, `unposted_calls`…) a function that reads it.
        upstreams: says how this process sees the deployments; None where there are none to see.
    """

    def __init__(
        self,
        *,
        worker: str,
        routes: Callable[[], Collection[str]],
        ledger: UsageQueries,
        clock: Clock,
        gauges: Mapping[str, Callable[[], int]],
        upstreams: Callable[[], Upstreams] | None = None,
    ) -> None:
        self._worker = worker
        self._gauges = gauges
        self._upstreams = upstreams
        self._route_names = routes
        self._routes: dict[str, str] = {}
        self._ledger = _LedgerReading(ledger, clock)
        self._refused: dict[str, int] = {}
        self._personal: dict[tuple[str, str], int] = {}
        self._cached: dict[tuple[str, str], int] = {}
        self._finds = {(name, side.value, action): 0 for name in GUARDRAILS for side in Side for action in ACTIONS}
        self._latency = Histogram(LATENCY_MS)
        self._first_token = Histogram(LATENCY_MS)
        self._overhead = Histogram(OVERHEAD_MS)
        self._attempts = Histogram(LATENCY_MS)

    def observe_call(self, call: Call) -> None:
        """A call has finished. About 2 us."""
        route, outcome = self._routes.get(call.model) or self._alias(call.model), str(call.outcome)
        self._latency.observe((route, outcome), call.latency_ms)
        if call.first_token_ms is not None:
            self._first_token.observe((route,), call.first_token_ms)
        if call.overhead_ms is not None:
            self._overhead.observe((route,), call.overhead_ms)
        for attempt in call.attempts:
            self._attempts.observe((attempt.deployment, str(attempt.outcome)), attempt.latency_ms)
        if " " in call.privacy:  # more than a mode
            self._count_personal(read_told(call.privacy))
        if call.cache != "off":
            self._count_cached(call.use_case, call.cache)
        for verdict in call.guardrails:
            self._finds[verdict.guardrail, verdict.side.value, ACTIONS[verdict.blocks]] += 1

    def refused(self, code: str) -> None:
        """A request was answered with this error code."""
        known = self._refused
        if code not in known and len(known) >= MAX_CODES:
            code = OTHER
        known[code] = known.get(code, 0) + 1

    def _count_personal(self, told: Told) -> None:
        counts = {**told.found, **told.unreadable, **({} if told.examined else {UNEXAMINED: 1})}
        for kind, count in counts.items():
            place = (told.mode, kind)
            if place not in self._personal and len(self._personal) >= MAX_SERIES:
                place = (told.mode, OTHER)
            self._personal[place] = self._personal.get(place, 0) + count

    async def page(self) -> Reply:
        """Answer a scrape. Without the database the ledger's figures are left out, and `tollhouse_ledger_up` is 0."""
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        rows = await self._ledger.rows()
        body = generate_latest(_Scrape(lambda: self._families(rows)))
        return Reply(200, [(b"content-type", CONTENT_TYPE_PLAIN_0_0_4.encode())], body)

    def _count_cached(self, use_case: str, cache: str) -> None:
        known = self._cached
        if (use_case, cache) not in known and len(known) >= MAX_SERIES:
            use_case = OTHER
        known[use_case, cache] = known.get((use_case, cache), 0) + 1

    def _alias(self, model: str) -> str:
        """The route behind a model's name: its own or a pattern's; `other` if none is in force under this name."""
        names = self._route_names()
        patterns = (name for name in names if "*" in name and fnmatchcase(model, name))
        route = model if model in names else next(patterns, OTHER)
        if len(self._routes) < MAX_ALIASES and route is not OTHER:
            self._routes[model] = route
        return route

    def _families(self, rows: Sequence[UsageRow] | None) -> "Iterator[Metric]":
        yield from self._own_histograms()
        yield from self._own_gauges()
        yield self._refusals()
        yield self._personal_data()
        yield self._looked_up()
        yield self._guardrail_finds()
        if self._upstreams is not None:
            yield from families(self._upstreams(), self._worker)
        yield from _ledger_families(rows)

    def _own_histograms(self) -> "Iterator[Metric]":
        worker = self._worker
        yield self._latency.family(
            "tollhouse_call_latency_seconds", "From request to last byte.", worker, "route", "outcome"
        )
        yield self._first_token.family(
            "tollhouse_first_token_seconds", "From request to first output.", worker, "route"
        )
        yield self._overhead.family(
            "tollhouse_overhead_seconds", "Time that is ours and no provider's.", worker, "route"
        )
        yield self._attempts.family(
            "tollhouse_attempt_latency_seconds", "One request to a deployment.", worker, "deployment", "outcome"
        )

    def _own_gauges(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        for name, read in self._gauges.items():
            family = GaugeMetricFamily(
                f"tollhouse_{name}", f"{name.replace('_', ' ')} now, in this process.", labels=["worker"]
            )
            family.add_metric([self._worker], read())
            yield family

    def _refusals(self) -> "Metric":
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "tollhouse_refused_requests_total", "Requests answered with an error, by code.", labels=["worker", "code"]
        )
        for code, count in self._refused.items():
            family.add_metric([self._worker, code], count)
        return family

    def _personal_data(self) -> "Metric":
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "tollhouse_personal_data_total", "Personal data in requests, by type.", labels=["worker", "mode", "type"]
        )
        for (mode, kind), count in self._personal.items():
            family.add_metric([self._worker, mode, kind], count)
        return family

    def _looked_up(self) -> "Metric":
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "tollhouse_cache_calls_total",
            "Calls whose answer was looked for in the cache, by what it had for them.",
            labels=["worker", "use_case", "cache"],
        )
        for (use_case, cache), count in self._cached.items():
            family.add_metric([self._worker, use_case, cache], count)
        return family

    def _guardrail_finds(self) -> "Metric":
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "tollhouse_guardrail_finds_total",
            "What guardrails found in finished calls.",
            labels=["worker", "guardrail", "side", "action"],
        )
        for labels, count in self._finds.items():
            family.add_metric([self._worker, *labels], count)
        return family


class Histogram:
    """
    Counts values into fixed buckets, one list a label set: a third of a microsecond a value.

    Bounds and values are milliseconds, as everywhere in the house; the page shows seconds, as Prometheus wants it.
    """

    def __init__(self, bounds_ms: Sequence[float]) -> None:
        self._bounds_ms = bounds_ms
        self._series: dict[tuple[str, ...], list[float]] = {}

    def observe(self, labels: tuple[str, ...], value_ms: float) -> None:
        series = self._series.get(labels) or self._open(labels)
        series[bisect_left(self._bounds_ms, value_ms)] += 1
        series[-1] += value_ms

    def _open(self, labels: tuple[str, ...]) -> list[float]:
        """Counts, one more for what is above every bound, and the sum."""
        if len(self._series) >= MAX_SERIES:
            labels = (OTHER,) * len(labels)
        return self._series.setdefault(labels, [0.0] * (len(self._bounds_ms) + 2))

    def family(self, name: str, help_text: str, worker: str, *label_names: str) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(name, help_text, labels=["worker", *label_names])
        bounds = [*(str(bound / 1000) for bound in self._bounds_ms), "+Inf"]
        for labels, series in self._series.items():
            total, buckets = 0.0, []
            for bound, count in zip(bounds, series, strict=False):  # the last of the series is its sum
                total += count
                buckets.append((bound, total))
            family.add_metric([worker, *labels], buckets, sum_value=series[-1] / 1000)
        return family


class _Scrape:
    """A collector for one scrape, in the shape that prometheus-client reads."""

    def __init__(self, families: "Callable[[], Iterator[Metric]]") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        return self._families()


class _LedgerReading:
    """The ledger's sums; scrapes that come together share one reading."""

    def __init__(self, ledger: UsageQueries, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._fresh_until = 0.0
        self._rows: Sequence[UsageRow] | None = None

    async def rows(self) -> Sequence[UsageRow] | None:
        """None while the database does not answer."""
        async with self._one_at_a_time:
            began = self._clock.monotonic()
            if began >= self._fresh_until:
                self._rows = await self._read()
                ended = self._clock.monotonic()
                self._fresh_until = ended + LEDGER_SHARE * (ended - began)
            return self._rows

    async def _read(self) -> Sequence[UsageRow] | None:
        try:
            report = await self._ledger.usage(_LEDGER_LABELS, CallFilter(), groups=MAX_SERIES)
        except StoreUnavailable:
            return None
        return report.items


def _ledger_families(rows: Sequence[UsageRow] | None) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily(
        "tollhouse_ledger_up", "1 if the ledger could be read for this scrape.", int(rows is not None)
    )
    if rows is None:
        return
    yield _counted("tollhouse_calls_total", "Finished calls.", rows, lambda row: row.calls)
    yield _counted("tollhouse_call_errors_total", "Finished calls that failed.", rows, lambda row: row.errors)
    yield _counted("tollhouse_attempts_total", "Requests to providers.", rows, lambda row: row.attempts)
    yield _counted(
        "tollhouse_cost_nanousd_total",
        "Cost in nano-USD (1e-9 USD), as the ledger holds it; exact up to 9 million USD a series.",
        rows,
        lambda row: row.cost_nanousd,
    )
    yield _counted(
        "tollhouse_saved_nanousd_total",
        "What answers from the cache did not cost, in nano-USD.",
        rows,
        lambda row: row.saved_nanousd,
    )
    yield _tokens(rows)


def _counted(
    name: str, help_text: str, rows: Sequence[UsageRow], read: Callable[[UsageRow], int]
) -> "CounterMetricFamily":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, help_text, labels=_LEDGER_LABELS)
    for row in rows:
        family.add_metric(_labels(row), read(row))
    return family


def _tokens(rows: Sequence[UsageRow]) -> "CounterMetricFamily":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(
        "tollhouse_tokens_total", "Tokens; `cached` is a part of `in`.", labels=(*_LEDGER_LABELS, "direction")
    )
    for row in rows:
        labels = _labels(row)
        family.add_metric([*labels, "in"], row.tokens_in)
        family.add_metric([*labels, "out"], row.tokens_out)
        family.add_metric([*labels, "cached"], row.tokens_cached)
    return family


def _labels(row: UsageRow) -> list[str]:
    return [row.by[name] or "" for name in _LEDGER_LABELS]
