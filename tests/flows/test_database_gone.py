"""The database goes away under load: what a process holds goes on, what it does not is refused at once, and nothing is lost."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crowd import Answered, Crowd, streamed
from flow_house import Tree, route, tree, use_case
from flow_process import KEY, RunningSimulator, Service, books, simulating, write_config
from gate import Gate, gate_before
from postgres_server import PostgresServer, running_postgres

STREAMS, CALLS = 100, 200
STREAM = "sim-paced:25:100"
"""2.5 s: it begins before the outage and ends in it."""
FRESH = "th-fresh-key-0123456789"
SOON_S = 1.0
"""For a whole call on a busy machine; tests/stores/test_signs_of_life.py has the lease alone, at 0.1 s."""

Outage = Callable[[PostgresServer, Gate], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Answers:
    streams: list[bytes]
    inside: list[Answered]
    outside: list[Answered]
    waited_s: list[float]


@asynccontextmanager
async def frozen(server: PostgresServer, gate: Gate) -> AsyncIterator[None]:
    """Every process of the server stands still."""
    postmaster = postmaster_of(server)
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def killed(server: PostgresServer, gate: Gate) -> AsyncIterator[None]:
    server.stop()
    try:
        yield
    finally:
        await asyncio.to_thread(start_again, server)


@asynccontextmanager
async def cut_off(server: PostgresServer, gate: Gate) -> AsyncIterator[None]:
    """Connections stand, and nothing comes through."""
    gate.close()
    try:
        yield
    finally:
        gate.open()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that keeps what it has committed also if it is killed."""
    with running_postgres() as server:
        server.stop()
        start_again(server)
        yield server


@pytest.mark.parametrize(
    "outage", [cut_off, pytest.param(frozen, marks=pytest.mark.slow), pytest.param(killed, marks=pytest.mark.slow)]
)
async def test_calls_go_on_inside_a_slice_and_nothing_is_lost(
    tmp_path: Path, server: PostgresServer, outage: Outage
) -> None:
    name = f"gone_{outage.__name__}"
    server.sql(f"CREATE DATABASE {name}")
    with simulating() as simulator:
        async with gate_before(f"http://127.0.0.1:{server.port}") as gate:
            database = f"postgresql://postgres:x@127.0.0.1:{gate.port}/{name}"
            config = write_config(tmp_path, simulator, settings(database))
            service = await asyncio.to_thread(Service, config)
            try:
                url = await asyncio.to_thread(lambda: service.url)
                answers = await through(outage(server, gate), url)
                assert await asyncio.to_thread(service.stop) == 0, service.said
            finally:
                service.kill()

        assert all(stream.endswith(b"data: [DONE]\n\n") for stream in answers.streams)
        assert {answer.status for answer in answers.inside} == {200}
        assert {(answer.status, answer.code) for answer in answers.outside} == {(503, "overloaded")}
        assert max(answers.waited_s) < SOON_S, answers.waited_s
        await compare(simulator, server.url(name), tmp_path)


async def through(outage: AbstractAsyncContextManager[None], url: str) -> Answers:
    """Streams begin; the database goes; calls that fit, and calls that do not; it comes back."""
    crowd = await Crowd.at([url], 1)
    assert (await crowd.ask_one(0, chat("sim-long:4000", 4_096), bearer(KEY))).status == 200  # a slice of 50 such calls
    begun = asyncio.Semaphore(0)
    streams = [asyncio.create_task(streamed(url, stream(n), bearer(KEY), begun.release)) for n in range(STREAMS)]
    for _ in streams:
        await begun.acquire()
    inside, outside, waited_s = [], [], []
    async with outage:
        for number in range(CALLS):
            inside.append(await crowd.ask_one(0, chat(f"sim-echo@{number}", 8), bearer(KEY)))
            if number % 20 == 0:
                began = time.monotonic()
                outside.append(await crowd.ask_one(0, chat("sim-echo@never", 8), bearer(FRESH)))
                waited_s.append(time.monotonic() - began)
        ended = await asyncio.gather(*streams)
    async with asyncio.timeout(30):
        while (await crowd.ask_one(0, chat("sim-echo@after", 8), bearer(FRESH))).status != 200:
            await asyncio.sleep(0.1)
    await crowd.close()
    return Answers(ended, inside, outside, waited_s)


async def compare(simulator: RunningSimulator, database: str, folder: Path) -> None:
    calls, budgets = await asyncio.to_thread(books, database, folder / "data")
    billed = {line.model: line.nano_usd for line in await asyncio.to_thread(simulator.bill)}
    booked = {call.model: call.cost_nanousd for call in calls if call.attempts and call.cost_nanousd}
    assert booked == billed
    assert len(billed) == STREAMS + CALLS + 2
    total = sum(billed.values())
    assert {s.spent_nanousd for s in budgets if s.scope.kind == "organisation"} == {total}
    assert {s.leased_nanousd for s in budgets} == {0}


# --- words ------------------------------------------------------------------------------------------------------------


def settings(database: str) -> Tree:
    budget = {"limit_usd": "500", "period": "total"}
    keys: list[Mapping[str, object]] = [
        {"name": name, "team": "tests", "use_cases": ["tests"], "secret": secret, "budget": budget}
        for name, secret in (("tests", "<api_key>"), ("fresh", FRESH))
    ]
    return tree(
        storage={"path": "<folder>/data", "database": database},
        organisation={"budget": budget},
        models={"*": route("*", retries=0)},
        use_cases={"tests": use_case()},
        keys=keys,
    )


def chat(model: str, tokens: int) -> Tree:
    return {"model": model, "messages": [{"role": "user", "content": "go"}], "max_completion_tokens": tokens}


def stream(number: int) -> Tree:
    return {**chat(f"{STREAM}@{number}", 120), "stream": True}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def postmaster_of(server: PostgresServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def start_again(server: PostgresServer) -> None:
    options = f"-h 127.0.0.1 -p {server.port} -k {server.folder} -F"
    server._command("pg_ctl", "-w", "-l", str(server.data / "log"), "-o", options, "start")
