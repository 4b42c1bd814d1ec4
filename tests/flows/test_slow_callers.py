"""Five hundred callers who hold connections and send next to nothing: all are cut, and a good one is served meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import chat, tree
from flow_process import KEY, RunningSimulator, serving, simulating, write_config
from worker_processes import ask

HEADER_MS = 3_000
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %b\r\n" % KEY.encode()
WAIT_S = 120.0

ATTACKS = {
    "headers that drip": (HEAD, b"x"),
    "a body that drips": (HEAD + b"content-length: 9999\r\n\r\n", b"x"),
    "chunks that drip": (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "nothing": (b"", b""),
    "half a request": (HEAD + b"content-length: 9999\r\n\r\n{", b""),
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as simulator:
        yield simulator


@pytest.mark.parametrize("count", [25, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
def test_all_of_them_are_cut_and_a_good_caller_is_served(
    tmp_path: Path, simulator: RunningSimulator, count: int
) -> None:
    limits = {"header_ms": HEADER_MS if count > 100 else 500}
    server = {"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "limits": limits}
    config = write_config(tmp_path, simulator, tree(server=server))
    with serving(config) as service:
        port = urlsplit(service.url).port
        assert port is not None

        async def attacked() -> tuple[list[bytes], Counter[int]]:
            kinds = list(ATTACKS.values())
            attackers = [asyncio.create_task(hold(port, *kinds[n % len(kinds)])) for n in range(count)]
            good: Counter[int] = Counter()
            while not all(each.done() for each in attackers):
                good[(await asyncio.to_thread(ask, service, chat("sim-echo"))).status] += 1
            return await asyncio.gather(*attackers), good

        ended, good = asyncio.run(attacked())
        shown = ask(service, None, path="/metrics").body.decode()
        assert service.stop() == 0

    told = Counter(said[:12] for said in ended)
    assert told == {b"HTTP/1.1 408": count * 4 // 5, b"": count // 5}
    assert set(good) == {200}
    assert good[200] > 0
    assert 'code="request_too_slow"' in shown


async def hold(port: int, sent: bytes, drop: bytes) -> bytes:
    """Keep a connection for as long as the server lets us, with a drop now and then; return what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    reading = asyncio.create_task(reader.read())
    async with asyncio.timeout(WAIT_S):
        while not reading.done():
            await asyncio.wait({reading}, timeout=0.2)
            writer.write(drop)
    writer.close()
    try:
        return await reading
    except ConnectionResetError:
        return b"RESET"
