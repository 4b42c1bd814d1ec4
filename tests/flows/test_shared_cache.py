"""Two houses with one Valkey: what one was answered the other has too, and losing the Valkey loses no call."""

from collections.abc import Iterator

import pytest

from flow_house import Tree, chat, eventually, get, post, route, running, sent_bodies, tree, use_case
from tollhouse.testing.house import TestHouse
from valkey_server import Valkey, running_valkey

CACHED: Tree = {"tests": use_case(cache={"exact": True})}


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


def settings(valkey: Valkey, provider: str = "<simulator>") -> Tree:
    return tree(
        storage={"path": "<folder>/data", "redis": valkey.url},
        providers={"simulator": {"dialect": "openai", "base_url": provider, "api_key": "sk-simulator-0123"}},
        models={"*": route("*")},
        use_cases=CACHED,
    )


def cached(house: TestHouse, body: Tree) -> str:
    answer = post(house, body)
    assert answer.status == 200, answer.body
    return answer.headers["x-tollhouse-cache"]


def cache_check(house: TestHouse) -> dict[str, object]:
    answer = get(house, "/readyz")
    assert answer.status == 200, "the cache never makes a process unready"
    checks = answer.json()["checks"]
    assert isinstance(checks, list)
    found: dict[str, object] = next(check for check in checks if check["name"] == "cache")
    return found


def test_what_one_was_answered_the_other_has_and_losing_the_valkey_loses_no_call(valkey: Valkey) -> None:
    with running(settings(valkey)) as here, running(settings(valkey, here.simulator.base_url)) as there:
        assert cached(here, chat("sim-echo@shared")) == "miss"
        eventually(lambda: bool(valkey.command("KEYS", "tollhouse:cache:*")))

        assert cached(there, chat("sim-echo@shared")) == "exact"
        assert len(sent_bodies(here, "sim-echo@shared")) == 1
        assert cache_check(there)["ok"] is True

        valkey.kill()
        assert cached(there, chat("sim-echo@shared")) == "exact", "what is near stays"
        assert [cached(there, chat("sim-echo@alone")) for _ in range(2)] == ["miss", "exact"]
        assert cache_check(there)["ok"] is False
