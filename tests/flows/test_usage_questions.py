"""Twenty questions about money, asked wherever it can be asked: every screen gives the same answer to the nano-USD."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import TypeVar, cast
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

import seeded_calls
from tollhouse.cli import usage
from tollhouse.ports.usage import CallFilter, UsageReport
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.memory import memory_stores
from tollhouse.testing.house import TestHouse
from tollhouse.web.moments import rfc3339
from tollhouse.web.render import usage_json

SEED = 20_261_001
CALLS = 1_500
UNTIL_MS = 1_790_856_000_000
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
SINCE_MS = UNTIL_MS - 3 * DAY_MS
BUSY_MS = UNTIL_MS - 30 * HOUR_MS
LABELS = ("team", "use_case", "model", "provider")

Json = dict[str, object]
By = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """A house that serves, every way to ask it, and the same seeded calls in memory, added up one by one."""

    house: TestHouse
    memory: Stores

    def store(self, by: By, where: CallFilter) -> UsageReport:
        return self.with_stores(lambda stores: stores.usage.usage(by, where))

    def one_by_one(self, by: By, where: CallFilter) -> UsageReport:
        with asyncio.Runner() as runner:
            return runner.run(self.memory.usage.usage(by, where))

    def call(self) -> None:
        body = json.dumps({"model": "sim-echo", "messages": [{"role": "user", "content": "hello"}]}).encode()
        headers = {"authorization": f"Bearer {self.house.api_key}", "content-type": "application/json"}
        with urlopen(Request(f"{self.house.base_url}/chat/completions", body, headers), timeout=30) as answer:
            answer.read()

    def with_stores(self, ask: Callable[[Stores], Awaitable[T]]) -> T:
        async def asking() -> T:
            stores = await open_stores(None, self.house.folder / "data")
            try:
                return await ask(stores)
            finally:
                await stores.close()

        with asyncio.Runner() as runner:
            return runner.run(asking())

    def service(self) -> tuple[str, ...]:
        return "--url", self.house.url, "--key", self.house.admin_token

    def command(self, by: By, where: CallFilter, *more: str) -> str:
        app = typer.Typer()
        app.command()(usage.usage)
        command = ["--by", ",".join(by), *_options(where), *more]
        result = CliRunner().invoke(app, [*command, "--config", str(self.house.folder / "tollhouse.yaml")])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def api(self, by: By, where: CallFilter, *, accept: str = "application/json") -> str:
        parameters = {**({"by": ",".join(by)} if by else {}), **_parameters(where)}
        headers = {"authorization": f"Bearer {self.house.admin_token}", "accept": accept}
        return self._fetch(f"/api/v1/usage?{urlencode(parameters)}", headers)

    def metrics(self) -> dict[tuple[str, tuple[str, ...]], int]:
        page = self._fetch("/metrics", {})
        return {
            (sample.name, tuple(sample.labels[name] for name in LABELS)): int(sample.value)
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if set(LABELS) == set(sample.labels)
        }

    def _fetch(self, path: str, headers: dict[str, str]) -> str:
        root = self.house.base_url.removesuffix("/v1")
        with urlopen(Request(root + path, headers=headers), timeout=30) as answer:
            return bytes(answer.read()).decode()


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """Real calls through the gateway, and 1,500 more of three earlier days with corrections; most of them summed already."""
    house = TestHouse().start()
    try:
        random = Random(SEED)
        calls = seeded_calls.calls(random, CALLS // 2, SINCE_MS, UNTIL_MS)
        calls += seeded_calls.calls(random, CALLS // 2, BUSY_MS, BUSY_MS + 3 * HOUR_MS)
        corrections = seeded_calls.corrections(random, calls, 40, SINCE_MS, UNTIL_MS)
        early = [call for call in calls if call.at_ms < UNTIL_MS - 5 * HOUR_MS]
        late = [call for call in calls if call.at_ms >= UNTIL_MS - 5 * HOUR_MS]
        asking = Asking(house, memory_stores())
        for _ in range(5):
            asking.call()
        house.calls()  # waits until the ledger has them

        async def filling(stores: Stores) -> None:
            await stores.ledger.post("seeded", early)
            await stores.corrections.add(corrections)
            while await stores.rollups.roll_up(UNTIL_MS + DAY_MS):
                pass
            await stores.ledger.post("seeded", late)
            await asking.memory.ledger.post("seeded", calls)
            await asking.memory.corrections.add(corrections)

        asking.with_stores(filling)
        yield asking
    finally:
        house.close()


def questions() -> list[tuple[By, CallFilter]]:
    random = Random(SEED)
    asked: list[tuple[By, CallFilter]] = []
    while len(asked) < 20:
        by, where = seeded_calls.question(random, SINCE_MS, UNTIL_MS)
        if by:
            asked.append((by, replace(where, since_ms=where.since_ms or SINCE_MS, until_ms=where.until_ms or UNTIL_MS)))
    return asked


@pytest.mark.parametrize(("by", "where"), questions())
def test_a_question_has_one_answer_wherever_it_is_asked(asking: Asking, by: By, where: CallFilter) -> None:
    report = asking.store(by, where)
    expected = as_json(report)
    assert as_json(asking.one_by_one(by, where)) == expected

    told = {
        "command": json.loads(asking.command(by, where, "--format", "json")),
        "command over HTTP": json.loads(asking.command(by, where, "--json", *asking.service())),
        "api": json.loads(asking.api(by, where)),
    }
    tables = {
        "command": asking.command(by, where, "--format", "csv"),
        "command over HTTP": asking.command(by, where, "--csv", *asking.service()),
        "api": asking.api(by, where, accept="text/csv"),
    }

    assert {who: answer == expected for who, answer in told.items()} == dict.fromkeys(told, True)
    assert {who: from_csv(text) == nano(by, report) for who, text in tables.items()} == dict.fromkeys(tables, True)
    assert sum(money for money, _ in nano(by, report).values()) == report.total.cost_nanousd


def test_metrics_are_the_same_figures(asking: Asking) -> None:
    report = asking.store(LABELS, CallFilter())
    expected = {
        (name, tuple(row.by[label] or "" for label in LABELS)): figure
        for row in report.items
        for name, figure in (
            ("tollhouse_calls_total", row.calls),
            ("tollhouse_call_errors_total", row.errors),
            ("tollhouse_attempts_total", row.attempts),
            ("tollhouse_cost_nanousd_total", row.cost_nanousd),
            ("tollhouse_saved_nanousd_total", row.saved_nanousd),
        )
    }

    assert asking.metrics() == expected


def test_the_calls_of_a_filter_cost_what_usage_says(asking: Asking) -> None:
    where = CallFilter(since_ms=SINCE_MS, until_ms=UNTIL_MS, tags=(("env", "test"),), key="ci")

    page = asking.with_stores(lambda stores: stores.usage.calls(where, limit=1_000))

    total = asking.store((), where).total
    assert page.next_cursor is None
    assert 100 < len(page.items) == total.calls
    assert sum(call.cost_nanousd for call in page.items) == total.cost_nanousd
    assert sum(call.saved_nanousd for call in page.items) == total.saved_nanousd


def as_json(report: UsageReport) -> Json:
    return cast("Json", json.loads(json.dumps(usage_json(report))))


def nano(by: By, report: UsageReport) -> dict[tuple[str, ...], tuple[int, int]]:
    return {tuple(row.by[name] or "" for name in by): (row.cost_nanousd, row.calls) for row in report.items}


def from_csv(text: str) -> dict[tuple[str, ...], tuple[int, int]]:
    rows = list(csv.reader(io.StringIO(text)))
    cost, calls = rows[0].index("cost_usd"), rows[0].index("calls")
    width = rows[0].index("calls")
    return {tuple(row[:width]): (int(Decimal(row[cost]) * 10**9), int(row[calls])) for row in rows[1:]}


def _parameters(where: CallFilter) -> dict[str, str]:
    times = {"since": where.since_ms, "until": where.until_ms}
    plain = {name: getattr(where, name) for name in ("team", "use_case", "key", "model", "provider", "prompt")}
    other = {"status": where.status, "outcome": where.outcome}
    return {
        **{name: rfc3339(at_ms) for name, at_ms in times.items() if at_ms is not None},
        **{name: str(value) for name, value in {**plain, **other}.items() if value is not None},
        **({"tag": ",".join(f"{name}={value}" for name, value in where.tags)} if where.tags else {}),
    }


def _options(where: CallFilter) -> list[str]:
    """The same as options: an outcome is a status there, and `--key` is the service's."""
    named = {"use_case": "use-case", "key": "key-name", "outcome": "status"}
    return [part for name, value in _parameters(where).items() for part in (f"--{named.get(name, name)}", value)]
