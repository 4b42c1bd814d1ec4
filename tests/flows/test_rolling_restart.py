"""Replicas and workers that are restarted one after the other: no stream is cut, and nobody finds the door shut."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import WAIT_S, Tree, chat, eventually, route, tree
from flow_process import KEY, RunningSimulator, Service, books, serving, simulating, write_config
from worker_processes import processes_that_answer, until_replaced, workers_of

EVENT_MS = 40


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as simulator:
        yield simulator


def settings(**server: object) -> Tree:
    """The retry budget and breaker of a provider are not what is looked at here."""
    told = {"listen": "127.0.0.1:0", "drain_ms": 60_000, **server}
    return tree(server=told, models={"*": route("*", timeouts={"connect_ms": 30_000, "pool_ms": 30_000})})


@pytest.mark.parametrize(
    ("count", "events"), [(20, 50), pytest.param(200, 500, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_two_replicas_one_after_the_other_cut_no_stream_and_cancel_nothing(
    tmp_path: Path, simulator: RunningSimulator, count: int, events: int
) -> None:
    config = write_config(tmp_path, simulator, settings())
    with ExitStack() as exits:
        first, second, third, fourth = [exits.enter_context(serving(config)) for _ in range(4)]
        assert all(service.url for service in (first, second, third, fourth))

        async def restarted() -> tuple[list[bytes], Counter[int]]:
            streams = [asyncio.create_task(streamed((first, second)[n % 2], n, events)) for n in range(count)]
            await asyncio.to_thread(eventually, lambda: len(simulator.requests()) == count)
            over = asyncio.Event()
            calls = [asyncio.create_task(calling(them, over)) for them in ([first, third], [second, fourth])]
            for old in (first, second):  # a new one is ready: the old one may go
                old.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.3)
            bodies = await asyncio.gather(*streams)
            over.set()
            return bodies, sum(await asyncio.gather(*calls), Counter())

        bodies, statuses = asyncio.run(restarted())
        assert (first.wait(), second.wait()) == (0, 0), first.said + second.said

    assert all(body.endswith(b"data: [DONE]\n\n") for body in bodies)
    assert {body.count(b"data: ") for body in bodies} == {bodies[0].count(b"data: ")}
    assert set(statuses) == {200}
    bill = simulator.bill()
    assert [line for line in bill if not line.delivered] == [], "an upstream request was cancelled"
    assert len(bill) == count + statuses[200]
    calls, _ = books(None, tmp_path / "data")
    assert {(call.status, call.outcome) for call in calls} == {(200, "ok")}


@pytest.mark.slow
def test_workers_one_after_the_other_leave_nobody_at_a_shut_door(tmp_path: Path, simulator: RunningSimulator) -> None:
    config = write_config(tmp_path, simulator, settings(workers=2))
    with serving(config) as service:
        assert service.url

        async def restarted() -> tuple[list[bytes], Counter[int]]:
            streams = [asyncio.create_task(streamed(service, n, 30)) for n in range(6)]
            await asyncio.to_thread(eventually, lambda: len(simulator.requests()) == 6)
            over = asyncio.Event()
            calls = asyncio.create_task(calling([service], over))
            for pid in await asyncio.to_thread(workers_of, service):
                os.kill(pid, signal.SIGTERM)
                await asyncio.to_thread(until_replaced, service, pid, 2)
            over.set()
            return await asyncio.gather(*streams), await calls

        bodies, statuses = asyncio.run(restarted())
        assert len(processes_that_answer(service)) == 2
        assert service.stop() == 0, service.said

    assert all(body.endswith(b"data: [DONE]\n\n") for body in bodies)
    assert set(statuses) == {200}, "a connection that was accepted is served, and no other is refused"
    assert [line for line in simulator.bill() if not line.delivered] == []


async def streamed(service: Service, number: int, events: int) -> bytes:
    """Return the whole of a stream that takes its time."""
    status, body = await request(service, chat(f"sim-paced:{EVENT_MS}:{events}@{number}", stream=True))
    assert status == 200, body
    return body


async def calling(replicas: Sequence[Service], over: asyncio.Event) -> Counter[int]:
    """Call again and again over new connections, as through a balancer; return what came of it."""
    statuses: Counter[int] = Counter()
    while not over.is_set():
        statuses[await balanced(list(replicas))] += 1
    return statuses


async def balanced(replicas: Sequence[Service]) -> int:
    """A balancer's request: whoever refuses the connection is passed over. Nothing else is tried again."""
    for service in replicas:
        try:
            return (await request(service, chat("sim-echo")))[0]
        except ConnectionRefusedError:
            continue
    return 0


async def request(service: Service, body: Tree) -> tuple[int, bytes]:
    """One request over a connection of its own, read to the end of the connection, chunks undone."""
    parts, sent = urlsplit(service.url), json.dumps(body).encode()
    async with asyncio.timeout(10 * WAIT_S):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: %b\r\nauthorization: Bearer %b\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%b" % (parts.netloc.encode(), KEY.encode(), len(sent), sent)
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            rest = await reader.read()
        finally:
            writer.close()
    is_chunked = b"transfer-encoding: chunked" in head.lower()
    return int(head.split()[1]), b"".join(_chunks(rest)) if is_chunked else rest


def _chunks(rest: bytes) -> Iterator[bytes]:
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        yield rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
