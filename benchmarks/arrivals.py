"""
Callers that come when they come, whether the ones before them are served or not.

`python -m benchmarks.arrivals PORT '{"key": "…", "model": "fast", "stream": false, "phases": [[200, 20], [1000, 60]]}'`
calls at each phase's rate (a second) for its time (seconds), one connection a call, and prints one JSON line: for every
second of arrival how many calls came, what became of them by status (`cut`: no complete answer), the slowest in ms; the
moments a chunk was on its way, as percentiles in ms. `leave`: this share of callers hangs up after the first chunk.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from typing import cast

import httptools
import uvloop

from .load import request_of

AT = re.compile(rb"at (\d+) ")
LEAVES_AFTER_CHUNKS = 2
PATIENCE_S = 120.0
SEED = 20261124


class Second:
    """Calls that came in one second."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.slowest_s = 0.0


class Records:
    def __init__(self) -> None:
        self.seconds: list[Second] = []
        self.under_way_ns: list[int] = []
        self.most_at_once = 0
        self.at_once = 0


class Caller(asyncio.Protocol):
    """One call."""

    def __init__(self, request: bytes, records: Records, *, leaves: bool) -> None:
        self.done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._request = request
        self._records = records
        self._leaves = leaves
        self._chunks = 0
        self._tail = b""
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._records.at_once += 1
        self._records.most_at_once = max(self._records.most_at_once, self._records.at_once)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        for sent in AT.findall(data):
            self._chunks += 1
            self._records.under_way_ns.append(now - int(sent))
        self._parser.feed_data(data)
        if self._leaves and self._chunks >= LEAVES_AFTER_CHUNKS and not self.done.done():
            self.done.set_result("left")
            self._transport.close()

    def on_body(self, body: bytes) -> None:
        self._tail = (self._tail + body)[-64:]

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        whole = status != 200 or self._tail.endswith(b"}") or b"[DONE]" in self._tail
        if not self.done.done():
            self.done.set_result(str(status) if whole else "cut")
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._records.at_once -= 1
        if not self.done.done():
            self.done.set_result("cut")


async def call(port: int, request: bytes, second: Second, records: Records, *, leaves: bool) -> None:
    began_s = time.monotonic()
    try:
        _, caller = await asyncio.get_running_loop().create_connection(
            lambda: Caller(request, records, leaves=leaves), "127.0.0.1", port
        )
        async with asyncio.timeout(PATIENCE_S):
            status = await caller.done
    except (OSError, TimeoutError) as error:
        status = type(error).__name__
    second.statuses[status] += 1
    second.slowest_s = max(second.slowest_s, time.monotonic() - began_s)


async def run(port: int, order: dict[str, object]) -> dict[str, object]:
    request, records, chance = request_of(order), Records(), random.Random(SEED)
    phases = order["phases"]
    assert isinstance(phases, list)
    leave = float(str(order.get("leave", 0)))
    async with asyncio.TaskGroup() as group:
        due_s = time.monotonic()
        for rate, seconds in phases:
            for _ in range(round(seconds)):
                second = Second()
                records.seconds.append(second)
                for _ in range(round(rate)):
                    due_s += 1 / rate
                    await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                    group.create_task(call(port, request, second, records, leaves=chance.random() < leave))
    return report(records)


def report(records: Records) -> dict[str, object]:
    ordered = sorted(records.under_way_ns) or [0]
    at = lambda share: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] / 1e6, 2)  # noqa: E731
    return {
        "seconds": [
            {"statuses": second.statuses, "slowest_ms": round(second.slowest_s * 1000)} for second in records.seconds
        ],
        "most_at_once": records.most_at_once,
        "chunks": len(records.under_way_ns),
        "chunk_ms": {"p50": at(0.5), "p99": at(0.99), "most": at(1)},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(int(sys.argv[1]), json.loads(sys.argv[2])))))
