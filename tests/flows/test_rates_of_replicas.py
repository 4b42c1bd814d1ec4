"""Rates end to end: several houses on one database, with and without a Redis, and what their answers tell."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep

import pytest

from flow_house import Answer, Tree, chat, get, post, running, tree, use_case
from tollhouse.testing.house import TestHouse
from valkey_server import Valkey, running_valkey

NewPostgres = Callable[[], str]

WAIT_S = 20.0
REQUESTS = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")


def test_the_tightest_rate_on_the_path_refuses_and_is_what_answers_tell() -> None:
    settings = tree(
        teams={"tests": {"rate": {"requests_per_minute": 50}}},
        use_cases={"tests": use_case(rate={"tokens_per_minute": 100_000, "concurrency": 5})},
    )
    settings["keys"][0]["rate"] = {"requests_per_minute": 2}  # type: ignore[index]

    with running(settings) as house:
        answers = [post(house, chat("sim-echo", max_tokens=10)) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers[REQUESTS[0]] for answer in answers] == ["2", "2", "2"]
    assert [answer.headers[REQUESTS[1]] for answer in answers] == ["1", "0", "0"]
    refused = answers[-1]
    assert refused.code == "rate_limit_exceeded"
    assert "Key tests may use 2 requests per minute" in str(refused.json()["detail"])
    assert 29_000 <= int(refused.headers["retry-after-ms"]) <= 30_001
    assert refused.headers["retry-after"] in ("29", "30", "31")
    assert int(refused.headers["x-ratelimit-limit-tokens"]) == 100_000


def test_tokens_left_are_those_that_were_not_used() -> None:
    with running(tree(use_cases={"tests": use_case(rate={"tokens_per_minute": 10_000})})) as house:
        answer = post(house, chat("sim-echo", max_tokens=5_000))
        usage = answer.json()["usage"]
        assert isinstance(usage, dict)
        left = int(get_left(post(house, chat("sim-echo", max_tokens=1))))

    assert 10_000 - 2 * usage["total_tokens"] - 50 <= left + 5_000 <= 15_000
    assert left > 9_000 - usage["total_tokens"]


def get_left(answer: Answer) -> str:
    return answer.headers["x-ratelimit-remaining-tokens"]


def test_houses_without_redis_each_have_their_share(new_postgres: NewPostgres) -> None:
    with houses(2, storage={"path": "<folder>/data", "database": new_postgres()}) as started:
        until(lambda: [replicas(house) for house in started] == ["2", "2"])

        assert passed(started[0], 10) == 5
        assert passed(started[1], 10) == 5


def test_houses_share_a_rate_through_redis_and_their_share_is_what_is_left_without_it(
    new_postgres: NewPostgres, valkey: Valkey
) -> None:
    storage: Tree = {"path": "<folder>/data", "database": new_postgres(), "redis": valkey.url}
    with houses(2, storage=storage) as started:
        until(lambda: all(rates(house) == (True, "shared by 2 through Redis") for house in started))

        first = post(started[0], chat("sim-echo"))
        assert first.headers["x-ratelimit-limit-requests"] == "10"
        assert passed(started[0], 7) == 7, rates(started[0])
        assert passed(started[1], 20) == 2
        assert post(started[0], chat("sim-echo")).status == 429

        valkey.kill()
        until(lambda: all(not rates(house)[0] for house in started))
        assert "a share of 1 in 2" in rates(started[0])[1]
        assert get(started[0], "/readyz").status == 200
        refused = post(started[1], chat("sim-echo"))
        assert (refused.status, refused.headers["x-ratelimit-limit-requests"]) == (429, "5")

        valkey.restart()
        until(lambda: all(rates(house)[0] for house in started))
        assert post(started[0], chat("sim-echo")).headers["x-ratelimit-limit-requests"] == "10"


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@contextmanager
def houses(count: int, *, storage: Tree) -> Iterator[Sequence[TestHouse]]:
    """Replicas of one house, with a rate of ten requests per minute."""
    settings = tree(storage=storage, use_cases={"tests": use_case(rate={"requests_per_minute": 10})})
    with ExitStack() as exits:
        yield [exits.enter_context(running(settings)) for _ in range(count)]


def passed(house: TestHouse, calls: int) -> int:
    with ThreadPoolExecutor(calls) as pool:
        return [a.status for a in pool.map(lambda _: post(house, chat("sim-echo")), range(calls))].count(200)


def rates(house: TestHouse) -> tuple[bool, str]:
    checks = get(house, "/readyz").json()["checks"]
    assert isinstance(checks, list)
    found = next(check for check in checks if check["name"] == "rates")
    return found["ok"], found["detail"]


def replicas(house: TestHouse) -> str:
    return rates(house)[1].removeprefix("this process has a share of 1 in ")


def until(holds: Callable[[], bool]) -> None:
    began = monotonic()
    while not holds():
        assert monotonic() - began < WAIT_S, "it never came to that"
        sleep(0.05)
