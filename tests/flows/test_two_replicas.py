"""What is changed through one replica holds on the other: keys, budgets, use cases, roles. Their only bond is the database."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from flow_house import WAIT_S, Answer, Tree, chat, read, sending, tree, use_case
from flow_process import ADMIN, RunningSimulator, Service, serving, simulating, write_config

CALL = chat("sim-echo", max_completion_tokens=10)
LOOK_S = 0.4
"""How often a server looks what is in force; it has to find a change within a second."""


@dataclass(frozen=True, slots=True)
class Replica:
    service: Service

    def ask(self, method: str, path: str, body: Tree | bytes, secret: str) -> Answer:
        headers: Mapping[str, str] = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
        with sending(self.service.url, body, path=path, headers=headers, method=method) as response:
            return read(response)

    def change(self, method: str, path: str, body: Tree) -> Answer:
        answer = self.ask(method, f"/api/v1/{path}", {"reason": "a test", **body}, ADMIN)
        assert answer.status < 300, answer.body
        return answer

    def call(self, secret: str) -> tuple[int, object]:
        answer = self.ask("POST", "/v1/chat/completions", CALL, secret)
        return answer.status, None if answer.status == 200 else answer.code


@pytest.fixture
def replicas(tmp_path: Path, new_postgres: Callable[[], str]) -> Iterator[tuple[Replica, Replica]]:
    database = new_postgres()
    simulated = {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123", "simulated": True}
    with simulating() as simulator:
        configs = [a_machine(tmp_path / name, simulator, database, simulated) for name in ("one", "other")]
        with serving(configs[0]) as one, serving(configs[1]) as other:
            assert one.url
            assert other.url
            yield Replica(one), Replica(other)


def a_machine(folder: Path, simulator: RunningSimulator, database: str, simulated: Tree) -> Path:
    """A replica on a machine of its own: it shares nothing with the other but the database."""
    folder.mkdir()
    settings = tree(
        storage={"path": "<folder>/data", "database": database},
        providers={"simulator": simulated},
        keys=[],
        use_cases={},
    )
    return write_config(folder, simulator, settings)


def test_a_change_through_one_replica_holds_on_the_other(replicas: tuple[Replica, Replica]) -> None:
    one, other = replicas
    one.change("PUT", "teams/ads", {"budget": {"limit_usd": "100", "period": "month"}})
    one.change("PUT", "use-cases/leaflets", use_case(team="ads"))
    key = str(one.change("POST", "keys", {"name": "ads", "team": "ads"}).json()["secret"])
    holds(lambda: other.call(key) == (200, None))

    one.change("PUT", "budgets/team/ads", {"limit_usd": "0.000000001", "period": "month"})
    holds(lambda: other.call(key) == (429, "budget_exceeded"))
    other.change("PUT", "budgets/team/ads", {"limit_usd": "100", "period": "month"})
    holds(lambda: one.call(key) == (200, None))

    token = one.change("POST", "tokens", {"name": "audit", "role": "auditor"}).json()["secret"]
    holds(lambda: other.ask("GET", "/api/v1/usage", b"", str(token)).status == 200)
    one.ask("DELETE", "/api/v1/tokens/audit?reason=over", b"", ADMIN)
    holds(lambda: other.ask("GET", "/api/v1/usage", b"", str(token)).status == 401)

    one.ask("DELETE", "/api/v1/keys/ads?reason=over", b"", ADMIN)
    holds(lambda: other.call(key) == (401, "invalid_api_key"))


def holds(condition: Callable[[], bool]) -> None:
    """Wait until the other replica has looked; seldom, because whoever shows a wrong key again and again is held up."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(LOOK_S)
    time.sleep(LOOK_S)
    assert condition(), "what holds goes on to hold"
