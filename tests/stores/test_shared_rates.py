"""Several processes on one rate in a real Valkey: never more than the limit, and what happens while it is away."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from rater import Told
from tollhouse.domain.errors import StartError, StoreUnavailable
from tollhouse.ports.shared_rates import PLACES_EXPIRE_MS, BucketAsk, Exchanged, PlacesAsk
from tollhouse.stores.redis import open_shared_rates
from valkey_server import Valkey, running_valkey

HERE = Path(__file__).parent
REPLICAS = 3
LIMIT, WINDOW_S = 600, 5.0
WAIT_S = 15.0
"""Far beyond any limit in the code: a loaded machine must not fail a test."""


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


class Replica:
    def __init__(self, process: Process) -> None:
        self.process = process

    async def do(self, what: str, *arguments: float) -> Told:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([what, *arguments]).encode() + b"\n")
        told: Told = json.loads(await asyncio.wait_for(self.process.stdout.readline(), WAIT_S))
        return told

    async def count(self, what: str, *arguments: float) -> int:
        (figure,) = (await self.do(what, *arguments)).values()
        assert isinstance(figure, int)
        return figure

    async def until_shared(self, *, shared: bool = True) -> float:
        """Return how long it took."""
        began = monotonic()
        while (await self.do("state"))["shared"] is not shared:
            assert monotonic() - began < WAIT_S, await self.do("state")
            await asyncio.sleep(0.02)
        return monotonic() - began


@asynccontextmanager
async def replicas(valkey: Valkey, **limits: int) -> AsyncIterator[list[Replica]]:
    started = [await _start(valkey.url, rank, limits) for rank in range(REPLICAS)]
    try:
        for replica in started:
            await replica.until_shared()
        yield started
    finally:
        for replica in started:
            if replica.process.returncode is None:
                replica.process.kill()
            await replica.process.wait()


async def together(started: list[Replica], what: str, *arguments: float) -> list[int]:
    return await asyncio.gather(*(replica.count(what, *arguments) for replica in started))


# --- while it is there ----------------------------------------------------------------------------------------------


async def test_replicas_at_full_speed_share_one_limit_and_use_it_up(valkey: Valkey) -> None:
    async with replicas(valkey, requests_per_minute=LIMIT) as started:
        began = monotonic()
        first = sum(await together(started, "crowd", 1.0))
        then = sum(await together(started, "crowd", 2.0))

        assert first + then <= LIMIT * (1 + (monotonic() - began) / WINDOW_S)
    assert then >= 0.95 * LIMIT * 2.0 / WINDOW_S


async def test_a_burst_over_all_replicas_gets_exactly_the_limit(valkey: Valkey) -> None:
    async with replicas(valkey, requests_per_minute=60) as started:
        began = monotonic()

        admitted = sum(await together(started, "burst", 50))

        assert 60 <= admitted <= 60 * (1 + (monotonic() - began) / WINDOW_S)


async def test_tokens_that_were_not_used_come_back_for_all(valkey: Valkey) -> None:
    async with replicas(valkey, tokens_per_minute=1000) as started:
        began = monotonic()

        admitted = sum(await together(started, "crowd", 1.0))

    assert admitted <= 1000 * (1 + (monotonic() - began) / WINDOW_S)
    assert admitted >= 900, "each asked for 10 and used 1"


async def test_what_is_told_is_as_many_calls_as_pass(valkey: Valkey) -> None:
    async with replicas(valkey, requests_per_minute=5) as started:
        one, other = started[0], started[1]
        assert await one.count("burst", 2) == 2
        await asyncio.sleep(0)
        told = (await one.do("state"))["told"]
        assert isinstance(told, dict)
        limit, remaining, _ = told["requests"]

        assert limit == 5
        assert await other.count("burst", 50) in (remaining, remaining + 1)


async def test_places_are_shared_and_a_killed_process_leaves_its_own(valkey: Valkey) -> None:
    async with replicas(valkey, concurrency=6) as started:
        began = monotonic()
        while await started[0].count("hold", 1) < 4:
            assert monotonic() - began < WAIT_S, "until all are heard, it has its part only"
            await asyncio.sleep(0.05)
        held = [4, *[await replica.count("hold", 4) for replica in started[1:]]]
        assert sum(held) == 6

        started[0].process.kill()
        await started[0].process.wait()
        began = monotonic()
        while sum(held := [await replica.count("hold", 1) for replica in started[1:]]) < 4:
            assert monotonic() - began < PLACES_EXPIRE_MS / 1000 + WAIT_S
            await asyncio.sleep(0.1)

        assert monotonic() - began >= PLACES_EXPIRE_MS / 1000 - 1.5, "they are held until it counts as dead"
        assert sum([await replica.count("release") for replica in started[1:]]) == 0


# --- while it is away -----------------------------------------------------------------------------------------------


async def _frozen(valkey: Valkey) -> Callable[[], None]:
    valkey.freeze()
    return valkey.thaw


async def _killed(valkey: Valkey) -> Callable[[], None]:
    valkey.kill()
    return valkey.restart


async def _read_only(valkey: Valkey) -> Callable[[], None]:
    valkey.command("REPLICAOF", "127.0.0.1", "1")

    def promote() -> None:
        valkey.command("REPLICAOF", "NO", "ONE")

    return promote


async def _flushed(valkey: Valkey) -> Callable[[], None]:
    valkey.command("FLUSHALL")
    return lambda: None


OUTAGES = (_frozen, _killed, _read_only, _flushed)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__.strip("_"))
async def test_an_outage_under_load_lets_no_more_in_than_the_limit(
    valkey: Valkey, outage: Callable[[Valkey], Awaitable[Callable[[], None]]]
) -> None:
    async with replicas(valkey, requests_per_minute=LIMIT) as started:
        began = monotonic()
        crowd = asyncio.create_task(together(started, "crowd", 4.0))
        await asyncio.sleep(1.0)
        back = await outage(valkey)
        await asyncio.sleep(1.2)
        await asyncio.to_thread(back)
        admitted = sum(await crowd)
        took_s = monotonic() - began

        assert admitted <= LIMIT * (1 + took_s / WINDOW_S) * 1.02
        assert admitted >= LIMIT * (1 + 4.0 / WINDOW_S) * 0.75, "calls went on all the time"
        for replica in started:
            await replica.until_shared()


async def test_without_it_each_replica_has_its_share_at_once_and_the_whole_comes_back(valkey: Valkey) -> None:
    async with replicas(valkey, requests_per_minute=61) as started:
        valkey.kill()
        began = monotonic()

        admitted = await together(started, "burst", 50)

        assert [(await replica.do("state"))["shared"] for replica in started] == [False] * REPLICAS
        took_s = monotonic() - began
        for count, share in zip(admitted, (21, 20, 20), strict=True):
            assert share <= count <= share * (1 + took_s / WINDOW_S) + 1
        await asyncio.to_thread(valkey.restart)
        for replica in started:
            await replica.until_shared()
        limit = [(await replica.do("state"))["told"] for replica in started]
        assert [told["requests"][0] for told in limit if isinstance(told, dict)] == [61, 61, 61]


async def test_places_without_it_are_a_share_and_what_ran_still_counts_when_it_is_back(valkey: Valkey) -> None:
    async with replicas(valkey, concurrency=6) as started:
        valkey.kill()
        assert [await replica.count("hold", 4) for replica in started] == [2, 2, 2]

        await asyncio.to_thread(valkey.restart)
        for replica in started:
            await replica.until_shared()

        assert [await replica.count("hold", 4) for replica in started] == [2, 2, 2]
        await started[0].do("release")
        began = monotonic()
        while await started[1].count("hold", 4) < 4:
            assert monotonic() - began < WAIT_S
            await asyncio.sleep(0.05)


# --- one exchange ---------------------------------------------------------------------------------------------------


async def test_a_bucket_unknown_there_holds_what_the_asker_says(valkey: Valkey) -> None:
    async with _open(valkey) as exchange:
        got = (await exchange(BucketAsk("b", 100, 60_000_000, seed=40, least=1, needed=30, most=30))).buckets[0]

        assert (got.granted, got.left) == (30, 10)
        got = (await exchange(BucketAsk("b", 100, 60_000_000, seed=100, least=11, needed=11, most=11))).buckets[0]
        assert (got.granted, got.left) == (0, 10)
        got = (await exchange(BucketAsk("b", 100, 60_000_000, seed=100, change=500))).buckets[0]
        assert (got.granted, got.left) == (0, 100)
        got = (await exchange(BucketAsk("b", 50, 60_000_000, seed=0))).buckets[0]
        assert got.left == 50, "another limit, the same part of it"


async def test_what_only_some_are_heard_of_is_handed_out_in_part(valkey: Valkey) -> None:
    async with _open(valkey, present=4) as exchange:
        places = PlacesAsk("p", limit=8, running=0, needed=8, most=8)

        assert (await exchange(places=places)).places[0].granted == 2


@asynccontextmanager
async def _open(valkey: Valkey, present: int = 1) -> AsyncIterator[Callable[..., Awaitable[Exchanged]]]:
    shared = open_shared_rates(valkey.url)

    async def exchange(bucket: BucketAsk | None = None, places: PlacesAsk | None = None) -> Exchanged:
        return await shared.exchange("me", present, [bucket] if bucket else [], [places] if places else [])

    while not (await exchange()).is_open:
        await asyncio.sleep(0.02)
    yield exchange
    await shared.close()


async def test_nobody_there_is_said_without_its_address() -> None:
    shared = open_shared_rates("redis://someone:hunter2@127.0.0.1:1/0")

    with pytest.raises(StoreUnavailable) as refused:
        await shared.exchange("me", 1, [], [])

    assert refused.value.message == "Redis does not answer: it cannot be reached."
    await shared.close()


async def test_a_read_only_replica_does_not_serve(valkey: Valkey) -> None:
    valkey.command("REPLICAOF", "127.0.0.1", "1")
    shared = open_shared_rates(valkey.url)

    for asking in (shared.prove(), shared.exchange("me", 1, [], [])):
        with pytest.raises(StoreUnavailable, match="read-only"):
            await asking

    await shared.close()


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(StartError, match=r"`storage.redis` is not an address") as refused:
        open_shared_rates("http://me:hunter2@x")

    assert "hunter2" not in refused.value.message


async def test_without_the_extra_the_operator_is_told_what_to_install() -> None:
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "from tollhouse.domain.errors import StartError\n"
        "from tollhouse.stores.redis import open_shared_rates\n"
        "try: open_shared_rates('redis://127.0.0.1')\n"
        "except StartError as error: print(error.message)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)

    out, _ = await process.communicate()

    assert b"pip install 'tollhouse[redis]'" in out


async def _start(url: str, rank: int, limits: dict[str, int]) -> Replica:
    arguments = json.dumps([url, f"proc_{rank}", rank, REPLICAS, WINDOW_S, limits])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "rater.py"),
        arguments,
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return Replica(process)
