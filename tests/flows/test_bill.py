"""
The ledger against the provider's own bill, over a seeded mixture of everything that can happen.

The simulator computes its bill by code of its own. Every request is matched with its attempt: a model name is used by
one call only, and its attempts reach the provider in order. What is settled by the provider's usage must agree to the
nano-USD; what differs must be a row that says so: `unknown`, or estimated.
"""

import json
import random
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import combinations
from urllib.parse import urlsplit

import pytest

from flow_house import Tree, budgets, eventually, route, running, tree, use_case
from tollhouse.domain.calls import Attempt, AttemptState
from tollhouse.simulator import DEFAULT_PRICES, BillLine
from tollhouse.testing.house import TestHouse

SEED = 20_261_123
CALLERS = 12
LEAVE = 0.1
"""The share of callers who hang up before their answer is whole."""
BUDGET_USD = "1000"

GOOD = (
    "sim-echo", "sim-echo", "sim-echo", "sim-text", "sim-json", "sim-tool", "sim-long:30", "sim-empty", "sim-refusal",
    "sim-filtered", "sim-reasoning:7", "sim-cached:37", "sim-cached", "sim-split:11", "sim-pings", "sim-crlf",
    "sim-multiline", "sim-no-done", "sim-usage-twice", "sim-hang-up", "sim-slow:15", "sim-paced:3:10",
    "sim-over-limit:9",
)  # fmt: skip
UNCOUNTED = ("sim-no-usage", "sim-usage-null")
FAILING = (
    "sim-400", "sim-401", "sim-408", "sim-429:0.01:float", "sim-500", "sim-503", "sim-529", "sim-content-filter",
    "sim-context-length", "sim-quota", "sim-502-html", "sim-200-error", "sim-200-html", "sim-200-empty", "sim-reset",
    "sim-reset-billed", "sim-close", "sim-reset-headers", "sim-truncated", "sim-truncated:0", "sim-cut", "sim-cut:0",
    "sim-cut-close:1", "sim-cut-reset:2", "sim-stall:1", "sim-stall-headers", "sim-stall-billed", "sim-bad-json",
    "sim-bad-json:0", "sim-bad-utf8", "sim-error-event", "sim-error-event:0", "sim-bad-chunk", "sim-no-finish",
    "sim-wrong-type",
)  # fmt: skip
LIMITED = {"retries": 2, "retry_wait_max_ms": 20, "timeouts": {"first_token_ms": 250, "idle_ms": 250, "total_ms": 4000}}


def priced(name: str) -> Tree:
    """Two providers that are the same simulator: the second stands behind the first."""
    line = DEFAULT_PRICES[name]
    deployments = [{"provider": provider, "model": "*"} for provider in ("simulator", "second")]
    return {**route("*", **LIMITED), "deployments": deployments, "price": dict(line)}


PRICED = ("sim-odd-price", "sim-embed", "sim-moderate")
PATTERNS = {**{f"{name}@*": priced(name) for name in PRICED}, "*": priced("*")}
SIMULATOR = {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123"}
SETTINGS = tree(
    organisation={"budget": {"limit_usd": BUDGET_USD, "period": "total"}},
    providers={"simulator": SIMULATOR, "second": SIMULATOR},
    models=PATTERNS,
    teams={"tests": {"budget": {"limit_usd": BUDGET_USD, "period": "month"}}},
    use_cases={"tests": use_case(models=list(PATTERNS), budget={"limit_usd": BUDGET_USD, "period": "day"})},
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call: where to, what, how the provider behaves, and after how many bytes or seconds the caller leaves."""

    path: str
    body: Tree
    script: Sequence[str]
    leave_after_bytes: int | None = None
    leave_after_s: float | None = None


Pair = tuple[Attempt, BillLine | None]


@dataclass(slots=True)
class Comparison:
    """What the ledger and the bill say, summed up."""

    exact: int = 0
    exact_nanousd: int = 0
    void: int = 0
    flagged: int = 0
    ledger_nanousd: int = 0
    bill_nanousd: int = 0
    flagged_difference_nanousd: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def difference_nanousd(self) -> int:
        return self.ledger_nanousd - self.bill_nanousd


@pytest.fixture
def house() -> Iterator[TestHouse]:
    with running(SETTINGS) as house:
        yield house


@pytest.mark.parametrize("count", [200, pytest.param(2500, marks=pytest.mark.slow)])
def test_the_ledger_agrees_with_the_bill(house: TestHouse, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    make = random.Random(SEED)
    plans = [a_plan(make, number) for number in range(count)]
    for plan in plans:
        house.script(str(plan.body["model"]), *plan.script)

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda plan: carry_out(house, plan), plans))

    found = compare(house)
    with capsys.disabled():
        show(count, found)
    assert not found.faults, "\n".join(found.faults)
    assert found.difference_nanousd == found.flagged_difference_nanousd
    assert found.exact > count // 2
    assert len(house.calls()) == count
    eventually(lambda: not any(state.leased_nanousd for state in budgets(house)))
    assert {state.spent_nanousd for state in budgets(house)} == {found.ledger_nanousd}
    assert house.usage().total.cost_nanousd == found.ledger_nanousd


# --- the mixture ----------------------------------------------------------------------------------------------------


def a_plan(make: random.Random, number: int) -> Plan:
    kind = make.choices(["chat", "responses", "completions", "embeddings", "moderations"], [55, 15, 10, 10, 10])[0]
    text = " ".join(make.choices(["claim", "Übergang", "car,", "1234567", "\U0001f600", "fire"], k=make.randint(1, 60)))
    body: Tree = {"model": f"{_family(make, kind)}@{number}", **_members(make, kind, text)}
    if kind not in ("embeddings", "moderations") and make.random() < 0.5:
        body["stream"] = True
        if kind != "responses" and make.random() < 0.5:
            body["stream_options"] = {"include_usage": make.random() < 0.7}
    leaves = make.random() < LEAVE
    by_bytes = leaves and make.random() < 0.7
    return Plan(
        path="/v1/chat/completions" if kind == "chat" else f"/v1/{kind}",
        body=body,
        script=_script(make),
        leave_after_bytes=make.randint(1, 3000) if by_bytes else None,
        leave_after_s=make.random() * 0.05 if leaves and not by_bytes else None,
    )


def _family(make: random.Random, kind: str) -> str:
    if kind in ("embeddings", "moderations"):
        return {"embeddings": "sim-embed", "moderations": "sim-moderate"}[kind]
    return make.choice(["plain", "sim-odd-price", "sim-odd-price"])


def _members(make: random.Random, kind: str, text: str) -> Tree:
    limit = make.choice([None, 1, 7, 40, 4000])
    match kind:
        case "chat":
            members: Tree = {"messages": [{"role": "user", "content": text}], "n": make.choice([1, 1, 1, 2])}
            if make.random() < 0.2:
                parameters = {"type": "object", "properties": {"x": {"type": "string"}}}
                members["tools"] = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
            return {**members, **({"max_tokens": limit} if limit else {})}
        case "responses":
            return {"input": text, **({"max_output_tokens": max(limit, 16)} if limit else {})}
        case "completions":
            return {"prompt": text, **({"max_tokens": limit} if limit else {})}
        case _:
            return {"input": make.choice([text, [text, "more"]])}


def _script(make: random.Random) -> list[str]:
    fails = make.choices(FAILING, k=make.choices([0, 1, 2, 4], [65, 20, 10, 5])[0])
    return [*fails, make.choice(UNCOUNTED if make.random() < 0.05 else GOOD)]


def carry_out(house: TestHouse, plan: Plan) -> None:
    parts = urlsplit(house.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        headers = {"authorization": f"Bearer {house.api_key}", "content-type": "application/json"}
        connection.request("POST", plan.path, json.dumps(plan.body).encode(), headers)
        if plan.leave_after_s is not None:
            assert connection.sock is not None
            connection.sock.settimeout(max(plan.leave_after_s, 0.001))
        with suppress(TimeoutError, HTTPException):
            connection.getresponse().read(plan.leave_after_bytes)
    finally:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()


# --- the comparison -------------------------------------------------------------------------------------------------


def compare(house: TestHouse) -> Comparison:
    """Match every attempt with its line on the bill and sum up both."""
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for call in house.calls():
        attempts[call.model] += call.attempts
    lines: dict[str, list[BillLine]] = defaultdict(list)
    for line in sorted(house.bill, key=lambda line: line.n):
        lines[line.model].append(line)
    found = Comparison()
    for model in sorted({*attempts, *lines}):
        if len(lines[model]) > len(attempts[model]):
            found.faults.append(f"{model}: {len(lines[model])} requests, {len(attempts[model])} attempts")
        else:
            for attempt, matched in aligned(attempts[model], lines[model]):
                add(found, model, attempt, matched)
    return found


def aligned(attempts: Sequence[Attempt], lines: Sequence[BillLine]) -> list[Pair]:
    """
    Pair attempts with lines, both in their order.

    An attempt that did not get as far as the provider (no connection in time, or its caller left just then) has no
    line. Which one that is shows in the rest: the first way to pair them without a fault.
    """
    ways = [
        [(attempt, next(rest) if arrived else None) for attempt, arrived in zip(attempts, arrivals, strict=True)]
        for arrivals in _arrivals(len(attempts), len(lines))
        for rest in [iter(lines)]
    ]
    return next((way for way in ways if not any(fault(*pair) for pair in way)), ways[0])


def _arrivals(attempts: int, lines: int) -> Iterator[list[bool]]:
    for arrived in combinations(range(attempts), lines):
        yield [position in arrived for position in range(attempts)]


def fault(attempt: Attempt, line: BillLine | None) -> str | None:
    """Say what is wrong with a pair, if anything is."""
    billed = line.nano_usd if line is not None else 0
    match attempt.state:
        case AttemptState.VOID:
            right = not billed and not attempt.cost_nanousd
        case AttemptState.UNKNOWN:
            right = attempt.cost_nanousd == attempt.held_nanousd >= billed
        case AttemptState.SETTLED if attempt.estimated:
            right = line is not None
        case AttemptState.SETTLED:
            right = line is not None and _figures(attempt) == _billed(line)
        case _:
            right = False
    return None if right else f"{attempt.state} {_figures(attempt)} {attempt.error}, line {line}"


def add(found: Comparison, model: str, attempt: Attempt, line: BillLine | None) -> None:
    billed = line.nano_usd if line is not None else 0
    found.ledger_nanousd += attempt.cost_nanousd
    found.bill_nanousd += billed
    if wrong := fault(attempt, line):
        found.faults.append(f"{model}: {wrong}")
    elif attempt.state is AttemptState.VOID:
        found.void += 1
    elif attempt.estimated:
        found.flagged += 1
        found.flagged_difference_nanousd += attempt.cost_nanousd - billed
    else:
        found.exact += 1
        found.exact_nanousd += billed


def _figures(attempt: Attempt) -> tuple[int, int, int, int]:
    return attempt.tokens_in, attempt.tokens_out, attempt.tokens_cached, attempt.cost_nanousd


def _billed(line: BillLine) -> tuple[int, int, int, int]:
    told_cached = 0 if line.endpoint == "embeddings" else line.tokens_cached  # its usage has no member for them
    return line.tokens_in, line.tokens_out, told_cached, line.nano_usd


def show(count: int, found: Comparison) -> None:
    rows = [
        ("calls", count),
        ("seed", SEED),
        ("attempts settled by the provider's usage, equal to the nano-USD", found.exact),
        ("their sum, nano-USD", found.exact_nanousd),
        ("attempts void, billed nothing", found.void),
        ("attempts unknown or estimated", found.flagged),
        ("ledger, nano-USD", found.ledger_nanousd),
        ("bill, nano-USD", found.bill_nanousd),
        ("difference, nano-USD", found.difference_nanousd),
        ("of it in unknown or estimated rows", found.flagged_difference_nanousd),
    ]
    print("\n" + "\n".join(f"  {name:<66}{value:>14,}" for name, value in rows))  # noqa: T201 - the table is the point
