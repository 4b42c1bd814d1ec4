"""Load on a service that is killed under it, and the comparison of what the provider saw with what the books say."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from flow_house import Tree, route, tree, use_case
from flow_process import KEY, RunningSimulator, books
from tollhouse.domain.calls import Attempt, AttemptState

CALLERS = 8
BEHAVIOURS = (
    "sim-echo", "sim-echo", "sim-echo", "sim-odd", "sim-paced:4:60", "sim-paced:4:60", "sim-slow:40",
    "sim-slow-headers:40", "sim-no-usage", "sim-503", "sim-cut-reset:1", "sim-reset-billed", "sim-cached:30",
)  # fmt: skip
FREE = frozenset({"sim-503", "sim-odd"})
"""A refusal, and a model that the provider does not know."""


def settings(database: str | None, workers: int = 1) -> Tree:
    budget = {"limit_usd": "500", "period": "total"}
    key = {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>", "budget": budget}
    return tree(
        server={"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": 1000, "workers": workers},
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": budget},
        teams={"tests": {"budget": budget}},
        models={"*": route("*", retries=0)},
        use_cases={"tests": use_case(budget=budget)},
        keys=[key],
    )


# --- the load -------------------------------------------------------------------------------------------------------


@contextmanager
def load_on(url: str, make: random.Random, numbers: "count[int]") -> Iterator[None]:
    """Callers who never stop asking, whatever they are told, until the context ends."""
    over = threading.Event()
    seeds = [make.random() for _ in range(CALLERS)]
    callers = [threading.Thread(target=call_on, args=(url, random.Random(seed), numbers, over)) for seed in seeds]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        over.set()
        for caller in callers:
            caller.join()


def call_on(url: str, make: random.Random, numbers: "count[int]", over: threading.Event) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    while not over.is_set():
        body = {
            "model": f"{make.choice(BEHAVIOURS)}@{next(numbers)}",
            "messages": [{"role": "user", "content": "one two three"}],
            "stream": make.random() < 0.5,
        }
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            connection.getresponse().read()
        except (OSError, HTTPException):
            connection.close()  # the next request opens another one, to whoever lives
            time.sleep(0.01)
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
        assert is_right(model, attempt, billed.get(model, 0), model in seen), (model, attempt, billed.get(model))
    total = sum(call.cost_nanousd for call in calls)
    assert len(budgets) == 4
    assert {(state.spent_nanousd, state.leased_nanousd) for state in budgets} == {(total, 0)}


def is_right(model: str, attempt: Attempt, billed: int, was_seen: bool) -> bool:
    match attempt.state:
        case AttemptState.SETTLED if attempt.estimated:
            return attempt.cost_nanousd > 0
        case AttemptState.SETTLED:
            return attempt.cost_nanousd == billed > 0
        case AttemptState.UNKNOWN:
            return attempt.cost_nanousd == attempt.held_nanousd >= billed and attempt.held_nanousd > 0
        case AttemptState.VOID:
            return billed == 0 and (model.partition("@")[0] in FREE or attempt.error is None or not was_seen)
        case _:
            return False
