from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tollhouse.domain.calls import Outcome
from tollhouse.web.metrics import LATENCY_MS, MAX_CODES, MAX_SERIES, Histogram, Metrics
from web_ledger import ListedLedger, a_call

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class StillClock:
    seconds: float = 1_000.0
    tick: float = 0.0

    def now_ms(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        self.seconds += self.tick
        return self.seconds


def metrics(ledger: ListedLedger | None = None, clock: StillClock | None = None) -> Metrics:
    return Metrics(
        worker="w1",
        routes=lambda: ["fast", "gpt-*"],
        ledger=ledger or ListedLedger(),
        clock=clock or StillClock(),
        gauges={"in_flight": lambda: 3, "unposted_calls": lambda: 17},
    )


async def scraped(metrics: Metrics) -> Samples:
    reply = await metrics.page()
    assert reply.status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def at(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_the_page_says_that_it_is_prometheus_text() -> None:
    reply = await metrics().page()

    assert reply.headers == [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]


async def test_money_tokens_and_calls_are_the_ledgers() -> None:
    ledger = ListedLedger([a_call(1, cost_nanousd=1_234_567_890_123), a_call(2, cost_nanousd=1)])
    labels = {"team": "claims", "use_case": "claims-triage", "model": "fast", "provider": "openai"}

    samples = await scraped(metrics(ledger))

    assert at(samples, "tollhouse_ledger_up") == 1
    assert at(samples, "tollhouse_calls_total", **labels) == 2
    assert at(samples, "tollhouse_cost_nanousd_total", **labels) == 1_234_567_890_124
    assert at(samples, "tollhouse_tokens_total", **labels, direction="in") == 200
    assert at(samples, "tollhouse_tokens_total", **labels, direction="out") == 40
    assert at(samples, "tollhouse_tokens_total", **labels, direction="cached") == 80


async def test_without_the_database_the_page_still_answers() -> None:
    ledger = ListedLedger([a_call()])
    ledger.up = False

    samples = await scraped(metrics(ledger))

    assert at(samples, "tollhouse_ledger_up") == 0
    assert at(samples, "tollhouse_in_flight", worker="w1") == 3
    assert not any(name == "tollhouse_calls_total" for name, _ in samples)


async def test_a_slow_reading_of_the_ledger_serves_scrapes_for_ten_times_as_long() -> None:
    ledger, clock = ListedLedger([a_call()]), StillClock(tick=1.0)
    page = metrics(ledger, clock)  # every look at the clock takes a second: a reading lasts one

    for _ in range(11):
        await page.page()

    assert ledger.readings == 2


async def test_latencies_are_seconds_in_cumulative_buckets() -> None:
    it = metrics()
    it.observe_call(a_call())

    samples = await scraped(it)

    labels = {"worker": "w1", "route": "fast", "outcome": "ok"}
    assert at(samples, "tollhouse_call_latency_seconds_bucket", le="0.25", **labels) == 0
    assert at(samples, "tollhouse_call_latency_seconds_bucket", le="0.5", **labels) == 1
    assert at(samples, "tollhouse_call_latency_seconds_bucket", le="+Inf", **labels) == 1
    assert at(samples, "tollhouse_call_latency_seconds_sum", **labels) == 0.42
    assert at(samples, "tollhouse_first_token_seconds_sum", worker="w1", route="fast") == 0.18
    assert at(samples, "tollhouse_overhead_seconds_count", worker="w1", route="fast") == 1
    attempt = {"worker": "w1", "deployment": "openai/gpt-5-mini", "outcome": "ok"}
    assert at(samples, "tollhouse_attempt_latency_seconds_sum", **attempt) == 0.41


async def test_what_the_cache_had_is_counted_by_use_case_and_names_are_bounded() -> None:
    it = metrics()
    for number, cache in enumerate(("off", "miss", "exact", "exact", "stale")):
        it.observe_call(a_call(number, cache=cache))
    for number in range(MAX_SERIES + 5):
        it.observe_call(a_call(number, use_case=f"case-{number}", cache="miss"))

    samples = await scraped(it)

    own = {"worker": "w1", "use_case": "claims-triage"}
    found = [at(samples, "tollhouse_cache_calls_total", cache=cache, **own) for cache in ("miss", "exact", "stale")]
    assert found == [1, 2, 1]
    assert sum(name == "tollhouse_cache_calls_total" for name, _ in samples) == MAX_SERIES + 1
    assert at(samples, "tollhouse_cache_calls_total", worker="w1", use_case="other", cache="miss") == 8


async def test_a_value_on_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram(LATENCY_MS)

    for value in (5, 5.01, 600_000, 600_001):
        histogram.observe((), value)

    buckets = {s.labels["le"]: s.value for s in histogram.family("x", "x", "w1").samples if s.name == "x_bucket"}
    assert (buckets["0.005"], buckets["0.01"], buckets["600.0"], buckets["+Inf"]) == (1, 2, 3, 4)


async def test_only_the_configurations_routes_become_labels() -> None:
    it = metrics()
    for model in ("fast", "gpt-5", "gpt-6", "made up by a caller", "made up too"):
        it.observe_call(a_call(model=model))

    samples = await scraped(it)

    routes = {dict(labels)["route"] for name, labels in samples if name == "tollhouse_first_token_seconds_count"}
    assert routes == {"fast", "gpt-*", "other"}


async def test_a_failed_call_without_output_has_no_first_token() -> None:
    it, call = metrics(), a_call()
    call.outcome, call.first_token_ms, call.overhead_ms = Outcome.ERROR, None, None
    it.observe_call(call)

    samples = await scraped(it)

    assert not any(name.startswith("tollhouse_first_token_seconds_") for name, _ in samples)


async def test_label_sets_are_bounded_and_the_rest_is_other() -> None:
    histogram = Histogram(LATENCY_MS)

    for number in range(MAX_SERIES + 50):
        histogram.observe((f"deployment {number}",), 1)

    counts = {
        s.labels["deployment"]: s.value
        for s in histogram.family("x", "x", "w1", "deployment").samples
        if s.name == "x_count"
    }
    assert len(counts) == MAX_SERIES + 1
    assert counts["other"] == 50


async def test_the_ledgers_rows_are_bounded_and_their_sum_stays() -> None:
    ledger = ListedLedger([a_call(n, model=f"model {n}", cost_nanousd=n) for n in range(MAX_SERIES + 20)])

    samples = await scraped(metrics(ledger))

    costs = [value for (name, _), value in samples.items() if name == "tollhouse_cost_nanousd_total"]
    assert len(costs) == MAX_SERIES
    assert sum(costs) == sum(range(MAX_SERIES + 20))


async def test_refusals_are_counted_by_code_and_bounded() -> None:
    it = metrics()
    it.refused("invalid_api_key")
    it.refused("invalid_api_key")
    for number in range(MAX_CODES + 9):
        it.refused(f"code {number}")

    samples = await scraped(it)

    assert at(samples, "tollhouse_refused_requests_total", worker="w1", code="invalid_api_key") == 2
    assert at(samples, "tollhouse_refused_requests_total", worker="w1", code="other") == 10


async def test_hostile_label_values_do_not_break_the_format() -> None:
    ledger = ListedLedger([a_call(model='quo"te\nback\\slash ü')])

    samples = await scraped(metrics(ledger))

    models = {dict(labels).get("model") for _, labels in samples}
    assert 'quo"te\nback\\slash ü' in models
