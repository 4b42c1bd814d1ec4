"""
A mixed load through the real command, which is killed again and again while calls are under way.

30 % of the calls stream, 10 % are left by their caller, 5 % are tried again, 1 % are under way when the process dies.
Before the bill is imported every gap between ledger and bill is an attempt that says so; afterwards there is none.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec
import pytest

from flow_house import Tree, route, tree, use_case
from flow_process import ADMIN, KEY, RunningSimulator, Service, books, command, simulating, write_config
from tollhouse.domain.calls import Attempt, AttemptState
from tollhouse.simulator import BillLine

SEED = 20_261_123
CALLERS = 16
STREAMED, LEFT, RETRIED = 0.30, 0.10, 0.05
READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One call; `leave_after_s`: its caller hangs up then."""

    body: Tree
    leave_after_s: float | None


class Load:
    """The service on one address, the calls that go through it, and the kills between them."""

    def __init__(self, config: Path, simulator: RunningSimulator, port: int) -> None:
        self.killed_under_way = 0
        self._config = config
        self._simulator = simulator
        self._port = port
        self._under_way = 0
        self._lock = threading.Lock()
        self.service = Service(config)

    def carry_out(self, plans: Sequence[Plan], kills: int) -> None:
        every = len(plans) // (kills + 1)
        with ThreadPoolExecutor(CALLERS) as callers:
            for number, _ in enumerate(callers.map(self._call, plans), 1):
                if number % every == 0 and number // every <= kills:
                    self._kill()

    def _kill(self) -> None:
        self.killed_under_way += self._under_way
        self.service.kill()
        self.service = Service(self._config)

    def _call(self, plan: Plan) -> None:
        connection = self._connected()
        with self._lock:
            self._under_way += 1
        try:
            with suppress(OSError, HTTPException):  # whoever left, and whoever was left by a process that died
                headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
                connection.request("POST", "/v1/chat/completions", json.dumps(plan.body).encode(), headers)
                if plan.leave_after_s is not None and connection.sock is not None:
                    connection.sock.settimeout(plan.leave_after_s)
                connection.getresponse().read()
        finally:
            with self._lock:
                self._under_way -= 1
            connection.close()

    def _connected(self) -> HTTPConnection:
        """A process that has just been killed is back in a few seconds; until then nobody calls."""
        until = time.monotonic() + READY_S
        while True:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=READY_S)
            try:
                connection.connect()
            except OSError:
                assert time.monotonic() < until, self.service.said
                time.sleep(0.05)
            else:
                return connection


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as running:
        yield running


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("count", "kills"), [(240, 1), pytest.param(20_000, 14, marks=pytest.mark.slow)])
def test_after_reconciliation_the_ledger_is_the_bill(
    kind: str,
    count: int,
    kills: int,
    simulator: RunningSimulator,
    new_postgres: Callable[[], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = new_postgres() if kind == "postgresql" else None
    port = free_port()
    config = write_config(tmp_path, simulator, settings(port, database))
    load = Load(config, simulator, port)
    try:
        load.carry_out(list(plans(simulator, count)), kills)
        assert load.service.stop() == 0
        load.service = Service(config)  # adopts what the last kill may have left
        assert load.service.url
        assert load.service.stop() == 0
    finally:
        load.service.kill()

    calls, budgets = books(database, tmp_path / "data")
    booked = [attempt for call in calls for attempt in call.attempts]
    lines = simulator.bill()
    gaps = gaps_of(booked, lines)
    assert len({line.client_request_id for line in lines}) == len(lines), "one upstream request is one attempt"
    assert [attempt.id for attempt in gaps if not attempt.estimated] == []
    assert not any(state.leased_nanousd for state in budgets), "nothing is held when idle"

    bill = tmp_path / "bill.jsonl"
    bill.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    wait_until_over(booked)
    reconciled = command(config, "reconcile", str(bill), "--provider", "simulator", "--complete", "--since", "1d")
    checked = command(config, "doctor", "--reconcile", "--bill", str(bill), "--provider", "simulator")

    _, budgets = books(database, tmp_path / "data")
    billed = sum(line.nano_usd for line in lines)
    with capsys.disabled():
        show(kind, load, calls=len(calls), booked=booked, gaps=gaps, billed=billed)
    assert reconciled.returncode == 0, reconciled.stderr
    assert {state.spent_nanousd for state in budgets} == {billed}
    assert checked.returncode == 0, checked.stdout + checked.stderr


def settings(port: int, database: str | None) -> Tree:
    cap = {"limit_usd": "1000"}
    return tree(
        server={"listen": f"127.0.0.1:{port}", "admin_token": ADMIN, "drain_ms": 2000},
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": {**cap, "period": "total"}},
        models={"*": route("*", retries=2, retry_wait_max_ms=20)},
        teams={"tests": {"budget": {**cap, "period": "month"}}},
        use_cases={"tests": use_case(budget={**cap, "period": "month"})},
    )


def plans(simulator: RunningSimulator, count: int) -> Iterator[Plan]:
    make = random.Random(SEED)
    for number in range(count):
        streamed, leaves = make.random() < STREAMED, make.random() < LEFT
        model = make.choice(("sim-echo", "sim-text", "sim-cached:7", "sim-reasoning:5", "sim-slow:20"))
        if streamed:
            model = make.choice(("sim-long:40", "sim-paced:8:10", "sim-echo"))
        if make.random() < RETRIED:
            model = f"retried@{number}"
            simulator.script(model, (make.choice(("sim-503", "sim-reset", "sim-429:0.01:float")), "sim-echo"))
        body: Tree = {
            "model": model,
            "messages": [{"role": "user", "content": "claim " * make.randint(1, 40)}],
            "max_completion_tokens": make.choice((20, 60, 200)),
            "stream": streamed,
        }
        yield Plan(body, make.uniform(0.001, 0.08) if leaves else None)


def gaps_of(booked: Sequence[Attempt], lines: Sequence[BillLine]) -> list[Attempt]:
    """Return the attempts that cost something else than the bill says. A line without an attempt would be a fault."""
    billed = {line.client_request_id: line.nano_usd for line in lines}
    assert set(billed) <= {attempt.id for attempt in booked}
    return [attempt for attempt in booked if attempt.cost_nanousd != billed.get(attempt.id, 0)]


def wait_until_over(booked: Sequence[Attempt]) -> None:
    """A bill is complete for a time that is over; the last attempt's second has to pass."""
    over_ms = max(attempt.reserved_ms for attempt in booked) + 5_000
    while time.time_ns() // 10**6 < over_ms:
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def show(kind: str, load: Load, *, calls: int, booked: Sequence[Attempt], gaps: Sequence[Attempt], billed: int) -> None:
    ledger = sum(attempt.cost_nanousd for attempt in booked)
    unknown = sum(attempt.state is AttemptState.UNKNOWN for attempt in booked)
    rows = [
        ("calls booked", calls),
        ("under way at a kill", load.killed_under_way),
        ("attempts", len(booked)),
        ("of them unknown", unknown),
        ("with a gap to the bill, all of them unknown or estimated", len(gaps)),
        ("ledger before, nano-USD", ledger),
        ("bill, nano-USD", billed),
    ]
    print(f"\n  {kind}, seed {SEED}")  # noqa: T201 - the table is the point
    print("\n".join(f"  {name:<60}{value:>16,}" for name, value in rows))  # noqa: T201
