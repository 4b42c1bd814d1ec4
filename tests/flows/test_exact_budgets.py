"""A budget for exactly fifty calls lets exactly fifty in, whoever asks at once, of one process or of three."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crowd import Crowd
from flow_house import Tree, read, route, sending, tree, use_case
from flow_process import KEY, RunningSimulator, serving, simulating, write_config
from gate import Gate, gate_before
from tollhouse.domain.money import usd_from_nano
from tollhouse.ports.ledger import BudgetState
from tollhouse.stores import Stores, open_stores

CALLERS, ADMITTED = 200, 50
OUTPUT_TOKENS, USED_TOKENS = 8, 6
TOKEN_NANO = 2_000
WORST, COST = OUTPUT_TOKENS * TOKEN_NANO, USED_TOKENS * TOKEN_NANO
"""The input is free here, so that a call's worst case is its output limit, and each call's is the same."""
PRICE = {"input_per_million": "0", "cached_input_per_million": "0", "output_per_million": "2.00"}
BODY: Mapping[str, object] = {
    "model": f"sim-long:{USED_TOKENS}",
    "messages": [{"role": "user", "content": "go"}],
    "max_completion_tokens": OUTPUT_TOKENS,
}
SHOP = "https://shop.example"
WITHIN_S = 20.0
HUNDRED = pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(900)])
FEW = 4
EIGHT, THREE = 8, 3
NO_SLICE = (503, "overloaded")
"""What a call gets for whose slice a starved database had no answer in 100 ms: it is refused, so nothing is overspent."""
REFUSALS = {(429, "budget_exceeded"), NO_SLICE}


@dataclass(frozen=True, slots=True)
class Field:
    """Where the rounds take place."""

    urls: Sequence[str]
    gate: Gate
    stores: Stores

    async def idle(self, kind: str = "key") -> dict[str, BudgetState]:
        """Wait until nothing is held of any budget of this kind."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                every = await self.stores.ledger.budgets()
                found = {state.scope.name: state for state in every if state.scope.kind == kind}
                if not any(state.leased_nanousd for state in found.values()):
                    return found
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("rounds", [HUNDRED])
async def test_one_process_on_sqlite(tmp_path: Path, rounds: int) -> None:
    async with field(tmp_path, rounds=rounds) as where:
        await fifty_of_two_hundred(where, rounds)


@pytest.mark.parametrize("rounds", [FEW, HUNDRED])
async def test_three_workers_on_sqlite(tmp_path: Path, rounds: int) -> None:
    async with field(tmp_path, rounds=rounds, workers=3) as where:
        await fifty_of_two_hundred(where, rounds)


@pytest.mark.parametrize("rounds", [HUNDRED])
async def test_one_process_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str], rounds: int) -> None:
    async with field(tmp_path, rounds=rounds, database=new_postgres()) as where:
        await fifty_of_two_hundred(where, rounds)


@pytest.mark.parametrize("rounds", [FEW, HUNDRED])
async def test_three_replicas_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str], rounds: int) -> None:
    async with field(tmp_path, rounds=rounds, database=new_postgres(), replicas=3) as where:
        await fifty_of_two_hundred(where, rounds)


async def test_a_new_end_customers_first_eight_calls_on_a_budget_for_three(tmp_path: Path) -> None:
    admitted = []
    async with field(tmp_path, rounds=0, workers=3) as where:
        for _ in range(5):
            token = await asyncio.to_thread(session_token, where.urls[0], THREE * WORST)
            admitted.append(await released_together(where, token, EIGHT, THREE, {"origin": SHOP}))

        sessions = (await where.idle("session")).values()
        assert sorted(state.spent_nanousd for state in sessions) == sorted(COST * number for number in admitted)


# --- the rounds -----------------------------------------------------------------------------------------------------


async def fifty_of_two_hundred(where: Field, rounds: int) -> None:
    """Each round has a key that has called before, or one that nobody has seen."""
    crowd = await Crowd.at(where.urls, len(where.urls))
    for key in keys(rounds):
        if key["name"].startswith("known"):
            answer = await crowd.ask_one(0, BODY, bearer(key["secret"]))
            assert answer.status == 200, answer
    await crowd.close()
    await where.idle()

    admitted = {key["name"]: await released_together(where, key["secret"], CALLERS, ADMITTED) for key in keys(rounds)}

    at_rest = await where.idle()
    for name, number in admitted.items():
        assert at_rest[name].spent_nanousd == number * COST + spent_before(name)
    await spend_the_rest(where, keys(FEW), at_rest)


async def released_together(
    where: Field, secret: str, callers: int, admitted: int, headers: Mapping[str, str] | None = None
) -> int:
    """
    Return how many were admitted. No call ends before all are decided: those admitted wait at the gate.

    Whom a starved database kept waiting is refused, and what was leased for that call stays at its process, so that
    another may be refused for it: one less for each, never one more.
    """
    crowd = await Crowd.at(where.urls, callers)
    where.gate.close()
    asked = crowd.ask(BODY, {**bearer(secret), **(headers or {})})
    async with asyncio.timeout(WITHIN_S):
        while where.gate.waiting + sum(task.done() for task in asked) < callers:
            await asyncio.sleep(0.005)
    refused = [task.result() for task in asked if task.done()]
    where.gate.open()
    answers = await asyncio.gather(*asked)
    await crowd.close()

    unanswered = sum((answer.status, answer.code) == NO_SLICE for answer in refused)
    assert admitted - unanswered <= where.gate.waiting <= admitted
    assert len(refused) == callers - where.gate.waiting
    assert (429, "budget_exceeded") in {(answer.status, answer.code) for answer in refused} <= REFUSALS
    assert sum(answer.status == 200 for answer in answers) == where.gate.waiting
    return where.gate.waiting


async def spend_the_rest(where: Field, some: Sequence[Mapping[str, str]], spent: Mapping[str, BudgetState]) -> None:
    """What the fifty did not use is there for others: a refusal is right only if too little is left, nothing held."""
    crowd = await Crowd.at(where.urls, len(where.urls))
    left = {key["name"]: limit_of(key["name"]) - spent[key["name"]].spent_nanousd for key in some}
    while left:
        for number, name in enumerate(list(left)):
            secret = next(key["secret"] for key in some if key["name"] == name)
            while (answer := await crowd.ask_one(number, BODY, bearer(secret))).code != "budget_exceeded":
                assert answer.status == 200 or (answer.status, answer.code) == NO_SLICE, answer
                left[name] -= COST if answer.status == 200 else 0
                number += 1  # noqa: PLW2901 - the next process
        at_rest = await where.idle()
        for name in list(left):
            assert at_rest[name].spent_nanousd == limit_of(name) - left[name] <= limit_of(name)
            if left[name] < WORST:
                del left[name]
    await crowd.close()


def session_token(url: str, budget_nanousd: int) -> str:
    wish: Tree = {"use_case": "tests", "origins": [SHOP], "budget_usd": usd_from_nano(budget_nanousd)}
    with sending(url, wish, path="/api/v1/session-tokens", headers=bearer(KEY)) as response:
        answer = read(response)
    assert answer.status == 201, answer.body
    return str(answer.json()["token"])


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


# --- the field ------------------------------------------------------------------------------------------------------


def keys(rounds: int) -> list[dict[str, str]]:
    names = [f"{'new' if number % 2 else 'known'}-{number}" for number in range(rounds)]
    return [{"name": name, "secret": f"th-{name}-0123456789abcdef"} for name in names]


def limit_of(name: str) -> int:
    """A known key has made one call before."""
    return ADMITTED * WORST + spent_before(name)


def spent_before(name: str) -> int:
    return COST if name.startswith("known") else 0


@asynccontextmanager
async def field(
    folder: Path, *, rounds: int, database: str | None = None, workers: int = 1, replicas: int = 1
) -> AsyncIterator[Field]:
    with simulating() as simulator:
        async with gate_before(simulator.base_url) as gate:
            settings = config(gate, rounds, database, workers)
            with started(folder, simulator, settings, replicas) as urls:
                stores = await open_stores(database, folder / "0" / "data")
                yield Field(urls, gate, stores)
                await stores.close()


@contextmanager
def started(folder: Path, simulator: RunningSimulator, settings: Tree, replicas: int) -> Iterator[list[str]]:
    """Each replica has a data folder of its own, as on a machine of its own."""
    homes = [folder / str(number) for number in range(replicas)]
    for home in homes:
        home.mkdir()
    with ExitStack() as running:
        services = [running.enter_context(serving(write_config(home, simulator, settings))) for home in homes]
        yield [service.url for service in services]


def config(gate: Gate, rounds: int, database: str | None, workers: int) -> Tree:
    large = {"budget": {"limit_usd": "500", "period": "month"}}
    with_budgets = [
        {**key, "team": "tests", "use_cases": ["tests"], "budget": budget(limit_of(key["name"]))}
        for key in keys(rounds)
    ]
    free = {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>"}
    return tree(
        server={"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": 1000, "workers": workers},
        storage={"path": "<folder>/data", "database": database},
        organisation=large,
        teams={"tests": large},
        providers={"simulator": {"dialect": "openai", "base_url": gate.base_url, "api_key": "sk-simulator-0123"}},
        models={"*": {**route("*"), "price": PRICE, "retries": 0}},
        use_cases={"tests": use_case(origins=[SHOP], budget=large["budget"])},
        keys=[*with_budgets, free],
    )


def budget(nanousd: int) -> Tree:
    return {"limit_usd": usd_from_nano(nanousd), "period": "total"}
