"""The release before and this one on one database at once: a migration beside it, calls, keys and budgets on both."""

import json
import os
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import WAIT_S, Tree, route, tree, use_case
from flow_process import KEY, RunningSimulator, Service, books, command, serving, simulating, write_config
from tollhouse.domain.calls import AttemptState
from tollhouse.stores.sql.version import NEEDED

RELEASE = Path(__file__).parents[1] / "releases" / "tollhouse-0.1.0.tar.xz"
CALL_NANOUSD = 4500
"""What the simulator charges for the one call that is made here, by its own arithmetic."""
FITTING = 40
CROWD = 4
"""Callers at once on each release; together they ask for twice as much as fits."""


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Variables that make `python -m tollhouse` the release before."""
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(RELEASE) as archive:
        if hasattr(tarfile, "data_filter"):  # from Python 3.11.4 on
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    return {"PYTHONPATH": os.fspath(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def test_on_sqlite(tmp_path: Path, before: Mapping[str, str]) -> None:
    serve_with_both(tmp_path, None, before)


@pytest.mark.slow
def test_on_postgresql(tmp_path: Path, before: Mapping[str, str], new_postgres: Callable[[], str]) -> None:
    serve_with_both(tmp_path, new_postgres(), before)


def serve_with_both(folder: Path, database: str | None, before: Mapping[str, str]) -> None:
    with simulating() as simulator:
        config = write_config(folder, simulator, settings(database))
        with serving(config, before) as old:
            old_key = made_key(config, "made-before", before)
            with calling(old.url) as statuses:
                migrated = command(config, "migrate")
                assert f"from schema revision 0001 to {NEEDED}" in migrated.stderr, migrated.stderr
                with serving(config) as new:
                    new_key = made_key(config, "made-now")
                    eventually_accepted(new.url, old_key)
                    eventually_accepted(old.url, new_key)
                    share_a_budget(old, new, simulator)
                    assert new.stop() == 0
            assert set(statuses) == {200}, statuses
            old.kill()
        with serving(config) as new:  # its calls since the last posting are in its journal
            assert new.url
            assert new.stop() == 0
        compare(simulator, folder, database)
        reconciled = command(config, "doctor", "--reconcile")
        assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr


def settings(database: str | None) -> Tree:
    budget = {"limit_usd": "500", "period": "total"}
    small = {"limit_usd": f"0.{CALL_NANOUSD * FITTING:09d}", "period": "total"}
    use_cases = {"tests": use_case(budget=budget), "small": use_case(budget=small)}
    names = [("tests", KEY), ("small", f"{KEY}-small")]
    keys = [{"name": name, "team": "tests", "use_cases": [name], "secret": secret} for name, secret in names]
    return tree(
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": budget},
        models={"*": route("*", retries=0)},
        use_cases=use_cases,
        keys=keys,
    )


def made_key(config: Path, name: str, variables: Mapping[str, str] | None = None) -> str:
    arguments = ("keys", "create", "--team", "tests", "--use-case", "tests", "--name", name)
    made = command(config, *arguments, variables=variables or {})
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def share_a_budget(old: Service, new: Service, simulator: RunningSimulator) -> None:
    """Ask both for more than fits: the provider is asked for what fits and no more, and nothing stays held."""
    statuses: list[int] = []

    def ask(url: str) -> None:
        with connected(url) as connection:
            for _ in range(2 * FITTING // CROWD // 2):
                # The release before sets no mark while it writes to SQLite, so for this one a slow write of it is a
                # stranger's, and a call may be told to come again.
                while (status := chat(connection, f"{KEY}-small", "sim-echo@small")) == 503:
                    time.sleep(0.05)
                statuses.append(status)

    callers = [threading.Thread(target=ask, args=(each.url,)) for each in (old, new) for _ in range(CROWD)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    counts = Counter(statuses)
    billed = [line for line in simulator.bill() if line.model == "sim-echo@small"]
    assert set(counts) == {200, 429}, counts
    assert FITTING // 2 < counts[200] == len(billed) <= FITTING, counts
    assert {line.nano_usd for line in billed} == {CALL_NANOUSD}


def compare(simulator: RunningSimulator, folder: Path, database: str | None) -> None:
    billed = {line.model: line.nano_usd for line in simulator.bill()}
    calls, budgets = books(database, folder / "data")
    booked = Counter(attempt.state for call in calls for attempt in call.attempts)
    assert booked[AttemptState.UNKNOWN] <= CROWD, "only what the killed process had under way"
    total = sum(call.cost_nanousd for call in calls)
    assert {state.leased_nanousd for state in budgets} == {0}
    assert total == next(state.spent_nanousd for state in budgets if state.scope.kind == "organisation")
    assert len(billed) >= 1


# --- callers --------------------------------------------------------------------------------------------------------


@contextmanager
def calling(url: str) -> Iterator[list[int]]:
    """Call without a pause; yield the statuses, which grow."""
    statuses: list[int] = []
    stopping = threading.Event()

    def call_on() -> None:
        with connected(url) as connection:
            while not stopping.is_set():
                statuses.append(chat(connection, KEY, "sim-echo@load"))

    callers = [threading.Thread(target=call_on) for _ in range(CROWD)]
    for caller in callers:
        caller.start()
    try:
        yield statuses
    finally:
        stopping.set()
        for caller in callers:
            caller.join()


def eventually_accepted(url: str, key: str) -> None:
    until = time.monotonic() + WAIT_S
    with connected(url) as connection:
        while (status := chat(connection, key, "sim-echo@keys")) != 200:
            assert (status, time.monotonic() < until) == (401, True)
            time.sleep(0.05)


@contextmanager
def connected(url: str) -> Iterator[HTTPConnection]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_S)
    try:
        yield connection
    finally:
        connection.close()


def chat(connection: HTTPConnection, key: str, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 2}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    response.read()
    return response.status
