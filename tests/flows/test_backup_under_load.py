"""A gateway serves hundreds of calls while it is backed up; each backup, restored elsewhere, reconciles to the nano-dollar."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import WAIT_S, Tree, route, tree, use_case
from flow_process import KEY, Service, books, command, serving, simulating, write_config
from tollhouse.domain.calls import Call
from tollhouse.ports.ledger import BudgetState
from tollhouse.stores.sql.archive import open_archive

CALLERS = 4
BACKUPS = 2
CALLS_BETWEEN = 150
MODELS = ("sim-echo", "sim-paced:3:20", "sim-odd", "sim-503", "sim-no-usage", "sim-cut-reset:1", "sim-cached:30")
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}
Books = tuple[list[Call], list[BudgetState]]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_backups_beside_a_busy_gateway_reconcile_wherever_they_are_restored(
    tmp_path: Path, new_postgres: Callable[[], str], kind: str
) -> None:
    database = new_postgres() if kind == "postgresql" else None
    with simulating() as simulator:
        config = write_config(made(tmp_path / "here"), simulator, settings(database))
        with serving(config) as service, calling(service) as done:
            paths = [tmp_path / f"{number}.backup" for number in range(BACKUPS)]
            for number, path in enumerate(paths):
                wait_for(done, (number + 1) * CALLS_BETWEEN)
                backed_up = command(config, "backup", str(path))
                assert backed_up.returncode == 0, backed_up.stderr
            refused = command(config, "restore", str(paths[0]), "--replace")
            assert refused.returncode == 1
            assert "Stop every server" in refused.stderr

        for number, (path, to) in enumerate(zip(paths, (kind, OTHER[kind]), strict=True)):
            there = made(tmp_path / f"there-{number}")
            elsewhere = write_config(there, simulator, settings(new_postgres() if to == "postgresql" else None))
            restored = command(elsewhere, "restore", str(path))
            assert restored.returncode == 0, restored.stderr
            reconciled = command(elsewhere, "doctor", "--reconcile")
            assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
            compare(path, books(database_of(elsewhere), there / "data"), books(database, tmp_path / "here" / "data"))


def settings(database: str | None) -> Tree:
    budget = {"limit_usd": "500", "period": "total"}
    return tree(
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": budget},
        models={"*": route("*", retries=0)},
        use_cases={"tests": use_case(budget=budget)},
    )


def compare(path: Path, restored: Books, original: Books) -> None:
    """What stands in the restored ledger is what the snapshot had: rows as they were, sums to match, nothing held."""
    calls, budgets = restored
    by_id = {call.id: call for call in original[0]}
    with open_archive(path) as archive:
        parts = {part.table: part for part in archive.manifest.parts}
        attempts = [dict(zip(parts["attempts"].columns, row, strict=True)) for row in archive.rows(parts["attempts"])]
    total = sum(call.cost_nanousd for call in calls)
    assert len(calls) == parts["calls"].rows >= CALLS_BETWEEN // 2
    assert all(call == by_id[call.id] for call in calls)
    assert total == sum(int(str(attempt["cost_nanousd"])) for attempt in attempts) > 0
    assert {(state.spent_nanousd, state.leased_nanousd) for state in budgets} == {(total, 0)}


def database_of(config: Path) -> str | None:
    found: str | None = json.loads(config.read_text())["storage"]["database"]
    return found


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- the load -------------------------------------------------------------------------------------------------------


@contextmanager
def calling(service: Service) -> Iterator[list[int]]:
    """Call without a pause; yield the statuses, which grow."""
    url, statuses, numbers, stopping = service.url, list[int](), count(), threading.Event()

    def call_on() -> None:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_S)
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        while not stopping.is_set():
            number = next(numbers)
            body = {
                "model": MODELS[number % len(MODELS)],
                "messages": [{"role": "user", "content": "one two three"}],
                "stream": number % 3 == 0,
            }
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()

    callers = [threading.Thread(target=call_on) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield statuses
    finally:
        stopping.set()
        for caller in callers:
            caller.join()


def wait_for(statuses: list[int], calls: int) -> None:
    stopped = threading.Event()
    for _ in range(int(WAIT_S * 100)):
        if len(statuses) >= calls:
            return
        stopped.wait(0.01)
    raise AssertionError(f"only {len(statuses)} of {calls} calls were made")
