"""A session token at three processes on one store: its cap holds, and it ends everywhere with its key."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from flow_house import Answer, Tree, chat, eventually, read, sending, tree, use_case
from flow_process import ADMIN, KEY, RunningSimulator, books, serving, simulating, write_config

PROCESSES = 3
SHOP = "https://shop.example"
TEN_CENTS = 100_000_000

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Replicas:
    urls: list[str]
    folder: Path
    simulator: RunningSimulator


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Replicas]:
    with simulating() as simulator, ExitStack() as running:
        config = write_config(tmp_path, simulator, tree(use_cases={"tests": use_case(origins=[SHOP])}))
        first = running.enter_context(serving(config))
        urls = [first.url]  # it sets the store up
        urls += [service.url for service in [running.enter_context(serving(config)) for _ in range(PROCESSES - 1)]]
        yield Replicas(urls, tmp_path, simulator)


def ask(url: str, path: str, key: str, body: Tree, method: str = "POST", **headers: str) -> Answer:
    sent = {"authorization": f"Bearer {key}", "content-type": "application/json", **headers}
    with sending(url, body, path=path, headers=sent, method=method) as response:
        return read(response)


def opened(url: str, key: str, **wish: object) -> str:
    answer = ask(url, "/api/v1/session-tokens", key, {"use_case": "tests", "origins": [SHOP], **wish})
    assert answer.status == 201, answer.body
    return str(answer.json()["token"])


def test_ten_cents_are_ten_cents_on_three_processes(replicas: Replicas) -> None:
    token = opened(replicas.urls[0], KEY, budget_usd="0.10")

    def one(number: int) -> int:
        body = chat("sim-reasoning:1500", max_completion_tokens=2_000)
        return ask(replicas.urls[number % PROCESSES], "/v1/chat/completions", token, body, origin=SHOP).status

    with ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(one, range(120)))

    def all_posted() -> bool:
        calls, _ = books(None, replicas.folder / "data")
        return len(calls) == len(statuses)

    eventually(all_posted)
    calls, budgets = books(None, replicas.folder / "data")
    session = next(state for state in budgets if state.scope.kind == "session")
    spent = sum(call.cost_nanousd for call in calls)
    assert set(statuses) == {200, 429}
    assert {call.session for call in calls} == {session.scope.name}
    assert session.spent_nanousd == spent <= TEN_CENTS
    assert spent > TEN_CENTS // 2
    assert spent == sum(line.nano_usd for line in replicas.simulator.bill())


def test_a_session_ends_everywhere_with_its_key(replicas: Replicas) -> None:
    key: Tree = {"name": "shop", "team": "tests", "use_cases": ["tests"], "reason": "a test"}
    secret = str(json.loads(ask(replicas.urls[0], "/api/v1/keys", ADMIN, key).body)["secret"])
    token = opened(replicas.urls[0], secret)

    def statuses() -> set[int]:
        return {ask(url, "/v1/models", token, {}, "GET", origin=SHOP).status for url in replicas.urls}

    eventually(lambda: statuses() == {200})  # the other processes hear of the key
    ask(replicas.urls[1], "/api/v1/keys/shop?reason=a+test", ADMIN, {}, "DELETE")

    eventually(lambda: statuses() == {401})
