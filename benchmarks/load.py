"""
Load on one address: N connections, each sending its next request when the last answer is whole.

`python -m benchmarks.load PORT '{"connections": 32, "seconds": 5, "key": "…", "stream": false, "model": "fast"}'`
prints one JSON line: calls, errors, chunks, latencies in microseconds.
"""

import asyncio
import json
import sys
import time
from typing import cast

import httptools
import uvloop

PROMPT = "Please look at this claim and say in one word how urgent it is. " * 15


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, done: asyncio.Future[None], until: float, tally: "Tally") -> None:
        self._request = request
        self._done = done
        self._until = until
        self._tally = tally
        self._finished_events = 0
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._started = time.perf_counter()
        self._tail = b""
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._tally.chunks += body.count(b'"content"')
        self._tail = body[-64:]

    def on_message_complete(self) -> None:
        whole = self._parser.get_status_code() == 200 and (self._tail.endswith(b"}") or b"[DONE]" in self._tail)
        self._tally.add(time.perf_counter() - self._started, ok=whole)
        if time.perf_counter() < self._until:
            asyncio.get_running_loop().call_soon(self._send)
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._tally.errors += 1
        if not self._done.done():
            self._done.set_result(None)


class Tally:
    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.errors = 0
        self.chunks = 0

    def add(self, seconds: float, *, ok: bool) -> None:
        self.latencies.append(seconds)
        self.errors += not ok

    def report(self) -> dict[str, object]:
        ordered = sorted(self.latencies) or [0.0]
        at = lambda share: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e6)  # noqa: E731
        return {
            "calls": len(self.latencies),
            "errors": self.errors,
            "chunks": self.chunks,
            "p50_us": at(0.5),
            "p99_us": at(0.99),
        }


def request_of(order: dict[str, object]) -> bytes:
    prompt = order.get("prompt", PROMPT)
    members = {"model": order["model"], "messages": [{"role": "user", "content": prompt}], "max_completion_tokens": 200}
    if order["stream"]:
        members["stream"] = True
    body = json.dumps(members, separators=(",", ":")).encode()
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n" % (str(order["key"]).encode(), len(body)) + body
    )


async def run(port: int, order: dict[str, object]) -> dict[str, object]:
    loop, tally, request = asyncio.get_running_loop(), Tally(), request_of(order)
    until = time.perf_counter() + float(str(order["seconds"]))
    waiting = []
    for _ in range(int(str(order["connections"]))):
        done: asyncio.Future[None] = loop.create_future()
        await loop.create_connection(lambda d=done: Caller(request, d, until, tally), "127.0.0.1", port)  # type: ignore[misc]
        waiting.append(done)
    await asyncio.gather(*waiting)
    return tally.report()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(int(sys.argv[1]), json.loads(sys.argv[2])))))
