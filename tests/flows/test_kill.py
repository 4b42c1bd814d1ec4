"""`kill -9` of a serving process, at moments that nobody chose: what reached the provider is in the ledger."""

import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import Tree, route, tree, use_case
from flow_process import KEY, RunningSimulator, Service, books, serving, simulating, write_config
from tollhouse.domain.calls import Attempt, AttemptState

CALLERS = 8
BEHAVIOURS = (
    "sim-echo", "sim-echo", "sim-echo", "sim-odd", "sim-paced:4:60", "sim-paced:4:60", "sim-slow:40",
    "sim-slow-headers:40", "sim-no-usage", "sim-503", "sim-cut-reset:1", "sim-reset-billed", "sim-cached:30",
)  # fmt: skip
FREE = frozenset({"sim-503", "sim-odd"})
"""A refusal, and a model that the provider does not know."""
LATEST_KILL_S = 0.6


def settings(database: str | None) -> Tree:
    budget = {"limit_usd": "500", "period": "total"}
    key = {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>", "budget": budget}
    return tree(
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": budget},
        teams={"tests": {"budget": budget}},
        models={"*": route("*", retries=0)},
        use_cases={"tests": use_case(budget=budget)},
        keys=[key],
    )


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_on_sqlite(tmp_path: Path, kills: int) -> None:
    kill_again_and_again(tmp_path, None, kills)


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str], kills: int) -> None:
    kill_again_and_again(tmp_path, new_postgres(), kills)


def kill_again_and_again(folder: Path, database: str | None, kills: int) -> None:
    make = random.Random(kills)
    with simulating() as simulator:
        config = write_config(folder, simulator, settings(database))
        numbers = count()
        for _ in range(kills):
            with serving(config) as service:
                kill_under_load(service, make, numbers)
        with serving(config) as service:
            assert service.url  # by then the dead ones' journals have been adopted
            compare(simulator, folder, database)
            assert service.stop() == 0
        compare(simulator, folder, database)
        assert len(simulator.requests()) > kills * 5
    assert not list((folder / "data" / "journal").iterdir())


# --- the load -------------------------------------------------------------------------------------------------------


def kill_under_load(service: Service, make: random.Random, numbers: "count[int]") -> None:
    url, dead = service.url, threading.Event()
    seeds = [make.random() for _ in range(CALLERS)]
    callers = [threading.Thread(target=call_on, args=(url, random.Random(seed), numbers, dead)) for seed in seeds]
    for caller in callers:
        caller.start()
    time.sleep(make.random() * LATEST_KILL_S)
    service.kill()
    dead.set()
    for caller in callers:
        caller.join()


def call_on(url: str, make: random.Random, numbers: "count[int]", dead: threading.Event) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    while not dead.is_set():
        body = {
            "model": f"{make.choice(BEHAVIOURS)}@{next(numbers)}",
            "messages": [{"role": "user", "content": "one two three"}],
            "stream": make.random() < 0.5,
        }
        with suppress(OSError, HTTPException):
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            connection.getresponse().read()
    connection.close()


# --- the comparison -------------------------------------------------------------------------------------------------


def compare(simulator: RunningSimulator, folder: Path, database: str | None) -> None:
    """What the provider saw is booked; what it charged is not booked as nothing; the budgets are the sum of the rows."""
    billed = {line.model: line.nano_usd for line in simulator.bill()}
    calls, budgets = books(database, folder / "data")
    booked = {call.model: attempt for call in calls for attempt in call.attempts}
    seen = {request.model for request in simulator.requests() if request.model}

    assert sorted(seen - set(booked)) == []
    for model, attempt in booked.items():
        assert is_right(model, attempt, billed.get(model, 0)), (model, attempt, billed.get(model))
    total = sum(call.cost_nanousd for call in calls)
    assert len(budgets) == 4
    assert {(state.spent_nanousd, state.leased_nanousd) for state in budgets} == {(total, 0)}


def is_right(model: str, attempt: Attempt, billed: int) -> bool:
    match attempt.state:
        case AttemptState.SETTLED if attempt.estimated:
            return attempt.cost_nanousd > 0
        case AttemptState.SETTLED:
            return attempt.cost_nanousd == billed > 0
        case AttemptState.UNKNOWN:
            return attempt.cost_nanousd == attempt.held_nanousd >= billed and attempt.held_nanousd > 0
        case AttemptState.VOID:
            return billed == 0 and (model.partition("@")[0] in FREE or attempt.error is None)
        case _:
            return False
